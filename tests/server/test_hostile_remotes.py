"""Hostile servers on the way out: for each an outcome with its reason in queue and log, nothing lost, nothing twice."""
import collections
import contextlib
import itertools
import re
import socket
import ssl
import tempfile
import threading
import unittest

from authority import Authority, server_context
from far import far
from remote import Hungup, Remote
from waiting import wait_for

ANN = "ann@alpha.test"
HELLO = b"250-mad\r\n250 8BITMIME\r\n"
OK, GO = b"250 2.0.0 Ok\r\n", b"354 Go\r\n"


def greet(peer, hello=HELLO):
    peer.say(b"220 mad\r\n")
    peer.ask(hello)


def offer(peer):
    """To the text, which is not read yet."""
    greet(peer)
    peer.ask(OK, OK, GO)


def at(stage, then):
    """Usual until a stage, and then what the test says."""
    def script(peer):
        if stage == "greeting":
            return then(peer)
        peer.say(b"220 mad\r\n")
        for verb, reply in (("EHLO", HELLO), ("MAIL", OK), ("RCPT", OK), ("DATA", GO)):
            peer.hear()
            if stage == verb:
                return then(peer)
            peer.say(reply)
        peer.text()
        return then(peer)
    return script


STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "end")


class Hostile(unittest.TestCase):
    """One server; each remote is a domain and an address of its own, so that many can be mad at the same time."""
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.server, cls.sink, cls.names = far(cls.stack, relay_retry="1h", relay_linger="0s")
        cls.server.add(ANN)
        cls.set("server.drain-time", "1s")
        for stage in ("greeting", "command", "data", "block", "end", "tls", "quit"):
            cls.set("relay.timeout-" + stage, "1s")

    @classmethod
    def set(cls, name, value, *where):
        cls.server.signet("setting", "set", name, str(value), *where)

    def setUp(self):
        self.mark = len(self.server.log())
        self.remotes = {}
        self.addCleanup(self.server.signet, "queue", "delete", "--all")

    def point(self, script):
        """A domain whose mail goes to that script."""
        n = next(self.numbers)
        domain, host = f"mad{n}.test", f"127.0.1.{n}"
        self.names.table[domain] = {"MX": [f"10 mx.{domain}"]}
        self.names.table["mx." + domain] = {"A": [host]}
        self.remotes[domain] = remote = Remote(host, self.sink.port, script)
        remote.__enter__()
        self.addCleanup(remote.__exit__)
        return domain

    def send(self, domains, text="hello\r\n"):
        with self.server.submission(ANN) as smtp:
            for domain in domains:
                smtp.sendmail(ANN, [f"x@{domain}"], f"Subject: for {domain}\r\n\r\n{text}")

    def said(self):
        return self.server.log()[self.mark:]

    def rows(self):
        return {row["to"].split("@")[1]: row for row in self.server.signet("queue", "list")["rows"]}

    def outcome(self, domain, event):
        """The reply in the one log line that says what became of it."""
        found = wait_for(lambda: re.findall(rf' relay {event} .* to=x@{domain} .*reply=(".*?"|\S+) attempt=1 ',
                                            self.said()), tell=lambda: self.said()[-2000:])
        self.assertEqual(len(found), 1)
        return found[0].strip('"')

    def deferred(self, scripts, text="hello\r\n"):
        """{script: reason}: each is tried once, and put off for its reason; then it comes, once."""
        domains = {self.point(script): why for script, why in scripts.items()}
        self.send(domains, text)
        for domain, why in domains.items():
            with self.subTest(why=why):
                self.assertRegex(self.outcome(domain, "deferred"), why)
                self.assertRegex(self.rows()[domain]["reply"], why)
        self.come_now(domains)

    def come_now(self, domains):
        """What was put off is not lost: with a sane server in its place each message comes, and none twice."""
        for domain in domains:
            self.names.table["mx." + domain] = {"A": ["127.0.0.2"]}
            self.remotes[domain].script = self.lead_to_sink
        self.sink.messages.clear()
        self.server.signet("queue", "retry", "--all")
        wait_for(lambda: not self.rows(), tell=lambda: str(self.rows()))
        got = collections.Counter(m.recipients[0] for m in self.sink.messages)
        self.assertEqual(got, collections.Counter({f"x@{domain}": 1 for domain in domains}))

    def lead_to_sink(self, peer):
        """The DNS may lead here still for a second."""
        with socket.create_connection(("127.0.0.2", self.sink.port)) as far:
            def back():
                with contextlib.suppress(OSError):
                    while data := far.recv(65536):
                        peer.sock.sendall(data)
                    peer.sock.shutdown(socket.SHUT_WR)
            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            with contextlib.suppress(OSError):
                while data := peer.sock.recv(65536):
                    far.sendall(data)
                far.shutdown(socket.SHUT_WR)
            thread.join()

    # --- time

    def test_stalls_at_every_stage(self):
        self.deferred({at(stage, lambda peer: peer.stall()): "4.4.2 no answer in time" for stage in STAGES})

    def test_drips_at_every_stage(self):
        def drip(peer):
            with contextlib.suppress(OSError):
                while not peer.over.wait(0.2):
                    peer.say(b"2")
        self.deferred({at(stage, drip): "4.4.2 (no answer in time|a line that is too long)" for stage in STAGES})

    def test_stalls_behind_its_yes(self):
        """It has taken the message; what it does afterwards changes nothing."""
        def script(peer):
            offer(peer)
            peer.text()
            peer.say(OK)
            peer.stall()
        self.delivered(script)

    # --- size

    def test_answers_without_end(self):
        """What would be gigabytes ends where it is too much, after some kilobytes and what lies in sockets' buffers."""
        enough, sizes = 64 << 20, []

        def flood(piece):
            return lambda peer: sizes.append(peer.flood(piece, (10 << 30) // len(piece)))
        line, lines = b"2" * 65536, b"250-and so on, and so on\r\n" * 2000
        self.deferred({at(stage, flood(piece)): why for stage in STAGES
                       for piece, why in ((line, "4.4.2 a line that is too long"),
                                          (lines, "4.4.2 an answer that is no SMTP"))})
        wait_for(lambda: len(sizes) == 2 * len(STAGES))
        self.assertLess(max(sizes), enough)

    # --- hanging up

    def test_hangs_up_at_every_stage(self):
        self.deferred({at(stage, lambda peer: None): "4.4.2 the other side hung up" for stage in STAGES})

    def test_resets_at_every_stage(self):
        self.deferred({at(stage, lambda peer: peer.reset()): "^4.4.[12] " for stage in STAGES})

    def test_hangs_up_in_the_text(self):
        def fin(peer):
            offer(peer)
            peer.sock.recv(1000)

        def rst(peer):
            offer(peer)
            peer.sock.recv(1000)
            peer.reset()
        self.deferred({fin: "4.4.2 ", rst: "4.4.2 "}, ("x" * 70 + "\r\n") * 30000)

    def test_no_answer_behind_the_text_means_once_more(self):
        """It may have the message and not have said so: it comes again, since otherwise it might never."""
        texts = []

        def script(peer):
            offer(peer)
            texts.append(peer.text())
        self.deferred({script: "4.4.2 the other side hung up"})
        self.assertEqual(len(texts), 1)

    def delivered(self, script):
        domain = self.point(script)
        self.send([domain])
        self.outcome(domain, "delivered")
        wait_for(lambda: not self.rows())
        self.assertEqual(self.remotes[domain].connections, 1)

    def test_yes_and_gone(self):
        """Behind its 250 the message is its own, however the connection ends."""
        def yes(end):
            def script(peer):
                offer(peer)
                peer.text()
                end(peer)
            return script

        def rst(peer):
            peer.say(OK)
            peer.reset()
        for end in (rst, lambda peer: peer.say(OK), lambda peer: peer.say(OK + b"550 5.0.0 No, not at all\r\n"),
                    lambda peer: peer.say(OK + b"\0" * 100000)):
            self.delivered(yes(end))

    # --- words

    def test_no_smtp(self):
        """Codes that change, digits too many, none at all, what is no code."""
        bad = [b"250-fine\r\n550 not at all\r\n", b"550-not\r\n250 but yes\r\n", b"2500 2.0.0 Ok\r\n", b"25 Ok\r\n",
               b"\r\n", b"\0\0\0\0\r\n", b"250_Ok\r\n", b"-250 Ok\r\n", b"999 Ok\r\n", b"100 Ok\r\n", b"250\tOk\r\n",
               b"\xb2\xb5\xb0 Ok\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]

        def say(reply):
            return lambda peer: (peer.say(reply), peer.stall())
        self.deferred({at(stage, say(reply)): "4.4.2 an answer that is no SMTP" for reply in bad
                       for stage in ("MAIL", "end")})

    def test_odd_bytes(self):
        """NUL, CR and 8 bits inside a reply are told as question marks; LF alone ends a line, as a lenient reader has it."""
        def say(reply):
            return at("RCPT", lambda peer: (peer.say(reply), peer.stall()))
        self.deferred({say(b"450 4.2.0 a\0b\rc\x1b[31m\xff\r\n"): r"^450 4\.2\.0 a\?b\?c\?\[31m\?$",
                       say(b"450-4.2.0 one\n450 4.2.0 two\n"): r"^450 4\.2\.0 one two$",
                       say(b"450 mid=5 \"reply\" to=<z@z.test>\r\n"): r"^450 mid=5 "})
        self.assertNotIn("\x1b", self.server.log())

    def test_wrong_words_at_the_wrong_time(self):
        self.deferred({at("DATA", lambda peer: (peer.say(OK), peer.stall())): "250 ",
                       at("MAIL", lambda peer: (peer.say(GO), peer.stall())): "354 ",
                       at("end", lambda peer: (peer.say(GO), peer.stall())): "354 "})

    def test_yes_before_the_text(self):
        """A 250 that came before anything was sent is no word about the message."""
        def early(word):
            def script(peer):
                greet(peer)
                peer.ask(OK, OK, GO + word)
                with contextlib.suppress(Hungup):
                    peer.text()
            return script
        self.deferred({early(OK): "^4.5.0 The server answered before", early(b"452 4.3.1 No\r\n"): "^452 4.3.1 No$"})

    # --- TLS

    def starttls(self, then):
        def script(peer):
            greet(peer, b"250-mad\r\n250 STARTTLS\r\n")
            if not peer.hear().upper().startswith(b"STARTTLS"):
                clear.append(peer)
                return
            then(peer)
        clear = self.clear = []
        return script

    def required(self, script, level="encrypt"):
        """TLS is required: put off for that, and no word of the message was said."""
        domain = self.point(script)
        self.set("relay.tls", level, "--destination", domain)
        self.send([domain])
        why = self.outcome(domain, "deferred")
        self.assertRegex(self.said(), rf"relay-(tls-failed|not-connected) .*domain={domain}")
        self.assertEqual(self.clear, [])
        self.set("relay.tls", "may", "--destination", domain)
        self.come_now([domain])
        return why

    def test_words_behind_220(self):
        """What comes in the clear behind 220 is no answer to anything that is said in TLS: the connection is over."""
        inside = []
        context = server_context(*Authority(self.folder, "Inject").issue("mad.test"))

        def inject(peer):
            peer.say(b"220 Go\r\n250-mad\r\n250 AUTH PLAIN\r\n")
            peer.secure(context)
            inside.append(peer.hear())
        self.assertIn("something came before the handshake", self.required(self.starttls(inject)))
        self.assertEqual(inside, [])

    def test_no_tls_behind_220(self):
        def garbage(peer):
            peer.say(b"220 Go\r\n")
            peer.sock.recv(1)
            peer.say(b"250-mad\r\n250 AUTH PLAIN\r\n" * 50)
            peer.stall()

        def alert(peer):
            peer.say(b"220 Go\r\n")
            peer.sock.recv(1)
            peer.say(b"\x15\x03\x03\x00\x02\x02\x28")
            peer.stall()

        def huge(peer):
            peer.say(b"220 Go\r\n")
            peer.sock.recv(1)
            peer.flood(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + b"x" * 16379, 100000)

        for what in (garbage, alert, huge, lambda peer: (peer.say(b"220 Go\r\n"), peer.stall()),
                     lambda peer: (peer.say(b"220 Go\r\n"), peer.reset())):
            self.assertRegex(self.required(self.starttls(what)), "^4.7.5 TLS failed|^4.4.2")

    def test_certificates(self):
        """Each that is not good is named, and nothing of the message is said to who shows it."""
        root, other = Authority(self.folder, "Root"), Authority(self.folder, "Stranger")
        self.server.signet("trust", "add", stdin=root.pem())
        n = 0

        def shows(context):
            return self.starttls(lambda peer: (peer.say(b"220 Go\r\n"), peer.secure(context), peer.stall()))
        for make, why in ((lambda host: root.issue("other.host.test"), "not for"),
                          (lambda host: root.issue(host, days=-1), "expired|time is over"),
                          (lambda host: other.issue(host), "trust|issuer|unknown|lead"),
                          (lambda host: (other.cert, other.key), "")):
            with self.subTest(why=why):
                n = next(self.numbers)
                self.numbers = itertools.chain([n], self.numbers)
                context = server_context(*make(f"mx.mad{n}.test"))
                said = self.required(shows(context), "verify")
                self.assertRegex(said, "^4.7.5 TLS failed: .*(" + why + ")")

    def test_a_key_that_is_not_the_certificates(self):
        """TLS 1.2, and the signature over the key exchange is not by the key of the certificate."""
        context = server_context(*Authority(self.folder, "Key").issue("mad.test"))
        context.maximum_version = ssl.TLSVersion.TLSv1_2

        def forge(peer):
            peer.say(b"220 Go\r\n")
            into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(into, out, server_side=True)
            for _ in range(2):
                into.write(peer.sock.recv(65536))
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                peer.say(spoil(out.read()))
            peer.stall()
        self.assertRegex(self.required(self.starttls(forge)), "^4.7.5 TLS failed")


def spoil(flight):
    """The last byte of the ServerKeyExchange, which is one of its signature, is another."""
    data, place = bytearray(flight), 0
    while place < len(data):
        kind, size = data[place], int.from_bytes(data[place + 3:place + 5], "big")
        if kind == 22 and data[place + 5] == 12:
            data[place + 4 + size] ^= 1
        place += 5 + size
    return bytes(data)


if __name__ == "__main__":
    unittest.main()
