"""test_ldap - domains whose users an LDAP directory knows, against OpenLDAP's slapd"""
import imaplib
import smtplib
import unittest

import pki
import slapd
from server import PASSWORD

THEIRS = "their own secret"


@unittest.skipUnless(slapd.installed(), "slapd or ldap-utils is not installed")
class Directory(pki.Case):
    """alpha.test has a directory, beta.test has none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.house = pki.Authority(cls.folder, "House")
        cls.server.signet("trust", "add", stdin=cls.house.pem())
        cls.server.signet("setting", "set", "auth.failure-delay-max", "10ms")
        cls.server.signet("setting", "set", "ldap.keep", "1ms")
        cls.server.signet("setting", "set", "ldap.keep-absent", "1ms")
        cls.slapd = cls.enterClassContext(slapd.Slapd(cls.folder / "slapd", cls.house))
        cls.slapd.add("ann", "bob")
        cls.server.add("cy@beta.test")
        cls.set(cls.slapd)

    @classmethod
    def set(cls, directory, *more, url=None):
        return cls.server.signet(
            "ldap", "set", "alpha.test", "--url", url or f"ldaps://127.0.0.1:{directory.port}", "--base",
            "ou=people,dc=test", "--bind-dn", slapd.ROOT, "--password-file", "-", *more, stdin=slapd.SECRET)

    def login(self, user, password=THEIRS):
        """What IMAP says to LOGIN."""
        imap = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"], timeout=60)
        imap.host = "alpha.test"
        imap.starttls(self.server.tls("alpha.test"))
        try:
            return imap.login(user, password)[0]
        except imaplib.IMAP4.error as error:
            return str(error)
        finally:
            imap.logout()

    def mail(self, to):
        """The reply to RCPT."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=60) as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            code, text = smtp.rcpt(to)
            return f"{code} {text.decode()}"

    def test_login(self):
        self.assertEqual(self.login("ann@alpha.test"), "OK")
        self.assertIn("AUTHENTICATIONFAILED", self.login("ann@alpha.test", "wrong"))
        self.assertIn("AUTHENTICATIONFAILED", self.login("ann@alpha.test", ""))
        self.assertIn("AUTHENTICATIONFAILED", self.login("nobody@alpha.test"))

    def test_mail(self):
        self.assertIn("250", self.mail("bob@alpha.test"))
        self.assertIn("550", self.mail("nobody@alpha.test"))
        self.server.send("bob+list@alpha.test", "Subject: to bob\r\n\r\nhello\r\n")

    def test_try(self):
        answer = self.signet("ldap", "test", "alpha.test", "ann")
        self.assertEqual(answer["dn"], "uid=ann,ou=people,dc=test")
        self.assertIn({"attribute": "cn", "value": "Ann"}, answer["rows"])
