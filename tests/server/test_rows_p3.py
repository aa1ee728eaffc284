"""test_rows_p3 - TLS as Postfix's settings have it, row by row of section P3: sessions, logging, level"""
import smtplib
import ssl
import time

from server import anyone
from sink import Sink
from test_pki import openssl
from test_rows_c8 import Rows


class Caches(Rows):
    """Sessions under ids, which clients of TLS 1.2 without tickets have."""

    OLD = ("-tls1_2", "-no_ticket")

    def connect(self, *more):
        return self.s_client(*self.OLD, *more)

    def counts(self):
        return {row["what"]: row["count"] for row in self.signet("tls", "stats", "--all")["rows"] if row["of"] == "memory"}

    def test_P_019_two_databases(self):
        """Entries appear after handshakes, and are two trees of Berkeley DB."""
        before = self.counts()["sessions of clients"]
        for _ in range(5):
            self.connect()
        self.connect("-tls1_2")
        self.assertEqual(self.counts()["sessions of clients"], before + 5)
        self.assertEqual(self.counts()["sessions with servers"], 0)
        self.server.stop()
        sizes = {}
        for name in ("server", "client"):
            data = (self.server.data / "sessions" / f"{name}.db").read_bytes()
            self.assertEqual(data[12:16], bytes.fromhex("62310500"))  # a B-tree
            sizes[name] = len(data)
        self.assertGreaterEqual(sizes["server"], sizes["client"])
        self.server.start()
        self.assertEqual(self.counts()["sessions of clients"], before + 5)

    def test_P_020_a_timeout(self):
        """Its default is 8 hours, a day can be set, and it is held (with seconds here; test_tls_session shifts
        the clock by a day)."""
        self.set("tls.session-ttl", "86400s")
        self.assertEqual(self.signet("setting", "get", "tls.session-ttl")["value"], "86400s")
        self.set("tls.session-ttl", "2s")
        path = self.folder / "timeout.session"
        self.connect("-sess_out", path)
        self.assertIn("Reused, ", self.connect("-sess_in", path))
        time.sleep(3)
        self.assertIn("New, ", self.connect("-sess_in", path))

    def test_P_021_restart(self):
        """Ids and tickets outlive the server's end, and a crash once they are written."""
        ways = {"id": self.OLD, "ticket": ("-tls1_2",), "1.3": ("-tls1_3",)}
        for name, way in ways.items():
            self.s_client(*way, "-ign_eof", "-sess_out", self.folder / name)
        self.server.stop()
        self.server.start()
        for name, way in ways.items():
            self.assertIn("Reused, ", self.s_client(*way, "-sess_in", self.folder / name), name)
        self.s_client(*self.OLD, "-sess_out", self.folder / "late")
        time.sleep(5)  # written behind
        self.server.kill()
        self.server.start()
        for name, way in {**ways, "late": self.OLD}.items():
            self.assertIn("Reused, ", self.s_client(*way, "-sess_in", self.folder / name), name)


class Outgoing(Rows):
    """Mail for another server, which offers STARTTLS."""

    def counts(self):
        return {(row["of"], row["what"]): row["count"] for row in self.signet("tls", "stats", "--all")["rows"]}

    def send(self, sink):
        """One message by a connection of its own."""
        before = len(sink.messages)
        with self.server.submission("ann@alpha.test") as smtp:
            smtp.sendmail("ann@alpha.test", ["x@far.test"], "Subject: x\r\n\r\nx\r\n")
        end = time.monotonic() + 30
        while (len(sink.messages) == before or sink.open) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(len(sink.messages), before + 1)
        self.assertTrue(sink.messages[-1].tls, self.server.log()[-2000:])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key, pem = cls.folder / "far.key", cls.folder / "far.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=far.test",
                "-days", "10", "-keyout", key, "-out", pem)
        cls.far = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.far.load_cert_chain(pem, key)
        cls.server.add("ann@alpha.test")

    def tearDown(self):
        super().tearDown()
        self.signet("setting", "reset", "relay.route")
        self.far.maximum_version, self.far.minimum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_2

    def test_C_084_the_oldest_version_is_for_those_who_come(self):
        """To a server that knows TLS 1.1 only, it speaks that, though it would not be spoken to so."""
        self.set("tls.oldest-version", "1.3")
        self.far.set_ciphers("ALL:@SECLEVEL=0")
        self.far.minimum_version = self.far.maximum_version = ssl.TLSVersion.TLSv1_1
        with Sink("127.0.0.2", tls=self.far) as sink:
            self.signet("setting", "set", "relay.route", f"[127.0.0.2]:{sink.port}")
            self.send(sink)
        self.assertRegex(self.logged(), r"relay-tls .*TLSv1\.1")

    def test_P_019_sessions_with_servers(self):
        """They are resumed, kept over a restart, and not used under another policy."""
        with Sink("127.0.0.2", tls=self.far) as sink:
            self.signet("setting", "set", "relay.route", f"[127.0.0.2]:{sink.port}")
            before = self.counts()
            for _ in range(3):
                self.send(sink)
            counts = self.counts()
            self.assertEqual([counts[key] - before[key] for key in before if key[0] == "outgoing handshakes"], [1, 2, 0])
            self.assertGreaterEqual(counts["memory", "sessions with servers"], 1)
            self.server.stop()
            self.server.start()
            self.send(sink)
            counts = self.counts()
            self.assertEqual((counts["outgoing handshakes", "full"], counts["outgoing handshakes", "resumed"]), (0, 1))


class Levels(Rows):
    def test_P_022_log_levels(self):
        """0 to 4 are crashes to low-level: nothing; a line with peer, protocol, cipher; details."""
        def lines(level):
            self.set("tls.log-level", level)
            self.since = len(self.server.log())
            self.s_client("-starttls", "smtp", listener="smtp", stdin="QUIT\r\n")
            return self.tls_lines()

        self.assertEqual(lines("crashes"), [])
        (line,) = lines("summary")
        self.assertRegex(line, r"smtp tls peer=127\.0\.0\.1 protocol=TLSv1\.3 cipher=TLS_AES_128_GCM_SHA256 ")
        self.assertEqual(len(lines("details")), 2)
        self.assertEqual(len(lines("low-level")), 3)

    def test_P_023_may(self):
        """Port 25 takes mail with TLS and without."""
        self.server.add("ann@alpha.test")
        for tls in (True, False):
            with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
                smtp.ehlo()
                self.assertTrue(smtp.has_extn("starttls"))
                if tls:
                    smtp.starttls(context=anyone())
                smtp.sendmail("x@elsewhere.test", ["ann@alpha.test"], "Subject: x\r\n\r\nx\r\n")
