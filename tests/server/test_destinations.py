"""Mail to other domains by what is said for each of them: seen, changed, tried."""
import re
import time
import unittest

from server import Failed
from sink import STALL, Sink
from test_rows_p3_out import ANN, Outgoing
from waiting import wait_for


class Entries(Outgoing):
    def entry(self, name):
        rows = self.server.signet("destination", "list")["rows"]
        return next((row["settings"] for row in rows if row["destination"] == name), None)

    def entries(self, name, *settings):
        self.server.signet("destination", "set", name, *settings)
        self.addCleanup(self.server.run_signet, "destination", "remove", name)

    def test_seen_and_changed(self):
        self.entries(self.domain, "tls=encrypt", "destination-connections=2")
        self.assertEqual(sorted(self.entry(self.domain).split(", ")), ["destination-connections 2", "tls encrypt"])
        shown = {row["name"]: row for row in self.server.signet("destination", "show", self.domain)["rows"]}
        self.assertEqual((shown["relay.tls"]["value"], shown["relay.tls"]["own"]), ("encrypt", True))
        self.assertEqual((shown["relay.connection-messages"]["value"], shown["relay.connection-messages"]["own"]),
                         ("100", False))
        for wrong, why in (("tls=perhaps", "relay.tls is one of"), ("colour=red", "has no 'colour'")):
            with self.assertRaisesRegex(Failed, why):
                self.server.signet("destination", "set", self.domain, "destination-connections=3", wrong)
        self.assertIn("destination-connections 2", self.entry(self.domain))
        self.server.signet("destination", "remove", self.domain)
        self.assertIsNone(self.entry(self.domain))
        with self.assertRaisesRegex(Failed, "nothing is said"):
            self.server.signet("destination", "remove", self.domain)

    def test_all_below_a_domain(self):
        """The longest name that fits counts, for each setting."""
        name = "deep.a." + self.domain
        self.point(name, "mx." + name)
        self.entries("." + self.domain, "tls=encrypt")
        self.refused("STARTTLS is not offered", name)
        self.entries(".a." + self.domain, "tls=none")
        self.delivered(name, tls=False)
        self.entries(name, "tls=verify")
        self.refused("STARTTLS is not offered", name)
        self.delivered(tls=False)  # the domain itself is not below itself

    def test_tried(self):
        tried = self.server.signet("destination", "test", self.domain)
        self.assertEqual((tried["reached"], tried["tls"], tried["level"]), (True, "none", "may"))
        self.sink.tls = self.root.context(self.host)
        self.trust()
        tried = self.server.signet("destination", "test", self.domain)
        self.assertEqual((tried["tls"], tried["verified"]), ("TLSv1.3", True))
        self.assertIn(self.host, tried["host"])
        self.assertIn("no such domain", self.server.signet("destination", "test", "gone.test")["reason"])

    def test_addresses_of_both_kinds(self):
        """The newer kind first, the other when nobody answers there."""
        self.names.table[self.host]["AAAA"] = ["::1"]
        self.delivered(tls=False)
        said = self.said()
        self.assertLess(said.index("address=::1"), said.index("relay-connected"))
        self.entries(self.domain, "addresses=ipv4")
        self.delivered(tls=False)
        self.assertNotIn("address=::1", self.said())
        self.entries(self.domain, "addresses=ipv6")
        self.refused("Cannot connect to")

    def test_as_many_a_minute(self):
        self.entries(self.domain, "destination-rate=2")
        for _ in range(4):
            self.send()
        wait_for(lambda: len(self.sink.messages) == 2 and len(self.server.signet("queue", "list")["rows"]) == 2)
        self.assertEqual(len(self.sink.messages), 2)
        self.entries(self.domain, "destination-rate=0")
        wait_for(lambda: len(self.sink.messages) == 4, 30)


class BySender(Outgoing):
    """What holds for senders in one domain."""

    def send_as(self, sender):
        self.sink.messages.clear()
        if sender.split("@")[1] not in self.server.domains():
            self.server.add(sender)
        with self.server.submission(sender) as smtp:
            smtp.sendmail(sender, ["x@" + self.domain], "Subject: hi\r\n\r\nhello\r\n")

    def test_a_smarthost(self):
        smart = self.stack.enter_context(Sink("127.0.0.3", self.sink.port))
        self.set("relay.route", f"[127.0.0.3]:{self.sink.port}", "--domain", "beta.test")
        self.send_as("bob@beta.test")
        self.assertEqual(wait_for(lambda: smart.messages)[0].sender, "bob@beta.test")
        self.send_as(ANN)
        self.assertEqual(wait_for(lambda: self.sink.messages)[0].sender, ANN)
        self.assertEqual(len(smart.messages), 1)
        self.set("relay.route", "mx", "--destination", self.domain)  # which goes before the sender's
        self.send_as("bob@beta.test")
        self.assertEqual(wait_for(lambda: self.sink.messages)[0].sender, "bob@beta.test")

    def test_an_address(self):
        self.set("relay.source-address", "127.0.0.77", "--domain", "gamma.test")
        self.send_as("cy@gamma.test")
        wait_for(lambda: self.sink.messages)
        self.assertIn("127.0.0.77", self.sink.peers)
        self.sink.peers.clear()
        self.send_as(ANN)
        wait_for(lambda: self.sink.messages)
        self.assertEqual(self.sink.peers, ["127.0.0.1"])


class Share(Outgoing):
    def test_who_is_there_is_not_kept_waiting_by_who_is_not(self):
        """More destinations that never greet than there may be connections."""
        dead = self.stack.enter_context(Sink("127.0.0.4", self.sink.port))
        dead.says["greeting"] = lambda line: STALL
        self.set("relay.max-connections", "8")
        self.delivered(tls=False)
        for i in range(24):
            self.names.table[f"dead{i}.test"] = {"MX": [f"10 mx.dead{i}.test"]}
            self.names.table[f"mx.dead{i}.test"] = {"A": ["127.0.0.4"]}
            self.send(f"dead{i}.test")
        wait_for(lambda: dead.open == 6)
        for _ in range(5):
            self.delivered(tls=False)
        self.assertEqual(dead.open, 6)
        dead.stalled.set()  # hangs up on all: each of the others is tried, too
        wait_for(lambda: dead.connections >= 24)

    def crowded(self, time):
        self.set("relay.timeout-crowded", time)
        self.addCleanup(self.reset, "relay.timeout-crowded")
        self.addCleanup(self.reset, "relay.max-connections")

    def test_who_never_greets_gives_way_to_others(self):
        """Hundreds of hosts that say nothing, each of a domain that is new: one that is there has its mail soon, though
        a host may take five minutes to greet; and what they hold back is tried again."""
        mute = self.stack.enter_context(Sink("127.0.0.6", self.sink.port))
        mute.says["greeting"] = lambda line: STALL
        self.set("relay.max-connections", "40")
        self.crowded("500ms")
        self.names.table["mx.mute.test"] = {"A": ["127.0.0.6"]}
        for i in range(300):
            self.names.table[f"mute{i}.test"] = {"MX": ["10 mx.mute.test"]}
        with self.server.submission(ANN) as smtp:
            for i in range(0, 300, 50):
                smtp.sendmail(ANN, [f"x@mute{n}.test" for n in range(i, i + 50)], "Subject: mute\r\n\r\n")
        wait_for(lambda: mute.open >= 20)
        self.point("fresh.test", "mx.fresh.test")
        self.send("fresh.test")
        wait_for(lambda: any(m.recipients == ["x@fresh.test"] for m in self.sink.messages))
        self.assertIn("it said nothing while other destinations waited", self.server.log())
        self.server.signet("queue", "delete", "--all")
        mute.stalled.set()

    def test_who_is_slow_to_greet_is_waited_for(self):
        """As nobody else waits."""
        self.crowded("200ms")
        self.sink.says["greeting"] = lambda line: time.sleep(2)
        self.delivered(tls=False)

    def test_who_is_new_does_not_wait_for_what_failed_before_a_restart(self):
        """Nobody remembers who was alive; whose mail was tried before is not among those that may be."""
        dead = self.stack.enter_context(Sink("127.0.0.5", self.sink.port))
        self.set("relay.max-connections", "8")
        dead.says["greeting"] = lambda line: "421 4.3.2 Not now"
        for i in range(12):
            self.names.table[f"old{i}.test"] = {"MX": [f"10 mx.old{i}.test"]}
            self.names.table[f"mx.old{i}.test"] = {"A": ["127.0.0.5"]}
            self.send(f"old{i}.test")
        wait_for(lambda: len(set(re.findall(r" relay deferred .* to=x@(old\d+)", self.server.log()))) == 12)
        dead.says["greeting"] = lambda line: STALL
        self.server.kill()
        self.server.start()
        wait_for(lambda: dead.open == 4)
        self.delivered(tls=False)
        self.assertEqual(dead.open, 4)
        dead.stalled.set()


if __name__ == "__main__":
    unittest.main()
