"""test_rows_c6 - C6: self-signed certificates; what the pages do with them is in test_web_pki"""
import subprocess
import time

import pki


class SelfSigned(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")

    def setUp(self):
        self.pki("renew")

    def test_C_055_generate(self):
        answer = self.pki("self-signed", "--cn", "mail.alpha.test", "--o", "Example", "--contact", "ca@other.test")
        self.assertTrue(answer["self-signed"])
        pem = self.shown()[0]
        self.assertEqual(pki.field("subject", pem), "O = Example, CN = mail.alpha.test, emailAddress = ca@other.test")
        self.assertEqual(pki.field("issuer", pem), pki.field("subject", pem))
        self.assertEqual(pki.openssl("x509", "-noout", "-pubkey", stdin=pem),
                         pki.openssl("req", "-noout", "-pubkey", stdin=self.pki("csr")["pem"]))
        path = self.folder / "self.pem"
        path.write_text(pem)
        pki.openssl("verify", "-x509_strict", "-check_ss_sig", "-purpose", "sslserver", "-verify_hostname", "mail.alpha.test",
                    "-CAfile", path, path)
        said = pki.tool("gnutls-cli", "--x509cafile", path, "--sni-hostname", "alpha.test", "--verify-hostname", "mail.alpha.test",
                        "-p", self.server.ports["imaps"], "127.0.0.1").decode(errors="replace")
        self.assertIn("The certificate is trusted", said)
        self.assert_shown([pem])

    def test_C_055_of_each_key(self):
        for kind in ("P-256", "P-384", "RSA-2048", "RSA-4096"):
            self.pki("key-generate", "--replace", "--type", kind)
            self.pki("self-signed")
            path = self.server.certificate("alpha.test")
            for listener in self.EVERYWHERE:
                self.assertIn("Verify return code: 0 (ok)", self.s_client("-CAfile", path, listener=listener), (kind, listener))

    def test_C_055_the_chain_goes(self):
        """What was above another certificate is not above this one."""
        self.pki("chain-set", stdin=self.root.pem())
        self.pki("self-signed")
        self.assertEqual(len(self.shown()), 1)

    def test_C_056_clients_warn(self):
        for listener in self.EVERYWHERE:
            self.assertIn("Verify return code: 18", self.s_client("-CAfile", self.root.cert, listener=listener))
            # one that then hangs up, in the midst of the handshake
            self.assertIn("self-signed certificate", self.s_client("-verify_return_error", "-CAfile", self.root.cert, listener=listener))
        done = subprocess.run(["gnutls-cli", "--x509cafile", self.root.cert, "--sni-hostname", "alpha.test", "-p",
                               str(self.server.ports["imaps"]), "127.0.0.1"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertIn(b"The certificate is NOT trusted", done.stdout)
        self.assertTrue(self.shown())

    def test_C_057_only_of_a_self_signed_one(self):
        self.assertTrue(self.pki("show")["self-signed"])
        self.pki("refresh")
        self.pki("cert-set", stdin=self.root.sign(self.pki("csr")["pem"], "subjectAltName=DNS:alpha.test"))
        self.assertFalse(self.pki("show")["self-signed"])
        before = self.pki("show")
        self.assertIn("not signed by its own key", self.refused("pki", "refresh", "alpha.test"))
        self.assertEqual(self.pki("show"), before)
        self.pki("cert-remove")
        self.assertIn("own key", self.refused("pki", "refresh", "alpha.test"))

    def test_C_057_a_name_proves_nothing(self):
        """Subject and issuer are the same, and another key signed it."""
        twin = self.folder / "twin.key"
        twin.write_text(pki.key())
        openssl_twin = pki.openssl("req", "-x509", "-new", "-key", twin, "-subj", "/CN=alpha.test", "-days", "9")
        (self.folder / "twin.pem").write_text(openssl_twin)
        (self.folder / "twin.csr").write_text(self.pki("csr", "--cn", "alpha.test")["pem"])
        pem = pki.openssl("x509", "-req", "-in", self.folder / "twin.csr", "-CA", self.folder / "twin.pem", "-CAkey", twin, "-days", "9")
        answer = self.pki("cert-set", stdin=pem[pem.index("-----BEGIN"):])
        self.assertEqual(answer["subject"], answer["issuer"])
        self.assertFalse(answer["self-signed"])
        self.assertIn("own key", self.refused("pki", "refresh", "alpha.test"))

    def test_C_058_refresh(self):
        self.pki("self-signed", "--o", "Example", "--cn", "mail.alpha.test")
        before, old = self.pki("show"), self.shown()[0]
        time.sleep(1.1)
        after = self.pki("refresh")
        new = self.shown()[0]
        for what in ("serial", "subject", "issuer", "pubkey", "ext=subjectAltName"):
            words = what.split("=")
            self.assertEqual(*(pki.openssl("x509", "-noout", f"-{words[0]}", *words[1:], stdin=pem) for pem in (old, new)), what)
        self.assertLess(before["from"], after["from"])
        self.assertLess(before["till"], after["till"])
        self.assert_shown([new])
        path = self.folder / "refreshed.pem"
        path.write_text(new)
        self.assertIn("Verify return code: 0 (ok)", self.s_client("-CAfile", path))
        other = self.pki("refresh", "--new-serial")
        self.assertNotEqual(other["serial"], after["serial"])
        self.assertEqual(other["serial"].upper(), pki.field("serial", self.shown()[0]))

    def test_C_058_of_one_that_was_brought(self):
        """openssl's, with a negative serial number's bits and names that are no hosts: all of it stays."""
        key = self.folder / "own.key"
        key.write_text(pki.key("P-384"))
        pem = pki.openssl("req", "-x509", "-new", "-key", key, "-subj", "/C=DE/O=Köln/CN=alpha.test", "-utf8", "-days", "3",
                          "-set_serial", "0xf000000000000001",
                          "-addext", "subjectAltName=DNS:alpha.test,IP:192.0.2.1,email:x@alpha.test,URI:https://alpha.test/")
        self.pki("key-import", "--replace", stdin=key.read_text())
        self.pki("cert-set", stdin=pem)
        self.pki("refresh")
        new = self.shown()[0]
        for what in ("serial", "subject", "issuer"):
            self.assertEqual(pki.field(what, pem), pki.field(what, new))
        names = [pki.openssl("x509", "-noout", "-ext", "subjectAltName", stdin=p) for p in (pem, new)]
        self.assertEqual(*names)
        self.assertIn("IP Address:192.0.2.1", names[0])
