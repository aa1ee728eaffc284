"""test_rows_p1 - P1: an authority of one's own, requests and certificates as files, and what is said in them"""
import os
import stat
import subprocess

import pki
from pki import field, openssl, tool


class Making(pki.Case):
    def request(self, *words, name="site"):
        """`signet pki request` as a user far from any server would."""
        key, path = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        done = subprocess.run([self.server.bin / "signet", "-d", "/nonexistent", "pki", "request", key, path, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise pki.Failed(done.stdout.decode())
        return key, path

    def test_P_001_what_is_always_said(self):
        said = {"c": "DE", "st": "Hessen", "l": "Frankfurt", "o": "Beispiel GmbH", "ou": "Post", "contact": "ca@example.net"}
        for word, text in said.items():
            self.signet("setting", "set", f"pki.subject-{word}", text)
            self.addCleanup(self.signet, "setting", "reset", f"pki.subject-{word}")
        answer = self.pki("show", domain="beta.test")
        for word, text in said.items():
            self.assertEqual(answer[f"said-{word}"], text)
        for pem in (self.pki("csr", domain="beta.test")["pem"], self.signet("profile", "add", "p1") and
                    self.signet("profile", "csr", "p1")["pem"]):
            subject = openssl("req", "-noout", "-subject", stdin=pem)
            for text in said.values():
                self.assertIn(text, subject)
        self.assertIn("O = Another", openssl("req", "-noout", "-subject", stdin=self.pki("csr", "--o", "Another")["pem"]))
        self.signet("setting", "set", "pki.subject-o", "Alpha AG", "--domain", "alpha.test")
        self.addCleanup(self.signet, "setting", "reset", "pki.subject-o", "--domain", "alpha.test")
        self.assertIn("O = Alpha AG", openssl("req", "-noout", "-subject", stdin=self.pki("csr", "--cn", "alpha.test")["pem"]))
        self.signet("profile", "remove", "p1")

    def test_P_002_limits(self):
        for words, why in ((("--c", "USA"), "2 characters"), (("--c", "U"), "two letters"), (("--c", "1A"), "two letters"),
                           (("--cn", "a" * 61 + ".test"), "cn"), (("--contact", "a" * 60 + "@x.test"), "contact")):
            with self.subTest(words):
                for verb in ("csr", "self-signed"):
                    self.assertIn(why, self.refused("pki", verb, "alpha.test", *words))
                with self.assertRaisesRegex(pki.Failed, why):
                    self.request(*(words if "--cn" in words else ("--cn", "a.test", *words)))
        name = "a" * 59 + ".test"
        self.assertEqual(len(name), 64)
        self.assertIn(name, openssl("req", "-noout", "-subject", stdin=self.pki("csr", "--cn", name)["pem"]))

    def test_P_004_key_and_request_in_one_step(self):
        for kind, bits in (("P-256", "256 bit"), ("RSA-2048", "2048 bit")):
            with self.subTest(kind):
                key, request = self.request("--cn", "www.site.test", "--o", "Site", "--type", kind, name=kind)
                self.assertNotIn("ENCRYPTED", key.read_text())
                text = openssl("req", "-in", request, "-verify", "-noout", "-text")
                for words in ("verify OK", bits, "O = Site, CN = www.site.test", "DNS:www.site.test"):
                    self.assertIn(words, text)
                self.assertEqual(openssl("pkey", "-in", key, "-pubout"), openssl("req", "-in", request, "-noout", "-pubkey"))
                tool("certtool", "--key-info", "--infile", key)
                cert = openssl("req", "-x509", "-key", key, "-in", request, "-days", "365")
                self.signet("profile", "import", "site", "--key-file", str(key), "--identity-file", self.write("c", cert))
                self.assertEqual(field("serial", self.signet("profile", "certificate", "site")["chain"]), field("serial", cert))
                self.signet("profile", "remove", "site")

    def test_P_005_signed_by_an_authority_of_ours(self):
        """P-003: made here, with CA:TRUE"""
        self.signet("ca", "create", "alpha.test")
        root = self.signet("ca", "show", "alpha.test")["pem"]
        self.assertIn("CA:TRUE", openssl("x509", "-noout", "-ext", "basicConstraints", stdin=root))
        _, path = self.request("--cn", "www.alpha.test", name="asked")
        serials = set()
        for _ in range(2):
            pem = pki.certificates(str(self.signet("ca", "sign", "alpha.test", stdin=path.read_text())["pem"]))[0]
            openssl("verify", "-CAfile", self.write("root.pem", root), self.write("leaf.pem", pem))
            serials.add(int(field("serial", pem), 16))
        self.assertEqual(len(serials), 2)
        listed = {int(row["serial"], 16) for row in self.signet("ca", "list", "alpha.test")["rows"]}
        self.assertLessEqual(serials, listed)

    def test_P_006_copied_into_the_service(self):
        root = pki.Authority(self.folder, "Root")
        key, request = self.request("--cn", "alpha.test", name="copied")
        cert = self.write("copied.pem", root.sign(request.read_text(), "subjectAltName=DNS:alpha.test") + root.pem())
        self.pki("files", cert, str(key))
        self.assertEqual(len(self.shown()), 2)
        self.assertIn("Verify return code: 0 (ok)", self.s_client("-CAfile", root.cert))
        self.signet("pki", "renew", "alpha.test")

    def test_P_007_modes(self):
        key, request = self.request("--cn", "modes.test", name="modes")
        self.assertEqual((stat.S_IMODE(os.stat(key).st_mode), stat.S_IMODE(os.stat(request).st_mode)), (0o400, 0o644))
        with self.assertRaisesRegex(pki.Failed, "exists"):
            self.request("--cn", "modes.test", name="modes")
        os.unlink(key)
        with self.assertRaisesRegex(pki.Failed, "exists"):
            self.request("--cn", "modes.test", name="modes")
        self.assertFalse(key.exists())
