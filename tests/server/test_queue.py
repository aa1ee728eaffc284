"""The queue as admins and senders see it: hold, release, requeue, bounce, counts and pages; mail that waits for a
time; priorities; demands on TLS; what senders are told; kills in the middle."""
import contextlib
import email
import email.policy
import itertools
import random
import threading
import time
import unittest

from far import far
from server import Failed
from test_relay import TEXT, self_signed
from waiting import wait_for


class Queue(unittest.TestCase):
    """One server and one other mail server for all; each test has a sender of its own."""
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.server, cls.sink, cls.names = far(
            cls.stack, {"other.test": {"MX": ["10 mx.partner.test"]}}, relay_retry="1h", relay_linger="0")
        cls.plain = list(cls.sink.words)

    def setUp(self):
        self.ann = f"ann{next(self.numbers)}@alpha.test"
        self.server.add(self.ann)
        self.addCleanup(self.clean)

    def clean(self):
        self.server.signet("queue", "delete", "--all")
        for name in ("relay.deliver", "relay.destination-connections"):
            self.server.signet("setting", "reset", name)
        self.sink.says.clear()
        self.sink.messages.clear()
        self.sink.words[:] = self.plain
        self.sink.tls = None

    def signet(self, *words, **more):
        return self.server.signet(*map(str, words), **more)

    def submit(self, to="x@partner.test", subject="hi", mail=(), rcpt=(), text=None, ann=None):
        with self.server.submission(ann or self.ann) as smtp:
            self.assertEqual(smtp.sendmail(ann or self.ann, [to], text or TEXT.format(subject), list(mail), list(rcpt)),
                             {})

    def rows(self, *more):
        return self.signet("queue", "list", *more)["rows"]

    def deferred(self, n=1):
        return wait_for(lambda: (lambda rows: rows if len(rows) == n and all(r["reply"] for r in rows) else None)(
            self.rows()))

    def busy(self, *to):
        """Messages that the other server did not want yet."""
        self.sink.says["RCPT"] = lambda line: "450 4.2.0 Not now"
        for address in to or ["x@partner.test"]:
            self.submit(address)
        rows = self.deferred(len(to) or 1)
        self.sink.says.clear()
        return [row["id"] for row in rows]

    def arrived(self, n=1):
        wait_for(lambda: len(self.sink.messages) >= n)
        return self.sink.messages

    def inbox(self, n=1):
        def read():
            imap = self.server.imap(self.ann)
            imap.select("INBOX", readonly=True)
            found = [part[1] for part in imap.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple)]
            imap.logout()
            return (found,) if len(found) >= n else None
        return [email.message_from_bytes(text, policy=email.policy.default) for text in wait_for(read)[0]]

    def report(self, kind="delivery-status"):
        message = self.inbox()[0]
        self.assertEqual((message.get_content_type(), message.get_param("report-type")), ("multipart/report", kind))
        return message, message.get_payload(1).get_payload(1) if kind == "delivery-status" else message.get_payload(1)


class Operations(Queue):
    def test_hold_and_release(self):
        [number] = self.busy()
        self.assertEqual(self.signet("queue", "hold", number)["messages"], 1)
        self.assertTrue(self.rows("--held")[0]["held"])
        self.signet("queue", "retry", number)
        self.submit("y@partner.test")
        self.assertEqual(self.arrived()[0].recipients, ["y@partner.test"])
        self.server.kill()
        self.server.start()
        self.assertEqual([row["id"] for row in self.rows()], [number])
        self.assertEqual(self.signet("queue", "destinations")["rows"][0]["held"], 1)
        self.signet("queue", "release", "--held")
        self.assertEqual(self.arrived(2)[1].recipients, ["x@partner.test"])

    def test_bounce(self):
        self.busy("x@partner.test", "x@other.test")
        self.assertEqual(self.signet("queue", "bounce", "--sender", self.ann, "--domain", "partner.test", "--reason",
                                     "not\r\ntoday")["messages"], 1)
        message, first = self.report()
        self.assertEqual((first["Action"], first["Status"]), ("failed", "5.7.1"))
        self.assertEqual(first["Diagnostic-Code"], "x-signet; 5.7.1 not  today")
        self.assertIsNone(message["today"])
        self.assertEqual([row["to"] for row in self.rows()], ["x@other.test"])

    def test_requeue(self):
        [number] = self.busy()
        self.sink.says["RCPT"] = lambda line: "450 4.2.0 Not yet"
        self.signet("queue", "requeue", "--older", "0s")
        wait_for(lambda: "Not yet" in str(self.rows()))
        self.assertEqual(self.signet("queue", "show", number)["rows"][0]["attempts"], 1)

    def test_view(self):
        [number] = self.busy()
        view = self.signet("queue", "view", number)
        self.assertIn("Subject: hi", view["text"])
        self.assertTrue(view["whole"] and view["text"].endswith("\r\nhello\r\n"))
        self.assertEqual(len(self.signet("queue", "view", number, "--bytes", 9)["text"]), 9)

    def test_which(self):
        """Nothing is meant by leaving everything out; what does not exist is said."""
        self.busy("a@partner.test", "b@partner.test", "c@other.test")
        for words in (["hold"], ["delete"], ["bounce"], ["hold", "1", "--domain", "x.test"], ["hold", "1"],
                      ["hold", "--older", "soon"]):
            with self.assertRaises(Failed):
                self.signet("queue", *words)
        self.assertEqual(len(self.rows()), 3)
        self.assertEqual(self.rows("--sender", "<>"), [])
        self.assertEqual(self.rows("--sender", "@beta.test"), [])
        self.assertEqual(len(self.rows("--sender", "@alpha.test")), 3)
        self.assertEqual(self.rows("--older", "1h"), [])
        self.assertEqual(self.signet("queue", "delete", "--domain", "partner.test")["messages"], 2)
        self.assertEqual([row["to"] for row in self.rows()], ["c@other.test"])

    def test_pages_and_counts(self):
        self.busy(*(f"u{n}@{'partner' if n % 3 else 'other'}.test" for n in range(7)))
        for more, want in ([], 7), (["--domain", "partner.test"], 4):
            seen, after = [], 0
            while True:
                page = self.signet("queue", "list", "--limit", 2, "--after", after, *more)
                seen += [row["id"] for row in page["rows"]]
                if not page.get("more"):
                    break
                after = seen[-1]
            self.assertEqual(len(seen), want)
            self.assertEqual(seen, sorted(set(seen)))
        self.assertEqual(self.signet("queue", "status")["messages"], 7)
        counts = self.signet("queue", "destinations")
        self.assertEqual([(row["domain"], row["messages"]) for row in counts["rows"]],
                         [("partner.test", 4), ("other.test", 3)])
        self.assertEqual((counts["messages"], counts["domains"]), (7, 2))
        self.assertEqual(len(self.signet("queue", "destinations", "--limit", 1)["rows"]), 1)

    def test_kills(self):
        """What an admin was told is done is done, and nothing is done by half."""
        self.signet("setting", "set", "relay.deliver", "off")
        for n in range(12):
            self.submit(f"u{n}@partner.test")
        dice, held = random.Random(3), {row["id"]: False for row in self.rows()}
        for _ in range(4):
            timer = threading.Timer(dice.uniform(0.05, 0.4), self.server.kill)
            timer.start()
            doing = None
            with contextlib.suppress(Failed, OSError):
                while True:
                    doing = dice.choice(list(held))
                    self.signet("queue", "release" if held[doing] else "hold", doing)
                    held[doing] = not held[doing]
            timer.join()
            self.server.start()
            for row in self.rows():
                if row["id"] != doing:
                    self.assertEqual(row["held"], held[row["id"]])
                held[row["id"]] = row["held"]
            self.assertEqual(len(self.rows()), 12)
        self.signet("queue", "release", "--all")
        self.signet("setting", "set", "relay.deliver", "on")
        self.arrived(12)
        wait_for(lambda: not self.rows())
        self.assertEqual(len(self.sink.messages), 12)


class Wishes(Queue):
    def test_priority(self):
        self.signet("setting", "set", "relay.deliver", "off")
        self.signet("setting", "set", "relay.destination-connections", 1)
        self.sink.words.append("MT-PRIORITY")
        for priority in (-3, 0, 4, 1):
            self.submit(f"p{priority}@partner.test", mail=[f"MT-PRIORITY={priority}"])
        self.signet("setting", "set", "relay.deliver", "on")
        self.arrived(4)
        self.assertEqual([m.recipients[0][:-13] for m in self.sink.messages], ["p4", "p1", "p0", "p-3"])
        self.assertTrue(any("MT-PRIORITY=4" in line for line in self.sink.commands))

    def test_future_release(self):
        """RFC 4865: to a server elsewhere and to a mailbox here, and nobody has it before."""
        began = time.time()
        self.submit(mail=["HOLDFOR=3"])
        self.submit(self.ann.replace("@", "+later@"), subject="to me", mail=["HOLDFOR=3"], rcpt=["NOTIFY=SUCCESS"])
        self.submit("z@partner.test", mail=["HOLDFOR=1000000"])
        self.assertEqual(len(self.rows()), 3)
        self.assertEqual((self.sink.messages, self.inbox(0)), ([], []))
        self.arrived()
        self.assertGreater(time.time() - began, 2)
        inbox = self.inbox(2)
        self.assertEqual(sorted(m["Subject"] for m in inbox), ["Your mail was delivered", "to me"])
        [row] = wait_for(lambda: (lambda rows: rows if len(rows) == 1 else None)(self.rows()))
        self.signet("queue", "release", row["id"])
        self.assertEqual(self.arrived(2)[1].recipients, ["z@partner.test"])

    def test_future_release_kills(self):
        """The moment when it is delivered here and struck off the queue is one."""
        dice = random.Random(8)
        for n in range(20):
            self.submit(self.ann, subject=f"n{n}", mail=["HOLDFOR=2"])
        for _ in range(3):
            time.sleep(dice.uniform(0.5, 1.2))
            self.server.kill()
            self.server.start()
        wait_for(lambda: not self.rows())
        self.assertEqual(sorted(m["Subject"] for m in self.inbox(20)), sorted(f"n{n}" for n in range(20)))

    def test_require_tls(self):
        """RFC 8689: over TLS to a server that proves its name and knows of it, or back."""
        self.submit(mail=["REQUIRETLS"])
        wait_for(lambda: "STARTTLS is not offered" in str(self.rows()))
        self.sink.tls = self_signed(self.server.folder, "mx.partner.test")
        self.signet("queue", "retry", "--all")
        wait_for(lambda: "4.7.5" in str(self.rows()) and "STARTTLS" not in str(self.rows()))
        self.signet("trust", "add", stdin=(self.server.folder / "mx.partner.test.crt").read_text())
        self.signet("queue", "retry", "--all")
        message, first = self.report()
        self.assertEqual(first["Status"], "5.7.30")
        self.sink.words.append("REQUIRETLS")
        self.submit("y@partner.test", mail=["REQUIRETLS"])
        self.assertTrue(self.arrived()[0].tls)
        self.assertTrue(any(line.startswith("MAIL") and "REQUIRETLS" in line for line in self.sink.commands))

    def test_tls_is_not_required(self):
        """RFC 8689 3: TLS-Required: No goes before what is set for the destination."""
        self.signet("setting", "set", "relay.tls", "verify", "--destination", "partner.test")
        self.addCleanup(self.signet, "setting", "reset", "relay.tls", "--destination", "partner.test")
        self.submit("strict@partner.test")
        self.deferred()
        self.submit(text="Subject: open\r\nTLS-Required: No\r\n\r\nhello\r\n")
        self.assertEqual(self.arrived()[0].recipients, ["x@partner.test"])

    def test_delivered_here(self):
        """RFC 3461: told of delivery into a mailbox here, when asked for."""
        self.submit(self.ann, rcpt=["NOTIFY=SUCCESS", f"ORCPT=rfc822;{self.ann}"], mail=["ENVID=me"])
        wait_for(lambda: len(self.inbox(2)) == 2)
        message = next(m for m in self.inbox() if m.is_multipart())
        status = message.get_payload(1)
        self.assertEqual(status.get_payload(0)["Original-Envelope-Id"], "me")
        first = status.get_payload(1)
        self.assertEqual((first["Action"], first["Status"]), ("delivered", "2.1.5"))
        self.submit(self.ann)
        self.submit(self.ann, rcpt=["NOTIFY=FAILURE,DELAY"])
        self.assertEqual(len(self.inbox(4)), 4)

    def test_report_in_utf8(self):
        """RFC 6533"""
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 No"
        with self.server.submission(self.ann) as smtp:
            smtp.ehlo()
            smtp.command_encoding = "utf-8"
            smtp.mail(self.ann, ["SMTPUTF8"])
            self.assertEqual(smtp.rcpt("j\u00f6rg@partner.test")[0], 250)
            smtp.data("Subject: utf8\r\n\r\nhi\r\n")
        _, status = self.report("global-delivery-status")
        self.assertEqual(status.get_content_type(), "message/global-delivery-status")
        self.assertIn("Final-Recipient: utf-8; j\u00f6rg@partner.test", self.text_of(status))

    @staticmethod
    def text_of(part):
        return part.as_bytes().decode("utf-8")


if __name__ == "__main__":
    unittest.main()
