"""test_rows_bad - every kind of wrong file, given to all that takes keys and certificates

Each is refused with words that say what was wrong, in bounded time and memory; nothing changes, and the log has one
line of it.
"""
import base64
import json
import pathlib
import random
import re
import subprocess
import time

import pki

SECONDS = 20  # for one call, on a machine that does other things; most take some milliseconds
GROWTH = 24 << 20


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def deep(n):
    """SEQUENCEs in each other."""
    lengths, total = [], 0
    while total < n:
        size = total.to_bytes((total.bit_length() + 7) // 8, "big") if total > 127 else b""
        head = bytes([0x30, 0x80 | len(size)]) + size if size else bytes([0x30, total])
        lengths.append(head)
        total += len(head)
    return b"".join(reversed(lengths))


def pem(body, kind="CERTIFICATE"):
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(body).decode()}-----END {kind}-----\n".encode()


class Bad(pki.Case):
    VERBS = ("key-import", "cert-set", "chain-set", "install", "import")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        request = cls.server.signet("pki", "csr", "alpha.test")["pem"]
        cls.cert = cls.root.sign(request, "subjectAltName=DNS:alpha.test").encode()
        cls.key = pki.key("RSA-2048").encode()
        cls.cert_der = base64.b64decode(b"".join(cls.cert.splitlines()[1:-1]))
        cls.key_der = base64.b64decode(b"".join(cls.key.splitlines()[1:-1]))
        cls.server.signet("pki", "cert-set", "alpha.test", stdin=cls.cert.decode())
        cls.server.signet("pki", "chain-set", "alpha.test", stdin=cls.root.pem())
        cls.token = cls.server.signet("token", "add", "bad")["token"]

    def texts(self):
        """Those that nobody takes: name, bytes."""
        rng = random.Random(4)
        other = pki.openssl("req", "-x509", "-new", "-key", self.root.key, "-subj", "/CN=other", "-days", "3").encode()
        yield "nothing", b""
        yield "blanks", b" \r\n\t\n" * 10
        yield "a NUL", b"\0"
        yield "NULs", b"\0" * 5000
        yield "NULs within", self.cert[:100] + b"\0" + self.cert[101:]
        yield "a NUL in the mark", self.cert.replace(b"BEGIN CERT", b"BEGIN\0CERT")
        yield "text", b"This is my certificate, please install it.\n"
        yield "HTML", b"<!DOCTYPE html><html><body>404</body></html>\n"
        yield "random bytes", rng.randbytes(4000)
        yield "1 MB of junk", rng.randbytes(1 << 20)
        yield "1 MB of letters", b"A" * (1 << 20)
        yield "1 MB of base64", base64.encodebytes(rng.randbytes(700000))
        yield "3 MB", b"-----BEGIN CERTIFICATE-----\n" + b"A" * (3 << 20)
        yield "many beginnings", b"-----BEGIN CERTIFICATE-----\n" * 30000
        yield "many ends", b"-----BEGIN CERTIFICATE-----\n" + b"-----END CERTIFICAT-----\n" * 30000
        yield "many dashes", b"-" * 200000
        yield "many empty blocks", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" * 4000
        yield "many other blocks", b"-----BEGIN X-----\nAAAA\n-----END X-----\n" * 4000
        yield "a mark without end", b"-----BEGIN " + b"x" * 100000
        yield "a very long header", b"-----BEGIN CERTIFICATE-----\nProc-Type: " + b"x" * 60000 + b"\n\nAAAA\n-----END CERTIFICATE-----\n"
        yield "cut off", self.cert[:-40]
        yield "cut in the mark", self.cert[:-3]
        yield "its first half", self.cert[:len(self.cert) // 2]
        yield "its second half", self.cert[len(self.cert) // 2:]
        yield "a bit changed", self.cert.replace(b"\nMII", b"\nMIA", 1)
        yield "a letter that is no base64", self.cert[:200] + b"!" + self.cert[201:]
        yield "padding within", self.cert[:200] + b"=" + self.cert[201:]
        yield "DER cut off", self.cert_der[:-1]
        yield "DER with too long a length", b"\x30\x84\xff\xff\xff\xff" + self.cert_der[4:]
        yield "DER without a length", b"\x30\x80" + self.cert_der[4:] + b"\0\0"
        yield "DER of a key, cut off", self.key_der[:-100]
        yield "bytes behind DER", pem(self.cert_der[:-1])
        for kind in ("CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PKCS7", "PKCS12", "ENCRYPTED PRIVATE KEY"):
            yield f"deep ASN.1 as {kind}", pem(deep(40000), kind)
            yield f"a huge integer as {kind}", pem(der(0x30, der(2, b"\0"), der(2, b"\x7f" * 40000), der(2, b"\x03"),
                                                       *[der(2, b"\x7f" * 20) for _ in range(6)]), kind)
            yield f"nothing as {kind}", pem(b"\x30\x00", kind)
            yield f"empty {kind}", f"-----BEGIN {kind}-----\n-----END {kind}-----\n".encode()
        yield "deep ASN.1", deep(60000)
        yield "deep BER", b"\x30\x80" * 30000 + b"\0\0" * 30000
        yield "an RSA key of a huge exponent", pem(der(0x30, der(2, b"\0"), der(2, b"\0" + b"\xc5" * 256), der(2, b"\x7f" * 30000),
                                                   *[der(2, b"\x7f" * 5000) for _ in range(6)]), "RSA PRIVATE KEY")
        yield "another's certificate", other
        yield "a request", self.pki("csr")["pem"].encode()
        yield "a public key", pki.openssl("x509", "-noout", "-pubkey", stdin=other).encode()
        yield "an encrypted key", pki.openssl("pkcs8", "-topk8", "-passout", "pass:x", stdin=self.key).encode()
        yield "parameters", pki.openssl("ecparam", "-name", "prime256v1").encode()
        yield "UTF-16", self.cert.decode().encode("utf-16")
        yield "1,000 certificates", other * 1000
        yield "1,000 small ones", pem(b"\x30\x03\x02\x01\x00") * 1000

    # what of these some verbs rightly take
    FINE = {"chain-set": {"another's certificate"}}

    def call(self, verb, text, domain="alpha.test"):
        """By the API, which carries any bytes: the answer."""
        try:
            secret = text.decode()
            if "\0" in secret:
                raise ValueError
        except ValueError:
            secret = {"base64": base64.b64encode(text).decode()}
        name = "identity" if verb == "import" else "pem"
        more = {"replace": True} if verb == "key-import" else {}
        body = self.folder / "body.json"
        body.write_text(json.dumps({"domain": domain, name: secret, **more}))
        done = subprocess.run(["curl", "-sS", "-k", "--resolve", f"alpha.test:{self.server.ports['https']}:127.0.0.1",
                               "-H", f"Authorization: Bearer {self.token}", "-H", "Content-Type: application/json",
                               "--data-binary", f"@{body}", f"https://alpha.test:{self.server.ports['https']}/api/v1/pki/{verb}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return json.loads(done.stdout)

    def refuse_all(self, verb, texts):
        before, shown = self.pki("show"), self.shown()
        for name, text in texts:
            if name in self.FINE.get(verb, ()):
                continue
            with self.subTest(name, verb=verb):
                log, began = len(self.server.log()), time.monotonic()
                answer = self.call(verb, text)
                took = time.monotonic() - began
                self.assertFalse(answer["ok"])
                self.assertIn(answer["error"]["kind"], ("input", "limit", "denied"))
                said = answer["error"]["text"]
                self.assertRegex(said, r"\w+ \w+")
                self.assertNotRegex(said, r"error|-\d{3}|\\x|ASN", "words, not codes")
                self.assertLess(len(said), 256)
                self.assertLess(took, SECONDS)
                self.said_once(log, "audit", f'op="pki {verb}"')
                self.assertNotRegex(self.server.log()[log:], r" (warning|error) ")
        self.assertEqual(self.pki("show"), before)
        self.assertEqual(self.shown(), shown)

    def test_bad_texts(self):
        texts = list(self.texts())
        self.refuse_all("cert-set", texts)  # all of the server's own tables are there now
        rss = self.server.rss()
        for verb in self.VERBS:
            self.refuse_all(verb, texts)
        if not self.server.is_sanitized():
            self.assertLess(self.server.rss() - rss, GROWTH)

    def test_bad_by_command(self):
        """The command carries any bytes, too."""
        before = self.pki("show")
        for name, text in self.texts():
            path = self.folder / "wrong"
            path.write_bytes(text)
            done = self.server.run_signet("pki", "key-import", "alpha.test", "--replace", "--pem-file", path)
            self.assertNotEqual(done.returncode, 0, name)
            self.assertNotIn(b"Traceback", done.stdout)
        self.assertEqual(self.pki("show"), before)

    def restore(self):
        self.pki("chain-set", stdin=self.root.pem())

    def test_long_chains(self):
        """As many as the TLS library sends, and anybody needs; more are refused."""
        self.addCleanup(self.restore)
        large = ",".join(f"DNS:{n}.{'x' * 60}.test" for n in range(80))
        many = [pki.openssl("req", "-x509", "-new", "-key", self.root.key, "-subj", f"/O=Test/CN={n}", "-days", "3",
                            "-addext", f"subjectAltName={large}") for n in range(10)]
        began = time.monotonic()
        self.assertEqual(len(self.pki("chain-set", stdin="".join(many[:9]))["rows"]), 9)
        for listener in self.EVERYWHERE:
            self.assertEqual(len(self.shown(listener=listener)), 10)
        self.assertIn("a chain has 9 at most", self.refused("pki", "chain-set", "alpha.test", stdin="".join(many)))
        self.assertIn("more than 100", self.refused("pki", "chain-set", "alpha.test", stdin=self.root.pem() * 101))
        self.assertLess(time.monotonic() - began, 4 * SECONDS)

    def test_loops(self):
        """Roots that signed each other, all of one name and one key: taken, and looked at in bounded time."""
        self.addCleanup(self.restore)
        ring = []
        for n in range(9):
            request = pki.openssl("req", "-new", "-key", self.root.key, "-subj", "/O=Test/CN=Root")
            ring.append(self.root.sign(request, f"basicConstraints=critical,CA:true\nnsComment={n}"))
        began = time.monotonic()
        answer = self.pki("chain-set", stdin="".join(ring))
        self.assertLess(time.monotonic() - began, SECONDS)
        self.assertEqual(len(answer["rows"]), 9)
        self.assertEqual(len(self.shown()), 10)

    def test_odd_certificates_above(self):
        """What the TLS library could not send would end TLS for the domain."""
        self.addCleanup(self.restore)
        for subject, extensions, more in (
                ("/CN=" + "x" * 64, "1.2.3.4.5=critical,ASN1:UTF8String:odd", ()),
                ("/O=Test", "basicConstraints=critical,CA:true", ("-set_serial", "0x" + "7f" * 500)),
                ("/", "subjectAltName=critical,DNS:x.test", ())):
            for kind in ("ED448", "ED25519", "P-521", "secp256k1", "RSA-1024"):
                key = self.folder / "odd.key"
                key.write_text(pki.key(kind))
                request = pki.openssl("req", "-new", "-key", key, "-subj", subject)
                odd = self.root.sign(request, extensions, 9, *more)
                with self.subTest(subject, kind=kind):
                    answer = self.call("chain-set", odd.encode())
                    self.assertTrue(self.shown(), "TLS is still there")
                    if answer["ok"]:
                        self.assertEqual(self.shown()[1:], [odd])

    def test_good_texts_in_odd_clothes(self):
        """Which are not bad at all."""
        for text in (b"\xef\xbb\xbf" + self.cert, self.cert.replace(b"\n", b"\r\n"), self.cert.replace(b"\n", b"\r\n").rstrip(),
                     b"subject=x\n" * 1000 + self.cert + b"bye", re.sub(rb"(.{64})\n", rb"\1", self.cert), self.cert_der,
                     base64.b64encode(self.cert_der), b"\n\n\n" + self.cert + b"\n\n\n"):
            with self.subTest(text=text[:20]):
                self.pki("cert-remove")
                self.assertTrue(self.call_by_control("cert-set", text))
                self.assertEqual(self.pki("show")["names"], "alpha.test")

    def call_by_control(self, verb, text):
        """While the domain has no certificate, there is no HTTPS."""
        path = pathlib.Path(self.folder / "text")
        path.write_bytes(text)
        done = self.server.run_signet("pki", verb, "alpha.test", "--pem-file", path)
        return done.returncode == 0
