"""Accounts in different shards: mail is copied and moved between them as between any two mailboxes."""
import random
import re
import threading
import time
import unittest

from server import Server

ANN, CY = "ann@alpha.test", "cy@alpha.test"
HERS, THEIRS = "INBOX", "~cy/Shared"


class Shards(unittest.TestCase):
    """Ann's mail lies in one shard, Cy's in another; he lets her do everything in a mailbox of his."""

    @classmethod
    def setUpClass(cls):
        server = Server()
        (server.data / "shards" / "0001").mkdir(parents=True, mode=0o700)
        for folder in (server.data, server.data / "shards"):
            folder.chmod(0o700)
        cls.server = cls.enterClassContext(server)
        server.add(ANN, CY)
        cy = server.imap(CY)
        cy.create("Shared")
        cy.setacl("Shared", ANN, "lrswitex")
        cy.logout()

    def setUp(self):
        self.imap = self.server.imap(ANN)
        self.addCleanup(lambda: self.imap.shutdown())  # the last one
        for name in (HERS, THEIRS):
            self.empty(name)

    def empty(self, name):
        self.imap.select(name)
        self.imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
        self.imap.expunge()

    def add(self, n, size=10, flags="()"):
        """In one command (RFC 3502), sent at once."""
        command = b"m APPEND " + HERS.encode()
        for i in range(n):
            text = f"Subject: message {i}\r\n\r\n" + "x" * size + "\r\n"
            command += f" {flags} {{{len(text)}+}}\r\n{text}".encode()
        self.imap.send(command + b"\r\n")
        while not (line := self.imap.readline()).startswith(b"m "):
            pass
        self.assertTrue(line.startswith(b"m OK"), line)

    def subjects(self, name):
        self.assertEqual(self.imap.select(name, readonly=True)[0], "OK")
        if self.imap.search(None, "ALL")[1] == [b""]:
            return []
        got = self.imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1]
        return [int(re.search(rb"message (\d+)", item[1])[1]) for item in got if isinstance(item, tuple)]

    def segments(self, shard):
        return sum(f.stat().st_size for f in (self.server.data / "shards" / shard / "bodies").iterdir())

    def test_they_are_two(self):
        """Else the rest would show nothing."""
        before = self.segments("0000"), self.segments("0001")
        self.add(1, 100_000)
        cy = self.server.imap(CY)
        cy.append("INBOX", None, None, b"x" * 200_000)
        cy.logout()
        grown = [self.segments("0000") - before[0], self.segments("0001") - before[1]]
        self.assertEqual([n // 100_000 for n in sorted(grown)], [1, 2])

    def test_copy(self):
        """All of it: text, flags, keywords, dates; the UIDs are those that are there."""
        self.add(70, 2000, "(\\Flagged $Work)")
        self.imap.select(HERS)
        uids = self.imap.uid("SEARCH", "ALL")[1][0].split()
        want = self.imap.uid("FETCH", uids[0].decode(), "(INTERNALDATE FLAGS BODY.PEEK[])")[1]
        self.assertEqual(self.imap.uid("COPY", "1:*", THEIRS)[0], "OK")
        validity, source, target = self.imap.response("COPYUID")[1][0].split()
        self.assertEqual(self.subjects(HERS), list(range(70)))
        self.assertEqual(self.subjects(THEIRS), list(range(70)))
        self.assertEqual(self.imap.response("UIDVALIDITY")[1], [validity])
        first = target.split(b":")[0]
        got = self.imap.uid("FETCH", first.decode(), "(INTERNALDATE FLAGS BODY.PEEK[])")[1]
        self.assertEqual(source, uids[0] + b":" + uids[-1])
        self.assertEqual(got[0][1], want[0][1])
        self.assertEqual(re.sub(rb"UID \d+", b"", got[0][0]), re.sub(rb"UID \d+", b"", want[0][0]))

    def test_move_in_both_directions(self):
        self.add(70)
        self.imap.select(HERS)
        self.assertEqual(self.imap.uid("MOVE", "1:*", THEIRS)[0], "OK")
        self.assertRegex(self.imap.response("COPYUID")[1][0], rb"^\d+ \S+ \S+$")
        self.assertEqual(self.imap.search(None, "ALL")[1], [b""])
        self.assertEqual(self.subjects(THEIRS), list(range(70)))
        self.imap.select(THEIRS)
        self.assertEqual(self.imap.uid("MOVE", "1:*", HERS)[0], "OK")
        self.assertEqual(self.subjects(THEIRS), [])
        self.assertEqual(self.subjects(HERS), list(range(70)))
        self.assertEqual(self.server.signet("backup", "verify")["faults"], 0)

    def test_no_room_and_no_mailbox(self):
        """All or nothing: what would not fit is not begun, wherever it would end."""
        self.add(5, 30_000)
        self.server.signet("account", "quota", CY, "100k")
        self.addCleanup(self.server.signet, "account", "quota", CY, "0")
        self.imap.select(HERS)
        for command in ("COPY", "MOVE"):
            typ, data = self.imap.uid(command, "1:*", THEIRS)
            self.assertEqual((typ, data[0].split(b"]")[0]), ("NO", b"[OVERQUOTA"))
            typ, data = self.imap.uid(command, "1:*", "~cy/Missing")
            self.assertEqual((typ, data[0].split(b"]")[0]), ("NO", b"[TRYCREATE"))
        self.assertEqual(self.subjects(THEIRS), [])
        self.assertEqual(len(self.subjects(HERS)), 5)

    def test_replace(self):
        self.add(2)
        self.imap.select(HERS)
        text = "Subject: message 7\r\n\r\nnew\r\n"
        self.imap.send(f"r REPLACE 1 {THEIRS} {{{len(text)}+}}\r\n{text}\r\n".encode())
        while not (line := self.imap.readline()).startswith(b"r "):
            pass
        self.assertTrue(line.startswith(b"r OK"), line)
        self.assertEqual(self.subjects(THEIRS), [7])
        self.assertEqual(self.subjects(HERS), [1])

    def test_killed_while_moving(self):
        """Whatever happens in between, each message is somewhere, and whole."""
        rng = random.Random(7)
        self.add(300, 4000)
        where = [HERS, THEIRS]
        for _ in range(8):
            self.imap.select(where[0])
            self.kill_during("MOVE", where[1], rng.random() * 0.04)
            there = set(self.subjects(HERS)) | set(self.subjects(THEIRS))
            self.assertEqual(there, set(range(300)))
            where.reverse()
        self.assertEqual(self.server.signet("backup", "verify")["faults"], 0)

    def test_killed_while_copying(self):
        """RFC 9051 6.4.7: all or nothing, whether the answer came or not."""
        rng = random.Random(8)
        self.add(300, 4000)
        for _ in range(8):
            self.empty(THEIRS)
            self.imap.select(HERS)
            self.kill_during("COPY", THEIRS, rng.random() * 0.04)
            self.assertIn(len(self.subjects(THEIRS)), (0, 300))
            self.assertEqual(len(self.subjects(HERS)), 300)

    def kill_during(self, command, target, seconds):
        worker = threading.Thread(target=self.take_all, args=(command, target))
        worker.start()
        time.sleep(seconds)  # any moment will do
        self.server.kill()
        worker.join()
        self.server.start()
        self.imap = self.server.imap(ANN)

    def take_all(self, command, target):
        try:
            self.imap.uid(command, "1:*", target)
        except Exception:  # noqa: BLE001 - the server is killed under it
            pass


if __name__ == "__main__":
    unittest.main()
