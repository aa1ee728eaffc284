"""test_addresses - where an address leads: aliases, forwards with rewritten senders, groups, catch-all, details"""
import contextlib
import json
import pathlib
import shutil
import smtplib
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.error

import postfix
from authority import Authority
from far import far
from portal import Portal
from server import PASSWORD, Failed, Server
from waiting import wait_for

ANN, BOB = "ann@alpha.test", "bob@alpha.test"
TEXT = "From: x@origin.test\r\nTo: y@alpha.test\r\nSubject: hi\r\n\r\nhello\r\n"


class Addresses(unittest.TestCase):
    """One server, and another at 127.0.0.2 that takes mail for partner.test and origin.test."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.server, cls.sink, cls.names = far(
            cls.stack, {"origin.test": {"MX": ["10 mx.partner.test"]}}, relay_retry="1s", relay_linger="0s")
        cls.server.add(ANN, BOB)

    def setUp(self):
        self.sink.says.clear()
        self.sink.messages.clear()
        for user in (ANN, BOB):
            self.empty(user)

    def empty(self, user):
        with self.server.imap(user) as imap:
            if int(imap.select()[1][0]):
                imap.store("1:*", "+FLAGS", "\\Deleted")
                imap.expunge()

    def texts(self, user, box="INBOX"):
        with self.server.imap(user) as imap:
            count = int(imap.select(box)[1][0])
            data = imap.fetch("1:*", "(BODY.PEEK[])")[1] if count else []
            return [part[1].decode() for part in data if isinstance(part, tuple)]

    def send(self, to, sender="x@origin.test", text=TEXT, **options):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30) as smtp:
            return smtp.sendmail(sender, [to] if isinstance(to, str) else to, text, **options)

    def sent(self, n=1):
        """What the other server got, at least so many."""
        return wait_for(lambda: self.sink.messages if len(self.sink.messages) >= n else None)

    def refused(self, to, code=550, **options):
        with self.assertRaises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)) as caught:
            self.send(to, **options)
        error = caught.exception
        reply = list(error.recipients.values())[0] if hasattr(error, "recipients") else error.args
        self.assertEqual(reply[0], code)
        return reply[1].decode()

    def alias(self, name, *targets):
        self.server.signet("alias", "add", name, *targets)
        self.addCleanup(self.server.signet, "alias", "remove", name)


class Forwards(Addresses):
    def test_sender_is_rewritten(self):
        """Of an alias that leads elsewhere; who looks at SPF sees our domain, and knows the message again."""
        self.alias("sales@alpha.test", "friend@partner.test", ANN)
        self.send("Sales@alpha.test", sender="User+x@origin.test")
        message = self.sent()[0]
        self.assertRegex(message.sender, r"^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=origin\.test=User\+x@alpha\.test$")
        self.assertEqual(message.recipients, ["friend@partner.test"])
        self.assertIn(b"Delivered-To: Sales@alpha.test", message.text)
        self.assertNotIn(b"Return-Path", message.text)
        self.assertEqual(len(self.texts(ANN)), 1)

    def test_what_comes_back(self):
        """A notification to the rewritten address goes to who sent the message; letters may have changed."""
        self.alias("sales@alpha.test", "friend@partner.test")
        self.send("sales@alpha.test")
        rewritten = self.sent()[0].sender
        for change in (str, str.upper, str.lower):
            self.sink.messages.clear()
            self.send(change(rewritten), sender="", text="Subject: it failed\r\n\r\nsorry\r\n")
            message = self.sent()[0]
            self.assertEqual((message.sender, message.recipients[0].lower()), ("", "x@origin.test"))

    def test_our_own_notification(self):
        self.alias("sales@alpha.test", "nobody@partner.test")
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 No such user" if "nobody@" in line else None
        self.send("sales@alpha.test")
        message = self.sent()[0]
        self.assertEqual((message.sender, message.recipients), ("", ["x@origin.test"]))
        self.assertIn(b"No such user", message.text)

    def test_rewritten_elsewhere_before(self):
        self.alias("sales@alpha.test", "friend@partner.test")
        self.send("sales@alpha.test", sender="SRS0=abcd=ef=first.test=u@origin.test")
        sender = self.sent()[0].sender
        self.assertRegex(sender, r"^SRS1=[a-z2-7]{8}=origin\.test==abcd=ef=first\.test=u@alpha\.test$")
        self.sink.messages.clear()
        self.send(sender, sender="")
        self.assertEqual(self.sent()[0].recipients, ["SRS0=abcd=ef=first.test=u@origin.test"])

    def test_forged(self):
        for local in ("SRS0=abcdefgh=aa=victim.test=u", "SRS1=abcdefgh=victim.test==x=aa=y.test=u", "SRS0=",
                      "SRS0=a", "srs0+aaaaaaaa=aa=victim.test=u", "SRS0=" + "=" * 40):
            self.assertIn("5.1.1", self.refused(local + "@alpha.test", sender=""))

    def test_who_is_not_rewritten(self):
        """An empty sender, one of ours, and all where the setting says so."""
        self.alias("sales@alpha.test", "friend@partner.test")
        self.send("sales@alpha.test", sender="")
        self.assertEqual(self.sent()[0].sender, "")
        self.send("sales@alpha.test", sender=BOB)
        self.assertEqual(self.sent(2)[1].sender, BOB)
        self.server.signet("setting", "set", "forward.srs", "off", "--domain", "alpha.test")
        self.addCleanup(self.server.signet, "setting", "reset", "forward.srs", "--domain", "alpha.test")
        self.send("sales@alpha.test")
        self.assertEqual(self.sent(3)[2].sender, "x@origin.test")

    def test_keys_turn(self):
        self.alias("sales@alpha.test", "friend@partner.test")
        self.send("sales@alpha.test")
        before = self.sent()[0].sender
        self.server.signet("srs", "rotate")
        self.assertGreaterEqual(len(self.server.signet("srs", "show")["rows"]), 2)
        self.send("sales@alpha.test")
        self.assertNotEqual(self.sent(2)[1].sender, before)
        self.server.stop()
        self.server.start()
        self.send(before, sender="")
        self.assertEqual(self.sent(3)[2].recipients, ["x@origin.test"])

    def test_sieve_redirect(self):
        self.server.signet("rule", "set", "--account", ANN, "main", stdin='redirect "friend@partner.test";')
        self.server.signet("rule", "activate", "--account", ANN, "main")
        self.addCleanup(self.server.signet, "rule", "activate", "--account", ANN, "")
        self.send(ANN)
        self.assertRegex(self.sent()[0].sender, r"^SRS0=.*=origin\.test=x@alpha\.test$")
        self.assertEqual(self.texts(ANN), [])

    def test_it_runs_in_circles(self):
        """The other side sends it back to where it was."""
        self.alias("sales@alpha.test", "friend@partner.test")
        self.send("sales@alpha.test")
        message = self.sent()[0]
        self.assertIn("circles", self.refused("sales@alpha.test", code=550, sender=message.sender,
                                              text=message.text.decode()))

    def test_it_was_there_before(self):
        """RFC 9228: an account, and an address elsewhere; whoever else gets it, gets it."""
        self.alias("sales@alpha.test", "friend@partner.test")
        for was, to in ((ANN, ANN), ("friend@partner.test", "sales@alpha.test"), ("Sales@alpha.test", "sales@alpha.test")):
            with self.subTest(was, to=to):
                text = f"Delivered-To: x@y.test\r\nDelivered-To: {was}\r\n{TEXT}"
                self.assertRegex(self.refused(to, text=text), "^5.4.6 The message was at .* before: it runs in circles")
                self.send([to, BOB], text=text)
                self.assertEqual(len(self.texts(BOB)), 1)
                self.empty(BOB)
        self.assertEqual(self.texts(ANN), [])

    def test_who_logged_in_may_send_it_again(self):
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, ["friend@partner.test", BOB],
                          f"Delivered-To: friend@partner.test\r\nDelivered-To: {BOB}\r\n{TEXT}")
        self.sent()
        self.assertEqual(len(self.texts(BOB)), 1)


class Groups(Addresses):
    def group(self, name, *members, **options):
        self.server.signet("group", "add", name, *members, *(w for k, v in options.items() for w in ("--" + k, v)))
        self.addCleanup(self.server.run_signet, "group", "remove", name)

    def submit(self, sender, to):
        with self.server.submission(sender) as smtp:
            return smtp.sendmail(sender, [to], TEXT)

    def test_members_here_and_elsewhere(self):
        """Each once, also who is named twice; those elsewhere together."""
        self.group("staff@alpha.test", ANN, "friend@partner.test", "f2@partner.test", "deep@alpha.test")
        self.group("deep@alpha.test", BOB, ANN, "staff@alpha.test", "f2@partner.test")
        self.send(["Staff@alpha.test", ANN])
        self.assertEqual([len(self.texts(user)) for user in (ANN, BOB)], [1, 1])
        message = self.sent()[0]
        self.assertEqual(sorted(message.recipients), ["f2@partner.test", "friend@partner.test"])
        self.assertRegex(message.sender, r"^SRS0=.*=origin\.test=x@alpha\.test$")
        self.assertIn(b"Delivered-To: staff@alpha.test", message.text)

    def test_operations(self):
        self.group("staff@alpha.test", ANN)
        self.assertEqual(self.server.signet("group", "join", "staff@alpha.test", ANN, BOB)["joined"], 1)
        members = lambda *words: [row["member"] for row in
                                  self.server.signet("group", "members", "staff@alpha.test", *words)["rows"]]
        self.assertEqual(members(), [ANN, BOB])
        self.assertEqual((members("--limit", "1"), members("--after", ANN)), ([ANN], [BOB]))
        self.assertEqual(self.server.signet("group", "leave", "staff@alpha.test", ANN, "x@y.test")["left"], 1)
        self.server.signet("group", "set", "staff@alpha.test", "--from", "members", "--owner", BOB)
        row = self.server.signet("group", "list", "alpha.test")["rows"][0]
        self.assertEqual((row["name"], row["from"], row["owner"]), ("staff@alpha.test", "members", BOB))
        for words in (("account", "add", "staff@alpha.test"), ("alias", "add", "staff@alpha.test", ANN),
                      ("group", "add", ANN), ("group", "join", "no@alpha.test", ANN),
                      ("group", "join", "staff@alpha.test", ANN, "no address"), ("group", "add", "x@nowhere.test")):
            with self.assertRaises(Failed):
                self.server.signet(*words, stdin="a password" if words[0] == "account" else "")
        self.assertEqual(members(), [BOB])
        self.server.signet("group", "remove", "staff@alpha.test")
        self.assertIn("5.1.1", self.refused("staff@alpha.test"))

    def test_who_may_send(self):
        self.group("members@alpha.test", ANN, "friend@partner.test", **{"from": "members"})
        self.group("domain@alpha.test", BOB, **{"from": "domain"})
        self.assertIn("may not send", self.refused("members@alpha.test"))
        self.assertIn("may not send", self.refused("members@alpha.test", sender=ANN))  # anybody can say that
        self.assertIn("may not send", self.refused("domain@alpha.test", sender=ANN))
        self.send("members@alpha.test", sender="friend@partner.test")
        self.submit(ANN, "members@alpha.test")
        self.submit(ANN, "domain@alpha.test")
        with self.assertRaises(smtplib.SMTPDataError):
            self.submit(BOB, "members@alpha.test")
        self.assertEqual([len(self.texts(user)) for user in (ANN, BOB)], [2, 1])

    def test_refused_beside_others(self):
        """Who is refused at one group is told of it, and the other recipient has the message."""
        self.group("members@alpha.test", ANN, **{"from": "members"})
        self.send(["members@alpha.test", BOB])
        self.assertEqual([len(self.texts(user)) for user in (ANN, BOB)], [0, 1])
        self.assertIn(b"may not send to this group", self.sent()[0].text)

    def test_empty_and_circles(self):
        self.group("a@alpha.test", "b@alpha.test")
        self.group("b@alpha.test", "a@alpha.test", "nobody@alpha.test")
        self.assertIn("no members", self.refused("a@alpha.test"))
        self.group("list@alpha.test", "far@partner.test", ANN)
        self.send("list@alpha.test")
        message = self.sent()[0]
        self.assertIn("circles", self.refused("list@alpha.test", sender=message.sender, text=message.text.decode()))
        self.assertEqual(len(self.texts(ANN)), 1)

    def test_domain_is_renamed(self):
        """Groups of it, its members of others, and owners are found under the new name."""
        self.server.signet("domain", "add", "old.test")
        self.server.signet("account", "add", "cy@old.test", stdin=PASSWORD)
        self.group("staff@old.test", "cy@old.test", ANN, owner="cy@old.test")
        self.group("other@alpha.test", "cy@old.test", owner="cy@old.test")
        self.server.signet("domain", "rename", "old.test", "new.test")
        row = self.server.signet("group", "list", "new.test")["rows"][0]
        self.assertEqual((row["name"], row["owner"]), ("staff@new.test", "cy@new.test"))
        self.send(["staff@new.test", "other@alpha.test"])
        self.assertEqual(len(self.texts(ANN)), 1)
        self.assertEqual(self.server.signet("account", "show", "cy@new.test")["messages"], 1)

    def test_owner(self):
        """What members elsewhere refuse goes to the owner, not to who wrote."""
        self.group("staff@alpha.test", "gone@partner.test", owner=BOB)
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 No such user" if "gone@" in line else None
        self.send("staff@alpha.test")
        text = wait_for(lambda: self.texts(BOB))[0]
        self.assertIn("No such user", text)

    def test_owner_is_told_of_refusals(self):
        """Whom the group turned away, how to let him in; so many letters an hour, and none because of a bounce."""
        self.group("members@alpha.test", ANN, owner=BOB, **{"from": "members"})
        text = "From: =?utf-8?q?J=C3=B6rg?= <x@origin.test>\r\nSubject: may\r\n I?\r\nMessage-ID: <1@origin.test>\r\n\r\nplease\r\n"
        self.refused("members@alpha.test", text=text)
        letter = wait_for(lambda: self.texts(BOB))[0]
        for said in ("From: Signet <postmaster@alpha.test>", "Sender: x@origin.test", "From: J\u00f6rg <x@origin.test>",
                     "Subject: may I?", "Message-ID: <1@origin.test>", "signet group join members@alpha.test"):
            self.assertIn(said, letter)
        self.assertNotIn("please", letter)
        self.refused("members@alpha.test", sender="")
        self.server.signet("setting", "set", "group.tell-owner", "3", "--domain", "alpha.test")
        self.addCleanup(self.server.signet, "setting", "reset", "group.tell-owner", "--domain", "alpha.test")
        for _ in range(4):
            self.refused("members@alpha.test")
        self.send(["members@alpha.test", ANN])  # beside somebody who has it
        letters = self.texts(BOB)
        self.assertEqual(len(letters), 3)
        self.assertEqual(["the last letter" in letter for letter in letters], [False, False, True])
        self.assertEqual(len(self.texts(ANN)), 1)
        self.assertTrue(any("group-refuses" in line and "group=members@alpha.test from=x@origin.test" in line
                            for line in self.server.log().splitlines()))

    def test_owner_has_addresses(self):
        """RFC 2142 6: staff-request@; without an owner it is postmaster's; what an admin has made goes first."""
        self.group("staff@alpha.test", "far@partner.test", owner=BOB)
        for n, name in enumerate(("staff-owner@alpha.test", "Staff-Request@alpha.test"), 1):
            self.send(name)
            self.assertEqual(len(self.texts(BOB)), n)
        self.server.signet("setting", "set", "directory.postmaster", ANN)
        self.addCleanup(self.server.signet, "setting", "reset", "directory.postmaster")
        self.server.signet("group", "set", "staff@alpha.test", "--no-owner")
        self.send("staff-owner@alpha.test")
        self.assertEqual((len(self.texts(ANN)), len(self.texts(BOB))), (1, 2))
        self.alias("staff-owner@alpha.test", BOB)
        self.send("staff-owner@alpha.test")
        self.assertEqual(len(self.texts(BOB)), 3)
        for name in ("-owner@alpha.test", "nobody-owner@alpha.test", "ann-owner@alpha.test"):
            self.assertIn("5.1.1", self.refused(name))

    def test_by_alias_catch_all_detail_and_domain_alias(self):
        self.group("staff@alpha.test", ANN)
        self.alias("all@alpha.test", "staff@alpha.test")
        self.server.signet("domain-alias", "add", "omega.test", "alpha.test")
        self.addCleanup(self.server.signet, "domain-alias", "remove", "omega.test")
        for n, name in enumerate(("all@alpha.test", "staff+x@alpha.test", "STAFF@omega.test", "all+y@omega.test"), 1):
            self.send(name)
            self.assertEqual(len(self.texts(ANN)), n, name)
        self.server.signet("domain", "catch-all", "alpha.test", "staff@alpha.test")
        self.addCleanup(self.server.signet, "domain", "catch-all", "alpha.test")
        self.send("whoever@omega.test")
        self.assertEqual(len(self.texts(ANN)), 5)

    def test_a_rule_redirects_to_a_group(self):
        self.group("staff@alpha.test", ANN, BOB)
        self.server.signet("rule", "set", "--account", ANN, "main", stdin='redirect "staff@alpha.test";')
        self.server.signet("rule", "activate", "--account", ANN, "main")
        self.addCleanup(self.server.signet, "rule", "activate", "--account", ANN, "")
        self.send(ANN)
        self.assertEqual(len(self.texts(BOB)), 1)

    def test_a_full_mailbox(self):
        """Keeps nobody else from it; the sender is told."""
        self.group("staff@alpha.test", ANN, BOB)
        self.server.signet("account", "quota", ANN, "1k")
        self.addCleanup(self.server.signet, "account", "quota", ANN, "0")
        self.send("staff@alpha.test", text=TEXT + "x" * 60 + ("\r\n" + "y" * 60) * 50)
        self.assertEqual([len(self.texts(user)) for user in (ANN, BOB)], [0, 1])
        self.assertIn(b"mailbox is full", self.sent()[0].text)

    def test_ten_thousand_elsewhere(self):
        """In few entries of the queue, of one body; memory of the server stays what it was, nearly."""
        names = [f"m{i:05}@partner.test" for i in range(10000)]
        self.group("many@alpha.test")
        for i in range(0, len(names), 2500):
            self.server.signet("group", "join", "many@alpha.test", *names[i:i + 2500])
        self.server.signet("setting", "set", "forward.srs", "off")
        self.addCleanup(self.server.signet, "setting", "reset", "forward.srs")
        self.send("many@alpha.test")
        got = lambda: [r for message in list(self.sink.messages) for r in message.recipients]
        wait_for(lambda: len(got()) >= len(names), 60)
        self.assertEqual(sorted(got()), names)


class Page(Addresses):
    def test_groups(self):
        """A domain's admin makes a group, and somebody else has no page of it."""
        self.server.signet("account", "role", BOB, "domain-admin")
        self.addCleanup(self.server.signet, "account", "role", BOB, "user")
        self.addCleanup(self.server.run_signet, "group", "remove", "team@alpha.test")
        portal, path = Portal(self.server, BOB), "/admin/domain/alpha.test/groups"
        portal.post(path, {"do": "add", "local": "team", "member": f"{ANN}\r\nfriend@partner.test", "from": "members"})
        self.assertIn("team@alpha.test", portal.get(path))
        page = portal.get(path + "/team@alpha.test")
        self.assertIn("friend@partner.test", page)
        portal.post(path + "/team@alpha.test", {"do": "join", "member": BOB})
        portal.post(path + "/team@alpha.test", {"do": "leave", "member": ANN})
        rows = self.server.signet("group", "members", "team@alpha.test")["rows"]
        self.assertEqual([row["member"] for row in rows], [BOB, "friend@partner.test"])
        with self.assertRaises(urllib.error.HTTPError):
            Portal(self.server, ANN).get(path)


class Others(Addresses):
    """With programs that others wrote at the other side."""

    @unittest.skipUnless(postfix.installed() and shutil.which("swaks"), "Postfix and swaks are needed")
    def test_postfix_and_swaks(self):
        """swaks sends to an alias and to a group, Postfix takes what they lead to, or refuses it."""
        self.names.table["pf.test"] = {"MX": ["10 mx.pf.test"]}
        self.names.table["mx.pf.test"] = {"A": ["127.0.0.5"]}
        folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        cert, key = Authority(folder, "Root").issue("mx.pf.test")
        self.alias("sales@alpha.test", "ann@pf.test")
        self.server.signet("group", "add", "staff@alpha.test", "ann@pf.test", "nobody@pf.test", BOB)
        self.addCleanup(self.server.run_signet, "group", "remove", "staff@alpha.test")
        with postfix.Postfix("127.0.0.5", self.sink.port, "pf.test", ["ann"], folder / "pf", cert, key) as other:
            for to in ("sales@alpha.test", "staff@alpha.test"):
                subprocess.run(["swaks", "--server", f"127.0.0.1:{self.server.ports['smtp']}", "--from",
                                "x@origin.test", "--to", to, "--silent", "3"], check=True, timeout=60)
            texts = wait_for(lambda: other.mail("ann") if len(other.mail("ann")) == 2 else None)
            for text in texts:
                self.assertRegex(text, rb"Return-Path: <SRS0=\w+=\w+=origin\.test=x@alpha\.test>")
        self.assertEqual(len(self.texts(BOB)), 1)
        report = wait_for(lambda: [m for m in self.sink.messages if m.recipients == ["x@origin.test"]])[0]
        self.assertIn(b"nobody@pf.test", report.text)


class ManyHere(unittest.TestCase):
    """A group of many accounts, and the server dies again and again."""

    def test_nobody_twice_or_never(self):
        with Server() as server:
            server.signet("domain", "add", "alpha.test")
            names = [f"u{i:04}@alpha.test" for i in range(150)]
            self.ask(server, [("account add", {"address": name, "password": PASSWORD}) for name in names])
            server.signet("group", "add", "all@alpha.test", *names)
            taken = 0
            for delay in (0.001, 0.005, 0.02, 0.05, 0.1, 0.2):
                taken += self.send_and_kill(server, delay)
                server.start()
                shown = self.ask(server, [("account show", {"address": name}) for name in names])
                counts = {answer["messages"] for answer in shown}
                self.assertEqual(len(counts), 1, "all of them have it, or none")
                self.assertGreaterEqual(counts.pop(), taken)
            with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=60) as smtp:
                smtp.sendmail("x@origin.test", ["all@alpha.test"], TEXT)

    @staticmethod
    def ask(server, requests):
        """The answers, by way of one connection."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(server.data / "control"))
            lines = control.makefile("rb")
            answers = []
            for op, args in requests:
                control.sendall(json.dumps({"op": op, "args": args}).encode() + b"\n")
                answers.append(json.loads(lines.readline()))
        if not all(answer["ok"] for answer in answers):
            raise Failed(str(next(answer for answer in answers if not answer["ok"])))
        return answers

    @staticmethod
    def send_and_kill(server, delay):
        """1: it was taken before the end."""
        smtp = smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=60)
        smtp.ehlo()
        smtp.mail("x@origin.test")
        smtp.rcpt("all@alpha.test")
        killer = threading.Timer(delay, server.kill)
        try:
            smtp.docmd("DATA")
            smtp.send(TEXT.encode() + b".\r\n")
            killer.start()
            return smtp.getreply()[0] == 250
        except (OSError, smtplib.SMTPException):
            return 0
        finally:
            killer.join()
            smtp.close()


if __name__ == "__main__":
    unittest.main()
