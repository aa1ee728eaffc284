"""SEARCH beside Dovecot: the same questions about the same messages.

What is answered otherwise has its reason in DIFFERENT; a reason that nothing needs is reported, too.
"""
import base64
import imaplib
import pathlib
import re
import tempfile
import unittest

import mailmaker
import real_servers
from authority import Authority
from server import Server

BOB = "bob@alpha.test"
MAIL = pathlib.Path(__file__).resolve().parent.parent / "data" / "mail"


def made():
    """Messages with what is hard to search."""
    def one(subject, head, body, charset="ascii"):
        text = f"From: Ann <ann@alpha.test>\r\nTo: {BOB}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n{head}\r\n\r\n"
        return text.encode() + body.encode(charset)

    def coded(body, charset, subtype="plain"):
        return one(f"in {charset}", f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: base64",
                   base64.encodebytes(body.encode(charset)).decode())
    yield "html", one("a page", "Content-Type: text/html; charset=utf-8",
                      "<html><head><title>Heading</title><style>p.hidden { color: red }</style></head><body>"
                      "<!-- remark --><p title=\"hover\">Sch&ouml;ne <b>Gr</b>&uuml;&#223;e&nbsp;aus K\u00f6ln</p>"
                      "<script>var secret = 1;</script><a href=\"https://link.test/\">anchor</a></body></html>\r\n", "utf-8")
    for charset in "koi8-r", "windows-1251", "utf-16le", "utf-8":
        yield charset, coded("\u041a\u043e\u0440\u043e\u043b\u044c \u0438 \u0448\u0443\u0442", charset)
    for charset in "iso-2022-jp", "shift_jis", "euc-jp":
        yield charset, coded("\u6771\u4eac\u90fd\u3067\u4f1a\u8b70", charset)
    yield "latin1-html", coded("<p>Caf\u00e9 <i>cr</i>\u00e8me</p>", "iso-8859-1", "html")
    yield "unknown-charset", one("odd", "Content-Type: text/plain; charset=x-none", "caf\u00e9 at nine", "iso-8859-1")
    yield "raw-utf8", one("raw", "X-Raw: yes", "caf\u00e9 au lait\r\n", "utf-8")
    yield "raw-latin1", one("raw", "X-Raw: yes", "caf\u00e9 au lait\r\n", "iso-8859-1")
    yield "soft-breaks", one("soft", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
                             "one long wo=\r\nrd and K=C3=B6nig =\r\nDrosselbart\r\n")
    yield "flowed", one("flowed", "Content-Type: text/plain; format=flowed", "words that go \r\non behind \r\nline ends\r\n")
    yield "wild", one("100% of * and ? and _", "X-Wild: a*b?c%d_e\r\nX-Empty:\r\nX-Twice: first\r\nX-Twice: second",
                      "star * percent % question ? under_score back\\slash \"quoted\" {5}\r\n")
    yield "encoded", one("=?utf-8?B?R3LDvMOfZSBhdXM=?= =?utf-8?q?_K=C3=B6ln?= plain", "X-Coded: =?koi8-r?B?68/Sz8zY?=", "x\r\n")
    yield "split-word", one("=?utf-8?q?half_a_?=\r\n =?utf-8?q?word?=", "X-Folded: one\r\n two\r\n\tthree", "x\r\n")
    yield "attached", one("with a file", "Content-Type: multipart/mixed; boundary=b",
                          "preamble words\r\n--b\r\n\r\nsee the file\r\n--b\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\n"
                          "Content-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-ID: <part.one@alpha.test>\r\n\r\n"
                          "opaque words\r\n--b\r\nContent-Type: text/csv; name=table.csv\r\n\r\ncell,value\r\n--b--\r\nepilogue words\r\n")
    yield "forwarded", one("Fwd: it", "Content-Type: multipart/mixed; boundary=b",
                           "--b\r\n\r\nlook at this\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: inner@beta.test\r\n"
                           "Subject: =?utf-8?q?inn=C3=A9r?= subject\r\nX-Inner: mark\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/html\r\n\r\n<p>inner <b>text</b></p>\r\n--b--\r\n")
    yield "unclosed", one("broken", "Content-Type: multipart/mixed; boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nnever closed")
    yield "bad-base64", one("broken", "Content-Transfer-Encoding: base64", "aGVsbG8gdGhlcmU=!!\r\n@@@not base64\r\n")
    yield "long-line", one("long", "X-Long: " + "y" * 900, "z" * 5000 + " needle " + "z" * 5000 + "\r\n")


def corpus():
    stored = {path.stem: re.sub(rb"\r?\n", b"\r\n", path.read_bytes()) for path in sorted(MAIL.glob("*.eml"))}
    people = {f"person {i}": re.sub(rb"\r?\n", b"\r\n", mailmaker.message(i, "ann@alpha.test", [BOB])) for i in range(20)}
    # A NUL and an empty message are nothing that Dovecot takes.
    return {name: data for name, data in {**stored, **people, **dict(made())}.items() if data and b"\0" not in data}


TEXTS = """the|report|eport|fox|quick brown|brown fox|grey heron|cold water|garden|monday|minutes|hello|world|text|html
hidden|remark|hover|heading|secret|anchor|link.test|Sch\u00f6ne|GR\u00dcSSE|gr\u00fc\u00dfe aus|k\u00f6ln|K\u00d6LN|caf\u00e9|CAF\u00c9|cr\u00e8me
\u041a\u043e\u0440\u043e\u043b\u044c|\u043a\u043e\u0440|\u041e\u0422\u0427\u0401\u0422|\u6771\u4eac|\u4f1a\u8b70|\u5c71\u7530|\u00e4|\u00df|\u2615
long word|K\u00f6nig Drosselbart|drosselbart|go on behind|behind line|that go|*|?|%|_|a*b?c%d_e|100% of|back\\slash|"quoted"|{5}|\\
plan.pdf|table.csv|opaque words|cell,value|preamble words|epilogue words|see the file|application/pdf|text/csv
content-disposition|Content-Type|content-id|part.one@alpha|filename="plan|base64|multipart/mixed|boundary|message/rfc822
inner subject|inn\u00e9r|x-inner|X-Inner: mark|inner text|inner@beta|never closed|needle|not base64|hello there
from: ann|subject: raw|X-Raw|yes|ann@alpha.test|bob@| |  |.|@|-|/|<|>|\u00e9 au|one two|two three|half a word|nothing has it
a|e|1|example|joe|test|utf|=?utf-8|=C3=B6|attachment|image/png|part|report|delivery|Reporting-MTA|final-recipient""".replace("\n", "|").split("|")

FIELDS = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "Content-Type", "MIME-Version", "X-Raw", "X-Empty", "X-Twice",
          "X-Folded", "X-Coded", "X-Wild", "X-None", "X-Inner", "Content-Disposition", "", "subject", "From:", "X-*", "*", "%", " ",
          "X Raw", "\u00e9")
VALUES = ("", " ", "a", "first", "second", "one two three", "\u043a\u043e\u0440", "*", "a*b?c%d_e", "yes", "ann@alpha.test", "<", "\n")


def questions():
    for text in dict.fromkeys(["", *TEXTS]):
        for key in "BODY", "TEXT", "SUBJECT":
            yield key, text
    for key in "FROM", "TO", "CC", "BCC":
        for text in "", " ", "a", "ann", "@", "alpha.test", "<", "\u5c71", "\u00d6", "pat\"", "example", ".", "*", "nobody":
            yield key, text
    for field in FIELDS:
        for value in VALUES:
            yield "HEADER", field, value


def ask(imap, question):
    """The UIDs, or how it was refused. All as literals: any byte can be said so."""
    tag = imap._new_tag()
    line = tag + b" UID SEARCH CHARSET UTF-8 " + question[0].encode()
    for word in question[1:]:
        data = word.encode()
        imap.send(line + b" {%d}\r\n" % len(data))
        if not imap.readline().startswith(b"+"):
            return "refused"
        line = data
    imap.send(line + b"\r\n")
    found = set()
    while not (said := imap.readline()).startswith(tag):
        if said.startswith(b"* SEARCH"):
            found = set(map(int, said.split()[2:]))
    return found if said.split()[1] == b"OK" else "refused"


# --- what is answered otherwise ---

class Case:
    """One message that only one of both has found."""

    def __init__(self, question, name, data, ours):
        self.key, self.text, self.name, self.data, self.ours = question[0], question[-1], name, data, ours


DIFFERENT = {
    "HTML is searched as it is read; Dovecot searches its tags and does not see words that they divide or entities":
        lambda c: c.key in ("BODY", "TEXT") and re.search(rb"text/html|<html", c.data, re.I),
    "BODY has names of attachments, and of messages within also the values of their fields; Dovecot has them in TEXT only":
        lambda c: c.key == "BODY" and c.ours and re.search(rb"name|message/|multipart/digest", c.data, re.I),
    "ss is found for \u00df and the other way round: Unicode's full case folding":
        lambda c: c.ours and "ss" in c.text.casefold(),
    "Dovecot takes letters apart, so it finds an e in an \u00e9":
        lambda c: not c.ours and c.text in ("a", "e"),
    "8-bit text without a charset that is known is read as windows-1252; Dovecot reads none of it":
        lambda c: c.ours and c.name in ("unknown-charset", "raw-latin1", "latin1-headers"),
    "an encoded word may name a language (RFC 2231 5)":
        lambda c: c.ours and c.name == "encoded-words",
    "a multipart or message that cannot be read as one is text (RFC 2046 5.1.1)":
        lambda c: c.key == "BODY" and c.ours and c.name in ("no-boundary", "empty-boundary", "ct-multipart-plain", "encoded-rfc822"),
    "Dovecot looks into the addresses as ENVELOPE has them: <ann@alpha.test> where the field says ann@alpha.test":
        lambda c: c.key in ("FROM", "TO", "CC", "BCC"),
    "a field's value has no blanks at its ends, and those within are all kept":
        lambda c: c.text.strip() == "" and c.key in ("TEXT", "SUBJECT", "HEADER"),
    "lines outside of all parts are not searched":
        lambda c: not c.ours and c.key == "BODY" and c.name == "delimiter-blanks",
    "message/global is read as a message (RFC 6532 3.7); Dovecot takes it for text":
        lambda c: not c.ours and c.key == "BODY" and c.name == "global",
    "50 levels of parts are opened":
        lambda c: not c.ours and c.name == "deep-multipart",
}


class Beside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not real_servers.installed(real_servers.DOVECOT):
            raise unittest.SkipTest("Dovecot is needed")
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # it changes users
        cert, key = Authority(folder, "Root").issue("mail.test")
        cls.server = cls.enterClassContext(Server())
        cls.server.add(BOB)
        dovecot = cls.enterClassContext(real_servers.Dovecot(folder / "dovecot", cert, key))
        cls.messages = corpus()
        cls.ours, cls.other = cls.server.imap(BOB), imaplib.IMAP4("127.0.0.1", dovecot.ports["imap"], timeout=60)
        cls.other.login("bob", "any")
        for imap in cls.ours, cls.other:
            cls.addClassCleanup(imap.logout)
            for data in cls.messages.values():
                imap.append("INBOX", None, None, data)
            imap.select("INBOX")

    def different(self, question, ours, other):
        names = list(self.messages)
        for uid in sorted(ours ^ other):
            name = names[uid - 1]
            yield Case(question, name, self.messages[name], uid in ours)

    def test_same_answers(self):
        asked = list(questions())
        read = {question: ask(self.ours, question) for question in asked}
        self.server.signet("index", "rebuild", BOB)
        needed, unexplained = set(), []
        for question in asked:
            self.assertEqual(ask(self.ours, question), read[question], question)
            for case in self.different(question, read[question], ask(self.other, question)):
                reasons = [why for why, holds in DIFFERENT.items() if holds(case)]
                needed.update(reasons)
                if not reasons:
                    unexplained.append(f"{question} {case.name}: {'ours' if case.ours else 'Dovecot'} alone has it")
        self.assertEqual(unexplained, [])
        self.assertEqual(set(DIFFERENT) - needed, set(), "reasons that nothing needs")


if __name__ == "__main__":
    unittest.main()
