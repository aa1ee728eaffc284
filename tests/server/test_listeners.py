"""Listeners that an admin adds, moves, turns off and removes."""
import smtplib
import socket
import unittest

from server import Server, anyone

ANN = "ann@alpha.test"


class Listeners(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.server.add(ANN)

    def refused(self, *words):
        done = self.server.run_signet(*words)
        self.assertNotEqual(done.returncode, 0, words)
        return done.stdout.decode()

    def restart(self):
        self.assertEqual(self.server.stop(), 0)
        self.server.start()

    def rcpt(self, listener, source, to):
        with smtplib.SMTP("127.0.0.1", self.server.ports[listener], timeout=20, source_address=(source, 0)) as smtp:
            smtp.ehlo()
            smtp.mail("x@y.test")
            return smtp.rcpt(to)[0]

    def test_added_changed_and_removed(self):
        signet = self.server.signet
        signet("listener", "add", "inside", "smtp", "127.0.0.1:0", "--role", "private")
        signet("listener", "add", "users", "smtp", "127.0.0.1:0", "--role", "submission", "--tls", "implicit")
        signet("listener", "change", "pop3", "--address", "off")
        signet("sender-group", "add", "OWN", "RELAYED", "--listener", "inside")
        signet("sender-group", "entry-add", "OWN", "127.0.5.0/24", "--listener", "inside")
        self.assertNotIn("inside", self.server.ports)
        self.restart()
        self.assertNotIn("pop3", self.server.ports)
        self.assertEqual(self.rcpt("inside", "127.0.5.1", "far@elsewhere.test"), 250)
        with self.assertRaises(smtplib.SMTPConnectError) as refused:
            self.rcpt("inside", "127.0.6.1", ANN)
        self.assertEqual(refused.exception.smtp_code, 554)
        self.assertEqual(self.rcpt("smtp", "127.0.5.1", "far@elsewhere.test"), 550)  # of another listener
        with smtplib.SMTP_SSL("127.0.0.1", self.server.ports["users"], timeout=20, context=anyone()) as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.mail("x@y.test"), (530, b"5.7.0 Log in first"))
        rows = {row["name"]: row for row in signet("listener", "list")["rows"]}
        self.assertEqual((rows["users"]["protocol"], rows["users"]["tls"]), ("smtp", "implicit TLS"))
        shown = signet("listener", "show", "inside")
        self.assertEqual(shown["listening"], f"127.0.0.1:{self.server.ports['inside']}")
        self.assertIn({"setting": "listener.role", "value": "private"}, shown["rows"])

        signet("listener", "remove", "users")
        signet("listener", "change", "inside", "--role", "public")
        self.restart()
        self.assertNotIn("users", self.server.ports)
        self.assertEqual(self.rcpt("inside", "127.0.6.1", ANN), 250)

    def test_what_cannot_be(self):
        self.assertIn("already", self.refused("listener", "add", "imap", "imap", "127.0.0.1:0"))
        self.assertIn("no protocol", self.refused("listener", "add", "x", "control", "127.0.0.1:0"))
        self.assertIn("no protocol", self.refused("listener", "add", "x", "gopher", "127.0.0.1:0"))
        for wrong in ("127.0.0.1:x", "300.0.0.1:25", "host:25", "127.0.0.1:99999"):
            self.assertIn("no address", self.refused("listener", "change", "imap", "--address", wrong))
        self.assertIn("no address", self.refused("listener", "add", "half", "imap", "nowhere:1"))
        self.assertIn("no listener", self.refused("listener", "show", "half"))
        self.assertIn("letters", self.refused("listener", "add", "a/b", "imap", "127.0.0.1:0"))
        self.assertIn("always there", self.refused("listener", "remove", "imap"))
        self.assertIn("no listener", self.refused("listener", "remove", "nothing"))
        self.assertIn("no listener", self.refused("listener", "show", "nothing"))
        self.assertIn("one of", self.refused("listener", "change", "imap", "--tls", "perhaps"))
        self.restart()
        socket.create_connection(("127.0.0.1", self.server.ports["imap"]), timeout=20).close()


if __name__ == "__main__":
    unittest.main()
