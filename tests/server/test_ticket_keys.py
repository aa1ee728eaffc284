"""test_ticket_keys - ticket keys seen, turned, and shared by two servers"""
from server import Server
from test_pki import openssl
from test_rows_c8 import Rows

PASSWORD = "a password of the exported keys\n"
WAYS = {"1.3": ("-tls1_3",), "1.2": ("-tls1_2",)}


class TicketKeys(Rows):
    """Two servers that show the same certificate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = Server().__enter__()
        cls.other.signet("domain", "add", "alpha.test")
        key = cls.folder / "shared.key"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        pem = openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=alpha.test", "-days", "10",
                      "-addext", "subjectAltName=DNS:alpha.test")
        for server in (cls.server, cls.other):
            server.signet("pki", "key-import", "alpha.test", "--replace", stdin=key.read_text())
            server.signet("pki", "cert-set", "alpha.test", stdin=pem[pem.index("-----BEGIN"):])

    @classmethod
    def tearDownClass(cls):
        cls.other.__exit__(None, None, None)
        super().tearDownClass()

    def begin(self, name):
        self.assertIn("New, TLSv1", self.s_client(*WAYS[name], "-ign_eof", "-sess_out", self.folder / name))

    def resumes(self, name, server=None):
        port = (server or self.server).ports["imaps"]
        text = openssl("s_client", "-connect", f"127.0.0.1:{port}", "-servername", "alpha.test", "-ign_eof",
                       *WAYS[name], "-sess_in", self.folder / name, stdin="a LOGOUT\r\n")
        self.assertRegex(text, "(New|Reused), TLSv1")
        return "Reused, TLSv1" in text

    def names(self, server=None):
        return [row["key"] for row in (server or self.server).signet("tls", "ticket-keys")["rows"]]

    def test_rotate(self):
        before = self.names()
        self.begin("1.3")
        self.signet("tls", "ticket-keys-rotate")
        after = self.names()
        self.assertNotIn(after[0], before)
        self.assertEqual(after[2], before[0])  # it opens still
        self.assertTrue(self.resumes("1.3"))
        self.signet("tls", "ticket-keys-rotate", "--forget")
        self.assertEqual(len(self.names()), 2)
        self.assertFalse(self.resumes("1.3"))
        self.begin("1.3")
        self.server.stop()
        self.server.start()
        self.assertTrue(self.resumes("1.3"))

    def test_shared(self):
        for name in WAYS:
            self.begin(name)
            self.assertFalse(self.resumes(name, self.other))
        exported = self.signet("tls", "ticket-keys-export", stdin=PASSWORD)["keys"]
        path = self.folder / "keys.txt"
        path.write_text(exported)
        self.other.signet("tls", "ticket-keys-import", "--keys-file", str(path), stdin=PASSWORD)
        self.assertEqual(self.names()[:2], self.names(self.other)[:2])
        for name in WAYS:
            self.assertTrue(self.resumes(name, self.other), name)

    def test_what_is_not_imported(self):
        exported = self.signet("tls", "ticket-keys-export", stdin=PASSWORD)["keys"]
        before = self.names()
        changed = exported[:-10] + ("A" if exported[-10] != "A" else "B") + exported[-9:]
        for text, password, why in ((exported, "wrong\n", "password is wrong"), (changed, PASSWORD, "text changed"),
                                    ("junk", PASSWORD, "no ticket keys"), (exported[:60], PASSWORD, "no ticket keys"),
                                    (exported + "!", PASSWORD, "no ticket keys"),
                                    ("signet-ticket-keys-1 " + "A" * 100000, PASSWORD, "no ticket keys")):
            path = self.folder / "bad.txt"
            path.write_text(text)
            self.assertIn(why, self.refused("tls", "ticket-keys-import", "--keys-file", str(path), stdin=password))
        self.assertEqual(self.names(), before)

    def test_secret(self):
        """No key in the store's files or the log as it is, no password on the command line."""
        self.assertIn("command line", self.refused("tls", "ticket-keys-export", "--password", "x"))
