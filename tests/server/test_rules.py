"""Rules of the server, of domains and of accounts, as senders and owners of mailboxes meet them."""
import smtplib
import time
import unittest

from server import Failed, Server
from sink import Sink

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"
FILE = 'require ["fileinto", "copy", "imap4flags", "reject"];\n'


class Mail:
    """What tests of rules do with a server."""

    server = None

    def rule(self, whose, sieve):
        """Let this be the active script of an account, a domain, or of the server ('')."""
        where = ["--account", whose] if "@" in whose else ["--domain", whose] if whose else []
        self.server.signet("rule", "set", "main", *where, "--activate", stdin=sieve)
        self.addCleanup(self.server.signet, "rule", "activate", *where)

    def send(self, to, subject, text="words", sender="x@elsewhere.test"):
        """None, or the reply by which the message is refused."""
        data = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}\r\n"
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
            try:
                smtp.sendmail(sender, to.split(), data)
            except smtplib.SMTPDataError as e:
                return e.smtp_code, e.smtp_error.decode()

    def messages(self, user, box="INBOX", subject=None):
        """Whole messages, of that subject."""
        imap = self.server.imap(user)
        try:
            if imap.select(f'"{box}"', readonly=True)[0] != "OK":
                return []
            what = ("SUBJECT", f'"{subject}"') if subject else ("ALL",)
            numbers = imap.search(None, *what)[1][0].split()
            return [imap.fetch(n, "BODY.PEEK[]")[1][0][1] for n in numbers]
        finally:
            imap.logout()

    def count(self, user, subject, box="INBOX"):
        return len(self.messages(user, box, subject))


class Rules(Mail, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB, CY)

    def test_filed(self):
        self.rule(ANN, FILE + 'if header :contains "subject" "list" { fileinto "Lists/One"; }')
        self.assertIsNone(self.send(ANN, "a list"))
        self.assertIsNone(self.send(ANN, "for me"))
        self.assertEqual(self.count(ANN, "a list", "Lists/One"), 1)
        self.assertEqual(self.count(ANN, "a list"), 0)
        self.assertEqual(self.count(ANN, "for me"), 1)

    def test_copied_with_a_flag(self):
        self.rule(ANN, FILE + 'fileinto :copy :flags "\\\\Flagged" "Copies";')
        self.assertIsNone(self.send(f"{ANN} {BOB}", "copied"))
        self.assertEqual(self.count(ANN, "copied"), 1)
        self.assertEqual(self.count(BOB, "copied"), 1)
        imap = self.server.imap(ANN)
        imap.select("Copies")
        self.assertEqual(len(imap.search(None, "FLAGGED", "SUBJECT", "copied")[1][0].split()), 1)
        imap.logout()

    def test_levels(self):
        self.rule("", FILE + 'if header "subject" "server" { discard; }')
        self.rule("alpha.test", FILE + 'if header "subject" "domain" { fileinto "Domain"; }')
        self.rule(ANN, FILE + 'if header "subject" ["domain", "server", "account"] { fileinto "Account"; }')
        for subject in ("server", "domain", "account"):
            self.assertIsNone(self.send(f"{ANN} {CY}", subject))
        self.assertEqual([self.count(ANN, s, "Account") for s in ("server", "domain", "account")], [0, 0, 1])
        self.assertEqual(self.count(ANN, "domain", "Domain"), 1)
        self.assertEqual([self.count(CY, s) for s in ("server", "domain", "account")], [0, 1, 1])

    def test_discarded(self):
        self.rule(ANN, "discard;")
        self.assertIsNone(self.send(ANN, "nowhere"))
        self.assertEqual(self.count(ANN, "nowhere"), 0)

    def test_redirected(self):
        """To an account here and to another server; what comes back from there is kept."""
        self.rule(ANN, f'redirect "{CY}"; redirect "far@elsewhere.test";')
        with Sink("127.0.0.1") as sink:
            self.server.signet("setting", "set", "relay.route", f"[127.0.0.1]:{sink.port}")
            self.addCleanup(self.server.signet, "setting", "reset", "relay.route")
            self.assertIsNone(self.send(ANN, "round"))
            self.assertEqual((self.count(CY, "round"), self.count(ANN, "round")), (1, 0))
            self.wait(lambda: sink.messages, "nothing was redirected")
            sent = sink.messages[0]
        self.assertRegex(sent.sender, r"^SRS0=\w+=\w+=elsewhere\.test=x@alpha\.test$")
        self.assertEqual(sent.recipients, ["far@elsewhere.test"])
        self.assertIn(b"X-Sieve-Redirected-From: ann@alpha.test\r\n", sent.text)
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
            smtp.sendmail("x@elsewhere.test", [ANN], sent.text)
        self.assertEqual(self.count(ANN, "round"), 1)
        self.assertIn("mail loop: it is kept and not redirected to far@elsewhere.test, for it was redirected from here",
                      str(self.server.signet("rule", "faults", ANN)["rows"]))

    def test_redirected_to_where_it_was(self):
        """RFC 5228 4.2 and 2.10.6: a loop is an error, and what an error leaves is kept, not bounced to a stranger."""
        self.rule(ANN, 'redirect "far@elsewhere.test";')
        text = "Delivered-To: Far@elsewhere.test\r\nSubject: forwarded to us\r\n\r\nhello\r\n"
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
            smtp.sendmail("x@elsewhere.test", [ANN], text)
        self.assertEqual(self.count(ANN, "forwarded to us"), 1)
        self.assertEqual(self.server.signet("queue", "list", "--domain", "elsewhere.test")["rows"], [])
        self.assertIn("for the message was there before", str(self.server.signet("rule", "faults", ANN)["rows"]))

    def test_in_circles(self):
        self.rule(ANN, f'redirect "{BOB}";')
        self.rule(BOB, f'redirect "{ANN}";')
        self.assertIsNone(self.send(ANN, "circle"))
        self.assertEqual(self.count(ANN, "circle") + self.count(BOB, "circle"), 1)
        self.assertIn("circles", str(self.server.signet("rule", "faults", BOB)["rows"]))

    def test_rejected(self):
        self.rule(ANN, FILE + 'reject "Write me a letter";')
        self.assertEqual(self.send(ANN, "rejected"), (550, "5.7.1 Write me a letter"))
        self.assertEqual(self.count(ANN, "rejected"), 0)

    def test_rejected_by_one_of_two(self):
        """The other one has it, and the sender is told by mail."""
        self.rule(ANN, FILE + 'reject "Write me a letter";')
        self.assertIsNone(self.send(f"{ANN} {BOB}", "half", "the body itself", sender=CY))
        self.assertEqual(self.count(BOB, "half"), 1)
        (told,) = self.wait(lambda: [m for m in self.messages(CY) if b"Write me a letter" in m], "no report")
        self.assertIn(b"multipart/report", told)
        self.assertIn(b"ann@alpha.test", told)
        self.assertIn(b"5.7.1", told)
        self.assertNotIn(b"the body itself", told)

    def wait(self, condition, why):
        deadline = time.monotonic() + 20
        while not (found := condition()):
            if time.monotonic() > deadline:
                self.fail(f"{why}: {self.server.log()[-2000:]}")
            time.sleep(0.1)
        return found

    def test_a_mailbox_of_another(self):
        self.rule(ANN, FILE + 'fileinto "~bob/INBOX";')
        self.assertIsNone(self.send(ANN, "without it"))
        self.assertEqual(self.count(ANN, "without it"), 1)
        self.assertIn("no right", str(self.server.signet("rule", "faults", ANN)["rows"]))
        self.server.signet("mailbox", "grant", BOB, "INBOX", ANN, "insert")
        self.assertEqual(self.server.signet("mailbox", "grants", BOB)["rows"],
                         [{"mailbox": "INBOX", "who": ANN, "right": "insert"}])
        self.assertIsNone(self.send(ANN, "granted"))
        self.assertEqual((self.count(ANN, "granted"), self.count(BOB, "granted")), (0, 1))
        self.server.signet("mailbox", "grant", BOB, "INBOX", ANN, "none")
        self.assertIsNone(self.send(ANN, "taken back"))
        self.assertEqual(self.count(ANN, "taken back"), 1)

    def test_mailboxes_are_listed(self):
        self.send(BOB, "listed")
        rows = {row["mailbox"]: row for row in self.server.signet("mailbox", "list", BOB)["rows"]}
        self.assertEqual(rows["Junk"]["use"], "junk")
        self.assertGreater(rows["INBOX"]["messages"], 0)
        with self.assertRaises(Failed):
            self.server.signet("mailbox", "grant", BOB, "Nope", ANN, "insert")


if __name__ == "__main__":
    unittest.main()
