"""Senders that nobody knows: DNS lists (RFC 5782) and greylisting (RFC 6647)."""
import smtplib
import socket
import unittest

from dns import DEAF, Names
from server import Server
from waiting import wait_for

ANN, BOB = "ann@alpha.test", "bob@alpha.test"


class Strangers(unittest.TestCase):
    """Each test comes from addresses of its own: all of 127/8 is this machine."""

    @classmethod
    def setUpClass(cls):
        cls.names = cls.enterClassContext(Names({"test": {}}))
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB)
        cls.set("dns.servers", cls.names.address)

    @classmethod
    def set(cls, name, value, *more):
        cls.server.signet("setting", "set", name, value, *more)

    def reset(self, *names):
        for name in names:
            self.addCleanup(self.server.signet, "setting", "reset", name)

    def smtp(self, source):
        return smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30, source_address=(source, 0))

    def send(self, source, to=(ANN,), sender="x@elsewhere.test"):
        """The reply that came last."""
        with self.smtp(source) as smtp:
            smtp.ehlo("client.test")
            reply = smtp.mail(sender)
            for rcpt in to:
                if reply[0] == 250:
                    reply = smtp.rcpt(rcpt)
            if reply[0] == 250:
                reply = smtp.data("Subject: x\r\n\r\nhello\r\n")
            return reply[0], reply[1].decode()

    def last(self):
        """The newest message of the INBOX."""
        imap = self.server.imap(ANN)
        n = imap.select("INBOX", readonly=True)[1][0]
        text = imap.fetch(n, "BODY.PEEK[]")[1][0][1].decode()
        imap.logout()
        return text


class Lists(Strangers):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names.table.update({
            "2.1.0.127.bl.test": {"A": ["127.0.0.2"], "TXT": [b"\x0asee https:\x0b//bl.test/\x07\r\n"]},
            "3.1.0.127.bl.test": {"A": ["127.0.0.10", "127.0.0.4"]},
            "3.1.0.127.other.test": {"A": ["127.0.0.2"]},
            "4.1.0.127.bl.test": {"A": ["192.0.2.1"]},
            "5.1.0.127.bl.test": {"A": ["127.255.255.254"]},
            "6.1.0.127.bl.test": {"A": ["127.0.0.2"]},
            "6.1.0.127.good.test": {"A": ["127.0.0.2"]},
            "2.0.0.127.bl.test": {"A": ["127.0.0.2"]},
            "2.0.0.127.all.test": {"A": ["127.0.0.2"]},
            "1.0.0.127.all.test": {"A": ["127.0.0.2"]},
        })

    def setUp(self):
        self.reset("dnsbl.lists", "dnsbl.refuse-at", "dnsbl.tag-at", "dnsbl.timeout")

    def test_listed_is_refused(self):
        self.set("dnsbl.lists", "bl.test")
        code, text = self.send("127.0.1.2")
        self.assertEqual((code, text), (554, "5.7.1 127.0.1.2 is listed in bl.test: see https://bl.test/??"))
        self.assertEqual(self.send("127.0.1.1")[0], 250)
        self.assertIn("check=dnsbl", self.server.log())
        self.assertIn("dnsbl-listed peer=127.0.1.2 lists=bl.test=127.0.0.2 sum=1", self.server.log())

    def test_no_more_than_a_question_for_a_session(self):
        self.set("dnsbl.lists", "bl.test other.test")
        self.names.asked.clear()
        with self.smtp("127.0.1.7") as smtp:
            for _ in range(3):
                smtp.sendmail("x@elsewhere.test", [ANN], "Subject: x\r\n\r\nhello\r\n")
        self.assertEqual(sorted(self.names.asked), [("7.1.0.127.bl.test", "A"), ("7.1.0.127.other.test", "A")])
        self.names.asked.clear()
        with self.smtp("127.0.1.7") as smtp:
            smtp.ehlo()
        self.assertEqual(self.names.asked, [])

    def test_codes(self):
        self.set("dnsbl.lists", "bl.test=127.0.0.10-11,127.0.1.*")
        self.assertEqual(self.send("127.0.1.2")[0], 250)
        self.assertEqual(self.send("127.0.1.3")[0], 554)

    def test_answers_that_do_not_count(self):
        """RFC 5782 2.1: not of 127/8; and by custom, who may not ask."""
        self.set("dnsbl.lists", "bl.test")
        self.assertEqual(self.send("127.0.1.4")[0], 250)
        self.assertEqual(self.send("127.0.1.5")[0], 250)

    def test_weights_and_a_tag(self):
        self.set("dnsbl.lists", "bl.test:2 other.test:3 good.test:-5")
        self.set("dnsbl.refuse-at", "5")
        self.set("dnsbl.tag-at", "2")
        self.assertEqual(self.send("127.0.1.3")[0], 554)
        self.assertEqual(self.send("127.0.1.2")[0], 250)
        self.assertIn("X-DNSBL: sum=2; bl.test=127.0.0.2\r\n", self.last())
        self.assertEqual(self.send("127.0.1.6")[0], 250)
        self.assertNotIn("X-DNSBL", self.last())

    def test_a_list_that_does_not_answer_has_no_say(self):
        self.names.table["2.1.0.127.deaf.test"] = {"A": DEAF}
        self.set("dnsbl.timeout", "300ms")
        self.set("dnsbl.lists", "deaf.test")
        self.assertEqual(self.send("127.0.1.2")[0], 250)
        self.assertIn("dnsbl-silent list=deaf.test", self.server.log())
        self.set("dnsbl.lists", "deaf.test bl.test")
        self.assertEqual(self.send("127.0.1.2")[0], 554)

    def test_who_logs_in_is_not_looked_up(self):
        self.set("dnsbl.lists", "all.test")
        self.assertEqual(self.send("127.0.0.1")[0], 554)
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, [BOB], "Subject: x\r\n\r\nhello\r\n")

    def test_an_admin_looks_up(self):
        self.set("dnsbl.lists", "bl.test all.test silent.test:3 six.test/6")
        rows = {row["list"]: row for row in self.server.signet("dnsbl", "check", "127.0.1.2")["rows"]}
        self.assertEqual(rows["bl.test"]["listed"], "127.0.0.2")
        self.assertEqual(rows["bl.test"]["says"], "see https://bl.test/??")
        self.assertNotIn("listed", rows["silent.test"])
        self.assertNotIn("six.test", rows)
        works = {row["list"]: row["state"] for row in self.server.signet("dnsbl", "check")["rows"]}
        self.assertEqual(works, {"bl.test": "works", "all.test": "lists everybody",
                                 "silent.test": "lists nobody", "six.test": "lists nobody"})

    def test_ipv6_is_looked_up_by_its_digits(self):
        self.set("dnsbl.lists", "bl.test/6 four.test/4")
        name = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test"
        self.names.table[name] = {"A": ["127.0.0.3"]}
        rows = self.server.signet("dnsbl", "check", "2001:db8::1")["rows"]
        self.assertEqual([(row["list"], row["listed"]) for row in rows], [("bl.test", "127.0.0.3")])

    def test_settings_are_checked(self):
        for wrong in ("bl..test", "bl.test=", "bl.test=127.0.0", "bl.test=127.0.0.256", "bl.test=127.0.0.9-3",
                      "bl.test:0", "bl.test:x", "bl.test/5", "bl.test:9999", " ".join(f"b{n}.test" for n in range(40))):
            self.assertNotEqual(self.server.run_signet("setting", "set", "dnsbl.lists", wrong).returncode, 0, wrong)


class Greylisting(Strangers):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set("greylist.use", "all")
        cls.set("greylist.delay", "1h")

    def wait_out(self, *args, **named):
        """Send until it is taken: the delay is short meanwhile."""
        self.set("greylist.delay", "1s")
        try:
            wait_for(lambda: self.send(*args, **named)[0] == 250)
        finally:
            self.set("greylist.delay", "1h")

    def test_first_later_then_taken(self):
        code, text = self.send("127.1.1.1")
        self.assertEqual(code, 451)
        self.assertRegex(text, r"^4\.7\.1 .* again in 3600 seconds")
        self.assertEqual(self.send("127.1.1.1")[0], 451)
        self.wait_out("127.1.1.1")
        self.assertEqual(self.send("127.1.1.1")[0], 250)
        self.assertEqual(self.send("127.1.1.99")[0], 250)  # of the same /24
        self.assertEqual(self.send("127.1.2.1")[0], 451)
        self.assertEqual(self.send("127.1.1.1", to=[BOB])[0], 451)
        self.assertEqual(self.send("127.1.1.1", sender="y@elsewhere.test")[0], 451)
        self.assertIn("check=greylist", self.server.log())

    def test_senders_of_lists_are_one(self):
        self.wait_out("127.1.3.1", sender="bounce-17-234@list.test")
        self.assertEqual(self.send("127.1.3.1", sender="bounce-18-99@LIST.test")[0], 250)
        self.assertEqual(self.send("127.1.3.1", sender="bounce-18@list.test")[0], 451)
        self.wait_out("127.1.3.1", sender="news+ann=alpha.test@list.test")
        self.assertEqual(self.send("127.1.3.1", sender="news+bob=alpha.test@list.test")[0], 250)

    def test_a_network_that_is_known(self):
        self.set("greylist.known-after", "2")
        self.reset("greylist.known-after")
        self.wait_out("127.1.4.1", sender="a@elsewhere.test")
        self.assertEqual(self.send("127.1.4.1", sender="c@elsewhere.test")[0], 451)
        self.wait_out("127.1.4.1", sender="b@elsewhere.test")
        self.assertEqual(self.send("127.1.4.1", sender="d@elsewhere.test", to=[BOB])[0], 250)

    def test_only_who_is_listed(self):
        self.names.table["1.5.1.127.bl.test"] = {"A": ["127.0.0.2"]}
        self.reset("dnsbl.lists", "dnsbl.refuse-at", "dnsbl.greylist-at")
        self.set("dnsbl.lists", "bl.test")
        self.set("dnsbl.refuse-at", "0")
        self.set("dnsbl.greylist-at", "1")
        self.set("greylist.use", "listed")
        self.addCleanup(self.set, "greylist.use", "all")
        self.assertEqual(self.send("127.1.5.2")[0], 250)
        self.assertEqual(self.send("127.1.5.1")[0], 451)

    def test_who_logs_in_is_known(self):
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, [BOB], "Subject: x\r\n\r\nhello\r\n")

    def test_it_outlasts_a_restart(self):
        self.wait_out("127.1.6.1")
        self.assertEqual(self.send("127.1.7.1")[0], 451)
        self.server.stop()
        self.server.start()
        self.assertEqual(self.send("127.1.6.1")[0], 250)
        self.assertEqual(self.send("127.1.7.1")[0], 451)
        self.wait_out("127.1.7.1")


if __name__ == "__main__":
    unittest.main()
