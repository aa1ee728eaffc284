"""What accounts and domains may send."""
import unittest

from server import Server
from waiting import wait_for

ANN, BOB, ADMIN = "ann@alpha.test", "bob@alpha.test", "postmaster@main.test"


class Outgoing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ADMIN, ANN, BOB)

    def tearDown(self):
        for account in (ANN, BOB):
            self.server.signet("outgoing", "reset", account)

    def set(self, name, value, *where):
        self.server.signet("setting", "set", "outgoing." + name, value, *where)
        self.addCleanup(self.server.signet, "setting", "reset", "outgoing." + name, *where)

    def send(self, user, n=1):
        """The replies to so many recipients, and to the message."""
        with self.server.submission(user) as smtp:
            code, text = smtp.mail(user)
            if code != 250:
                return [code], text.decode()
            codes = [smtp.rcpt(f"{BOB.replace('@', f'+{i}@')}")[0] for i in range(n)]
            if 250 in codes:
                code, text = smtp.data("Subject: x\r\n\r\nhello\r\n")
            return codes + [code], text.decode()

    def sent(self, user):
        return {row["limit"][len("outgoing."):]: (row["sent"], row["most"])
                for row in self.server.signet("outgoing", "show", user)["rows"]}

    def test_messages_of_an_account(self):
        self.set("messages-per-hour", "2", "--account", ANN)
        for _ in range(2):
            self.assertEqual(self.send(ANN)[0], [250, 250])
        codes, text = self.send(ANN)
        self.assertEqual(codes, [450])
        self.assertRegex(text, r"^4\.7\.1 You may send 2 messages a hour: try again in \d+ minutes")
        self.assertEqual(self.send(BOB)[0], [250, 250])
        self.assertEqual(self.sent(ANN), {"messages-per-hour": (2, 2)})
        self.server.signet("outgoing", "reset", ANN)
        self.assertEqual(self.send(ANN)[0], [250, 250])
        self.assertIn("outgoing-limit account=ann@alpha.test limit=outgoing.messages-per-hour max=2",
                      self.server.log())

    def test_recipients_of_an_account(self):
        self.set("recipients-per-day", "5")
        self.assertEqual(self.send(ANN, 3)[0], [250] * 4)
        self.assertEqual(self.send(ANN, 3)[0], [250, 250, 450, 250])
        self.assertEqual(self.send(ANN)[0], [450, 250])
        self.assertEqual(self.sent(ANN), {"recipients-per-day": (5, 5)})

    def test_a_domain_in_all(self):
        self.set("domain-recipients-per-hour", "3", "--domain", "alpha.test")
        self.assertEqual(self.send(ANN, 2)[0], [250] * 3)
        self.assertEqual(self.send(BOB, 2)[0], [250, 450, 250])
        self.assertEqual(self.sent(ANN), self.sent(BOB))

    def test_what_came_to_nothing_is_not_counted(self):
        self.set("messages-per-hour", "1")
        with self.server.submission(ANN) as smtp:
            for _ in range(3):
                smtp.mail(ANN)
                smtp.rcpt(BOB)
                smtp.rset()
        self.assertEqual(self.send(ANN)[0], [250, 250])

    def test_mail_from_outside_is_not_counted(self):
        self.set("domain-messages-per-hour", "1")
        for _ in range(3):
            self.server.send(ANN, "Subject: x\r\n\r\nhello\r\n")

    def test_it_outlasts_a_restart_and_an_admin_is_told(self):
        self.set("messages-per-day", "1")
        self.assertEqual(self.send(ANN)[0], [250, 250])
        self.server.stop()
        self.server.start()
        self.assertEqual(self.send(ANN)[0], [450])
        imap = self.server.imap(ADMIN)
        self.addCleanup(imap.logout)

        def alert():
            n = imap.select("INBOX", readonly=True)[1][0]
            return n != b"0" and imap.fetch(n, "BODY.PEEK[TEXT]")[1][0][1].decode()

        self.assertIn("ann@alpha.test has sent as much as the account may: 1 messages a day", wait_for(alert))


if __name__ == "__main__":
    unittest.main()
