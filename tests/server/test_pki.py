"""test_pki - trust and certificates of clients, as an admin and a client see them"""
import base64
import imaplib
import shutil
import smtplib
import ssl
import subprocess
import time

import xmpp
from pki import Authority, Case, openssl


class Pki(Case):
    """One whose openssl stays connected for a while."""

    command = Case.talk

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

    def key(self, *words):
        """A private key of openssl's, PEM."""
        return openssl("genpkey", "-quiet", *words)


class Trust(Pki):
    def rows(self, *words):
        return self.signet("trust", "list", *words)["rows"]

    def test_sets(self):
        """C-005, C-063, C-067, C-068, C-069, C-070, C-071, C-072"""
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
        """C-092, C-093, C-094, C-095"""
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
        """C-091, C-097, C-098, C-099"""
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
        """C-096, C-098"""
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
        """C-096: XMPP, where the certificate is asked for in the name of the stream's domain."""
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
        """C-077, C-096"""
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
        """C-082: a resumed session has the identity of the first, and no policy but today's"""
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
        """C-097"""
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
        """C-068"""
        row = [row for row in self.signet("client-ca", "show", "alpha.test")["rows"] if row["chosen"]][0]
        self.assertIn("EXTERNAL", self.external(self.ann))
        self.signet("trust", "remove", row["sha256"], "--domain", "alpha.test")
        self.assertNotIn("EXTERNAL", self.external(self.ann))
        self.signet("trust", "add", "--domain", "alpha.test", stdin=self.ca.pem())
        self.assertIn("EXTERNAL", self.external(self.ann))
