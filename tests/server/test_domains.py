"""Domains, accounts, aliases and where an address leads, as an admin sets them and a sender meets them."""
import imaplib
import smtplib
import unittest

from server import PASSWORD, Failed, Server


class Domains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("ann@alpha.test", "bob@alpha.test", "cy@beta.test")

    def send(self, to, subject="s", options=()):
        """None, or the code with which the recipient is refused."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=20) as smtp:
            try:
                smtp.ehlo()
                smtp.mail("x@elsewhere.test", list(options))
                code, text = smtp.rcpt(to)
                if code != 250:
                    return code, text
                code, text = smtp.data(f"Subject: {subject}\r\n\r\nhello\r\n")
                return None if code == 250 else (code, text)
            except smtplib.SMTPResponseException as e:
                return e.smtp_code, e.smtp_error

    def count(self, user, subject, box="INBOX"):
        imap = self.server.imap(user)
        imap.select(box, readonly=True)
        found = imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
        imap.logout()
        return len(found)

    def test_unknown_user_and_foreign_domain(self):
        self.assertEqual(self.send("nobody@alpha.test")[0], 550)
        self.assertEqual(self.send("who@elsewhere.test")[0], 550)

    def test_case_does_not_matter(self):
        self.assertIsNone(self.send("ANN@Alpha.Test", "case"))
        self.assertEqual(self.count("ann@alpha.test", "case"), 1)

    def test_alias_of_several(self):
        self.server.signet("alias", "add", "sales@alpha.test", "ann@alpha.test", "cy@beta.test")
        self.assertIsNone(self.send("sales@alpha.test", "to the alias"))
        for user in ("ann@alpha.test", "cy@beta.test"):
            self.assertEqual(self.count(user, "to the alias"), 1)
        self.server.signet("alias", "remove", "sales@alpha.test")
        self.assertEqual(self.send("sales@alpha.test")[0], 550)

    def test_alias_loop(self):
        self.server.signet("alias", "add", "one@alpha.test", "two@alpha.test")
        self.server.run_signet("alias", "add", "two@alpha.test", "one@alpha.test")
        self.assertIn(self.send("one@alpha.test")[0], (450, 451, 550, 554))

    def test_subaddress(self):
        self.assertIsNone(self.send("ann+lists@alpha.test", "no such box"))
        self.assertEqual(self.count("ann@alpha.test", "no such box"), 1)
        imap = self.server.imap("ann@alpha.test")
        imap.create("lists")
        imap.logout()
        self.assertIsNone(self.send("ann+lists@alpha.test", "into the box"))
        self.assertEqual(self.count("ann@alpha.test", "into the box", "lists"), 1)

    def test_catch_all(self):
        self.server.signet("domain", "add", "catch.test")
        self.assertEqual(self.send("anything@catch.test")[0], 550)
        self.server.signet("domain", "catch-all", "catch.test", "cy@beta.test")
        self.assertIsNone(self.send("anything@catch.test", "caught"))
        self.assertEqual(self.count("cy@beta.test", "caught"), 1)

    def test_postmaster(self):
        self.server.signet("account", "role", "ann@alpha.test", "server-admin")
        for address in ("postmaster@alpha.test", "postmaster@beta.test", "Postmaster"):
            self.assertIsNone(self.send(address, "for the postmaster"), address)
        self.assertEqual(self.count("ann@alpha.test", "for the postmaster"), 3)

    def test_suspended(self):
        self.server.signet("account", "add", "sleepy@beta.test", stdin=PASSWORD)
        self.server.imap("sleepy@beta.test").logout()
        self.server.signet("account", "suspend", "sleepy@beta.test")
        with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED"):
            self.server.imap("sleepy@beta.test")
        self.assertIsNone(self.send("sleepy@beta.test", "while asleep"))
        self.server.signet("account", "resume", "sleepy@beta.test")
        self.assertEqual(self.count("sleepy@beta.test", "while asleep"), 1)

    def test_password(self):
        self.server.signet("account", "add", "new@beta.test", stdin=PASSWORD)
        self.server.imap("new@beta.test").logout()
        self.server.signet("account", "password", "new@beta.test", stdin="another one 2")
        with self.assertRaises(imaplib.IMAP4.error):
            self.server.imap("new@beta.test")
        self.server.imap("new@beta.test", "another one 2").logout()

    def test_password_is_nowhere_on_disk(self):
        self.server.signet("account", "add", "secret@beta.test", stdin="Unmistakable-Pass-77")
        self.server.imap("secret@beta.test", "Unmistakable-Pass-77").logout()
        for path in self.server.data.parent.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                self.assertNotIn(b"Unmistakable-Pass-77", data, path)
                self.assertNotIn(b"PRIVATE KEY", data, path)

    def test_idn_in_both_forms(self):
        self.server.signet("domain", "add", "müller.test")
        self.server.signet("account", "add", "jo@xn--mller-kva.test", stdin=PASSWORD)
        self.assertIsNone(self.send("jo@xn--mller-kva.test", "as A-label"))
        self.assertEqual(self.count("jo@xn--mller-kva.test", "as A-label"), 1)
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test", ["SMTPUTF8"])
            smtp.command_encoding = "utf-8"
            self.assertEqual(smtp.rcpt("jo@müller.test")[0], 250)
            self.assertEqual(smtp.data("Subject: as U-label\r\n\r\nhello\r\n")[0], 250)
        self.assertEqual(self.count("jo@xn--mller-kva.test", "as U-label"), 1)
        with self.assertRaises(Failed):
            self.server.signet("domain", "add", "xn--mller-kva.test")

    def test_quota(self):
        self.server.signet("account", "add", "small@beta.test", stdin=PASSWORD)
        self.server.signet("account", "quota", "small@beta.test", "3k")
        for n in range(10):
            refused = self.send("small@beta.test", f"q {n} " + "x" * 400)
            if refused:
                break
        self.assertEqual(refused[0], 452)
        imap = self.server.imap("small@beta.test")
        status, text = imap.append("INBOX", None, None, b"Subject: more\r\n\r\n" + b"x" * 4000)
        self.assertEqual(status, "NO")
        self.assertIn(b"[OVERQUOTA]", text[0])
        imap.select()
        imap.store("1:*", "+FLAGS", r"\Deleted")
        imap.expunge()
        imap.logout()
        self.assertIsNone(self.send("small@beta.test", "there is room again"))

    def test_remote_mail_waits_in_the_queue(self):
        self.server.signet("setting", "set", "relay.deliver", "off")
        with self.server.submission("ann@alpha.test") as smtp:
            refused = smtp.sendmail("ann@alpha.test", ["far@elsewhere.test", "cy@beta.test"],
                                    "Subject: far and near\r\n\r\nhello\r\n")
            self.assertEqual(refused, {})
            with self.assertRaises(smtplib.SMTPSenderRefused):
                smtp.sendmail("bob@alpha.test", ["cy@beta.test"], "Subject: not mine\r\n\r\nhello\r\n")
        self.assertEqual(self.count("cy@beta.test", "far and near"), 1)
        self.server.kill()
        self.server.start()
        rows = self.server.signet("queue", "list")["rows"]
        self.assertEqual(len(rows), 1)
        self.assertIn("far@elsewhere.test", str(rows[0]))

    def test_removal(self):
        self.server.signet("domain", "add", "gone.test")
        self.server.signet("account", "add", "a@gone.test", stdin=PASSWORD)
        self.assertIsNone(self.send("a@gone.test"))
        with self.assertRaises(Failed):
            self.server.signet("domain", "remove", "gone.test")
        self.server.signet("account", "remove", "a@gone.test")
        self.server.signet("domain", "remove", "gone.test")
        self.assertEqual(self.send("a@gone.test")[0], 550)
        self.server.signet("domain", "add", "gone.test")
        self.server.signet("account", "add", "a@gone.test", stdin=PASSWORD)
        imap = self.server.imap("a@gone.test")
        self.assertEqual(imap.select()[1], [b"0"])
        imap.logout()
