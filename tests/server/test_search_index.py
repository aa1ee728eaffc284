"""The search index: the same answers with and without it, kept in the background, made anew, removed."""
import base64
import pathlib
import re
import threading
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

N, MANY = 16, 52

QUESTIONS = [
    'SUBJECT "report"', 'SUBJECT "eport"', 'SUBJECT "weekly rep"', 'SUBJECT "absent"', 'FROM "ann"', 'FROM "@alpha.te"',
    'TO "bob"', 'BODY "fox"', 'BODY "ick"', 'BODY "quick brown"', 'BODY "k brown f"', 'BODY "brown quick"', 'BODY "lazy dog"',
    'BODY "99.50"', 'BODY "12-34"', 'BODY "nothing of it"', 'TEXT "invoice"', 'TEXT "ubject: re"', 'TEXT "x-mark"',
    'HEADER X-Mark "one"', 'HEADER X-Mark ""', 'HEADER X-None ""', 'HEADER Message-ID "@alpha"',
    'BODY "brown fox jumps over"', 'BODY "fox jumps, over"', 'BODY "wn fox ju"', 'BODY "is quick-wit"', 'BODY "12-3456."',
    'FUZZY BODY "quik"', 'FUZZY BODY "brwon fox"', 'FUZZY TEXT "reports fox"', 'FUZZY SUBJECT "week"', 'FUZZY HEADER X-Mark "on two"',
    'RETURN (ALL RELEVANCY) FUZZY TEXT "report weekly"', 'RETURN (ALL RELEVANCY) FUZZY BODY "fox brown"',
    'RETURN (ALL RELEVANCY) FUZZY FROM "anne"', 'RETURN (ALL RELEVANCY) FUZZY TEXT "\u6771\u4eac"',
    'BODY " fox"', 'BODY "the fox is"', 'TEXT "weekly report"', 'TEXT "subject: weekly rep"', 'TEXT "bob@alpha.test"',
    'FROM "ann@alpha.test"', 'FROM "@alpha.test"', 'FROM "<ann@"', 'SUBJECT "re: weekly"', 'SUBJECT "report weekly"',
    'HEADER X-Mark "one two"', 'HEADER X-Mark "two one"', 'HEADER Message-ID "<m1@alpha.test>"',
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
        self.addCleanup(self.leave)
        self.imap.delete("Words")
        self.imap.create("Words")
        self.put(range(N))
        self.imap.select("Words")

    def leave(self):
        self.imap.logout()

    def again(self):
        """Another session, of another server."""
        self.imap = self.server.imap(BOB)
        self.imap.select("Words")

    def put(self, numbers):
        for i in numbers:
            self.imap.append("Words", None, None, message(i, *MESSAGES[i % len(MESSAGES)]))

    def size(self, address=BOB):
        rows = self.server.signet("index", "show", address)["rows"]
        return rows[0]

    def ask(self, question):
        options = re.match(r"(RETURN \([^)]*\) )?", question)[0]
        code, (found,) = self.imap.uid("SEARCH", (options + "CHARSET UTF-8 " + question[len(options):]).encode())
        self.assertEqual(code, "OK")
        return found if found is not None else self.imap.response("ESEARCH")[1][-1].partition(b")")[2]

    def answers(self):
        return {question: self.ask(question) for question in QUESTIONS}

    def wait_indexed(self, n):
        wait_for(lambda: self.size()["messages"] >= n, tell=lambda: self.size())

    def test_same_answers(self):
        direct = self.answers()
        self.wait_indexed(N)
        self.assertEqual(self.answers(), direct)
        self.put(range(N, N + MANY))
        self.imap.noop()
        with_tail = self.answers()
        self.wait_indexed(N + MANY)
        self.assertEqual(self.answers(), with_tail)
        self.assertEqual(len(self.ask('BODY "lazy"').split()), (N + MANY) // 4)

    def test_what_comes_waits_for_a_search(self):
        self.server.signet("index", "rebuild", BOB)
        indexed = self.size()["messages"]
        self.put(range(MANY))
        self.assertEqual(self.size()["messages"], indexed)
        self.imap.noop()
        self.assertEqual(len(self.ask('BODY "lazy"').split()), (N + MANY) // 4)
        self.wait_indexed(indexed + MANY)

    def test_of_every_account(self):
        self.server.signet("setting", "set", "search.index-all", "on")
        self.addCleanup(self.server.signet, "setting", "reset", "search.index-all")
        self.put([0])
        self.wait_indexed(N + 1)

    def test_made_in_the_background(self):
        self.assertEqual(self.size()["messages"], 0)  # nobody has searched yet
        self.ask('BODY "fox"')
        self.wait_indexed(N)

    def test_moves_need_nothing(self):
        self.ask('BODY "fox"')
        self.wait_indexed(N)
        self.imap.create("Moved")
        self.imap.uid("MOVE", "1:*", "Moved")
        self.imap.select("Moved")
        self.assertEqual(len(self.ask('BODY "lazy"').split()), N // 4)
        self.imap.select("Words")
        self.assertEqual(self.ask('BODY "lazy"'), b"")
        self.imap.delete("Moved")

    def test_rebuild(self):
        said = self.server.signet("index", "rebuild", BOB)
        self.assertEqual(said["accounts"], 1)
        self.assertGreaterEqual(said["messages"], N)
        self.assertGreaterEqual(self.size()["messages"], N)
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
        self.again()
        self.assertEqual(self.answers(), direct)
        self.assertIn("index-damaged", self.server.log())
        self.wait_indexed(N)
        self.assertEqual(self.answers(), direct)

    def test_of_another_release(self):
        direct = self.answers()
        self.server.signet("index", "rebuild", BOB)
        folder = next(pathlib.Path(self.server.data).glob("shards/0000/find/*"))
        told_before = len(self.server.log())
        self.server.stop()
        path = folder / "list"
        path.write_bytes(b"\1" + path.read_bytes()[1:])
        (folder / "00000001").write_bytes(b"sgfind1\n and so on")
        self.server.start()
        self.again()
        self.assertEqual(self.size()["messages"], 0)
        self.assertEqual(self.answers(), direct)
        self.wait_indexed(N)
        self.assertEqual(self.answers(), direct)
        self.assertNotIn("index-damaged", self.server.log()[told_before:])

    def folders(self):
        return [p for p in pathlib.Path(self.server.data).glob("shards/0000/find/*") if any(p.iterdir())]

    def holds(self, word):
        return any(word in p.read_bytes() for folder in self.folders() for p in folder.iterdir())

    def test_what_is_expunged_is_forgotten(self):
        self.imap.append("Words", None, None, message(99, "last", "Rumpelstilzchen"))
        self.server.signet("index", "rebuild", BOB)
        self.assertTrue(self.holds(b"rumpelstilzchen"))
        self.imap.uid("STORE", "1:*", "+FLAGS", "(\\Deleted)")
        self.imap.expunge()
        wait_for(lambda: not self.holds(b"rumpelstilzchen"), tell=lambda: self.size())

    def test_an_account_that_goes(self):
        self.server.add("cy@alpha.test")
        imap = self.server.imap("cy@alpha.test")
        imap.append("INBOX", None, None, message(1, "cys", "Rumpelstilzchen"))
        imap.logout()
        self.server.signet("index", "rebuild", "cy@alpha.test")
        self.assertTrue(self.holds(b"rumpelstilzchen"))
        self.server.signet("account", "remove", "cy@alpha.test")
        self.assertFalse(self.holds(b"rumpelstilzchen"))

    def test_words_in_all_clothes(self):
        forms = {
            "html": 'Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>K&ouml;<b>nig</b>&nbsp;Drossel<i>bart</i></p>',
            "quoted": "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                      "=EB=CF=D2=CF=CC=D8",
            "base64": "Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                      + base64.b64encode("Froschk\u00f6nig".encode("utf-16le")).decode(),
            "name": "Content-Type: application/pdf; name=\"=?utf-8?q?M=C3=A4rchen.pdf?=\"\r\n\r\n%PDF",
            "extended": "Content-Disposition: attachment; filename*=utf-8''Dorn%C3%B6schen.pdf\r\n"
                        "Content-Type: application/pdf\r\n\r\n%PDF",
            "report": 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nBad news.\r\n'
                      "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; schneewittchen.test\r\n--b--",
            "piece": 'Content-Type: message/partial; id=x; number=2\r\nContent-Transfer-Encoding: 7bit\r\n\r\nRapunzel',
        }
        wanted = {"k\u00f6nig": 2, "DROSSELBART": 1, "\u041a\u043e\u0440\u043e\u043b": 1, "\u043a\u041e\u0440": 1, "M\u00e4rchen": 1,
                  "dorn\u00f6s": 1, "rosch": 1, "MTA: dns; schnee": 1, "rapunzel": 1}
        for subject, form in forms.items():
            text = f"Subject: {subject}\r\nMIME-Version: 1.0\r\n{form}\r\n"
            self.imap.append("Words", None, None, text.encode())
        self.imap.noop()
        for indexed in (False, True):
            for word, n in wanted.items():
                self.imap.literal = word.encode()
                found = self.imap.uid("SEARCH", "CHARSET", "UTF-8", "BODY")[1][0]
                self.assertEqual(len(found.split()), n, (word, indexed))
            if not indexed:
                self.server.signet("index", "rebuild", BOB)

    def test_more_text_than_it_takes(self):
        self.server.signet("setting", "set", "search.text-max", "16k")
        self.addCleanup(self.server.signet, "setting", "reset", "search.text-max")
        long = "\r\n".join(f"line {i} of many" for i in range(5000))
        self.imap.append("Words", None, None, message(98, "long", f"{long}\r\nRapunzel"))
        self.imap.append("Words", None, None, message(97, "wide", "x" * 5000 + "Aschenputtel" + "y" * 500))
        self.server.signet("index", "rebuild", BOB)
        self.assertEqual(self.size()["in part"], 2)
        self.imap.noop()
        for word in ("rapunzel", "aschenput", "line 4999"):
            self.assertEqual(len(self.ask(f'BODY "{word}"').split()), 1, word)

    def test_killed_while_it_is_made(self):
        told_before = len(self.server.log())
        for _ in range(3):
            self.put(range(3))
            self.ask('BODY "fox"')
            self.imap.shutdown()
            self.server.kill()
            self.server.start()
            self.again()
        self.assertEqual(len(self.ask('BODY "lazy"').split()), N // 4 + 3)
        self.assertNotIn("index-damaged", self.server.log()[told_before:])

    def read_answers(self):
        """Without the index."""
        self.server.signet("setting", "set", "search.index", "off", "--domain", "alpha.test")
        try:
            return self.answers()
        finally:
            self.server.signet("setting", "reset", "search.index", "--domain", "alpha.test")

    def come_and_go(self, ends):
        imap = self.server.imap(BOB)
        imap.select("Words")
        for i in range(1000):
            imap.append("Words", None, None, message(i, *MESSAGES[i % len(MESSAGES)]))
            if i % 3 == 0:
                imap.store("1", "+FLAGS", "(\\Deleted)")
                imap.expunge()
            if ends.is_set():
                break
        imap.logout()

    def test_rebuilt_while_mail_comes_and_goes(self):
        ends = threading.Event()
        thread = threading.Thread(target=self.come_and_go, args=(ends,))
        thread.start()
        try:
            for _ in range(10):
                self.server.signet("index", "rebuild", BOB)
                self.ask('BODY "quick brown"')
        finally:
            ends.set()
            thread.join()
        self.imap.noop()
        self.assertEqual(self.answers(), self.read_answers())
        self.server.signet("index", "rebuild", BOB)
        self.assertEqual(self.answers(), self.read_answers())

    def test_mailboxes_renamed_and_deleted(self):
        direct = self.answers()
        self.wait_indexed(N)
        self.imap.rename("Words", "Sayings")
        self.imap.select("Sayings")
        self.assertEqual(self.answers(), direct)
        self.imap.delete("Sayings")
        self.imap.create("Words")
        self.imap.select("Words")
        self.assertEqual(self.ask('BODY "quick brown"'), b"")
        self.put(range(4))
        self.imap.noop()
        self.assertEqual(len(self.ask('BODY "quick brown"').split()), 1)
        self.assertEqual(self.answers(), self.read_answers())

    def test_long_messages(self):
        """10 MB of text, a word of 1 MB, a million words of one letter: none makes the index large."""
        lines = [f"word{i % 50000} and more of it" for i in range(400000)]
        lines[100000] = "one gingerbread"
        self.imap.append("Words", None, None, message(90, "long", "\r\n".join(lines)))
        self.imap.append("Words", None, None, message(91, "wide", "x" * 500000 + "hansel" + "y" * 500000 + " gretel"))
        self.imap.append("Words", None, None, message(92, "many", "a " * 500000 + "oven"))
        self.server.signet("index", "rebuild", BOB)
        self.assertEqual(self.size()["in part"], 2)
        self.assertLess(self.size()["bytes"], 4 << 20)
        self.imap.noop()
        for needle, n in {"one ginger": 1, "hansel": 1, "y gretel": 1, "a a a a": 1, "a oven": 1, "a a ovens": 0,
                          "more of it\r\nword7 and": 1, "word49999 and more of": 1}.items():
            self.imap.literal = needle.encode()
            found = self.imap.uid("SEARCH", "BODY")[1][0]
            self.assertEqual(len(found.split()), n, needle)

    def test_switched_off(self):
        self.server.signet("setting", "set", "search.index", "off", "--domain", "alpha.test")
        self.addCleanup(self.server.signet, "setting", "reset", "search.index", "--domain", "alpha.test")
        self.assertEqual(len(self.ask('BODY "lazy"').split()), N // 4)
        self.assertEqual(self.size()["messages"], 0)


if __name__ == "__main__":
    unittest.main()
