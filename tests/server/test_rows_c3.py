"""test_rows_c3 - C3: private keys, made here, imported from everybody's tools, tested, removed"""
import base64
import random
import re
import subprocess
import time

import pki
import server

OK = "Verification String is OK"


def traditional(pem):
    """PKCS#1 or SEC 1 of a key."""
    kind = ("rsa", "-traditional") if "modulus" in pki.openssl("pkey", "-noout", "-text", stdin=pem) else ("ec",)
    said = pki.openssl(*kind, stdin=pem)
    return said[said.index("-----BEGIN"):]


# --- RSA keys with chosen numbers ---

def prime(bits, e=65537):
    while True:
        n = int(pki.openssl("prime", "-generate", "-bits", bits))
        if n % e != 1:
            return n


def integer(n):
    body = n.to_bytes(n.bit_length() // 8 + 1, "big")
    return b"\x02" + length(len(body)) + body


def length(n):
    if n < 128:
        return bytes([n])
    body = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def pem_of(der, kind="RSA PRIVATE KEY"):
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(der).decode()}-----END {kind}-----\n"


def numbers(p, q, e=65537):
    """All parts of an RSA key, RFC 8017 A.1.2."""
    d = pow(e, -1, (p - 1) * (q - 1)) if e % 2 else 3
    return {"version": 0, "n": p * q, "e": e, "d": d, "p": p, "q": q, "dp": d % (p - 1), "dq": d % (q - 1),
            "qinv": pow(q, -1, p) if p != q else 1}


def rsa(parts, **changed):
    body = b"".join(integer(n) for n in {**parts, **changed}.values())
    return pem_of(b"\x30" + length(len(body)) + body)


class Keys(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.p, cls.q = prime(1024), prime(1024)
        cls.rsa = pki.key("RSA-2048")
        cls.ec = pki.key("P-256")

    def setUp(self):
        self.pki("renew")

    def imported(self, pem):
        return self.pki("key-import", "--replace", stdin=pem)

    def turned_down(self, pem):
        """Why; and nothing changed, and one line is in the log."""
        before, log = self.pki("show"), len(self.server.log())
        why = self.refused("pki", "key-import", "alpha.test", "--replace", stdin=pem)
        self.assertEqual(self.pki("show"), before)
        self.said_once(log, "audit", "key-import", "result=input")
        return re.search(r'"text": "(.*)"', why).group(1)

    def modulus(self):
        return pki.field("modulus", self.pki("csr")["pem"], "req")

    def test_C_018_nothing_but_the_menu_at_first(self):
        self.pki("key-remove")
        answer = self.pki("show")
        self.assertFalse(answer["tls"])
        for absent in ("key", "key_type", "key_test", "subject", "serial", "rows"):
            self.assertNotIn(absent, {k: v for k, v in answer.items() if v})
        self.assertIn("P-256|P-384|RSA-2048|RSA-3072|RSA-4096",
                      re.sub(r"[\s,]+(or )?", "|", self.server.run_signet("help", "pki", "key-generate").stdout.decode()))

    def test_C_019_certificates_only_when_there_is_a_key(self):
        self.pki("key-remove")
        for verb in ("csr", "self-signed"):
            self.assertIn("no private key", self.refused("pki", verb, "alpha.test"))
        self.assertIn("no private key", self.refused("pki", "cert-set", "alpha.test",
                                                     stdin=self.pki("show", domain="beta.test")["chain"]))
        self.pki("key-generate")
        self.assertIn("BEGIN CERTIFICATE REQUEST", self.pki("csr")["pem"])

    def test_C_020_random_keys_of_each_size(self):
        sizes = {"P-256": 256, "P-384": 384, "RSA-2048": 2048, "RSA-3072": 3072, "RSA-4096": 4096}
        for kind, bits in sizes.items():
            with self.subTest(kind):
                answer = self.pki("key-generate", "--replace", "--type", kind)
                self.assertEqual((answer["key_type"], answer["key_bits"], answer["key_test"]), (kind, bits, OK))
                self.assertIn(f"({bits} bit)", pki.openssl("req", "-noout", "-text", stdin=self.pki("csr")["pem"]))
        self.pki("key-generate", "--replace", "--type", "RSA-2048")
        self.pki("key-generate", "--replace", "--type", "RSA-2048", domain="beta.test")
        self.assertNotEqual(self.modulus(), pki.field("modulus", self.pki("csr", domain="beta.test")["pem"], "req"))
        for kind in ("RSA-512", "RSA-1024", "512"):
            self.assertIn("none of: P-256", self.refused("pki", "key-generate", "alpha.test", "--type", kind))
        self.pki("renew", domain="beta.test")

    def test_C_020_they_are_served(self):
        for kind in ("P-384", "RSA-3072"):
            self.pki("key-generate", "--replace", "--type", kind)
            self.assert_no_tls()
            self.pki("self-signed")
            self.assert_shown(pki.certificates(self.pki("show")["chain"]))
            for version in ("-tls1_2", "-tls1_3"):
                self.assertIn("Verify return code: 18", self.s_client(version))

    def test_C_020_a_brought_key_is_not_replaced_by_chance(self):
        self.imported(self.ec)
        before = self.pki("show")
        self.assertIn("remove it first", self.refused("pki", "key-generate", "alpha.test"))
        self.assertIn("remove it first", self.refused("pki", "key-import", "alpha.test", stdin=self.rsa))
        self.assertEqual(self.pki("show"), before)

    def test_C_021_others_answer_meanwhile(self):
        """Eight large keys at once, and IMAP sessions that are answered long before these are ready."""
        words = [self.server.bin / "signet", "-d", self.server.data, "pki", "key-generate", "beta.test",
                 "--type", "RSA-4096", "--replace", "--json"]
        making = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(8)]
        answered = 0
        while any(m.poll() is None for m in making):
            self.assertIn("b OK", self.talk("imap", b"a NOOP\r\nb LOGOUT\r\n", b"b OK"))
            with self.server.connect("imaps") as raw, server.anyone().wrap_socket(raw, server_hostname="alpha.test") as tls:
                self.assertIn(b"* OK", tls.recv(4096))
            answered += 1
        for m in making:
            self.assertIn(b'"key_bits": 4096', m.communicate()[0])
        self.assertGreater(answered, 3)  # they take seconds; each answer takes a moment, however busy the machine
        self.pki("renew", domain="beta.test")

    def test_C_022_import_without_a_text(self):
        """The page's text field is the command's standard input."""
        before = self.pki("show")
        self.assertIn("nothing was given", self.turned_down(""))
        self.assertEqual(self.pki("show"), before)

    def test_C_023_pkcs1(self):
        for bits in (2048, 3072):
            pem = pki.openssl("genrsa", "-traditional", bits)
            self.assertIn("BEGIN RSA PRIVATE KEY", pem)
            answer = self.imported(pem)
            self.assertEqual((answer["key_type"], answer["key_bits"], answer["key_test"]), (f"RSA-{bits}", bits, OK))
            self.assertEqual(self.modulus(), pki.field("modulus", pem, "rsa"))

    def test_C_024_pkcs8(self):
        for pem, kind, bits in ((self.rsa, "RSA-2048", 2048), (self.ec, "P-256", 256), (pki.key("P-384"), "P-384", 384)):
            self.assertIn("BEGIN PRIVATE KEY", pem)
            answer = self.imported(pem)
            self.assertEqual((answer["key_type"], answer["key_bits"], answer["key_test"]), (kind, bits, OK))
            self.assertEqual(pki.openssl("req", "-noout", "-pubkey", stdin=self.pki("csr")["pem"]),
                             pki.openssl("pkey", "-pubout", stdin=pem))

    def others(self):
        """Keys as other programs write them."""
        path = self.folder / "ssh"
        path.unlink(missing_ok=True)
        yield "openssl genrsa", pki.openssl("genrsa", 2048), 2048
        yield "openssl ecparam, with its parameters", pki.openssl("ecparam", "-name", "secp384r1", "-genkey"), 384
        yield "openssl ecparam", pki.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"), 256
        yield "certtool RSA", pki.tool("certtool", "-p", "--bits", "2048").decode(), 2048
        yield "certtool RSA, PKCS#8", pki.tool("certtool", "-p", "--bits", "3072", "--pkcs8", "--password", "").decode(), 3072
        yield "certtool EC", pki.tool("certtool", "-p", "--ecc", "--curve", "secp256r1").decode(), 256
        pki.tool("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", path)
        yield "ssh-keygen", path.read_text(), 2048
        path.unlink()
        pki.tool("ssh-keygen", "-q", "-t", "ecdsa", "-b", "256", "-m", "PKCS8", "-N", "", "-f", path)
        yield "ssh-keygen, PKCS#8", path.read_text(), 256
        yield "CR LF", traditional(self.rsa).replace("\n", "\r\n"), 2048
        yield "no end of the last line", self.ec.rstrip("\n"), 256
        yield "a byte order mark", "\ufeff" + self.ec, 256
        yield "text around it", f"Bag Attributes\n    friendlyName: x\n{self.ec}and so on\n", 256
        yield "one long line", re.sub(r"(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])", "", self.rsa), 2048
        yield "short lines", re.sub(r"([A-Za-z0-9+/=]{8})(?=[A-Za-z0-9+/=])", r"\1\n", self.ec.splitlines()[1]).join(
            ("-----BEGIN PRIVATE KEY-----\n", "\n" + "\n".join(self.ec.splitlines()[2:]) + "\n")), 256
        yield "blanks before the lines", re.sub("^", "  ", self.ec, flags=re.M), 256
        yield "the certificate beside it", self.pki("show")["chain"] + self.ec, 256

    def test_C_025_third_party_keys(self):
        for name, pem, bits in self.others():
            with self.subTest(name):
                answer = self.imported(pem)
                self.assertEqual((answer["key_bits"], answer["key_test"]), (bits, OK))
                self.assertIn("BEGIN CERTIFICATE REQUEST", self.pki("csr")["pem"])

    def test_C_025_nss(self):
        """A key that NSS made, by way of PKCS#12."""
        db, p12 = f"sql:{self.folder}", self.folder / "nss.p12"
        (self.folder / "noise").write_bytes(random.randbytes(2048))
        (self.folder / "no-password").write_text("")
        pki.tool("certutil", "-N", "-d", db, "--empty-password")
        pki.tool("certutil", "-S", "-d", db, "-n", "alpha", "-s", "CN=alpha.test", "-x", "-t", "u,u,u",
                 "-k", "rsa", "-g", "2048", "-z", self.folder / "noise", "-f", self.folder / "no-password")
        pki.tool("pk12util", "-d", db, "-o", p12, "-n", "alpha", "-W", "x", "-K", "")
        pem = pki.openssl("pkcs12", "-in", p12, "-passin", "pass:x", "-nodes", "-nocerts")
        self.assertEqual((self.imported(pem)["key_bits"], self.pki("show")["key_test"]), (2048, OK))

    def test_C_026_encrypted_pkcs1(self):
        for cipher in ("-aes128", "-des3"):
            pem = pki.openssl("rsa", "-traditional", cipher, "-passout", "pass:x", stdin=self.rsa)
            self.assertIn("Proc-Type: 4,ENCRYPTED", pem)
            self.assertIn("the private key is encrypted", self.turned_down(pem))
        pem = pki.openssl("ec", "-aes128", "-passout", "pass:x", stdin=self.ec)
        self.assertIn("the private key is encrypted", self.turned_down(pem))

    def test_C_027_encrypted_pkcs8(self):
        pems = [pki.openssl("pkcs8", "-topk8", "-passout", "pass:x", stdin=self.rsa),
                pki.openssl("pkcs8", "-topk8", "-scrypt", "-passout", "pass:x", stdin=self.ec),
                pki.tool("certtool", "-p", "--pkcs8", "--password", "x", "--bits", "2048").decode()]
        for pem in pems:
            self.assertIn("BEGIN ENCRYPTED PRIVATE KEY", pem)
            self.assertIn("the private key is encrypted: remove its password first", self.turned_down(pem))

    def test_C_028_anything_else(self):
        ssh = self.folder / "openssh"
        ssh.unlink(missing_ok=True)
        pki.tool("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", ssh)
        small = pki.openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        cases = (
            ("a public key", pki.openssl("pkey", "-pubout", stdin=self.rsa), "marked PUBLIC KEY"),
            ("a certificate", self.pki("show")["chain"], "marked CERTIFICATE"),
            ("a request", self.pki("csr")["pem"], "marked CERTIFICATE REQUEST"),
            ("cut off", self.rsa[:-200], "is cut off: its line -----END PRIVATE KEY----- is missing"),
            ("cut inside", self.rsa[:300] + self.rsa[-30:], "damaged"),
            ("the wrong end", self.rsa.replace("END PRIVATE", "END RSA PRIVATE"), "is cut off: its line -----END PRIVATE KEY----- is missing"),
            ("parameters alone", pki.openssl("ecparam", "-name", "prime256v1"), "marked EC PARAMETERS"),
            ("1 MB of junk", "x" * 1000000, "not longer than"),
            ("text", "hello", "-----BEGIN"),
            ("without its marks", "\n".join(self.rsa.splitlines()[1:-1]), "first and last line are missing"),
            ("two keys", self.rsa + self.ec, "several private keys"),
            ("OpenSSH's form", ssh.read_text(), "ssh-keygen -p -m PEM"),
            ("1024 bits", small, "RSA keys have 2048 to 4096 bits here, this one has 1024"),
            ("8192 bits", rsa({name: 1 << 8191 | 1 for name in ("version", "n", "e", "d", "p", "q", "dp", "dq", "qinv")},
                              version=0), "RSA key"),
            ("Ed25519", pki.key("ED25519"), "Ed25519 keys are not used here: EC P-256 and P-384, and RSA are"),
            ("Ed448", pki.key("ED448"), "Ed448 keys"),
            ("X25519", pki.key("X25519"), "X25519 keys"),
            ("P-521", pki.key("P-521"), "P-521 are not used here"),
            ("secp256k1", pki.key("secp256k1"), "secp256k1 are not used here"),
            ("RSA-PSS", pki.key("RSA-PSS-2048"), "RSA-PSS keys are not used here"),
            ("DSA", pki.openssl("genpkey", "-quiet", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024"),
             "marked DSA PARAMETERS"),
            ("a curve written out", pki.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit"),
             "without a name"),
            ("PKCS#8 of nothing", pem_of(b"\x30\x00", "PRIVATE KEY"), "no private key"),
            ("bytes behind it", pem_of(base64.b64decode("".join(self.ec.splitlines()[1:-1])) + b"\0", "PRIVATE KEY"),
             "no private key"),
        )
        for name, pem, why in cases:
            with self.subTest(name):
                if name == "1 MB of junk":
                    self.assertIn(why, self.refused("pki", "key-import", "alpha.test", "--replace", stdin=pem))
                else:
                    self.assertIn(why, self.turned_down(pem))

    def test_C_028_der(self):
        before = self.pki("show")
        for form in (("pkey", "-outform", "DER"), ("pkcs12", "-export", "-nocerts", "-passout", "pass:")):
            der = subprocess.run(["openssl", *form], input=self.rsa.encode(), stdout=subprocess.PIPE, check=True).stdout
            path = self.folder / "key.der"
            path.write_bytes(der)
            said = self.server.run_signet("pki", "key-import", "alpha.test", "--replace", "--pem-file", path).stdout
            self.assertIn(b"this is binary (DER or PKCS#12)", said)
        self.assertEqual(self.pki("show"), before)

    def test_C_028_smaller_keys_when_an_admin_says_so(self):
        """Never below 1024."""
        small = pki.openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        self.refused("setting", "set", "pki.rsa-bits-min", "1023")
        self.signet("setting", "set", "pki.rsa-bits-min", "1024")
        answer = self.imported(small)
        self.assertEqual((answer["key_bits"], answer["key_test"]), (1024, OK))
        self.pki("self-signed")
        self.assertTrue(self.shown())
        self.assertIn("1024 to 4096", self.turned_down(rsa(numbers(prime(384), prime(384)))))
        self.signet("setting", "reset", "pki.rsa-bits-min")
        self.assertEqual(self.pki("show")["key_test"], OK)
        self.assertIn("2048 to 4096", self.turned_down(small))

    def test_C_029_size_and_test(self):
        for pem, bits in ((self.rsa, 2048), (self.ec, 256)):
            answer = self.imported(pem)
            self.assertEqual((answer["key_bits"], answer["key_test"]), (bits, "Verification String is OK"))
        said = self.server.run_signet("pki", "show", "alpha.test").stdout.decode()
        self.assertIn("Verification String is OK", said)

    def bad_keys(self):
        good = numbers(self.p, self.q)
        yield "d", rsa(good, d=good["d"] ^ 1 << 500), "do not belong together"
        yield "e", rsa(good, e=3), "do not belong together"
        yield "dP", rsa(good, dp=good["dp"] ^ 4), "do not belong together"
        yield "dQ", rsa(good, dq=good["dq"] ^ 4), "do not belong together"
        yield "qInv", rsa(good, qinv=good["qinv"] ^ 4), "do not belong together"
        yield "n", rsa(good, n=good["n"] ^ 1 << 900), "not the product of its primes"
        yield "e is 1", rsa(numbers(self.p, self.q, 1)), "public exponent"
        yield "e is even", rsa(good, e=65536), "public exponent"
        yield "e is huge", rsa(numbers(self.p, self.q, (1 << 89) - 1)), "public exponent"
        yield "p is q", rsa(numbers(self.p, self.p, 65537)), "primes of the RSA key are the same"
        small = 65521
        yield "a small factor", rsa(numbers(prime(2048), small)), "far too small"
        yield "no prime", rsa({**numbers(self.p, self.q), "p": self.p * 3, "n": self.p * 3 * self.q}), "a prime of the RSA key is none"
        other = pki.key("P-256")
        mixed = self.spliced(self.ec, other)
        yield "a public point of another key", mixed, "its point is not that of its number"

    @staticmethod
    def spliced(pem, other):
        """The private number of one EC key with the public point of another, SEC 1."""
        one, two = (base64.b64decode("".join(traditional(p).splitlines()[1:-1])) for p in (pem, other))
        return pem_of(one[:-64] + two[-64:], "EC PRIVATE KEY")

    def test_C_030_bad_keys_are_told(self):
        """Taken, and said to be bad; nothing is made with them."""
        for name, pem, why in self.bad_keys():
            with self.subTest(name):
                answer = self.imported(pem)
                self.assertTrue(answer["key_test"].startswith("error: "), answer["key_test"])
                self.assertIn(why, answer["key_test"])
                for verb in ("csr", "self-signed"):
                    self.assertIn(why, self.refused("pki", verb, "alpha.test"))
                self.assertEqual(self.shown(), [])

    def test_C_030_good_odd_keys(self):
        """An exponent of 3 or 65539, primes of different size."""
        for pem in (rsa(numbers(prime(1024, 3), prime(1024, 3), 3)), rsa(numbers(prime(1024, 65539), prime(1024, 65539), 65539)),
                    rsa(numbers(prime(1100), prime(948)))):
            pki.openssl("rsa", "-check", "-noout", stdin=pem)
            self.assertEqual(self.imported(pem)["key_test"], OK)
            self.pki("self-signed")
            self.assertTrue(self.shown())

    def test_C_031_remove(self):
        self.pki("chain-set", stdin=pki.Authority(self.folder, "Any").pem())
        self.assertEqual(len(self.shown()), 2)
        answer = self.pki("key-remove")
        for gone in ("key_type", "subject", "serial"):
            self.assertNotIn(gone, answer)
        self.assertEqual((answer["chain"], answer.get("rows", [])), ("", []))
        self.assert_no_tls()
        self.assertIn("no private key", self.refused("pki", "key-remove", "alpha.test"))
        self.server.stop()
        self.server.start()
        self.assert_no_tls()
        self.pki("key-generate")
        self.assert_no_tls()

    def test_C_001_keys_are_never_told(self):
        self.imported(self.rsa)
        self.pki("self-signed")
        secret = self.rsa.splitlines()[20]  # behind the modulus
        for words in (("pki", "show"), ("pki", "certificate"), ("pki", "csr"), ("pki", "list")):
            said = str(self.signet(*words, *(("alpha.test",) if words[1] != "list" else ())))
            self.assertNotIn("PRIVATE KEY", said)
            self.assertNotIn(secret, said)
        self.assertNotIn(secret, self.server.log())
        for path in self.server.data.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                self.assertTrue(secret.encode() not in data and base64.b64decode(secret) not in data, path)
