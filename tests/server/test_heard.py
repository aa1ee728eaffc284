"""What another server said and was not durable yet, over a SIGKILL and a disk that is full."""
import contextlib
import smtplib
import tempfile
import threading
import unittest

import slow_disk
from far import far
from waiting import wait_for

ANN = "ann@alpha.test"


class Heard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.server, cls.sink, _ = far(cls.stack, environ=slow_disk.environ(cls.folder), relay_retry="1h")
        cls.server.add(ANN)

    def setUp(self):
        self.sink.says.clear()
        self.sink.messages.clear()
        self.mark = len(self.server.log())

    def submit(self, *to, rcpt=()):
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, list(to), "Subject: hi\r\n\r\nhello\r\n", rcpt_options=list(rcpt))

    def notes(self):
        """How many are written down."""
        data = (self.server.data / "queue-heard").read_bytes()
        return sum(data[at:at + 4] != bytes(4) for at in range(0, len(data), 256))

    def lines(self, event):
        return [line for line in self.server.log()[self.mark:].splitlines() if f" {event} " in line]

    def queue(self):
        return self.server.signet("queue", "list")["rows"]

    def inbox(self):
        imap = self.server.imap(ANN)
        try:
            imap.select("INBOX")
            return [part[1].decode() for part in imap.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple)]
        finally:
            imap.logout()

    def occupy(self):
        """A transaction that has written its log and waits for the disk: those behind it have not begun."""
        with contextlib.suppress(OSError, smtplib.SMTPException), \
                smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
            smtp.sendmail("x@elsewhere.test", [ANN], "Subject: occupied\r\n\r\n")

    def stick(self, _line):
        slow_disk.stick(self.folder)
        threading.Thread(target=self.occupy, daemon=True).start()
        wait_for(lambda: slow_disk.waits(self.folder))

    def killed_when_heard(self, n, *to, rcpt=()):
        """Killed when n outcomes are noted, and nothing of them is in the store."""
        self.sink.says["."] = self.stick
        self.submit(*to, rcpt=rcpt)
        wait_for(lambda: self.notes() == n)
        self.server.kill()
        slow_disk.free(self.folder)
        self.sink.says.clear()
        self.mark = len(self.server.log())
        self.server.start()

    def test_taken_is_not_sent_again(self):
        self.killed_when_heard(1, "x@partner.test")
        [line] = self.lines("delivered")
        for part in f"from={ANN} to=x@partner.test host=mx.partner.test", 'reply="250 2.0.0 Taken"', "attempt=1":
            self.assertIn(part, line)
        self.assertEqual((self.queue(), self.notes()), ([], 0))
        self.submit("y@partner.test")
        wait_for(lambda: len(self.sink.messages) == 2)
        self.assertEqual([m.recipients for m in self.sink.messages], [["x@partner.test"], ["y@partner.test"]])

    def test_each_recipient_has_what_became_of_it(self):
        """Taken, refused for good, refused for now: told of once, as the other server said it; the third waits."""
        self.sink.words.remove("DSN")
        self.addCleanup(self.sink.words.append, "DSN")
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 Nobody" if "<no@" in line else \
            "450 4.2.0 Not now" if "<later@" in line else None
        self.killed_when_heard(2, *(f"{who}@partner.test" for who in ("yes", "no", "later")),
                               rcpt=["NOTIFY=SUCCESS,FAILURE"])
        reports = wait_for(lambda: (lambda all: all if len(all) == 3 else None)(
            [text for text in self.inbox() if "delivery-status" in text]))
        told = {who: text for who in ("yes", "no", "later") for text in reports if f"rfc822; {who}@" in text}
        self.assertIn("Diagnostic-Code: smtp; 550 5.1.1 Nobody", told["no"])
        self.assertIn("Action: relayed", told["yes"])
        self.arrived(["yes@partner.test"], ["later@partner.test"])
        wait_for(lambda: not self.queue())
        self.assertEqual((self.notes(), len(told)), (0, 3))

    def arrived(self, *recipients):
        wait_for(lambda: len(self.sink.messages) >= len(recipients))
        self.assertEqual([m.recipients for m in self.sink.messages], list(recipients))

    def test_stored_but_not_logged(self):
        """Of what was stored, and gone from the queue, but not logged, the log is told."""
        self.sink.says["."] = lambda line: slow_disk.stick(self.folder)
        self.submit("x@partner.test")
        wait_for(lambda: slow_disk.waits(self.folder) and self.notes() == 1)
        self.server.kill()
        slow_disk.free(self.folder)
        self.mark = len(self.server.log())
        self.server.start()
        [line] = self.lines("delivered")
        self.assertIn("host=mx.partner.test", line)
        self.assertEqual((self.queue(), self.notes(), len(self.sink.messages)), ([], 0, 1))

    def test_nothing_is_left_when_all_is_well(self):
        self.submit(*(f"x{n}@partner.test" for n in range(30)))
        wait_for(lambda: not self.queue())
        wait_for(lambda: self.notes() == 0)
        self.server.stop()
        self.mark = len(self.server.log())
        self.server.start()
        self.assertEqual(self.lines("delivered"), [])


if __name__ == "__main__":
    unittest.main()
