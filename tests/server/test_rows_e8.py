"""E8, by row: alerts, and a mail log that tells what became of a message."""
import gzip
import re
import socket
import time
import unittest

from server import Failed, Server
from test_rows_p3_out import ANN, Outgoing
from waiting import wait_for

ADMIN, OTHER, BOB = "admin@alpha.test", "other@alpha.test", "bob@alpha.test"


class Log(Outgoing):
    def mid(self, which=-1):
        found = wait_for(lambda: re.findall(r" accepted mid=(\d+) ", self.said()))
        return found[which]

    def story(self, mid, until="close"):
        """The sentences of a message, once one of them has that in it."""
        def read():
            says = [row["says"] for row in self.server.signet("log", "trace", str(mid))["rows"]]
            return says if any(re.search(until, one) for one in says) else None
        return wait_for(read)

    def in_order(self, story, *patterns):
        at = 0
        for pattern in patterns:
            while at < len(story) and not re.search(pattern, story[at]):
                at += 1
            self.assertLess(at, len(story), f"{pattern} is not there, or too early, in:\n" + "\n".join(story))
            at += 1


class Alerts(Log):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add(ADMIN, OTHER)

    def mails(self, account):
        imap = self.server.imap(account)
        try:
            imap.select("INBOX", readonly=True)
            return [part[1].decode() for part in imap.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple)]
        except imap.error:
            return []
        finally:
            imap.logout()

    def alerts(self, account):
        return [text for text in self.mails(account) if self.domain in text]

    def test_E_069_one_mail_that_names_the_destination(self):
        """Also E-070: of those who are named only who wants warnings of the system."""
        self.server.signet("alert", "add", ADMIN, "--severity", "warning", "--type", "system")
        self.server.signet("alert", "add", OTHER, "--severity", "critical")
        self.addCleanup(self.server.signet, "alert", "remove", ADMIN)
        self.addCleanup(self.server.signet, "alert", "remove", OTHER)
        self.server.signet("destination", "setup", "--alert", "on")
        self.addCleanup(self.server.signet, "destination", "setup", "--alert", "off")
        self.level("encrypt")
        self.refused("STARTTLS is not offered")
        text, = wait_for(lambda: self.alerts(ADMIN))
        self.assertIn(f"Subject: TLS to {self.domain} failed", text)
        wait_for(lambda: re.search(r"attempt=2", self.said()))  # tried again, and not told again
        self.assertEqual(len(self.alerts(ADMIN)), 1)
        self.assertEqual(self.alerts(OTHER), [])
        self.assertIn("what=tls-required", self.said())

    def test_E_071_one_switch_and_an_exception(self):
        self.server.signet("destination", "setup", "--alert", "on")
        self.addCleanup(self.server.signet, "destination", "setup", "--alert", "off")
        self.server.signet("destination", "set", self.domain, "tls=encrypt", "tls-alert=off")
        self.refused("STARTTLS is not offered")
        self.assertNotIn(f"about={self.domain}", self.said())
        self.server.signet("destination", "set", self.domain, "tls-alert=")
        wait_for(lambda: f"about={self.domain}" in self.said())

    def test_E_072_the_command_and_the_page_say_the_same(self):
        self.server.run_signet("destconfig", "setup", "--alert", "on")
        self.addCleanup(self.server.signet, "destination", "setup", "--alert", "off")
        self.assertTrue(self.server.signet("destination", "setup")["alert"])
        self.assertEqual(self.server.signet("setting", "get", "relay.tls-alert")["value"], "on")

    def test_nobody_named(self):
        self.server.signet("alias", "add", "postmaster@alpha.test", OTHER)
        self.server.signet("destination", "set", self.domain, "tls=encrypt", "tls-alert=on")
        self.refused("STARTTLS is not offered")
        wait_for(lambda: self.alerts(OTHER))
        with self.assertRaisesRegex(Failed, "info warning critical"):
            self.server.signet("alert", "add", ADMIN, "--severity", "loud")


class MailLog(Log):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add(BOB)

    def test_E_073_three_reasons(self):
        self.level("encrypt")
        self.sink.says["EHLO"] = lambda line: "502 5.5.1 What?"
        self.refused("TLS failed: the other side speaks no ESMTP")
        self.sink.says.clear()
        self.refused("TLS failed: STARTTLS is not offered")
        self.sink.tls = self.root.context(self.host)
        self.sink.says["STARTTLS"] = lambda line: "454 4.7.0 Not now"
        self.refused("TLS failed: STARTTLS was answered by an error")

    def test_E_074_one_entry_or_none(self):
        self.delivered(tls=False)
        self.assertEqual(len([s for s in self.story(self.mid(), r"DCID \d+ close") if " DCID " in s and "TLS" in s]), 0)
        self.sink.tls = self.root.context(self.host)
        self.delivered()
        story = self.story(self.mid(), "DCID")
        self.assertEqual(len([s for s in story if re.search(r" DCID \d+ TLS success", s)]), 1, story)
        self.assertEqual(len([s for s in story if re.search(r" ICID \d+ TLS success", s)]), 1, story)

    def test_E_075_what_rules_did_is_there(self):
        self.server.signet("rule", "set", "filing", "--account", BOB,
                           stdin='require ["fileinto"]; fileinto "Archive";')
        self.server.signet("rule", "activate", "filing", "--account", BOB)
        self.mark = len(self.server.log())
        self.server.send(BOB, "Subject: x\r\n\r\nx\r\n")
        self.in_order(self.story(self.mid()), "New SMTP ICID", "Start MID", "rule.*files.*Archive", f"stored for {BOB}",
                      "accepted", "close")

    def test_E_076_reception(self):
        self.send()
        story = self.story(self.mid(), "Message done")
        self.in_order(story, r"New SMTP ICID (\d+) interface 127\.0\.0\.1:\d+ address 127\.0\.0\.1",
                      r"ICID \d+ TLS success protocol TLSv1.3 cipher TLS_", r"Start MID \d+ ICID \d+",
                      r"MID \d+ RID 0 queued to <x@", r"ICID \d+ close")
        self.assertEqual(len({icid for one in story for icid in re.findall(r"ICID (\d+)", one)}), 1)

    def test_E_077_reception_that_fails(self):
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"])) as sock:
            sock.recv(1000)
            for line in b"EHLO x\r\n", b"STARTTLS\r\n":
                sock.sendall(line)
                sock.recv(1000)
            sock.sendall(b"this is no handshake at all, whoever looks at it\r\n" * 3)
            sock.settimeout(10)
            while sock.recv(1000):
                pass
        wait_for(lambda: "smtp lost" in self.said())
        icid = re.search(r"icid=(\d+) smtp lost", self.said()).group(1)
        events = wait_for(lambda: (found := re.findall(rf"icid={icid} smtp (\S+)", self.said()))[-1] == "close" and found)
        self.assertEqual(events[-3:], ["tls-failed", "lost", "close"])

    def test_E_078_delivery(self):
        self.sink.tls = self.root.context(self.host)
        self.send()
        story = self.story(self.mid(), "Message done")
        self.in_order(story, r"New SMTP DCID \d+ address 127\.0\.0\.2 port \d+",
                      r"DCID \d+ TLS success protocol TLSv1.3 cipher TLS_",
                      r"Delivery start DCID \d+ MID \d+ to RID \[0\]", r"Message done DCID \d+ MID \d+ to RID 0")
        self.assertEqual(len({dcid for one in story for dcid in re.findall(r"DCID (\d+)", one)}), 1)

    def test_E_079_delivery_that_fails(self):
        self.level("encrypt")
        self.sink.tls = self.root.context(self.host)
        self.sink.says["STARTTLS"] = lambda line: "454 4.7.0 Not now"
        self.send()
        self.in_order(self.story(self.mid(), "Delayed"), r"New SMTP DCID", r"DCID \d+ TLS failed: STARTTLS was answered",
                      r"Connection Error: DCID \d+ .*reason", r"Delayed: .* RID 0")

    def test_E_080_one_message_of_many(self):
        """Its connections, and nothing of the others on them."""
        with self.server.submission(ANN) as smtp:
            for i in range(3):
                smtp.sendmail(ANN, [f"u{i}@{self.domain}", f"v{i}@{self.domain}"], f"Subject: {i}\r\n\r\nx\r\n")
        wait_for(lambda: len(self.sink.messages) == 3)
        mids = wait_for(lambda: (found := re.findall(r" accepted mid=(\d+) ", self.said()))[2:] and found)
        story = "\n".join(self.story(mids[1], "Message done"))
        self.assertIn(f"u1@{self.domain}", story)
        self.assertIn("New SMTP ICID", story)
        self.assertIn("New SMTP DCID", story)
        for other in f"u0@{self.domain}", f"u2@{self.domain}", mids[0], mids[2]:
            self.assertNotIn(other, story)

    def test_E_081_time_and_level(self):
        self.send()
        for one in self.story(self.mid(), "Start MID"):
            found = re.match(r"(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}) (Info|Warning|Error|Debug): \S", one)
            self.assertTrue(found, one)
            time.strptime(found.group(1), "%a %b %d %H:%M:%S %Y")

    def test_E_082_words_of_another_gateway(self):
        for word in "certconfig", "deliveryconfig", "sethostname", "websecurityconfig", "destconfig", "commit":
            done = self.server.run_signet("help", word)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertGreater(len(done.stdout), 50)
        self.assertEqual(self.server.run_signet("sethostname", "mail.alpha.test").returncode, 0)
        self.addCleanup(self.reset, "server.name")
        self.assertEqual(self.server.signet("setting", "get", "server.name")["value"], "mail.alpha.test")
        self.assertIn(b"default", self.server.run_signet("destconfig", "list").stdout)

    def test_found_by_address(self):
        self.send()
        mid = self.mid()
        for address in ANN, f"x@{self.domain}":
            rows = wait_for(lambda: self.server.signet("log", "search", address, "--limit", "5")["rows"])
            self.assertEqual(rows[0]["mid"], mid)
        self.assertEqual(self.server.signet("log", "search", "nobody@nowhere.test")["rows"], [])

    def test_what_a_peer_says_makes_no_line(self):
        """A reply with blanks, quotes and something like fields is one value of one line."""
        self.sink.says["RCPT"] = lambda line: '550 5.1.1 no" mid=1 dcid=2 "x\\'
        self.send()
        story = self.story(self.mid(), "Bounced")
        self.assertIn('no" mid=1 dcid=2 "x\\', "\n".join(story))
        with self.assertRaisesRegex(Failed, "knows no message"):
            self.server.signet("log", "trace", "1")


class Rotated(unittest.TestCase):
    def test_across_files(self):
        """What logrotate put aside, packed or not, in the order of time."""
        with Server() as server:
            server.add(ANN)
            path = server.folder / "mail.log"
            server.stop()
            server.start("-l", str(path))
            server.send(ANN, "Subject: x\r\n\r\nx\r\n")
            mid = re.search(r" accepted mid=(\d+)", path.read_text()).group(1)
            lines = wait_for(lambda: (text := path.read_text()).count(" close") and text).splitlines(True)
            cut = next(i for i, line in enumerate(lines) if f"mid={mid}" in line)
            (server.folder / "mail.log.2.gz").write_bytes(gzip.compress("".join(lines[:cut]).encode()))
            (server.folder / "mail.log.1").write_text("".join(lines[cut:cut + 1]))
            path.write_text("".join(lines[cut + 1:]))
            says = [row["says"] for row in server.signet("log", "trace", mid)["rows"]]
            self.assertIn("New SMTP ICID", says[0])
            start = next(i for i, one in enumerate(says) if "Start MID" in one)
            self.assertTrue(any("stored for" in one for one in says[start:]))


if __name__ == "__main__":
    unittest.main()
