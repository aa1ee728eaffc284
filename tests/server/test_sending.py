"""How a message goes to another server: in chunks, in 7 bits, or back to its sender."""
import base64
import email
import email.policy
import random
import re
import unittest

from dns import Names
from server import Server
from sink import CLOSE, Sink
from waiting import wait_for

ANN = "ann@alpha.test"
TEXT = "Subject: {}\r\n\r\nhello\r\n"
GREEN = "Subject: 8\r\n\r\nGr\u00fc\u00dfe and hello\r\n".encode()
SIGNED = (b"Subject: 8\r\nContent-Type: multipart/signed; boundary=x; protocol=\"a/b\"\r\n\r\n--x\r\n"
          b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbcn\r\n"
          b"--x\r\nContent-Type: a/b\r\n\r\nsignature\r\n--x--\r\n")
BASIC = ["SIZE 60000000", "ENHANCEDSTATUSCODES"]


class World(unittest.TestCase):
    """A server, a name server, and other servers, each with a domain and words of its own."""
    SINKS = {}

    @classmethod
    def setUpClass(cls):
        cls.sinks, table, port = {}, {}, 0
        for n, (name, words) in enumerate(cls.SINKS.items()):
            sink = cls.enterClassContext(Sink(f"127.0.0.{n + 2}", port, words=words))
            cls.sinks[name], port = sink, sink.port
            table[name + ".test"] = {"MX": [f"10 mx.{name}.test"]}
            table[f"mx.{name}.test"] = {"A": [sink.host]}
        cls.names = cls.enterClassContext(Names(table))
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        for setting, value in (("dns.servers", cls.names.address), ("relay.port", port), ("relay.retry", "1s"),
                               ("relay.linger", "0s")):
            cls.server.signet("setting", "set", setting, str(value))

    def tearDown(self):
        for sink in self.sinks.values():
            sink.says.clear()
            sink.messages.clear()
            sink.commands.clear()
        with self.server.imap(ANN) as imap:
            imap.select()
            imap.store("1:*", "+FLAGS", "\\Deleted")
            imap.expunge()

    def submit(self, to, text=TEXT, **options):
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, [to] if isinstance(to, str) else to, text, **options)

    def arrived(self, name, n=1):
        sink = self.sinks[name]
        wait_for(lambda: len(sink.messages) >= n)
        return sink.messages[0]

    def report(self):
        """The fields about the first recipient of the one notification that came."""
        def read():
            with self.server.imap(ANN) as imap:
                imap.select(readonly=True)
                found = imap.fetch("1:*", "BODY.PEEK[]")[1]
                return found[0] and found[0][1]
        message = email.message_from_bytes(wait_for(read), policy=email.policy.default)
        return message.get_payload(1).get_payload(1)

    def verbs(self, name):
        return [line.split()[0] for line in self.sinks[name].commands]


class Chunks(World):
    SINKS = {"one": ["CHUNKING", "PIPELINING", "8BITMIME"] + BASIC, "turn": ["CHUNKING", "8BITMIME"] + BASIC,
             "none": ["PIPELINING", "8BITMIME"] + BASIC}
    LARGE = b"Subject: large\r\n\r\n" + b"".join(
        base64.b64encode(random.Random(n).randbytes(54)) + b"\r\n.\r\n" for n in range(10000))

    def test_a_small_text_leaves_with_the_envelope(self):
        self.submit("x@one.test", "Subject: dots\r\n\r\n.\r\n..\r\n")
        self.assertTrue(self.arrived("one").text.endswith(b"\r\n\r\n.\r\n..\r\n"))
        self.assertEqual(self.verbs("one")[1:4], ["MAIL", "RCPT", "BDAT"])
        self.assertRegex(self.sinks["one"].commands[3], r"^BDAT \d+ LAST$")

    def test_a_large_one_in_several(self):
        for name in ("one", "turn"):
            with self.subTest(name):
                self.submit(f"x@{name}.test", self.LARGE)
                self.assertTrue(self.arrived(name).text.endswith(self.LARGE[20:]))
                chunks = [line for line in self.sinks[name].commands if line.startswith("BDAT")]
                self.assertGreater(len(chunks), 3)
                self.assertEqual([line.endswith("LAST") for line in chunks], [False] * (len(chunks) - 1) + [True])

    def test_where_it_is_not_offered_or_not_wanted(self):
        self.submit("x@none.test")
        self.arrived("none")
        self.assertIn("DATA", self.verbs("none"))
        self.server.signet("setting", "set", "relay.chunking", "off", "--destination", "one.test")
        self.addCleanup(self.server.signet, "setting", "reset", "relay.chunking", "--destination", "one.test")
        self.submit("x@one.test")
        self.arrived("one")
        self.assertIn("DATA", self.verbs("one"))

    def test_refused_sender_and_recipients(self):
        """What was sent along is answered too, and the next message goes on the same connection."""
        for verb in ("MAIL", "RCPT"):
            with self.subTest(verb):
                sink = self.sinks["one"]
                sink.says[verb] = lambda line: "550 5.7.1 Not you"
                self.submit("x@one.test")
                self.assertEqual(self.report()["Status"], "5.7.1")
                self.tearDown()
                self.submit("y@one.test")
                self.assertEqual(self.arrived("one").recipients, ["y@one.test"])
                self.tearDown()

    def test_one_of_two_recipients(self):
        self.sinks["one"].says["RCPT"] = lambda line: "550 5.1.1 No" if "<no@" in line else None
        self.submit(["no@one.test", "yes@one.test"])
        self.assertEqual(self.arrived("one").recipients, ["yes@one.test"])
        self.assertEqual(self.report()["Status"], "5.1.1")

    def test_a_chunk_is_refused(self):
        for name in ("one", "turn"):
            for code, status in (("552 5.3.4 Too much", "5.3.4"), ("554 5.6.0 No", "5.6.0")):
                with self.subTest(name, code=code):
                    self.sinks[name].says["BDAT"] = lambda line, code=code: code
                    self.submit(f"x@{name}.test", self.LARGE)
                    self.assertEqual(self.report()["Status"], status)
                    self.assertFalse(self.sinks[name].messages)
                    self.tearDown()
        self.submit("x@one.test")
        self.arrived("one")

    def test_refused_for_now_and_hung_up(self):
        for reply in ("451 4.3.0 Later", CLOSE):
            with self.subTest(reply):
                replies = [reply]
                self.sinks["one"].says["BDAT"] = lambda line: replies.pop() if replies else None
                self.submit("x@one.test", self.LARGE)
                self.arrived("one")
                self.assertEqual(len(self.sinks["one"].messages), 1)
                self.tearDown()


class Seven(World):
    SINKS = {"seven": ["PIPELINING"] + BASIC, "chunks": ["PIPELINING", "CHUNKING"] + BASIC}

    def test_text_becomes_quoted_printable(self):
        for name in self.SINKS:
            for options in ({"mail_options": ["BODY=8BITMIME"]}, {}):
                with self.subTest(name, **options):
                    self.submit(f"x@{name}.test", GREEN, **options)
                    got = self.arrived(name)
                    self.assertTrue(got.text.isascii())
                    self.assertNotIn("8BITMIME", " ".join(got.parameters))
                    message = email.message_from_bytes(got.text, policy=email.policy.default)
                    self.assertEqual(message["Content-Transfer-Encoding"], "quoted-printable")
                    self.assertEqual(message.get_content().rstrip(), "Gr\u00fc\u00dfe and hello")
                    self.tearDown()

    def test_parts_are_what_they_were(self):
        """A long message of parts in parts, read back by somebody else's reader."""
        inner = email.message.EmailMessage(policy=email.policy.SMTP)
        inner["Subject"] = "inner"
        inner.set_content("Gr\u00fcn " * 50, cte="8bit")
        outer = email.message.EmailMessage(policy=email.policy.SMTP)
        outer["Subject"] = "outer"
        outer.set_content("F\u00fcr dich = \u00fc \n" * 3, cte="8bit")
        outer.add_alternative("<p>\u00fc</p>" * 9, subtype="html", cte="8bit")
        outer.add_attachment(random.Random(1).randbytes(200000), "image", "x")
        outer.add_attachment(inner)
        raw = outer.as_bytes()
        self.assertFalse(raw.isascii())
        self.submit("x@chunks.test", raw, mail_options=["BODY=8BITMIME"])
        got = self.arrived("chunks").text
        self.assertTrue(got.isascii())
        read = email.message_from_bytes(got, policy=email.policy.default)
        was = email.message_from_bytes(raw, policy=email.policy.default)

        def leaves(message):
            return [(part.get_content_type(), part.get_content()) for part in message.walk()
                    if not part.is_multipart()]
        self.assertEqual(leaves(read), leaves(was))
        self.assertEqual([part.get_content_type() for part in read.walk()],
                         [part.get_content_type() for part in was.walk()])

    def test_what_is_signed_goes_back(self):
        self.submit("x@seven.test", SIGNED)
        report = self.report()
        self.assertEqual(report["Status"], "5.6.3")
        self.assertIn("it is signed", report["Diagnostic-Code"])
        self.assertFalse(self.sinks["seven"].messages)

    def test_an_address_that_needs_utf8_goes_back(self):
        with self.server.submission(ANN) as smtp:
            smtp.ehlo()
            smtp.command_encoding = "utf-8"
            smtp.mail(ANN, ["SMTPUTF8", "BODY=8BITMIME"])
            smtp.rcpt("gr\u00fc\u00dfe@seven.test")
            smtp.data(GREEN)
        wait_for(lambda: "5.6.7" in self.server.log())

    def test_an_alias_may_lead_to_such_an_address(self):
        """Whether the server is told of it or not must not hang on what the sender had announced."""
        self.server.signet("alias", "add", "green@alpha.test", "gr\u00fcn@seven.test")
        self.submit("green@alpha.test")
        wait_for(lambda: re.search("failed .*to=gr\u00fcn@seven.test .*5.6.7", self.server.log()))
        self.assertFalse(self.sinks["seven"].messages)

    def test_a_body_that_needs_no_utf8_goes(self):
        self.submit("x@seven.test", GREEN, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        self.assertTrue(self.arrived("seven").text.isascii())


if __name__ == "__main__":
    unittest.main()
