"""A hundred real-looking messages through submission to both domains, read back byte for byte."""
import hashlib
import imaplib
import poplib
import smtplib
import unittest

import mailmaker
from server import Server

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"
PASSWORD = "correct horse 1"
LARGE = 20 * 1024 * 1024


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Hundred(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.start()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.server.add(ANN, BOB, CY, password=PASSWORD)
        cls.sent = {ANN: [], BOB: [], CY: []}
        cls.send_all()

    @classmethod
    def send_all(cls):
        for n in range(100):
            recipients = [[ANN], [CY], [BOB, CY], [ANN, BOB, CY]][n % 4]
            size = LARGE if n == 50 else None
            cls.send(mailmaker.message(n, BOB, recipients, size), recipients, n % 2 == 0)

    @classmethod
    def send(cls, data, recipients, starttls):
        """By port 587 with STARTTLS or by 465, with the certificate of the domain checked."""
        trust = cls.server.tls("alpha.test")
        if starttls:
            smtp = smtplib.SMTP("127.0.0.1", cls.server.ports["submission"])
            smtp._host = "alpha.test"  # the name to verify: the socket goes to loopback
            smtp.starttls(context=trust)
        else:
            trust.check_hostname = False  # smtplib would verify the name of the loopback
            smtp = smtplib.SMTP_SSL("127.0.0.1", cls.server.ports["submissions"], context=trust)
        with smtp:
            smtp.login(BOB, PASSWORD)
            refused = smtp.sendmail(BOB, recipients, data, ["BODY=8BITMIME"])
            assert not refused, refused
        for recipient in recipients:
            cls.sent[recipient].append(digest(data))

    def read_imap(self, user, domain):
        imap = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"])
        imap.host = domain
        imap.starttls(self.server.tls(domain))
        imap.login(user, PASSWORD)
        status, (count,) = imap.select("INBOX")
        self.assertEqual(status, "OK")
        for n in range(1, int(count) + 1):
            status, data = imap.fetch(str(n), "(RFC822.SIZE BODY.PEEK[])")
            self.assertEqual(status, "OK")
            self.assertIn(b"RFC822.SIZE %d " % len(data[0][1]), data[0][0])
            yield data[0][1]
        imap.logout()

    def read_pop(self, user, domain):
        pop = poplib.POP3("127.0.0.1", self.server.ports["pop3"])
        pop.host = domain
        pop.stls(self.server.tls(domain))
        pop.user(user)
        pop.pass_(PASSWORD)
        for n in range(1, pop.stat()[0] + 1):
            yield b"\r\n".join(pop.retr(n)[1]) + b"\r\n"
        pop.quit()

    def test_imap(self):
        for user in (ANN, BOB, CY):
            read = [digest(mailmaker.without_trace(m)) for m in self.read_imap(user, user.split("@")[1])]
            self.assertEqual(read, self.sent[user])

    def test_pop(self):
        for user in (ANN, BOB, CY):
            read = [digest(mailmaker.without_trace(m)) for m in self.read_pop(user, user.split("@")[1])]
            self.assertEqual(read, self.sent[user])
