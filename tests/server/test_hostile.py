"""Bad input from the network: the proper error, one log line, and nobody else notices."""
import resource
import socket
import time
import unittest

from server import PASSWORD, Server, anyone

ANN, CY = "ann@alpha.test", "cy@beta.test"


class Line:
    """A connection that sends anything and reads lines."""

    def __init__(self, port, source="127.0.0.1"):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
        self.file = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.file.close()
        self.sock.close()

    def read(self):
        return self.file.readline()

    def reply(self):
        """An SMTP reply's last line."""
        while (line := self.read())[3:4] == b"-":
            pass
        return line

    def send(self, data):
        self.sock.sendall(data)

    def ask(self, data):
        self.send(data)
        return self.reply()

    def secure(self):
        self.file.close()
        self.sock = anyone().wrap_socket(self.sock, server_hostname="alpha.test")
        self.file = self.sock.makefile("rb")
        return self


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, CY)
        cls.bystander = cls.server.imap(CY)
        cls.addClassCleanup(cls.bystander.shutdown)
        cls.bystander.select("INBOX")

    def setUp(self):
        self.log_before = len(self.server.log())

    def tearDown(self):
        """After each attack the server is alive, serves, and has ended nobody else's session."""
        self.deliver("after the attack")
        self.assertEqual(self.bystander.noop()[0], "OK")

    def port(self, name):
        return self.server.ports[name]

    def deliver(self, subject):
        self.server.send(CY, f"Subject: {subject}\r\n\r\nhello\r\n")

    def log_lines(self, event):
        return [line for line in self.server.log()[self.log_before:].splitlines() if f" {event} " in line + " "]

    def logged(self, event, count=1):
        """So many lines tell of it, and no more."""
        end = time.monotonic() + 5
        while len(self.log_lines(event)) < count and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(len(self.log_lines(event)), count, event)

    def smtp(self):
        line = Line(self.port("smtp"))
        self.assertTrue(line.reply().startswith(b"220 "))
        self.assertTrue(line.ask(b"EHLO test.example\r\n").startswith(b"250 "))
        return line

    def imap(self):
        line = Line(self.port("imaps")).secure()
        self.assertTrue(line.read().startswith(b"* OK"))
        line.send(f"a LOGIN {ANN} \"{PASSWORD}\"\r\n".encode())
        while not (got := line.read()).startswith(b"a "):
            pass
        self.assertTrue(got.startswith(b"a OK"), got)
        return line

    # --- SMTP

    def test_long_command_line(self):
        with self.smtp() as smtp:
            self.assertTrue(smtp.ask(b"MAIL FROM:<" + b"a" * 1000000 + b"@b.test>\r\n").startswith(b"500 5.5.6"))
            self.assertTrue(smtp.ask(b"NOOP\r\n").startswith(b"250"))
        self.logged("bad-command")

    def test_bare_line_feed_in_command(self):
        with self.smtp() as smtp:
            self.assertTrue(smtp.ask(b"NOOP\n").startswith(b"500 5.5.2"))
            self.assertTrue(smtp.ask(b"NO\x00OP\r\n").startswith(b"500 5.5.2"))
            self.assertTrue(smtp.ask(b"NOOP\r\n").startswith(b"250"))
        self.logged("bad-command", 2)

    def begin(self, smtp):
        self.assertTrue(smtp.ask(b"MAIL FROM:<x@elsewhere.test>\r\n").startswith(b"250"))
        self.assertTrue(smtp.ask(f"RCPT TO:<{CY}>\r\n".encode()).startswith(b"250"))
        self.assertTrue(smtp.ask(b"DATA\r\n").startswith(b"354"))

    def test_smuggling(self):
        """No end of data but CR LF . CR LF; text with bare CR or LF is refused whole."""
        ends = (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r")
        for end in ends:
            with self.smtp() as smtp:
                self.begin(smtp)
                smtp.send(b"Subject: a\r\n\r\ntext" + end + b"MAIL FROM:<smuggled@elsewhere.test>\r\n.\r\n")
                self.assertTrue(smtp.reply().startswith(b"554 5.6.0"), end)
                self.assertTrue(smtp.ask(b"NOOP\r\n").startswith(b"250"), end)
        self.logged("refused", len(ends))

    def test_end_in_pieces(self):
        with self.smtp() as smtp:
            self.begin(smtp)
            for byte in b"Subject: pieces\r\n\r\n..dot\r\n.\r\n":
                smtp.send(bytes([byte]))
                time.sleep(0.002)
            self.assertTrue(smtp.reply().startswith(b"250"))

    def test_nul_in_text(self):
        with self.smtp() as smtp:
            self.begin(smtp)
            self.assertTrue(smtp.ask(b"Subject: a\r\n\r\nx\x00y\r\n.\r\n").startswith(b"554 5.6.0"))
        self.logged("refused")

    def test_too_large(self):
        self.server.signet("setting", "set", "smtp.max-message-size", "100k")
        self.addCleanup(self.server.signet, "setting", "reset", "smtp.max-message-size")
        with self.smtp() as smtp:
            self.assertTrue(smtp.ask(b"MAIL FROM:<x@elsewhere.test> SIZE=99999999999999999999\r\n").startswith(b"552"))
        with self.smtp() as smtp:
            self.begin(smtp)
            self.assertTrue(smtp.ask(b"x\r\n" * 50000 + b".\r\n").startswith(b"552 5.3.4"))
        self.logged("refused", 2)

    def test_a_header_without_end(self):
        """Fields, one field in folds, and one in parameters, for as long as it is read: refused at the bound, once."""
        self.server.signet("setting", "set", "smtp.max-message-size", "2M")
        self.addCleanup(self.server.signet, "setting", "reset", "smtp.max-message-size")
        for first, more in ((b"", b"X-%d: value\r\n" % 7), (b"X: a\r\n", b" folded\r\n"),
                            (b"Content-Type: multipart/mixed;\r\n", b" boundary*%d=x;\r\n" % 7),
                            (b"To: a\r\n", b" <a@b.test>,\r\n")):
            with self.smtp() as smtp:
                self.begin(smtp)
                smtp.send(first + more * (2 * 2**20 // len(more) + 2) + b".\r\n")
                self.assertTrue(smtp.reply().startswith(b"552 5.3.4"), more)
            with self.smtp() as smtp:  # just below it
                self.begin(smtp)
                smtp.send(first + more * (2 * 2**20 // len(more) - 20) + b".\r\n")
                self.assertTrue(smtp.reply().startswith(b"250"), more)
        self.logged("refused", 4)
        imap = self.server.imap(CY)
        imap.select()
        self.assertEqual(imap.fetch("1:*", "(ENVELOPE BODYSTRUCTURE)")[0], "OK")
        imap.logout()

    def test_hundred_thousand_recipients(self):
        with self.smtp() as smtp:
            self.assertTrue(smtp.ask(b"MAIL FROM:<x@elsewhere.test>\r\n").startswith(b"250"))
            codes = set()
            for _ in range(100):
                smtp.send(f"RCPT TO:<{CY}>\r\n".encode() * 1000)
                codes |= {smtp.reply()[:9] for _ in range(1000)}
            self.assertEqual(codes, {b"250 2.1.5", b"452 4.5.3"})
        self.logged("refused")

    def test_names_tried(self):
        """Who guesses addresses gets slower answers in the end; the log grows no faster than that."""
        with self.smtp() as smtp:
            self.assertTrue(smtp.ask(b"MAIL FROM:<x@elsewhere.test>\r\n").startswith(b"250"))
            began = time.monotonic()
            for n in range(52):
                self.assertTrue(smtp.ask(b"RCPT TO:<user%d@beta.test>\r\n" % n).startswith(b"550 5.1.1"))
            self.assertGreater(time.monotonic() - began, 0.8)
        self.logged("refused", 52)

    def test_wrong_order(self):
        with Line(self.port("smtp")) as smtp:
            smtp.reply()
            for command in (b"MAIL FROM:<a@b.test>", b"RCPT TO:<a@b.test>", b"DATA", b"STARTTLS"):
                self.assertTrue(smtp.ask(command + b"\r\n").startswith(b"503"), command)
            smtp.ask(b"EHLO x.test\r\n")
            for command in (b"RCPT TO:<a@b.test>", b"DATA"):
                self.assertTrue(smtp.ask(command + b"\r\n").startswith(b"503"), command)
        self.logged("bad-command", 6)

    def test_nonsense_ends(self):
        with self.smtp() as smtp:
            for _ in range(19):
                self.assertTrue(smtp.ask(b"BLAH\r\n").startswith(b"500"))
            smtp.send(b"BLAH\r\n")
            self.assertTrue(smtp.reply().startswith(b"500"))
            self.assertTrue(smtp.reply().startswith(b"421"))
            self.assertEqual(smtp.read(), b"")
        self.logged("too-many-bad-commands")

    def test_injection_before_tls(self):
        """What is sent in the clear behind STARTTLS is forgotten."""
        line = self.smtp()
        line.send(b"STARTTLS\r\nMAIL FROM:<injected@elsewhere.test>\r\n")
        self.assertTrue(line.reply().startswith(b"220"))
        with line.secure():
            self.assertTrue(line.ask(b"NOOP\r\n").startswith(b"250"))
            self.assertTrue(line.ask(f"RCPT TO:<{CY}>\r\n".encode()).startswith(b"503"))
        self.logged("dropped-before-tls")

    # --- TLS

    def test_garbage_before_tls(self):
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\x00" * 1000, b"\x16\x03\x01\xff\xff" + b"a" * 70000,
                        b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", b"a LOGIN x y\r\n"):
            for listener in ("imaps", "pop3s", "submissions"):
                with Line(self.port(listener)) as line:
                    try:
                        line.send(garbage)
                        line.sock.settimeout(5)
                        while line.sock.recv(4096):
                            pass
                    except ConnectionError:
                        pass
        self.logged("tls-failed", 15)

    def test_thousand_half_open(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        held = []
        try:
            for n in range(1000):
                sock = socket.create_connection(("127.0.0.1", self.port("imaps")), timeout=10)
                if n % 2:
                    sock.sendall(b"\x16\x03\x01\x02\x00\x01")
                held.append(sock)
            began = time.monotonic()
            with self.imap() as imap:
                imap.send(b"b NOOP\r\n")
                self.assertTrue(imap.read().startswith(b"b OK"))
            self.deliver("beside them")
            self.assertLess(time.monotonic() - began, 20)
            self.assertLess(self.server.threads(), 60)
        finally:
            for sock in held:
                sock.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.logged("tls-failed", 1000)

    # --- IMAP and POP3

    def test_huge_literal(self):
        with self.imap() as imap:
            imap.send(b"b APPEND INBOX {10737418240}\r\n")
            self.assertRegex(imap.read(), rb"^b (NO|BAD) ")
            imap.send(b"c NOOP\r\n")
            self.assertTrue(imap.read().startswith(b"c OK"))
        with self.imap() as imap:
            imap.send(b"b APPEND INBOX {10737418240+}\r\nsome text")
            self.assertRegex(imap.read(), rb"^(b (NO|BAD)|\* BYE) ")
        self.logged("refused", 2)

    def test_literal_before_login(self):
        with Line(self.port("imaps")).secure() as imap:
            imap.read()
            imap.send(b"a LOGIN {99999999}\r\n")
            self.assertRegex(imap.read(), rb"^(a (NO|BAD)|\* BYE) ")
        self.logged("bad-command")

    def test_imap_nonsense(self):
        with self.imap() as imap:
            for bad in (b"\r\n", b"b\r\n", b"b FETCH\r\n", b"b UID\r\n", b"b NOOP x\r\n", b"b SEARCH (((((\r\n",
                        b"b LIST \"\r\n", b"\x00\x00 NOOP\r\n"):
                imap.send(bad)
                self.assertRegex(imap.read(), rb"^(b|\*) BAD ", bad)
            imap.send(b"c " + b"x" * 1000000 + b"\r\n")
            self.assertRegex(imap.read(), rb"^(c|\*) (BAD|BYE) ")
        self.logged("bad-command", 9)

    def test_no_oracle(self):
        """A wrong password and an account that does not exist: the same answer, and the same time."""
        def attempt(user):
            with Line(self.port("imaps")).secure() as imap:
                imap.read()
                began = time.monotonic()
                imap.send(f"a LOGIN {user} wrong\r\n".encode())
                return imap.read(), time.monotonic() - began
        known, unknown = attempt(ANN), attempt("nobody@alpha.test")
        self.assertEqual(known[0], unknown[0])
        self.assertTrue(known[0].startswith(b"a NO [AUTHENTICATIONFAILED]"), known[0])
        self.assertGreater(min(known[1], unknown[1]), 0.05)

    def test_wrong_passwords_slow_down(self):
        def attempt():
            with Line(self.port("pop3s"), "127.0.0.77").secure() as pop:
                pop.read()
                pop.send(b"USER slow@alpha.test\r\n")
                pop.read()
                began = time.monotonic()
                pop.send(b"PASS wrong\r\n")
                self.assertTrue(pop.read().startswith(b"-ERR"))
                return time.monotonic() - began
        times = [attempt() for _ in range(3)]
        self.assertGreater(times[1], 1.5 * times[0])
        self.assertGreater(times[2], 1.5 * times[1])
        self.logged("login-failed", 3)

    def test_pop_nonsense(self):
        with Line(self.port("pop3s")).secure() as pop:
            pop.read()
            for bad in (b"STAT\r\n", b"RETR 1\r\n", b"USER\r\n", b"\x00\r\n", b"X" * 5000 + b"\r\n"):
                pop.send(bad)
                self.assertTrue(pop.read().startswith(b"-ERR"), bad)
        self.logged("bad-command", 5)

    def test_slow_readers_cost_no_memory(self):
        """Clients that ask for much and read nothing."""
        self.server.send(ANN, "Subject: large\r\n\r\n" + ("x" * 70 + "\r\n") * 100000)
        before = self.server.rss()
        held = []
        for _ in range(20):
            imap = self.imap()
            imap.send(b"b SELECT INBOX\r\n" + b"c FETCH 1:* BODY.PEEK[]\r\n" * 20)
            held.append(imap)
        time.sleep(2)
        grown = self.server.rss() - before
        for imap in held:
            imap.sock.close()
        if not self.server.is_sanitized():
            self.assertLess(grown, 64 * 1024 * 1024)
