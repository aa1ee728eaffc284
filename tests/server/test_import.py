"""Mail comes in from Maildir and mbox, once each, and goes out; the other side is Python's mailbox."""
import contextlib
import mailbox
import os
import random
import signal
import socket
import subprocess
import time
import unittest

from server import PASSWORD, Failed, Server

ANN, CY = "ann@alpha.test", "cy@beta.test"
MANY = 4000


def text(n, size=50):
    return (f"From: someone@x.test\nTo: {ANN}\nSubject: number {n}\nMessage-ID: <{n}@x.test>\n\n"
            + f"body of {n}\n" * size).encode()


class Killing:
    """For tests whose self.server, or the command that asks it, dies."""
    rng = random.Random(7)

    stdin = ""

    def begin(self, *words):
        """A command that runs, and has been at it for a moment."""
        process = subprocess.Popen([self.server.bin / "signet", "-d", self.server.data, *words], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.stdin.write(self.stdin)
        process.stdin.close()
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        time.sleep(self.rng.uniform(0.05, 0.4))
        return process

    def kill_server_during(self, *words):
        process = self.begin(*words)
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        process.wait(20)
        self.server.start()

    def kill_command_during(self, *words):
        self.begin(*words).kill()

    def until_free(self, *words):
        """The same command: what goes on without the one that was killed lets it wait."""
        while True:
            try:
                return self.server.signet(*words, stdin=self.stdin)
            except Failed as why:
                self.assertRegex(str(why), "is running|another export|is there already")
                if "is there already" in str(why):
                    return None
                time.sleep(0.05)


class Import(Killing, unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.server.add(ANN, CY)
        self.folder = self.server.folder / "old"
        self.folder.mkdir()

    def open_up(self):
        """The server reads as a user of its own."""
        for path in [self.server.folder, self.folder, *self.folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    def maildir(self):
        box = mailbox.Maildir(self.folder / "Maildir")
        when = 1500000000
        for n in range(5):
            message = mailbox.MaildirMessage(text(n))
            message.set_subdir("cur")
            message.set_flags(["", "S", "FS", "R", "DT"][n])
            message.set_date(when + n)
            box.add(message)
        box.add(mailbox.MaildirMessage(text(5)))  # new
        work = box.add_folder("Work.Entw&APw-rfe")
        message = mailbox.MaildirMessage(text(6))
        message.set_subdir("cur")
        message.set_flags("Pab")
        work.add(message)
        (self.folder / "Maildir" / ".Work.Entw&APw-rfe" / "dovecot-keywords").write_text("0 $Label1\n1 todo\n")
        self.open_up()
        return box

    def subjects(self, imap, name):
        imap.select(f'"{name}"', readonly=True)
        status, data = imap.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        self.assertEqual(status, "OK")
        return [(item[0].decode(), item[1].decode().strip()) for item in data if isinstance(item, tuple)]

    def test_maildir(self):
        box = self.maildir()
        answer = self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"))
        self.assertEqual((answer["imported"], answer["known"], answer["failed"]), (7, 0, 0))
        imap = self.server.imap(ANN)
        inbox = self.subjects(imap, "INBOX")
        self.assertEqual(sorted(line for _, line in inbox), [f"Subject: number {n}" for n in range(6)])
        flags = {line[-1]: head for head, line in inbox}
        self.assertIn("FLAGS (\\Seen)", flags["1"])
        self.assertIn("FLAGS (\\Flagged \\Seen)", flags["2"])
        self.assertIn("FLAGS (\\Answered)", flags["3"])
        self.assertIn("FLAGS (\\Deleted \\Draft)", flags["4"])
        self.assertIn('INTERNALDATE "14-Jul-2017 02:40:03 +0000"', flags["3"])
        work = self.subjects(imap, "Work/Entw&APw-rfe")
        self.assertEqual([line for _, line in work], ["Subject: number 6"])
        for keyword in ("$Forwarded", "$Label1", "todo"):
            self.assertIn(keyword, work[0][0])
        imap.select("INBOX", readonly=True)
        n = imap.search(None, 'SUBJECT "number 2"')[1][0].decode()
        self.assertEqual(imap.fetch(n, "BODY.PEEK[]")[1][0][1], text(2).replace(b"\n", b"\r\n"))
        # again: nothing; with a new one, which has changed its flags meanwhile: that one
        self.assertEqual(self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"))["imported"], 0)
        box.add(mailbox.MaildirMessage(text(7)))
        self.open_up()
        answer = self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"))
        self.assertEqual((answer["imported"], answer["known"]), (1, 7))
        # forgotten: all of it once more, below another name
        self.assertEqual(self.server.signet("import", "forget", ANN)["forgotten"], 8)
        answer = self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"), "--below", "Old")
        self.assertEqual(answer["imported"], 8)
        self.assertEqual(len(self.subjects(imap, "Old")), 7)
        self.assertEqual(len(self.subjects(imap, "Old/Work/Entw&APw-rfe")), 1)

    def test_mbox(self):
        path = self.folder / "mail"
        box = mailbox.mbox(path)
        for n in range(3):
            message = mailbox.mboxMessage(text(n) + b"\nFrom here on it is quoted\n>From there, too\n")
            message.set_from("ann@x.test", time.gmtime(1500000000 + n))
            message.set_flags(["RO", "ROAF", ""][n])
            box.add(message)
        box.flush()
        self.open_up()
        answer = self.server.signet("import", "mbox", ANN, str(path), "--mailbox", "Old")
        self.assertEqual((answer["imported"], answer["known"]), (3, 0))
        imap = self.server.imap(ANN)
        old = self.subjects(imap, "Old")
        self.assertEqual([line for _, line in old], [f"Subject: number {n}" for n in range(3)])
        self.assertIn("FLAGS (\\Seen)", old[0][0])
        self.assertIn("FLAGS (\\Answered \\Flagged \\Seen)", old[1][0])
        self.assertIn("FLAGS ()", old[2][0])
        self.assertIn('INTERNALDATE "14-Jul-2017 02:40:01 +0000"', old[1][0])
        body = imap.fetch("1", "BODY.PEEK[TEXT]")[1][0][1]
        self.assertIn(b"\r\nFrom here on it is quoted\r\n", body)
        box.add(mailbox.mboxMessage(text(9)))
        box.flush()
        answer = self.server.signet("import", "mbox", ANN, str(path), "--mailbox", "Old")
        self.assertEqual((answer["imported"], answer["known"]), (1, 3))

    def many(self, kind):
        """4,000 messages; where they lie, for `import`."""
        path = self.folder / kind
        if kind == "mbox":
            path.write_bytes(b"".join(b"From x@x.test Fri Jul 14 02:40:00 2017\n" + text(n, 5) + b"\n"
                                      for n in range(MANY)))
        else:
            mailbox.Maildir(path)  # which would be slow to fill them in: it makes each durable
            for n in range(MANY):
                (path / "cur" / f"{1500000000 + n}.M{n}.old:2,").write_bytes(text(n, 5))
        self.open_up()
        return path

    def check_all_there(self):
        lines = sorted(line for _, line in self.subjects(self.server.imap(ANN), "INBOX"))
        self.assertEqual(lines, sorted(f"Subject: number {n}" for n in range(MANY)))

    def test_import_killed_again_and_again(self):
        """However often the server dies, or the command, each message is there once."""
        for kind in ("maildir", "mbox"):
            words = ("import", kind, ANN, str(self.many(kind)))
            with self.subTest(kind):
                for _ in range(2):
                    self.kill_server_during(*words)
                self.kill_command_during(*words)
                answer = self.until_free(*words)
                self.assertEqual(answer["imported"] + answer["known"], MANY)
                self.check_all_there()
            with self.server.imap(ANN) as imap:
                imap.select("INBOX")
                imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
                imap.expunge()

    def test_one_at_a_time(self):
        """Two at once of the same would both store what is not there yet."""
        words = ("import", "maildir", ANN, str(self.many("maildir")))
        others = [self.begin(*words) for _ in range(3)]
        self.until_free(*words)
        self.assertEqual(sorted(process.wait(30) == 0 for process in others)[-1], True)
        self.check_all_there()

    def test_export_killed_again_and_again(self):
        """The folder is there when all of it is, and an export that was broken off is begun anew."""
        self.server.signet("import", "maildir", ANN, str(self.many("maildir")))
        for kind in ("maildir", "mbox"):
            target = self.server.data / f"out-{kind}"
            words = ("export", kind, ANN, str(target))
            with self.subTest(kind):
                for _ in range(2):
                    self.kill_server_during(*words)
                    if target.exists():  # it was quick
                        self.check_export(kind, target)
                        target.rename(self.server.data / f"old-{self.rng.random()}")
                self.kill_command_during(*words)
                self.until_free(*words)
                self.check_export(kind, target)
                self.assertFalse(target.with_suffix(".partial").exists())

    def check_export(self, kind, target):
        box = mailbox.Maildir(target, create=False) if kind == "maildir" else mailbox.mbox(target / "INBOX.mbox")
        self.assertEqual(sorted(m["Subject"] for m in box), sorted(f"number {n}" for n in range(MANY)))
        self.assertEqual({m.get_payload().count("body of") for m in box}, {5})

    def test_what_is_wrong(self):
        def fails(*words):
            done = subprocess.run([self.server.bin / "signet", "-d", self.server.data, *words], text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            self.assertNotEqual(done.returncode, 0)
            return done.stderr
        (self.folder / "junk").write_bytes(os.urandom(1000))
        self.open_up()
        self.assertIn("No such file", fails("import", "maildir", ANN, str(self.folder / "none")))
        self.assertIn("is no Maildir", fails("import", "maildir", ANN, str(self.folder)))
        self.assertIn("is no mbox", fails("import", "mbox", ANN, str(self.folder / "junk")))
        self.assertIn("is no file", fails("import", "mbox", ANN, str(self.folder)))
        self.maildir()
        cur = self.folder / "Maildir" / "cur"
        (cur / "1.link:2,S").symlink_to("/etc/passwd")
        os.mkfifo(cur / "1.pipe:2,S")
        answer = self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"))
        self.assertEqual((answer["imported"], answer["failed"]), (7, 2))
        self.server.signet("account", "quota", CY, "1000")
        self.assertIn("full", fails("import", "maildir", CY, str(self.folder / "Maildir")))

    def test_out_and_in_again(self):
        self.maildir()
        self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"))
        target = self.server.data / "out"
        self.assertEqual(self.server.signet("export", "maildir", ANN, str(target))["exported"], 7)
        self.assertFalse((self.server.data / "out.partial").exists())
        with self.assertRaisesRegex(Failed, "is there already"):
            self.server.signet("export", "maildir", ANN, str(target))
        (self.server.data / "half.partial").mkdir()
        (self.server.data / "half.partial" / "INBOX.mbox").touch()  # of whom?
        with self.assertRaisesRegex(Failed, "half.partial: File exists"):
            self.server.signet("export", "mbox", ANN, str(self.server.data / "half"))
        self.assertFalse((self.server.data / "half").exists())
        self.assertTrue((self.server.data / "half.partial" / "INBOX.mbox").exists())
        box = mailbox.Maildir(target, create=False)
        self.assertEqual(sorted(m["Subject"] for m in box), [f"number {n}" for n in range(6)])
        flags = {m["Subject"]: m.get_flags() for m in box}
        self.assertEqual((flags["number 2"], flags["number 4"]), ("FS", "DT"))
        self.assertEqual({int(m.get_date()) for m in box if m["Subject"] == "number 3"}, {1500000003})
        self.assertEqual(box.get_folder("Work.Entw&APw-rfe").values()[0]["Subject"], "number 6")
        self.assertEqual(self.server.signet("import", "maildir", CY, str(target))["imported"], 7)
        self.assertEqual(self.subjects(self.server.imap(CY), "Work/Entw&APw-rfe"),
                         self.subjects(self.server.imap(ANN), "Work/Entw&APw-rfe"))

    def test_out_as_mbox_and_in_again(self):
        self.maildir()
        self.server.signet("import", "maildir", ANN, str(self.folder / "Maildir"))
        imap = self.server.imap(ANN)
        imap.append("Sent", "(\\Answered)", None, b"Subject: quoted\r\n\r\nFrom here\r\n>From there\r\n")
        target = self.server.data / "out"
        self.assertEqual(self.server.signet("export", "mbox", ANN, str(target))["exported"], 8)
        box = mailbox.mbox(target / "INBOX.mbox", create=False)
        self.assertEqual([m["Subject"] for m in box], [f"number {n}" for n in range(6)])
        self.assertEqual(box[2].get_flags(), "ROF")
        self.assertEqual(mailbox.mbox(target / "Work" / "Entwürfe.mbox", create=False)[0]["Subject"], "number 6")
        self.server.signet("import", "mbox", CY, str(target / "Sent.mbox"))
        imap = self.server.imap(CY)
        imap.select("INBOX")
        flags, text = imap.fetch("1", "(FLAGS BODY.PEEK[TEXT])")[1][0]
        self.assertIn(b"FLAGS (\\Answered)", flags)
        self.assertEqual(text, b"From here\r\n>From there\r\n")


class FromImap(Killing, unittest.TestCase):
    """From one server to another over the network."""

    @classmethod
    def setUpClass(cls):
        cls.old, cls.server = cls.enterClassContext(Server()), cls.enterClassContext(Server())
        cls.old.add("ann@old.test", password='quo"ted \\ word 1')
        cls.server.add(ANN, CY)
        imap = cls.old.imap("ann@old.test", 'quo"ted \\ word 1')
        imap.create("Work/Entw&APw-rfe")
        imap.append("INBOX", "(\\Seen \\Flagged todo)", '"03-Feb-2001 04:05:06 +0100"', text(1))
        imap.append('"Work/Entw&APw-rfe"', None, None, text(2, 100000))
        for n in range(3, 60):
            imap.append("INBOX", None, None, text(n, 3))
        cls.imap = imap

    def trust(self):
        self.server.signet("trust", "add", stdin=self.old.signet("pki", "show", "old.test")["chain"])

    def test_then_killed_again_and_again(self):
        """The server, or the command: each message is there once when it has come to its end."""
        with contextlib.suppress(Failed):  # it is already
            self.trust()
        self.stdin, all_of_it = PASSWORD, [f"Subject: number {n}" for n in range(600)]
        self.old.add("dora@old.test")
        self.server.add("dora@alpha.test")
        imap = self.old.imap("dora@old.test")
        parts = [text(n, 40).replace(b"\n", b"\r\n") for n in range(600)]
        imap.send(b"m APPEND INBOX" + b"".join(b" {%d+}\r\n" % len(part) + part for part in parts) + b"\r\n")
        while not imap.readline().startswith(b"m OK"):
            pass
        words = ("import", "imap", "dora@alpha.test", "127.0.0.1", "dora@old.test", "--port",
                 str(self.old.ports["imaps"]), "--certificate-name", "old.test")
        for _ in range(3):
            self.kill_server_during(*words)
        self.kill_command_during(*words)
        answer = self.until_free(*words)
        self.assertEqual(answer["imported"] + answer["known"], 600)
        imap = self.server.imap("dora@alpha.test")
        imap.select("INBOX")
        got = [item[1].decode().strip() for item in imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1]
               if isinstance(item, tuple)]
        self.assertEqual(sorted(got), sorted(all_of_it))

    def test_four_over_the_network(self):
        """Servers that say nothing hold no more threads than that, and their imports end with them."""
        accounts = [f"user{n}@alpha.test" for n in range(5)]
        self.server.add(*accounts)
        self.stdin = PASSWORD
        with socket.create_server(("127.0.0.1", 0)) as silent, contextlib.ExitStack() as held:
            words = [("import", "imap", account, "127.0.0.1", "x", "--port", str(silent.getsockname()[1]))
                     for account in accounts]
            processes = []
            for four in words[:4]:
                processes.append(self.begin(*four))
                held.enter_context(silent.accept()[0])
            with self.assertRaisesRegex(Failed, "4 imports over the network are running"):
                self.server.signet(*words[4], stdin=PASSWORD)
            with self.assertRaisesRegex(Failed, "into that account is running"):
                self.server.signet(*words[0], stdin=PASSWORD)
            held.close()
            self.assertTrue(all(process.wait(30) for process in processes))
            process = self.begin(*words[4])
            held.enter_context(silent.accept()[0])
            held.close()
            self.assertNotEqual(process.wait(30), 0)

    def bring(self, to, *words, password='quo"ted \\ word 1', port="imaps"):
        return self.server.signet("import", "imap", to, "127.0.0.1", "ann@old.test", "--port",
                                  str(self.old.ports[port]), "--certificate-name", "old.test", *words,
                                  stdin=password)

    def test_all_of_it(self):
        with self.assertRaises(Failed):  # nobody trusts that certificate yet
            self.bring(ANN)
        self.trust()
        with self.assertRaisesRegex(Failed, "AUTHENTICATIONFAILED"):
            self.bring(ANN, password="wrong")
        answer = self.bring(ANN)
        self.assertEqual((answer["imported"], answer["known"], answer["failed"]), (59, 0, 0))
        imap = self.server.imap(ANN)
        imap.select("INBOX")
        self.assertEqual(imap.fetch("1", "(FLAGS INTERNALDATE)")[1][0],
                         b'1 (FLAGS (\\Flagged \\Seen todo) INTERNALDATE "03-Feb-2001 03:05:06 +0000")')
        imap.select('"Work/Entw&APw-rfe"')
        self.assertEqual(imap.fetch("1", "BODY.PEEK[]")[1][0][1], text(2, 100000).replace(b"\n", b"\r\n"))
        self.imap.append("INBOX", None, None, text(60))
        answer = self.bring(ANN)
        self.assertEqual((answer["imported"], answer["known"]), (1, 59))
        answer = self.bring(CY, "--below", "Old", "--starttls", port="imap")
        self.assertEqual(answer["imported"], 60)
        imap = self.server.imap(CY)
        self.assertEqual(imap.select("Old/INBOX")[1], [b"59"])


if __name__ == "__main__":
    unittest.main()
