"""test_signed - signed mail, made by openssl: who signed it, is it as it was, and who vouches for him"""
import json
import re
import subprocess

import pki
from server import PASSWORD

USE = "keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\nsubjectAltName=email:%s"
HEAD = "From: Mia <%s>\r\nTo: ann@alpha.test\r\nSubject: %s\r\nDate: Sat, 21 Nov 2026 04:00:00 +0000\r\n"
ENTITY = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nPay 100 €.\r\n\r\n"


class Signed(pki.Case):
    """ann@alpha.test and cy@beta.test get mail of mia@far.test, whose root alpha.test trusts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add("ann@alpha.test", "cy@beta.test")
        cls.root = pki.Authority(cls.folder, "Root")
        cls.middle = pki.Authority(cls.folder, "Middle", cls.root)
        cls.stranger = pki.Authority(cls.folder, "Stranger")
        cls.server.signet("trust", "add", "--domain", "alpha.test", stdin=cls.root.pem())
        cls.mia = cls.person("mia")

    @classmethod
    def person(cls, name, kind="P-256", authority=None, say=USE % "mia@far.test", days=20, subject="/CN=Mia"):
        """A key and its certificate: two files."""
        key, cert = cls.folder / f"{name}.key", cls.folder / f"{name}.pem"
        key.write_text(pki.key(kind))
        request = pki.openssl("req", "-new", "-key", key, "-subj", subject)
        cert.write_text((authority or cls.middle).sign(request, say, days))
        return key, cert

    def sign(self, person=None, *more, entity=ENTITY, program="cms", sender="mia@far.test", subject="signed", chain=True, also=()):
        """A message as openssl signs it."""
        key, cert = person or self.mia
        extra = ("-certfile", self.middle.cert) if chain else ()
        done = subprocess.run(["openssl", program, "-sign", "-signer", cert, "-inkey", key, *also, *extra, *more],
                              input=entity.encode(), capture_output=True, check=True, timeout=60)
        return (HEAD % (sender, subject)).replace("\r\n", "\n").encode() + done.stdout

    def verify(self, message, address="ann@alpha.test"):
        return self.judged(address, "--text-file", self.write("message.eml", message))

    def judged(self, *words):
        """The status of the command says so, too."""
        done = self.server.run_signet("smime", "verify", *words, "--json")
        answer = json.loads(done.stdout)
        self.assertTrue(answer["ok"], answer)
        self.assertEqual(done.returncode, 0 if answer["valid"] else 1)
        return answer

    def valid(self, message, address="ann@alpha.test"):
        answer = self.verify(message, address)
        self.assertEqual((answer["signature"], answer.get("reason")), ("valid", None))
        self.assertEqual(answer["signer"], "mia@far.test")
        return answer

    def bad(self, message, state, *why, address="ann@alpha.test"):
        answer = self.verify(message, address)
        self.assertEqual((answer["signature"], answer["valid"]), (state, False), answer)
        for word in why:
            self.assertIn(word, answer["reason"])

    def fingerprint(self):
        return pki.openssl("x509", "-noout", "-fingerprint", "-sha256", stdin=self.root.pem()).split("=")[1].strip().replace(":", "").lower()

    # -- the three answers, of stored messages

    def test_C_061_valid_invalid_untrusted(self):
        """One of each in the inbox, with plain mail between."""
        good, far = self.sign(subject="good"), self.sign(self.person("far", authority=self.stranger), subject="far", chain=False)
        changed = self.sign(subject="changed").replace("Pay 100".encode(), b"Pay 900")
        for message in (good, HEAD.replace("%s", "x@y.test").encode() + b"\r\nplain\r\n", changed, far):
            self.server.send("ann@alpha.test", message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        rows = self.signet("smime", "signed", "ann@alpha.test")["rows"]
        self.assertEqual({row["subject"] for row in rows}, {"good", "changed", "far"})
        self.assertEqual(self.signet("smime", "signed", "ann@alpha.test", "--limit", "1")["rows"], rows[:1])
        for row in rows:
            answer = self.judged("ann@alpha.test", "--mailbox", row["mailbox"], "--uid", str(row["uid"]))
            want = {"good": "valid", "changed": "invalid", "far": "untrusted"}[row["subject"]]
            self.assertEqual(answer["signature"], want)
            self.assertEqual(answer["sha256"].replace(":", "").lower(),
                             pki.openssl("x509", "-noout", "-fingerprint", "-sha256", stdin=self.cert_of(row["subject"])).split("=")[1].strip().replace(":", "").lower())
        self.assertEqual([row["path"] for row in self.valid(good)["rows"]], ["CN=Mia", "O=Test, CN=Middle", "O=Test, CN=Root"])

    def cert_of(self, subject):
        return (self.folder / ("far.pem" if subject == "far" else "mia.pem")).read_text()

    def test_C_061_on_a_page(self):
        """What a user sees, in a browser's stead by curl: the list, and one of each opened."""
        good, changed = self.sign(subject="page good <b>"), self.sign(subject="page changed").replace(b"Pay 100", b"Pay 900")
        far = self.sign(self.person("pagefar", authority=self.stranger), subject="page far", chain=False)
        for message in (good, changed, far):
            self.server.send("cy@beta.test", message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self.signet("trust", "add", "--domain", "beta.test", stdin=self.root.pem())
        self.addCleanup(self.signet, "trust", "remove", self.fingerprint(), "--domain", "beta.test")
        jar, url = self.folder / "jar", f"https://127.0.0.1:{self.server.ports['https']}"

        def get(path, *more):
            return pki.tool("curl", "-sk", "-b", jar, "-c", jar, *more, url + path).decode()

        token = re.search(r'name="csrf" value="([^"]*)"', get("/login"))[1]
        get("/login", "-d", f"csrf={token}", "-d", "do=login", "-H", f"Origin: {url}", "--data-urlencode", "name=cy@beta.test", "--data-urlencode", f"password={PASSWORD}")
        page = get("/portal/signed")
        self.assertIn("page good &lt;b&gt;", page)
        states = {"page good": "valid", "page changed": "invalid", "page far": "not trusted"}
        for path, subject in re.findall(r'<a href="(/portal/signed\?[^"]*)">([^<]*)</a>', page):
            one = get(path.replace("&amp;", "&"))
            want = states.pop(subject.split(" &lt;")[0])
            self.assertRegex(one, rf'<span class="mark [a-z]*">{want}</span>')
            self.assertIn("mia@far.test", one)
        self.assertEqual(states, {})
        self.assertIn("no message with UID", get("/portal/signed?mailbox=INBOX&uid=4711"))

    # -- forms

    def test_C_061_forms(self):
        """Detached and opaque; of cms and smime; keys and digests; with and without attributes."""
        for more in ((), ("-nodetach",), ("-nodetach", "-stream"), ("-keyid",), ("-noattr",), ("-nosmimecap",), ("-md", "sha384"),
                     ("-md", "sha512"), ("-crlfeol",), ("-indef",)):
            self.valid(self.sign(None, *more))
        self.valid(self.sign(program="smime"))
        self.valid(self.sign(None, "-nodetach", program="smime"))
        for kind in ("P-384", "P-521", "RSA-2048", "RSA-3072"):
            self.valid(self.sign(self.person("other", kind)))
        self.valid(self.sign(entity="Content-Type: text/plain\r\n\r\n--\r\n-- \r\nlast line without an end"))
        self.valid(self.sign(entity="Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n"))
        text = self.sign()
        self.valid(text.replace(b"\r\n", b"\n"))
        self.valid(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        signed = self.verify(text)["signed"]
        self.assertRegex(signed, r"^20\d\d-\d\d-\d\dT")

    # -- what is wrong

    def test_C_061_altered(self):
        text, opaque = self.sign(), self.sign(None, "-nodetach")
        self.bad(text.replace("€".encode(), b"USD"), "invalid", "changed after it was signed")
        self.bad(text.replace(b"charset=utf-8", b"charset=us-ascii"), "invalid", "changed")
        self.bad(text.replace(b"Pay", b"\nPay"), "invalid", "changed")
        # a bit of the signature itself
        lines = text.split(b"\n")
        at = max(i for i, line in enumerate(lines) if re.fullmatch(rb"[A-Za-z0-9+/]{64}\r?", line))
        lines[at] = lines[at].swapcase()
        self.bad(b"\n".join(lines), "invalid")
        head, body = opaque.split(b"\n\n", 1)
        for cut in (100, 500, 1000):
            self.bad(head + b"\n\n" + body[:cut], "invalid", "malformed")
        # another one's signature put below
        other = self.sign(entity=ENTITY.replace("100", "1"))
        cut = text.index(b"Content-Type: application/pkcs7-signature")
        self.bad(text[:cut] + other[other.index(b"Content-Type: application/pkcs7-signature"):].replace(
            re.search(rb'boundary="(.*?)"', other)[1], re.search(rb'boundary="(.*?)"', text)[1]), "invalid", "changed")

    def test_C_061_who(self):
        self.bad(self.sign(sender="boss@far.test"), "invalid", "signed by mia@far.test", "from boss@far.test")
        self.valid(self.sign(sender="mia@FAR.test"))
        several = self.sign().replace(b"From: Mia <mia@far.test>", b"From: mia@far.test, boss@far.test")
        self.bad(several, "invalid", "several")
        self.bad(self.sign(self.person("noname", say="keyUsage=digitalSignature")), "invalid", "nobody with an address")

    def test_C_061_certificates(self):
        past = self.person("past", days=-1)
        self.bad(self.sign(past), "untrusted", "expired")
        self.bad(self.sign(self.person("server", say="extendedKeyUsage=serverAuth\nsubjectAltName=email:mia@far.test")), "untrusted")
        self.bad(self.sign(chain=False), "untrusted")
        self.bad(self.sign(None, "-nocerts", chain=False), "invalid", "does not come with the certificate")
        self.bad(self.sign(self.person("old", "RSA-2048"), "-md", "sha1"), "invalid", "weak")
        selfmade = self.folder / "self.pem"
        pki.openssl("req", "-x509", "-new", "-key", self.mia[0], "-subj", "/CN=Mia", "-addext", "subjectAltName=email:mia@far.test",
                    "-out", selfmade)
        self.bad(self.sign((self.mia[0], selfmade), chain=False), "untrusted")

    def test_C_061_two_signers(self):
        second = self.person("second", "RSA-2048")
        both = ("-signer", second[1], "-inkey", second[0])
        self.assertEqual(self.valid(self.sign(also=both))["signers"], 2)
        other = self.person("third", authority=self.stranger)
        self.bad(self.sign(also=("-signer", other[1], "-inkey", other[0])), "untrusted")

    def test_C_061_sets(self):
        """C-064: the domain's set counts for its accounts, the server's for all."""
        message = self.sign()
        self.valid(message)
        self.bad(message, "untrusted", address="cy@beta.test")
        self.signet("trust", "add", stdin=self.root.pem())
        fingerprint = self.fingerprint()
        try:
            self.valid(message, "cy@beta.test")
        finally:
            self.signet("trust", "remove", fingerprint)
        self.bad(message, "untrusted", address="cy@beta.test")

    def test_C_061_issued_here_and_revoked(self):
        self.signet("smime", "issue", "ann@alpha.test", stdin="ann's own secret")
        pkcs12 = self.folder / "ann.p12"
        pkcs12.write_bytes(b"")
        out = self.signet("smime", "export", "ann@alpha.test", "--secret-file", self.write("secret", "ann's own secret"),
                          "--new-password-file", self.write("new", "another one"))
        pkcs12.write_text(out["pkcs12"])
        raw = subprocess.run(["openssl", "base64", "-d", "-in", pkcs12], capture_output=True, check=True).stdout
        pkcs12.write_bytes(raw)
        person = self.folder / "ann.key", self.folder / "ann.pem"
        pki.openssl("pkcs12", "-in", pkcs12, "-nodes", "-nocerts", "-passin", "pass:another one", "-out", person[0])
        pki.openssl("pkcs12", "-in", pkcs12, "-clcerts", "-nokeys", "-passin", "pass:another one", "-out", person[1])
        authority = self.signet("smime", "ca-show", "alpha.test")
        self.signet("trust", "add", "--domain", "alpha.test", stdin=authority["chain"])
        message = self.sign(person, sender="ann@alpha.test", chain=False)
        answer = self.verify(message)
        self.assertEqual((answer["signature"], answer["signer"]), ("valid", "ann@alpha.test"))
        self.signet("ca", "revoke", "alpha.test", answer["serial"].replace(":", ""))
        self.bad(message, "untrusted", "revoked")

    def test_C_061_not_signed(self):
        plain = (HEAD % ("mia@far.test", "x")).encode() + b"\r\nhello\r\n"
        within = (HEAD % ("mia@far.test", "x")).encode() + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n" + \
            self.sign().split(b"\n", 4)[4] + b"\r\n--q--\r\n"
        pgp = (HEAD % ("mia@far.test", "x")).encode() + b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=q\r\n\r\n--q\r\n\r\nx\r\n--q--\r\n'
        for message in (plain, within, pgp):
            path = self.write("plain.eml", message)
            self.assertIn("not signed", self.refused("smime", "verify", "ann@alpha.test", "--text-file", path))
        self.assertIn("no message with UID", self.refused("smime", "verify", "ann@alpha.test", "--uid", "99999"))
        self.assertIn("which message", self.refused("smime", "verify", "ann@alpha.test"))
        broken = (HEAD % ("mia@far.test", "x")).encode() + b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCA\r\n"
        self.bad(broken, "invalid", "malformed")
