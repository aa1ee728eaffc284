"""What RFC 5321, 3463 and 2034 say of replies: every one that a client can provoke, in a table."""
import re
import socket
import unittest

from server import Server

ANN = "ann@alpha.test"
GOOD = b"Subject: x\r\n\r\nhi\r\n"
MAIL, RCPT = b"MAIL FROM:<a@b.test>", b"RCPT TO:<ann@alpha.test>"
BEGUN = [(b"EHLO c.test", "250"), (MAIL, "250 2.1.0"), (RCPT, "250 2.1.5")]
READY = BEGUN[:1]
NO_STATUS = {"220", "250", "334", "354"}  # RFC 2034 4: not of the greeting, of EHLO, nor of 3xx


def rows():
    """(what it is, what is said and answered), each on a connection of its own."""
    yield "nothing said", [(b"QUIT", "221 2.0.0")]
    for verb in (b"MAIL FROM:<>", b"RCPT TO:<a@b.test>", b"DATA", b"STARTTLS"):
        yield "too early", [(verb, "503 5.5.1")]
    yield "HELO", [(b"HELO c.test", "250"), (b"MAIL FROM:<>", "250 2.1.0")]
    yield "no name", [(b"EHLO", "501 5.5.4"), (b"HELO", "501 5.5.4"), (b"EHLO a b", "501 5.5.4")]
    yield "a literal", [(b"EHLO [IPv6:2001:db8::1]", "250")]
    yield "a name that is none", [(b"EHLO \xff_x", "250")]
    yield "unknown", READY + [(word, "500 5.5.1") for word in (b"", b"XYZZY", b"EHL\xd6 x", b"TURN", b"SEND FROM:<>")]
    yield "no arguments", READY + [(verb + b" x", "501 5.5.4") for verb in (b"RSET", b"STARTTLS", b"QUIT")]
    yield "NOOP, HELP", READY + [(b"NOOP what ever", "250 2.0.0"), (b"HELP", "214 2.0.0"), (b"HELP mail", "214 2.0.0"),
                                 (b"HELP nothing", "504 5.5.4")]
    yield "VRFY, EXPN", READY + [(b"VRFY ann", "252 2.1.5"), (b"VRFY", "501 5.5.4"), (b"EXPN all", "502 5.5.1")]
    yield "paths", READY + [
        (b"MAIL", "501 5.5.4"), (b"MAIL FROM", "501 5.5.4"), (b"MAIL FROM:", "501 5.1.7"),
        (b"MAIL FROM:a@b.test", "501 5.1.7"), (b"MAIL FROM:<a@b.test", "501 5.1.7"),
        (b"MAIL FROM:<a@b.test>x", "501 5.1.7"), (b"MAIL FROM:<a>", "553 5.1.7"),
        (b"MAIL FROM:<a@b@c.test>", "553 5.1.7"), (b"MAIL FROM:<a@-b.test>", "553 5.1.7"),
        (b"MAIL FROM:<a@b.test.>", "553 5.1.7"), (b"MAIL FROM:<a..b@c.test>", "553 5.1.7"),
        (b"MAIL FROM:<" + b"a" * 65 + b"@b.test>", "553 5.1.7"), (b"MAIL FROM:<a@" + b"b" * 64 + b".test>", "553 5.1.7"),
        (b"MAIL FROM:<@x.test>", "501 5.1.7"), (b"MAIL FROM:<\"a\x01b\"@c.test>", "553 5.1.7"),
        (b"mail from:<\"a b>\"@c.test>", "250 2.1.0")]
    yield "parameters of MAIL", READY + [
        (MAIL + b" X=1", "555 5.5.4"), (MAIL + b" SIZE", "501 5.5.4"), (MAIL + b" SIZE=x", "501 5.5.4"),
        (MAIL + b" SIZE=" + b"9" * 20, "552 5.3.4"), (MAIL + b" SIZE=" + b"9" * 21, "501 5.5.4"),
        (MAIL + b" BODY=9BIT", "501 5.5.4"), (MAIL + b" SMTPUTF8=1", "501 5.5.4"), (MAIL + b" RET=ALL", "501 5.5.4"),
        (MAIL + b" RET=HDRS RET=FULL", "501 5.5.4"), (MAIL + b" ENVID=", "501 5.5.4"), (MAIL + b" ENVID=+4", "501 5.5.4"),
        (MAIL + b" ENVID=+0d+0", "501 5.5.4"), (MAIL + b" ENVID=+0a", "501 5.5.4"), (MAIL + b" ENVID=a=b", "501 5.5.4"),
        (MAIL + b" MT-PRIORITY=10", "501 5.5.4"), (MAIL + b" MT-PRIORITY=--1", "501 5.5.4"),
        (MAIL + b" REQUIRETLS", "555 5.5.4"),  # not in the clear (RFC 8689 2)
        (MAIL + b" HOLDFOR=1", "555 5.5.4"),  # not where others bring mail (RFC 4865 4)
        (b"MAIL FROM:<j\xc3\xb6@b.test>", "553 5.6.7"), (b"MAIL FROM:<a@b\xc3\xbccher.test>", "553 5.6.7"),
        (b"MAIL FROM:<j\xc3@b.test> SMTPUTF8", "553 5.1.7"),
        (MAIL + b" SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B MT-PRIORITY=-9", "250 2.1.0"),
        (MAIL, "503 5.5.1")]
    yield "recipients", BEGUN[:2] + [
        (b"RCPT", "501 5.5.4"), (b"RCPT TO:<>", "553 5.1.3"), (b"RCPT TO:<ann>", "553 5.1.3"),
        (b"RCPT TO:<nobody@alpha.test>", "550 5.1.1"), (b"RCPT TO:<x@elsewhere.test>", "550 5.7.1"),
        # none of the ways by which servers were made to relay
        (b"RCPT TO:<x%elsewhere.test@alpha.test>", "550 5.1.1"), (b"RCPT TO:<elsewhere.test!x@alpha.test>", "550 5.1.1"),
        (b"RCPT TO:<\"x@elsewhere.test\"@alpha.test>", "550 5.1.1"), (b"RCPT TO:<x@elsewhere.test@alpha.test>", "553 5.1.3"),
        (b"RCPT TO:<@alpha.test:x@elsewhere.test>", "550 5.7.1"), (b"RCPT TO:<@a.test,@b.test:x@elsewhere.test>", "550 5.7.1"),
        (b"RCPT TO:<x@[127.0.0.1]>", "550 5.7.1"), (b"RCPT TO:<x@2130706433>", "553 5.1.3"), (b"RCPT TO:<ann@>", "553 5.1.3"),
        (b"RCPT TO:<x@elsewhere.test\x00@alpha.test>", "500 5.5.2"), (b"RCPT TO:<SRS0=aaaaaaaa=aa=elsewhere.test=x@alpha.test>", "550 5.1.1"),
        (b"RCPT TO:<SRS1=aaaaaaaa=elsewhere.test==x=aa=y.test=x@alpha.test>", "550 5.1.1"),
        (b"RCPT TO:<ann@\xef\xbd\x81lpha.test>", "553 5.6.7"),
        (RCPT + b" NOTIFY=NEVER,SUCCESS", "501 5.5.4"), (RCPT + b" NOTIFY=,", "501 5.5.4"), (RCPT + b" ORCPT=x", "501 5.5.4"),
        (RCPT + b" ORCPT=;x", "501 5.5.4"), (RCPT + b" ORCPT=rfc822;a+b", "501 5.5.4"), (RCPT + b" ORCPT=utf-8;", "501 5.5.4"),
        (RCPT + b" SIZE=1", "555 5.5.4"), (RCPT + b" NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@c.test", "250 2.1.5"),
        (b"RCPT TO:<Ann+x@ALPHA.test>", "250 2.1.5"), (b"RCPT TO:<\"ann\"@alpha.test>", "250 2.1.5")]
    yield "DATA", BEGUN + [(b"DATA", "354"), (GOOD + b".", "250 2.0.0"), (b"DATA", "503 5.5.1"), (RCPT, "503 5.5.1")]
    yield "bad text", BEGUN + [(b"DATA", "354"), (b"Subject: x\n\r\n.", "554 5.6.0"), (MAIL, "250 2.1.0"), (RCPT, "250 2.1.5"),
                               (b"DATA", "354"), (b"a: b\r\n\r\n\0\r\n.", "554 5.6.0")]
    yield "circles", BEGUN + [(b"DATA", "354"), (b"Received: x\r\n" * 50 + b"\r\n.", "554 5.4.6")]
    yield "BDAT", BEGUN + [(b"BDAT 0", "250 2.0.0"), (b"DATA", "503 5.5.1"), (RCPT, "503 5.5.1"), (MAIL, "503 5.5.1"), (b"BDAT 0 LAST", "250 2.0.0"), (b"BDAT 0 LAST", "503 5.5.1")]
    for end in (b"BDAT", b"BDAT x", b"BDAT -1", b"BDAT 1 FIRST", b"BDAT 1 LAST x", b"BDAT " + b"9" * 30):
        yield "BDAT that cannot be read", BEGUN + [(end, "501 5.5.4"), (None, None)]
    yield "BDAT far too large", BEGUN + [(b"BDAT 999999999999 LAST", "552 5.3.4"), (None, None)]
    yield "BDAT of BINARYMIME", READY + [(MAIL + b" BODY=BINARYMIME", "250 2.1.0"), (RCPT, "250 2.1.5"), (b"DATA", "503 5.5.1"),
                                         (b"BDAT 0 LAST", "250 2.0.0")]
    yield "AUTH in the clear", READY + [(b"AUTH PLAIN AGFubgB4", "538 5.7.11"), (b"AUTH LOGIN", "538 5.7.11")]
    yield "long", READY + [(b"NOOP " + b"x" * 200000, "500 5.5.6"), (b"NOOP", "250 2.0.0")]
    yield "EHLO anew", BEGUN + [(b"EHLO c.test", "250"), (RCPT, "503 5.5.1")]
    yield "a certain end", READY + [(b"?", "500 5.5.1")] * 19 + [(b"?", "500 5.5.1"), ("", "421 4.7.0"), (None, None)]


class Dialogue:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.reply()

    def say(self, what):
        if what != "":
            self.socket.sendall(what + b"\r\n")
        return self.reply()

    def reply(self):
        """A reply's lines, each as RFC 5321 4.2 and RFC 2034 4 have it."""
        lines = []
        while not lines or lines[-1][3] == "-":
            line = self.file.readline()
            assert re.fullmatch(rb"[2-5][0-5][0-9][ -][ -~]*\r\n", line) and len(line) <= 512, line
            lines.append(line.decode()[:-2])
        codes = {line[:3] for line in lines}
        assert len(codes) == 1, lines
        for line in lines:
            found = re.match(r"([245])\.\d{1,3}\.\d{1,3}( |$)", line[4:])
            assert found and found[1] == line[0] or line[:3] in NO_STATUS, line
        return lines


class Replies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        cls.server.signet("setting", "set", "ban.trusted", "127.0.0.1")

    def test_each(self):
        for name, steps in rows():
            with self.subTest(name):
                dialogue = Dialogue(self.server.ports["smtp"])
                for said, want in steps:
                    if said is None:
                        self.assertEqual(dialogue.file.read(), b"")
                        continue
                    got = dialogue.say(said)
                    self.assertRegex(got[-1] + " ", "^" + re.escape(want) + " ", (said[:100], got))
                dialogue.socket.close()

    def test_words_of_ehlo(self):
        """RFC 5321 4.1.1.1: a keyword, then parameters of visible characters; each once."""
        lines = Dialogue(self.server.ports["smtp"]).say(b"EHLO c.test")
        words = [line[4:].split(" ") for line in lines[1:]]
        for word in words:
            self.assertRegex(word[0], r"^[A-Z0-9][A-Z0-9-]*$")
            self.assertTrue(all(re.fullmatch(r"[!-~]+", one) for one in word[1:]), word)
        names = [word[0] for word in words]
        self.assertEqual(sorted(names), sorted(set(names)))
        self.assertLessEqual({"PIPELINING", "SIZE", "8BITMIME", "BINARYMIME", "CHUNKING", "DSN", "SMTPUTF8", "STARTTLS",
                              "ENHANCEDSTATUSCODES", "LIMITS", "MT-PRIORITY"}, set(names))
        self.assertFalse({"AUTH", "REQUIRETLS", "FUTURERELEASE", "VRFY", "EXPN", "XCLIENT"} & set(names))

    def test_a_name_that_is_none_leaves_the_header_alone(self):
        dialogue = Dialogue(self.server.ports["smtp"])
        for said in (b"EHLO \xff;x", MAIL, RCPT, b"DATA", GOOD + b"."):
            dialogue.say(said)
        with self.server.imap(ANN) as imap:
            imap.select()
            self.assertIn(b"Received: from ??x ([127.0.0.1])", imap.fetch("*", "BODY[HEADER]")[1][0][1])


if __name__ == "__main__":
    unittest.main()
