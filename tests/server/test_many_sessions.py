"""Many sessions on two mailboxes, each with a model of what it was told; SEED and STEPS in the environment for other runs."""
import os
import random
import re
import socket
import unittest

from server import PASSWORD, Server, anyone
from waiting import wait_for

ANN = "ann@alpha.test"
BOXES = ("INBOX", "Other")
FLAGS = ("\\Seen", "\\Flagged", "\\Deleted", "$Work")


def numbers(text):
    """Those of a set: "1:3,7"."""
    out = []
    for part in text.split(","):
        a, _, b = part.partition(":")
        out += range(int(a), int(b or a) + 1)
    return out


class Message:
    """As a client knows it; None: not told yet."""

    def __init__(self):
        self.uid = self.flags = None
        self.modseq = 0


class Client:
    """A session, and the mailbox as its server has told it."""

    def __init__(self, server, box, qresync):
        self.server, self.box, self.qresync = server, box, qresync
        self.messages, self.highest, self.validity, self.doing, self.idle = [], 0, 0, "", False
        self.said = []  # and heard
        self.connect()

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.server.ports["imaps"]), timeout=60)
        self.sock = anyone().wrap_socket(plain, server_hostname="alpha.test")
        self.file = self.sock.makefile("rb")
        self.file.readline()
        self.ask(f"LOGIN {ANN} \"{PASSWORD}\"")
        self.ask("ENABLE QRESYNC" if self.qresync else "ENABLE CONDSTORE")

    def close(self):
        self.file.close()
        self.sock.close()

    # -- what is said

    def send(self, command):
        self.doing = command
        self.said.append("C: " + command)
        self.sock.sendall(f"x {command}\r\n".encode())

    def line(self):
        line = self.file.readline().decode()
        assert line.endswith("\r\n"), f"{line!r} while {self.doing}"
        self.said.append("S: " + line[:-2])
        return line[:-2]

    def finish(self):
        """Take the answers up to the tagged one."""
        while not (line := self.line()).startswith("x "):
            self.told(line)
        assert line.startswith("x OK"), f"{line} to {self.doing}"
        self.code(line)
        self.doing = ""

    def hear(self):
        try:
            self.finish()
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}, behind\n" + "\n".join(self.said[-40:])) from wrong

    def ask(self, command):
        self.send(command)
        self.hear()

    # -- what is told

    def code(self, line):
        if found := re.search(r"\[HIGHESTMODSEQ (\d+)\]", line):
            self.highest = max(self.highest, int(found[1]))
        if found := re.search(r"\[UIDVALIDITY (\d+)\]", line):
            self.validity = int(found[1])

    def told(self, line):
        if found := re.fullmatch(r"\* (\d+) EXISTS", line):
            n = int(found[1])
            assert n >= len(self.messages), f"{line}, {len(self.messages)} known"
            self.messages += [Message() for _ in range(n - len(self.messages))]
        elif found := re.fullmatch(r"\* (\d+) EXPUNGE", line):
            assert not self.qresync, line
            # RFC 9051 7.5.1
            assert not self.doing.startswith(("FETCH", "STORE", "SEARCH")), f"{line} in {self.doing}"
            assert 1 <= int(found[1]) <= len(self.messages), line
            del self.messages[int(found[1]) - 1]
        elif found := re.fullmatch(r"\* VANISHED (\(EARLIER\) )?(\S+)", line):
            self.vanished(set(numbers(found[2])), bool(found[1]))
        elif found := re.fullmatch(r"\* (\d+) FETCH \((.*)\)", line):
            self.fetched(int(found[1]), found[2])
        elif found := re.fullmatch(r"\* SEARCH(.*)", line):
            self.searched([int(n) for n in found[1].split()])
        else:
            assert re.match(r"\* (OK|FLAGS|\d+ RECENT|ENABLED|CAPABILITY)|\+", line), line
            self.code(line)

    def vanished(self, uids, earlier):
        assert self.qresync
        unknown = set() if earlier else uids - {m.uid for m in self.messages}
        for uid in unknown:  # it came and went before its UID was asked for; it stood behind the lower ones
            below = max((i for i, m in enumerate(self.messages) if m.uid and m.uid < uid), default=-1)
            self.messages.remove(next(m for m in self.messages[below + 1:] if m.uid is None))
        self.messages = [m for m in self.messages if m.uid not in uids]

    def fetched(self, n, items):
        assert 1 <= n <= len(self.messages), f"{n} of {len(self.messages)}: {items}"
        message = self.messages[n - 1]
        if found := re.search(r"UID (\d+)", items):
            assert message.uid in (None, int(found[1])), f"{n} was {message.uid}: {items}"
            message.uid = int(found[1])
        if found := re.search(r"FLAGS \((.*?)\)", items):
            message.flags = set(found[1].split())
        if found := re.search(r"MODSEQ \((\d+)\)", items):
            assert int(found[1]) >= message.modseq, items
            message.modseq = int(found[1])

    def searched(self, found):
        if self.doing.startswith("UID"):
            want = [m.uid for m in self.messages]
            assert all(w in (None, f) for w, f in zip(want, found)) and len(want) == len(found), (want, found)
        else:
            assert found == list(range(1, len(self.messages) + 1)), (found, len(self.messages))

    # -- what a client does

    def select(self):
        self.messages, self.highest = [], 0
        self.ask(f"SELECT {self.box}")
        self.learn()

    def learn(self):
        """UIDs and flags of what came."""
        while not all(m.uid and m.modseq for m in self.messages):
            first = next(i for i, m in enumerate(self.messages) if not (m.uid and m.modseq))
            self.ask(f"FETCH {first + 1}:{len(self.messages)} (UID FLAGS MODSEQ)")
        uids = [m.uid for m in self.messages]
        assert uids == sorted(set(uids)), uids

    def leave(self):
        """For long; what it knew it keeps."""
        self.learn()
        self.ask("NOOP")
        self.learn()
        known = max([m.modseq for m in self.messages], default=0)
        self.away = (self.validity, max(1, known), list(self.messages))
        self.close()

    def come_back(self):
        """RFC 7162 3.2.5: what was gone, then what has changed."""
        validity, since, messages = self.away
        self.connect()
        self.messages = []
        self.send(f"SELECT {self.box} (QRESYNC ({validity} {since}))")
        told = []
        while not (line := self.line()).startswith("x "):
            told.append(line)
        assert line.startswith("x OK"), line
        gone = {n for t in told if (f := re.match(r"\* VANISHED \(EARLIER\) (\S+)", t)) for n in numbers(f[1])}
        assert self.validity == validity
        self.messages = [m for m in messages if m.uid not in gone]
        for t in told:
            if not t.startswith("* VANISHED"):
                self.told(t)
        self.learn()

    def uids(self, rng):
        known = [m.uid for m in self.messages if m.uid]
        return ",".join(map(str, rng.sample(known, min(len(known), rng.randint(1, 5)))))

    def command(self, rng):
        """Something to say; None: nothing can be done with an empty mailbox."""
        n, other = len(self.messages), BOXES[self.box == BOXES[0]]
        text = "Subject: a\r\n\r\nb\r\n"
        if n < 5 or rng.random() < 0.35:
            count = rng.randint(1, 3)
            return f"APPEND {rng.choice(BOXES)}" + f" {{{len(text)}+}}\r\n{text}" * count
        uids = self.uids(rng)
        if not uids:
            return "NOOP"
        flags = " ".join(rng.sample(FLAGS, rng.randint(1, 3)))
        how, number = rng.choice(("", "+", "-")), rng.randint(1, n)
        return rng.choice((
            f"STORE {number} {how}FLAGS ({flags})", f"STORE {number}:* {how}FLAGS ({flags})",
            f"UID STORE {uids} {how}FLAGS ({flags})", "EXPUNGE", f"UID EXPUNGE {uids}", f"UID MOVE {uids} {other}",
            f"FETCH {number}:* (UID FLAGS)", f"UID FETCH {uids} (FLAGS MODSEQ)", f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 5)",
            "SEARCH ALL", "UID SEARCH ALL", "NOOP", "NOOP", "IDLE"))


class ManySessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)

    def step(self, clients, rng):
        """Some say something at once, then each hears its answer."""
        chosen = rng.sample(clients, rng.randint(1, 4))
        for client in chosen:
            if client.idle:
                client.sock.sendall(b"DONE\r\n")
            else:
                client.send(client.command(rng))
        for client in chosen:
            if client.idle or client.doing != "IDLE":
                client.hear()
                client.idle = False
                if rng.random() < 0.7:
                    client.learn()
            else:
                client.idle = True

    def settle(self, clients):
        """Nobody does anything any more: all must know the same, and what is there."""
        for client in clients:
            if client.idle:
                client.sock.sendall(b"DONE\r\n")
                client.finish()
                client.idle = False
            client.ask("NOOP")
            client.learn()
            client.ask("NOOP")
        for box in BOXES:
            there = Client(self.server, box, True)
            there.select()
            want = [(m.uid, m.flags, m.modseq) for m in there.messages]
            there.close()
            for client in (c for c in clients if c.box == box):
                self.assertEqual([(m.uid, m.flags, m.modseq) for m in client.messages], want, client.qresync)

    def test_each_is_told_what_happens(self):
        rng = random.Random(int(os.environ.get("SEED", "20261121")))
        steps = int(os.environ.get("STEPS", "900"))
        first = Client(self.server, BOXES[0], False)
        first.ask("CREATE Other")
        first.close()
        clients = [Client(self.server, BOXES[i % 2], i % 3 != 0) for i in range(9)]
        for client in clients:
            client.select()
        for _ in range(10):
            away = [c for c in clients if c.qresync and not c.idle][:2]
            for client in away:
                client.leave()
            present = [c for c in clients if c not in away]
            for _ in range(steps // 10):
                self.step(present, rng)
            for client in away:
                client.come_back()
            self.settle(clients)
        for client in clients:
            client.close()
        wait_for(lambda: not any(row.get("account") == ANN for row in self.server.signet("session", "list")["rows"]))


if __name__ == "__main__":
    unittest.main()
