"""Filters that speak the milter protocol: libmilter by python3-milter, and one that lies."""
import contextlib
import json
import os
import pathlib
import smtplib
import socket
import struct
import subprocess
import threading
import unittest

from server import PASSWORD, Server
from waiting import wait_for

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@alpha.test"
LIBRARY = pathlib.Path(__file__).parent.parent / "lib"
PYTHON = "/usr/bin/python3"


def there_is_libmilter():
    return subprocess.run([PYTHON, "-c", "import Milter"], stderr=subprocess.DEVNULL).returncode == 0


class Filter:
    """The filter of filter_server.py; in a `with`."""

    def __init__(self, folder, name, options="", address=None):
        self.address = address or f"unix:{folder}/{name}.sock"
        self.events_path = folder / f"{name}.events"
        self.options = options

    def __enter__(self):
        self.events_path.write_text("")
        libmilter = self.address
        if libmilter.startswith("inet:"):
            host, port = libmilter[5:].rsplit(":", 1)
            libmilter = f"inet:{port}@{host}"
        self.process = subprocess.Popen([PYTHON, LIBRARY / "filter_server.py", libmilter, self.events_path],
                                        env=dict(os.environ, FILTER=self.options), stderr=subprocess.DEVNULL)
        wait_for(self.is_there)
        return self

    def __exit__(self, *what):
        self.process.kill()  # it takes its time else
        self.process.wait(20)

    def is_there(self):
        kind, where = self.address.split(":", 1)
        try:
            if kind == "unix":
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(where)
            else:
                sock = socket.create_connection(where.rsplit(":", 1))
        except OSError:
            return False
        sock.close()
        return True

    def forget(self):
        self.events_path.write_text("")

    def events(self):
        return [json.loads(line) for line in self.events_path.read_text().splitlines()]

    def stages(self):
        return [event["stage"] for event in self.events()]

    def event(self, stage):
        return next(event for event in self.events() if event["stage"] == stage)


class Mail(unittest.TestCase):
    """A server, and what it has in mailboxes."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB, CY)

    @classmethod
    def use(cls, *filters):
        cls.server.signet("setting", "set", "milter.use", " ".join(filters))

    def setUp(self):
        for user in (ANN, BOB, CY):
            self.empty(user)

    def empty(self, user):
        imap = self.server.imap(user)
        imap.select("INBOX")
        imap.store("1:*", "+FLAGS", r"\Deleted")
        imap.expunge()
        imap.logout()

    def got(self, user):
        """Texts of the messages in the INBOX."""
        imap = self.server.imap(user)
        imap.select("INBOX", readonly=True)
        numbers = imap.search(None, "ALL")[1][0].split()
        texts = [imap.fetch(n, "BODY.PEEK[]")[1][0][1].decode() for n in numbers]
        imap.logout()
        return texts

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], local_hostname="client.test", timeout=60)

    def send(self, subject, to=(ANN,), sender="x@elsewhere.test", more="", body="hello\r\n"):
        """The reply to the whole message."""
        with self.smtp() as smtp:
            smtp.ehlo()
            code, text = smtp.mail(sender, ["SIZE=1000"])
            if code != 250:
                return code, text.decode()
            for rcpt in to:
                code, text = smtp.rcpt(rcpt)
                if code != 250:
                    return code, text.decode()
            code, text = smtp.data(f"Subject: {subject}\r\n{more}\r\n{body}")
            return code, text.decode()

    def only(self, user):
        texts = self.got(user)
        self.assertEqual(len(texts), 1)
        return texts[0]


@unittest.skipUnless(there_is_libmilter(), "needs python3-milter")
class Changes(Mail):
    """Each thing that a filter may do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.filter = cls.enterClassContext(Filter(cls.server.folder, "one"))
        cls.use(cls.filter.address)

    def setUp(self):
        super().setUp()
        self.filter.forget()

    def test_all_stages_in_order(self):
        self.assertEqual(self.send("hello", to=[ANN, BOB], more="X-A: one\r\n\ttwo\r\n")[0], 250)
        wait_for(lambda: "close" in self.filter.stages())
        self.assertEqual(self.filter.stages(),
                         ["options", "connect", "helo", "mail", "rcpt", "rcpt", "data", "header", "header", "eoh",
                          "eom", "close"])
        connect = self.filter.event("connect")
        self.assertEqual(connect["args"][0], "[127.0.0.1]")
        self.assertEqual(connect["args"][2][0], "127.0.0.1")
        self.assertEqual(connect["macros"]["{client_addr}"], "127.0.0.1")
        self.assertEqual(connect["macros"]["{daemon_name}"], "smtp")
        self.assertTrue(connect["macros"]["j"])
        self.assertEqual(self.filter.event("helo")["args"], ["client.test"])
        mail = self.filter.event("mail")
        self.assertEqual(mail["args"][0], "<x@elsewhere.test>")
        self.assertRegex(mail["args"][1], "^SIZE=")
        self.assertEqual(mail["macros"]["{mail_addr}"], "x@elsewhere.test")
        self.assertEqual(self.filter.event("rcpt")["args"][0], f"<{ANN}>")
        self.assertEqual(self.filter.event("rcpt")["macros"]["{rcpt_mailer}"], "local")
        fields = [event["args"] for event in self.filter.events() if event["stage"] == "header"]
        self.assertEqual(fields, [["Subject", "hello"], ["X-A", "one\n\ttwo"]])
        self.assertEqual(self.filter.event("eom")["args"], [7, 1])
        self.assertRegex(self.server.log(), rf"smtp accepted mid={mail['macros']['i']} ")

    def test_login_and_tls_are_told(self):
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, [BOB], "Subject: mine\r\n\r\nhello\r\n")
        macros = self.filter.event("mail")["macros"]
        self.assertEqual(macros["{auth_authen}"], ANN)
        self.assertEqual(macros["{auth_type}"], "PLAIN")
        self.filter.forget()
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.server.ports["submission"]), "--tls",
                               "--auth", "LOGIN", "--auth-user", ANN, "--auth-password", PASSWORD,
                               "--from", ANN, "--to", BOB], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.filter.event("mail")["macros"]["{auth_type}"], "LOGIN")
        self.assertTrue(self.filter.event("helo")["macros"]["{tls_version}"].startswith("TLSv1"))

    def test_one_connection_for_a_session(self):
        with self.smtp() as smtp:
            for n in range(3):
                smtp.sendmail("x@elsewhere.test", [ANN], f"Subject: {n}\r\n\r\nhello\r\n")
            smtp.mail("x@elsewhere.test")
            smtp.rset()
            smtp.sendmail("x@elsewhere.test", [ANN], "Subject: last\r\n\r\nhello\r\n")
        wait_for(lambda: "close" in self.filter.stages())
        stages = self.filter.stages()
        self.assertEqual((stages.count("connect"), stages.count("helo"), stages.count("mail")), (1, 1, 5))
        self.assertEqual(stages.count("abort"), 1)
        self.assertEqual(len(self.got(ANN)), 4)

    def test_fields_are_added_changed_removed(self):
        self.assertEqual(self.send("x do: add insert change remove", more="X-Twice: 1\r\nX-Twice: 2\r\n")[0], 250)
        text = self.only(ANN)
        header, body = text.split("\r\n\r\n", 1)
        own = header[header.index("X-First"):]
        self.assertEqual(own, "X-First: before all\r\nSubject: changed\r\nX-Twice: 1\r\nX-Added: with\r\n"
                              "\ta second line\r\nX-New: made by a change")
        self.assertEqual(body, "hello\r\n")

    def test_sender_and_recipients_are_changed(self):
        self.assertEqual(self.send("x do: from rcpt+ rcpt-", to=[ANN, CY])[0], 250)
        self.assertEqual(self.got(ANN), [])
        self.assertEqual(len(self.got(CY)), 1)
        self.assertIn("Return-Path: <other@elsewhere.test>", self.only(BOB))
        self.assertIn("filter-adds-nobody", self.server.log())

    def test_body_is_replaced(self):
        self.assertEqual(self.send("x do: body add", body="old\r\n" * 1000)[0], 250)
        self.assertEqual(self.only(ANN).split("\r\n\r\n", 1)[1], "one\r\ntwo\r\n" + "x" * 100000 + "\r\nthree\r\n")

    def test_large_bodies_are_seen_whole(self):
        self.assertEqual(self.send("x", body="0123456789abcdef\r\n" * 200000)[0], 250)
        self.assertEqual(self.filter.event("eom")["args"], [3600000, 55])
        self.assertEqual(self.send("x", body="")[0], 250)

    def test_nobody_is_left(self):
        for to in ([ANN], [ANN, ANN], [ANN, "Ann@alpha.test"]):
            self.assertEqual(self.send("x do: rcpt-", to=to)[0], 250)
        self.assertEqual(self.got(ANN), [])

    def test_one_of_two_is_left(self):
        self.assertEqual(self.send("x do: rcpt-", to=[ANN, ANN, BOB])[0], 250)
        self.assertIn(f"for <{BOB}>", self.only(BOB))

    def test_refusals(self):
        self.assertEqual(self.send("x do: reject"), (550, "5.7.1 Refused by a filter"))
        self.assertEqual(self.send("x do: tempfail")[0], 451)
        self.assertEqual(self.send("x do: code"), (554, "5.7.99 not with me"))
        self.assertEqual(self.send("x do: lines"), (554, "5.7.99 first\n5.7.99 second"))
        self.assertEqual(self.send("x", sender="reject@elsewhere.test")[0], 550)
        self.assertEqual(self.send("x", sender="tempfail@elsewhere.test")[0], 451)
        self.assertEqual(self.got(ANN), [])
        self.assertIn("check=milter", self.server.log())

    def test_one_recipient_is_refused(self):
        self.server.signet("alias", "add", "reject@alpha.test", CY)
        with self.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            self.assertEqual(smtp.rcpt("reject@alpha.test")[0], 550)
            self.assertEqual(smtp.rcpt(ANN)[0], 250)
            self.assertEqual(smtp.data("Subject: x\r\n\r\nhello\r\n")[0], 250)
        self.assertEqual((len(self.got(ANN)), len(self.got(CY))), (1, 0))

    def test_helo_is_refused(self):
        with self.smtp() as smtp:
            smtp.ehlo("reject.test")
            self.assertEqual(smtp.mail("x@elsewhere.test")[0], 550)
            self.assertEqual(smtp.mail("x@elsewhere.test")[0], 550)

    def test_discarded(self):
        self.assertEqual(self.send("x do: discard")[0], 250)
        self.assertEqual(self.send("x", sender="discard@elsewhere.test")[0], 250)
        self.assertEqual(self.got(ANN), [])
        self.assertIn(" discarded ", self.server.log())

    def test_accepted_early_is_asked_no_more(self):
        self.assertEqual(self.send("x do: reject", sender="accept@elsewhere.test")[0], 250)
        self.assertEqual(len(self.got(ANN)), 1)
        self.assertNotIn("eom", self.filter.stages())

    def test_quarantine(self):
        self.assertEqual(self.send("x do: quarantine")[0], 550)
        self.server.signet("setting", "set", "milter.quarantine-to", CY)
        self.assertEqual(self.send("x do: quarantine add", to=[ANN, BOB])[0], 250)
        self.assertEqual(self.got(ANN) + self.got(BOB), [])
        text = self.only(CY)
        self.assertIn("X-Quarantine: looks odd\r\n", text)
        self.assertIn(f"X-Quarantine-For: <{ANN}>,\r\n\t<{BOB}>\r\n", text)
        self.assertIn("X-Added: with", text)

    def test_a_slow_one_that_works_on(self):
        self.server.signet("setting", "set", "milter.timeout", "900ms")
        self.addCleanup(self.server.signet, "setting", "set", "milter.timeout", "30s")
        self.assertEqual(self.send("x do: slow")[0], 250)


@unittest.skipUnless(there_is_libmilter(), "needs python3-milter")
class Several(Mail):
    """Options, order, and addresses of the other kind."""

    def free_port(self):
        with socket.create_server(("127.0.0.1", 0)) as sock:
            return sock.getsockname()[1]

    def test_one_sees_what_the_one_before_left(self):
        with Filter(self.server.folder, "a") as one, \
                Filter(self.server.folder, "b", address=f"inet:127.0.0.1:{self.free_port()}") as two:
            self.use(one.address, two.address + ",timeout=20s")
            self.assertEqual(self.send("x do: insert body")[0], 250)
            wait_for(lambda: "eom" in two.stages())
            self.assertNotIn("X-First", str(one.events()))
            self.assertIn(["X-First", "before all"],
                          [event["args"] for event in two.events() if event["stage"] == "header"])
            self.assertGreater(two.event("eom")["args"][0], 100000)
        self.assertEqual(self.only(ANN).count("X-First"), 2)

    def test_what_they_agree_on(self):
        with Filter(self.server.folder, "quiet", "mute leadspc symlist") as quiet, \
                Filter(self.server.folder, "brief", "skip") as brief:
            self.use(quiet.address, brief.address)
            self.assertEqual(self.send("x do: add", more="X-A:no blank\r\n", body="line\r\n" * 100000)[0], 250)
            self.assertEqual(quiet.event("eom")["args"][1], 10)
            self.assertEqual(brief.event("eom")["args"][1], 2)
            self.assertEqual(set(quiet.event("mail")["macros"]) - set(quiet.event("connect")["macros"]) -
                             set(quiet.event("helo")["macros"]), {"i"})
        text = self.only(ANN)
        self.assertIn("X-A:no blank\r\n" + "X-Added: with\r\n\ta second line\r\n" * 2 + "\r\n", text)

    def test_refused_recipients_are_told_to_who_wants_them(self):
        """As sendmail does it: the mailer is "error", status and reason stand for host and address."""
        with Filter(self.server.folder, "all", "refused") as all_of_them, Filter(self.server.folder, "some") as some:
            self.use(all_of_them.address, some.address)
            with self.smtp() as smtp:
                smtp.ehlo()
                smtp.mail("x@elsewhere.test")
                codes = [smtp.rcpt(to)[0] for to in ("nobody@alpha.test", "x@partner.test", "<", ANN)]
                self.assertEqual(codes, [550, 550, 501, 250])
                self.assertEqual(smtp.data("Subject: x\r\n\r\nhello\r\n")[0], 250)
            told = [[event["args"][0], *(event["macros"].get(name) for name in
                                         ("{rcpt_mailer}", "{rcpt_host}", "{rcpt_addr}"))]
                    for event in all_of_them.events() if event["stage"] == "rcpt"]
            self.assertEqual(told[0], ["<nobody@alpha.test>", "error", "5.1.1", "No such user here"])
            self.assertEqual(told[1][:3], ["<x@partner.test>", "error", "5.7.1"])
            self.assertEqual(told[2:], [[f"<{ANN}>", "local", "alpha.test", ANN]])
            self.assertEqual(some.stages().count("rcpt"), 1)
        self.assertEqual(len(self.got(ANN)), 1)

    def test_blanks_are_told_to_who_wants_them(self):
        with Filter(self.server.folder, "blanks", "leadspc") as blanks:
            self.use(blanks.address)
            self.assertEqual(self.send("x", more="X-A:none\r\nX-B:  two\r\n")[0], 250)
            fields = [event["args"] for event in blanks.events() if event["stage"] == "header"]
        self.assertEqual(fields, [["Subject", " x"], ["X-A", "none"], ["X-B", "  two"]])

    def test_settings_are_checked(self):
        for wrong in ("unix:relative", "inet:127.0.0.1", "inet:127.0.0.1:0", "inet:name.test:25", "tcp:1.2.3.4:5",
                      "unix:/a,away=never", "unix:/a,timeout=soon", "unix:/a,what", "unix:/" + "x" * 200):
            self.assertNotEqual(self.server.run_signet("setting", "set", "milter.use", wrong).returncode, 0, wrong)
        self.use("unix:/a,away=accept,timeout=1s", "inet:[::1]:8891")


class Liar(threading.Thread):
    """A filter that answers each packet with what it was told to; a list of bytes, None closes."""

    def __init__(self, answers, port=0):
        super().__init__(daemon=True)
        self.answers = answers
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.address = f"inet:127.0.0.1:{self.port}"
        self.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock, contextlib.suppress(ConnectionError):
                self.serve(sock)

    def serve(self, sock):
        with sock.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                packet = stream.read(struct.unpack(">I", head)[0])
                answer = self.answers.get(packet[:1], b"" if packet[:1] in b"DAQ" else self.pack(b"c"))
                if answer is None:
                    return
                sock.sendall(answer)

    @staticmethod
    def pack(data):
        return struct.pack(">I", len(data)) + data

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def pack(data):
    return Liar.pack(data)


def options(version=6, actions=0x1ff, steps=0, more=b""):
    return pack(b"O" + struct.pack(">III", version, actions, steps) + more)


class Away(Mail):
    """Filters that are not there, are late, or lie: mail is put off, let through or refused, never lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("timeout", "end-timeout", "connect-timeout"):
            cls.server.signet("setting", "set", f"milter.{name}", "400ms")

    def lie(self, answers, away="tempfail"):
        liar = Liar({b"O": options(), **answers})
        self.addCleanup(liar.close)
        self.use(f"{liar.address},away={away}")

    def test_not_there(self):
        for away, code in (("tempfail", 451), ("reject", 550), ("accept", 250)):
            self.use(f"unix:{self.server.folder}/nobody,away={away}", f"inet:127.0.0.1:1,away={away}")
            self.assertEqual(self.send("x")[0], code)
        self.assertEqual(len(self.got(ANN)), 1)
        self.assertIn("filter-lost", self.server.log())
        self.assertIn('reason="it was away a moment ago"', self.server.log())

    def test_it_is_back(self):
        self.server.signet("setting", "set", "milter.rest", "50ms")
        liar = Liar({b"O": options()})
        liar.close()
        self.use(liar.address)
        self.assertEqual(self.send("x")[0], 451)
        back = Liar({b"O": options()}, liar.port)
        self.addCleanup(back.close)
        wait_for(lambda: self.send("x")[0] == 250)

    def test_lies(self):
        for name, answers in {
                "silence": {b"M": b""},
                "silence at the end": {b"E": b""},
                "end of the connection": {b"R": None},
                "nonsense": {b"M": b"HTTP/1.1 200 OK\r\n\r\n"},
                "an empty packet": {b"M": struct.pack(">I", 0)},
                "an endless packet": {b"M": struct.pack(">I", 0x7fffffff) + b"c" * 1000},
                "an unknown answer": {b"M": pack(b"Z")},
                "a change too early": {b"M": pack(b"hX-A\0b\0") + pack(b"c")},
                "an odd version": {b"O": options(version=99)},
                "an action that is none": {b"O": options(actions=0x8000)},
                "a step that is none": {b"O": options(steps=0x80000000)},
                "short options": {b"O": pack(b"O\0\0\0\6")},
                "a stage that is none": {b"O": options(more=struct.pack(">I", 99) + b"i\0")},
                "macros without an end": {b"O": options(more=struct.pack(">I", 1) + b"i")},
                "a change not agreed on": {b"O": options(actions=0), b"E": pack(b"hX-A\0b\0") + pack(b"c")},
                "a field with no end": {b"E": pack(b"hX-A\0b") + pack(b"c")},
                "a field with no name": {b"E": pack(b"h\0b\0") + pack(b"c")},
                "a field with a name of two words": {b"E": pack(b"hX A\0b\0") + pack(b"c")},
                "a field with a line in its name": {b"E": pack(b"hX\r\n\0b\0") + pack(b"c")},
                "a recipient that is none": {b"E": pack(b"+no address\0") + pack(b"c")},
                "a recipient without an end": {b"E": pack(b"+<bob@alpha.test>") + pack(b"c")},
                "too many changes": {b"E": pack(b"hX-A\0b\0") * 2000 + pack(b"c")},
                "too much of a header": {b"E": pack(b"hX-A\0" + b"b" * 60000 + b"\0") * 30 + pack(b"c")},
                "a reply that is none": {b"E": pack(b"y250 2.0.0 fine\0")},
                "a reply with a line of its own": {b"E": pack(b"y550 no\r\nRCPT TO:<x>\0")},
                "progress without end": {b"E": pack(b"p") * 20000}}.items():
            with self.subTest(name):
                self.lie(answers)
                self.assertEqual(self.send("x")[0], 451)
        self.assertEqual(self.got(ANN), [])

    def test_what_it_brings_stays_in_the_header(self):
        self.lie({b"E": pack(b"hX-A\0a\r\n\r\nbody?\nX-Evil: 1\r\rx\0") + pack(b"iX-B\0") + pack(b"c")})
        self.assertEqual(self.send("x")[0], 451)  # an insertion without its index
        self.lie({b"E": pack(b"hX-A\0a\r\n\r\nbody?\nX-Evil: 1\r\rx\0") + pack(b"c")})
        self.assertEqual(self.send("x")[0], 250)
        self.assertIn("X-A: a\r\n\tbody?\r\n\tX-Evil: 1  x\r\n\r\nhello", self.only(ANN))

    def test_the_connection_is_unwanted(self):
        self.lie({b"M": pack(b"4")})
        with self.smtp() as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.mail("x@elsewhere.test")[0], 421)

    def test_a_message_that_two_lose(self):
        """The second is away in the middle: the first's work is not lost, nor done twice."""
        one, two = Liar({b"O": options(), b"E": pack(b"hX-One\0yes\0") + pack(b"c")}), Liar({b"O": options(), b"E": None})
        self.addCleanup(one.close)
        self.addCleanup(two.close)
        self.use(one.address, two.address + ",away=accept")
        self.assertEqual(self.send("x")[0], 250)
        self.assertEqual(self.only(ANN).count("X-One: yes"), 1)

    def test_the_server_ends_while_a_filter_thinks(self):
        self.lie({b"M": b""})
        self.server.signet("setting", "set", "milter.timeout", "1m")
        self.server.signet("setting", "set", "server.drain-time", "1s")
        smtp = self.smtp()
        self.addCleanup(smtp.close)
        smtp.ehlo()
        smtp.send(b"MAIL FROM:<x@elsewhere.test>\r\n")
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.server.signet("setting", "set", "milter.timeout", "400ms")


if __name__ == "__main__":
    unittest.main()
