"""Long commands of some take nothing from others: they go on by turns, and end when nobody waits any more."""
import contextlib
import unittest

from imap_line import Client
from server import Server
from waiting import wait_for

BUSY, CALM = "busy@alpha.test", "calm@alpha.test"
MESSAGES = 100_000


class Fairness(unittest.TestCase):
    """One mailbox of a hundred thousand messages, and searches that would take minutes each."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(BUSY, CALM)
        cls.server.signet("setting", "set", "imap.progress", "20ms")
        cls.server.signet("setting", "set", "search.index", "off")  # messages are read
        with Client(cls.server, BUSY) as imap:
            imap.fill(MESSAGES)
        cls.server.send(CALM, "Subject: hello\r\n\r\nhello\r\n")

    def sessions(self, user):
        return [row for row in self.server.signet("session", "list")["rows"] if row.get("account") == user]

    def begin(self, stack, command, n):
        """So many sessions that are at it: each has said that it goes on."""
        clients = [stack.enter_context(Client(self.server, BUSY)) for _ in range(n)]
        for client in clients:
            client.ask("SELECT INBOX")
            client.send(command, "long")
        for client in clients:
            while "INPROGRESS" not in client.read():
                pass
        return clients

    def serve_calm(self):
        """Someone else's session, from the connection on."""
        with Client(self.server, CALM) as calm:
            calm.ask("SELECT INBOX")
            for _ in range(20):
                calm.ask("NOOP")
                calm.ask("FETCH 1 BODY.PEEK[]")
                calm.ask("STORE 1 +FLAGS (\\Seen)")
                calm.ask("UID SEARCH TEXT hello")

    def check(self, command):
        """Eight sessions are at it and still are when others were served; closed, they end."""
        with contextlib.ExitStack() as stack:
            clients = self.begin(stack, command, 8)
            self.serve_calm()
            self.serve_calm()
            for client in clients:  # not one of them came to an end meanwhile
                self.assertNotIn("long ", " ".join(client.lines))
                self.assertRegex(client.lines[-1], r"^\* OK \[INPROGRESS \(\"long\" \d+ (\d+|NIL)\)\]")
            self.server.signet("setting", "set", "imap.progress", "0")  # nothing would be said for long
            self.addCleanup(self.server.signet, "setting", "set", "imap.progress", "20ms")
        wait_for(lambda: not self.sessions(BUSY), tell=lambda: self.sessions(BUSY))

    def test_search_beside_others(self):
        self.check("SEARCH BODY \"nowhere to be found\"")

    def test_search_of_many_mailboxes(self):
        self.check("ESEARCH IN (personal) BODY \"nowhere to be found\"")

    def test_sort_and_thread_are_given_up(self):
        """What is read for them is read by turns, too."""
        for command in ("SORT (SUBJECT FROM TO CC DATE) UTF-8 TEXT 0123", "THREAD REFERENCES UTF-8 TEXT 0123",
                        "SORT (SUBJECT FROM TO CC DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL"):
            with contextlib.ExitStack() as stack:
                self.begin(stack, command, 1)
            wait_for(lambda: not self.sessions(BUSY), tell=lambda: self.sessions(BUSY))


if __name__ == "__main__":
    unittest.main()
