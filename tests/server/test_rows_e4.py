"""test_rows_e4 - E4: profiles survive backup and restore, and leave as PKCS#12 that others read"""
import base64
import pathlib
import shutil
import subprocess
import tempfile

import pki
from pki import field, openssl, tool
from server import Server


class Export(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.middle = pki.Authority(cls.folder, "Middle", cls.root)
        cls.server.signet("profile", "add", "mx", "--cn", "mx.example.test", "--type", "RSA-2048")
        request = cls.server.signet("profile", "csr", "mx")["pem"]
        cls.leaf = cls.middle.sign(request, "subjectAltName=DNS:mx.example.test")
        cls.server.signet("profile", "cert-set", "mx", stdin=cls.leaf + cls.middle.pem())

    def export(self, password="open sesame", *more, name="mx", noun="profile"):
        return base64.b64decode(self.signet(noun, "export", name, *more, stdin=password)["pkcs12"])

    def dump(self, file, password="open sesame", *more):
        return openssl("pkcs12", "-in", self.write("out.p12", file), "-passin", f"pass:{password}", "-noenc", *more)

    def assert_whole(self, text):
        self.assertEqual(pki.certificates(text), [self.leaf, self.middle.pem()])
        self.assertEqual(openssl("pkey", "-pubout", stdin=text), openssl("x509", "-noout", "-pubkey", stdin=self.leaf))

    def test_E_032_openssl_reads_it(self):
        text = self.dump(self.export(), "open sesame", "-info")
        self.assert_whole(text)
        self.assertIn("AES-256-CBC", text)
        self.assertIn("friendlyName: mx", text)

    def test_E_032_certtool_reads_it(self):
        text = tool("certtool", "--p12-info", "--inder", "--password", "open sesame", stdin=self.export()).decode()
        self.assertEqual(text.count("BEGIN CERTIFICATE"), 2)
        self.assertIn("PRIVATE KEY", text)
        self.assertIn("Friendly name: mx", text)

    def test_E_032_the_command_that_help_shows(self):
        """Base64 alone comes from it, for a pipe."""
        word = self.write("pw", "open sesame")
        for noun, name in (("profile", "mx"), ("pki", "alpha.test")):
            shown = tool(self.server.bin / "signet", "help", noun, "export").decode()
            self.assertIn("| base64 -d >", shown)
            command = f"'{self.server.bin}/signet' -d '{self.server.data}' {noun} export {name} --password-file '{word}'"
            file = tool("sh", "-c", f"{command} | base64 -d")
            self.assertIn("PRIVATE KEY", self.dump(file))

    def nss(self, file, password):
        """NSS's data base after pk12util took it in."""
        base = tempfile.mkdtemp(dir=self.folder)
        tool("certutil", "-N", "-d", f"sql:{base}", "--empty-password")
        tool("pk12util", "-i", self.write("out.p12", file), "-d", f"sql:{base}", "-W", password)
        return base

    def test_E_032_nss_reads_it(self):
        for more in ((), ("--older",)):
            with self.subTest(more):
                base = self.nss(self.export("open sesame", *more), "open sesame")
                self.assertIn("mx", tool("certutil", "-K", "-d", f"sql:{base}").decode())
                pem = tool("certutil", "-L", "-d", f"sql:{base}", "-n", "mx", "-a").decode()
                self.assertEqual(field("fingerprint", pem), field("fingerprint", self.leaf))

    def test_E_032_an_older_phone_reads_it(self):
        """Nothing newer than triple DES and SHA-1 is in it."""
        text = self.dump(self.export("open sesame", "--older"), "open sesame", "-info", "-legacy")
        self.assert_whole(text)
        self.assertIn("pbeWithSHA1And3-KeyTripleDES-CBC", text)
        self.assertIn("MAC: sha1", text)
        self.assertNotIn(", AES-", text)  # base64 has neither sign

    def test_E_032_a_domain_s_too(self):
        """And it goes to another domain and comes back."""
        file = self.export(name="alpha.test", noun="pki")
        self.assertEqual(pki.certificates(self.dump(file)), self.shown())
        self.signet("pki", "import", "beta.test", "--identity-file", self.write("in.p12", file), "--password-file",
                    self.write("pw", "open sesame"))
        self.assertEqual(self.shown("beta.test"), self.shown())
        self.signet("pki", "renew", "beta.test")

    def test_E_008_brought_from_what_others_made(self):
        """openssl's, certtool's and NSS's files, new and old; E-008"""
        key, leaf = self.write("k", self.dump(self.export(), "open sesame", "-nocerts")), self.write("c", self.leaf)
        middle = self.write("m", self.middle.pem())
        files = {
            "openssl": ("pkcs12", "-export"),
            "openssl, older": ("pkcs12", "-export", "-legacy"),
        }
        made = {}
        for name, words in files.items():
            made[name] = openssl_bytes(*words, "-inkey", key, "-in", leaf, "-certfile", middle, "-passout", "pass:x y")
        out = str(self.folder / "certtool.p12")
        tool("certtool", "--to-p12", "--load-privkey", key, "--load-certificate", leaf, "--load-ca-certificate", middle,
             "--p12-name", "mx", "--password", "x y", "--outder", "--outfile", out)
        made["certtool"] = pathlib.Path(out).read_bytes()
        base = self.nss(self.export(), "open sesame")
        out = str(self.folder / "nss.p12")
        tool("pk12util", "-o", out, "-n", "mx", "-d", f"sql:{base}", "-W", "x y")
        made["pk12util"] = pathlib.Path(out).read_bytes()
        for name, file in made.items():
            with self.subTest(name):
                words = ("profile", "import", "copy", "--identity-file", self.write("in.p12", file))
                self.assertIn("wrong password", self.refused(*words, "--password-file", self.write("pw", "wrong")))
                answer = self.signet(*words, "--password-file", self.write("pw", "x y"))
                self.assertEqual(answer["chain"], self.leaf + self.middle.pem())
                self.assertEqual(answer["key_test"], "Verification String is OK")
                self.signet("profile", "remove", "copy")

    def test_E_033_again_and_again(self):
        first, second = self.export("one"), self.export("two")
        self.assertNotEqual(first, second)
        self.assert_whole(self.dump(first, "one"))
        self.assert_whole(self.dump(second, "two"))

    def test_E_034_nothing_without_a_password(self):
        self.assertIn("no password", self.refused("profile", "export", "mx", stdin=""))
        self.assertIn("no password", self.refused("pki", "export", "alpha.test", stdin="\n"))
        with self.assertRaisesRegex(pki.Failed, "invalid password"):
            self.dump(self.export(), "wrong")
        with self.assertRaisesRegex(pki.Failed, "PKCS12"):
            base = tempfile.mkdtemp(dir=self.folder)
            tool("certutil", "-N", "-d", f"sql:{base}", "--empty-password")
            tool("pk12util", "-i", self.write("out.p12", self.export()), "-d", f"sql:{base}", "-W", "wrong")
        self.assertNotIn("open sesame", self.server.log())
        self.assertNotIn("PRIVATE KEY", self.server.log())

    def test_P_030_fingerprints(self):
        for words in (("pki", "show", "alpha.test"), ("profile", "show", "mx")):
            answer = self.signet(*words)
            for name in ("md5", "sha1", "sha256"):
                said = openssl("x509", "-noout", "-fingerprint", f"-{name}", stdin=answer["chain"]).split("=")[1]
                self.assertEqual(said.strip().replace(":", "").lower(), answer[name])
            said = tool("certtool", "--fingerprint", "--hash", "sha256", stdin=pki.certificates(answer["chain"])[0]).decode()
            self.assertEqual(said.strip(), answer["sha256"])


def openssl_bytes(*words):
    return subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


class Backup(pki.Case):
    def test_E_031_after_a_restore(self):
        """Profiles, certificates and where they are assigned: the same ones serve."""
        self.signet("profile", "add", "mx", "--cn", "mx.example.test")
        self.signet("profile", "add", "waits", "--cn", "waits.example.test")
        self.signet("listener", "certificate", "imaps", "mx")
        self.signet("profile", "assign", "mx", "relay.certificate")
        self.signet("setting", "set", "pki.commit", "on")
        self.signet("profile", "self-signed", "waits", "--cn", "new.example.test")
        before = {name: self.shown(listener=name) for name in ("imaps", "pop3s", "https")}
        profiles, settings = self.signet("profile", "list"), self.signet("setting", "list", "--changed")
        copy = str(self.folder / "backup")
        self.signet("backup", "create", copy)
        self.signet("profile", "self-signed", "mx", "--cn", "later.test")
        self.signet("pki", "commit")
        self.assertNotEqual(self.shown(), before["imaps"])
        self.server.stop()
        shutil.rmtree(self.server.data)
        self.server.run_signet("backup", "restore", copy, str(self.server.data))
        self.server.start()
        self.assertEqual({name: self.shown(listener=name) for name in before}, before)
        self.assertEqual(self.signet("profile", "list"), profiles)
        self.assertEqual(self.signet("setting", "list", "--changed"), settings)
        self.assertEqual([row["what"] for row in self.signet("pki", "pending")["rows"]], ["profile waits"])
        self.signet("pki", "commit")
        self.assertIn("new.example.test", self.signet("profile", "show", "waits")["subject"])

    def test_E_031_profiles_go_to_another_server_as_files(self):
        self.signet("profile", "add", "moves", "--cn", "moves.example.test")
        self.signet("pki", "commit")
        file = base64.b64decode(self.signet("profile", "export", "moves", stdin="pass word")["pkcs12"])
        with Server() as other:
            other.signet("profile", "import", "moves", "--identity-file", self.write("moves.p12", file), "--password-file",
                         self.write("pw", "pass word"))
            self.assertEqual(other.signet("profile", "show", "moves")["sha256"],
                             self.signet("profile", "show", "moves")["sha256"])
