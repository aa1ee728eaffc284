"""An authority for those who have none, and C-003: openssl, certtool and NSS judge what it signs."""
import base64
import http.client
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from server import Failed, Server, anyone

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
SECRET = "a secret of ann's"


def x509_serial(der):
    """In hex: the first INTEGER behind the version."""
    at = der.index(b"\xa0\x03\x02\x01\x02") + 5
    return der[at + 2:at + 2 + der[at + 1]].hex()


class Room(unittest.TestCase):
    """A server, a folder for the files of clients, and an authority of the server's own."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("ann@alpha.test", "bob@alpha.test", "cy@beta.test")
        cls.dir = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.signet("create", "server", "--cn", "Example Root", "--o", "Example Ltd", "--type", "P-384")

    @classmethod
    def signet(cls, *words, stdin=""):
        return cls.server.signet("ca", *words, stdin=stdin)

    def refused(self, why, *words, stdin=""):
        with self.assertRaisesRegex(Failed, why):
            self.signet(*words, stdin=stdin)

    # -- programs

    def run_in(self, *words, stdin=b""):
        return subprocess.run(words, cwd=self.dir, input=stdin, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def must(self, *words, stdin=b""):
        done = self.run_in(*words, stdin=stdin)
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, words))}: {done.stdout.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def openssl(self, *words, stdin=b""):
        return self.must("openssl", *words, stdin=stdin)

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    # -- what an admin does

    def domain(self):
        """A new domain with an authority; all files are named after it."""
        name = re.sub(r"[^a-z0-9]", "", self.id().rsplit(".", 1)[1].lower())[-40:] + ".test"
        self.server.add("ann@" + name)
        self.signet("create", name)
        self.write("ca.pem", self.signet("show", name)["pem"])
        return name

    def request(self, subject, *alt_names, extra=(), key="leaf.key"):
        words = [word for e in ([f"subjectAltName={','.join(alt_names)}"] if alt_names else []) + list(extra)
                 for word in ("-addext", e)]
        self.openssl("req", "-new", *EC, "-keyout", key, "-out", "leaf.csr", "-subj", subject, *words)
        return (self.dir / "leaf.csr").read_text()

    def sign(self, scope, request, *more, name="leaf.pem"):
        """The certificate's file."""
        return self.write(name, self.signet("sign", scope, *more, stdin=request)["pem"])

    def text(self, path="leaf.pem"):
        return self.openssl("x509", "-in", path, "-noout", "-text")

    def serial(self, path="leaf.pem"):
        return self.openssl("x509", "-in", path, "-noout", "-serial").strip().partition("=")[2].lower()

    def crl(self, scope, name="crl.pem"):
        return self.write(name, self.signet("crl", scope)["pem"])

    def crl_text(self, scope):
        return self.openssl("crl", "-in", self.crl(scope), "-noout", "-text")

    def crl_number(self, scope):
        return int(re.search(r"CRL Number: \n\s*(\d+)", self.crl_text(scope))[1])

    def verify(self, path="leaf.pem", *more, ca="ca.pem"):
        return self.run_in("openssl", "verify", "-x509_strict", "-CAfile", ca, *more, path).stdout.decode()

    def row(self, scope, serial):
        return next(row for row in self.signet("list", scope)["rows"] if row["serial"] == serial)


class Creating(Room):
    def test_4_created_as_it_is_said(self):
        """Also P-003: a root with CA:TRUE that strict readers take."""
        shown = self.signet("show", "server")
        text = self.text(self.write("root.pem", shown["pem"]))
        for words in ("O = Example Ltd, CN = Example Root", "CA:TRUE, pathlen:1", "Certificate Sign, CRL Sign",
                      "P-384", "X509v3 Basic Constraints: critical", "X509v3 Key Usage: critical"):
            self.assertIn(words, text)
        self.assertIn("OK", self.verify("root.pem", ca="root.pem"))
        self.assertIn("Verified", self.must("certtool", "--verify", "--load-ca-certificate", "root.pem", "--infile",
                                            "root.pem"))
        self.server.add("x@short.test")
        self.signet("create", "short.test", "--days", "3", "--path-length", "-1", "--type", "RSA-2048", "--c", "DE")
        text = self.text(self.write("short.pem", self.signet("show", "short.test")["pem"]))
        self.assertRegex(text, r"CA:TRUE\n")
        self.assertIn("(2048 bit)", text)
        self.assertEqual(self.run_in("openssl", "x509", "-in", "short.pem", "-checkend", str(4 * 86400)).returncode, 1)

    def test_4_refused(self):
        self.refused("has an authority", "create", "server")
        for words in (("--days", "0"), ("--path-length", "-2"), ("--path-length", "99"), ("--c", "Germany"),
                      ("--cn", "x" * 65), ("--type", "RSA-512")):
            with self.assertRaises(Failed):
                self.signet("create", "alpha.test", *words)
        self.assertFalse(self.signet("show", "alpha.test")["authority"])
        self.refused("not hosted", "create", "nowhere.test")
        self.refused("ca create", "sign", "alpha.test", stdin=self.request("/CN=alpha.test"))
        self.refused("no authority", "crl", "alpha.test")

    def test_4_removed(self):
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        url = self.signet("show", name)["crl-path"]
        self.signet("remove", name)
        self.assertFalse(self.signet("show", name)["authority"])
        self.refused("no authority", "sign", name, stdin=self.request("/CN=" + name))
        self.signet("revoke", name, self.serial())
        got = urllib.request.urlopen(f"http://127.0.0.1:{self.server.ports['http']}{url}").read()
        self.assertIn(self.serial().upper(), self.openssl("crl", "-inform", "DER", "-noout", "-text", stdin=got))
        self.signet("create", name)
        self.signet("remove", name, "--with-keys")
        with self.assertRaisesRegex(urllib.error.HTTPError, "404"):
            urllib.request.urlopen(f"http://127.0.0.1:{self.server.ports['http']}{url}")

    def test_4_what_is_revoked_is_not_waited_for(self):
        """Nobody is warned of the end of a certificate that was revoked."""
        name = self.domain()

        def issued():
            return [row["subject"] for row in self.server.signet("pki", "expiry", "--domain", name)["rows"]
                    if row["kind"] == "issued"]

        self.sign(name, self.request("/CN=one." + name))
        first = self.serial()
        self.sign(name, self.request("/CN=two." + name))
        self.assertEqual(len(issued()), 2)
        self.signet("revoke", name, first)
        self.assertEqual(len(issued()), 1)
        self.assertIn("two." + name, issued()[0])
        self.sign(name, self.request("/CN=two." + name), "--days", "20")  # the one that ends last stays
        self.signet("revoke", name, self.serial())
        self.assertEqual(len(issued()), 1)

    def test_4_after_a_restart(self):
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        self.signet("revoke", name, self.serial())
        before = self.signet("list", name), self.signet("crl", name)
        self.server.stop()
        self.server.start()
        self.assertEqual((self.signet("list", name), self.signet("crl", name)), before)


class Signing(Room):
    def test_C_003_a_hundred_serial_numbers(self):
        name = self.domain()
        request = self.request("/CN=" + name)
        serials, issuers = set(), set()
        for _ in range(100):
            self.sign(name, request)
            lines = self.openssl("x509", "-in", "leaf.pem", "-noout", "-serial", "-issuer").splitlines()
            serials.add(lines[0])
            issuers.add(lines[1].partition("=")[2])
        self.assertEqual(len(serials), 100)
        self.assertTrue(all(len(line) == len("serial=") + 32 for line in serials))  # 128 bits
        self.assertEqual(issuers, {self.openssl("x509", "-in", "ca.pem", "-noout", "-subject").strip().partition("=")[2]})
        self.assertEqual(len(self.signet("list", name)["rows"]), 100)

    def test_4_server(self):
        """Also P-005: what the authority signed verifies, and its register lists it."""
        name = self.domain()
        self.sign(name, self.request(f"/CN=www.{name}/O=Me", f"DNS:www.{name}", f"DNS:*.{name}"), "--days", "30")
        for purpose in ("sslserver", "sslclient"):
            self.assertIn("OK", self.verify("leaf.pem", "-purpose", purpose, "-verify_hostname", f"www.{name}"))
        self.assertNotIn("OK", self.verify("leaf.pem", "-purpose", "smimesign"))
        done = self.must("certtool", "--verify", "--verify-hostname", f"x.{name}", "--verify-purpose",
                         "1.3.6.1.5.5.7.3.1", "--load-ca-certificate", "ca.pem", "--infile", "leaf.pem")
        self.assertIn("Verified", done)
        text = self.text()
        self.assertIn(f"CN = www.{name}, O = Me", text)
        self.assertIn("CA:FALSE", text)
        row = self.row(name, self.serial())
        self.assertEqual((row["names"], row["profile"], row["state"]), (f"www.{name} *.{name}", "server", "valid"))
        self.assertEqual(self.signet("certificate", name, row["serial"])["pem"], (self.dir / "leaf.pem").read_text())

    def test_4_client_and_email(self):
        name = self.domain()
        request = self.request("/CN=Ann", f"email:ann@{name}")
        self.sign(name, request, "--profile", "client")
        self.assertIn("OK", self.verify("leaf.pem", "-purpose", "sslclient"))
        self.assertNotIn("OK", self.verify("leaf.pem", "-purpose", "sslserver"))
        self.sign(name, request, "--profile", "email")
        self.assertIn("OK", self.verify("leaf.pem", "-purpose", "smimesign"))
        self.assertIn("Digital Signature, Key Agreement", self.text())
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "rsa.key", "-out", "rsa.csr",
                     "-subj", f"/emailAddress=ann@{name}")
        self.sign(name, (self.dir / "rsa.csr").read_text(), "--profile", "email")
        for purpose in ("smimesign", "smimeencrypt"):
            self.assertIn("OK", self.verify("leaf.pem", "-purpose", purpose))
        self.assertIn(f"email:ann@{name}", self.text())
        self.refused("no e-mail address", "sign", name, stdin=request)
        self.refused("e-mail addresses alone", "sign", name, "--profile", "email",
                     stdin=self.request("/CN=Ann", f"DNS:{name}"))

    def test_4_requests_of_every_program(self):
        name = self.domain()
        self.request("/CN=" + name)
        der = subprocess.run(["openssl", "req", "-in", "leaf.csr", "-outform", "DER"], cwd=self.dir, check=True,
                             stdout=subprocess.PIPE).stdout
        new = (self.dir / "leaf.csr").read_text().replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
        self.write("template", f'cn = "{name}"\ndns_name = "{name}"\ntls_www_server\n')
        self.must("certtool", "--generate-privkey", "--ecc", "--outfile", "ct.key")
        self.must("certtool", "--generate-request", "--load-privkey", "ct.key", "--template", "template", "--outfile",
                  "ct.csr")
        requests = {"new": new.encode(), "text around": b"hello\n" + new.encode() + b"\nbye\n", "der": der,
                    "certtool": (self.dir / "ct.csr").read_bytes()}
        if shutil.which("certutil"):
            self.write("noise", b"x" * 1000)
            (self.dir / "nss").mkdir()
            self.must("certutil", "-N", "-d", "nss", "--empty-password")
            requests["certutil"] = self.must("certutil", "-R", "-d", "nss", "-z", "noise", "-a", "-s", f"CN={name}",
                                             "-8", name, "-g", "2048").encode()
        for program, data in requests.items():
            with self.subTest(program):
                done = subprocess.run([self.server.bin / "signet", "-d", self.server.data, "ca", "sign", name],
                                      input=data, stdout=subprocess.PIPE, check=False, timeout=30)
                self.write("leaf.pem", done.stdout)
                self.assertIn("OK", self.verify("leaf.pem", "-purpose", "sslserver", "-verify_hostname", name))

    def test_4_whose_names(self):
        """A domain's own, its aliases', hosts below, unless another domain is nearer; others for who may."""
        name = self.domain()
        self.server.add("x@near." + name)
        self.server.signet("domain-alias", "add", "alias-of-" + name, name)
        for good in (name, "a.b." + name, "*." + name, "alias-of-" + name, "www.alias-of-" + name):
            self.sign(name, self.request("/CN=x y", "DNS:" + good))
        for bad in ("DNS:alpha.test", "DNS:near." + name, "DNS:x.near." + name, "DNS:*.near." + name, "DNS:test",
                    "DNS:*.test", f"DNS:x{name}", "IP:127.0.0.1", "DNS:" + name + ",DNS:example.com"):
            self.refused("is not a name of|is no host name", "sign", name, stdin=self.request("/CN=x y", bad))
        self.refused("is not a name of", "sign", name, stdin=self.request("/CN=alpha.test", "DNS:" + name))
        for bad in ("email:ann@alpha.test", f"email:ann@sub.{name}"):
            self.refused("is not a name of", "sign", name, "--profile", "client", stdin=self.request("/CN=x", bad))
        for kind in ("URI:http://" + name, "RID:1.2.3.4", "otherName:1.2.3.4;UTF8:ann"):
            self.refused("of a kind that is not issued", "sign", name, stdin=self.request("/CN=x y", kind))
        self.sign(name, self.request("/CN=other.example", "DNS:other.example", "IP:192.0.2.1", "IP:2001:db8::1"),
                  "--any-names")
        self.assertIn("IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1", self.text())
        self.refused("names nobody", "sign", name, stdin=self.request("/O=Nobody"))
        self.sign(name, self.request("/O=Nobody"), "--names", f"mail.{name} smtp.{name}", "--subject", "name")
        text = self.text()
        self.assertIn(f"DNS:mail.{name}, DNS:smtp.{name}", text)
        self.assertIn(f"Subject: CN = mail.{name}\n", text)

    def test_4_what_is_asked_for_and_not_given(self):
        name = self.domain()
        done = self.server.run_signet("ca", "sign", name, stdin=self.request(
            "/CN=" + name, "DNS:" + name, extra=("basicConstraints=critical,CA:TRUE", "extendedKeyUsage=codeSigning",
                                                 "nsComment=hello")))
        said = done.stdout.decode()
        self.assertIn("asks for the certificate of an authority", said)
        self.assertIn("1.3.6.1.5.5.7.3.3", said)
        text = self.text(self.write("leaf.pem", said))
        self.assertIn("CA:FALSE", text)
        self.assertNotIn("Code Signing", text)
        self.assertNotIn("hello", text)

    def test_4_bad_requests(self):
        name = self.domain()
        good = self.request("/CN=" + name)
        lines = good.splitlines()
        der = base64.b64decode("".join(lines[1:-1]))

        def pem(data):
            return ("-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(data).decode() +
                    "-----END CERTIFICATE REQUEST-----\n")
        self.openssl("req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout", "w.key", "-out", "w.csr", "-subj",
                     "/CN=" + name)
        before = len(self.signet("list", name)["rows"])
        cases = {"empty": ("", "no request|needed|empty"), "junk": ("x" * 60000, "no request"),
                 "long": ("x" * 1000000, "longer than"),
                 "truncated": ("\n".join(lines[:-2]), "no request|cannot be read"), "cut": (pem(der[:-10]), "cannot be read"),
                 "signature": (pem(der[:-1] + bytes([der[-1] ^ 1])), "signature|cannot be read"),
                 "subject": (pem(der.replace(name.encode(), b"x" + name.encode()[1:], 1)), "signature"),
                 "certificate": ((self.dir / "ca.pem").read_text(), "that is a certificate"),
                 "two": (good + good, "more than one"), "weak": ((self.dir / "w.csr").read_text(), "1024 bits"),
                 "deep": (pem(b"\x30\x80" * 30000), "cannot be read|longer"), "nothing": (pem(b""), "cannot be read"),
                 "trailing": (pem(der + b"\0"), "cannot be read")}
        for what, (text, why) in cases.items():
            with self.subTest(what):
                self.refused(why, "sign", name, stdin=text)
        self.assertEqual(len(self.signet("list", name)["rows"]), before)

    def test_4_paged(self):
        name = self.domain()
        request = self.request("/CN=" + name)
        for _ in range(7):
            self.sign(name, request)
        pages, after = [], []
        while True:
            rows = self.signet("list", name, "--limit", "3", *after)["rows"]
            if not rows:
                break
            pages += [row["serial"] for row in rows]
            after = ["--after", pages[-1]]
        self.assertEqual(pages, sorted(row["serial"] for row in self.signet("list", name)["rows"]))
        self.assertEqual(len(pages), 7)
        self.signet("revoke", name, pages[3].upper())
        self.assertEqual([row["serial"] for row in self.signet("list", name, "--state", "revoked")["rows"]], [pages[3]])
        self.refused("no serial number", "list", name, "--after", "xyz")


class Api(Room):
    """The same over the API."""

    def setUp(self):
        add = self.server.signet
        mark = str(time.monotonic_ns())
        self.tokens = {"admin": add("token", "add", "root" + mark)["token"],
                       "alpha": add("token", "add", "alpha" + mark, "--domain", "alpha.test")["token"],
                       "ann": add("token", "add", "ann" + mark, "--account", "ann@alpha.test")["token"]}

    def call(self, who, verb, **args):
        request = urllib.request.Request(f"https://127.0.0.1:{self.server.ports['https']}/api/v1/ca/{verb}",
                                         json.dumps(args).encode(), {"Authorization": f"Bearer {self.tokens[who]}",
                                                                     "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=anyone(), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def serial_of(self, pem):
        return x509_serial(ssl.PEM_cert_to_DER_cert(pem[:pem.index("-----END") + 26]))

    def signing(self, scope, request, received, ended):
        """Sign on and on; what came is in received."""
        while not ended.is_set():
            try:
                answer = self.call("admin", "sign", scope=scope, request=request)
            except (OSError, http.client.HTTPException, ValueError):
                return
            received.append(self.serial_of(answer["pem"]))

    def test_4_killed_while_it_signs(self):
        """Whatever anybody was given is in the register."""
        name = self.domain()
        request = self.request("/CN=" + name)
        for _ in range(3):
            received, ended = [], threading.Event()
            threads = [threading.Thread(target=self.signing, args=(name, request, received, ended)) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            self.server.kill()
            ended.set()
            for thread in threads:
                thread.join()
            self.server.start()
            self.assertGreater(len(received), 0)
            listed = {row["serial"] for row in self.signet("list", name)["rows"]}
            self.assertLessEqual(set(received), listed)

    def test_4_many_at_once(self):
        """Signing, revoking and asking for the list from many sides: nothing is lost, numbers only grow."""
        name = self.domain()
        request = self.request("/CN=" + name)
        revoked, numbers, ended = [], [], threading.Event()

        def sign_and_revoke():
            for _ in range(8):
                serial = self.serial_of(self.call("admin", "sign", scope=name, request=request)["pem"])
                if self.call("admin", "revoke", scope=name, serial=serial)["ok"]:
                    revoked.append(serial)

        def watch():
            while not ended.is_set():
                numbers.append(self.crl_number(name))
        threads = [threading.Thread(target=sign_and_revoke) for _ in range(4)]
        watcher = threading.Thread(target=watch)
        for thread in [*threads, watcher]:
            thread.start()
        for thread in threads:
            thread.join()
        ended.set()
        watcher.join()
        self.assertEqual(len(revoked), 32)
        self.assertEqual(numbers, sorted(numbers))
        text = self.crl_text(name)
        self.assertEqual({line.split()[-1].lower() for line in text.splitlines() if "Serial Number" in line}, set(revoked))

    def test_4_who_may(self):
        self.assertTrue(self.call("alpha", "create", scope="alpha.test")["ok"])
        other = self.request("/CN=beta.test")
        for who, verb, args in (
                ("alpha", "create", {"scope": "beta.test"}), ("alpha", "show", {"scope": "server"}),
                ("alpha", "sign", {"scope": "server", "request": other}), ("alpha", "list", {"scope": "server"}),
                ("alpha", "sign", {"scope": "alpha.test", "request": other, "any-names": True}),
                ("alpha", "sign", {"scope": "alpha.test", "request": other, "profile": "authority"}),
                ("alpha", "certify", {"domain": "alpha.test", "any-names": True}),
                ("alpha", "renew", {"scope": "server"}), ("alpha", "remove", {"scope": "server"}),
                ("alpha", "revoke", {"scope": "server", "serial": "01"}),
                ("ann", "show", {"scope": "alpha.test"}), ("ann", "sign", {"scope": "alpha.test", "request": other})):
            with self.subTest(who=who, verb=verb):
                answer = self.call(who, verb, **args)
                self.assertFalse(answer["ok"])
                self.assertEqual(answer["error"]["kind"], "denied", answer)
        own = self.call("alpha", "sign", scope="alpha.test", request=self.request("/CN=www.alpha.test"))
        self.assertIn("BEGIN CERTIFICATE", own["pem"])
        self.server.signet("pki", "csr", "alpha.test", "--names", "alpha.test www.beta.test")
        answer = self.call("alpha", "certify", domain="alpha.test", **{"by-server": True})
        self.assertIn("www.beta.test is not a name of alpha.test", answer["error"]["text"])


class Revoking(Room):
    def nss(self, name):
        """A database that trusts the authority."""
        db = name + ".nss"
        (self.dir / db).mkdir()
        self.must("certutil", "-N", "-d", db, "--empty-password")
        self.must("certutil", "-A", "-d", db, "-n", "ca", "-t", "CT,C,C", "-a", "-i", "ca.pem")
        self.must("certutil", "-A", "-d", db, "-n", "leaf", "-t", ",,", "-a", "-i", "leaf.pem")
        return db

    def nss_takes_list(self, db, scope):
        der = base64.b64decode(self.signet("crl", scope, "--der")["der"])
        self.must("crlutil", "-I", "-d", db, "-t", "1", "-i", self.write("crl.der", der))

    def test_4_revoked(self):
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        good = ("-crl_check", "-CRLfile", "crl.pem")
        self.crl(name)
        self.assertIn("OK", self.verify("leaf.pem", *good))
        db = self.nss(name) if shutil.which("crlutil") else None
        if db:
            self.nss_takes_list(db, name)
            self.assertIn("certificate is valid", self.must("certutil", "-V", "-d", db, "-n", "leaf", "-u", "V"))
        self.signet("revoke", name, self.serial(), "--reason", "keyCompromise")
        text = self.crl_text(name)
        self.assertIn(self.serial().upper(), text)
        self.assertIn("Key Compromise", text)
        self.assertIn("certificate revoked", self.verify("leaf.pem", *good))
        self.assertIn("Revoked certificates (1)", self.must("certtool", "--crl-info", "--infile", "crl.pem"))
        self.assertIn("revoked", self.run_in("certtool", "--verify", "--load-ca-certificate", "ca.pem", "--load-crl",
                                             "crl.pem", "--infile", "leaf.pem").stdout.decode())
        self.assertIn("verify OK", self.run_in("openssl", "crl", "-in", "crl.pem", "-CAfile", "ca.pem",
                                               "-noout").stdout.decode())
        if db:
            self.nss_takes_list(db, name)
            self.assertIn("revoked", self.run_in("certutil", "-V", "-d", db, "-n", "leaf", "-u",
                                                 "V").stdout.decode().lower())
        row = self.row(name, self.serial())
        self.assertEqual((row["state"], row["reason"]), ("revoked", "keyCompromise"))
        self.refused("revoked already", "revoke", name, self.serial())
        self.refused("issued no certificate", "revoke", name, "00" * 16)
        self.refused("no serial number", "revoke", name, "hello")

    def test_4_on_hold_and_released(self):
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        self.signet("revoke", name, self.serial(), "--reason", "certificateHold")
        self.assertIn("Certificate Hold", self.crl_text(name))
        self.signet("release", name, self.serial())
        self.assertIn("No Revoked Certificates", self.crl_text(name))
        self.assertEqual(self.row(name, self.serial())["state"], "valid")
        self.refused("not on hold", "release", name, self.serial())
        self.signet("revoke", name, self.serial(), "--reason", "certificateHold")
        self.signet("revoke", name, self.serial(), "--reason", "superseded")
        self.refused("not on hold", "release", name, self.serial())
        self.assertIn("Superseded", self.crl_text(name))

    def test_4_the_list_is_made_anew(self):
        """At revocation, and when half its time is over; its number only grows."""
        name = self.domain()
        self.server.signet("setting", "set", "ca.crl-lifetime", "4s", "--domain", name)
        first = self.signet("crl", name)
        number = self.crl_number(name)
        self.assertEqual(self.signet("crl", name), first)
        self.sign(name, self.request("/CN=" + name))
        self.assertEqual(self.signet("crl", name), first)
        self.signet("revoke", name, self.serial())
        self.assertEqual(self.crl_number(name), number + 1)
        time.sleep(2.5)
        self.assertEqual(self.crl_number(name), number + 2)
        text = self.crl_text(name)
        times = [time.mktime(time.strptime(when, "%b %d %H:%M:%S %Y GMT"))
                 for when in re.findall(r"(?:Last|Next) Update: (.*)", text)]
        self.assertEqual(times[1] - times[0], 4)
        self.assertIn("Authority Key Identifier", text)

    def test_4_served_over_http(self):
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        shown = self.signet("show", name)
        der = base64.b64decode(self.signet("crl", name, "--der")["der"])
        for url in (f"http://127.0.0.1:{self.server.ports['http']}", f"https://127.0.0.1:{self.server.ports['https']}"):
            with urllib.request.urlopen(url + shown["crl-path"], context=anyone()) as answer:
                self.assertEqual(answer.headers["Content-Type"], "application/pkix-crl")
                self.assertEqual(answer.read(), der)
            with urllib.request.urlopen(url + shown["crl-path"].replace(".crl", ".crt"), context=anyone()) as answer:
                self.assertEqual(answer.headers["Content-Type"], "application/pkix-cert")
                self.assertEqual(ssl.DER_cert_to_PEM_cert(answer.read()), shown["pem"])
        for bad in ("/ca/", "/ca/x.crl", "/ca/" + "00" * 20 + ".crl", shown["crl-path"] + "x",
                    shown["crl-path"].replace(".crl", ".key")):
            with self.assertRaisesRegex(urllib.error.HTTPError, "404"):
                urllib.request.urlopen(f"https://127.0.0.1:{self.server.ports['https']}{bad}", context=anyone())
        with socket.create_connection(("127.0.0.1", self.server.ports["http"])) as clear:
            clear.sendall(b"GET /login HTTP/1.1\r\nHost: alpha.test\r\nConnection: close\r\n\r\n")
            self.assertRegex(clear.makefile("rb").readline(), rb" 30[178] ")

    def test_4_where_it_is_to_be_had(self):
        """ca.url in the certificates; openssl fetches the list from there."""
        base = f"http://127.0.0.1:{self.server.ports['http']}"
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        self.assertNotIn("URI:", self.text())
        self.server.signet("setting", "set", "ca.url", base + "/", "--domain", name)
        self.sign(name, self.request("/CN=" + name))
        text = self.text()
        self.assertIn("URI:" + self.signet("show", name)["crl-url"], text)
        self.assertRegex(text, "CA Issuers - URI:" + base + "/ca/[0-9a-f]{40}.crt")
        self.assertIn("OK", self.verify("leaf.pem", "-crl_check", "-crl_download"))
        self.signet("revoke", name, self.serial())
        self.assertIn("certificate revoked", self.verify("leaf.pem", "-crl_check", "-crl_download"))


class Renewing(Room):
    def test_4_the_same_key(self):
        name = self.domain()
        self.sign(name, self.request("/CN=" + name))
        old = self.signet("show", name)
        new = self.signet("renew", name, "--days", "9000")
        self.write("new.pem", new["pem"])
        self.assertEqual((new["subject"], new["crl-path"]), (old["subject"], old["crl-path"]))
        self.assertNotEqual(new["serial"], old["serial"])
        self.assertGreater(new["till"], old["till"])
        for ca in ("ca.pem", "new.pem"):
            self.assertIn("OK", self.verify("leaf.pem", "-crl_check", "-CRLfile", self.crl(name), ca=ca))

    def test_4_a_new_key(self):
        """The old one signs its list, and nothing else."""
        name = self.domain()
        self.sign(name, self.request("/CN=" + name), name="old-leaf.pem")
        old = self.signet("show", name)
        new = self.signet("renew", name, "--new-key", "--type", "P-384")
        self.write("new.pem", new["pem"])
        self.assertNotEqual(new["subject"], old["subject"])
        self.sign(name, self.request("/CN=" + name))
        self.assertIn("OK", self.verify("leaf.pem", ca="new.pem"))
        self.assertNotIn("OK", self.verify("leaf.pem"))
        self.assertIn("OK", self.verify("old-leaf.pem"))
        self.signet("revoke", name, self.serial("old-leaf.pem"))
        self.assertIn("No Revoked", self.crl_text(name))
        got = urllib.request.urlopen(f"http://127.0.0.1:{self.server.ports['http']}{old['crl-path']}").read()
        self.write("old.der", got)
        self.openssl("crl", "-inform", "DER", "-in", "old.der", "-out", "old.crl")
        self.assertIn("certificate revoked", self.verify("old-leaf.pem", "-crl_check", "-CRLfile", "old.crl"))

    def test_4_below_the_servers(self):
        """A domain's authority that the server's signed speaks for that domain alone."""
        name = "below.test"
        self.server.add("x@" + name)
        self.signet("create", name, "--by-server")
        self.write("ca.pem", self.signet("show", "server")["pem"])
        self.sign(name, self.request("/CN=www." + name))
        self.assertIn("OK", self.verify("leaf.pem", "-untrusted", "leaf.pem"))
        self.sign(name, self.request("/CN=alpha.test"), "--any-names")
        self.assertIn("permitted subtree violation", self.verify("leaf.pem", "-untrusted", "leaf.pem"))
        self.sign(name, self.request("/CN=x y", "IP:127.0.0.1"), "--any-names")
        self.assertIn("excluded subtree violation", self.verify("leaf.pem", "-untrusted", "leaf.pem"))
        self.signet("renew", name)
        self.sign(name, self.request("/CN=www." + name))
        self.assertIn("OK", self.verify("leaf.pem", "-untrusted", "leaf.pem"))
        row = next(row for row in self.signet("list", "server")["rows"] if row["serial"] ==
                   self.signet("show", name)["serial"])
        self.assertEqual((row["profile"], row["names"]), ("authority", name))
        self.signet("revoke", "server", row["serial"], "--reason", "cACompromise")
        self.refused("revoked", "renew", name)


class Using(Room):
    def test_4_the_domains_own_server(self):
        """`ca certify`: its mail server shows what its authority, or the server's, signed."""
        name = self.domain()
        for by, ca in ((), "ca.pem"), (("--by-server",), self.write("root.pem", self.signet("show", "server")["pem"])):
            self.signet("certify", name, *by)
            context = ssl.create_default_context(cafile=str(self.dir / ca))
            with socket.create_connection(("127.0.0.1", self.server.ports["imaps"])) as raw, \
                    context.wrap_socket(raw, server_hostname="imap." + name) as tls:
                self.assertIn(("DNS", name), tls.getpeercert()["subjectAltName"])
            said = self.openssl("s_client", "-connect", f"127.0.0.1:{self.server.ports['imaps']}", "-servername", name,
                                "-CAfile", ca, "-verify_return_error", "-verify_hostname", name, "-x509_strict")
            self.assertIn("Verify return code: 0 (ok)", said)

    def connect(self, name, cert, key):
        context = anyone()
        context.load_cert_chain(self.dir / cert, self.dir / key)
        raw = socket.create_connection(("127.0.0.1", self.server.ports["imaps"]))
        return context.wrap_socket(raw, server_hostname=name)

    def external(self, name, cert="leaf.pem", key="leaf.key"):
        with self.connect(name, cert, key) as tls, tls.makefile("rb") as said:
            said.readline()
            tls.sendall(b"a AUTHENTICATE EXTERNAL =\r\n")
            return next(line for line in said if line.startswith(b"a ")).decode()

    def ask_clients(self, name):
        self.server.signet("trust", "add", "--domain", name, stdin=(self.dir / "ca.pem").read_text())
        mark = self.server.signet("trust", "list", "--domain", name)["rows"]
        sha256 = next(row["sha256"] for row in mark if row["set"] == "domain")
        self.server.signet("client-ca", "set", name, sha256)

    def test_4_a_users_login(self):
        """A client's certificate for SASL EXTERNAL; refused from the moment that it is revoked."""
        name = self.domain()
        self.ask_clients(name)
        self.sign(name, self.request("/CN=Ann", f"email:ann@{name}"), "--profile", "client")
        self.assertIn("a OK", self.external(name))
        self.signet("revoke", name, self.serial())
        self.assertIn("a NO", self.external(name))
        self.assertIn("it was revoked", self.server.log())

    def test_4_users_smime_certificates_are_in_the_register(self):
        name = self.domain()
        self.server.signet("smime", "issue", "ann@" + name, stdin=SECRET)
        row = self.signet("list", name)["rows"][0]
        self.assertEqual((row["profile"], row["names"]), ("email", "ann@" + name))
        pem = self.server.signet("smime", "certificate", "ann@" + name)["certificate"]
        self.write("user.pem", pem)
        self.assertIn("OK", self.verify("user.pem", "-purpose", "smimesign", "-crl_check", "-CRLfile", self.crl(name)))
        self.server.signet("smime", "encrypt", "ann@" + name, stdin="Subject: x\r\n\r\nhello\r\n")
        self.server.signet("smime", "revoke", "ann@" + name, "--reason", "keyCompromise")
        self.assertIn("certificate revoked", self.verify("user.pem", "-crl_check", "-CRLfile", self.crl(name)))
        self.assertEqual(self.server.signet("smime", "issued", name)["rows"][0]["state"], "revoked")
        shown = self.server.signet("smime", "show", "ann@" + name)["rows"][0]
        self.assertEqual((shown["state"], shown["current"]), ("revoked", False))
        with self.assertRaisesRegex(Failed, "not in force: revoked"):
            self.server.signet("smime", "encrypt", "ann@" + name, stdin="Subject: x\r\n\r\nhello\r\n")
        self.server.signet("smime", "issue", "ann@" + name, stdin=SECRET)
        self.server.signet("smime", "encrypt", "ann@" + name, stdin="Subject: x\r\n\r\nhello\r\n")

    def test_4_nothing_is_encrypted_for_who_has_expired(self):
        name = self.domain()
        self.write("template", 'cn = "x"\nactivation_date = "2020-01-01 00:00:00"\n'
                               'expiration_date = "2021-01-01 00:00:00"\n')
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "x.key")
        self.must("certtool", "--generate-self-signed", "--load-privkey", "x.key", "--template", "template",
                  "--outfile", "x.pem")
        both = (self.dir / "x.key").read_text() + (self.dir / "x.pem").read_text()
        secret = self.write("secret", SECRET)
        self.server.signet("smime", "import", "ann@" + name, "--secret-file", secret, stdin=both)
        self.assertEqual(self.server.signet("smime", "show", "ann@" + name)["rows"][0]["state"], "expired")
        with self.assertRaisesRegex(Failed, "not in force: expired"):
            self.server.signet("smime", "encrypt", "ann@" + name, stdin="Subject: x\r\n\r\nhello\r\n")

    def test_4_another_authority_that_was_brought(self):
        """It signs requests and lists, too, when its certificate allows that."""
        name = "brought.test"
        self.server.add("x@" + name)
        for usage, lists in (("keyCertSign,cRLSign", True), ("keyCertSign", False)):
            self.openssl("req", "-x509", *EC, "-keyout", "b.key", "-out", "ca.pem", "-subj", "/CN=Brought " + usage,
                         "-days", "100", "-addext", "keyUsage=critical," + usage)
            self.server.signet("smime", "ca-set", name, stdin=(self.dir / "ca.pem").read_text() +
                               (self.dir / "b.key").read_text())
            self.sign(name, self.request("/CN=" + name))
            self.assertIn("OK", self.verify())
            if lists:
                self.signet("revoke", name, self.serial())
                self.crl(name)
                self.assertIn("revoked", self.verify("leaf.pem", "-crl_check", "-CRLfile", "crl.pem"))
            else:
                self.refused("cRLSign", "crl", name)

    def test_4_signed_by_another(self):
        """Only who signed an authority's certificate can do it again."""
        name = self.domain()
        self.openssl("req", "-x509", *EC, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-days", "100",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.write("own.csr", self.server.signet("smime", "ca-csr", name)["pem"])
        self.write("ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
                          "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        self.openssl("x509", "-req", "-in", "own.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "50",
                     "-extfile", "ext", "-out", "own.pem")
        self.server.signet("smime", "ca-set", name, stdin=(self.dir / "own.pem").read_text() +
                           (self.dir / "root.pem").read_text())
        self.sign(name, self.request("/CN=" + name))
        self.assertIn("OK", self.verify("leaf.pem", "-untrusted", "own.pem", ca="root.pem"))
        self.signet("revoke", name, self.serial())
        self.crl(name)
        self.assertIn("certificate revoked", self.verify("leaf.pem", "-untrusted", "own.pem", "-crl_check", "-CRLfile",
                                                         "crl.pem", ca="root.pem"))
        self.refused("another authority signed it", "renew", name)


if __name__ == "__main__":
    unittest.main()
