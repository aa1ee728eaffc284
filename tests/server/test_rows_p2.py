"""test_rows_p2 - P2: files with keys and certificates in every layout, converted, or read where they are"""
import os
import signal
import subprocess
import time

import pki
from pki import field, openssl, tool


class Files(pki.Case):
    """A key "site", its certificate by an authority with an intermediate, in all forms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.middle = pki.Authority(cls.folder, "Middle", cls.root)
        cls.key_pem = pki.key("RSA-2048")
        cls.leaf = cls.certificate(cls.key_pem)

    @classmethod
    def certificate(cls, key, days=20):
        path = cls.folder / "asking.key"
        path.write_text(key)
        request = openssl("req", "-new", "-key", path, "-subj", "/CN=alpha.test")
        return cls.middle.sign(request, "subjectAltName=DNS:alpha.test", days)

    def setUp(self):
        self.signet("pki", "renew", "alpha.test")

    def bring(self, identity, *more):
        return self.pki("import", "--identity-file", self.write("identity", identity), *more)

    def as_bytes(self, *words, stdin=""):
        """What openssl writes, without what it remarks."""
        return subprocess.run(["openssl", *words], input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True).stdout

    def assert_served(self, *certificates):
        self.assertEqual(self.shown(), list(certificates))

    def convert(self, content, *more):
        """What `signet pki convert` writes, with no server near: PEM, and nothing else."""
        done = subprocess.run([self.server.bin / "signet", "-d", "/nonexistent", "pki", "convert", "--input-file",
                               self.write("in", content), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise pki.Failed(done.stderr.decode())
        return done.stdout.decode()


class Layouts(Files):
    def test_P_008_key_and_certificates_apart(self):
        key = self.write("key.pem", self.key_pem)
        self.bring(self.leaf + self.middle.pem(), "--key-file", key)
        self.assert_served(self.leaf, self.middle.pem())
        os.chmod(key, 0o600)
        answer = self.pki("files", self.write("cert.pem", self.leaf + self.middle.pem()), key)
        self.assertNotIn("chmod", answer.get("message", ""))
        self.assert_served(self.leaf, self.middle.pem())

    def test_P_009_all_in_one(self):
        """In any order."""
        parts = {"key": self.key_pem, "leaf": self.leaf, "middle": self.middle.pem(), "root": self.root.pem()}
        for order in ("key leaf middle", "middle leaf key", "leaf key middle", "leaf middle key", "middle key leaf"):
            with self.subTest(order):
                self.signet("pki", "renew", "alpha.test")
                self.bring("text before\n".join(parts[name] for name in order.split()))
                self.assert_served(self.leaf, self.middle.pem())
        self.bring(parts["root"] + parts["middle"] + parts["key"] + parts["leaf"] + parts["leaf"])
        self.assert_served(self.leaf, self.middle.pem(), self.root.pem())

    def test_P_010_a_key_with_a_password(self):
        before = self.shown()
        for words in (("pkcs8", "-topk8", "-passout", "pass:hidden words"),
                      ("rsa", "-traditional", "-aes128", "-passout", "pass:hidden words")):
            locked = openssl(*words, stdin=self.key_pem)
            said = self.refused("pki", "import", "alpha.test", "--identity-file", self.write("all", self.leaf + locked))
            self.assertIn("encrypted", said)
            self.assertIn("openssl pkey -in", said)
            said = self.refused("pki", "files", "alpha.test", self.write("all", self.leaf + locked))
            self.assertIn("encrypted", said)
            self.assertEqual(self.shown(), before)
        locked = openssl("pkcs8", "-topk8", "-passout", "pass:hidden words", stdin=self.key_pem)
        said = self.refused("pki", "import", "alpha.test", "--identity-file", self.write("all", self.leaf + locked),
                            "--password-file", self.write("pw", "wrong"))
        self.assertIn("wrong password", said)
        self.bring(self.leaf + locked, "--password-file", self.write("pw", "hidden words"))
        self.assert_served(self.leaf)
        self.assertNotIn("hidden words", self.server.log())

    def test_P_011_der(self):
        cert = self.as_bytes("x509", "-outform", "DER", stdin=self.leaf)
        for name, words in (("PKCS#8", ("pkcs8", "-topk8", "-nocrypt", "-outform", "DER")),
                            ("PKCS#1", ("rsa", "-traditional", "-outform", "DER"))):
            with self.subTest(name):
                key = self.as_bytes(*words, stdin=self.key_pem)
                self.signet("pki", "renew", "alpha.test")
                self.bring(cert, "--key-file", self.write("key.der", key))
                self.assert_served(self.leaf)
                self.signet("pki", "renew", "alpha.test")
                self.pki("files", self.write("cert.der", cert), self.write("key.der", key))
                self.assert_served(self.leaf)

    def test_P_011_der_of_other_curves_and_nonsense(self):
        for kind, why in (("P-521", "P-521"), ("ED25519", "Ed25519")):
            der = self.as_bytes("pkey", "-outform", "DER", stdin=pki.key(kind))
            self.assertIn(why, self.refused("pki", "import", "alpha.test", "--identity-file", self.write("k", der)))
        request = openssl("req", "-new", "-key", self.write("k", self.key_pem), "-subj", "/CN=x")
        for text in (request, self.as_bytes("req", "-outform", "DER", stdin=request)):
            self.assertIn("request", self.refused("pki", "import", "alpha.test", "--identity-file", self.write("r", text)))

    def test_P_012_pkcs7(self):
        for form in ("DER", "PEM"):
            with self.subTest(form):
                bundle = self.as_bytes("crl2pkcs7", "-nocrl", "-certfile", self.write("chain", self.middle.pem() + self.leaf),
                                       "-outform", form)
                self.signet("pki", "renew", "alpha.test")
                self.bring(bundle, "--key-file", self.write("key.pem", self.key_pem))
                self.assert_served(self.leaf, self.middle.pem())
        self.bring(self.leaf + self.key_pem)
        self.pki("cert-set", "--pem-file", self.write("bundle", bundle))
        self.assert_served(self.leaf, self.middle.pem())
        self.pki("chain-set", "--pem-file", self.write("bundle", self.as_bytes(
            "crl2pkcs7", "-nocrl", "-certfile", self.write("chain", self.root.pem()), "-outform", "DER")))
        self.assert_served(self.leaf, self.root.pem())

    def pfx(self, *more):
        return self.as_bytes("pkcs12", "-export", "-inkey", self.write("k", self.key_pem), "-in", self.write("c", self.leaf),
                             "-certfile", self.write("m", self.middle.pem()), "-passout", "pass:open sesame", *more)

    def test_P_013_pkcs12(self):
        for more in ((), ("-legacy",)):
            with self.subTest(more):
                self.signet("pki", "renew", "alpha.test")
                self.bring(self.pfx(*more), "--password-file", self.write("pw", "open sesame"))
                self.assert_served(self.leaf, self.middle.pem())
        self.assertIn("wrong password", self.refused("pki", "import", "alpha.test", "--identity-file",
                                                     self.write("pfx", self.pfx()), "--password-file", self.write("pw", "x")))
        self.assertIn("password", self.refused("pki", "import", "alpha.test", "--identity-file", self.write("pfx", self.pfx())))
        said = self.refused("pki", "files", "alpha.test", self.write("pfx", self.pfx()))
        self.assertIn("signet pki import", said)
        self.assert_served(self.leaf, self.middle.pem())

    def test_P_014_intermediates_one_by_one(self):
        """Ours may be pasted one behind another, whatever stands between."""
        self.bring(self.leaf + self.key_pem)
        self.pki("chain-set", stdin="the first\n" + self.middle.pem() + "\n\nand another:\n" + self.root.pem())
        self.assert_served(self.leaf, self.middle.pem(), self.root.pem())

    def test_P_017_by_content(self):
        """Windows' names say nothing: .cer, .spc, .pfx"""
        key = self.write("key.txt", self.key_pem)
        for name, content, more in (
                ("site.pfx", self.as_bytes("x509", "-outform", "DER", stdin=self.leaf), ("--key-file", key)),
                ("site.cer", self.pfx(), ("--password-file", self.write("pw", "open sesame"))),
                ("site.pem", self.as_bytes("crl2pkcs7", "-nocrl", "-certfile", self.write("c", self.leaf), "-outform", "DER"),
                 ("--key-file", key)),
                ("site.spc", self.leaf, ("--key-file", key)),
                ("bare.txt", "\r\n".join(self.leaf.splitlines()[1:-1]), ("--key-file", key))):
            with self.subTest(name):
                self.signet("pki", "renew", "alpha.test")
                self.pki("import", "--identity-file", self.write(name, content), *more)
                self.assertEqual(self.shown()[0], self.leaf)

    def test_hostile(self):
        """Bad input: a sentence, nothing changed, soon."""
        before = self.pki("show")
        deep = b"\x30\x80" * 5000
        many = self.leaf + self.key_pem + "".join(self.middle.pem() for _ in range(1000))
        cases = (("junk", os.urandom(1000000), "no key and no certificate"),
                 ("2 MB", b"x" * 2000000, "longer"),
                 ("letters", "x" * 1000000, "no key and no certificate"),
                 ("deep", deep, "no key and no certificate"),
                 ("nested sequences", b"\x30\x82\x0f\xfc" * 4000, "no key and no certificate"),
                 ("1,000 certificates", many, "more than 100"),
                 ("cut off", (self.key_pem + self.leaf)[:-200], "cut off"),
                 ("half a certificate", self.key_pem + self.leaf[:300] + self.leaf[-30:], "block 2"),
                 ("no end", "-----BEGIN CERTIFICATE-----\n" * 20000, ""),
                 ("two keys", self.leaf + self.key_pem + pki.key(), "two private keys"),
                 ("a key alone", self.key_pem, "no certificate"),
                 ("certificates alone", self.leaf + self.middle.pem(), "does not belong"),
                 ("another key", self.leaf + pki.key(), "does not belong"),
                 ("public key", openssl("pkey", "-pubout", stdin=self.key_pem), ""),
                 ("empty", "", ""))
        for name, content, why in cases:
            with self.subTest(name):
                began = time.monotonic()
                said = self.refused("pki", "import", "alpha.test", "--identity-file", self.write("in", content))
                self.assertIn(why, said)
                self.assertLess(time.monotonic() - began, 20)
                self.assertEqual(self.pki("show"), before)


class OnDisk(Files):
    """P-015: the files of a web server, where they are."""

    def setUp(self):
        super().setUp()
        self.cert, self.key = self.write("fullchain.pem", self.leaf + self.middle.pem()), self.write("privkey.pem", self.key_pem)
        os.chmod(self.key, 0o400)

    def reload(self):
        before = self.server.log().count("reloaded")
        self.server.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            if self.server.log().count("reloaded") > before:
                return
            time.sleep(0.05)
        self.fail("the server does not reload")

    def renew(self):
        """As a program would that renews certificates."""
        key = pki.key()
        pem = self.certificate(key)
        return key, pem

    def put(self, path, content):
        os.chmod(path, 0o600)
        with open(path, "w", encoding="ascii") as f:
            f.write(content)

    def test_P_015_read_again_at_reload(self):
        answer = self.pki("files", self.cert, self.key)
        self.assertEqual((answer["certificate-file"], answer["key-file"]), (self.cert, self.key))
        self.assert_served(self.leaf, self.middle.pem())
        key, pem = self.renew()
        self.put(self.cert, pem + self.middle.pem())
        before = len(self.server.log())
        self.reload()
        self.said_once(before, "files-not-taken", "does not belong")
        self.assert_served(self.leaf, self.middle.pem())
        self.put(self.key, key)
        self.reload()
        self.assert_served(pem, self.middle.pem())
        key, pem = self.renew()
        self.put(self.cert, pem)
        self.put(self.key, key)
        self.server.stop()
        self.server.start()
        self.assert_served(pem)
        os.unlink(self.key)
        before = len(self.server.log())
        self.reload()
        self.said_once(before, "files-not-taken", "privkey.pem", "No such file")
        self.assert_served(pem)
        self.signet("pki", "renew", "alpha.test")
        self.assertNotIn("key-file", self.pki("show"))

    def test_P_015_same_files_by_https_and_smtp(self):
        self.signet("profile", "files", "web", self.cert, self.key)
        for listener in ("https", "smtp"):
            self.signet("listener", "certificate", listener, "web")
            self.assertEqual(self.shown(listener=listener), [self.leaf, self.middle.pem()])
            self.signet("listener", "certificate", listener, "none")
        self.signet("profile", "remove", "web")

    def test_P_018_one_file_for_both(self):
        both = self.write("both.pem", self.key_pem + self.leaf + self.middle.pem())
        os.chmod(both, 0o600)
        for words in ((both,), (both, both)):
            self.signet("pki", "renew", "alpha.test")
            self.pki("files", *words)
            self.assert_served(self.leaf, self.middle.pem())

    def test_P_007_a_key_that_others_may_read(self):
        os.chmod(self.key, 0o644)
        self.assertIn("chmod", self.pki("files", self.cert, self.key)["message"])

    def test_what_is_no_file(self):
        before = self.shown()
        os.mkfifo(self.folder / "pipe")
        for path, why in (("/nowhere/x", "No such file"), (str(self.folder), "no file"), (str(self.folder / "pipe"), "no file"),
                          ("/dev/zero", "no file")):
            self.assertIn(why, self.refused("pki", "files", "alpha.test", path))
            self.assertIn(why, self.refused("pki", "files", "alpha.test", self.cert, path))
        self.assertEqual(self.shown(), before)


class Convert(Files):
    """P-016, E-010: what comes out, openssl and certtool read."""

    def test_P_016_key_from_der(self):
        for kind in ("RSA-2048", "P-256", "P-384"):
            key = pki.key(kind)
            pem = self.convert(self.as_bytes("pkey", "-outform", "DER", stdin=key))
            self.assertEqual(openssl("pkey", "-pubout", stdin=pem), openssl("pkey", "-pubout", stdin=key))
            tool("certtool", "--key-info", "--infile", self.write("k.pem", pem))
        pem = self.convert(self.as_bytes("rsa", "-traditional", "-outform", "DER", stdin=self.key_pem))
        self.assertIn("RSA key ok", openssl("rsa", "-check", "-noout", stdin=pem))

    def test_P_016_certificate_from_der(self):
        self.assertEqual(self.convert(self.as_bytes("x509", "-outform", "DER", stdin=self.leaf)), self.leaf)

    def test_P_016_chain_from_pkcs7(self):
        chain = self.write("chain", self.root.pem() + self.middle.pem() + self.leaf)
        for form in ("DER", "PEM"):
            bundle = self.as_bytes("crl2pkcs7", "-nocrl", "-certfile", chain, "-outform", form)
            self.assertEqual(self.convert(bundle), self.leaf + self.middle.pem() + self.root.pem())
        bundle = tool("certtool", "--p7-generate", "--load-certificate", self.write("l", self.leaf), "--outder",
                      "--load-privkey", self.write("k", self.key_pem))
        self.assertIn(field("serial", self.leaf), field("serial", self.convert(bundle)))

    def test_P_016_all_from_pkcs12(self):
        password = self.write("pw", "open sesame")
        pfx = self.as_bytes("pkcs12", "-export", "-inkey", self.write("k", self.key_pem), "-in", self.write("c", self.leaf),
                            "-certfile", self.write("m", self.middle.pem()), "-passout", "pass:open sesame")
        pem = self.convert(pfx, "--password-file", password)
        self.assertEqual(pki.certificates(pem), [self.leaf, self.middle.pem()])
        self.assertEqual(openssl("pkey", "-pubout", stdin=pem), openssl("x509", "-noout", "-pubkey", stdin=self.leaf))
        self.assertNotIn("PRIVATE", self.convert(pfx, "--password-file", password, "--part", "certificates"))
        self.assertNotIn("CERTIFICATE", self.convert(pfx, "--password-file", password, "--part", "key"))
        with self.assertRaisesRegex(pki.Failed, "give its password"):
            self.convert(pfx)
        with self.assertRaisesRegex(pki.Failed, "wrong password"):
            self.convert(pfx, "--password-file", self.write("pw", "x"))

    def test_P_016_what_the_help_names(self):
        text = self.server.run_signet("help", "pki", "convert").stdout.decode()
        for words in ("openssl rsa -inform DER", "openssl x509 -inform DER", "openssl pkcs7 -inform DER", "openssl pkcs12"):
            self.assertIn(words, text)
