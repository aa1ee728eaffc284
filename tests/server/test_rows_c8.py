"""test_rows_c8 - TLS connections and their settings, row by row of section C8"""
import re
import socket
import ssl
import struct
import subprocess
import time

from server import anyone
from test_pki import Authority, Pki, openssl

OLD = "ALL:@SECLEVEL=0"  # openssl says no to what is old by itself
STARTTLS = (("smtp", "smtp"), ("submission", "smtp"), ("imap", "imap"), ("pop3", "pop3"))
DIRECT = ("submissions", "imaps", "pop3s", "https", "xmpps-client")


class Rows(Pki):
    """Every test gives back what it set."""

    def setUp(self):
        self.since = len(self.server.log())

    def tearDown(self):
        for row in self.signet("setting", "list", "tls.", "--changed")["rows"]:
            self.signet("setting", "reset", row["name"])

    def set(self, name, value):
        self.signet("setting", "set", name, value)

    def logged(self, wait=2.0):
        """What was logged since the test began; the log may come a moment later than the client's end."""
        end, last = time.monotonic() + wait, ""
        while time.monotonic() < end:
            text = self.server.log()[self.since:]
            if text == last and text:
                break
            last = text
            time.sleep(0.1)
        return last

    def tls_lines(self):
        return [line for line in self.logged().splitlines() if re.search(r" (imap|smtp|pop3) tls", line)]

    def subject(self, text):
        """Of the certificate in what s_client says; empty: there was no handshake."""
        found = re.search(r"^subject=(.*)$", text, re.M)
        return found[1] if found and "Server certificate\n" in text else ""

    def refused_by(self, alert, *more, **how):
        self.assertIn(f"SSL alert number {alert}", self.s_client(*more, **how))


class Connections(Rows):
    @classmethod
    def setUpClass(cls):
        """At all addresses of the machine, of which loopback has many."""
        super().setUpClass()
        cls.server.stop()
        cls.server.start("-a", "0.0.0.0")

    def test_C_073_every_service_shows_the_domain(self):
        for listener, word in STARTTLS:
            with self.subTest(listener):
                self.assertIn("alpha.test", self.subject(self.s_client("-starttls", word, listener=listener)))
        for listener in DIRECT:
            with self.subTest(listener):
                self.assertIn("alpha.test", self.subject(self.s_client(listener=listener)))
        with self.subTest("managesieve"):
            done = subprocess.run(["gnutls-cli", "--insecure", "--starttls-proto=sieve", "-p",
                                   str(self.server.ports["managesieve"]), "--sni-hostname=alpha.test", "127.0.0.1"],
                                  input=b"LOGOUT\r\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            self.assertIn(b"subject `CN=alpha.test'", done.stdout)

    def test_C_074_a_port_of_its_own_and_an_upgrade(self):
        for listener in DIRECT:
            with self.subTest(listener):
                self.assertIn("Server certificate", self.s_client(listener=listener))
        for listener, word in STARTTLS + (("xmpp-client", "xmpp"),):
            with self.subTest(listener):
                more = ("-xmpphost", "alpha.test") if word == "xmpp" else ()
                self.assertIn("Server certificate", self.s_client("-starttls", word, *more, listener=listener))

    def test_C_075_the_address_chooses_the_domain(self):
        self.signet("domain", "address", "beta.test", "127.0.0.2")
        try:
            for address, domain in (("127.0.0.1", "alpha.test"), ("127.0.0.2", "beta.test")):
                self.assertIn(domain, self.shown_at(address), address)
        finally:
            self.signet("domain", "address", "beta.test")

    def shown_at(self, address):
        """The subject of what a client without a server name is shown."""
        text = openssl("s_client", "-connect", f"{address}:{self.server.ports['imaps']}", "-noservername",
                       stdin="a LOGOUT\r\n")
        return self.subject(text)

    def test_C_076_an_address_of_nobody_is_the_main_domains(self):
        self.assertIn("alpha.test", self.shown_at("127.0.0.9"))
        self.assertRegex(self.logged(), r"imap tls .*domain=alpha.test sni=\"\"")

    def test_C_077_a_stream_names_its_domain(self):
        text = self.s_client("-starttls", "xmpp", "-xmpphost", "beta.test", listener="xmpp-client", name="x")
        self.assertIn("beta.test", self.subject(text))


class Panel(Rows):
    EIGHT = {"tls.log-level": "summary", "tls.session-ttl": "8h", "tls.oldest-version": "1.2", "tls.sni": "on",
             "tls.cbc-ciphers": "off", "tls.weak-ciphers": "off", "tls.sslv2-hello": "off",
             "tls.abort-on-wrong-client-certificate": "off"}

    def test_C_078_eight_settings(self):
        rows = {row["name"]: row["value"] for row in self.signet("setting", "list", "tls.")["rows"]}
        self.assertEqual({name: rows.get(name) for name in self.EIGHT}, self.EIGHT)

    def test_C_079_how_much_the_log_says(self):
        def events(level, *more):
            self.set("tls.log-level", level)
            self.since = len(self.server.log())
            self.s_client(*more)
            return [re.search(r" (tls\S*)", line)[1] for line in self.tls_lines()]

        self.assertEqual(events("crashes"), [])
        self.assertEqual(events("crashes", "-alpn", "foo"), [])
        self.assertEqual(events("failures"), [])
        self.assertEqual(events("failures", "-alpn", "foo"), ["tls-failed"])
        self.assertEqual(events("summary"), ["tls"])
        self.assertEqual(events("details"), ["tls", "tls-details"])
        self.assertEqual(events("low-level", "-alpn", "imap"), ["tls-hello", "tls", "tls-details"])
        hello, summary, details = self.tls_lines()
        self.assertRegex(hello, r"versions=\"0304 .*suites=\".*1301.*alpn=imap sni=alpha.test")
        self.assertRegex(summary, r"peer=127.0.0.1 protocol=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 domain=alpha.test "
                                  r"sni=alpha.test resumed=0")
        self.assertRegex(details, r"group=X25519 key=P-256 alpn=imap client-certificate=0")

    def test_C_083_the_oldest_version(self):
        """1.1 is refused with an alert and a line; 1.2 is taken; 1.3 alone refuses 1.2."""
        self.refused_by(70, "-tls1_1", "-cipher", OLD)
        self.assertIn('tls-failed reason="client offers no TLS 1.2 or 1.3"', self.logged())
        self.assertIn("New, TLSv1.2", self.s_client("-tls1_2"))
        self.set("tls.oldest-version", "1.3")
        self.refused_by(70, "-tls1_2")
        self.assertIn("New, TLSv1.3", self.s_client())
        for old in ("ssl3", "1.0"):
            self.assertIn("not in this build", self.refused("setting", "set", "tls.oldest-version", old))
        self.assertIn("1.0: the TLS library", self.signet("setting", "get", "tls.oldest-version")["not in this build"])

    def test_C_085_sni_on_and_off(self):
        for name in ("alpha.test", "beta.test"):
            self.assertIn(name, self.subject(self.s_client(name=name)))
        self.set("tls.sni", "off")
        self.assertIn("alpha.test", self.subject(self.s_client(name="beta.test")))
        self.set("tls.sni", "on")
        self.assertIn("beta.test", self.subject(self.s_client(name="beta.test")))

    def test_C_086_aliases_names_and_strangers(self):
        self.signet("domain-alias", "add", "alias.test", "beta.test")
        ca = Authority(self.folder, "wild")
        request = self.signet("pki", "csr", "beta.test")["pem"]
        self.signet("pki", "cert-set", "beta.test",
                    stdin=ca.sign(request, "subjectAltName=DNS:beta.test,DNS:*.wild.test,DNS:one.other.test"))
        issued = {"alias.test", "x.wild.test", "one.other.test", "BETA.TEST", "beta.test."}
        try:
            for name in issued:
                self.assertIn("CN=wild", self.issuer(name).replace(" ", ""), name)
            for name in ("unknown.test", "wild.test", "a.x.wild.test", "xn--nonsense", "other.test", "x" * 200):
                self.assertIn("alpha.test", self.subject(self.s_client(name=name)), name)
        finally:
            self.signet("pki", "renew", "beta.test")
            self.signet("domain-alias", "remove", "alias.test")

    def issuer(self, name):
        return (re.findall(r"^issuer=(.*)$", self.s_client(name=name), re.M) or [""])[0]

    def test_a_change_is_seen_at_once(self):
        """Every handshake behind the operation shows the new certificate; what is open stays."""
        with self.server.connect("imaps") as raw, anyone().wrap_socket(raw, server_hostname="beta.test") as open_one:
            open_one.recv(1000)
            for _ in range(5):
                self.signet("pki", "renew", "beta.test")
                new = self.signet("pki", "show", "beta.test")["chain"]
                self.assertEqual(self.shown("beta.test"), re.findall(r"-----BEGIN.*?END CERTIFICATE-----\n", new, re.S))
            open_one.sendall(b"a NOOP\r\n")
            self.assertIn(b"a OK", open_one.recv(1000))

    def test_C_087_cbc_for_old_tls(self):
        """The oldest that the library knows is 1.1; it has nothing but CBC."""
        with_cbc = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0")
        self.set("tls.oldest-version", "1.1")
        self.refused_by(70, "-tls1_1", "-cipher", OLD)
        self.assertIn("Cipher is ECDHE-ECDSA-AES128-SHA256", self.s_client(*with_cbc))
        self.set("tls.cbc-ciphers", "on")
        self.assertIn("Cipher is ECDHE-ECDSA-AES128-SHA\n", self.s_client("-tls1_1", "-cipher", OLD))
        self.assertIn("Cipher is ECDHE-ECDSA-AES128-SHA256", self.s_client(*with_cbc))
        self.refused_by(70, "-tls1", "-cipher", OLD)
        self.set("tls.oldest-version", "1.2")
        self.refused_by(70, "-tls1_1", "-cipher", OLD)

    def test_C_088_no_datagrams(self):
        """There is no service on UDP that could speak DTLS."""
        with open("/proc/net/udp", encoding="ascii") as table:
            used = {int(line.split()[1].split(":")[1], 16) for line in table.readlines()[1:]}
        self.assertFalse(used & set(self.server.ports.values()))

    def test_C_089_weak_ciphers(self):
        self.set("tls.cbc-ciphers", "on")
        said = self.refused("setting", "set", "tls.weak-ciphers", "on")
        self.assertIn("not in this build", said)
        self.assertIn("128 bits", said)
        self.assertEqual(self.signet("setting", "get", "tls.weak-ciphers")["value"], "off")
        # DES, RC4 of 40 bits, none at all: suites by number, since openssl makes no such offer any more
        for suite in (0x0009, 0x0003, 0x0001, 0x000a):
            self.assertEqual(self.answer_to(self.hello(suite))[:1], b"\x15", hex(suite))

    def hello(self, suite):
        """A ClientHello of TLS 1.2 with one cipher suite."""
        body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">HH", 2, suite) + b"\1\0"
        return struct.pack(">BHH", 22, 0x0301, len(body) + 4) + b"\1" + struct.pack(">I", len(body))[1:] + body

    def answer_to(self, data):
        with self.server.connect("imaps") as s:
            s.sendall(data)
            s.settimeout(5)
            try:
                return s.recv(100)
            except ConnectionResetError:
                return b""

    def test_C_090_an_sslv2_hello(self):
        """The switch stays off; a hello of that form is no TLS here, and is told nothing."""
        self.assertIn("not in this build", self.refused("setting", "set", "tls.sslv2-hello", "on"))
        body = b"\1\3\1" + struct.pack(">HHH", 3, 0, 16) + b"\0\0\x2f" + bytes(16)
        self.assertEqual(self.answer_to(struct.pack(">H", 0x8000 | len(body)) + body), b"")
        self.assertIn("SSLv2 hello", self.logged())

    def test_alpn(self):
        """RFC 7301 3.2: what both know, an alert when there is nothing, no word to those who do not ask."""
        for listener, name in (("imaps", "imap"), ("pop3s", "pop3"), ("https", "http/1.1"), ("xmpps-client", "xmpp-client")):
            with self.subTest(listener):
                self.assertIn(f"ALPN protocol: {name}\n", self.s_client("-alpn", f"foo,{name}", listener=listener))
                self.refused_by(120, "-alpn", "foo,smtp", listener=listener)
                self.assertIn("No ALPN negotiated", self.s_client(listener=listener))
        self.assertIn("ALPN protocol: http/1.1\n", self.s_client("-alpn", "h2,http/1.1", listener="https"))
        self.refused_by(120, "-alpn", "h2", listener="https")
        # there is no registered name for SMTP: the extension is not looked at
        self.assertIn("No ALPN negotiated", self.s_client("-alpn", "smtp", listener="submissions"))


class Sessions(Rows):
    """Resumption by ticket (TLS 1.3 and 1.2) and by session id."""

    WAYS = {"ticket of TLS 1.3": ("-tls1_3",), "ticket of TLS 1.2": ("-tls1_2",),
            "session id": ("-tls1_2", "-no_ticket")}

    def file(self, way):
        return self.folder / (way.replace(" ", "-") + ".session")

    def begin(self, way, **how):
        text = self.s_client(*self.WAYS[way], "-ign_eof", "-sess_out", self.file(way), **how)
        self.assertIn("New, TLSv1", text)

    def resumes(self, way, **how):
        text = self.s_client(*self.WAYS[way], "-ign_eof", "-sess_in", self.file(way), **how)
        self.assertRegex(text, "(New|Reused), TLSv1")
        return "Reused, TLSv1" in text

    def hold(self, way):
        """A connection that stays open until its input is closed."""
        process = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.ports['imaps']}",
                                    "-servername", "alpha.test", *self.WAYS[way], "-sess_out", str(self.file(way))],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not (self.file(way).exists() and self.file(way).read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        return process

    def test_C_080_time_to_live(self):
        """From the close of the last connection on; an open one keeps the session alive."""
        self.set("tls.session-ttl", "3s")
        for way in self.WAYS:
            self.begin(way)
        time.sleep(2)
        for way in self.WAYS:
            self.assertTrue(self.resumes(way), f"{way}: a second before its end")
        time.sleep(2)
        for way in self.WAYS:
            self.assertTrue(self.resumes(way), f"{way}: counted from the close of the last")
        time.sleep(4)
        for way in self.WAYS:
            self.assertFalse(self.resumes(way), f"{way}: a second after its end")
            self.file(way).unlink()
        held = [self.hold(way) for way in self.WAYS]
        time.sleep(4)
        for way in self.WAYS:
            self.assertTrue(self.resumes(way), f"{way}: while a connection is open")
        for process in held:
            process.communicate(b"a LOGOUT\r\n")
        time.sleep(4)
        for way in self.WAYS:
            self.assertFalse(self.resumes(way), f"{way}: after the last was closed")

    def test_C_080_with_gnutls(self):
        for priority in ("NORMAL", "NORMAL:-VERS-TLS1.3", "NORMAL:-VERS-TLS1.3:%NO_TICKETS"):
            done = subprocess.run(["gnutls-cli", "--insecure", "-r", "--waitresumption", "--priority", priority, "-p",
                                   str(self.server.ports["imaps"]), "--sni-hostname=alpha.test", "127.0.0.1"],
                                  input=b"a LOGOUT\r\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            self.assertIn(b"This is a resumed session", done.stdout, priority)

    def test_C_080_not_at_all(self):
        self.set("tls.session-ttl", "0s")
        for way in self.WAYS:
            self.s_client(*self.WAYS[way], "-sess_out", self.file(way))
            self.assertFalse(self.file(way).exists() and self.file(way).read_text() and self.resumes(way), way)

    def test_C_081_resumption_saves_time(self):
        def cpu():
            with open(f"/proc/{self.server.process.pid}/stat", encoding="ascii") as stat:
                words = stat.read().rsplit(")", 1)[1].split()
            return int(words[11]) + int(words[12])

        def connect(session=None):
            raw = socket.create_connection(("127.0.0.1", self.server.ports["imaps"]))
            with context.wrap_socket(raw, server_hostname="alpha.test", session=session) as tls:
                tls.recv(100)
                return tls.session, tls.session_reused

        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        for ticket in (True, False):
            if not ticket:
                context.options |= ssl.OP_NO_TICKET
            session, _ = connect()
            began = cpu()
            reused = [connect(session)[1] for _ in range(500)]
            between = cpu()
            full = [connect()[1] for _ in range(500)]
            self.assertTrue(all(reused) and not any(full))
            self.assertLess(between - began, cpu() - between)

    def test_C_082_bound_to_domain_and_policy(self):
        for way in self.WAYS:
            with self.subTest(way):
                self.begin(way)
                self.assertTrue(self.resumes(way))
                self.assertFalse(self.resumes(way, name="beta.test"))
                self.assertTrue(self.resumes(way, name="unknown.test"))  # is alpha.test, too

    def test_C_082_ends_with_what_it_was_made_under(self):
        ca = Authority(self.folder, "Bound")
        self.signet("trust", "add", "--domain", "alpha.test", stdin=ca.pem())
        own = [row["sha256"] for row in self.signet("trust", "list", "--domain", "alpha.test")["rows"]
               if "CN=Bound" in row["issued-to"]][0]
        changes = (("certificate", ("pki", "renew", "alpha.test"), None),
                   ("mode", ("pki", "mode", "alpha.test", "test"), ("pki", "mode", "alpha.test", "enabled")),
                   ("client certificates", ("client-ca", "set", "alpha.test", own), ("client-ca", "set", "alpha.test", "none")),
                   ("abort", ("setting", "set", "tls.abort-on-wrong-client-certificate", "on"), None),
                   ("version", ("setting", "set", "tls.oldest-version", "1.1"), None))
        self.set("tls.cbc-ciphers", "on")
        for name, change, back in changes:
            for way in self.WAYS:
                self.begin(way)
                self.assertTrue(self.resumes(way), (name, way))
            self.signet(*change)
            for way in self.WAYS:
                self.assertFalse(self.resumes(way), (name, way))
            if back:
                self.signet(*back)

    def test_statistics(self):
        """Each handshake is counted once under each heading, in the operation and in /metrics."""
        def counts():
            return {(row["of"], row["what"]): row["count"] for row in self.signet("tls", "stats", "--all")["rows"]}

        before = counts()
        self.begin("ticket of TLS 1.3")
        self.assertTrue(self.resumes("ticket of TLS 1.3"))
        self.begin("session id")
        self.s_client("-alpn", "foo")
        after = counts()
        changed = {key: after[key] - before[key] for key in after if after[key] != before[key] and key[0] != "memory"}
        self.assertEqual(changed, {
            ("handshakes", "full"): 2, ("handshakes", "resumed"): 1, ("handshakes", "failed"): 1,
            ("versions", "1.3"): 2, ("versions", "1.2"): 1,
            ("ciphers", "TLS_AES_128_GCM_SHA256"): 2, ("ciphers", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"): 1,
            ("keys", "P-256"): 3, ("client certificates", "none"): 3})
        self.assertGreaterEqual(after["memory", "sessions of clients"], 1)


class Clients(Rows):
    """A domain that asks clients for certificates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ca, cls.stranger = (Authority(cls.folder, name) for name in ("Clients", "Strangers"))
        cls.server.signet("trust", "add", "--domain", "beta.test", stdin=cls.ca.pem())
        own = [row for row in cls.server.signet("trust", "list", "--domain", "beta.test")["rows"]
               if "CN=Clients" in row["issued-to"]]
        cls.server.signet("client-ca", "set", "beta.test", own[0]["sha256"])
        cls.key = cls.folder / "client.key"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", cls.key)

    def certificate(self, authority, days=10):
        request = openssl("req", "-new", "-key", self.key, "-subj", "/CN=client")
        path = self.folder / f"{authority.name}-{days}.pem"
        path.write_text(authority.sign(request, "extendedKeyUsage=clientAuth", days=days))
        return path

    def offers(self, certificate):
        """Does a server say something to a client with that certificate?"""
        return "* OK" in self.s_client("-cert", certificate, "-key", self.key, "-quiet", name="beta.test", wait=0.3)

    def test_C_091_abort_on_a_wrong_certificate(self):
        good, wrong = self.certificate(self.ca), self.certificate(self.stranger)
        self.assertTrue(self.offers(good))
        self.assertTrue(self.offers(wrong))
        self.assertIn("tls-client verdict=", self.logged())
        self.set("tls.abort-on-wrong-client-certificate", "on")
        self.assertTrue(self.offers(good))
        self.assertFalse(self.offers(wrong))
        self.assertIn("tls-failed", self.logged())
        self.assertIn("* OK", self.s_client("-quiet", name="beta.test", wait=0.3))
