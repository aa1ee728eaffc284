"""LMTP (RFC 2033) from those who speak it: Python's smtplib, swaks, Postfix."""
import contextlib
import os
import pathlib
import shutil
import smtplib
import subprocess
import tempfile
import time
import unittest

from server import Server

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"
DATA = "From: x@elsewhere.test\r\nSubject: {}\r\n\r\nhello\r\n"


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Lmtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB, CY)

    def subjects(self, user):
        imap = self.server.imap(user)
        _, (count,) = imap.select("INBOX", readonly=True)
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT RECEIVED)]")[1] if int(count) else []
        imap.logout()
        return [part[1].decode() for part in found if isinstance(part, tuple)]

    def lmtp(self):
        return smtplib.LMTP(self.server.sockets["lmtp"])

    def test_smtplib(self):
        """It reads one reply behind the text, so one recipient at a time."""
        with self.lmtp() as lmtp:
            for user in (ANN, CY):
                refused = lmtp.sendmail("x@elsewhere.test", [user, "nobody@alpha.test", "a@elsewhere.test"],
                                        DATA.format("by smtplib"))
                self.assertEqual({who: code for who, (code, _) in refused.items()},
                                 {"nobody@alpha.test": 550, "a@elsewhere.test": 550})
        for user in (ANN, CY):
            (header,) = [h for h in self.subjects(user) if "by smtplib" in h]
            self.assertIn("with LMTP id", header)

    def test_each_has_its_answer(self):
        """One that is full does not keep the others from having it; they have it once."""
        self.server.signet("account", "quota", BOB, "1000")
        self.addCleanup(self.server.signet, "account", "quota", BOB, "0")
        text = DATA.format("to many") + "x" * 900 + "\r\n"
        with self.lmtp() as lmtp:
            lmtp.ehlo_or_helo_if_needed()
            lmtp.mail("x@elsewhere.test")
            self.assertEqual([lmtp.rcpt(user)[0] for user in (ANN, BOB, CY)], [250, 250, 250])
            lmtp.putcmd("data")
            self.assertEqual(lmtp.getreply()[0], 354)
            lmtp.send(text.encode() + b".\r\n")
            replies = [lmtp.getreply() for _ in range(3)]
        self.assertEqual([code for code, _ in replies], [250, 452, 250])
        self.assertEqual([len([h for h in self.subjects(u) if "to many" in h]) for u in (ANN, BOB, CY)], [1, 0, 1])

    @needs("swaks")
    def test_swaks(self):
        done = subprocess.run(
            ["swaks", "--protocol", "LMTP", "--socket", self.server.sockets["lmtp"], "--from", "x@elsewhere.test",
             "--to", f"{ANN},{BOB}", "--header", "Subject: by swaks"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        for user in (ANN, BOB):
            self.assertEqual(len([h for h in self.subjects(user) if "by swaks" in h]), 1)


    def test_many_at_once(self):
        """As many as sessions are allowed; the admin gets in all the same."""
        self.server.signet("setting", "set", "session.max", "10")
        self.addCleanup(self.server.signet, "setting", "reset", "session.max")
        with contextlib.ExitStack() as stack:
            greetings = []
            for _ in range(15):
                sock = stack.enter_context(self.server.connect("lmtp"))
                greetings.append(sock.recv(100)[:3])
            self.assertIn(b"421", greetings)
            self.assertGreaterEqual(greetings.count(b"220"), 5)
            self.assertTrue(self.server.signet("session", "list")["rows"])


class Elsewhere(unittest.TestCase):
    """The listener moved: to TCP, with STARTTLS, and to a socket for everybody."""

    def test_moved(self):
        with tempfile.TemporaryDirectory(prefix="signet-lmtp.") as folder, Server() as server:
            os.chmod(folder, 0o755)
            path = pathlib.Path(folder) / "socket"
            server.add(ANN)
            server.signet("setting", "set", "listener.address", f"127.0.0.1:0 {path}", "--listener", "lmtp")
            server.signet("setting", "set", "listener.socket", "all", "--listener", "lmtp")
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual(server.sockets["lmtp"], str(path))
            self.assertEqual(path.stat().st_mode & 0o777, 0o666)
            done = subprocess.run(
                ["swaks", "--protocol", "LMTP", "--server", "127.0.0.1", "--port", str(server.ports["lmtp"]), "--tls",
                 "--to", ANN, "--from", "x@elsewhere.test"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout.decode())
            with smtplib.LMTP(str(path)) as lmtp:
                lmtp.sendmail("x@elsewhere.test", [ANN], DATA.format("x"))
            imap = server.imap(ANN)
            self.assertEqual(imap.select("INBOX")[1], [b"2"])
            header = imap.fetch("1", "BODY.PEEK[HEADER.FIELDS (RECEIVED)]")[1][0][1]
            self.assertIn(b"with LMTPS id", header)
            imap.logout()


@unittest.skipUnless(os.geteuid() == 0, "Postfix wants to be started by root")
@needs("postfix")
class Postfix(unittest.TestCase):
    """Postfix takes mail for alpha.test and hands it over at a socket."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-postfix."))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.folder.chmod(0o755)
        self.socket = self.folder / "lmtp"
        self.server = self.enterContext(Server())
        self.server.add(ANN, BOB)
        self.server.signet("setting", "set", "listener.address", str(self.socket), "--listener", "lmtp")
        self.server.signet("setting", "set", "listener.socket", "all", "--listener", "lmtp")
        self.server.stop()
        self.server.start()
        self.configure()

    def configure(self):
        conf, self.conf = self.folder / "etc", self.folder / "etc"
        shutil.copytree("/etc/postfix", conf, symlinks=True)
        for name in ("queue", "lib"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "lib", "postfix")
        (conf / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/lib
maillog_file = /dev/stdout
maillog_file_prefixes = /dev
myhostname = mx.alpha.test
mydestination =
virtual_mailbox_domains = alpha.test
virtual_transport = lmtp:unix:{self.socket}
alternate_config_directories =
smtputf8_enable = yes
inet_interfaces = loopback-only
""")
        lines = [line for line in (conf / "master.cf").read_text().splitlines()
                 if line.split()[1:2] != ["inet"] and not line.startswith((" ", "\t"))]
        (conf / "master.cf").write_text("\n".join("  ".join(w if i != 4 else "n" for i, w in enumerate(
            line.split(None, 7))) if line and line[0] != "#" else line for line in lines) + "\n")

    def postfix(self, *words):
        return subprocess.run(["postfix", "-c", self.conf, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_hands_over(self):
        log = open(self.folder / "log", "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen(["postfix", "-c", self.conf, "start-fg"], stdout=log, stderr=log)
        try:
            self.wait(lambda: (self.folder / "queue/public/pickup").exists())
            done = subprocess.run(["sendmail", "-C", self.conf, "-f", "x@elsewhere.test", ANN, BOB,
                                   "nobody@alpha.test"],
                                  input=b"Subject: by postfix\n\nhello\n", stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout)
            for user in (ANN, BOB):
                self.wait(lambda user=user: self.count(user) == 1)
            self.wait(lambda: b"550 5.1.1 No such user here" in (self.folder / "log").read_bytes())
        finally:
            self.postfix("stop")
            process.wait(30)

    def wait(self, condition):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, (self.folder / "log").read_text(errors="replace"))
            time.sleep(0.2)

    def count(self, user):
        imap = self.server.imap(user)
        imap.select("INBOX", readonly=True)
        found = imap.search(None, "SUBJECT", '"by postfix"')[1][0].split()
        imap.logout()
        return len(found)


if __name__ == "__main__":
    unittest.main()
