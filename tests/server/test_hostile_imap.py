"""Bad input to IMAP: refused with words that help, while everybody else is served."""
import concurrent.futures
import contextlib
import socket
import unittest
import zlib

from server import PASSWORD, Server, anyone
from waiting import wait_for

ANN, CY = "ann@alpha.test", "cy@beta.test"


class Client:
    """A session that sends any bytes."""

    def __init__(self, server, user=ANN):
        plain = socket.create_connection(("127.0.0.1", server.ports["imaps"]), timeout=60)
        self.sock = anyone().wrap_socket(plain, server_hostname="alpha.test")
        self.held, self.inflate = b"", None
        self.line()
        self.ask(f"LOGIN {user} \"{PASSWORD}\"".encode())

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.sock.close()

    def receive(self):
        data = self.sock.recv(65536)
        self.held += self.inflate.decompress(data) if self.inflate else data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.held:
            if not self.receive():
                return None
        line, self.held = self.held.split(b"\r\n", 1)
        return line

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, tag=b"x"):
        """All lines up to the tagged one, or to the end of the connection."""
        lines = [self.line()]
        while lines[-1] is not None and not lines[-1].startswith(tag + b" "):
            lines.append(self.line())
        return lines if lines[-1] is not None else lines[:-1] + [b""]

    def ask(self, command):
        self.send(b"x " + command + b"\r\n")
        return self.answer()

    def result(self, command):
        return self.ask(command)[-1]


class HostileImap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, CY)
        cls.server.signet("setting", "set", "imap.max-bad-commands", "1000")
        cls.bystander = cls.enterClassContext(Client(cls.server, CY))
        cls.bystander.ask(b"SELECT INBOX")
        with Client(cls.server) as imap:
            text = (b"Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                    b"--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n")
            imap.ask(b"APPEND INBOX {%d+}\r\n%b" % (len(text), text))

    def setUp(self):
        self.imap = self.enterContext(Client(self.server))
        self.assertTrue(self.imap.result(b"SELECT INBOX").startswith(b"x OK"))

    def tearDown(self):
        self.assertTrue(self.bystander.result(b"NOOP").startswith(b"x OK"))

    def goes_on(self):
        self.assertTrue(self.imap.result(b"FETCH 1 UID").startswith(b"x OK"))

    def refuses(self, command, *words):
        line = self.imap.result(command)
        self.assertRegex(line, rb"^x (BAD|NO) ", command[:60])
        for word in words:
            self.assertIn(word, line)
        self.goes_on()

    def test_literals_that_never_come(self):
        """They hold a connection and nothing else; others come and go."""
        with contextlib.ExitStack() as stack:
            for i in range(12):
                held = stack.enter_context(Client(self.server))
                held.send((b"x APPEND INBOX {9999999+}\r\nSubject: ", b"x LIST \"\" {50+}\r\n", b"x APPEND INBOX {77}\r\n",
                           b"x SEARCH TEXT {1000000+}\r\nabc")[i % 4])
            for _ in range(4):
                with Client(self.server, CY) as other:
                    self.assertTrue(other.result(b"SELECT INBOX").startswith(b"x OK"))
        wait_for(lambda: len(self.server.signet("session", "list")["rows"]) <= 3)
        self.goes_on()
        self.assertEqual(self.imap.ask(b"STATUS INBOX (MESSAGES)")[0], b"* STATUS \"INBOX\" (MESSAGES 1)")

    def test_news_that_nobody_fetches(self):
        """RFC 5465 5.8: a client that did not read is told that it was too much, and hears no more of it."""
        text = b"Subject: a\r\n\r\n" + (b"x" * 998 + b"\r\n") * 30000
        self.imap.ask(b"APPEND Sent {%d+}\r\n%b" % (len(text), text))
        self.imap.ask(b"NOTIFY SET (personal (MailboxMetadataChange))")
        self.imap.ask(b"SELECT Sent")
        self.imap.send(b"x FETCH * BODY.PEEK[]\r\n")
        with Client(self.server) as other:
            for i in range(4):
                names = b" ".join(b"/private/%b%d-%d NIL" % (b"a" * 480, i, j) for j in range(50))
                self.assertTrue(other.result(b"SETMETADATA INBOX (%b)" % names).startswith(b"x OK"))
            lines = self.imap.answer()[-3:]
            self.assertTrue(lines[-2].startswith(b"* OK [NOTIFICATIONOVERFLOW]"), [line[:80] for line in lines])
            other.ask(b"SETMETADATA INBOX (/private/b NIL)")
        self.assertEqual(len(self.imap.ask(b"NOOP")), 1)
        self.goes_on()

    def test_a_set_of_a_million_numbers(self):
        self.refuses(b"FETCH " + b",".join(b"%d" % n for n in range(1, 1_000_001)) + b" UID", b"Too long")
        self.refuses(b"UID STORE " + b"1," * 1_000_000 + b"1 FLAGS (\\Seen)", b"Too long")
        most = b",".join(b"%d" % n for n in range(1, 20_000, 2))
        self.assertTrue(self.imap.result(b"UID FETCH " + most + b" UID").startswith(b"x OK"))
        self.refuses(b"FETCH 1:4294967295,99999999999 UID")
        self.refuses(b"FETCH 0 UID")

    def test_brackets_ten_thousand_deep(self):
        deep = b"(" * 10_000
        for command in (b"SEARCH " + deep + b"ALL" + b")" * 10_000, b"SEARCH " + b"NOT " * 10_000 + b"ALL",
                        b"SEARCH " + b"OR " * 10_000 + b"ALL", b"SEARCH " + b"FUZZY " * 9_000 + b"ALL",
                        b"SORT " + deep, b"FETCH 1 " + deep, b"FETCH 1 BODY[" + b"1." * 10_000 + b"1]", b"LIST " + deep,
                        b"STORE 1 FLAGS " + deep, b"ESEARCH IN " + deep, b"NOTIFY SET " + deep, b"ID " + deep,
                        b"STATUS INBOX " + deep, b"SELECT INBOX " + deep, b"APPEND INBOX " + deep):
            with self.subTest(command[:12]):
                line = self.imap.result(command)
                self.assertRegex(line, rb"^x (BAD|NO|OK) ")
        self.assertTrue(self.imap.result(b"SELECT INBOX").startswith(b"x OK"))

    def test_a_hundred_thousand_keys(self):
        self.refuses(b"SEARCH" + b" ALL" * 100_000, b"Too long")
        self.refuses(b"SEARCH" + b" ALL" * 1_001)
        self.refuses(b"SEARCH" + b" TEXT x" * 51)
        self.refuses(b"SEARCH" + b" TEXT {1+}\r\nx" * 1_000)
        self.refuses(b"SORT (" + b"DATE " * 1_000 + b"DATE) UTF-8 ALL")
        self.refuses(b"ESEARCH IN (" + b"personal " * 1_000 + b"inboxes) ALL")
        self.assertEqual(self.imap.ask(b"SEARCH" + b" ALL" * 999)[0], b"* SEARCH 1")

    def test_more_messages_than_may_be_stored(self):
        """RFC 9738: none of them is."""
        self.server.signet("setting", "set", "imap.save-limit", "1000")
        self.addCleanup(self.server.signet, "setting", "reset", "imap.save-limit")
        self.refuses(b"APPEND INBOX" + b" {4+}\r\nA: b" * 1001, b"[MESSAGELIMIT 1000]")
        self.assertEqual(self.imap.ask(b"STATUS INBOX (MESSAGES)")[0], b"* STATUS \"INBOX\" (MESSAGES 1)")

    def test_long_tags_in_many_pieces(self):
        """The head of a command is looked at again with each piece of it."""
        pieces = b" NOOP {0+}\r\n" + b"{0+}\r\n" * 150_000 + b"\r\n"
        self.imap.send(b"t" * 60_000 + pieces)
        self.assertIn(b"BAD", self.imap.line())
        self.imap.send(b"x " + b"N" * 60_000 + pieces)
        self.assertTrue(self.imap.answer()[-1].startswith(b"x BAD"))
        self.goes_on()

    def test_a_subject_of_blobs(self):
        """RFC 5256 2.1: none of them is the beginning of a leader."""
        self.imap.ask(b"CREATE Blobs")
        text = b"Subject: " + b"[a]" * 300_000 + b" x\r\n\r\n"
        self.imap.ask(b"APPEND Blobs {%d+}\r\n%b" % (len(text), text))
        self.imap.ask(b"APPEND Blobs {12+}\r\nSubject: a\r\n")
        self.imap.ask(b"SELECT Blobs")
        self.assertIn(b"* SORT 2 1", self.imap.ask(b"SORT (SUBJECT) UTF-8 ALL"))
        self.assertIn(b"* THREAD (1)(2)", self.imap.ask(b"THREAD REFERENCES UTF-8 ALL"))

    def test_many_messages_put_together_are_no_more_than_one_may_be(self):
        self.server.signet("setting", "set", "imap.max-append-size", "64k")
        self.addCleanup(self.server.signet, "setting", "reset", "imap.max-append-size")
        self.imap.ask(b"CREATE Pieces")
        self.imap.ask(b"APPEND Pieces {30000+}\r\n" + b"A" * 30_000)
        self.imap.ask(b"SELECT Pieces")
        one = b' CATENATE (URL "/Pieces/;UID=1")'
        self.assertTrue(self.imap.result(b"APPEND Pieces" + one * 2).startswith(b"x OK"))
        self.refuses(b"APPEND Pieces" + one * 3, b"BADURL")
        self.refuses(b"APPEND Pieces" + one * 2 + b" {6000+}\r\n" + b"A" * 6000, b"TOOBIG")
        self.assertEqual(self.imap.ask(b"STATUS Pieces (MESSAGES)")[0], b'* STATUS "Pieces" (MESSAGES 3)')

    def test_one_part_asked_for_many_times(self):
        """It is taken apart once."""
        self.imap.ask(b"CREATE Large")
        text = (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                b"QUJD" * 50_000 + b"\r\n--b--\r\n")
        self.imap.ask(b"APPEND Large {%d+}\r\n%b" % (len(text), text))
        self.imap.ask(b"SELECT Large")
        lines = self.imap.ask(b"FETCH 1 (" + b"BINARY.SIZE[1] " * 1000 + b"UID)")
        self.assertEqual(lines[0].count(b"BINARY.SIZE[1] 150000"), 1000)

    def test_names_with_every_byte(self):
        """Each is made or refused; what LIST shows can be selected."""
        for byte in range(256):
            for name in (bytes([byte]), b"a" + bytes([byte]) + b"z", b"a/" + bytes([byte]) * 300):
                self.assertRegex(self.imap.result(b"CREATE {%d+}\r\n%b" % (len(name), name)), rb"^x (OK|NO|BAD) ", name)
        made = [line.split(b'"/" ', 1)[1] for line in self.imap.ask(b"LIST \"\" *")[:-1]
                if b"Noselect" not in line and b"NonExistent" not in line]
        self.assertGreater(len(made), 60)
        for name in made:
            self.assertTrue(self.imap.result(b"STATUS " + name + b" (MESSAGES)").startswith(b"x OK"), name)
            if name[1:2] in (b"a", b"&") or len(name) == 3:
                self.imap.ask(b"DELETE " + name)

    def test_sections_that_are_not_there(self):
        for item, want in ((b"BODY[99]", b"BODY[99] NIL"), (b"BODY[1.1.1.1]", b"BODY[1.1.1.1] NIL"),
                           (b"BODY[1.HEADER]", b"BODY[1.HEADER] NIL"), (b"BODY[3.MIME]", b"BODY[3.MIME] NIL"),
                           (b"BODY[4294967295]", b"BODY[4294967295] NIL"), (b"BINARY[9]", b"BINARY[9] NIL"),
                           (b"BODY[1]<999999.10>", b"BODY[1]<999999> "),
                           (b"BODY[HEADER.FIELDS (X-None)]", b"BODY[HEADER.FIELDS (X-None)] ")):
            lines = self.imap.ask(b"FETCH 1 " + item.replace(b"BODY[", b"BODY.PEEK["))
            self.assertTrue(lines[-1].startswith(b"x OK"), lines)
            self.assertIn(want, lines[0])
        for item in (b"BODY[0]", b"BODY[1.]", b"BODY[.1]", b"BODY[4294967296]", b"BODY[1]<5>", b"BODY[1]<5.0>", b"BODY[",
                     b"BODY[MIME]", b"BODY[1.HEADER.FIELDS]", b"BODY[HEADER.FIELDS ()]", b"BINARY[1.HEADER]", b"NOTHING"):
            self.refuses(b"FETCH 1 " + item)

    def test_deflate_bomb(self):
        """Much in little: it is refused while it comes, and nobody keeps it."""
        self.assertTrue(self.imap.result(b"COMPRESS DEFLATE").startswith(b"x OK"))
        self.imap.inflate = zlib.decompressobj(-15)
        bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
        piece = b"a" * (1 << 20)
        with contextlib.suppress(OSError):
            for _ in range(64):
                self.imap.send(bomb.compress(piece) + bomb.flush(zlib.Z_SYNC_FLUSH))
            self.imap.send(bomb.compress(b"\r\nx NOOP\r\n") + bomb.flush(zlib.Z_SYNC_FLUSH))
        lines = self.imap.answer()
        self.assertTrue(any(b" BAD " in line or b"* BYE" in line for line in lines), lines)

    def attack(self, command):
        with Client(self.server) as client:
            return client.result(b"SELECT INBOX"), client.result(command)

    def test_all_at_once(self):
        """Eighty connections; another user is served all the time."""
        deep, much = b"(" * 10_000, b"FETCH " + b",".join(b"%d" % n for n in range(1, 1_000_001)) + b" UID"
        commands = [b"SEARCH " + deep, b"SEARCH" + b" ALL" * 100_000, b"SEARCH" + b" TEXT x" * 50, much,
                    b"UID FETCH " + b",".join(b"%d" % n for n in range(1, 20_000, 2)) + b" UID",
                    b"CREATE {300+}\r\n" + b"a/" * 150, b"LIST \"\" " + b"*%" * 1000, b"SORT (SUBJECT) UTF-8 " + b"NOT " * 900 + b"ALL"]
        with concurrent.futures.ThreadPoolExecutor(80) as pool:
            attacks = [pool.submit(self.attack, command) for command in commands * 10]
            served = 0
            while not all(attack.done() for attack in attacks):
                self.assertTrue(self.bystander.result(b"STATUS INBOX (MESSAGES)").startswith(b"x OK"))
                served += 1
            for attack in attacks:
                selected, answer = attack.result()
                self.assertTrue(selected.startswith(b"x OK"))
                self.assertRegex(answer, rb"^x (OK|NO|BAD) ")
        self.assertGreater(served, 0)
        self.goes_on()

    def test_thousands_sent_ahead(self):
        """Each is answered, in order, also to who reads nothing until he has sent all."""
        n = 20_000
        self.imap.sock.settimeout(0.2)
        sent, data = 0, b"".join(b"t%d FETCH 1 (FLAGS UID)\r\n" % i for i in range(n))
        while sent < len(data):
            try:
                sent += self.imap.sock.send(data[sent:sent + 16384])
            except TimeoutError:  # it takes no more before its answers are read
                self.imap.receive()
        self.imap.sock.settimeout(60)
        for i in range(n):
            self.assertTrue(self.imap.answer(b"t%d" % i)[-1].startswith(b"t%d OK" % i), i)


if __name__ == "__main__":
    unittest.main()
