"""test_verify - `signet pki verify`: steps in words, and thousands of questions on standard input, without a server"""
import json
import lzma
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest

import pki
from pki import Authority, openssl

SIGNET = pathlib.Path(os.environ.get("BUILD", ".")).resolve() / "signet"
PKITS = pathlib.Path(__file__).parents[1] / "data/pki/pkits.json.xz"


class Judging(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-verify."))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.root = Authority(cls.folder, "Root")
        cls.middle = Authority(cls.folder, "Middle", cls.root)
        cls.leaf = cls.issue("x.test")

    @classmethod
    def issue(cls, name, more="extendedKeyUsage=serverAuth", authority=None):
        path = cls.folder / f"{name}.crt"
        (cls.folder / "leaf.key").write_text(pki.key())
        request = openssl("req", "-new", "-key", cls.folder / "leaf.key", "-subj", f"/CN={name}")
        path.write_text((authority or cls.middle).sign(request, f"subjectAltName=DNS:{name}\n{more}"))
        return path


class Words(Judging):
    def verify(self, *words):
        done = subprocess.run([SIGNET, "pki", "verify", *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, cwd=self.folder)
        return done.returncode, done.stdout.decode()

    def test_good(self):
        status, said = self.verify("--trust", "Root.pem", "--untrusted", "Middle.pem", "--name", "x.test",
                                   "--purpose", "server", "x.test.crt")
        self.assertEqual(status, 0, said)
        for line in ("CN=x.test: is judged", "  O=Test, CN=Middle: signed the one before",
                     "    O=Test, CN=Root: is trusted, and signed the one before"):
            self.assertIn(line, said)

    def test_each_way_is_told(self):
        """Two certificates of one authority, of which one is too old."""
        request = openssl("req", "-new", "-key", self.middle.key, "-subj", "/O=Test/CN=Middle")
        old = self.root.sign(request, "basicConstraints=critical,CA:true", -1)
        (self.folder / "both.pem").write_text(old + self.middle.pem())
        status, said = self.verify("--trust", self.root.cert, "--untrusted", "both.pem", self.leaf)
        self.assertEqual(status, 0, said)
        self.assertIn("O=Test, CN=Middle: it has expired", said)
        self.assertIn("O=Test, CN=Middle: signed the one before", said)

    def test_refused(self):
        for words, reason in ((("--name", "y.test"), "it is not for y.test"),
                              (("--purpose", "client"), "it is for another purpose"),
                              (("--purpose", "email"), "it is for another purpose"),
                              (("--time", "2001-01-01T00:00:00Z"), "not valid yet"),
                              (("--max-depth", "0"), "longer than was allowed"),
                              (("--explicit-policy",), "policy is asked for")):
            status, said = self.verify("--trust", "Root.pem", "--untrusted", "Middle.pem", *words, self.leaf)
            self.assertEqual(status, 1, said)
            self.assertIn(reason, said)

    def test_lists(self):
        index, config = self.folder / "index", self.folder / "crl.cnf"
        for authority in (self.root, self.middle):
            index.write_text("")
            (self.folder / "number").write_text("01\n")
            config.write_text(f"[ca]\ndefault_ca=x\n[x]\ndatabase={index}\ndefault_md=sha256\ndefault_crl_days=5\n"
                              f"crlnumber={self.folder}/number\n")
            words = ("ca", "-config", config, "-cert", authority.cert, "-keyfile", authority.key)
            openssl(*words, "-gencrl", "-out", self.folder / f"{authority.name}.crl")
            if authority is self.middle:
                openssl(*words, "-revoke", self.leaf)
                openssl(*words, "-gencrl", "-out", self.folder / "revoked.crl")
        text = lambda *names: "".join((self.folder / name).read_text() for name in names)
        for lists, reason in ((text("Root.crl", "Middle.crl"), None), (text("Root.crl", "revoked.crl"), "revoked"),
                              (text("Root.crl"), "no list of revoked ones that holds is about it")):
            (self.folder / "lists.pem").write_text(lists)
            status, said = self.verify("--trust", "Root.pem", "--untrusted", "Middle.pem", "--crl", "lists.pem",
                                       self.leaf)
            self.assertEqual(status, 1 if reason else 0, said)
            self.assertIn(reason or "yes", said)

    def test_rsa_pss(self):
        """RFC 4055, as openssl and gnutls sign: only with MGF1 of the same hash and a salt as long."""
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt"]
        at = {name: self.folder / f"pss.{name}" for name in ("key", "pem", "leaf", "csr", "ext", "template", "gnutls")}
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at["key"], "-out", at["pem"], "-subj", "/CN=PSS",
                "-addext", "keyUsage=critical,keyCertSign", *pss, "rsa_pss_saltlen:digest")
        openssl("req", "-new", "-key", at["key"], "-out", at["csr"], "-subj", "/CN=x.test")
        at["ext"].write_text("subjectAltName=DNS:x.test\n")

        def sign(digest, salt):
            openssl("x509", "-req", "-in", at["csr"], "-CA", at["pem"], "-CAkey", at["key"], "-days", "9", "-extfile",
                    at["ext"], "-out", at["leaf"], f"-{digest}", *pss, f"rsa_pss_saltlen:{salt}")
            return self.verify("--trust", at["pem"], "--name", "x.test", at["leaf"])

        for digest in ("sha256", "sha384", "sha512"):
            status, said = sign(digest, "digest")
            self.assertEqual(status, 0, said)
        der = bytearray(ssl.PEM_cert_to_DER_cert(at["leaf"].read_text()))
        der[-5] ^= 1
        at["leaf"].write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))
        status, said = self.verify("--trust", at["pem"], at["leaf"])
        self.assertEqual((status, "its signature does not fit" in said), (1, True), said)
        for digest, salt in (("sha256", "20"), ("sha256", "max"), ("sha1", "digest")):
            status, said = sign(digest, salt)
            self.assertEqual((status, "signed in a way that is not known" in said), (1, True), said)
        at["template"].write_text("cn=x.test\ndns_name=x.test\nexpiration_days=9\n")
        subprocess.run(["certtool", "--generate-certificate", "--load-privkey", at["key"], "--load-ca-certificate",
                        at["pem"], "--load-ca-privkey", at["key"], "--template", at["template"], "--hash", "SHA384",
                        "--sign-params=RSA-PSS", "--outfile", at["gnutls"]], check=True, capture_output=True)
        status, said = self.verify("--trust", at["pem"], "--name", "x.test", at["gnutls"])
        self.assertEqual(status, 0, said)

    def test_wrong_words(self):
        for words in (("--trust", "none.pem", self.leaf), ("--trust", "leaf.key", self.leaf), ("leaf.key",),
                      ("--time", "now", self.leaf), ("--purpose", "fun", self.leaf), ("--max-depth", "-1", self.leaf),
                      ("--policies", "1..2", self.leaf), ("--crl", "Root.pem", self.leaf), (),
                      ("--json-lines", "--trust", "Root.pem")):
            status, said = self.verify(*words)
            self.assertIn(status, (1, 2), said)
            self.assertIn("signet:", said)

    def test_openssl_agrees(self):
        for words in ((), ("-purpose", "sslserver"), ("-verify_hostname", "x.test"), ("-x509_strict",)):
            said = openssl("verify", "-CAfile", self.root.cert, "-untrusted", self.middle.cert, *words, self.leaf)
            self.assertIn("OK", said)


class Lines(Judging):
    def question(self, **more):
        return {"id": 1, "trust": [self.root.pem()], "untrusted": [self.middle.pem()], "crls": [],
                "leaf": self.leaf.read_text(), "name": {"kind": "dns", "value": "x.test"}, "purpose": "server", **more}

    def ask(self, *lines):
        """Verdicts; each line is a question, or bytes as they are."""
        data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
        done = subprocess.run([SIGNET, "pki", "verify", "--json-lines"], input=data, stdout=subprocess.PIPE,
                              timeout=120, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_answer(self):
        verdict = self.ask(self.question(id={"any": ["thing", None]}))[0]
        self.assertEqual(verdict, {"id": {"any": ["thing", None]}, "valid": True, "reason": None,
                                   "path": ["CN=x.test", "O=Test, CN=Middle", "O=Test, CN=Root"]})

    def test_members(self):
        good = (dict(name=None), dict(purpose=None), dict(time=None), dict(max_depth=1), dict(max_depth=255),
                dict(algorithms=["ECDSA_WITH_SHA256"]), dict(algorithms=[]), dict(name=[]), dict(profile="path"),
                dict(trust=self.root.pem()), dict(trust=["junk", self.root.pem()]), dict(crls=["junk"]),
                dict(time=time.strftime("%Y-%m-%dT%H:%M:%S.999+00:00", time.gmtime(time.time() + 60))))
        bad = (dict(name={"kind": "dns", "value": "y.test"}), dict(purpose="client"), dict(max_depth=0),
               dict(algorithms=["RSA_WITH_SHA256"]), dict(algorithms=["unheard of"]), dict(trust=[]),
               dict(untrusted=[]), dict(time="2001-01-01T00:00:00Z"), dict(name={"kind": "ip", "value": "127.0.0.1"}),
               dict(require_explicit_policy=True), dict(leaf=self.root.pem()[:200]))
        verdicts = self.ask(*(self.question(**more) for more in good + bad))
        self.assertEqual([v["valid"] for v in verdicts], [True] * len(good) + [False] * len(bad), verdicts)
        self.assertTrue(all(v["reason"] for v in verdicts[len(good):]))

    def test_hostile_lines(self):
        """None ends the run, each is answered, and the last question as if nothing had been."""
        deep = b"[" * 100000
        junk = (b"{", b"\x00\xff", b'{"id":1e9999}', deep, b'"' + b"x" * (17 << 20) + b'"', b"7",
                json.dumps(self.question(leaf="-----BEGIN CERTIFICATE-----\n" + "A" * 3000000)).encode(),
                json.dumps(self.question(untrusted=[self.middle.pem()] * 3000)).encode(),
                json.dumps(self.question(trust=["x" * 1000] * 5000)).encode())
        verdicts = self.ask(*junk, self.question(id="last"))
        self.assertEqual(len(verdicts), len(junk) + 1)
        self.assertEqual([v["valid"] for v in verdicts[:7]], [False] * 7)
        self.assertTrue(verdicts[7]["valid"])  # what nobody needs does no harm
        self.assertEqual((verdicts[-1]["id"], verdicts[-1]["valid"]), ("last", True))

    def test_one_answer_before_the_next_question(self):
        with subprocess.Popen([SIGNET, "pki", "verify", "--json-lines"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as talk:
            for i in range(3):
                talk.stdin.write(json.dumps(self.question(id=i)).encode() + b"\n")
                talk.stdin.flush()
                self.assertEqual(json.loads(talk.stdout.readline())["id"], i)
            talk.stdin.close()
            self.assertEqual(talk.wait(10), 0)

    def test_without_a_line_end(self):
        done = subprocess.run([SIGNET, "pki", "verify", "--json-lines"], stdout=subprocess.PIPE, timeout=60,
                              input=json.dumps(self.question()).encode(), check=True)
        self.assertTrue(json.loads(done.stdout)["valid"])

    def test_pkits(self):
        """NIST's 172 cases, but for DSA."""
        cases = json.loads(lzma.open(PKITS).read())["testcases"]
        verdicts = self.ask(*({"id": case["id"], "trust": case["trusted_certs"],
                               "untrusted": case["untrusted_intermediates"], "crls": case["crls"],
                               "leaf": case["peer_certificate"], "name": None, "purpose": None,
                               "time": case["validation_time"]} for case in cases))
        wrong = [case["id"] for case, verdict in zip(cases, verdicts)
                 if verdict["valid"] != (case["expected_result"] == "SUCCESS")]
        self.assertEqual(wrong, ["pkits::40104_valid_dsa_signatures_test4",
                                 "pkits::40105_valid_dsa_parameter_inheritance_test5"])

    def test_speed(self):
        """A thousand a second at the least, of processor time; answers in the order of questions."""
        before = os.times()
        verdicts = self.ask(*(self.question(id=i) for i in range(1000)))
        after = os.times()
        self.assertEqual([(v["id"], v["valid"]) for v in verdicts], [(i, True) for i in range(1000)])
        if b"__asan_init" not in SIGNET.read_bytes():
            used = after.children_user + after.children_system - before.children_user - before.children_system
            self.assertLess(used, 1.0)
