"""COPY, MOVE, STORE, EXPUNGE and CLOSE of many messages: by turns, with progress, given up with the connection,
and COPY all or nothing through it all."""
import contextlib
import unittest

from imap_line import Client
from server import Server
from waiting import wait_for

BUSY, CALM = "busy@alpha.test", "calm@alpha.test"
MESSAGES = 60_000


class LongCopies(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(BUSY, CALM)
        cls.server.signet("setting", "set", "imap.progress", "1ms")
        cls.server.send(CALM, "Subject: hello\r\n\r\nhello\r\n")
        with cls.client() as imap:
            imap.fill(MESSAGES)

    def setUp(self):
        with self.client() as imap:
            imap.ask("DELETE Trash")
            imap.ask("CREATE Trash")
            imap.ask("SELECT INBOX")
            imap.ask("STORE 1:* FLAGS.SILENT ()")

    @classmethod
    def client(cls, user=BUSY):
        return Client(cls.server, user)

    def begin(self, stack, command):
        """A session that is at it: it has said that it goes on."""
        client = stack.enter_context(self.client())
        client.ask("SELECT INBOX")
        client.send(command, "long")
        line = client.read()
        for _ in range(20):  # a quick machine may be done with flags within its first turn
            if not command.startswith("STORE") or not line.startswith("long OK"):
                break
            client.ask("STORE 1:* FLAGS.SILENT ()")
            client.send(command, "long")
            line = client.read()
        self.assertRegex(line, rf'^\* OK \[INPROGRESS \("long" \d+ {MESSAGES}\)\]')
        return client

    def count(self, mailbox, what="MESSAGES"):
        with self.client() as imap:
            imap.ask(f"STATUS {mailbox} ({what})")
            return int(imap.lines[-2].rstrip(")\r\n").rsplit(" ", 1)[1])

    def serve_calm(self):
        with self.client(CALM) as calm:
            calm.ask("SELECT INBOX")
            calm.ask("STORE 1 +FLAGS (\\Seen)")
            calm.ask("COPY 1 Archive")
            calm.ask("UID SEARCH TEXT hello")

    def sessions(self):
        return [row for row in self.server.signet("session", "list")["rows"] if row.get("account") == BUSY]

    def test_others_are_served_meanwhile(self):
        """Four at once, another account's session beside them, and each comes to its end."""
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(self.client()) for _ in range(4)]
            for client in clients:
                client.ask("SELECT INBOX")
                client.send("COPY 1:* Trash", "long")
            self.serve_calm()
            for client in clients:
                self.assertRegex(client.answer("long"), r"^long OK \[COPYUID \d+ [\d:]+ [\d:,]+\] Copied")
        self.assertEqual(self.count("Trash"), 4 * MESSAGES)

    def test_all_come_to_their_end(self):
        for command in ("COPY 1:* Trash", "STORE 1:* +FLAGS.SILENT (\\Seen $Keyword)", "MOVE 1:* Trash"):
            with self.subTest(command), contextlib.ExitStack() as stack:
                client = self.begin(stack, command)
                self.assertRegex(client.answer("long"), r"^long OK")
        self.assertEqual((self.count("INBOX"), self.count("Trash")), (0, 2 * MESSAGES))
        with self.client() as imap:
            imap.ask("SELECT Trash")
            imap.ask(f"MOVE 1:{MESSAGES} INBOX")
            imap.ask("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            imap.send("EXPUNGE", "long")
            self.assertRegex(imap.answer("long"), r"^long OK")
            self.assertTrue([line for line in imap.lines if "INPROGRESS (\"long\"" in line])
        self.assertEqual((self.count("INBOX"), self.count("Trash")), (MESSAGES, 0))

    def test_close(self):
        """It removes what is marked, says no word of that, and leaves the mailbox."""
        with self.client() as imap:
            imap.ask("SELECT INBOX")
            imap.ask("COPY 1:* Trash")
            imap.ask("SELECT Trash")
            imap.ask("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            imap.ask("STORE 1 -FLAGS.SILENT (\\Deleted)")
            imap.lines.clear()
            imap.ask("CLOSE")
            said = imap.lines[:-1]
            self.assertTrue(said)
            self.assertFalse([line for line in said if not line.startswith("* OK [INPROGRESS (\"x\" ")])
            imap.send("FETCH 1 UID")  # nothing is selected any more
            self.assertRegex(imap.answer(), "^x BAD")
        self.assertEqual(self.count("Trash"), 1)

    def test_closed_meanwhile(self):
        """A copy leaves nothing; what was moved or marked stays so, and not more."""
        for command in ("COPY 1:* Trash", "STORE 1:* +FLAGS.SILENT (\\Deleted)", "MOVE 1:* Trash"):
            with self.subTest(command):
                with contextlib.ExitStack() as stack:
                    self.begin(stack, command)
                wait_for(lambda: not self.sessions(), tell=self.sessions)
                if command.startswith("COPY"):
                    wait_for(lambda: self.count("Trash") == 0, tell=lambda: self.count("Trash"))
                self.assertEqual(self.count("INBOX") + self.count("Trash"), MESSAGES)
        with self.client() as imap:
            imap.ask("SELECT Trash")
            imap.ask("UID MOVE 1:* INBOX")

    def test_killed_meanwhile(self):
        for command in ("COPY 1:* Trash", "MOVE 1:* Trash"):
            with self.subTest(command):
                with contextlib.ExitStack() as stack:
                    self.begin(stack, command)
                    self.server.kill()
                self.server.start()
                if command.startswith("COPY"):
                    self.assertEqual(self.count("Trash"), 0)
                self.assertEqual(self.count("INBOX") + self.count("Trash"), MESSAGES)
        with self.client() as imap:
            imap.ask("SELECT Trash")
            imap.ask("UID MOVE 1:* INBOX")


if __name__ == "__main__":
    unittest.main()
