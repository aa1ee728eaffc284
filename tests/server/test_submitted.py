"""What is submitted: fields that are lacking, fields that go, whose name it bears."""
import contextlib
import email
import email.policy
import itertools
import shutil
import smtplib
import subprocess
import unittest

from server import PASSWORD, Failed, Server
from waiting import wait_for


class Submitted(unittest.TestCase):
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.server = cls.stack.enter_context(Server())
        cls.server.domains()

    def setUp(self):
        self.ann = f"ann{next(self.numbers)}@alpha.test"
        self.server.add(self.ann)

    def submit(self, text, sender=None):
        with self.server.submission(self.ann) as smtp:
            smtp.sendmail(sender or self.ann, [self.ann], text.replace("\n", "\r\n"))

    def inbox(self, n=1):
        imap = self.server.imap(self.ann)
        imap.select("INBOX", readonly=True)
        found = [part[1] for part in imap.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple)]
        imap.logout()
        self.assertEqual(len(found), n)
        return [email.message_from_bytes(text, policy=email.policy.default) for text in found]

    def set(self, name, value):
        self.server.signet("setting", "set", name, value)
        self.addCleanup(self.server.signet, "setting", "reset", name)

    def test_what_is_lacking(self):
        self.submit(f"From: {self.ann}\nSubject: hi\n\nbody\n")
        message = self.inbox()[0]
        self.assertRegex(message["Message-ID"], r"^<\d+\.submitted@alpha\.test>$")
        self.assertIsNotNone(message["Date"].datetime)
        self.assertIsNone(message["Sender"])
        self.assertEqual(message.get_payload(), "body\r\n")

    def test_what_is_there(self):
        self.submit(f"From: Ann <{self.ann}>\nDate: Sat, 21 Nov 2026 04:00:00 +0000\nmessage-id: <me@x>\n\nbody\n")
        message = self.inbox()[0]
        self.assertEqual((message.get_all("Message-ID"), len(message.get_all("Date"))), (["<me@x>"], 1))

    def test_what_goes(self):
        self.submit(f"Bcc: a@x.test,\n b@x.test\nFrom: {self.ann}\nbcc: c@x.test\nReturn-Path: <me>\nResent-Bcc: d@x.test\n"
                    "Subject: hi\n\nBcc: this stays\n")
        message = self.inbox()[0]
        for name in ("Bcc", "Resent-Bcc"):
            self.assertIsNone(message[name])
        self.assertEqual(message.get_all("Return-Path"), [f"<{self.ann}>"])
        self.assertEqual((message["Subject"], message.get_payload()), ("hi", "Bcc: this stays\r\n"))

    def test_header_alone(self):
        self.submit(f"From: {self.ann}\nBcc: a@x.test\nSubject: hi\n")
        self.submit("")
        self.assertIsNone(self.inbox(2)[0]["Bcc"])

    def test_from_somebody_else(self):
        self.submit("From: Boss <boss@alpha.test>\nSender: boss@alpha.test\nSubject: x\n\nbody\n")
        message = self.inbox()[0]
        self.assertEqual(message.get_all("Sender"), [self.ann])
        self.set("smtp.from", "own")
        for lines in ("From: boss@alpha.test\n", f"From: {self.ann}, boss@alpha.test\n", "Subject: from nobody\n",
                      f"From: {self.ann}\nFrom: boss@alpha.test\n", "From: <>\n"):
            with self.subTest(lines), self.assertRaises(smtplib.SMTPDataError) as refused:
                self.submit(lines + "\nbody\n")
            self.assertEqual(refused.exception.smtp_code, 550)
        self.submit(f"From: \"boss@alpha.test\" <{self.ann.upper()}>\n\nbody\n")
        self.set("smtp.from", "any")
        self.submit("From: boss@alpha.test\n\nbody\n")
        self.assertIsNone(self.inbox(3)[2]["Sender"])

    def test_granted_identities(self):
        def refused(sender):
            with self.assertRaises(smtplib.SMTPSenderRefused) as e:
                self.submit(f"From: {sender}\n\nx\n", sender)
            self.assertEqual(e.exception.smtp_code, 553)

        refused("office@alpha.test")
        self.server.signet("identity", "add", self.ann, "Office@alpha.test")
        self.server.signet("identity", "add", self.ann, "@partner.test")
        self.submit("From: office@alpha.test\n\nx\n", "OFFICE@alpha.test")
        self.submit("From: any@partner.test\n\nx\n", "any@partner.test")
        self.assertEqual([m["Sender"] for m in self.inbox(2)], [None, None])
        refused("any@sub.partner.test")
        refused("office@beta.test")
        self.assertEqual([row["identity"] for row in self.server.signet("identity", "list", self.ann)["rows"]],
                         ["@partner.test", "office@alpha.test"])
        self.server.kill()
        self.server.start()
        self.submit("From: office@alpha.test\n\nx\n", "office@alpha.test")
        self.server.signet("identity", "remove", self.ann, "office@alpha.test")
        refused("office@alpha.test")
        for bad in ("office", "@", "a b@", "@@x.test"):
            with self.assertRaises(Failed):
                self.server.signet("identity", "add", self.ann, bad)

    def test_aliases_are_own(self):
        self.server.signet("alias", "add", f"my-{self.ann}", self.ann)
        self.submit(f"From: my-{self.ann}\n\nx\n", f"my-{self.ann}")
        self.assertIsNone(self.inbox()[0]["Sender"])

    def test_fixing_is_off(self):
        self.set("smtp.fix-submitted", "off")
        self.submit(f"From: {self.ann}\nBcc: a@x.test\n\nx\n")
        message = self.inbox()[0]
        self.assertEqual((message["Bcc"], message["Message-ID"]), ("a@x.test", None))

    def test_from_outside_nothing_is_changed(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
            smtp.sendmail("a@far.test", [self.ann], "Bcc: a@x.test\r\nSubject: x\r\n\r\nbody\r\n")
        message = self.inbox()[0]
        self.assertEqual((message["Bcc"], message["Message-ID"], message["Date"]), ("a@x.test", None, None))

    @unittest.skipUnless(shutil.which("swaks"), "swaks is not installed")
    def test_swaks(self):
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.server.ports["submission"]), "--tls",
                               "--auth", "PLAIN", "--auth-user", self.ann, "--auth-password", PASSWORD, "--from",
                               self.ann, "--to", self.ann, "--h-Bcc", "x@x.test"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace"))
        wait_for(lambda: self.inbox())
        self.assertIsNone(self.inbox()[0]["Bcc"])


if __name__ == "__main__":
    unittest.main()
