"""test_rows_c2 - C2: each domain's PKI settings, and what Disabled, Test and Enabled do"""
import datetime
import time

import pki


def ends(pem):
    text = pki.field("enddate", pem)
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=datetime.timezone.utc).timestamp()


class Modes(pki.Case):
    def setUp(self):
        for domain in self.DOMAINS:
            self.pki("mode", "enabled", domain=domain)

    def test_C_009_each_domain_has_its_own(self):
        before, shown = self.pki("show", domain="beta.test"), self.shown("beta.test")
        old = self.shown()
        self.pki("key-import", "--replace", stdin=pki.key("RSA-2048"))
        self.pki("self-signed", "--o", "Alpha")
        self.assertEqual(self.pki("show", domain="beta.test"), before)
        self.assert_shown(shown, "beta.test")
        new = self.shown()
        self.assertNotEqual(new, old)
        self.assert_shown(new)

    def test_C_011_three_values_that_last(self):
        self.assertIn("none of: disabled, test, enabled", self.refused("pki", "mode", "alpha.test", "off"))
        for mode in ("test", "disabled", "enabled"):
            self.assertEqual(self.pki("mode", mode)["mode"], mode)
            self.server.stop()
            self.server.start()
            self.assertEqual(self.pki("show")["mode"], mode)
            self.assertEqual(bool(self.shown()), mode != "disabled")

    def test_C_012_disabled(self):
        before, shown = self.pki("show"), self.shown()
        self.assertEqual(self.offers(), self.OFFERING)
        self.pki("mode", "disabled")
        self.assert_no_tls()
        self.assertEqual(self.offers("beta.test"), {"xmpp-client"})
        for said, listener, until, want in (
                (b"EHLO x\r\nSTARTTLS\r\nQUIT\r\n", "smtp", b"\r\n221", "\r\n502"),
                (b"a STARTTLS\r\nb LOGOUT\r\n", "imap", b"b OK", "a BAD"),
                (b"STLS\r\nQUIT\r\n", "pop3", b"bye", "-ERR")):
            self.assertIn(want, self.talk(listener, said, until))
        for listener in self.IMPLICIT:
            self.assertTrue(self.shown("beta.test", listener), listener)
        after = self.pki("show")
        self.assertFalse(after["tls"])
        for same in ("key_type", "sha256", "chain"):
            self.assertEqual(before[same], after[same])
        self.pki("mode", "enabled")
        self.assertEqual(self.offers(), self.OFFERING)
        self.assert_shown(shown)

    def test_C_013_test_needs_nothing_else(self):
        self.signet("domain", "add", "gamma.test")
        self.pki("key-remove", domain="gamma.test")
        self.assertEqual(self.shown("gamma.test"), [])
        for domain in ("beta.test", "gamma.test"):
            answer = self.pki("mode", "test", domain=domain)
            self.assertTrue(answer["tls"])
        shown = self.shown("gamma.test")
        self.assertTrue(shown)
        self.assert_shown(shown, "gamma.test")
        self.assert_shown(shown, "beta.test")
        self.signet("domain", "remove", "gamma.test")

    def test_C_014_test_certificate(self):
        self.pki("mode", "test", domain="beta.test")
        pem = self.shown("beta.test")[0]
        self.assertEqual(pki.field("subject", pem), "CN = alpha.test")
        self.assertEqual(pki.field("issuer", pem), "O = Signet, CN = Signet test certificates")
        self.assertNotIn("Signet", [row["issued-to"] for row in self.signet("trust", "list")["rows"]])
        # certtool thinks so, too
        self.assertIn("Subject: CN=alpha.test", pki.tool("certtool", "-i", stdin=pem).decode())
        self.signet("domain", "main", "beta.test")
        self.assertEqual(pki.field("subject", self.shown("beta.test")[0]), "CN = beta.test")
        self.signet("domain", "main", "alpha.test")

    def test_C_015_thirty_days_from_start(self):
        self.pki("mode", "test")
        for _ in range(2):
            began = time.time()
            self.server.stop()
            self.server.start()
            self.assertLess(abs(ends(self.shown()[0]) - began - 30 * 86400), 30)
            time.sleep(1.1)

    def test_C_016_test_ignores_the_own_one(self):
        own = self.shown()
        self.pki("mode", "test")
        self.assertNotEqual(self.shown(), own)
        self.assert_shown(self.shown())
        self.pki("mode", "enabled")
        self.assert_shown(own)

    def test_C_017_used_in_enabled_only(self):
        self.pki("mode", "disabled")
        self.pki("key-generate", "--replace", "--type", "P-384")
        self.pki("self-signed")
        self.assert_no_tls()
        self.pki("mode", "enabled")
        self.assert_shown(pki.certificates(self.pki("show")["chain"]))
