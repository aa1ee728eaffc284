"""SIGKILL at random moments under load, and SIGTERM: what was acknowledged is there, once, what was
expunged is not, and the store opens by itself. Mail for elsewhere waits in the queue, and is there once, too.

KILLS in the environment says how many times (default 50). The seed is printed, and taken from SEED.
"""
import collections
import imaplib
import os
import random
import re
import smtplib
import threading
import time
import unittest

import mailmaker
from server import PASSWORD, Server, anyone

ACCOUNTS = ["ann@alpha.test", "bob@alpha.test", "cy@beta.test"]
FAR = "far@alpha.test"  # leads to another server, where nobody answers
FILL = (("alias", "add", FAR, "x@far.test"), ("setting", "set", "relay.route", "[127.0.0.1]:9"))
GONE = (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error)


def number_in(text):
    return int(re.search(rb"<test\.(\d+)@", text)[1])


class Load:
    """Writers, and what the server said OK to."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.next = 0
        self.stored = collections.defaultdict(set)   # account -> numbers that were answered 250 or OK
        self.asked = collections.defaultdict(set)    # and all that were sent
        self.flagged = {}                            # (account, uid) -> last flag answered OK
        self.unsure = set()                          # (account, uid) with a change that got no answer
        self.going = collections.defaultdict(set)    # account -> numbers that were to be expunged
        self.gone = collections.defaultdict(set)     # and where that was answered OK
        self.places = {}                             # (account, uid) -> number, as once seen
        self.over = False

    def number(self, accounts):
        with self.lock:
            self.next += 1
            for account in accounts:
                self.asked[account].add(self.next)
            return self.next

    def acknowledged(self, accounts, n):
        with self.lock:
            for account in accounts:
                self.stored[account].add(n)

    def run(self, work, *args):
        while not self.over:
            try:
                work(*args)
            except GONE:
                time.sleep(0.02)

    def smtp(self, rng):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=20) as smtp:
            while not self.over:
                to = rng.sample([*ACCOUNTS, FAR], rng.randint(1, 3))
                n = self.number(to)
                if not smtp.sendmail(f"n{n}@elsewhere.test", to, mailmaker.message(n, "x@elsewhere.test", to)):
                    self.acknowledged(to, n)

    def login(self, account):
        imap = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=anyone(), timeout=20)
        imap.login(account, PASSWORD)
        return imap

    def append(self, rng):
        account = rng.choice(ACCOUNTS)
        imap = self.login(account)
        for _ in range(20):
            n = self.number([account])
            status, _ = imap.append("INBOX", None, None, mailmaker.message(n, account, [account]))
            if status == "OK":
                self.acknowledged([account], n)
            if self.over:
                break
        imap.logout()

    def store(self, rng):
        account = ACCOUNTS[0]
        imap = self.login(account)
        imap.select("INBOX")
        uids = imap.uid("SEARCH", "ALL")[1][0].split()
        for _ in range(30):
            if self.over or not uids:
                break
            uid, flag = rng.choice(uids), rng.choice([r"\Seen", r"\Flagged", r"\Answered"])
            self.unsure.add((account, uid))
            status, _ = imap.uid("STORE", uid, "FLAGS", f"({flag})")
            if status == "OK":
                self.flagged[account, uid] = flag
                self.unsure.discard((account, uid))
        imap.logout()

    def expunge(self, rng):
        account = ACCOUNTS[2]
        imap = self.login(account)
        imap.select("INBOX")
        uids = imap.uid("SEARCH", "ALL")[1][0].split()
        for uid in rng.sample(uids, min(5, len(uids))):
            _, data = imap.uid("FETCH", uid, "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]")
            n = number_in(data[0][1])
            self.going[account].add(n)
            imap.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
            if imap.expunge()[0] == "OK":
                self.gone[account].add(n)
        imap.logout()


class Kill(unittest.TestCase):
    def check_found(self, load, account, found):
        lost = load.stored[account] - load.going[account] - set(found)
        self.assertFalse(lost, f"{account}: acknowledged and not there: {sorted(lost)[:20]}")
        twice = [n for n, times in found.items() if times > 1]
        self.assertFalse(twice, f"{account}: there more than once: {twice[:20]}")
        self.assertFalse(set(found) - load.asked[account])
        self.assertFalse(set(found) & load.gone[account], f"{account}: expunged and back")

    def check_queue(self, load, listed):
        """listed: text with the senders of all that waits in the queue."""
        self.check_found(load, FAR, collections.Counter(int(n) for n in re.findall(r"\bn(\d+)@", listed)))

    def check(self, server, load):
        for account in ACCOUNTS:
            imap = load.login(account)
            _, (count,) = imap.select("INBOX", readonly=True)
            found = collections.Counter()
            uids = []
            if int(count):
                _, data = imap.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
                for head, text in (d for d in data if isinstance(d, tuple)):
                    n, uid = number_in(text), re.search(rb"UID (\d+)", head)[1]
                    found[n] += 1
                    uids.append(int(uid))
                    self.assertEqual(load.places.setdefault((account, uid), n), n, "a UID was used again")
                    self.check_flag(load, account, uid, head)
            imap.logout()
            self.assertEqual(uids, sorted(set(uids)))
            self.check_found(load, account, found)

    def check_flag(self, load, account, uid, head):
        if (account, uid) in load.flagged and (account, uid) not in load.unsure:
            self.assertIn(load.flagged[account, uid].encode(), head)

    def test_kill(self):
        kills = int(os.environ.get("KILLS", "50"))
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        print(f"     seed {seed}")
        rng = random.Random(seed)
        with Server() as server:
            server.add(*ACCOUNTS)
            for words in FILL:
                server.signet(*words)
            slowest = 0.0
            load = Load(server)
            for n in range(kills):
                load.over = False
                threads = [threading.Thread(target=load.run, args=(work, random.Random(rng.random())))
                           for work in [load.smtp] * 6 + [load.append] * 2 + [load.store, load.expunge]]
                for thread in threads:
                    thread.start()
                time.sleep(rng.uniform(0.05, 0.6))
                if n % 5 < 4:
                    server.kill()
                else:  # and one end in five is a gentle one, with everybody at work
                    self.assertEqual(server.stop(), 0)
                load.over = True
                for thread in threads:
                    thread.join()
                began = time.monotonic()
                server.start()
                slowest = max(slowest, time.monotonic() - began)
                self.check(server, load)
                self.check_queue(load, str(server.signet("queue", "list", "--limit", "1000000")))
            answered = sum(len(s) for s in load.stored.values())
            print(f"     {kills} kills, {answered} deliveries acknowledged, all there once; "
                  f"{len(load.flagged)} flags; {sum(len(s) for s in load.gone.values())} expunged; slowest start {slowest:.2f} s")
            report = server.signet("backup", "verify")
            self.assertEqual(report.get("faults"), 0, report)
