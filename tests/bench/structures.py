#!/usr/bin/env python3
"""structures - ENVELOPE and BODYSTRUCTURE of tests/data/mail beside those of Cyrus

usage: tests/bench/structures.py      (as root, where the packages of `tools/install bench` are)

Ours are what tests/data/summary has, by which the unit tests go. Where Cyrus answers otherwise there is a reason below; what
differs without one is printed, and so is a reason that nothing needs any more.
"""
import imaplib
import pathlib
import re
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cyrus  # noqa: E402
from system import PASSWORD  # noqa: E402

DATA = HERE.parent / "data"
USER = "ann@alpha.test"

REFUSED = "Cyrus refuses bare line ends, NUL, nothing at all, and lines in a header that are no fields"
EIGHT_BIT = "Cyrus has X for each byte above 127; ours is as it came (RFC 6855, and clients that guess)"
LAST_FIELD = "of fields that may be there once the first one counts, as people are shown it; with Cyrus the last one"
LANGUAGE = "Cyrus has Content-Language in capitals; it is the same language"
DEEP = "50 levels are opened, what is below is a part without a type"
OUTER = "a boundary line of the outer multipart ends the inner one (RFC 2046 5.1.2)"
LAST_LINE_END = "the line end before a boundary line is the boundary's (RFC 2046 5.1.1); of messages within Cyrus counts it"
NO_PARTS = "a multipart without any part has an empty one, so that its type can be told (RFC 9051 9: body-type-mpart)"
PARAMETERS = "what can be read of broken fields is kept; Cyrus drops all of them"

REASONS = {
    "addr-semicolon": "a ';' that ends no group is passed over; Cyrus tells of groups that end",
    "addresses-broken": "what can be read is kept, parts that are missing are empty; Cyrus makes up unspecified-domain",
    "addresses-comment-names": "a comment behind an address is its name when it has no other (RFC 5322 A.5)",
    "addresses-obsolete": "blanks around the dots of an address are not part of it (RFC 5322 4.4)",
    "alternative": LANGUAGE, "quoted-charset": LANGUAGE,
    "bad-params": PARAMETERS, "no-semicolon": PARAMETERS,
    "bad-types": "a Content-Type that is broken is text/plain (RFC 2045 5.2); Cyrus says \"\"",
    "close-only": NO_PARTS, "closed-at-once": NO_PARTS, "empty-parts": NO_PARTS,
    "deep-multipart": DEEP, "deep-rfc822": DEEP,
    "delimiter-blanks": "blanks behind a boundary are padding (RFC 2046 5.1.1)",
    "dup-from": LAST_FIELD, "twice": LAST_FIELD,
    "empty-boundary": "an empty boundary is none (RFC 2046 5.1.1)",
    "global": "message/global has an envelope and a structure (RFC 9051 7.5.2); Cyrus's is opaque",
    "inner-not-closed": OUTER, "no-close": OUTER, "same-boundary": OUTER,
    "latin1-headers": EIGHT_BIT, "latin1-name": EIGHT_BIT, "unquoted-utf8-name": EIGHT_BIT, "utf8-headers": EIGHT_BIT,
    "msgid-space": "blanks at the end are not part of a Message-ID",
    "no-boundary": "a multipart without a boundary is text, of all its bytes; Cyrus says 0",
    "rfc822-in-mixed": LAST_LINE_END, "rfc822": LAST_LINE_END,
    "bad-lines": REFUSED, "cr-only": REFUSED, "empty": REFUSED, "garbage-header": REFUSED, "header-colon-space": REFUSED,
    "lf-only": REFUSED, "mixed-line-ends": REFUSED, "nul": REFUSED,
}


def parse(text):
    """One value of IMAP as lists, bytes and None."""
    at = 0

    def value():
        nonlocal at
        if text[at:at + 1] == b"(":
            at, out = at + 1, []
            while text[at:at + 1] != b")":
                if text[at:at + 1] in (b" ", b"\n"):
                    at += 1
                    continue
                out.append(value())
            at += 1
            return out
        literal = re.compile(rb"\{(\d+)\}\r\n").match(text, at)
        if literal:
            at = literal.end() + int(literal[1])
            return text[literal.end():at]
        word = re.compile(rb'"((?:[^"\\]|\\.)*)"|[^ ()]+', re.S).match(text, at)
        at = word.end()
        if word[1] is not None:
            return re.sub(rb"\\(.)", rb"\1", word[1], flags=re.S)
        return None if word[0] == b"NIL" else word[0]
    return value()


class Session:
    def __init__(self, port):
        self.imap = imaplib.IMAP4("127.0.0.1", port)
        self.imap.login(USER, PASSWORD)

    def ask(self, command):
        """All lines of the answer, literals included, and the tagged one."""
        self.imap.send(b"t " + command + b"\r\n")
        said = b""
        while not (line := self.imap.readline()).startswith(b"t "):
            said += line
            if literal := re.search(rb"\{(\d+)\}\r\n$", line):
                said += self.imap.read(int(literal[1]))
        return said, line

    def structure(self, message):
        """[ENVELOPE, BODYSTRUCTURE], or None when it is not taken."""
        if not self.ask(b"APPEND INBOX {%d+}\r\n" % len(message) + message)[1].startswith(b"t OK"):
            return None
        number = re.search(rb"(\d+) EXISTS", self.ask(b"SELECT INBOX")[0])[1]
        said = self.ask(b"FETCH " + number + b" (ENVELOPE BODYSTRUCTURE)")[0]
        items = parse(said[said.index(b"("):])
        return [items[items.index(name) + 1] for name in (b"ENVELOPE", b"BODYSTRUCTURE")]


class Structures(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        system = cyrus.Cyrus(folder / "cyrus")
        self.addCleanup(system.close)
        system.add([USER])
        system.start()
        self.session = Session(system.ports["imap"])

    def test_all(self):
        differ = set()
        for want in sorted((DATA / "summary").glob("*.want")):
            message = next(path for path in (DATA / "mail").iterdir() if path.stem == want.stem)
            ours = parse(b"(" + want.read_bytes() + b")")[:2]
            if self.session.structure(message.read_bytes()) != ours:
                differ.add(want.stem)
        self.assertEqual(differ, set(REASONS))


if __name__ == "__main__":
    unittest.main()
