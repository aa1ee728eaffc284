"""test_pki - keys, certificates, chains, trust and modes of domains, as an admin and a client see them"""
import base64
import datetime
import imaplib
import pathlib
import re
import shutil
import smtplib
import ssl
import subprocess
import tempfile
import time
import unittest

import xmpp
from server import Failed, Server


def openssl(*words, stdin=""):
    """What it says on both outputs; Failed when it says no."""
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run(["openssl", *map(str, words)], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    if done.returncode != 0:
        raise Failed(f"openssl {words[0]}: {done.stdout.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


class Authority:
    """A test authority made by openssl, in a folder."""

    def __init__(self, folder, name, issuer=None):
        self.folder, self.name = folder, name
        self.key, self.cert = folder / f"{name}.key", folder / f"{name}.pem"
        self.issuer = issuer
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        if issuer:
            request = openssl("req", "-new", "-key", self.key, "-subj", f"/O=Test/CN={name}")
            self.cert.write_text(issuer.sign(request, "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign"))
        else:
            openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/O=Test/CN={name}", "-days", "30",
                    "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.cert)

    def sign(self, request, extensions="", days=20):
        """The certificate for a request, as PEM."""
        pem, more = self.folder / "request.pem", self.folder / "extensions"
        pem.write_text(request)
        more.write_text(extensions + "\n")
        openssl("x509", "-req", "-in", pem, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", more, "-out", self.folder / "out.pem")
        return (self.folder / "out.pem").read_text()

    def pem(self):
        return self.cert.read_text()


class Pki(unittest.TestCase):
    """A server with two domains and a folder for keys."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-pki."))
        cls.server = Server().__enter__()
        for domain in ("alpha.test", "beta.test"):
            cls.server.signet("domain", "add", domain)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def signet(self, *words, stdin=""):
        return self.server.signet(*words, stdin=stdin)

    def refused(self, *words, stdin=""):
        """What the operation says when it is refused, as it must be."""
        with self.assertRaises(Failed) as caught:
            self.signet(*words, stdin=stdin)
        return str(caught.exception)

    def s_client(self, *more, listener="imaps", name="alpha.test", stdin="a LOGOUT\r\n", wait=0):
        """What openssl s_client says, whether it gets through or not."""
        words = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.ports[listener]}",
                 "-servername", name, *map(str, more)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if wait:
            time.sleep(wait)
        out, _ = process.communicate(stdin.encode(), timeout=60)
        return out.decode(errors="replace")

    def shakes_hands(self, name, listener="imaps"):
        return "Server certificate\n" in self.s_client(name=name, listener=listener)

    def shown(self, name):
        """The certificates that a client is shown, as PEM."""
        text = self.s_client("-showcerts", name=name)
        return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)

    def command(self, listener, say, until):
        """What the server says to a line in the clear."""
        with self.server.connect(listener) as s:
            s.sendall(say)
            got = b""
            while until not in got:
                more = s.recv(4096)
                if not more:
                    break
                got += more
            return got.decode()

    def key(self, *words):
        """A private key of openssl's, PEM."""
        return openssl("genpkey", "-quiet", *words)


class Certificates(Pki):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = Authority(cls.folder, "Root")
        cls.middle = Authority(cls.folder, "Middle", cls.root)
        cls.stranger = Authority(cls.folder, "Stranger")

    def setUp(self):
        self.signet("pki", "renew", "alpha.test")

    def test_request(self):
        """SPEC C-036, C-037, C-038, C-039, C-046; P-002, P-004"""
        self.server.signet("domain-alias", "add", "alias.test", "alpha.test")
        fields = {"cn": "mail.alpha.test", "o": "Example, Inc.", "ou": "Entwicklung für Post", "l": "Köln",
                  "st": "NRW", "c": "DE", "contact": "ca@other.test"}
        words = [word for name, value in fields.items() for word in (f"--{name}", value)]
        pem = self.signet("pki", "csr", "alpha.test", *words)["pem"]
        text = openssl("req", "-verify", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus", stdin=pem)
        self.assertRegex(text, "verify OK")
        for value in fields.values():
            self.assertIn(f"={value},", text.replace("\n", ","))
        for name in ("mail.alpha.test", "alpha.test", "alias.test"):
            self.assertIn(f"DNS:{name}", text)
        shown = openssl("x509", "-noout", "-pubkey", stdin=self.signet("pki", "show", "alpha.test")["chain"])
        self.assertEqual(openssl("req", "-noout", "-pubkey", stdin=pem), shown)
        # said once, it is remembered
        self.assertIn("Example", openssl("req", "-noout", "-subject", stdin=self.signet("pki", "csr", "alpha.test")["pem"]))
        self.server.signet("domain-alias", "remove", "alias.test")

    def test_bad_fields(self):
        """SPEC C-037, P-002"""
        for words in (("--c", "USA"), ("--c", "1x"), ("--contact", "not-an-address"), ("--cn", "a" * 65 + ".test"),
                      ("--cn", "two words"), ("--o", "x" * 65), ("--names", "ok.test -bad-.test")):
            with self.subTest(words):
                self.refused("pki", "csr", "alpha.test", *words)

    def test_wildcard(self):
        """SPEC C-035"""
        pem = self.signet("pki", "csr", "alpha.test", "--cn", "*.alpha.test")["pem"]
        self.assertIn("DNS:*.alpha.test", openssl("req", "-noout", "-text", stdin=pem))

    def test_signed_by_an_authority(self):
        """SPEC C-040, C-043, C-051, C-053, C-054, C-006, C-033"""
        request = self.signet("pki", "csr", "alpha.test", "--cn", "alpha.test")["pem"]
        pem = self.middle.sign(request, "subjectAltName=DNS:alpha.test\nextendedKeyUsage=serverAuth")
        answer = self.signet("pki", "cert-set", "alpha.test", stdin=pem)
        self.assertEqual(answer["serial"].upper().lstrip("0"),
                         openssl("x509", "-noout", "-serial", stdin=pem).split("=")[1].strip().lstrip("0"))
        self.assertIn("CN=Middle", answer["issuer"])
        self.assertFalse(answer["self-signed"])
        roots = ("-CAfile", self.root.cert, "-verify_hostname", "alpha.test")
        self.assertRegex(self.s_client(*roots), r"Verify return code: 2[01] ")
        answer = self.signet("pki", "chain-set", "alpha.test", stdin=self.middle.pem())
        self.assertEqual([row["issued-to"] for row in answer["rows"]], ["O=Test, CN=Middle"])
        self.assertIn("Verify return code: 0 (ok)", self.s_client(*roots))
        self.assertEqual(self.shown("alpha.test"), [pem, self.middle.pem()])
        self.assertIn("Verify return code: 62", self.s_client("-CAfile", self.root.cert, "-verify_hostname", "other.test"))
        self.signet("pki", "chain-remove", "alpha.test")
        self.assertEqual(self.shown("alpha.test"), [pem])

    def test_what_is_not_set(self):
        """SPEC C-041, C-042"""
        before = self.signet("pki", "show", "alpha.test")
        other = self.signet("pki", "csr", "beta.test")["pem"]
        for pem, why in ((self.middle.sign(other), "does not belong"), ("garbage", "no certificate"),
                         (before["chain"] + self.middle.pem(), "chain"), (before["chain"][:-300], "cut off")):
            self.assertIn(why, self.refused("pki", "cert-set", "alpha.test", stdin=pem))
            self.assertEqual(self.signet("pki", "show", "alpha.test"), before)

    def test_chain(self):
        """SPEC C-047, C-048, C-049, C-050, C-052"""
        broken = self.middle.pem().replace("\nMII", "\nMIA", 1)
        self.signet("pki", "chain-set", "alpha.test", stdin=self.stranger.pem())
        self.assertIn("certificate 2", self.refused("pki", "chain-set", "alpha.test",
                                                      stdin=self.root.pem() + broken + self.middle.pem()))
        self.assertEqual(len(self.signet("pki", "show", "alpha.test")["rows"]), 1)
        answer = self.signet("pki", "chain-set", "alpha.test", stdin=self.root.pem() + self.middle.pem() + self.root.pem())
        self.assertEqual([row["issued-to"].split("=")[-1] for row in answer["rows"]], ["Root", "Middle", "Root"])
        self.assertIn("twice", answer["message"])
        self.assertIn("root", answer["message"])
        self.signet("pki", "chain-remove", "alpha.test")

    def test_advice(self):
        """SPEC C-050, T6"""
        request = self.signet("pki", "csr", "alpha.test")["pem"]
        self.signet("pki", "cert-set", "alpha.test", stdin=self.middle.sign(request, "subjectAltName=DNS:alpha.test"))
        self.assertIn("missing", self.signet("pki", "show", "alpha.test")["message"])
        self.assertIn("not issued by", self.signet("pki", "chain-set", "alpha.test", stdin=self.stranger.pem())["message"])

    def test_self_signed(self):
        """SPEC C-007, C-055, C-056, C-058"""
        self.signet("pki", "self-signed", "alpha.test", "--o", "Example")
        pem = self.shown("alpha.test")[0]
        subject = openssl("x509", "-noout", "-subject", stdin=pem)
        self.assertEqual(subject[8:], openssl("x509", "-noout", "-issuer", stdin=pem)[7:])
        self.assertIn("O = Example", subject)
        self.assertIn("Verify return code: 18", self.s_client("-CAfile", self.root.cert))
        self.assertIn("Verify return code: 0 (ok)", self.s_client("-CAfile", self.server.certificate("alpha.test")))
        before = self.signet("pki", "show", "alpha.test")
        time.sleep(1.1)
        after = self.signet("pki", "refresh", "alpha.test")
        for same in ("serial", "subject", "names", "key"):
            self.assertEqual(before[same], after[same])
        self.assertLess(before["from"], after["from"])
        self.assertLess(before["till"], after["till"])
        self.assertNotEqual(self.signet("pki", "refresh", "alpha.test", "--new-serial")["serial"], before["serial"])

    def test_fingerprints(self):
        """SPEC P-030"""
        answer = self.signet("pki", "show", "alpha.test")
        for name in ("md5", "sha1", "sha256"):
            text = openssl("x509", "-noout", "-fingerprint", f"-{name}", stdin=answer["chain"])
            self.assertEqual(text.split("=")[1].strip().replace(":", "").lower(), answer[name])

    def test_no_refresh_of_others(self):
        """SPEC C-057"""
        request = self.signet("pki", "csr", "alpha.test")["pem"]
        self.signet("pki", "cert-set", "alpha.test", stdin=self.root.sign(request))
        self.assertIn("own key", self.refused("pki", "refresh", "alpha.test"))

    def test_remove(self):
        """SPEC C-045"""
        key = self.signet("pki", "show", "alpha.test")["key_bits"]
        answer = self.signet("pki", "cert-remove", "alpha.test")
        self.assertEqual(answer["key_bits"], key)
        self.assertFalse(self.shakes_hands("alpha.test"))
        self.assertTrue(self.shakes_hands("beta.test"))


class Trust(Pki):
    def rows(self, *words):
        return self.signet("trust", "list", *words)["rows"]

    def test_sets(self):
        """SPEC C-005, C-063, C-067, C-068, C-069, C-070, C-071, C-072"""
        one, two = Authority(self.folder, "One"), Authority(self.folder, "Two")
        self.assertGreater(len([row for row in self.rows() if row["set"] == "built-in"]), 50)
        self.signet("trust", "add", stdin=one.pem())
        self.signet("trust", "add", "--domain", "alpha.test", stdin=two.pem())
        names = lambda rows: [(row["set"], row["issued-to"]) for row in rows if row["set"] != "built-in"]
        self.assertEqual(names(self.rows()), [("server", "O=Test, CN=One")])
        self.assertEqual(names(self.rows("--domain", "alpha.test")),
                         [("server", "O=Test, CN=One"), ("domain", "O=Test, CN=Two")])
        self.assertEqual(names(self.rows("--domain", "beta.test")), [("server", "O=Test, CN=One")])
        self.assertIn("already", self.refused("trust", "add", stdin=one.pem()))
        self.assertIn("no certificate", self.refused("trust", "add", stdin="nothing"))
        mine = [row for row in self.rows("--domain", "alpha.test") if row["set"] == "domain"][0]
        text = openssl("x509", "-noout", "-fingerprint", "-sha256", stdin=two.pem())
        self.assertEqual(text.split("=")[1].strip().replace(":", "").lower(), mine["sha256"])
        self.assertIn("no certificate", self.refused("trust", "remove", mine["sha256"]))
        self.signet("trust", "remove", mine["sha256"], "--domain", "alpha.test")
        self.assertEqual(names(self.rows("--domain", "alpha.test")), [("server", "O=Test, CN=One")])
        self.signet("trust", "remove", [row for row in self.rows() if row["set"] == "server"][0]["sha256"])


class Clients(Pki):
    """Certificates of clients: asked for, judged, and good for a login."""

    VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add("ann@alpha.test", "bob@alpha.test", "cy@beta.test")
        cls.ca, cls.stranger = Authority(cls.folder, "People"), Authority(cls.folder, "Stranger")
        for domain in ("alpha.test", "beta.test"):
            cls.server.signet("trust", "add", "--domain", domain, stdin=cls.stranger.pem())
        cls.server.signet("trust", "add", "--domain", "alpha.test", stdin=cls.ca.pem())
        cls.ann = cls.user(cls.ca, "ann", "ann@alpha.test")
        cls.expired = cls.user(cls.ca, "expired", "ann@alpha.test", days=-1)
        cls.forged = cls.user(cls.stranger, "forged", "ann@alpha.test")
        cls.serverish = cls.user(cls.ca, "serverish", "ann@alpha.test", purpose="serverAuth")
        cls.foreign = cls.user(cls.ca, "foreign", "cy@beta.test")

    @classmethod
    def user(cls, ca, name, *addresses, days=20, purpose="clientAuth,emailProtection", key=None):
        """A file with key and certificate of somebody with those addresses."""
        key = key or openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        (cls.folder / "user.key").write_text(key)
        request = openssl("req", "-new", "-key", cls.folder / "user.key", "-subj", f"/CN={name}")
        names = ",".join(f"email:{address}" for address in addresses)
        path = cls.folder / f"{name}.user"
        path.write_text(key + ca.sign(request, f"subjectAltName={names}\nextendedKeyUsage={purpose}", days))
        return path

    def setUp(self):
        self.ask()

    def ask(self, *more, issuer="O=Test, CN=People"):
        """Have alpha.test ask for certificates of that issuer."""
        rows = self.signet("client-ca", "show", "alpha.test")["rows"]
        sha256 = {row["issued-to"]: row["sha256"] for row in rows}.get(issuer, "none")
        self.assertTrue(issuer is None or sha256 != "none")
        return self.signet("client-ca", "set", "alpha.test", sha256, *more)

    def context(self, user=None, version=ssl.TLSVersion.TLSv1_3, name="alpha.test"):
        context = self.server.tls(name)
        context.check_hostname = False
        context.minimum_version = context.maximum_version = version
        if user:
            context.load_cert_chain(user)
        return context

    def connect(self, listener, user=None, version=ssl.TLSVersion.TLSv1_3, session=None, name="alpha.test"):
        """A TLS connection; an OSError where there is none."""
        context = session.context if session else self.context(user, version, name)
        raw = self.server.connect(listener)
        try:
            return context.wrap_socket(raw, server_hostname=name, session=session.session if session else None)
        except OSError:
            raw.close()
            raise

    def imap_talk(self, tls, *lines):
        """What is said to the lines, after the greeting."""
        with tls, tls.makefile("rb") as said:
            text = said.readline().decode()
            for line in lines:
                tls.sendall(line.encode() + b"\r\n")
                while not (answer := said.readline().decode()).startswith(("a ", "+")):
                    text += answer
                    if not answer:
                        return text
                text += answer
            return text

    def works(self, user=None, version=ssl.TLSVersion.TLSv1_3):
        """Does TLS come up? Under 1.3 a client hears of it with the first bytes."""
        try:
            return "a OK" in self.imap_talk(self.connect("imaps", user, version), "a NOOP")
        except OSError:
            return False

    def test_asked(self):
        """SPEC C-092, C-093, C-094, C-095"""
        said = "Acceptable client certificate CA names\nO = Test, CN = People"
        listeners = [("imaps",), ("pop3s",), ("submissions",), ("smtp", "-starttls", "smtp"), ("imap", "-starttls", "imap"),
                     ("pop3", "-starttls", "pop3")]
        for listener, *start in listeners:
            with self.subTest(listener):
                self.assertIn(said, self.s_client("-tls1_2", *start, listener=listener))
        self.assertNotIn("Acceptable", self.s_client("-tls1_2", name="beta.test"))
        self.assertIn("CertificateRequest", self.s_client("-tls1_3", "-msg", "-cert", self.ann, "-key", self.ann))
        answer = self.signet("client-ca", "show", "alpha.test")
        self.assertEqual((answer["asked"], answer["required"], answer["issued-to"]), (True, False, "O=Test, CN=People"))
        self.ask(issuer=None)
        self.assertIn("No client certificate CA names sent", self.s_client("-tls1_2"))

    def test_who_gets_in(self):
        """SPEC C-091, C-097, C-098, C-099"""
        setting = "tls.abort-on-wrong-client-certificate"
        users = {"none": None, "ann": self.ann, "expired": self.expired, "forged": self.forged,
                 "serverish": self.serverish}
        cases = ((False, "off", users), (False, "on", ("none", "ann")), (True, "off", ("ann",)), (True, "on", ("ann",)))
        for required, strict, welcome in cases:
            self.ask(*(["--required"] if required else []))
            self.signet("setting", "set", setting, strict, "--domain", "alpha.test")
            for version in self.VERSIONS:
                for name, user in users.items():
                    with self.subTest(name, required=required, strict=strict, version=version):
                        self.assertEqual(self.works(user, version), name in welcome)
        self.signet("setting", "reset", setting, "--domain", "alpha.test")
        self.assertIn("its issuer is not known", self.server.log())
        self.assertIn("it has expired", self.server.log())
        self.assertIn("tls-client verdict=ok accounts=ann@alpha.test", self.server.log())

    def external(self, user, asked="", version=ssl.TLSVersion.TLSv1_3, session=None):
        """What IMAP says: CAPABILITY, then a login."""
        lines = ["a CAPABILITY", "a AUTHENTICATE EXTERNAL " + (base64.b64encode(asked.encode()).decode() or "=")]
        return self.imap_talk(self.connect("imaps", user, version, session), *lines)

    def test_imap(self):
        """SPEC C-096, C-098"""
        for version in self.VERSIONS:
            for asked in ("", "ann@alpha.test"):
                said = self.external(self.ann, asked, version)
                self.assertIn("AUTH=EXTERNAL", said)
                self.assertIn("a OK", said.splitlines()[-1])
            self.assertIn("AUTHENTICATIONFAILED", self.external(self.ann, "bob@alpha.test", version))
            for user in (None, self.expired, self.forged, self.foreign):
                said = self.external(user, version=version)
                self.assertNotIn("EXTERNAL", said)
                self.assertIn("a NO", said.splitlines()[-1])

    def test_other_keys_and_chains(self):
        """RSA and P-384, none that is weak; an authority below the one that is asked for."""
        low = Authority(self.folder, "Low", self.ca)
        kinds = {"rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
                 "P-384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
                 "weak": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")}
        for name, words in kinds.items():
            for version in self.VERSIONS:
                for issuer, more in ((self.ca, ""), (low, low.pem())):
                    with self.subTest(name, version=version, issuer=issuer.name):
                        user = self.user(issuer, name, "ann@alpha.test", key=self.key(*words))
                        user.write_text(user.read_text() + more)
                        try:
                            self.assertEqual("EXTERNAL" in self.external(user, version=version), name != "weak")
                        except ssl.SSLError:
                            self.assertEqual(name, "weak")  # the client's own library has a floor

    def test_imaplib(self):
        imap = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"])
        imap.host = "alpha.test"
        imap.starttls(self.context(self.ann))
        imap.authenticate("EXTERNAL", lambda challenge: b"")
        self.assertEqual(imap.select()[0], "OK")
        imap.logout()

    def test_smtp(self):
        smtp = smtplib.SMTP("127.0.0.1", self.server.ports["submission"])
        smtp._host = "alpha.test"
        smtp.starttls(context=self.context(self.ann))
        smtp.ehlo()
        self.assertIn("EXTERNAL", smtp.esmtp_features["auth"])
        self.assertEqual(smtp.docmd("AUTH", "EXTERNAL =")[0], 235)
        smtp.sendmail("ann@alpha.test", ["bob@alpha.test"], "Subject: by certificate\r\n\r\nhello\r\n")
        smtp.quit()

    def test_chat(self):
        """SPEC C-096: XMPP, where the certificate is asked for in the name of the stream's domain."""
        for who, want in (("", "success"), ("ann@alpha.test", "success"), ("bob@alpha.test", "failure")):
            stream = xmpp.Stream(self.server.ports["xmpp-client"])
            self.addCleanup(stream.close)
            features = stream.start_tls("alpha.test", self.context(self.ann))
            self.assertIn("EXTERNAL", [m.text for m in features.find(xmpp.SASL + "mechanisms")])
            stream.send(f"<auth xmlns='{xmpp.SASL[1:-1]}' mechanism='EXTERNAL'>{xmpp.b64(who) or '='}</auth>")
            self.assertEqual(stream.read().tag, xmpp.SASL + want, who)

    def test_pop(self):
        with self.connect("pop3s", self.ann) as tls, tls.makefile("rb") as said:
            said.readline()
            tls.sendall(b"CAPA\r\n")
            self.assertIn(b"EXTERNAL", b"".join(iter(said.readline, b".\r\n")))
            tls.sendall(b"AUTH EXTERNAL\r\n")
            self.assertEqual(said.readline(), b"+ \r\n")
            tls.sendall(b"\r\n")
            self.assertTrue(said.readline().startswith(b"+OK"))

    def test_swaks(self):
        if not shutil.which("swaks"):
            self.skipTest("needs swaks")
        words = ["swaks", "--server", "127.0.0.1", "--port", str(self.server.ports["submission"]), "--tls",
                 "--tls-cert", self.ann, "--tls-key", self.ann, "--tls-sni", "alpha.test", "--quit-after", "EHLO"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertIn("AUTH EXTERNAL", done.stdout.decode())

    def test_curl(self):
        """curl logs in by EXTERNAL when it is given a name and no password."""
        words = ["curl", "-sS", "--cacert", self.server.certificate("alpha.test"), "--cert", self.ann, "--key", self.ann,
                 "--resolve", f"alpha.test:{self.server.ports['imaps']}:127.0.0.1", "--login-options", "AUTH=EXTERNAL",
                 "--user", "ann@alpha.test", f"imaps://alpha.test:{self.server.ports['imaps']}/", "-X", "NOOP", "-v"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertRegex(done.stdout.decode(errors="replace"), r"< A00\d OK")

    def test_managesieve(self):
        if "managesieve" not in self.server.ports:
            self.skipTest("no ManageSieve in this build")
        with self.server.connect("managesieve") as raw:
            raw.settimeout(20)
            with raw.makefile("rb") as said:
                while not said.readline().startswith(b"OK"):
                    pass
                raw.sendall(b"STARTTLS\r\n")
                self.assertTrue(said.readline().startswith(b"OK"))
            with self.context(self.ann).wrap_socket(raw, server_hostname="alpha.test") as tls, tls.makefile("rb") as said:
                line = text = said.readline()
                while not line.startswith(b"OK"):
                    line = said.readline()
                    text += line
                self.assertIn(b"EXTERNAL", text)
                tls.sendall(b'AUTHENTICATE "EXTERNAL" ""\r\n')
                self.assertTrue(said.readline().startswith(b"OK"))

    def test_xmpp(self):
        """SPEC C-077, C-096"""
        if "xmpp-client" not in self.server.ports:
            self.skipTest("no XMPP in this build")
        hello = (b"<stream:stream to='alpha.test' version='1.0' xmlns='jabber:client' "
                 b"xmlns:stream='http://etherx.jabber.org/streams'>")

        def until(sock, what):
            got = b""
            while what not in got:
                more = sock.recv(4096)
                self.assertTrue(more, got)
                got += more
            return got

        with self.server.connect("xmpp-client") as raw:
            raw.settimeout(20)
            raw.sendall(hello)
            until(raw, b"</stream:features>")
            raw.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            until(raw, b"<proceed")
            with self.context(self.ann).wrap_socket(raw, server_hostname="alpha.test") as tls:
                tls.sendall(hello)
                self.assertIn(b"<mechanism>EXTERNAL</mechanism>", until(tls, b"</stream:features>"))
                tls.sendall(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
                until(tls, b"<success")

    def test_resumed(self):
        """SPEC C-082: a resumed session has the identity of the first, and no policy but today's"""
        for version in self.VERSIONS:
            first = self.connect("imaps", self.ann, version)
            first.sendall(b"a NOOP\r\n")
            first.recv(4096)
            first.recv(4096)
            session = first.session
            first.close()
            holder = type("Session", (), {"context": first.context, "session": session})
            with self.subTest(version):
                tls = self.connect("imaps", session=holder)
                self.assertTrue(tls.session_reused)
                said = self.imap_talk(tls, "a CAPABILITY", "a AUTHENTICATE EXTERNAL =")
                self.assertIn("AUTH=EXTERNAL", said)
                self.assertIn("a OK", said.splitlines()[-1])
                self.ask("--required")
                tls = self.connect("imaps", session=holder)
                self.assertFalse(tls.session_reused)
                tls.close()
                self.ask()
        # of a domain that does not ask it is worth nothing
        tls = self.connect("imaps", self.ann, name="beta.test")
        self.assertNotIn("EXTERNAL", self.imap_talk(tls, "a CAPABILITY"))

    def revoke(self, ca, *users):
        """The authority's list of revoked certificates, PEM."""
        config, index = self.folder / "crl.cnf", self.folder / "index"
        index.write_text("")
        config.write_text(f"[ca]\ndefault_ca=x\n[x]\ndatabase={index}\ndefault_md=sha256\ndefault_crl_days=5\n")
        words = ("ca", "-config", config, "-cert", ca.cert, "-keyfile", ca.key)
        for user in users:
            openssl(*words, "-revoke", user)
        openssl(*words, "-gencrl", "-out", self.folder / "crl.pem")
        return (self.folder / "crl.pem").read_text()

    def test_revoked(self):
        """SPEC C-097"""
        other = self.user(self.ca, "other", "ann@alpha.test")
        crl = self.revoke(self.ca, other)
        self.assertIn("nobody who is trusted", self.refused("trust", "crl-add", "--domain", "beta.test", stdin=crl))
        self.ask("--required")
        self.assertTrue(self.works(other))
        self.signet("trust", "crl-add", "--domain", "alpha.test", stdin=crl)
        rows = self.signet("trust", "crl-list", "--domain", "alpha.test")["rows"]
        self.assertEqual([(row["set"], row["issued-by"], row["revoked"]) for row in rows], [("domain", "O=Test, CN=People", 1)])
        for version in self.VERSIONS:
            self.assertFalse(self.works(other, version))
            self.assertTrue(self.works(self.ann, version))
        self.assertIn("it was revoked", self.server.log())
        self.signet("trust", "crl-add", "--domain", "alpha.test", stdin=self.revoke(self.ca))
        self.assertTrue(self.works(other))
        self.assertEqual(len(self.signet("trust", "crl-list", "--domain", "alpha.test")["rows"]), 1)
        forged = self.revoke(self.stranger, self.forged).replace("\nMI", "\nMA", 1)
        self.assertIn("cannot be read", self.refused("trust", "crl-add", "--domain", "alpha.test", stdin=forged))
        self.assertIn("no list", self.refused("trust", "crl-add", "--domain", "alpha.test", stdin=self.ca.pem()))
        self.signet("trust", "crl-remove", "--domain", "alpha.test")
        self.assertEqual(self.signet("trust", "crl-list", "--domain", "alpha.test")["rows"], [])

    def test_issuer_no_longer_trusted(self):
        """SPEC C-068"""
        row = [row for row in self.signet("client-ca", "show", "alpha.test")["rows"] if row["chosen"]][0]
        self.assertIn("EXTERNAL", self.external(self.ann))
        self.signet("trust", "remove", row["sha256"], "--domain", "alpha.test")
        self.assertNotIn("EXTERNAL", self.external(self.ann))
        self.signet("trust", "add", "--domain", "alpha.test", stdin=self.ca.pem())
        self.assertIn("EXTERNAL", self.external(self.ann))
