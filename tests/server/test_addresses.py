"""test_addresses - where an address leads: aliases, forwards with rewritten senders, groups, catch-all, details"""
import contextlib
import smtplib
import unittest

from dns import Names
from server import Failed, Server
from sink import Sink
from waiting import wait_for

ANN, BOB = "ann@alpha.test", "bob@alpha.test"
TEXT = "From: x@origin.test\r\nTo: y@alpha.test\r\nSubject: hi\r\n\r\nhello\r\n"


class Addresses(unittest.TestCase):
    """One server, and another at 127.0.0.2 that takes mail for partner.test and origin.test."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.sink = cls.stack.enter_context(Sink("127.0.0.2"))
        cls.names = cls.stack.enter_context(Names({
            name: {"MX": ["10 mx.partner.test"]} for name in ("partner.test", "origin.test")}))
        cls.names.table["mx.partner.test"] = {"A": ["127.0.0.2"]}
        cls.server = cls.stack.enter_context(Server())
        cls.server.add(ANN, BOB)
        for name, value in (("relay.port", cls.sink.port), ("relay.retry", "1s"), ("relay.linger", "0s"),
                            ("dns.servers", cls.names.address)):
            cls.server.signet("setting", "set", name, str(value))

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


if __name__ == "__main__":
    unittest.main()
