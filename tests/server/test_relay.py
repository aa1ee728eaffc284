"""Mail to other servers: routes, retries, notifications, TLS, many recipients, hostile servers, crashes."""
import base64
import contextlib
import email
import email.policy
import hashlib
import pathlib
import random
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import nsd
import postfix
from dns import FAIL
from far import far
from server import Failed
from sink import CLOSE, STALL, Sink
from waiting import wait_for

ANN = "ann@alpha.test"
TEXT = "Subject: {}\r\n\r\nhello\r\n"


def self_signed(folder, name):
    """A server's TLS context with a certificate that nobody knows."""
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}"], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class Relay(unittest.TestCase):
    """A server, a name server, and one other mail server at 127.0.0.2 that is mx.partner.test."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.server, self.sink, self.names = far(
            self.stack, {"nowhere.partner.test": {"A": ["127.0.0.9"]}}, relay_retry="1s")
        self.server.add(ANN)

    def set(self, name, value, *where):
        self.server.signet("setting", "set", name, str(value), *where)

    def another(self, host, **options):
        return self.stack.enter_context(Sink(host, self.sink.port, **options))

    def submit(self, to, subject="hi", mail=(), rcpt=(), text=None):
        with self.server.submission(ANN) as smtp:
            data = text or TEXT.format(subject)
            refused = smtp.sendmail(ANN, to if isinstance(to, list) else [to], data, list(mail), list(rcpt))
            self.assertEqual(refused, {})

    def arrived(self, n=1, sink=None, seconds=15):
        sink = sink or self.sink
        wait_for(lambda: len(sink.messages) >= n, seconds)
        return sink.messages

    def queue(self):
        return self.server.signet("queue", "list")["rows"]

    def emptied(self):
        wait_for(lambda: not self.queue())

    def inbox(self, count=1):
        """The messages in INBOX, once there are so many."""
        def read():
            imap = self.server.imap(ANN)
            try:
                imap.select("INBOX", readonly=True)
                found = [part[1] for part in imap.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple)]
                return (found,) if len(found) >= count else None
            finally:
                imap.logout()
        return [email.message_from_bytes(text, policy=email.policy.default) for text in wait_for(read)[0]]

    def report(self):
        """The one notification in INBOX: itself, and the fields about its first recipient."""
        message = self.inbox()[0]
        self.assertEqual(message.get_content_type(), "multipart/report")
        self.assertEqual(message.get_param("report-type"), "delivery-status")
        self.assertEqual(message["Return-Path"], "<>")
        status = message.get_payload(1)
        self.assertEqual(status.get_content_type(), "message/delivery-status")
        return message, status.get_payload(0), status.get_payload(1)


class Routes(Relay):
    def test_preference_and_fallback(self):
        self.names.table["two.test"] = {"MX": ["30 third.two.test", "10 nowhere.partner.test", "20 mx.partner.test"]}
        self.names.table["third.two.test"] = {"A": ["127.0.0.3"]}
        third = self.another("127.0.0.3")
        self.set("relay.linger", "0s")
        self.submit("a@two.test")
        self.assertEqual(self.arrived()[0].recipients, ["a@two.test"])
        self.sink.says["greeting"] = lambda line: "421 4.3.2 Not now"
        self.submit("b@two.test")
        self.assertEqual(self.arrived(sink=third)[0].recipients, ["b@two.test"])
        self.sink.says["greeting"] = lambda line: "554 5.7.1 Not you"
        self.submit("c@two.test")
        self.arrived(2, sink=third)
        self.assertEqual(len(self.sink.messages), 1)

    def test_what_leaves(self):
        """The trace is ours, the Return-Path stays here (RFC 5321 4.4), dots survive."""
        self.submit("x@partner.test", text="Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n")
        text = self.arrived()[0].text
        self.assertTrue(text.startswith(b"Received: from "), text)
        self.assertTrue(text.endswith(b"\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n"), text)
        self.assertNotIn(b"Return-Path", text)
        self.assertIn(f"SIZE={len(text)}", self.sink.messages[0].parameters)

    def test_implicit_mx_cname_and_case(self):
        self.names.table["host.test"] = {"A": ["127.0.0.2"]}
        self.names.table["alias.test"] = {"CNAME": "partner.test"}
        self.submit(["a@host.test", "b@alias.test", "C@PARTNER.test"])
        self.assertEqual(sorted(m.recipients[0] for m in self.arrived(3)),
                         ["C@partner.test", "a@host.test", "b@alias.test"])

    def test_null_mx(self):
        self.names.table["null.test"] = {"MX": ["0 ."]}
        self.submit("a@null.test")
        self.assertEqual(self.report()[2]["Status"], "5.1.10")

    def test_no_domain(self):
        self.submit("a@gone.test")
        self.assertEqual(self.report()[2]["Status"], "5.1.2")

    def test_no_address(self):
        self.names.table["hollow.test"] = {"MX": ["10 void.hollow.test"]}
        self.submit("a@hollow.test")
        self.assertEqual(self.report()[2]["Status"], "5.4.4")

    def test_dns_that_fails_is_asked_again(self):
        self.names.table["shaky.test"] = {"MX": FAIL}
        self.submit("a@shaky.test")
        wait_for(lambda: self.queue()[0]["reply"].startswith("4.4.3"))
        self.names.table["shaky.test"] = {"MX": ["10 mx.partner.test"]}
        self.arrived(seconds=40)
        self.emptied()

    def test_broken_records(self):
        """Names that are none are passed over; an answer that cannot be read is none."""
        self.names.table["mad.test"] = {"MX": [b"\0\1\x03a b\0", b"\0\2\x02\r\n\0", b"\0\3\x03a.b\0",
                                               "10 mx.partner.test"]}
        self.submit("a@mad.test")
        self.arrived()
        self.names.table["bad.test"] = {"MX": [b"", b"\0", b"\0\x0a\x3fx"]}
        self.submit("a@bad.test")
        wait_for(lambda: self.queue()[0]["reply"].startswith("4.4.3"))

    def test_ourselves(self):
        """RFC 5321 5.1: not to ourselves, nor to who is less preferred than we are."""
        self.names.table["mine.test"] = {"MX": ["10 alpha.test", "20 mx.partner.test"]}
        self.names.table["ours.test"] = {"MX": ["10 here.test"]}
        self.names.table["here.test"] = {"A": ["127.0.0.1"]}
        self.submit("a@mine.test")
        self.assertEqual(self.report()[2]["Status"], "5.4.6")
        self.set("relay.port", self.server.ports["smtp"])
        self.submit("a@ours.test")
        wait_for(lambda: self.server.log().count("5.4.6") >= 2)
        self.assertEqual(self.sink.messages, [])

    def test_address_literal(self):
        self.submit("a@partner.test")
        self.arrived()

    def test_route_of_all_and_of_one(self):
        third = self.another("127.0.0.3")
        self.set("relay.route", f"[127.0.0.3]:{third.port}")
        self.set("relay.route", "mx", "--destination", "partner.test")
        self.submit(["a@far.test", "b@partner.test", "c@near.test"])
        self.assertEqual(sorted(sum((m.recipients for m in self.arrived(2, sink=third)), [])),
                         ["a@far.test", "c@near.test"])
        self.assertEqual(self.arrived()[0].recipients, ["b@partner.test"])
        self.assertEqual(third.connections, 1)

    def test_source_address(self):
        seen = []
        self.sink.says["greeting"] = lambda line: None
        original = self.sink.server.process_request
        self.sink.server.process_request = lambda s, peer: (seen.append(peer[0]), original(s, peer))
        self.set("relay.source-address", "127.0.0.77")
        self.submit("a@partner.test")
        self.arrived()
        self.assertEqual(seen, ["127.0.0.77"])


class Results(Relay):
    def test_later_then_taken(self):
        tries = []
        self.sink.says["RCPT"] = lambda line: tries.append(line) or ("450 4.2.0 Greylisted" if len(tries) < 3 else None)
        self.submit("x@partner.test")
        self.arrived()
        self.emptied()
        self.assertEqual(len(tries), 3)
        log = self.server.log()
        self.assertEqual(log.count("relay deferred"), 2)
        self.assertIn('reply="450 4.2.0 Greylisted" attempt=2', log)
        self.assertEqual(self.inbox(0), [])

    def test_refused_for_good(self):
        self.sink.says["RCPT"] = lambda line: "550-5.1.1 No such\r\n550 5.1.1 user" if "bad" in line else None
        with self.server.submission(ANN) as smtp:
            smtp.mail(ANN, ["RET=FULL", "ENVID=an+2Bid"])
            smtp.rcpt("bad@partner.test", ["ORCPT=rfc822;old+2Bbad@here.test"])
            smtp.rcpt("good@partner.test")
            self.assertEqual(smtp.data("Subject: both\r\n\r\nbody\r\n")[0], 250)
        self.assertEqual(self.arrived()[0].recipients, ["good@partner.test"])
        message, about, first = self.report()
        self.assertEqual(about["Original-Envelope-Id"], "an+id")
        self.assertTrue(about["Reporting-MTA"].startswith("dns;"))
        self.assertEqual(first["Original-Recipient"].replace(" ", ""), "rfc822;old+bad@here.test")
        self.assertEqual(first["Final-Recipient"].replace(" ", ""), "rfc822;bad@partner.test")
        self.assertEqual((first["Action"], first["Status"]), ("failed", "5.1.1"))
        self.assertEqual(first["Remote-MTA"].replace(" ", ""), "dns;mx.partner.test")
        self.assertEqual(first["Diagnostic-Code"], "smtp; 550 5.1.1 No such user")
        self.assertEqual(len(message.get_payload(1).get_payload()), 2)
        self.assertEqual(message.get_payload(2).get_content_type(), "message/rfc822")
        self.assertIn("body", message.get_payload(2).as_string())
        self.emptied()
        self.assertEqual(len(self.inbox()), 1)

    def test_header_only_unless_asked(self):
        self.sink.says["MAIL"] = lambda line: "552 5.3.4 Too large for me"
        self.submit("x@partner.test", subject="head")
        message, _, first = self.report()
        self.assertEqual(first["Status"], "5.3.4")
        self.assertEqual(message.get_payload(2).get_content_type(), "text/rfc822-headers")
        self.assertIn("Subject: head", message.get_payload(2).get_payload())
        self.assertNotIn("hello", message.get_payload(2).get_payload())

    def test_refused_after_the_text(self):
        self.sink.says["."] = lambda line: "554 5.6.0 I do not like it"
        self.submit(["x@partner.test", "y@partner.test"])
        message, _, first = self.report()
        self.assertEqual(first["Status"], "5.6.0")
        self.assertEqual(len(message.get_payload(1).get_payload()), 3)

    def test_each_recipient_once(self):
        """Who was served is never served again, whatever the others meet."""
        tries = []
        self.sink.says["RCPT"] = lambda line: (
            "452 4.2.2 Full" if "slow" in line and (tries.append(1) or len(tries) < 4) else None)
        self.submit([f"{name}@partner.test" for name in ("a", "slow", "z")])
        self.arrived(2)
        self.emptied()
        self.assertEqual(sorted(tuple(m.recipients) for m in self.sink.messages),
                         [("a@partner.test", "z@partner.test"), ("slow@partner.test",)])

    def test_never_after_all(self):
        self.set("relay.lifetime", "3s")
        self.sink.says["greeting"] = lambda line: CLOSE
        self.submit("x@partner.test")
        _, _, first = self.report()
        self.assertEqual(first["Action"], "failed")
        self.assertEqual(first["Status"][0], "4")
        self.emptied()

    def test_warning(self):
        self.set("relay.warn-after", "2s")
        self.sink.says["RCPT"] = lambda line: "450 4.2.0 Not now"
        self.submit("x@partner.test")
        self.submit("y@partner.test", rcpt=["NOTIFY=FAILURE"])
        _, _, first = self.report()
        self.assertEqual((first["Action"], first["Status"]), ("delayed", "4.2.0"))
        self.assertIn("x@partner.test", first["Final-Recipient"])
        time.sleep(2)
        self.assertEqual(len(self.inbox()), 1)  # once
        self.assertEqual(len(self.queue()), 2)
        self.sink.says.clear()
        self.arrived(2)

    def test_notify(self):
        """RFC 3461: NEVER is silent, SUCCESS is passed on, or told by us when nobody else will."""
        self.submit("x@partner.test", rcpt=["NOTIFY=SUCCESS,FAILURE"], mail=["RET=HDRS", "ENVID=me"])
        parameters = " ".join(self.arrived()[0].parameters)
        self.assertIn("NOTIFY=SUCCESS,FAILURE", parameters)
        self.assertIn("ENVID=me", parameters)
        self.assertIn("RET=HDRS", parameters)
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 No"
        self.submit("x@partner.test", rcpt=["NOTIFY=NEVER"])
        wait_for(lambda: "relay failed" in self.server.log())
        self.sink.says.clear()
        self.sink.words.remove("DSN")
        time.sleep(1.5)  # the connection that was told of DSN ends
        self.submit("x@partner.test", rcpt=["NOTIFY=SUCCESS"])
        _, _, first = self.report()
        self.assertEqual((first["Action"], first["Status"]), ("relayed", "2.0.0"))
        self.assertNotIn("NOTIFY", " ".join(self.sink.messages[-1].parameters))
        self.assertEqual(len(self.inbox()), 1)

    def test_report_to_nobody(self):
        """A notification that cannot be delivered makes none."""
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 No"
        self.server.signet("alias", "add", "out@alpha.test", "x@partner.test")
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
            self.assertEqual(smtp.sendmail("", ["out@alpha.test"], TEXT.format("from nobody")), {})
            self.assertEqual(smtp.sendmail("who@gone.test", ["out@alpha.test"], TEXT.format("from far")), {})
        wait_for(lambda: self.server.log().count("relay failed") >= 3)
        self.emptied()
        self.assertEqual(self.inbox(0), [])

    def test_operations(self):
        self.sink.says["RCPT"] = lambda line: "450 4.2.0 Not now"
        self.set("relay.retry", "1h")
        self.submit("x@partner.test")
        self.submit("y@partner.test")
        rows = wait_for(lambda: (lambda rows: rows if len(rows) == 2 and all(r["reply"] for r in rows) else None)(
            self.queue()))
        shown = self.server.signet("queue", "show", str(rows[0]["id"]))["rows"][0]
        self.assertEqual((shown["state"], shown["attempts"], shown["reply"]), ("waiting", 1, "450 4.2.0 Not now"))
        self.assertIn("127.0.0.2", shown["host"])
        self.sink.says.clear()
        self.server.signet("queue", "retry", str(rows[0]["id"]))
        self.arrived(1)
        wait_for(lambda: len(self.queue()) == 1)
        self.assertEqual(self.server.signet("queue", "list", "--domain", "other.test")["rows"], [])
        self.assertEqual(self.server.signet("queue", "flush")["messages"], 1)
        self.arrived(2)
        self.emptied()
        status = self.server.signet("queue", "status")
        self.assertEqual((status["recipients delivered"], status["recipients deferred"]), (2, 2))
        with self.assertRaises(Failed):
            self.server.signet("queue", "retry", str(rows[0]["id"]))

    def test_delete(self):
        self.sink.says["RCPT"] = lambda line: "450 4.2.0 Not now"
        self.submit("x@partner.test")
        row = wait_for(self.queue)[0]
        self.server.signet("queue", "delete", str(row["id"]))
        self.assertEqual(self.queue(), [])
        self.sink.says.clear()
        time.sleep(2)
        self.assertEqual(self.sink.messages, [])

    def test_off(self):
        self.set("relay.deliver", "off")
        self.submit("x@partner.test")
        time.sleep(1)
        self.assertEqual(len(self.queue()), 1)
        self.set("relay.deliver", "on")
        self.arrived()


class Texts(Relay):
    def test_8bit(self):
        text = "Subject: 8\r\n\r\nGr\u00fc\u00dfe\r\n".encode()
        self.submit("x@partner.test", mail=["BODY=8BITMIME"], text=text)
        message = self.arrived()[0]
        self.assertIn("BODY=8BITMIME", message.parameters)
        self.assertIn("Gr\u00fc\u00dfe".encode(), message.text)

    def test_8bit_where_it_cannot_go(self):
        self.sink.words.remove("8BITMIME")
        self.submit("x@partner.test", mail=["BODY=8BITMIME"], subject="7 bits after all")
        self.submit("x@partner.test", mail=["BODY=8BITMIME"], text="Subject: 8\r\n\r\nGr\u00fc\u00dfe\r\n".encode())
        self.assertTrue(all(message.text.isascii() for message in self.arrived(2)))

    def test_utf8(self):
        for words, code in ((self.sink.words, None), ([w for w in self.sink.words if w != "SMTPUTF8"], "5.6.7")):
            self.sink.words = words
            with self.server.submission(ANN) as smtp:
                smtp.ehlo()
                smtp.command_encoding = "utf-8"
                smtp.mail(ANN, ["SMTPUTF8"])
                self.assertEqual(smtp.rcpt("gr\u00fc\u00dfe@partner.test")[0], 250)
                self.assertEqual(smtp.data("Subject: utf8\r\n\r\nhi\r\n")[0], 250)
            if not code:
                message = self.arrived()[0]
                self.assertIn("SMTPUTF8", message.parameters)
                self.assertEqual(message.recipients, ["gr\u00fc\u00dfe@partner.test"])
                time.sleep(1.5)  # the connection that was told of SMTPUTF8 ends
        wait_for(lambda: "5.6.7" in self.server.log())
        self.assertIn("5.6.7", self.inbox()[0].as_string())

    def test_utf8_said_but_not_needed(self):
        self.sink.words.remove("SMTPUTF8")
        self.submit("x@partner.test", mail=["SMTPUTF8"])
        self.assertNotIn("SMTPUTF8", self.arrived()[0].parameters)

    def test_large(self):
        lines = base64.encodebytes(random.Random(1).randbytes(15 << 20)).replace(b"\n", b"\r\n")
        before = self.server.rss()
        self.submit("x@partner.test", text=b"Subject: large\r\n\r\n" + lines)
        text = self.arrived(seconds=60)[0].text
        body = text.split(b"\r\n\r\n", 1)[1]
        self.assertEqual(hashlib.sha256(body).digest(), hashlib.sha256(lines).digest())
        self.emptied()
        self.assertGreater(before, 0)

    def test_larger_than_it_takes(self):
        self.sink.words = ["PIPELINING", "SIZE 1000"]
        self.submit("x@partner.test", text="Subject: large\r\n\r\n" + "x" * 70 * 30 + "\r\n")
        self.assertEqual(self.report()[2]["Status"], "5.3.4")
        self.assertFalse([c for c in self.sink.commands if c.startswith("MAIL")])

    def test_without_any_extension(self):
        self.sink.says["EHLO"] = lambda line: "500 5.5.1 What?"
        self.submit(["x@partner.test", "y@partner.test"])
        message = self.arrived()[0]
        self.assertEqual(message.parameters, ["", ""])
        self.assertEqual([c.split()[0] for c in self.sink.commands[:6]],
                         ["EHLO", "HELO", "MAIL", "RCPT", "RCPT", "DATA"])


class Many(Relay):
    def test_few_connections(self):
        self.set("relay.deliver", "off")
        for n in range(50):
            self.submit(f"x{n}@partner.test", subject=str(n))
        self.set("relay.deliver", "on")
        self.arrived(50)
        self.emptied()
        self.assertEqual(len({m.recipients[0] for m in self.sink.messages}), 50)
        self.assertEqual(len(self.sink.messages), 50)
        self.assertLessEqual(self.sink.connections, 10)

    def test_recipients_by_the_hundred(self):
        recipients = [f"x{n}@partner.test" for n in range(250)]
        self.submit(recipients)
        messages = self.arrived(3)
        self.assertEqual([len(m.recipients) for m in messages], [100, 100, 50])
        self.assertEqual(sorted(sum((m.recipients for m in messages), [])), sorted(recipients))
        self.assertEqual(self.sink.connections, 1)

    def test_fewer_recipients_than_offered(self):
        """RFC 5321 4.5.3.1.10: the rest goes in the next transactions, at once."""
        taken = []
        self.sink.says["MAIL"] = lambda line: taken.clear()
        self.sink.says["RCPT"] = lambda line: (
            "452 4.5.3 Too many" if len(taken) >= 10 else taken.append(line))
        self.submit([f"x{n}@partner.test" for n in range(25)])
        self.assertEqual([len(m.recipients) for m in self.arrived(3)], [10, 10, 5])
        self.assertFalse("relay deferred" in self.server.log())

    def test_many_domains(self):
        for n in range(60):
            self.names.table[f"d{n}.test"] = {"MX": ["10 mx.partner.test"]}
        self.submit([f"x@d{n}.test" for n in range(60)])
        self.arrived(60)
        self.emptied()

    def test_hung_up_between_messages(self):
        self.set("relay.linger", "10s")
        self.submit("a@partner.test")
        self.arrived()
        self.sink.says["MAIL"] = lambda line: CLOSE if self.sink.connections == 1 else None
        self.submit("b@partner.test")
        self.arrived(2)
        self.assertFalse("relay deferred" in self.server.log())

    def test_hung_up_behind_a_refusal(self):
        self.set("relay.destination-connections", 1)
        self.set("relay.deliver", "off")
        self.submit("bad@partner.test", rcpt=["NOTIFY=NEVER"])
        self.submit("good@partner.test")
        self.sink.says["RCPT"] = lambda line: "550 5.1.1 No" if "bad" in line else None
        self.sink.says["RSET"] = lambda line: CLOSE
        self.set("relay.deliver", "on")
        self.assertEqual(self.arrived()[0].recipients, ["good@partner.test"])
        self.assertFalse("relay deferred" in self.server.log())

    def test_messages_on_a_connection(self):
        self.set("relay.connection-messages", 2)
        self.set("relay.destination-connections", 1)
        self.set("relay.deliver", "off")
        for n in range(6):
            self.submit(f"x{n}@partner.test")
        self.set("relay.deliver", "on")
        self.arrived(6)
        self.assertEqual(self.sink.connections, 3)
        self.assertEqual(self.sink.most_open, 1)


class Hostile(Relay):
    """What a mad server does costs itself and nobody else."""

    def mad(self, **says):
        self.names.table["mad.test"] = {"MX": ["10 mx.mad.test"]}
        self.names.table["mx.mad.test"] = {"A": ["127.0.0.3"]}
        sink = self.another("127.0.0.3")
        sink.says.update(says)
        return sink

    def both(self):
        self.submit("x@mad.test")
        began = time.monotonic()
        self.submit("y@partner.test")
        self.arrived()
        self.assertLess(time.monotonic() - began, 10)

    def deferred(self, why):
        wait_for(lambda: why in str([row["reply"] for row in self.queue()]))

    def test_stalls(self):
        self.set("relay.timeout-command", "1s")
        self.set("relay.timeout-greeting", "1s")
        for verb in ("greeting", "EHLO", "MAIL"):
            with self.subTest(verb):
                sink = self.mad(**{verb: lambda line: STALL})
                self.both()
                self.deferred("no answer in time")
                self.sink.messages.clear()
                sink.__exit__()
                for row in self.queue():
                    self.server.signet("queue", "delete", str(row["id"]))
                time.sleep(1.2)

    def test_stalls_while_many_wait(self):
        """Ten connections hang; a hundred messages wait behind them; the others go out at once."""
        self.mad(RCPT=lambda line: STALL)
        for _ in range(100):
            self.submit("x@mad.test")
        self.both()
        self.assertLessEqual(self.server.signet("queue", "status")["connections"], 12)

    def test_one_hangs_and_the_next_do_not(self):
        """A message that hangs does not hold up others to the same destination for long."""
        self.sink.says["."] = lambda line: STALL if self.sink.connections == 1 else None
        self.set("server.drain-time", "1s")
        self.submit("x@partner.test")
        wait_for(lambda: "DATA" in self.sink.commands)
        for n in range(3):
            self.submit(f"y{n}@partner.test")
        wait_for(lambda: len(self.sink.messages) >= 4, 20)

    def test_reads_nothing(self):
        self.set("relay.timeout-block", "1s")
        self.mad(DATA=lambda line: (self.sink, b"354 Go\r\n")[1])
        stuck = threading.Event()
        self.stack.callback(stuck.set)
        listener = self.stack.enter_context(socket.create_server(("127.0.0.4", self.sink.port)))
        self.names.table["mx.mad.test"] = {"A": ["127.0.0.4"]}

        def serve():
            peer, _ = listener.accept()
            with peer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                peer.sendall(b"220 hi\r\n")
                for reply in (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
                    peer.recv(1000)
                    peer.sendall(reply)
                stuck.wait(60)
        threading.Thread(target=serve, daemon=True).start()
        self.submit("x@mad.test", text="Subject: much\r\n\r\n" + ("x" * 70 + "\r\n") * 200000)
        self.deferred("no answer in time")

    def test_drips(self):
        """A byte now and then is no answer: the time is for the whole of it."""
        self.set("relay.timeout-greeting", "1s")
        listener = self.stack.enter_context(socket.create_server(("127.0.0.4", self.sink.port)))
        self.names.table["mad.test"] = {"MX": ["10 mx.mad.test"]}
        self.names.table["mx.mad.test"] = {"A": ["127.0.0.4"]}

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with contextlib.suppress(OSError), peer:
                        while True:
                            peer.sendall(b"2")
                            time.sleep(0.2)
        threading.Thread(target=serve, daemon=True).start()
        self.both()
        self.deferred("no answer in time")

    def test_nonsense(self):
        for reply in (b"hello\r\n", b"\0\0\0\0\r\n", b"999 what\r\n", b"220-a\r\n250 b\r\n", b"220_\r\n",
                      b"2200 x\r\n", b"\r\n"):
            with self.subTest(reply):
                sink = self.mad(greeting=lambda line, reply=reply: reply)
                self.submit("x@mad.test")
                self.deferred("no SMTP")
                for row in self.queue():
                    self.server.signet("queue", "delete", str(row["id"]))
                sink.__exit__()
                time.sleep(1.2)

    def test_endless(self):
        for reply, why in ((b"220-and so on\r\n" * 100000, "no SMTP"), (b"2" * 2000000, "too long"),
                           (b"220-" + b"x" * 3000 + b"\r\n", "")):
            with self.subTest(why):
                sink = self.mad(greeting=lambda line, reply=reply: reply)
                self.submit("x@mad.test")
                if why:
                    self.deferred(why)
                for row in self.queue():
                    self.server.signet("queue", "delete", str(row["id"]))
                sink.__exit__()
                time.sleep(1.2)

    def test_forged_log_and_report(self):
        """What it says stays inside one line of the log and of the report."""
        self.mad(RCPT=lambda line: b"550 5.1.1 a\tb\x1b[31m\0c \"d\" mid=5 \xff\r\n")
        self.submit("x@mad.test")
        message, _, first = self.report()
        self.assertEqual(first["Diagnostic-Code"], 'smtp; 550 5.1.1 a?b?[31m?c "d" mid=5 ?')
        self.assertNotIn("\x1b", self.server.log())

    def test_late_and_early(self):
        self.mad(MAIL=lambda line: "354 Go on", DATA=lambda line: "250 Taken already")
        self.both()
        self.deferred("354")

    def test_421_in_the_middle(self):
        sink = self.mad(RCPT=lambda line: "421 4.3.2 Enough")
        self.both()
        self.deferred("421 4.3.2 Enough")
        sink.says.clear()
        self.arrived(sink=sink)


class Tls(Relay):
    def setUp(self):
        super().setUp()
        self.sink.tls = self_signed(self.server.folder, "mx.partner.test")

    def test_may(self):
        self.submit("x@partner.test")
        self.assertTrue(self.arrived()[0].tls)
        line = next(line for line in self.server.log().splitlines() if "relay-tls " in line)
        self.assertIn("tls=TLSv1.3", line)
        self.assertIn("verified=no", line)

    def test_none(self):
        self.set("relay.tls", "none", "--destination", "partner.test")
        self.submit("x@partner.test")
        self.assertFalse(self.arrived()[0].tls)

    def test_verify(self):
        self.set("relay.tls", "verify", "--destination", "partner.test")
        self.submit("x@partner.test")
        wait_for(lambda: "4.7.5" in str(self.queue()))
        self.assertEqual(self.sink.messages, [])
        self.set("relay.tls", "encrypt", "--destination", "partner.test")
        self.assertTrue(self.arrived()[0].tls)

    def pem(self):
        return (self.server.folder / "mx.partner.test.crt").read_text()

    def test_verified(self):
        """E-055: trusted by the server's set and good for the host's name."""
        self.server.signet("trust", "add", stdin=self.pem())
        self.set("relay.tls", "verify")
        self.submit("x@partner.test")
        self.assertTrue(self.arrived()[0].tls)
        self.assertRegex(self.server.log(), r"relay-tls .*verified=yes")

    def test_trusted_for_another_name(self):
        self.server.signet("trust", "add", stdin=self.pem())
        self.set("relay.tls", "verify")
        self.names.table["other.test"] = {"MX": ["10 mx.other.test"]}
        self.names.table["mx.other.test"] = {"A": ["127.0.0.2"]}
        self.submit("x@other.test")
        wait_for(lambda: "4.7.5" in str(self.queue()))
        self.assertEqual(self.sink.messages, [])

    def test_required_and_not_there(self):
        """E-073: three reasons, three lines."""
        self.set("relay.tls", "encrypt")
        context, self.sink.tls = self.sink.tls, None
        self.submit("x@partner.test")
        wait_for(lambda: "STARTTLS is not offered" in self.server.log())
        self.sink.tls = context
        self.sink.says["STARTTLS"] = lambda line: "454 4.7.0 Not now"
        wait_for(lambda: "STARTTLS was answered by an error" in self.server.log())
        self.sink.says["EHLO"] = lambda line: "500 What?"
        wait_for(lambda: "speaks no ESMTP" in self.server.log())
        self.assertEqual(self.sink.messages, [])
        self.sink.says.clear()
        self.assertTrue(self.arrived()[0].tls)

    def test_broken_handshake(self):
        """E-050: once more in the clear, unless a setting forbids it."""
        self.sink.says["STARTTLS"] = lambda line: b"220 Go\r\nthis is no TLS at all, but it is long enough for it\r\n"
        self.set("relay.tls-fallback", "off")
        self.submit("x@partner.test")
        wait_for(lambda: "4.7.5" in str(self.queue()))
        self.assertEqual(self.sink.messages, [])
        self.set("relay.tls-fallback", "on")
        self.assertFalse(self.arrived()[0].tls)

    def test_own_certificate(self):
        """C-100: a server that asks is shown that of the main domain."""
        self.set("relay.tls-fallback", "off")
        main = next(row["name"] for row in self.server.signet("domain", "list")["rows"] if row["main"])
        self.sink.tls.load_verify_locations(str(self.server.certificate(main)))
        self.sink.tls.verify_mode = ssl.CERT_REQUIRED
        self.submit("x@partner.test")
        self.assertTrue(self.arrived()[0].tls)

    def test_login(self):
        logins = []
        self.sink.words.append("AUTH PLAIN LOGIN")
        self.sink.says["AUTH"] = lambda line: logins.append(line)
        self.set("relay.route", f"mx.partner.test:{self.sink.port}")
        self.server.signet("relay", "login", "mx.partner.test", "me@partner.test", stdin="pass word")
        self.submit("x@anywhere.test")
        wait_for(lambda: "its certificate is not verified" in str(self.queue()))  # who knows who that is?
        self.assertEqual(logins, [])
        self.set("relay.tls", "encrypt")
        self.assertTrue(self.arrived()[0].tls)
        self.assertEqual(base64.b64decode(logins[0].split()[2]), b"\0me@partner.test\0pass word")
        self.assertEqual(self.server.signet("relay", "logins")["rows"],
                         [{"host": "mx.partner.test", "user": "me@partner.test"}])
        self.sink.tls = None
        self.set("relay.tls", "may")
        time.sleep(1.5)
        self.submit("y@anywhere.test")
        wait_for(lambda: "there is no TLS" in str(self.queue()))
        self.assertEqual(len(logins), 1)
        self.assertNotIn("pass word", self.server.log())
        self.assertNotIn(base64.b64encode(b"\0me@partner.test\0pass word").decode(), self.server.log())


@unittest.skipUnless(postfix.installed(), "Postfix is not installed, or this is not root")
class WithPostfix(Relay):
    """The same with a server that people have."""
    USERS = ["ann", "somebody", "big", "gr\u00fcn", *(f"u{n}" for n in range(5))]

    def setUp(self):
        super().setUp()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-postfix."))
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self_signed(folder, "mx.real.test")
        self.names.table["real.test"] = {"MX": ["10 mx.real.test"]}
        self.names.table["mx.real.test"] = {"A": ["127.0.0.5"]}
        self.folder = folder
        self.postfix = self.stack.enter_context(postfix.Postfix(
            "127.0.0.5", self.sink.port, "real.test", self.USERS, folder / "postfix", folder / "mx.real.test.crt",
            folder / "mx.real.test.key"))

    def filed(self, user, n=1):
        return wait_for(lambda: (lambda found: found if len(found) >= n else None)(self.postfix.mail(user)), 30)

    def test_mail(self):
        self.submit("ann@real.test", subject="to Postfix")
        text = self.filed("ann")[0]
        self.assertIn(b"Subject: to Postfix", text)
        self.assertIn(b"with ESMTPS", text)
        self.assertRegex(self.server.log(), r"relay-tls .*tls=TLSv1.3 .*verified=no")

    @unittest.skipUnless(nsd.PROGRAM, "NSD is not installed")
    def test_names_by_nsd(self):
        """Its first mail exchanger is not there, the second is Postfix; a name that is none is said to be none."""
        names = self.stack.enter_context(nsd.Nsd(self.folder / "nsd", "real.test", [
            "@ MX 5 away", "@ MX 10 mx", "away A 127.0.0.9", "mx A 127.0.0.5"]))
        self.set("dns.servers", names.address)
        self.submit("ann@real.test", subject="by NSD")
        self.assertIn(b"Subject: by NSD", self.filed("ann")[0])
        self.submit("ann@no-such.real.test")
        _, _, first = self.report()
        self.assertEqual((first["Action"], first["Status"]), ("failed", "5.1.2"))

    def test_texts(self):
        self.submit("ann@real.test", mail=["BODY=8BITMIME"],
                    text="Subject: 8\r\n\r\n.\r\nGr\u00fc\u00dfe\r\n".encode())
        self.assertIn("\n\n.\nGr\u00fc\u00dfe\n".encode(), self.filed("ann")[0])
        with self.server.submission(ANN) as smtp:
            smtp.ehlo()
            smtp.command_encoding = "utf-8"
            smtp.mail(ANN, ["SMTPUTF8"])
            smtp.rcpt("gr\u00fcn@real.test")
            smtp.data("Subject: utf8\r\n\r\nhi\r\n")
        self.filed("gr\u00fcn")
        lines = base64.encodebytes(random.Random(2).randbytes(5 << 20))
        self.submit("big@real.test", text=b"Subject: large\r\n\r\n" + lines.replace(b"\n", b"\r\n"))
        self.assertEqual(self.filed("big")[0].split(b"\n\n", 1)[1], lines)

    def test_refused(self):
        self.submit(["nobody@real.test", "somebody@real.test"])
        self.filed("somebody")
        _, _, first = self.report()
        self.assertEqual((first["Action"], first["Status"]), ("failed", "5.1.1"))
        self.assertIn("User unknown", first["Diagnostic-Code"])

    def test_many(self):
        self.set("relay.deliver", "off")
        for n in range(50):
            self.submit(f"u{n % 5}@real.test", subject=str(n))
        self.set("relay.deliver", "on")
        for n in range(5):
            self.filed(f"u{n}", 10)
        self.assertLessEqual(self.server.log().count("relay-connected"), 10)


class Ends(Relay):
    def test_drain(self):
        """SIGTERM: what is under way is ended, the rest waits for the next start."""
        self.sink.says["."] = lambda line: time.sleep(1)
        self.set("relay.destination-connections", 1)
        for n in range(3):
            self.submit(f"x{n}@partner.test")
        wait_for(lambda: self.sink.commands and self.sink.commands[-1] == "DATA")
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(len(self.sink.messages), 1)
        self.sink.says.clear()
        self.server.start()
        self.arrived(3)
        self.emptied()
        self.assertEqual(len(self.sink.messages), 3)

    def test_drain_with_a_server_that_stalls(self):
        self.set("server.drain-time", "1s")
        self.sink.says["."] = lambda line: STALL
        self.submit("x@partner.test")
        wait_for(lambda: self.sink.commands and self.sink.commands[-1] == "DATA")
        began = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - began, 10)
        self.server.start()

    def test_kills(self):
        """SIGKILL at random, under load: every message arrives; only those may come twice whose 250 had been said
        and not been read yet."""
        dice, sent = random.Random(5), 0
        for _ in range(8):
            with contextlib.suppress(OSError, smtplib.SMTPException), self.server.submission(ANN) as smtp:
                timer = threading.Timer(dice.uniform(0.05, 0.5), self.server.kill)
                timer.start()
                while True:
                    smtp.sendmail(ANN, [f"x{sent}@partner.test"], TEXT.format(f"n{sent}"))
                    sent += 1
            timer.join()
            self.server.start()
        wait_for(lambda: not self.queue(), 60)
        got = [m.recipients[0] for m in self.sink.messages]
        missing = {f"x{n}@partner.test" for n in range(sent)} - set(got)
        self.assertGreater(sent, 50)
        self.assertEqual(missing, set())
        # one at most for each connection that was open at a kill
        self.assertLessEqual(len(got) - len(set(got)), 8 * 10)


if __name__ == "__main__":
    unittest.main()
