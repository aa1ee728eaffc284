"""Sessions that wait, in IDLE and by NOTIFY, while what they wait for ends or changes its name."""
import unittest

from imap_line import Client
from server import Server

NOTIFY = "NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (PERSONAL (MessageNew MessageExpunge))"
MAIL = "{14+}\r\nSubject: x\r\n\r\n"


class Waiting(unittest.TestCase):
    """Each test has an account of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("owner@alpha.test")

    def setUp(self):
        self.user = self.id().rsplit(".", 1)[1].replace("_", "-") + "@alpha.test"
        self.server.add(self.user)

    def client(self, *commands):
        client = self.enterContext(Client(self.server, self.user))
        for command in commands:
            client.ask(command)
        return client

    def idle(self, box):
        client = self.client(f"SELECT {box}")
        client.send("IDLE")
        self.assertTrue(client.read().startswith("+"))
        return client

    def waiting(self, box="INBOX"):
        """One of each kind, the last without a mailbox."""
        return self.idle(box), self.client(f"SELECT {box}", NOTIFY), self.client(NOTIFY)

    def told(self, client, box, messages):
        self.assertRegex(client.read(), rf'^\* STATUS "{box}" \(.*\bMESSAGES {messages} ')

    def ends(self, client, bye):
        self.assertRegex(client.file.read().decode(), rf"^\* BYE {bye}\r\n$")


class Watched(Waiting):
    def test_account_removed(self):
        waiting = self.waiting()
        self.server.signet("account", "remove", self.user)
        for client in waiting:
            self.ends(client, r"(The mailbox was deleted|\[UNAVAILABLE\] Ended by an administrator)")

    def test_password_changed(self):
        waiting = self.waiting()
        self.server.signet("account", "password", self.user, stdin="another-password-1")
        for client in waiting:
            self.ends(client, r"\[UNAVAILABLE\] Ended by an administrator")

    def test_mailbox_deleted(self):
        idle, selected, other = self.waiting("Trash")
        with self.client() as actor:
            actor.ask("DELETE Trash")
            for client in (idle, selected):
                self.ends(client, "The mailbox was deleted")
            actor.ask(f"APPEND INBOX {MAIL}")
        self.told(other, "INBOX", 1)

    def test_mailbox_renamed(self):
        """They stay in it, and are told of it by its new name."""
        idle, selected, other = self.waiting("Trash")
        with self.client("RENAME Trash Bin", f"APPEND Bin {MAIL}"):
            for client in (idle, selected):
                self.assertEqual(client.read(), "* 1 EXISTS\r\n")
            self.told(other, "Bin", 1)
        idle.sock.sendall(b"DONE\r\n")
        for client in (idle, selected):
            self.assertTrue((client.answer() if client is idle else client.ask("NOOP")).startswith("x OK"))

    def test_inbox_renamed(self):
        """Its messages are elsewhere then, and INBOX is another mailbox (RFC 9051 6.3.6)."""
        idle, selected, other = self.waiting()
        with self.client("RENAME INBOX Old", f"APPEND INBOX {MAIL}"):
            for client in (idle, selected):
                self.ends(client, "The mailbox was deleted")
            self.told(other, "INBOX", 1)

    def test_left(self):
        """What was told while it was selected is not told again when it is not."""
        client = self.client("SELECT INBOX", NOTIFY)
        with self.client(f"APPEND INBOX {MAIL}", "SELECT INBOX") as actor:
            self.assertEqual(client.read(), "* 1 EXISTS\r\n")
            client.ask("UNSELECT")
            actor.ask("STORE 1 +FLAGS (\\Flagged)")
            actor.ask(f"APPEND Trash {MAIL}")
            self.told(client, "Trash", 1)
            actor.ask(f"APPEND INBOX {MAIL}")
            self.told(client, "INBOX", 2)

    def test_right_withdrawn(self):
        """Of another account's mailbox."""
        self.server.signet("mailbox", "acl-set", "owner@alpha.test", "INBOX", self.user, "lr")
        idle = self.idle("~owner/INBOX")
        self.server.signet("mailbox", "acl-set", "owner@alpha.test", "INBOX", self.user, "none")
        self.server.send("owner@alpha.test", "Subject: secret\r\n\r\ntext\r\n")
        self.ends(idle, r"\[NOPERM\] The mailbox is not shown to you any more")


class Shutdown(Waiting):
    def test_shutdown(self):
        waiting = self.waiting()
        self.assertEqual(self.server.stop(), 0)
        for client in waiting:
            self.ends(client, r"\[UNAVAILABLE\] The server ends, come back soon")


if __name__ == "__main__":
    unittest.main()
