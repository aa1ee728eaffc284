"""A hundred real-looking messages through submission to both domains, read back byte for byte."""
import hashlib
import poplib
import time
import unittest

import mailmaker
from server import PASSWORD, Server

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"
LARGE = 20 * 1024 * 1024


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Hundred(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB, CY)
        cls.sent = {ANN: [], BOB: [], CY: []}
        began = time.monotonic()
        for n in range(100):
            cls.send(n)
        print(f"     sent in {time.monotonic() - began:.1f} s")

    @classmethod
    def send(cls, n):
        recipients = [[ANN], [CY], [BOB, CY], [ANN, BOB, CY]][n % 4]
        data = mailmaker.message(n, BOB, recipients, LARGE if n == 50 else None)
        with cls.server.submission(BOB, listener=["submission", "submissions"][n % 2]) as smtp:
            refused = smtp.sendmail(BOB, recipients, data, ["BODY=8BITMIME"])
            assert not refused, refused
        for recipient in recipients:
            cls.sent[recipient].append(digest(data))

    def read_imap(self, user):
        imap = self.server.imap(user)
        status, (count,) = imap.select("INBOX")
        self.assertEqual(status, "OK")
        for n in range(1, int(count) + 1):
            status, data = imap.fetch(str(n), "(RFC822.SIZE BODY.PEEK[])")
            self.assertEqual(status, "OK")
            self.assertIn(b"RFC822.SIZE %d " % len(data[0][1]), data[0][0])
            yield data[0][1]
        imap.logout()

    def read_pop(self, user):
        pop = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        pop.host = user.split("@")[1]
        pop.stls(self.server.tls(pop.host))
        pop.user(user)
        pop.pass_(PASSWORD)
        for n in range(1, pop.stat()[0] + 1):
            yield b"\r\n".join(pop.retr(n)[1]) + b"\r\n"
        pop.quit()

    def read_all(self, read):
        for user in (ANN, BOB, CY):
            found = [digest(mailmaker.without_trace(m)) for m in read(user)]
            self.assertEqual(found, self.sent[user])

    def test_imap(self):
        self.read_all(self.read_imap)

    def test_pop(self):
        self.read_all(self.read_pop)
