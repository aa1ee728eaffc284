"""COMPRESS=DEFLATE (RFC 4978): a client of our own over zlib; mutt has one, too (test_clients)."""
import random
import ssl
import unittest
import zlib

import mailmaker
from server import PASSWORD, Server, anyone

ANN = "ann@alpha.test"


class Compressed:
    """A line by line client, which expands and compresses once it is told to."""

    def __init__(self, port, tls=True):
        import socket
        sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock = anyone().wrap_socket(sock, server_hostname="alpha.test") if tls else sock
        self.data, self.inflate, self.deflate = b"", None, None
        self.received = 0
        self.line()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.sock.close()

    def more(self):
        got = self.sock.recv(65536)
        if not got:
            raise EOFError
        self.received += len(got)
        self.data += self.inflate.decompress(got) if self.inflate else got

    def line(self):
        while b"\r\n" not in self.data:
            self.more()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def send(self, data):
        if self.deflate:
            data = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        self.sock.sendall(data)

    def command(self, text, tag=b"T1"):
        self.send(tag + b" " + text + b"\r\n")
        lines = [self.line()]
        while not lines[-1].startswith(tag + b" "):
            lines.append(self.line())
        return lines

    def compress(self):
        answer = self.command(b"COMPRESS DEFLATE")
        if answer[-1].startswith(b"T1 OK"):
            self.inflate, self.deflate = zlib.decompressobj(-15), zlib.compressobj(wbits=-15)
        return answer[-1]

    def login(self):
        assert self.command(f'LOGIN {ANN} "{PASSWORD}"'.encode())[-1].startswith(b"T1 OK")


class Compress(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        cls.text = mailmaker.message(1, ANN, [ANN]) + b"the same line again and again\r\n" * 20000
        cls.server.send(ANN, cls.text)

    def client(self):
        return self.enterContext(Compressed(self.server.ports["imaps"]))

    def test_reads_and_writes(self):
        client = self.client()
        self.assertNotIn(b"COMPRESS", client.command(b"CAPABILITY")[0])
        self.assertTrue(client.command(b"COMPRESS DEFLATE")[-1].startswith(b"T1 BAD"))
        client.login()
        self.assertIn(b"COMPRESS=DEFLATE", client.command(b"CAPABILITY")[0])
        self.assertTrue(client.command(b"COMPRESS LZ4")[-1].startswith(b"T1 BAD"))
        self.assertTrue(client.compress().startswith(b"T1 OK"))
        self.assertNotIn(b"COMPRESS", client.command(b"CAPABILITY")[0])
        self.assertTrue(client.command(b"COMPRESS DEFLATE")[-1].startswith(b"T1 NO [COMPRESSIONACTIVE]"))
        client.command(b"SELECT INBOX")
        before = client.received
        lines = client.command(b"FETCH 1 BODY.PEEK[]")
        self.assertEqual(sum(line == b"the same line again and again" for line in lines), 20000)
        self.assertLess(client.received - before, 20000)
        random_text = random.Random(1).randbytes(100000).hex().encode()
        client.send(b"b APPEND INBOX {%d+}\r\n" % len(random_text) + random_text + b"\r\n")
        while not (line := client.line()).startswith(b"b "):
            pass
        self.assertTrue(line.startswith(b"b OK [APPENDUID"), line)
        uid = line.split(b"]")[0].split()[-1]
        self.assertTrue(random_text + b")" in client.command(b"UID FETCH " + uid + b" BODY.PEEK[]"))
        client.command(b"LOGOUT")

    def test_is_told_of_news(self):
        client = self.client()
        client.login()
        client.compress()
        client.command(b"SELECT INBOX")
        client.send(b"i IDLE\r\n")
        client.line()
        self.server.send(ANN, b"Subject: news\r\n\r\n")
        self.assertTrue(client.line().endswith(b" EXISTS"))
        client.send(b"DONE\r\n")
        self.assertTrue(client.line().startswith(b"i OK"))

    def test_what_is_not_deflate_ends_it(self):
        client = self.client()
        client.login()
        client.compress()
        client.sock.sendall(b"\xff" * 1000)
        with self.assertRaises((EOFError, ConnectionError, ssl.SSLError)):
            while True:
                client.more()

    def test_text_behind_the_command_ends_it(self):
        client = self.client()
        client.login()
        client.send(b"T1 COMPRESS DEFLATE\r\nb NOOP\r\n")
        self.assertTrue(client.line().startswith(b"T1 OK"))
        with self.assertRaises((EOFError, ConnectionError, ssl.SSLError)):
            client.line()

    def test_a_little_that_expands_to_much(self):
        """A line is bounded, however small it was on the wire; the server goes on."""
        client = self.client()
        client.login()
        client.compress()
        rss = self.server.rss()
        client.send(b"a NOOP" + b" " * 50000000)
        client.send(b"\r\n")
        self.assertTrue(client.line().startswith(b"a BAD"))
        if not self.server.is_sanitized():
            self.assertLess(self.server.rss() - rss, 20 << 20)
        self.assertTrue(client.command(b"NOOP", b"n")[-1].startswith(b"n OK"))


if __name__ == "__main__":
    unittest.main()
