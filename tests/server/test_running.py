"""The server as a process: idle sessions, IDLE, drain, reload, backup, a full disk."""
import imaplib
import os
import pathlib
import resource
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import mailmaker
from server import Failed, Server
from waiting import wait_for

ANN, CY = "ann@alpha.test", "cy@beta.test"


class Running(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.server.add(ANN, CY)

    def test_idle_sessions_hold_no_thread(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.server.imap(ANN).logout()
        threads, memory = self.server.threads(), self.server.rss()
        held = []
        for _ in range(300):
            held.append(self.server.imap(ANN))
            held[-1].select()
        time.sleep(1)
        each = (self.server.rss() - memory) / 300  # told, and judged by the bench
        print(f"     {each / 1024:.0f} KB resident for each idle session")
        self.assertLess(self.server.threads(), threads + 40)
        wait_for(lambda: self.server.threads() < threads + 5, 60, self.server.threads)
        for imap in held:
            self.assertEqual(imap.noop()[0], "OK")
            imap.shutdown()

    def test_a_port_is_not_shared_with_another_server(self):
        """Sockets of the loops share a port; the kernel must not let a second server join them."""
        other = Server()
        self.addCleanup(other.remove)
        other.start()
        with socket.create_server(("127.0.0.1", 0)) as sock:
            address = f"127.0.0.1:{sock.getsockname()[1]}"
        other.signet("setting", "set", "listener.address", address, "--listener", "smtp")
        other.stop()
        self.server.signet("setting", "set", "listener.address", address, "--listener", "smtp")
        with self.assertRaisesRegex(Failed, "cannot listen on 127.0.0.1 port.*in use"):
            other.start()

    def test_idle_tells_at_once(self):
        imap = self.server.imap(ANN)
        imap.select()
        imap.send(b"i IDLE\r\n")
        self.assertTrue(imap.readline().startswith(b"+"))
        self.server.send(ANN, "Subject: wake up\r\n\r\nhello\r\n")
        imap.sock.settimeout(5)
        self.assertEqual(imap.readline(), b"* 1 EXISTS\r\n")
        imap.send(b"DONE\r\n")
        while not (line := imap.readline()).startswith(b"i "):
            pass
        self.assertTrue(line.startswith(b"i OK"))
        imap.shutdown()

    def test_drain(self):
        idle = self.server.imap(ANN)
        smtp = self.server.connect("smtp")
        smtp.recv(1000)
        self.server.process.terminate()
        self.assertTrue(idle.readline().startswith(b"* BYE"))
        self.assertTrue(smtp.recv(1000).startswith(b"421 4.3.2"))
        began = time.monotonic()
        self.assertEqual(self.server.process.wait(20), 0)
        self.assertLess(time.monotonic() - began, 8)
        smtp.close()
        self.server.start()

    def wait_for_log(self, path, text):
        for _ in range(50):
            if path.exists() and text in path.read_text():
                return
            time.sleep(0.1)
        self.fail(f"{path} does not say '{text}'")

    def test_reload_reopens_the_log(self):
        log = self.server.folder / "another-log"
        self.server.stop()
        self.server.start("-l", log)
        self.wait_for_log(log, " ready ")
        log.rename(log.with_suffix(".old"))
        self.server.process.send_signal(signal.SIGHUP)
        self.wait_for_log(log, "reloaded")

    def test_backup_under_load_and_restore(self):
        over = threading.Event()

        def load():
            n = 0
            while not over.is_set():
                n += 1
                self.server.send(CY, f"Subject: load {n}\r\n\r\n" + "x" * 70 + "\r\n" * 50)

        sent = [mailmaker.message(n, ANN, [ANN]) for n in range(40)]
        for data in sent:
            self.server.send(ANN, data)
        writer = threading.Thread(target=load)
        writer.start()
        try:
            self.server.signet("backup", "create", str(self.server.folder / "backup"))
        finally:
            over.set()
            writer.join()
        self.check_restored(self.server.folder / "backup", sent)

    def check_restored(self, backup, sent):
        """It becomes a server of its own, with the mail, the passwords and the certificates."""
        restored = Server(folder=self.server.folder / "restored")
        restored.folder.mkdir()
        subprocess.run([restored.bin / "signet", "backup", "restore", backup, restored.data], check=True,
                       stdout=subprocess.DEVNULL)
        with restored:
            self.assertEqual(restored.signet("backup", "verify")["faults"], 0)
            for domain in ("alpha.test", "beta.test"):
                self.assertEqual(restored.certificate(domain).read_text(),
                                 self.server.certificate(domain).read_text())
            imap = restored.imap(ANN)
            imap.select()
            read = [mailmaker.without_trace(imap.fetch(str(n + 1), "BODY.PEEK[]")[1][0][1]) for n in range(40)]
            self.assertEqual(read, sent)
            imap.logout()

    def test_two_servers_one_data(self):
        done = subprocess.run(self.server.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"in use", done.stderr)

    def test_commands_teach(self):
        def signet(*words):
            done = subprocess.run([self.server.bin / "signet", *words], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=20)
            return done.returncode, done.stdout.decode()
        status, text = signet("help")
        self.assertEqual(status, 0)
        for noun in ("domain", "account", "alias", "pki", "setting", "queue", "session", "backup"):
            self.assertIn(noun, text)
        self.assertIn("domain add", signet("help", "domain")[1])
        status, text = signet("-d", "/nowhere", "domain", "list")
        self.assertEqual(status, 1)
        self.assertIn("signetd", text)
        with self.assertRaises(Failed):
            self.server.signet("domain", "add", "not a name")

    def test_too_many_sessions(self):
        """Each protocol says so in its own words; the others, and the server, stay."""
        words = {"smtp": b"421 4.7.0 ", "submission": b"421 4.7.0 ", "submissions": b"", "imap": b"* BYE [LIMIT] ",
                 "imaps": b"", "pop3": b"-ERR [SYS/TEMP] ", "pop3s": b""}
        held = [self.server.imap(ANN), self.server.imap(CY)]
        self.server.signet("setting", "set", "session.max-per-address", "2")
        for listener, word in words.items():
            with self.server.connect(listener) as sock:
                self.assertTrue(sock.recv(1000).startswith(word), listener)
                self.assertEqual(sock.recv(1000), b"", listener)
        for imap in held:
            self.assertEqual(imap.noop()[0], "OK")
            imap.logout()
        for _ in range(50):  # they are counted until the server has closed them
            with self.server.connect("pop3") as sock:
                if sock.recv(1000).startswith(b"+OK"):
                    return
            time.sleep(0.1)
        self.fail("there is no room again")

    def test_sessions_are_listed_and_ended(self):
        imap = self.server.imap(ANN)
        rows = [r for r in self.server.signet("session", "list")["rows"] if r.get("account") == ANN]
        self.assertEqual(len(rows), 1)
        self.server.signet("session", "end", str(rows[0]["icid"]))
        self.assertTrue(imap.readline().startswith(b"* BYE"))


class FullDisk(unittest.TestCase):
    """RLIMIT_FSIZE can't stand for a full disk, a small tmpfs can; mounting one needs root.

    The server keeps a part of the disk free for what makes room again (storage.reserve).
    """

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small file system")
    def test_full_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "signet-test", folder], check=False)
            if mounted.returncode != 0:
                self.skipTest("cannot mount here")
            try:
                self.fill(pathlib.Path(folder))
            finally:
                subprocess.run(["umount", folder], check=False)

    def send_until_full(self, server):
        """The codes of what was sent; the last one is no 250."""
        codes = []
        for n in range(200):
            with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=30) as smtp:
                smtp.ehlo()
                smtp.mail("x@elsewhere.test")
                smtp.rcpt(ANN)
                codes.append(smtp.data(b"Subject: %d\r\n\r\n" % n + b"x" * 900000)[0])
            if codes[-1] != 250:
                break
        return codes

    def count(self, server):
        imap = server.imap(ANN)
        count = int(imap.select(readonly=True)[1][0])
        imap.logout()
        return count

    def fill(self, folder):
        filler = folder / "filler"
        filler.write_bytes(b"x" * 70_000_000)
        with Server(folder=folder) as server:
            server.add(ANN)
            codes = self.send_until_full(server)
            stored = codes.count(250)
            self.assertEqual(codes[-1] // 100, 4, codes)
            self.assertGreater(stored, 5)
            self.assertEqual(self.count(server), stored)
            filler.unlink()
            codes = self.send_until_full(server)
            self.assertGreater(codes.count(250), 5)
            self.assertEqual(self.count(server), stored + codes.count(250))
            server.kill()
            server.start()
            self.assertEqual(self.count(server), stored + codes.count(250))
