"""A body that the disk has lost: SERVERBUG (RFC 5530) for who asks for it, everything else as before."""
import unittest

from imap_line import Client
from server import Server

ANN = "ann@alpha.test"


class Unreadable(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.server.add(ANN)
        self.server.signet("setting", "set", "search.index", "off")  # bodies are read
        self.imap = self.enterContext(Client(self.server, ANN))
        for text in ("Subject: first\r\n\r\nxyzzy-lost", "Subject: second\r\n\r\nxyzzy-kept"):
            self.imap.ask(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
        self.imap.ask("SELECT INBOX")

    def lose(self, text):
        """Other bytes where these are."""
        for path in (self.server.data / "shards").rglob("bodies/*"):
            data = path.read_bytes()
            if text in data:
                path.write_bytes(data.replace(text, b"#" * len(text)))
                return
        self.fail(f"{text} is in no segment")

    def answer(self, command):
        del self.imap.lines[:]
        self.imap.send(command)
        return self.imap.answer()

    def test_fetch_and_search(self):
        self.lose(b"xyzzy-lost")
        self.assertRegex(self.answer("FETCH 1:2 BODY.PEEK[TEXT]"), r"^x NO \[SERVERBUG\]")
        self.assertIn("xyzzy-kept", "".join(self.imap.lines))
        self.assertRegex(self.answer("SEARCH BODY xyzzy"), r"^x NO \[SERVERBUG\]")
        self.assertRegex(self.answer("FETCH 1:2 (FLAGS ENVELOPE)"), r"^x OK ")
        self.assertRegex(self.answer("COPY 1:2 Trash"), r"^x OK ")
        self.assertIn("unreadable", self.server.log())


if __name__ == "__main__":
    unittest.main()
