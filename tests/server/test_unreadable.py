"""A body that the disk has lost: SERVERBUG (RFC 5530) for who asks for it, everything else as before. When it is a
large one, nothing of the damaged block is sent, and what was promised does not look complete."""
import imaplib
import poplib
import unittest

from imap_line import Client
from server import PASSWORD, Server, anyone

ANN = "ann@alpha.test"


def lose(server, text):
    """Other bytes where these are."""
    for path in (server.data / "shards").rglob("bodies/*"):
        data = path.read_bytes()
        if text in data:
            path.write_bytes(data.replace(text, b"#" * len(text)))
            return
    raise AssertionError(f"{text} is in no segment")


class Unreadable(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.server.add(ANN)
        self.server.signet("setting", "set", "search.index", "off")  # bodies are read
        self.imap = self.enterContext(Client(self.server, ANN))
        for text in ("Subject: first\r\n\r\nxyzzy-lost", "Subject: second\r\n\r\nxyzzy-kept"):
            self.imap.ask(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
        self.imap.ask("SELECT INBOX")

    def answer(self, command):
        del self.imap.lines[:]
        self.imap.send(command)
        return self.imap.answer()

    def test_fetch_and_search(self):
        lose(self.server, b"xyzzy-lost")
        self.assertRegex(self.answer("FETCH 1:2 BODY.PEEK[TEXT]"), r"^x NO \[SERVERBUG\]")
        self.assertIn("xyzzy-kept", "".join(self.imap.lines))
        self.assertRegex(self.answer("SEARCH BODY xyzzy"), r"^x NO \[SERVERBUG\]")
        self.assertRegex(self.answer("FETCH 1:2 (FLAGS ENVELOPE)"), r"^x OK ")
        self.assertRegex(self.answer("COPY 1:2 Trash"), r"^x OK ")
        self.assertIn("unreadable", self.server.log())


def large(subject):
    lines = "".join(f"line {i:06} of the {subject} one\r\n" for i in range(10000))
    return f"Subject: {subject}\r\n\r\n{lines}".encode()


class Large(unittest.TestCase):
    """Of two messages of 300 KB a byte of the first one is another, in its middle."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        with cls.server.imap(ANN) as imap:
            for subject in ("lost", "kept"):
                imap.append("INBOX", None, None, large(subject))
        lose(cls.server, b"line 005000 of the lost")

    def imap(self):
        imap = self.server.imap(ANN)
        imap.select("INBOX")
        return imap

    def pop(self):
        pop = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"], context=anyone(), timeout=30)
        pop.user(ANN)
        pop.pass_(PASSWORD)
        return pop

    def test_imap_whole(self):
        imap = self.imap()
        with self.assertRaises(imaplib.IMAP4.abort):
            imap.fetch("1", "(BODY.PEEK[])")
        with self.imap() as again:
            self.assertEqual(again.fetch("2", "(BODY.PEEK[])")[1][0][1], large("kept"))
        self.assertIn("body-damaged", self.server.log())

    def test_imap_no_damaged_byte_is_sent(self):
        with Client(self.server, ANN) as imap:
            imap.ask("SELECT INBOX")
            imap.send("FETCH 1 BODY.PEEK[]")
            got = imap.file.read()
        self.assertIn(b"line 003000 of the lost", got)
        self.assertNotIn(b"#", got)
        self.assertFalse(got.endswith(b")\r\n"))

    def test_imap_parts(self):
        """What lies in other blocks is still there."""
        text = large("lost")
        with self.imap() as imap:
            for at in (0, 5000, len(text) - 20000):
                got = imap.fetch("1", f"(BODY.PEEK[]<{at}.10000>)")[1][0][1]
                self.assertEqual(got, text[at:at + 10000])
        imap = self.imap()
        with self.assertRaises(imaplib.IMAP4.abort):
            imap.fetch("1", f"(BODY.PEEK[]<{text.index(b'line 005000') + 5}.10>)")

    def test_imap_header_fields(self):
        """They are looked for in the block that is damaged: nothing is told of it as if there were none."""
        with self.server.imap(ANN) as imap:
            imap.create("Header")
            imap.append("Header", None, None, b"X-Far: here it lies\r\n" + large("header"))
        lose(self.server, b"X-Far: here it lies")
        with Client(self.server, ANN) as imap:
            imap.ask("SELECT Header")
            imap.send("FETCH 1 BODY.PEEK[HEADER.FIELDS (X-Far)]")
            self.assertNotIn(b"x OK", imap.file.read())

    def test_notify(self):
        """A new message that is told by itself, with what NOTIFY asked for."""
        with Client(self.server, ANN) as imap:
            imap.ask("CREATE Copies")
            imap.ask("SELECT Copies")
            imap.ask("NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[]) MessageExpunge))")
            with self.imap() as other:
                self.assertEqual(other.copy("1", "Copies")[0], "OK")
            got = imap.file.read()
        self.assertIn(b"line 003000 of the lost", got)
        for what in (b"#", b"BYE", b")\r\n"):
            self.assertNotIn(what, got)

    def test_pop(self):
        pop = self.pop()
        with self.assertRaises((EOFError, poplib.error_proto, OSError)):
            pop.retr(1)
        pop = self.pop()
        self.assertEqual(b"\r\n".join(pop.retr(2)[1]) + b"\r\n", large("kept"))
        self.assertEqual(pop.top(1, 5)[1][-1], b"line 000004 of the lost one")
        pop.quit()


if __name__ == "__main__":
    unittest.main()
