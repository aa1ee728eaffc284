"""test_vacation - automatic answers: who gets one, how often, and who never does (RFC 3834, RFC 5230)"""
import email
import email.policy

from portal import Portal
from server import Failed
from test_addresses import ANN, BOB, Addresses
from waiting import wait_for

AWAY = 'require ["vacation", "vacation-seconds"]; vacation %s "I am away.\r\n.\r\nBack on Monday";'


def mail(*fields, to=ANN, subject="Hello"):
    return "\r\n".join(("From: x@origin.test", f"To: {to}", f"Subject: {subject}", "Message-ID: <1@origin.test>",
                        *fields)) + "\r\n\r\nhello\r\n"


class Vacation(Addresses):
    def rule(self, script, account=ANN):
        self.server.signet("rule", "set", "--account", account, "main", stdin=script)
        self.server.signet("rule", "activate", "--account", account, "main")
        self.addCleanup(self.server.signet, "rule", "activate", "--account", account, "")

    def away(self, words=""):
        """Each test is another answer, which nobody got before."""
        self.rule(AWAY % f'{words} :handle "{self.id()}"')

    def answers(self, marker="end@origin.test"):
        """What was sent up to now: a later mail that is answered has come."""
        self.send(ANN, sender=marker, text=mail())
        wait_for(lambda: [m for m in self.sink.messages if m.recipients == [marker]])
        return [m for m in self.sink.messages if m.recipients != [marker]]

    def test_answer(self):
        self.away()
        self.send(ANN, text=mail("References: <0@origin.test>"))
        message = self.sent()[0]
        self.assertEqual((message.sender, message.recipients), ("", ["x@origin.test"]))
        answer = email.message_from_bytes(message.text, policy=email.policy.default)
        for name, value in (("From", ANN), ("To", "x@origin.test"), ("Subject", "Auto: Hello"),
                            ("Auto-Submitted", "auto-replied"), ("In-Reply-To", "<1@origin.test>"),
                            ("References", "<0@origin.test> <1@origin.test>"), ("Precedence", "bulk")):
            self.assertEqual(str(answer[name]).strip(), value)
        self.assertEqual(answer.get_content().replace("\r\n", "\n"), "I am away.\n.\nBack on Monday\n")
        self.assertEqual(len(self.texts(ANN)), 1)

    def test_once(self):
        """Per sender and answer; also after the server was started again."""
        self.away()
        for _ in range(3):
            self.send(ANN, text=mail())
        self.send(ANN, sender="X@Origin.test", text=mail())
        self.server.stop()
        self.server.start()
        self.send(ANN, text=mail())
        self.assertEqual([m.recipients for m in self.answers()], [["x@origin.test"]])
        self.rule(AWAY % f':handle "other {self.id()}"')
        self.sink.messages.clear()
        self.send(ANN, text=mail())
        self.assertEqual(self.sent()[0].recipients, ["x@origin.test"])

    def test_again_after_its_period(self):
        self.server.signet("setting", "set", "sieve.vacation-min", "1s")
        self.addCleanup(self.server.signet, "setting", "reset", "sieve.vacation-min")
        self.away(":seconds 1")

        def sends():
            self.send(ANN, text=mail())
            return len(self.sink.messages) > 1
        wait_for(sends)

    def test_never(self):
        self.away()
        for field in ("Auto-Submitted: auto-generated", "Auto-Submitted: auto-replied (vacation)", "Precedence: bulk",
                      "Precedence: list", "List-Id: <l.origin.test>", "List-Unsubscribe: <mailto:x@y.test>",
                      "X-Auto-Response-Suppress: OOF", "X-Loop: here"):
            self.send(ANN, text=mail(field))
        for sender in ("", "MAILER-DAEMON@origin.test", "owner-list@origin.test", "list-request@origin.test",
                       "list-bounces+ann=alpha.test@origin.test", "noreply@origin.test", ANN, "ann+x@alpha.test"):
            self.send(ANN, sender=sender, text=mail())
        for to in ("list@origin.test", "undisclosed-recipients:;", "annn@alpha.test", BOB):
            self.send(ANN, text=mail(to=to))
        self.assertEqual(self.answers(), [])

    def test_addresses(self):
        """Those that lead to the account and nobody else, and those of :addresses."""
        self.alias("me@alpha.test", ANN)
        self.alias("us@alpha.test", ANN, BOB)
        self.away(':addresses "ann@old.test"')
        for n, to in enumerate(("me@alpha.test", "Ann <ann+x@Alpha.test>", "a@b.test, <ann@old.test>")):
            self.send(ANN, sender=f"y{n}@origin.test", text=mail(to=to))
        self.send("us@alpha.test", sender="z@origin.test", text=mail(to="other@b.test"))
        self.assertEqual(sorted(m.recipients[0] for m in self.answers()), [f"y{n}@origin.test" for n in range(3)])

    def test_group(self):
        """Not even when the group stands in To."""
        self.server.signet("group", "add", "staff@alpha.test", ANN)
        self.addCleanup(self.server.signet, "group", "remove", "staff@alpha.test")
        self.away()
        self.send("staff@alpha.test", text=mail(to="staff@alpha.test"))
        self.assertEqual(self.answers(), [])

    def test_two_that_are_away(self):
        """Here: each answers the other's mail, no answer is answered."""
        self.away()
        self.rule(AWAY % "", BOB)
        self.send(ANN, sender=BOB, text=mail())
        self.assertEqual(len(wait_for(lambda: self.texts(BOB))), 1)
        self.assertEqual(len(self.texts(ANN)), 1)

    def test_words(self):
        """A subject and a text that are not ASCII; a sender that is not the account's own is not believed."""
        self.rule('require "vacation"; vacation :subject "Grüße ' + "ä" * 60 + '" :from "boss@partner.test" "Weg: ö";')
        self.send(ANN, text=mail())
        message = self.sent()[0].text
        self.assertTrue(all(byte < 128 for byte in message))
        answer = email.message_from_bytes(message, policy=email.policy.default)
        self.assertEqual(answer["Subject"], "Grüße " + "ä" * 60)
        self.assertEqual((answer.get_content().strip(), str(answer["From"])), ("Weg: ö", ANN))

    def test_what_was_sent_cannot_steer_the_answer(self):
        self.away()
        self.send(ANN, text=mail(subject="=?utf-8?Q?a=0D=0ABcc:_evil@partner.test?="))
        answer = email.message_from_bytes(self.sent()[0].text)
        self.assertIsNone(answer["Bcc"])
        self.assertIn("evil", answer["Subject"])


class Forms(Addresses):
    """The same without Sieve: by operations, and by the form of the portal."""

    def setUp(self):
        super().setUp()
        self.server.signet("account", "forward", ANN)
        self.server.signet("account", "vacation", ANN, "off", "--text", "", "--subject", "", "--from", "", "--until", "")

    def forward(self, *words):
        self.server.signet("account", "forward", ANN, *words)

    def answer(self, *words):
        self.server.signet("account", "vacation", ANN, *words)

    def test_forward(self):
        self.forward("friend@partner.test", BOB)
        self.send(ANN)
        message = self.sent()[0]
        self.assertEqual(message.recipients, ["friend@partner.test"])
        self.assertRegex(message.sender, "^SRS0=.*@alpha.test$")
        self.assertEqual([len(self.texts(user)) for user in (ANN, BOB)], [0, 1])
        self.forward("friend@partner.test", "--keep")
        self.send(ANN)
        self.assertEqual([len(self.texts(user)) for user in (ANN, BOB)], [1, 1])
        self.sent(2)
        self.forward()
        self.send(ANN)
        self.assertEqual([len(self.texts(ANN)), len(self.sink.messages)], [2, 2])

    def test_own_rules_see_what_is_kept(self):
        self.server.signet("rule", "set", "--account", ANN, "main", stdin='require "fileinto"; fileinto "Work";')
        self.server.signet("rule", "activate", "--account", ANN, "main")
        self.addCleanup(self.server.signet, "rule", "activate", "--account", ANN, "")
        self.forward("friend@partner.test", "--keep")
        self.send(ANN)
        self.assertEqual(len(self.texts(ANN, "Work")), 1)
        self.sent()

    def test_answer(self):
        self.answer("on", "--text", 'Weg: "ö" \\\\ bis\r\n.\r\nMontag', "--subject", "Grüße")
        self.send(ANN, sender="q@origin.test", text=mail())
        answer = email.message_from_bytes(self.sent()[0].text, policy=email.policy.default)
        self.assertEqual(answer["Subject"], "Grüße")
        self.assertEqual(answer.get_content().split("\n")[0].strip(), 'Weg: "ö" \\\\ bis')
        shown = self.server.signet("account", "away", ANN)
        self.assertEqual((shown["vacation"], shown["subject"], shown["forward"]), (True, "Grüße", ""))

    def test_days(self):
        """Neither before its first day nor behind its last."""
        for n, words in enumerate((("--from", "2100-01-01"), ("--until", "2001-01-01"))):
            self.answer("on", "--text", f"Away {n}", "--from", "", "--until", "")
            self.answer("on", *words)
            self.send(ANN, sender="r@origin.test", text=mail())
        self.answer("on", "--from", "2001-01-01", "--until", "2100-01-01", "--text", "Away 9")
        self.send(ANN, sender="s@origin.test", text=mail())
        self.assertEqual(self.sent()[0].recipients, ["s@origin.test"])
        self.assertEqual(len(self.sink.messages), 1)

    def test_refused(self):
        for words in (("forward", ANN, "nobody"), ("forward", ANN, *(f"u{n}@x.test" for n in range(9))),
                      ("vacation", ANN, "on", "--text", " "), ("vacation", ANN, "on", "--text", "x", "--from", "today"),
                      ("vacation", ANN, "on", "--text", "x", "--days", "-1"), ("forward", "no@alpha.test", BOB)):
            with self.assertRaises(Failed):
                self.server.signet("account", *words)

    def test_page(self):
        portal = Portal(self.server, ANN)
        page = portal.get("/portal/away")
        self.assertIn("Forward to", page)
        portal.post("/portal/away", {"do": "vacation", "on": "on", "text": "I am away", "subject": "", "from": "",
                                      "until": "2100-12-31"})
        portal.post("/portal/away", {"do": "forward", "to": "friend@partner.test", "keep": "on"})
        shown = self.server.signet("account", "away", ANN)
        self.assertEqual((shown["text"], shown["until"], shown["forward"], shown["keep"]),
                         ("I am away", "2100-12-31", "friend@partner.test", True))
        self.assertIn("I am away", portal.get("/portal/away"))


if __name__ == "__main__":
    import unittest
    unittest.main()
