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

ANN, CY = "ann@alpha.test", "cy@beta.test"
PASSWORD = "correct horse 1"


class Running(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.server.start()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.server.add(ANN, CY, password=PASSWORD)

    def send(self, to, subject, body="hello\r\n"):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=20) as smtp:
            smtp.sendmail("x@elsewhere.test", [to], f"Subject: {subject}\r\n\r\n{body}")

    def login(self, user, server=None):
        server = server or self.server
        imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
        imap.host = user.split("@")[1]
        imap.starttls(server.tls(imap.host))
        imap.login(user, PASSWORD)
        return imap

    def test_idle_sessions_hold_no_thread(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.login(ANN).logout()
        threads, memory = self.server.threads(), self.server.rss()
        held = []
        for _ in range(300):
            held.append(self.login(ANN))
            held[-1].select()
        time.sleep(1)
        each = (self.server.rss() - memory) / 300
        print(f"     {each / 1024:.0f} KB resident for each idle session")
        self.assertLess(self.server.threads(), threads + 40)
        time.sleep(12)
        self.assertLess(self.server.threads(), threads + 5)
        for imap in held:
            self.assertEqual(imap.noop()[0], "OK")
            imap.shutdown()

    def test_idle_tells_at_once(self):
        imap = self.login(ANN)
        imap.select()
        imap.send(b"i IDLE\r\n")
        self.assertTrue(imap.readline().startswith(b"+"))
        began = time.monotonic()
        self.send(ANN, "wake up")
        self.assertEqual(imap.readline(), b"* 1 EXISTS\r\n")
        self.assertLess(time.monotonic() - began, 1)
        imap.send(b"DONE\r\n")
        while not (line := imap.readline()).startswith(b"i "):
            pass
        self.assertTrue(line.startswith(b"i OK"))
        imap.shutdown()

    def test_drain(self):
        idle = self.login(ANN)
        smtp = socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=20)
        smtp.recv(1000)
        self.server.process.terminate()
        self.assertTrue(idle.readline().startswith(b"* BYE"))
        self.assertTrue(smtp.recv(1000).startswith(b"421 4.3.2"))
        began = time.monotonic()
        self.assertEqual(self.server.process.wait(20), 0)
        self.assertLess(time.monotonic() - began, 8)
        smtp.close()
        self.server.start()

    def test_reload_reopens_the_log(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            self.server.stop()
            process = subprocess.Popen([self.server.bin / "signetd", "-d", self.server.data, "-p", "0", "-f", "-l", log,
                                        *(["-u", "root"] if os.geteuid() == 0 else [])], stdout=subprocess.PIPE)
            while process.stdout.readline() != b"ready\n":
                pass
            log.rename(log.with_suffix(".old"))
            process.send_signal(signal.SIGHUP)
            for _ in range(50):
                if log.exists() and "reloaded" in log.read_text():
                    break
                time.sleep(0.1)
            self.assertIn("reloaded", log.read_text())
            process.terminate()
            process.wait(20)
            process.stdout.close()
        self.server.start()

    def test_backup_under_load_and_restore(self):
        over = threading.Event()

        def load():
            n = 0
            while not over.is_set():
                n += 1
                self.send(CY, f"load {n}", "x" * 70 + "\r\n" * 50)

        sent = [mailmaker.message(n, ANN, [ANN]) for n in range(40)]
        for data in sent:
            with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
                smtp.sendmail("x@elsewhere.test", [ANN], data)
        writer = threading.Thread(target=load)
        writer.start()
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "backup"
            try:
                self.server.signet("backup", "create", str(target))
            finally:
                over.set()
                writer.join()
            data = pathlib.Path(folder) / "restored" / "data"
            data.parent.mkdir()
            subprocess.run([self.server.bin / "signet", "backup", "restore", target, data], check=True,
                           stdout=subprocess.DEVNULL)
            again = Server(data=data.parent)
            with again:
                self.assertEqual(again.signet("backup", "verify")["faults"], 0)
                imap = self.login(ANN, again)
                imap.select()
                read = [mailmaker.without_trace(imap.fetch(str(n + 1), "BODY.PEEK[]")[1][0][1]) for n in range(40)]
                self.assertEqual(read, sent)
                imap.logout()

    def test_two_servers_one_data(self):
        done = subprocess.run([self.server.bin / "signetd", "-d", self.server.data, "-p", "0", "-f",
                               *(["-u", "root"] if os.geteuid() == 0 else [])], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20)
        self.assertNotEqual(done.returncode, 0)

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

    def test_sessions_are_listed_and_ended(self):
        imap = self.login(ANN)
        rows = [r for r in self.server.signet("session", "list")["rows"] if r.get("account") == ANN]
        self.assertEqual(len(rows), 1)
        self.server.signet("session", "end", str(rows[0]["icid"]))
        self.assertTrue(imap.readline().startswith(b"* BYE"))


class FullDisk(unittest.TestCase):
    """RLIMIT_FSIZE can't stand for a full disk, a small tmpfs can; mounting one needs root."""

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small file system")
    def test_full_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "signet-test", folder], check=False)
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
        imap = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"])
        imap.login(ANN, PASSWORD)
        count = int(imap.select(readonly=True)[1][0])
        imap.logout()
        return count

    def fill(self, folder):
        filler = folder / "filler"
        filler.write_bytes(b"x" * 20_000_000)
        with tempfile.TemporaryDirectory() as elsewhere, Server(data=folder) as server:
            server.log_path = pathlib.Path(elsewhere) / "log"
            server.add(ANN, password=PASSWORD)
            codes = self.send_until_full(server)
            stored = codes.count(250)
            self.assertEqual(codes[-1] // 100, 4, codes)
            self.assertGreater(stored, 5)
            self.assertEqual(self.count(server), stored)
            filler.unlink()
            codes = self.send_until_full(server)
            self.assertGreater(codes.count(250), 5)
            self.assertEqual(self.count(server), stored + codes.count(250))
