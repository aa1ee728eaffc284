"""Port 25 under attack: who is slow on purpose, who comes a thousand times, messages made to hurt."""
import smtplib
import socket
import threading
import time
import unittest

from server import Server

ANN = "ann@alpha.test"


class Drips(unittest.TestCase):
    """A byte now and then: nobody is silent for long, and nothing ever comes to an end."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        cls.server.signet("setting", "set", "smtp.timeout", "2s")
        cls.server.signet("setting", "set", "smtp.min-rate", "50")

    def drip(self, before, text):
        """What the server says in the end, while text comes byte by byte without end."""
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=60) as sock:
            lines = sock.makefile("rb")
            for command in (b"", b"EHLO x\r\n", *before):
                sock.sendall(command)
                while lines.readline()[3:4] == b"-":
                    pass
            stop = threading.Event()

            def send():
                while not stop.wait(0.1):
                    try:
                        sock.sendall(text)
                    except OSError:
                        return

            thread = threading.Thread(target=send)
            thread.start()
            try:
                return lines.readline()
            finally:
                stop.set()
                thread.join()

    def test_a_command_that_drips(self):
        self.assertEqual(self.drip([], b"N"), b"421 4.4.2 Too slow\r\n")

    def test_a_text_that_drips(self):
        before = [b"MAIL FROM:<x@y.test>\r\n", b"RCPT TO:<ann@alpha.test>\r\n", b"DATA\r\n"]
        self.assertEqual(self.drip(before, b"."), b"421 4.4.2 Too slow\r\n")

    def test_a_chunk_that_drips(self):
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=60) as sock:
            lines = sock.makefile("rb")
            sock.sendall(b"EHLO x\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<ann@alpha.test>\r\nBDAT 100000\r\n")
            said = b""
            sock.settimeout(0.1)
            end = time.monotonic() + 30
            while b"421" not in said and time.monotonic() < end:
                try:
                    sock.sendall(b"x")
                    said += sock.recv(4096)
                except TimeoutError:
                    pass
            lines.close()
        self.assertIn(b"421 4.4.2 Too slow\r\n", said)

    def test_who_pauses_is_not_slow(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
            smtp.ehlo()
            smtp.mail("x@y.test")
            smtp.rcpt(ANN)
            smtp.docmd("DATA")
            for _ in range(4):
                smtp.send(b"0123456789abcdef" * 50 + b"\r\n")
                time.sleep(0.7)
            self.assertEqual(smtp.docmd(".")[0], 250)


class Floods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)

    def test_thousands_from_a_banned_address(self):
        """They cost no session, no log line, and nobody else anything."""
        self.server.signet("setting", "set", "ban.trusted", "127.0.0.1")
        self.server.signet("ban", "add", "127.0.66.0/24")
        before = self.server.log().count("\n")
        refused = 0
        for n in range(3000):
            with socket.socket() as sock:
                sock.settimeout(20)
                sock.bind(("127.0.66.%d" % (n % 250 + 1), 0))
                try:
                    sock.connect(("127.0.0.1", self.server.ports["smtp"]))
                    refused += sock.recv(1) == b""
                except ConnectionError:
                    refused += 1
        self.assertEqual(refused, 3000)
        self.server.send(ANN, "Subject: x\r\n\r\nstill here\r\n")
        self.assertLess(self.server.log().count("\n") - before, 50)

    def test_more_connections_than_an_address_may_have(self):
        self.server.signet("setting", "set", "session.max-per-address", "100")
        self.addCleanup(self.server.signet, "setting", "reset", "session.max-per-address")
        socks = []
        try:
            for n in range(300):
                sock = socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=20,
                                                source_address=("127.0.77.1", 0))
                socks.append(sock)
            replies = [sock.recv(3) for sock in socks]
            self.assertEqual((replies.count(b"220"), replies.count(b"421")), (100, 200))
            self.server.send(ANN, "Subject: x\r\n\r\nstill here\r\n")  # of another address
        finally:
            for sock in socks:
                sock.close()

    def bombs(self):
        """name, message."""
        deep = 20000
        yield "deep", "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(deep))
        yield "wide", 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + "--b\r\n\r\nx\r\n" * 300000
        yield "messages", "Content-Type: message/rfc822\r\n\r\n" * 100000
        yield "fields", "".join(f"X-{n}: y\r\n" for n in range(200000)) + "\r\nx\r\n"
        yield "parameters", "Content-Type: text/plain;" + ";\r\n a=b" * 200000 + "\r\n\r\nx\r\n"
        yield "addresses", "To: " + "a@b.test,\r\n " * 200000 + "\r\n\r\nx\r\n"
        yield "comments", "To: " + "(" * 500000 + "\r\n\r\nx\r\n"
        yield "words", "Subject: " + "=?utf-8?q?=41?=\r\n " * 200000 + "\r\n\r\nx\r\n"

    def test_messages_made_to_hurt(self):
        for name, message in self.bombs():
            with self.subTest(name):
                began = time.monotonic()
                self.server.send(ANN, message)
                imap = self.server.imap(ANN)
                n = imap.select("INBOX")[1][0]
                self.assertEqual(imap.fetch(n, "(ENVELOPE BODYSTRUCTURE RFC822.SIZE)")[0], "OK")
                self.assertEqual(imap.search(None, "TEXT", "nowhere")[0], "OK")
                imap.store(n, "+FLAGS", r"\Deleted")
                imap.expunge()
                imap.logout()
                self.assertLess(time.monotonic() - began, 60)  # in hours, if time grew with the square


if __name__ == "__main__":
    unittest.main()
