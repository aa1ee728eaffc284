"""test_rows_e1 - E1: what profiles are for, and the demo certificate (E-008 stands in test_rows_e4)"""
import pathlib
import smtplib
import ssl

import pki
from pki import field, openssl


class Platform(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")

    def test_E_001_starttls(self):
        """RFC 3207 4.2: what was said before is forgotten."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
            smtp.ehlo("before.test")
            self.assertTrue(smtp.has_extn("starttls"))
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.assertEqual(smtp.starttls(context=context)[0], 220)
            self.assertEqual(smtp.docmd("RCPT TO:<ann@alpha.test>")[0], 503)
            self.assertEqual(smtp.docmd("MAIL FROM:<x@elsewhere.test>")[0], 503)
            self.assertEqual(smtp.ehlo("after.test")[0], 250)
            self.assertFalse(smtp.has_extn("starttls"))
            self.assertEqual(smtp.docmd("MAIL FROM:<x@elsewhere.test>")[0], 250)

    def test_E_002_self_signed_or_brought(self):
        self.signet("profile", "add", "own", "--cn", "own.test")
        key = self.write("k.pem", pki.key())
        request = openssl("req", "-new", "-key", key, "-subj", "/CN=brought.test")
        leaf = self.root.sign(request, "subjectAltName=DNS:brought.test")
        self.signet("profile", "import", "brought", "--key-file", key, "--identity-file", self.write("c.pem", leaf))
        for name in ("own", "brought"):
            for listener in ("smtp", "https"):
                self.signet("listener", "certificate", listener, name)
                self.assertEqual(field("subject", self.shown(listener=listener)[0]), f"CN = {name}.test")
                self.signet("listener", "certificate", listener, "none")
            self.signet("profile", "assign", name, "ldap.certificate")
            self.signet("profile", "assign", name, "relay.certificate")
        for use in ("ldap.certificate", "relay.certificate"):
            self.signet("profile", "assign", "default", use)

    def test_E_003_there_is_one_node(self):
        """Said where one looks for it; nothing is kept beside the data folder that would be lost."""
        text = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "certificates.md").read_text()
        self.assertIn("one node", text)

    def test_E_004_every_use_has_a_setting_of_its_own(self):
        said = self.refused("profile", "assign", "default", "no.such.use")
        for use in ("listener.certificate", "relay.certificate", "ldap.certificate"):
            self.assertIn(use, said)

    def test_E_005_before_any_admin_did_anything(self):
        with pki.Server() as fresh:
            for words in (("-starttls", "smtp"), ()):
                listener = "smtp" if words else "https"
                done = pki.tool("openssl", "s_client", "-connect", f"127.0.0.1:{fresh.ports[listener]}", *words, stdin="Q\n")
                self.assertEqual(len(pki.certificates(done.decode(errors="replace"))), 1, listener)

    def test_E_006_the_demo_certificate_proves_nothing(self):
        answer = self.pki("mode", "test")
        self.assertIn("demo, not verifiable", answer["message"])
        self.assertIn("demo, not verifiable", self.pki("show")["message"])
        self.assertRegex(self.s_client(), "Verify return code: (20|21)")
        self.pki("mode", "enabled")
        self.assertNotIn("demo", self.pki("show").get("message", ""))

    def test_E_007_pem_with_and_without_its_chain(self):
        middle = pki.Authority(self.folder, "Middle", self.root)
        leaf = middle.sign(self.pki("csr")["pem"], "subjectAltName=DNS:alpha.test")
        self.pki("cert-set", stdin=leaf)
        self.assertEqual(self.shown(), [leaf])
        self.pki("cert-set", stdin=leaf + middle.pem() + self.root.pem())
        self.assertEqual(self.shown(), [leaf, middle.pem(), self.root.pem()])
        self.signet("pki", "renew", "alpha.test")

    def test_E_010_other_forms(self):
        """Converted; what cannot be is named with the command that can. More in test_rows_p2."""
        leaf = self.root.sign(self.pki("csr")["pem"], "subjectAltName=DNS:alpha.test")
        der = self.folder / "leaf.cer"
        openssl("x509", "-outform", "DER", "-out", der, stdin=leaf)
        self.pki("cert-set", "--pem-file", str(der))
        self.assertEqual(self.shown(), [leaf])
        self.signet("pki", "renew", "alpha.test")
