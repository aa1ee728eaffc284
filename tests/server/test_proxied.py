"""Clients that come by way of others: the PROXY protocol of load balancers, with a real haproxy, and XCLIENT of filters,
with a real swaks. Clients come from addresses of their own: all of 127/8 is this machine."""
import contextlib
import pathlib
import shutil
import smtplib
import socket
import subprocess
import tempfile
import unittest

from server import PASSWORD, Server, anyone
from waiting import wait_for

ANN = "ann@alpha.test"
BALANCER, FILTER = "127.0.99.1", "127.0.98.1"
BEHIND = {"smtp": "send-proxy", "submissions": "send-proxy-v2", "imap": "send-proxy", "imaps": "send-proxy-v2",
          "pop3": "send-proxy-v2 proxy-v2-options crc32c,unique-id", "https": "send-proxy"}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Proxied(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        cls.signet("setting", "set", "listener.proxy-from", BALANCER)
        cls.signet("setting", "set", "smtp.xclient-from", FILTER)
        cls.signet("sender-group", "entry-add", "BLOCKLIST", "127.0.20.66")
        cls.signet("sender-group", "entry-add", "RELAYLIST", "127.0.20.77", "2001:db8::77", "mx.partner.test")

    @classmethod
    def signet(cls, *words):
        return cls.server.signet(*words)

    @contextlib.contextmanager
    def connect(self, source, listener="smtp"):
        with socket.create_connection(("127.0.0.1", self.server.ports[listener]), timeout=20,
                                      source_address=(source, 0)) as sock:
            yield sock, sock.makefile("rb")

    def say(self, sock, lines, line):
        """The last line of the reply."""
        sock.sendall(line + b"\r\n")
        while (answer := lines.readline())[3:4] == b"-":
            pass
        return answer

    def said(self, *words):
        return wait_for(lambda: [line for line in self.server.log().splitlines() if all(w in line for w in words)],
                        tell=lambda: f"{words}: {self.server.log()[-3000:]}")

    # -- PROXY

    @contextlib.contextmanager
    def haproxy(self):
        """The port of each listener."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        ports = {name: free_port() for name in BEHIND}
        text = "global\n maxconn 100\ndefaults\n mode tcp\n unique-id-format %pid\n" \
               " timeout connect 9s\n timeout client 60s\n timeout server 60s\n"
        for name, how in BEHIND.items():
            text += f"listen {name}\n bind 127.0.0.1:{ports[name]}\n source {BALANCER}\n" \
                    f" server it 127.0.0.1:{self.server.ports[name]} {how}\n"
        (folder / "conf").write_text(text)
        process = subprocess.Popen(["haproxy", "-db", "-q", "-f", folder / "conf"])
        try:
            for port in ports.values():
                wait_for(lambda at=port: not socket.socket().connect_ex(("127.0.0.1", at)))
            yield ports
        finally:
            process.terminate()
            process.wait(20)

    @unittest.skipUnless(shutil.which("haproxy"), "haproxy is not installed")
    def test_behind_haproxy(self):
        with self.haproxy() as ports:
            for number, name in enumerate(BEHIND, 1):
                source = f"127.0.20.{number}"
                with socket.create_connection(("127.0.0.1", ports[name]), timeout=20,
                                              source_address=(source, 0)) as raw:
                    secure = name in ("submissions", "imaps", "https")
                    sock = anyone().wrap_socket(raw) if secure else raw
                    if name == "https":
                        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    self.assertIn(sock.recv(4)[:3], (b"220", b"* O", b"+OK", b"HTT"), name)
                    self.said("connect", f"peer={source} ", f"listener={name}")
            with smtplib.SMTP("127.0.0.1", ports["smtp"], timeout=20, source_address=("127.0.20.1", 0)) as smtp:
                smtp.sendmail("x@y.test", ANN, "Subject: by way of haproxy\r\n\r\nhello\r\n")
            with self.assertRaises(smtplib.SMTPConnectError):
                smtplib.SMTP("127.0.0.1", ports["smtp"], timeout=20, source_address=("127.0.20.66", 0))
        imap = self.server.imap(ANN)
        imap.select("INBOX")
        data = imap.fetch("1:*", "(BODY[HEADER])")[1][0][1]
        self.assertIn(b"([127.0.20.1])", data)
        imap.logout()

    def test_in_pieces_and_with_what_follows(self):
        header = b"PROXY TCP6 2001:db8::5 2001:db8::1 5000 25\r\n"
        with self.connect(BALANCER) as (sock, lines):
            for byte in header:
                sock.sendall(bytes([byte]))
            self.assertEqual(lines.readline()[:3], b"220")
        with self.connect(BALANCER) as (sock, lines):
            sock.sendall(header + b"EHLO early\r\nQUIT\r\n")  # whoever speaks too early is heard all the same
            self.assertEqual(lines.read().splitlines()[-1][:3], b"221")
        self.said("connect peer=2001:db8::5")

    def test_a_balancer_that_speaks_for_itself(self):
        for header in (b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"):
            with self.connect(BALANCER) as (sock, lines):
                sock.sendall(header)
                self.assertEqual(lines.readline()[:3], b"220")
        self.said(f"connect peer={BALANCER}")

    def test_without_a_good_header(self):
        for header in (b"EHLO x\r\n", b"PROXY TCP4 1.2.3.4\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.5 1 99999\r\n",
                       b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", b"PROXY " + b"x" * 200, b"\0" * 500):
            for listener in ("smtp", "imap", "imaps"):
                with self.connect(BALANCER, listener) as (sock, lines):
                    sock.sendall(header)
                    with contextlib.suppress(ConnectionError):
                        self.assertEqual(lines.read(), b"", header)
        self.said("proxy-refused", f"peer={BALANCER}")

    def test_forged(self):
        """From whom nobody trusts a header is no more than a wrong command."""
        with self.connect("127.0.21.1") as (sock, lines):
            self.assertEqual(self.say(sock, lines, b"PROXY TCP4 127.0.20.77 127.0.0.1 5000 25")[:3], b"220")
            self.assertEqual(lines.readline()[:3], b"500")
            self.say(sock, lines, b"EHLO x")
            self.say(sock, lines, b"MAIL FROM:<x@y.test>")
            self.assertEqual(self.say(sock, lines, b"RCPT TO:<far@elsewhere.test>")[:3], b"550")
        with self.connect("127.0.21.1", "imap") as (sock, lines):
            lines.readline()
            sock.sendall(b"PROXY TCP4 127.0.20.77 127.0.0.1 5000 143\r\n")
            self.assertIn(b"BAD", lines.readline())

    def test_forged_binary(self):
        """The same in the form of version 2, in the clear and where TLS comes first; and a second header from a balancer."""
        address = socket.inet_aton("127.0.20.77") + socket.inet_aton("127.0.0.1") + bytes([1, 1, 0, 25])
        header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + address
        with self.connect("127.0.21.3") as (sock, lines):
            sock.sendall(header + b"\r\n")
            self.assertEqual(lines.readline()[:3], b"220")
            replies = [lines.readline()[:3] for _ in range(5)]  # so many lines it is
            self.assertEqual(set(replies), {b"500"})
            self.say(sock, lines, b"EHLO x")
            self.say(sock, lines, b"MAIL FROM:<x@y.test>")
            self.assertEqual(self.say(sock, lines, b"RCPT TO:<far@elsewhere.test>")[:3], b"550")
        with self.connect("127.0.21.3", "submissions") as (sock, lines), contextlib.suppress(ConnectionError):
            sock.sendall(header)
            lines.read()
        self.said("tls-failed", "data where TLS was expected")
        self.assertEqual([line for line in self.server.log().splitlines() if "127.0.20.77" in line and "connect" in line
                          and "listener=submissions" in line], [])
        with self.connect(BALANCER) as (sock, lines):
            sock.sendall(b"PROXY TCP4 127.0.21.4 127.0.0.1 5000 25\r\nPROXY TCP4 127.0.20.77 127.0.0.1 5000 25\r\n")
            self.assertEqual((lines.readline()[:3], lines.readline()[:3]), (b"220", b"500"))
        self.said("connect", "peer=127.0.21.4")

    # -- XCLIENT

    def test_xclient(self):
        with self.connect(FILTER) as (sock, lines):
            lines.readline()
            sock.sendall(b"EHLO filter.test\r\n")
            words = []
            while not words or words[-1][3:4] == b"-":
                words.append(lines.readline())
            self.assertIn(b"XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT\r\n", [w[4:] for w in words])
            for attributes, code in ((b"ADDR=127.0.20.77 PORT=99 NAME=[UNAVAILABLE]", b"250"),
                                     (b"ADDR=IPV6:2001:db8::77 DESTADDR=IPV6:::1 DESTPORT=25", b"250"),
                                     (b"ADDR=127.0.20.78 NAME=[TEMPUNAVAIL] PROTO=ESMTP HELO=mx+2Ey.test", b"550"),
                                     (b"NAME=mx.partner.test", b"250"),
                                     (b"ADDR=127.0.20.78 LOGIN=ann@alpha.test", b"250")):
                self.assertEqual(self.say(sock, lines, b"XCLIENT " + attributes)[:3], b"220", attributes)
                self.say(sock, lines, b"EHLO x")
                self.assertEqual(self.say(sock, lines, b"MAIL FROM:<ann@alpha.test>")[:3], b"250", attributes)
                self.assertEqual(self.say(sock, lines, b"RCPT TO:<far@elsewhere.test>")[:3], code, attributes)
                self.say(sock, lines, b"RSET")
            self.assertEqual(self.say(sock, lines, b"XCLIENT ADDR=127.0.20.66")[:3], b"554")
        self.said("policy behaviour=relay group=RELAYLIST match=mx.partner.test")

    def test_xclient_that_is_wrong(self):
        with self.connect(FILTER) as (sock, lines):
            lines.readline()
            self.say(sock, lines, b"EHLO filter.test")
            for wrong in (b"WHAT=1", b"ADDR=", b"ADDR=300.1.1.1", b"ADDR=1.2.3.4 ADDR=1.2.3.4", b"PORT=70000",
                          b"HELO=a+0D+0AMAIL", b"NAME=a+2", b"PROTO=LMTP", b"NAME=" + b"x" * 300,
                          b"LOGIN=nobody@alpha.test"):
                self.assertEqual(self.say(sock, lines, b"XCLIENT " + wrong)[:3], b"501", wrong)
            self.say(sock, lines, b"EHLO filter.test")
            self.say(sock, lines, b"MAIL FROM:<x@y.test>")
            self.assertEqual(self.say(sock, lines, b"XCLIENT ADDR=1.2.3.4")[:3], b"503")

    def test_xclient_from_somebody(self):
        with self.connect("127.0.21.2") as (sock, lines):
            lines.readline()
            sock.sendall(b"EHLO x\r\n")
            while (line := lines.readline())[3:4] == b"-":
                self.assertNotIn(b"XCLIENT", line)
            self.assertEqual(self.say(sock, lines, b"XCLIENT ADDR=127.0.20.77")[:3], b"550")

    @unittest.skipUnless(shutil.which("swaks"), "swaks is not installed")
    def test_swaks(self):
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.server.ports["smtp"]),
                               "--local-interface", FILTER, "--from", "x@y.test", "--to", ANN, "--tls",
                               "--xclient-addr", "127.0.20.8", "--xclient-name", "mx.y.test"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.said("xclient peer=127.0.20.8 name=mx.y.test")


if __name__ == "__main__":
    unittest.main()
