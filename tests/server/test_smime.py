"""S/MIME: a domain issues certificates, users' keys, messages encrypted for them; judged by OpenSSL and NSS."""
import base64
import email
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from server import Failed, Server

SECRET = "ann's own secret"
MESSAGE = ("Received: from far.test\r\n\tby here\r\nFrom: cy@far.test\r\nTo: ann@alpha.test\r\n"
           "Subject: in sight\r\nDate: Sat, 21 Nov 2026 04:00:00 +0000\r\nMessage-ID: <1@far.test>\r\n"
           "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: 8bit\r\n\r\nUnmistakable-Body-41: Grüße\r\n")
ENTITY = MESSAGE[MESSAGE.index("Content-Type"):].encode()


class Room(unittest.TestCase):
    """A server with users, and a folder for the files of clients."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("ann@alpha.test", "bob@alpha.test", "cy@beta.test")
        cls.dir = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    # -- programs

    def run_in(self, *words, stdin=b"", env=None):
        return subprocess.run(words, cwd=self.dir, input=stdin, env=env, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def must(self, *words, stdin=b"", env=None):
        done = self.run_in(*words, stdin=stdin, env=env)
        self.assertEqual(done.returncode, 0, f"{' '.join(words)}: {done.stdout.decode(errors='replace')}")
        return done.stdout

    def openssl(self, *words, stdin=b""):
        return self.must("openssl", *words, stdin=stdin)

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    # -- operations

    def signet(self, *words, stdin="", **secrets):
        """Each secret goes through a file; of what is there the last line end is not taken."""
        for name, value in secrets.items():
            name = name.replace("_", "-")
            value = value if isinstance(value, bytes) else value.encode()
            words += (f"--{name}-file", self.write("secret-" + name, value))
        return self.server.signet("smime", *words, stdin=stdin)

    def refused(self, words, *args, **secrets):
        with self.assertRaisesRegex(Failed, words):
            self.signet(*args, **secrets)

    def issue(self, address, secret=SECRET, *more):
        return self.signet("issue", address, *more, stdin=secret)

    def certificate(self, address):
        """The user's certificate in a file of its own, and those above in another."""
        pem = self.signet("certificate", address)["certificate"]
        end = "-----END CERTIFICATE-----\n"
        first, rest = pem.split(end, 1)
        self.write("issuer.pem", rest)
        return self.write(f"{address}.pem", first + end)

    def key(self, address, secret=SECRET):
        """The user's key in a file, as a mail program would have it."""
        self.p12(address, secret)
        self.openssl("pkcs12", "-in", "user.p12", "-passin", "pass:file password", "-nodes", "-nocerts",
                     "-out", f"{address}.key")
        return f"{address}.key"

    def p12(self, address, secret=SECRET, password="file password"):
        coded = self.signet("export", address, secret=secret, new_password=password)["pkcs12"]
        self.write("user.p12", base64.b64decode(coded))
        return "user.p12"

    def encrypt(self, *addresses, message=MESSAGE):
        return self.signet("encrypt", *addresses, stdin=message)["text"]

    def decrypt_by_openssl(self, address, message):
        self.write("message.eml", message)
        return self.openssl("cms", "-decrypt", "-binary", "-in", "message.eml", "-inkey", self.key(address),
                            "-recip", self.certificate(address))


class Issuing(Room):
    def text(self, path):
        return self.openssl("x509", "-in", path, "-noout", "-text").decode()

    def test_at_once(self):
        """C-109, C-112, C-115"""
        answer = self.issue("ann@alpha.test", SECRET, "--type", "P-256")
        pem = self.certificate("ann@alpha.test")
        self.openssl("verify", "-x509_strict", "-purpose", "smimesign", "-CAfile", "issuer.pem", pem)
        text = self.text(pem)
        for words in ("email:ann@alpha.test", "emailAddress = ann@alpha.test", "CN = ann@alpha.test",
                      "E-mail Protection", "Digital Signature, Key Agreement", "CA:FALSE"):
            self.assertIn(words, text)
        ca = self.signet("ca-show", "alpha.test")
        self.assertEqual((ca["authority"], ca["issues"]), ("special", True))
        self.assertEqual(answer["issuer"], ca["subject"])
        self.assertLessEqual(answer["till"], ca["till"])
        self.assertGreaterEqual(answer["from"], ca["from"])

    def test_rsa(self):
        self.issue("bob@alpha.test", SECRET, "--days", "10")
        pem = self.certificate("bob@alpha.test")
        for purpose in ("smimesign", "smimeencrypt"):
            self.openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", "issuer.pem", pem)
        text = self.text(pem)
        self.assertIn("Digital Signature, Key Encipherment", text)
        self.assertIn("(2048 bit)", text)

    def test_serials(self):
        """C-115: unique, and in the register"""
        for _ in range(3):
            self.issue("bob@alpha.test")
        rows = self.signet("issued", "alpha.test")["rows"]
        own = {row["serial"] for row in self.signet("show", "bob@alpha.test")["rows"]}
        self.assertEqual(len({row["serial"] for row in rows}), len(rows))
        self.assertLessEqual(own, {row["serial"] for row in rows if row["address"] == "bob@alpha.test"})

    def test_by_another_name(self):
        """The alias of a domain is the domain, and its users' addresses theirs."""
        self.server.signet("domain-alias", "add", "alias.test", "alpha.test")
        answer = self.issue("ann@alias.test")
        self.assertIn("ann@alpha.test", answer["subject"])
        self.assertTrue(self.signet("ca-show", "alias.test")["issues"])
        self.assertEqual(self.signet("issued", "alias.test"), self.signet("issued", "alpha.test"))
        with self.assertRaisesRegex(Failed, "not hosted"):
            self.signet("issued", "nowhere.test")

    def test_conditions(self):
        """C-110, C-114: without each of them it is refused, with the reason"""
        self.server.add("dan@delta.test")
        self.issue("dan@delta.test")
        for mode in ("disabled", "test"):
            self.server.signet("pki", "mode", "delta.test", mode)
            self.refused("not enabled", "issue", "dan@delta.test", secret=SECRET)
            self.assertFalse(self.signet("ca-show", "delta.test")["issues"])
        self.server.signet("pki", "mode", "delta.test", "enabled")
        self.issue("dan@delta.test")
        self.signet("ca-remove", "delta.test")
        self.server.signet("pki", "cert-remove", "delta.test")
        self.refused("no certificate", "issue", "dan@delta.test", secret=SECRET)
        self.server.signet("pki", "key-remove", "delta.test")
        self.signet_fails_for_want_of_a_key()

    def signet_fails_for_want_of_a_key(self):
        self.refused("no private key", "issue", "dan@delta.test", secret=SECRET)
        self.refused("no private key", "ca-self-signed", "delta.test")

    def test_generic(self):
        """C-113"""
        self.server.add("gus@gamma.test")
        self.issue("gus@gamma.test")
        self.assertEqual(self.signet("ca-remove", "gamma.test")["authority"], "generic")
        answer = self.issue("gus@gamma.test")
        self.assertEqual(answer["issuer"], self.server.signet("pki", "show", "gamma.test")["subject"])
        self.assertEqual(self.signet("ca-self-signed", "gamma.test")["authority"], "special")
        self.assertNotEqual(self.issue("gus@gamma.test")["issuer"], answer["issuer"])

    def test_another_authority(self):
        """C-111, C-112: one that an admin brings"""
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                     "-subj", "/O=Example/CN=Brought Authority", "-days", "100",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.server.add("eve@epsilon.test")
        both = (self.dir / "ca.pem").read_text() + (self.dir / "ca.key").read_text()
        shown = self.server.signet("smime", "ca-set", "epsilon.test", stdin=both)
        self.assertIn("Brought Authority", shown["subject"])
        answer = self.issue("eve@epsilon.test")
        self.assertIn("Brought Authority", answer["issuer"])
        self.assertLessEqual(answer["till"], shown["till"])
        pem = self.certificate("eve@epsilon.test")
        self.openssl("verify", "-x509_strict", "-CAfile", "ca.pem", pem)
        # without a key it must be for the one that is there
        self.server.signet("smime", "ca-set", "epsilon.test", stdin=(self.dir / "ca.pem").read_text())
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "x.key", "-out", "x.pem",
                     "-subj", "/CN=Another", "-days", "100")
        for bad in ((self.dir / "x.pem").read_text(),
                    (self.dir / "x.pem").read_text() + (self.dir / "ca.key").read_text(),
                    "hello"):
            with self.assertRaises(Failed):
                self.server.signet("smime", "ca-set", "epsilon.test", stdin=bad)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "x.key", "-out", "x.pem",
                     "-subj", "/CN=No Authority", "-days", "100", "-addext", "basicConstraints=critical,CA:FALSE")
        with self.assertRaisesRegex(Failed, "authority"):
            self.server.signet("smime", "ca-set", "epsilon.test",
                               stdin=(self.dir / "x.pem").read_text() + (self.dir / "x.key").read_text())
        self.assertIn("Brought Authority", self.signet("ca-show", "epsilon.test")["subject"])

    def test_request(self):
        """C-111: another authority signs the special key"""
        self.server.add("kim@kappa.test")
        self.write("kappa.csr", self.signet("ca-csr", "kappa.test", "--o", "Example")["pem"])
        self.assertIn(b"O = Example, CN = kappa.test",
                      self.openssl("req", "-in", "kappa.csr", "-verify", "-noout", "-subject"))
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
                     "-subj", "/CN=Root", "-days", "100", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.write("ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
                          "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        self.openssl("x509", "-req", "-in", "kappa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "50",
                     "-extfile", "ext", "-out", "signed.pem")
        chain = (self.dir / "signed.pem").read_text() + (self.dir / "root.pem").read_text()
        self.assertEqual(self.server.signet("smime", "ca-set", "kappa.test", stdin=chain)["issuer"], "CN=Root")
        self.assertIn("CN=kappa.test", self.issue("kim@kappa.test")["issuer"])
        pem = self.certificate("kim@kappa.test")
        self.openssl("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuer.pem", pem)

    def test_goes_with_its_domain(self):
        self.server.add("zoe@zeta.test")
        self.issue("zoe@zeta.test")
        before = self.signet("ca-show", "zeta.test")["sha256"]
        self.server.signet("account", "remove", "zoe@zeta.test")
        self.server.signet("domain", "remove", "zeta.test")
        self.server.add("zoe@zeta.test")
        self.assertEqual(self.signet("show", "zoe@zeta.test")["rows"], [])
        self.assertEqual(self.signet("issued", "zeta.test")["rows"], [])
        self.issue("zoe@zeta.test")
        self.assertNotEqual(self.signet("ca-show", "zeta.test")["sha256"], before)


class Keys(Room):
    def setUp(self):
        self.user = f"user{time.monotonic_ns()}@beta.test"
        self.server.add(self.user)
        self.hold_back("1ms")

    def hold_back(self, how_long):
        """After a wrong secret."""
        self.server.signet("setting", "set", "auth.failure-delay", how_long)

    def test_wrong_secret(self):
        """C-105: refused, and slowed"""
        self.issue(self.user)
        self.hold_back("1m")
        self.refused("not the secret", "export", self.user, secret="a guess of mine", new_password="x")
        self.refused("try again", "export", self.user, secret="another guess", new_password="x")
        self.refused("try again", "export", self.user, secret=SECRET, new_password="x")
        self.hold_back("1ms")
        self.p12(self.user)
        self.refused("fewer than 8", "issue", "cy@beta.test", secret="short")

    def test_nothing_on_disk(self):
        """C-105: neither the secret nor the key lies anywhere"""
        self.issue(self.user, "Unmistakable-Secret-42", "--type", "P-256")
        self.p12(self.user, "Unmistakable-Secret-42")
        der = self.openssl("pkcs12", "-in", "user.p12", "-passin", "pass:file password", "-nodes", "-nocerts")
        der = self.openssl("pkey", "-outform", "DER", stdin=der)
        number = der[der.index(b"\x02\x01\x01\x04\x20") + 5:][:32]  # ECPrivateKey's own
        for path in self.server.folder.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                self.assertNotIn(b"Unmistakable-Secret-42", data, path)
                self.assertNotIn(number, data, path)

    def test_one_secret_for_all(self):
        self.issue(self.user)
        self.refused("not the secret", "issue", self.user, secret="quite another secret")
        self.issue(self.user)
        self.signet("secret", self.user, secret=SECRET, new_secret="the next secret")
        self.refused("not the secret", "export", self.user, secret=SECRET, new_password="x")
        for number in ("1", "2"):
            self.signet("export", self.user, "--number", number, secret="the next secret", new_password="x")

    def test_old_mail_stays_readable(self):
        self.issue(self.user)
        old = self.encrypt(self.user)
        self.issue(self.user)
        new = self.encrypt(self.user)
        self.assertEqual([row["current"] for row in self.signet("show", self.user)["rows"]], [False, True])
        for message in (old, new):
            text = self.signet("decrypt", self.user, secret=SECRET, text=message)["text"]
            self.assertEqual(text.encode(), ENTITY)
        self.signet("remove", self.user, "1")
        self.refused("not encrypted for any", "decrypt", self.user, secret=SECRET, text=old)
        self.signet("remove", self.user)
        self.assertEqual(self.signet("show", self.user)["rows"], [])
        self.refused("has no S/MIME certificate", "encrypt", self.user, text=MESSAGE)

    def test_export_to_openssl(self):
        """C-108"""
        self.issue(self.user)
        out = self.openssl("pkcs12", "-in", self.p12(self.user), "-passin", "pass:file password", "-nodes", "-info")
        self.assertIn(b"MAC: sha256", out)
        self.assertIn(f"friendlyName: {self.user}".encode(), out)
        self.assertEqual(out.count(b"BEGIN CERTIFICATE"), 2)
        self.assertEqual(out.count(b"PRIVATE KEY-----"), 2)
        wrong = self.run_in("openssl", "pkcs12", "-in", "user.p12", "-passin", "pass:wrong", "-nodes")
        self.assertNotEqual(wrong.returncode, 0)

    def test_into_a_second_account(self):
        """C-108: the same message is decrypted there"""
        self.issue(self.user)
        message = self.encrypt(self.user)
        self.p12(self.user, password="pässwörd €")
        other = "other" + self.user
        self.server.add(other)
        file = (self.dir / "user.p12").read_bytes()
        self.refused("wrong password", "import", other, identity=file, password="password", secret="other secret")
        self.signet("import", other, identity=file, password="pässwörd €", secret="other secret")
        text = self.signet("decrypt", other, secret="other secret", text=message)["text"]
        self.assertEqual(text.encode(), ENTITY)

    def test_import_of_what_openssl_makes(self):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem",
                     "-subj", f"/CN={self.user}", "-days", "30")
        for options in ([], ["-legacy"], ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"]):
            self.openssl("pkcs12", "-export", "-inkey", "k.pem", "-in", "c.pem", "-out", "o.p12",
                         "-passout", "pass:pw", *options)
            self.signet("import", self.user, identity=(self.dir / "o.p12").read_bytes(), password="pw",
                        secret=SECRET)
            message = self.encrypt(self.user)
            text = self.signet("decrypt", self.user, secret=SECRET, text=message)["text"]
            self.assertEqual(text.encode(), ENTITY)

    def test_import_of_pem(self):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes",
                     "-keyout", "k.pem", "-out", "c.pem", "-subj", f"/CN={self.user}", "-days", "30")
        self.openssl("pkcs8", "-topk8", "-in", "k.pem", "-out", "locked.pem", "-passout", "pass:pw")
        cert, key, locked = ((self.dir / name).read_text() for name in ("c.pem", "k.pem", "locked.pem"))
        alone = self.signet("import", self.user, identity=cert)
        self.assertFalse(alone["private-key"])
        self.refused("not kept here", "export", self.user, secret=SECRET, new_password="x")
        self.refused("secret", "import", self.user, identity=key + cert)
        for text, password in ((key + cert, ""), (cert + locked, "pw")):
            self.signet("import", self.user, identity=text, password=password, secret=SECRET)
            message = self.encrypt(self.user)
            self.assertEqual(self.decrypt_by_openssl(self.user, message), ENTITY)
        self.refused("wrong password", "import", self.user, identity=cert + locked, password="no", secret=SECRET)
        self.refused("does not belong", "import", self.user, secret=SECRET,
                     identity=self.foreign_pair(cert))
        self.refused("no certificate", "import", self.user, identity=key, secret=SECRET)

    def foreign_pair(self, cert):
        return self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384").decode() + cert


class Messages(Room):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        room = cls()
        room.issue("ann@alpha.test", SECRET, "--type", "P-256")
        room.issue("bob@alpha.test", SECRET, "--type", "RSA-2048")
        room.issue("cy@beta.test", SECRET, "--type", "P-384")

    def test_form(self):
        """C-128"""
        text = self.encrypt("ann@alpha.test")
        message = email.message_from_string(text)
        self.assertEqual(message.get_content_type(), "application/pkcs7-mime")
        self.assertEqual(message.get_param("smime-type"), "enveloped-data")
        self.assertEqual(message["Subject"], "in sight")
        self.assertEqual(message.get_filename(), "smime.p7m")
        self.assertEqual([name for name in message.keys()][:6],
                         ["Received", "From", "To", "Subject", "Date", "Message-ID"])
        self.assertNotIn("Unmistakable", text)
        self.assertTrue(all(len(line) <= 76 for line in text.split("\r\n")))

    def test_C_008_each_of_many_readers_by_openssl(self):
        """C-121, C-008: one message, each of its readers"""
        everybody = ("ann@alpha.test", "bob@alpha.test", "cy@beta.test")
        text = self.encrypt(*everybody)
        for address in everybody:
            self.assertEqual(self.decrypt_by_openssl(address, text), ENTITY)
        self.write("message.eml", text)
        shown = self.openssl("cms", "-cmsout", "-print", "-in", "message.eml").decode()
        self.assertEqual(shown.count("d.kari:") + shown.count("d.ktri:"), 3)
        alone = self.encrypt("bob@alpha.test")
        self.write("message.eml", alone)
        done = self.run_in("openssl", "cms", "-decrypt", "-in", "message.eml",
                           "-inkey", self.key("ann@alpha.test"), "-recip", self.certificate("ann@alpha.test"))
        self.assertNotEqual(done.returncode, 0)

    def test_gcm(self):
        self.server.signet("setting", "set", "smime.cipher", "aes-256-gcm")
        try:
            text = self.encrypt("ann@alpha.test", "bob@alpha.test")
            self.assertEqual(email.message_from_string(text).get_param("smime-type"), "authEnveloped-data")
            for address in ("ann@alpha.test", "bob@alpha.test"):
                self.assertEqual(self.decrypt_by_openssl(address, text), ENTITY)
        finally:
            self.server.signet("setting", "set", "smime.cipher", "aes-256-cbc")

    def test_not_twice(self):
        """C-129"""
        once = self.encrypt("ann@alpha.test")
        self.assertEqual(self.encrypt("bob@alpha.test", message=once), once)

    def test_of_openssl(self):
        """What others send is decrypted, too; also with lengths left open."""
        self.write("entity", ENTITY)
        for address, options in (("ann@alpha.test", ["-aes256"]), ("ann@alpha.test", ["-aes128", "-stream"]),
                                 ("bob@alpha.test", ["-des3"]), ("bob@alpha.test", ["-aes-256-gcm", "-stream"])):
            self.openssl("cms", "-encrypt", "-binary", *options, "-in", "entity", "-out", "sent.eml",
                         self.certificate(address))
            text = self.signet("decrypt", address, secret=SECRET, text=(self.dir / "sent.eml").read_bytes())["text"]
            self.assertEqual(text.encode(), ENTITY)

    def test_stored(self):
        text = self.encrypt("ann@alpha.test")
        imap = self.server.imap("ann@alpha.test")
        imap.append("INBOX", None, None, text.encode())
        imap.logout()
        got = self.signet("decrypt", "ann@alpha.test", "--uid", "1", secret=SECRET)["text"]
        self.assertEqual(got.encode(), ENTITY)
        self.refused("no message with UID 9", "decrypt", "ann@alpha.test", "--uid", "9", secret=SECRET)
        self.refused("does not exist", "decrypt", "ann@alpha.test", "--uid", "1", "--mailbox", "None", secret=SECRET)

    def test_large(self):
        body = "".join(f"line {n}\r\n" for n in range(300000))
        text = self.encrypt("ann@alpha.test", message="From: a@b.test\r\n\r\n" + body)
        self.assertEqual(self.decrypt_by_openssl("ann@alpha.test", text), ("\r\n" + body).encode())


class Nss(Room):
    """What Thunderbird is made of (C-107, C-130 as far as its library goes)."""

    def setUp(self):
        self.db = tempfile.mkdtemp(dir=self.dir)
        self.write("empty", "\n")
        self.nss("certutil", "-N", "--empty-password")

    def nss(self, program, *words):
        return self.must(program, "-d", f"sql:{self.db}", *words)

    def take(self, address, password):
        file = self.p12(address, password=password)
        self.write("pw", password)
        self.nss("pk12util", "-i", file, "-w", "pw")
        self.certificate(address)
        self.nss("certutil", "-A", "-n", "authority", "-t", ",C,", "-a", "-i", "issuer.pem")

    def test_import_and_decrypt(self):
        self.issue("ann@alpha.test")
        self.take("ann@alpha.test", "file password")
        self.nss("certutil", "-V", "-n", "ann@alpha.test", "-u", "R")  # for encrypted mail
        self.nss("certutil", "-V", "-n", "ann@alpha.test", "-u", "S")  # for signatures
        text = self.encrypt("ann@alpha.test")
        self.write("message.der", base64.b64decode(text.split("\r\n\r\n", 1)[1]))
        self.assertEqual(self.nss("cmsutil", "-D", "-i", "message.der"), ENTITY)

    def test_password_of_letters(self):
        self.issue("cy@beta.test", SECRET, "--type", "P-256")
        self.take("cy@beta.test", "pässwörd €")
        self.assertIn("cy@beta.test", self.nss("certutil", "-K").decode())

    def test_what_it_exports(self):
        """And back: a key out of NSS."""
        self.issue("ann@alpha.test")
        self.take("ann@alpha.test", "file password")
        for password in ("plain", "pässwörd €"):
            self.write("pw", password)
            self.nss("pk12util", "-o", "nss.p12", "-n", "ann@alpha.test", "-w", "pw")
            other = f"n{time.monotonic_ns()}@alpha.test"
            self.server.add(other)
            self.signet("import", other, identity=(self.dir / "nss.p12").read_bytes(), password=password,
                        secret=SECRET)

    def test_what_it_encrypts(self):
        self.issue("bob@alpha.test")
        self.take("bob@alpha.test", "file password")
        self.write("entity", ENTITY)
        self.nss("certutil", "-M", "-n", "bob@alpha.test", "-t", "P,P,P")
        self.nss("cmsutil", "-E", "-r", "bob@alpha.test", "-i", "entity", "-o", "sent.der")
        message = ("Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                   + base64.encodebytes((self.dir / "sent.der").read_bytes()).decode())
        text = self.signet("decrypt", "bob@alpha.test", secret=SECRET, text=message)["text"]
        self.assertEqual(text.encode(), ENTITY)


@unittest.skipUnless(shutil.which("gpgsm"), "no gpgsm")
class Gpgsm(Room):
    def test_import_and_decrypt(self):
        """With a file for older programs."""
        home = tempfile.mkdtemp(dir=self.dir)
        env = dict(os.environ, GNUPGHOME=home)
        pathlib.Path(home, "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        self.addCleanup(self.run_in, "gpgconf", "--kill", "all", env=env)
        self.issue("ann@alpha.test")
        coded = self.signet("export", "ann@alpha.test", "--older", secret=SECRET, new_password="pw")["pkcs12"]
        self.write("older.p12", base64.b64decode(coded))
        ask = ("gpgsm", "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0")
        self.must(*ask, "--import", "older.p12", stdin=b"pw\n", env=env)
        self.write("body", self.encrypt("ann@alpha.test").split("\r\n\r\n", 1)[1])
        out = self.must(*ask, "--assume-base64", "-o", "out", "-d", "body", stdin=b"pw\n", env=env)
        self.assertEqual((self.dir / "out").read_bytes(), ENTITY, out)


if __name__ == "__main__":
    unittest.main()
