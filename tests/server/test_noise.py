"""Sessions with faults in them: what clients say, mangled at random, on every port, in pieces of any size.

SECONDS in the environment says how long (default 8). The seed is printed, and taken from SEED.
"""
import concurrent.futures
import os
import random
import socket
import ssl
import time
import unittest

from server import PASSWORD, Server, anyone

ANN, CY = "ann@alpha.test", "cy@beta.test"
THREADS = 4
RULES = """require ["reject", "fileinto", "copy", "body"];
if header :matches "subject" "*o*" { fileinto :copy "Noise"; }
if body :contains "e" { redirect :copy "cy@beta.test"; }
if size :over 70 { reject "too much noise"; }"""

SMTP = [b"EHLO x.test", b"HELO x", b"MAIL FROM:<a@b.test>", b"MAIL FROM:<> SIZE=100 BODY=8BITMIME",
        b"RCPT TO:<%b>" % CY.encode(), b"RCPT TO:<%b> NOTIFY=NEVER ORCPT=rfc822;a+2Bb" % ANN.encode(), b"DATA", b"Subject: noise\r\n\r\ntext\r\n.",
        b"RSET", b"NOOP", b"VRFY ann", b"HELP", b"STARTTLS", b"AUTH PLAIN AGEAYg==", b"AUTH LOGIN", b"YW5u", b"*",
        b"AUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==", b"QUIT"]
LMTP = [b"LHLO x.test"] + SMTP[2:]
POP = [b"CAPA", b"USER " + CY.encode(), b"PASS " + PASSWORD.encode(), b"STAT", b"LIST", b"LIST 1", b"UIDL", b"UIDL 1",
       b"RETR 1", b"TOP 1 3", b"DELE 1", b"RSET", b"NOOP", b"STLS", b"AUTH PLAIN", b"AGEAYg==", b"QUIT"]
IMAP = [b"CAPABILITY", b"LOGIN %b \"%b\"" % (CY.encode(), PASSWORD.encode()), b"SELECT INBOX", b"EXAMINE INBOX", b"NOOP",
        b"FETCH 1:* (FLAGS UID ENVELOPE BODYSTRUCTURE RFC822.SIZE INTERNALDATE)", b"FETCH 1 BODY.PEEK[1.MIME]<0.50>",
        b"UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (TO SUBJECT)])", b"FETCH 1:3 BODY[]",
        b"STORE 1:* +FLAGS.SILENT (\\Seen x)", b"SEARCH OR (FROM a NOT SEEN) SINCE 1-Jan-2020 1:3",
        b"UID SEARCH RETURN (MIN COUNT) TEXT \"noise\"", b"SEARCH TEXT {3}\r\nabc",
        b"APPEND INBOX (\\Seen) {10}\r\nSubject: a", b"APPEND INBOX {5+}\r\na: b\r", b"CREATE \"a/b &AOk-\"", b"DELETE a/b",
        b"RENAME a b", b"LIST \"\" *", b"LSUB \"\" *",
        b"LIST (SUBSCRIBED) \"\" (% a*) RETURN (CHILDREN STATUS (MESSAGES))",
        b"STATUS INBOX (MESSAGES UIDNEXT UNSEEN SIZE)", b"COPY 1:2 Drafts", b"MOVE 1 Trash", b"EXPUNGE", b"UID EXPUNGE 1:*",
        b"IDLE\r\nDONE", b"ENABLE CONDSTORE", b"ID (\"name\" NIL)", b"NAMESPACE", b"CLOSE", b"UNSELECT", b"STARTTLS",
        b"AUTHENTICATE PLAIN AGEAYg==", b"LOGOUT"]


def mangle(rng, data):
    """Mostly one small fault, sometimes none."""
    data = bytearray(data)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 5])):
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(6)
        if how == 0:
            data[at:at + rng.randint(1, 4)] = b""
        elif how == 1:
            data[at:at] = rng.randbytes(rng.randint(1, 4))
        elif how == 2:
            data[at:at] = rng.choice([b"\r\n", b"\n", b"\r", b"\0", b"(", b")", b"\"", b"{4294967296}", b"{0}\r\n",
                                      b"<", b">", b" "])
        elif how == 3:
            data[at:at] = data[at:at + 20] * rng.randint(1, 200)
        elif how == 4 and data:
            data[min(at, len(data) - 1)] ^= 1 << rng.randrange(8)
        else:
            data[at:at] = rng.choice([b"0", b"4294967295", b"18446744073709551616", b"-1", b"*", b":"])
    return bytes(data)


class Noise(unittest.TestCase):
    def session(self, rng, listener):
        """One session: it may be refused, cut, or end; it must not hang for long."""
        proto = listener.rstrip("s") if listener.startswith(("imap", "pop")) else "smtp"
        words = LMTP if listener == "lmtp" else {"imap": IMAP, "pop3": POP, "smtp": SMTP}[proto]
        count = rng.randint(1, 30)
        # in the order of a real session more often than not
        said = [rng.choice(words) for _ in range(count)] if rng.random() < 0.5 else words[:count]
        lines = [mangle(rng, (b"t%d " % n if proto == "imap" else b"") + line + b"\r\n") for n, line in enumerate(said)]
        with self.connection(rng, listener) as sock:
            self.talk(rng, sock, b"".join(lines))

    def connection(self, rng, listener):
        sock = self.server.connect(listener, timeout=10)
        if listener in ("imaps", "pop3s", "submissions") and rng.random() < 0.9:
            return anyone().wrap_socket(sock, server_hostname=rng.choice(["alpha.test", "beta.test", "x"]))
        return sock

    def talk(self, rng, sock, data):
        """In pieces; what comes back is read now and then, or not at all."""
        reads = rng.random() < 0.8
        while data:
            n = rng.choice([1, 7, 100, 5000, len(data)])
            sock.sendall(data[:n])
            data = data[n:]
            if reads:
                sock.settimeout(0.002)
                try:
                    sock.recv(65536)
                except (TimeoutError, ssl.SSLWantReadError):
                    pass
                sock.settimeout(10)
        if reads and rng.random() < 0.5 and not isinstance(sock, ssl.SSLSocket):
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass

    def noise(self, rng, end):
        """How many sessions there were."""
        sessions = 0
        while time.monotonic() < end:
            sessions += 1
            try:
                self.session(rng, rng.choice(sorted(self.server.ports) + ["lmtp"]))
            except TimeoutError as e:
                raise AssertionError("a session hangs") from e
            except OSError:  # cut by the server, or no TLS
                self.assertIsNone(self.server.process.poll(), "the server ended")
        return sessions

    def test_noise(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        end = time.monotonic() + float(os.environ.get("SECONDS", "8"))
        print(f"     seed {seed}", flush=True)
        with Server() as self.server, concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            self.server.add(ANN, CY)
            self.server.signet("setting", "set", "auth.failure-delay-max", "20ms")
            self.server.signet("rule", "set", "main", "--account", ANN, "--activate", stdin=RULES)
            for n in range(5):
                self.server.send(CY, f"Subject: {n}\r\n\r\nnoise\r\n")
            peers = [pool.submit(self.noise, random.Random(seed + n), end) for n in range(THREADS)]
            print(f"     {sum(peer.result() for peer in peers)} sessions")
            self.check()

    def check(self):
        """It serves, nothing is damaged, and none of it was an error of the server's."""
        self.server.send(CY, "Subject: after\r\n\r\nstill here\r\n")
        imap = self.server.imap(CY)
        self.assertEqual(imap.select()[0], "OK")
        imap.logout()
        self.assertEqual(self.server.signet("backup", "verify")["faults"], 0)
        self.assertEqual([line for line in self.server.log().splitlines() if " error " in line], [])
