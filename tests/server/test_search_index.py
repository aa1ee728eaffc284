"""The search index: the same answers with and without it, kept in the background, made anew, removed."""
import pathlib
import unittest

from server import Server
from waiting import wait_for

ANN, BOB = "ann@alpha.test", "bob@alpha.test"

MESSAGES = [
    ("Weekly report", "The quick brown fox jumps over the lazy dog."),
    ("Invoice 4711", "Please pay the amount of 99.50 to account DE12-3456."),
    ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Sch\u00f6ne Gr\u00fc\u00dfe aus K\u00f6ln. STRASSE und \u6771\u4eac\u90fd."),
    ("Re: weekly report", "I read the brown report; the fox is quick-witted."),
]

QUESTIONS = [
    'SUBJECT "report"', 'SUBJECT "eport"', 'SUBJECT "weekly rep"', 'SUBJECT "absent"', 'FROM "ann"', 'FROM "@alpha.te"',
    'TO "bob"', 'BODY "fox"', 'BODY "ick"', 'BODY "quick brown"', 'BODY "k brown f"', 'BODY "brown quick"',
    'BODY "99.50"', 'BODY "12-34"', 'BODY "nothing of it"', 'TEXT "invoice"', 'TEXT "ubject: re"', 'TEXT "x-mark"',
    'HEADER X-Mark "one"', 'HEADER X-Mark ""', 'HEADER X-None ""', 'HEADER Message-ID "@alpha"',
    'NOT BODY "fox"', 'OR BODY "fox" SUBJECT "invoice"', 'BODY "fox" SUBJECT "re:"', 'BODY "."', 'BODY "report" UNSEEN',
]


def message(number, subject, text):
    mark = "X-Mark: one two\r\n" if number % 2 else ""
    return (f"From: Ann <{ANN}>\r\nTo: Bob <{BOB}>\r\nSubject: {subject}\r\nMessage-ID: <m{number}@alpha.test>\r\n{mark}"
            f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n").encode()


class SearchIndex(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB)

    def setUp(self):
        self.server.signet("index", "remove", "--all")
        self.imap = self.server.imap(BOB)
        self.addCleanup(self.imap.logout)
        self.imap.delete("Words")
        self.imap.create("Words")
        self.put(range(40))
        self.imap.select("Words")

    def put(self, numbers):
        for i in numbers:
            self.imap.append("Words", None, None, message(i, *MESSAGES[i % len(MESSAGES)]))

    def size(self, address=BOB):
        rows = self.server.signet("index", "show", address)["rows"]
        return rows[0]

    def ask(self, question):
        code, (found,) = self.imap.uid("SEARCH", "CHARSET", "UTF-8", question)
        self.assertEqual(code, "OK")
        return found

    def answers(self):
        return {question: self.ask(question) for question in QUESTIONS}

    def wait_indexed(self, n):
        wait_for(lambda: self.size()["messages"] >= n, tell=lambda: self.size())

    def test_same_answers(self):
        direct = self.answers()
        self.wait_indexed(40)
        self.assertEqual(self.answers(), direct)
        self.put(range(40, 50))
        self.imap.noop()
        with_tail = self.answers()
        self.wait_indexed(50)
        self.assertEqual(self.answers(), with_tail)
        self.assertEqual(len(self.ask('BODY "lazy"').split()), 13)

    def test_made_in_the_background(self):
        self.assertEqual(self.size()["messages"], 0)  # nobody has searched yet
        self.ask('BODY "fox"')
        self.wait_indexed(40)

    def test_moves_need_nothing(self):
        self.ask('BODY "fox"')
        self.wait_indexed(40)
        self.imap.create("Moved")
        self.imap.uid("MOVE", "1:*", "Moved")
        self.imap.select("Moved")
        self.assertEqual(len(self.ask('BODY "lazy"').split()), 10)
        self.imap.select("Words")
        self.assertEqual(self.ask('BODY "lazy"'), b"")
        self.imap.delete("Moved")

    def test_rebuild(self):
        said = self.server.signet("index", "rebuild", BOB)
        self.assertEqual(said["accounts"], 1)
        self.assertGreaterEqual(said["messages"], 40)
        self.assertGreaterEqual(self.size()["messages"], 40)
        said = self.server.signet("index", "rebuild", "--all")
        self.assertEqual(said["accounts"], 1)
        self.assertNotEqual(self.server.run_signet("index", "rebuild").returncode, 0)

    def test_damaged(self):
        direct = self.answers()
        self.server.signet("index", "rebuild", BOB)
        folder = next(pathlib.Path(self.server.data).glob("shards/0000/find/*"))
        self.server.stop()
        for path in folder.iterdir():
            if path.name != "list":
                data = bytearray(path.read_bytes())
                data[len(data) // 2] ^= 0x55
                data[len(data) * 3 // 4] ^= 0x55
                path.write_bytes(data)
        self.server.start()
        self.imap = self.server.imap(BOB)
        self.imap.select("Words")
        self.assertEqual(self.answers(), direct)
        self.assertIn("index-damaged", self.server.log())
        self.wait_indexed(40)
        self.assertEqual(self.answers(), direct)

    def test_switched_off(self):
        self.server.signet("setting", "set", "search.index", "off", "--domain", "alpha.test")
        self.addCleanup(self.server.signet, "setting", "reset", "search.index", "--domain", "alpha.test")
        self.assertEqual(len(self.ask('BODY "lazy"').split()), 10)
        self.assertEqual(self.size()["messages"], 0)


if __name__ == "__main__":
    unittest.main()
