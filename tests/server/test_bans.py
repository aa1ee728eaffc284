"""Addresses that are banned: for what, how they are refused, and for how long."""
import smtplib
import socket
import unittest

from server import Server, anyone
from waiting import wait_for

ANN = "ann@alpha.test"
LISTENERS = ("smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s", "managesieve", "xmpp-client",
             "http", "https")


class Bans(unittest.TestCase):
    """Each test comes from addresses of its own: all of 127/8 is this machine."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        cls.set("ban.trusted", "127.0.0.1 127.0.9.9")
        cls.set("ban.after-failed-logins", "3")
        cls.set("ban.after-unknown-recipients", "3")
        cls.set("ban.after-bad-connections", "2")
        cls.set("auth.failure-delay", "1ms")
        cls.set("auth.failure-delay-max", "2ms")
        cls.set("smtp.max-bad-commands", "3")

    @classmethod
    def set(cls, name, value):
        cls.server.signet("setting", "set", name, value)

    def connect(self, source, listener="smtp"):
        return socket.create_connection(("127.0.0.1", self.server.ports[listener]), timeout=20,
                                        source_address=(source, 0))

    def is_refused(self, source, listener="smtp"):
        """Closed at once, with not a word."""
        try:
            with self.connect(source, listener) as sock:
                if listener in ("http", "https", "submissions", "imaps", "pop3s", "xmpp-client"):
                    sock.settimeout(3)
                return sock.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def bans(self):
        return {row["address"]: row for row in self.server.signet("ban", "list")["rows"]}

    def smtp(self, source):
        return smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=20, source_address=(source, 0))

    def guess(self, source, times):
        """Wrong passwords at port 465."""
        for _ in range(times):
            with socket.create_connection(("127.0.0.1", self.server.ports["submissions"]), timeout=20,
                                          source_address=(source, 0)) as raw:
                with anyone().wrap_socket(raw) as sock, sock.makefile("rb") as lines:
                    lines.readline()
                    sock.sendall(b"EHLO x\r\n")
                    while lines.readline()[3:4] == b"-":
                        pass
                    sock.sendall(b"AUTH PLAIN AGFubkBhbHBoYS50ZXN0AHdyb25n\r\n")
                    self.assertEqual(lines.readline()[:3], b"535")

    def test_wrong_passwords(self):
        self.guess("127.0.1.1", 2)
        self.assertNotIn("127.0.1.1", self.bans())
        self.guess("127.0.1.1", 1)
        self.assertEqual(self.bans()["127.0.1.1"]["why"], "logins")
        for listener in LISTENERS:
            if listener in self.server.ports:
                self.assertTrue(self.is_refused("127.0.1.1", listener), listener)
        self.assertFalse(self.is_refused("127.0.1.2"))
        self.assertIn("ban-begun address=127.0.1.1 why=logins seconds=900", self.server.log())

    def test_names_that_are_guessed(self):
        with self.smtp("127.0.2.1") as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            self.assertEqual(smtp.rcpt(ANN)[0], 250)
            for n in range(3):
                self.assertEqual(smtp.rcpt(f"user{n}@alpha.test")[0], 550)
        self.assertEqual(self.bans()["127.0.2.1"]["why"], "recipients")
        self.assertTrue(self.is_refused("127.0.2.1"))

    def test_nonsense(self):
        for _ in range(2):
            with self.connect("127.0.3.1") as sock:
                sock.sendall(b"GET / HTTP/1.1\r\n" * 3)
                while sock.recv(4096):
                    pass
        self.assertEqual(self.bans()["127.0.3.1"]["why"], "nonsense")
        self.assertTrue(self.is_refused("127.0.3.1"))

    def test_trusted_networks_are_not_banned(self):
        self.guess("127.0.9.9", 4)
        self.assertNotIn("127.0.9.9", self.bans())
        self.server.signet("ban", "add", "127.0.9.0/24")
        self.assertFalse(self.is_refused("127.0.9.9"))
        self.assertTrue(self.is_refused("127.0.9.8"))

    def test_an_admin_bans_a_network(self):
        self.server.signet("ban", "add", "127.0.4.77/24", "--time", "2h")
        self.server.signet("ban", "add", "2001:db8::/32")
        bans = self.bans()
        self.assertEqual(bans["127.0.4.0/24"]["why"], "admin")
        self.assertIn("2001:db8::/32", bans)
        self.assertTrue(self.is_refused("127.0.4.1"))
        self.assertFalse(self.is_refused("127.0.5.1"))
        self.server.signet("ban", "remove", "127.0.4.0/24")
        self.assertFalse(self.is_refused("127.0.4.1"))
        for words in (["add", "nonsense"], ["add", "127.0.0.1/33"], ["add", "::1", "--time", "0s"],
                      ["add", "::1", "--time", "soon"], ["remove", "192.0.2.1"]):
            self.assertNotEqual(self.server.run_signet("ban", *words).returncode, 0, words)

    def test_a_ban_ends_and_the_next_is_longer(self):
        self.set("ban.time", "1s")
        self.addCleanup(self.set, "ban.time", "15m")
        self.guess("127.0.6.1", 3)
        self.assertTrue(self.is_refused("127.0.6.1"))
        wait_for(lambda: not self.is_refused("127.0.6.1"))
        self.assertIn("ban-ended address=127.0.6.1 why=logins", self.server.log())
        self.guess("127.0.6.1", 3)
        self.assertIn("ban-begun address=127.0.6.1 why=logins seconds=2", self.server.log())


class Restart(unittest.TestCase):
    def test_bans_outlast_a_restart(self):
        with Server() as server:
            server.signet("setting", "set", "ban.trusted", "::1")
            server.signet("ban", "add", "127.0.7.0/24")
            server.signet("ban", "add", "127.0.8.1", "--time", "1s")
            server.stop()
            server.start()
            self.assertEqual([row["address"] for row in server.signet("ban", "list")["rows"]][:1], ["127.0.7.0/24"])
            with socket.create_connection(("127.0.0.1", server.ports["smtp"]), timeout=20,
                                          source_address=("127.0.7.7", 0)) as sock:
                try:
                    self.assertEqual(sock.recv(1), b"")
                except ConnectionError:
                    pass
            server.signet("ban", "remove", "127.0.7.0/24")
            server.stop()
            server.start()
            self.assertNotIn("127.0.7.0/24", str(server.signet("ban", "list")))


if __name__ == "__main__":
    unittest.main()
