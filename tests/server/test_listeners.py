"""Listeners open, close and change while the server runs, and tell why when they cannot."""
import imaplib
import os
import pathlib
import signal
import smtplib
import socket
import subprocess
import threading
import unittest
import urllib.error

from portal import Portal
from server import Failed, Server, anyone
from waiting import wait_for

ANN = "ann@alpha.test"


def greeting(host, port):
    """The first line that is said there; None: nobody answers."""
    try:
        with socket.create_connection((host, port), timeout=20) as sock:
            return sock.makefile("rb").readline()
    except ConnectionRefusedError:
        return None


def free_port(host="127.0.0.1"):
    with socket.create_server((host, 0)) as sock:
        return sock.getsockname()[1]


class Listeners(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)

    def signet(self, *words):
        return self.server.signet(*words)

    def refused(self, *words):
        with self.assertRaises(Failed) as said:
            self.signet(*words)
        return str(said.exception)

    def places(self, name):
        return [row["address"] for row in self.signet("listener", "list")["rows"] if row["name"] == name]

    def port(self, name):
        return int(self.places(name)[0].rsplit(":", 1)[1])

    def add(self, name, *words):
        self.signet("listener", "add", name, *words)
        self.addCleanup(self.server.run_signet, "listener", "remove", name)
        return self.port(name)

    def test_a_new_one_answers_at_once(self):
        port = self.add("inside", "smtp", "127.0.0.2:0")
        done = subprocess.run(["swaks", "--server", "127.0.0.2", "--port", str(port), "--tls", "--from", "x@y.test",
                               "--to", ANN, "--h-Subject", "by the new door"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        port = self.add("more", "imap", "127.0.0.2:0", "--tls", "implicit")
        imap = imaplib.IMAP4_SSL("127.0.0.2", port, ssl_context=anyone(), timeout=60)
        imap.login(ANN, "correct horse 1")
        imap.select()
        self.assertEqual(len(imap.search(None, "SUBJECT", "door")[1][0].split()), 1)
        imap.logout()

    def test_a_removed_one_lets_its_sessions_end(self):
        port = self.add("going", "smtp", "127.0.0.2:0")
        with smtplib.SMTP("127.0.0.2", port, timeout=30) as smtp:
            smtp.ehlo("here.test")
            said = self.server.run_signet("listener", "remove", "going")
            self.assertEqual(said.returncode, 0, said.stdout)
            self.assertIsNone(greeting("127.0.0.2", port))
            self.assertEqual(self.places("going"), [])
            smtp.sendmail("x@y.test", [ANN], "Subject: by the old door\r\n\r\nhello\r\n")
        self.assertIn("there is no listener 'going'", self.refused("listener", "show", "going"))
        self.assertNotIn("going", [row["of"] for row in self.signet("setting", "list", "--changed")["rows"]])

    def test_who_waits_at_the_door_is_served(self):
        """Connections that the kernel has taken before a listener goes are no broken ones."""
        port = self.add("queue", "smtp", "127.0.0.2:0")
        os.kill(self.server.process.pid, signal.SIGSTOP)
        waiting = [socket.create_connection(("127.0.0.2", port), timeout=30) for _ in range(100)]
        removing = threading.Thread(target=self.signet, args=("listener", "remove", "queue"))
        removing.start()
        os.kill(self.server.process.pid, signal.SIGCONT)
        removing.join()
        for sock in waiting:
            self.assertTrue(sock.recv(100).startswith(b"220 "))
            sock.close()

    def test_moved_with_all_addresses_and_one(self):
        """The system does not let 0.0.0.0 and one address stand beside each other at one port."""
        port = free_port()
        self.addCleanup(self.server.run_signet, "setting", "reset", "listener.address", "--listener", "pop3")
        for places, here, there in ((f"127.0.0.1:{port}", True, False), (f"*:{port}", True, True),
                                    (f"127.0.0.2:{port}", False, True), (f"0.0.0.0:{port}", True, True),
                                    (f"127.0.0.1:{port} 127.0.0.2:{port}", True, True), ("off", False, False)):
            with self.subTest(places):
                said = self.signet("listener", "change", "pop3", "--address", places)["message"]
                self.assertIn("nowhere" if places == "off" else f":{port}", said)
                self.assertEqual(bool(greeting("127.0.0.1", port)), here)
                self.assertEqual(bool(greeting("127.0.0.2", port)), there)

    def test_tls_changes_at_the_same_port(self):
        port = self.add("turns", "imap", "127.0.0.2:0", "--tls", "starttls")
        old = imaplib.IMAP4("127.0.0.2", port, timeout=60)
        self.signet("listener", "change", "turns", "--tls", "implicit")
        self.assertEqual(self.port("turns"), port)
        imaplib.IMAP4_SSL("127.0.0.2", port, ssl_context=anyone(), timeout=60).logout()
        self.assertEqual(old.starttls(anyone())[0], "OK")  # what it was when it came
        old.logout()

    def test_what_cannot_be_had_changes_nothing(self):
        port = self.add("stays", "smtp", "127.0.0.2:0", "--role", "submission")
        self.signet("listener", "change", "stays", "--address", f"127.0.0.2:{port}")
        taken = self.enterContext(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        imap = self.places("imap")[0]
        before = self.signet("listener", "show", "stays")
        for words, why, what in (
                (f"127.0.0.3:{port} 127.0.0.1:{taken}", "Address already in use", f"ss -ltnp sport = :{taken}"),
                (f"127.0.0.2:{port} 192.0.2.77:2525", "Cannot assign requested address", "ip address"),
                (f"0.0.0.0:{port} 192.0.2.77:2525", "Cannot assign requested address", "ip address"),
                (imap, f"imap listens on {imap} already", ""),
                ("nowhere", "no address", ""),
                ("/nobody/there", "No such file or directory", "")):
            with self.subTest(words):
                said = self.refused("listener", "change", "stays", "--address", words, "--role", "private")
                self.assertIn(why, said)
                self.assertIn(what, said)
                self.assertEqual(self.signet("listener", "show", "stays"), before)
                self.assertTrue(greeting("127.0.0.2", port))
                self.assertIsNone(greeting("127.0.0.3", port))
        self.assertIn("already in use", self.refused("listener", "add", "never", "smtp", f"127.0.0.1:{taken}"))
        self.assertIn("there is no listener 'never'", self.refused("listener", "show", "never"))

    def test_a_setting_is_the_same_way(self):
        taken = self.enterContext(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        before = self.places("pop3s")
        place = ("--listener", "pop3s")
        self.assertIn("in use", self.refused("setting", "set", "listener.address", f"127.0.0.1:{taken}", *place))
        self.assertEqual(self.places("pop3s"), before)
        self.signet("setting", "set", "listener.address", "127.0.0.2:0", *place)
        self.assertTrue(self.places("pop3s")[0].startswith("127.0.0.2:"))
        self.signet("setting", "reset", "listener.address", *place)
        self.assertTrue(self.places("pop3s")[0].startswith("127.0.0.1:"))

    def test_files_and_sockets_of_others_stay(self):
        text, sock = self.server.folder / "text", self.server.folder / "sock"
        text.write_text("not a socket")
        other = self.enterContext(socket.socket(socket.AF_UNIX))
        other.bind(str(sock))
        other.listen()
        self.assertIn("File exists", self.refused("listener", "change", "lmtp", "--address", str(text)))
        self.assertIn("Address already in use", self.refused("listener", "change", "lmtp", "--address", str(sock)))
        self.assertEqual(text.read_text(), "not a socket")
        other.close()  # and leaves its file, as a crash would
        self.signet("listener", "change", "lmtp", "--address", str(sock))
        self.addCleanup(self.server.run_signet, "setting", "reset", "listener.address", "--listener", "lmtp")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(sock))
            self.assertTrue(client.recv(100).startswith(b"220 "))
        self.signet("listener", "change", "lmtp", "--address", "off")
        self.assertFalse(sock.exists())

    def test_a_certificate_for_one_that_was_added(self):
        port = self.add("shown", "imap", "127.0.0.2:0", "--tls", "implicit")
        self.signet("listener", "certificate", "shown", "alpha.test")
        with socket.create_connection(("127.0.0.2", port)) as sock:
            anyone().wrap_socket(sock).close()
        self.assertIn("no listener 'unseen'", self.refused("listener", "certificate", "unseen", "alpha.test"))

    def test_it_listens_there_after_a_reload_and_a_restart(self):
        with Server() as server:
            port = free_port("127.0.0.2")
            server.signet("listener", "add", "lasting", "smtp", f"127.0.0.2:{port}")
            imap = server.connect("imap")
            before = server.signet("listener", "list")
            os.kill(server.process.pid, signal.SIGHUP)
            wait_for(lambda: " reloaded" in server.log())
            self.assertEqual(server.signet("listener", "list"), before)
            self.assertTrue(imap.recv(100).startswith(b"* OK"))
            imap.close()
            server.stop()
            server.start()
            self.assertTrue(greeting("127.0.0.2", port).startswith(b"220 "))

    def test_changed_under_load(self):
        """Whoever is let in gets his answer, however often the listener changes."""
        port = free_port("127.0.0.2")
        self.add("busy", "smtp", f"127.0.0.2:{port}")
        stop, broken = threading.Event(), []

        def knock():
            while not stop.is_set():
                try:
                    said = greeting("127.0.0.2", port)
                except ConnectionResetError:  # in the moment between the last look and the end
                    continue
                if said is not None and not said.startswith(b"220 "):
                    broken.append(said)

        clients = [threading.Thread(target=knock) for _ in range(8)]
        for client in clients:
            client.start()
        for i in range(12):
            self.signet("listener", "change", "busy", "--address", f"127.0.0.2:{port}" if i % 2 else "off")
            self.signet("listener", "change", "busy", "--role", "submission" if i % 3 else "public")
        stop.set()
        for client in clients:
            client.join()
        self.assertEqual(broken, [])
        self.signet("listener", "remove", "busy")


    def test_page(self):
        """Its admin adds, moves and removes one; what cannot be had is said beside the form; a user has no such page."""
        self.signet("account", "role", ANN, "server-admin")
        self.addCleanup(self.signet, "account", "role", ANN, "user")
        self.addCleanup(self.server.run_signet, "listener", "remove", "by-page")
        portal, path = Portal(self.server, ANN), "/admin/listeners"
        portal.post(path, {"do": "add", "name": "by-page", "protocol": "smtp", "address": "127.0.0.2:0", "tls": "implicit",
                           "role": "private"})
        row = next(r for r in self.signet("listener", "list")["rows"] if r["name"] == "by-page")
        self.assertEqual((row["role"], row["tls"], row["added"]), ("private", "implicit TLS", True))
        self.assertIn(row["address"], portal.get(path))
        portal.post(path, {"do": "change", "name": "by-page", "address": "127.0.0.3:0", "tls": "", "role": ""})
        row = next(r for r in self.signet("listener", "list")["rows"] if r["name"] == "by-page")
        self.assertEqual((row["role"], row["tls"], row["address"][:10]), ("private", "implicit TLS", "127.0.0.3:"))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            portal.post(path, {"do": "change", "name": "by-page", "address": "192.0.2.77:2525", "tls": "", "role": ""})
        self.assertIn("Cannot assign requested address", refused.exception.read().decode())
        portal.post(path, {"do": "remove", "name": "by-page", "sure": "yes"})
        self.signet("account", "role", ANN, "user")
        with self.assertRaises(urllib.error.HTTPError):
            Portal(self.server, ANN).get(path)


@unittest.skipUnless(os.geteuid() == 0, "gives this machine an address and takes it away")
class Gone(unittest.TestCase):
    """An address that the machine does not have any more when the server starts."""
    ADDRESS = "192.0.2.77"

    def ip(self, verb):
        subprocess.run(["ip", "address", verb, self.ADDRESS + "/32", "dev", "lo"], check=True, capture_output=True)

    def setUp(self):
        try:
            self.ip("add")
        except (OSError, subprocess.CalledProcessError) as why:
            self.skipTest(f"no address can be added: {why}")
        self.addCleanup(subprocess.run, ["ip", "address", "del", self.ADDRESS + "/32", "dev", "lo"], capture_output=True)
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.addCleanup(self.server.stop)
        self.port = free_port(self.ADDRESS)
        self.place = f"{self.ADDRESS}:{self.port}"

    def gone(self, *settings):
        for setting in settings:
            self.server.signet("setting", "set", *setting)
        self.server.stop()
        self.ip("del")
        self.mark = len(self.server.log())

    def missing(self):
        return [row["name"] for row in self.server.signet("listener", "list")["rows"] if row.get("missing")]

    def test_the_others_are_served(self):
        self.gone(("listener.address", f"127.0.0.1:0 {self.place}", "--listener", "smtp"))
        self.server.start()
        self.assertTrue(greeting("127.0.0.1", self.server.ports["smtp"]).startswith(b"220 "))
        self.assertEqual(self.missing(), ["smtp"])
        self.assertEqual(self.server.signet("server", "status")["addresses missing"], 1)
        self.assertIn("Cannot assign requested address", self.server.run_signet("listener", "show", "smtp").stdout.decode())
        # what has to do with other listeners, or comes again, is as ever
        self.server.signet("listener", "change", "pop3", "--address", "127.0.0.3:0")
        self.server.signet("listener", "change", "smtp", "--role", "private")
        self.server.signet("listener", "change", "smtp", "--role", "usual")
        os.kill(self.server.process.pid, signal.SIGHUP)
        wait_for(lambda: " reloaded" in self.server.log()[self.mark:])
        self.assertEqual(self.missing(), ["smtp"])
        self.assertEqual(self.server.log()[self.mark:].count("address-missing"), 1)
        self.ip("add")
        wait_for(lambda: greeting(self.ADDRESS, self.port))
        self.assertEqual((self.missing(), self.server.signet("server", "status")["addresses missing"]), ([], 0))
        self.assertTrue(greeting("127.0.0.1", self.server.ports["smtp"]).startswith(b"220 "))

    def test_given_up_while_it_is_missing(self):
        self.gone(("listener.address", f"127.0.0.1:0 {self.place}", "--listener", "smtp"))
        self.server.start()
        self.server.signet("listener", "change", "smtp", "--address", "127.0.0.1:0")
        self.assertEqual(self.missing(), [])

    def test_required(self):
        self.gone(("listener.address", f"127.0.0.1:0 {self.place}", "--listener", "smtp"),
                  ("listener.required", "on", "--listener", "smtp"))
        with self.assertRaisesRegex(Failed, f"cannot listen on {self.ADDRESS} .*`ip address` tells"):
            self.server.start()

    def test_nothing_is_left(self):
        self.gone(*(("listener.address", "off", "--listener", name) for name in self.server.ports),
                  ("listener.address", self.place, "--listener", "smtp"))
        with self.assertRaisesRegex(Failed, f"cannot listen on {self.ADDRESS}"):
            self.server.start()


@unittest.skipIf(os.geteuid() != 0, "needs root")
class Rights(unittest.TestCase):
    """Started by root, the server keeps the right to bind ports, and no other."""

    class AsNobody(Server):
        def command(self, *more):
            return [self.bin / "signetd", "-d", self.data, "-p", "0", "-f", "-u", "nobody", *more]

    def begin(self, server):
        os.chmod(server.folder, 0o711)
        server.data.mkdir(mode=0o700)
        os.chown(server.data, 65534, 65534)
        self.enterContext(server)

    def rights(self, server, which):
        tasks = pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()
        return {line.split()[1] for task in tasks for line in (task / "status").read_text().splitlines()
                if line.startswith(which + ":")}

    def test_a_port_below_1024(self):
        server = self.AsNobody()
        self.begin(server)
        self.assertEqual(self.rights(server, "Uid"), {"65534"})
        some, none = f"{1 << 10:016x}", "0" * 16  # CAP_NET_BIND_SERVICE; threads from before have nothing
        self.assertEqual(self.rights(server, "CapPrm"), {some, none})
        server.signet("listener", "add", "low", "smtp", "127.0.0.77:25")
        self.assertTrue(greeting("127.0.0.77", 25).startswith(b"220 "))
        for which in ("CapEff", "CapInh", "CapAmb"):
            self.assertEqual(self.rights(server, which), {none}, which)
        server.signet("listener", "change", "low", "--tls", "implicit")
        server.signet("listener", "remove", "low")
        self.assertIsNone(greeting("127.0.0.77", 25))

    def test_without_that_right(self):
        """An ordinary user's server says what a low port needs."""
        server = self.AsNobody()
        command = server.command
        server.command = lambda *more: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command(*more)]
        self.begin(server)
        self.assertEqual(self.rights(server, "CapPrm"), {"0" * 16})
        with self.assertRaisesRegex(Failed, "127.0.0.77 port 25: Permission denied. A port below 1024 .* root has"):
            server.signet("listener", "add", "low", "smtp", "127.0.0.77:25")
        self.assertNotIn("low", [row["name"] for row in server.signet("listener", "list")["rows"]])
