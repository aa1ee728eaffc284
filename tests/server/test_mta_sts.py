"""MTA-STS (RFC 8461): policies announced in the DNS and fetched over HTTPS, kept, followed."""
import unittest

from authority import Authority
from https import Https
from test_rows_p3_out import Outgoing
from waiting import wait_for

PATH = "/.well-known/mta-sts.txt"


def txt(text):
    return bytes([len(text)]) + text.encode()


class MtaSts(Outgoing):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = [f"DNS:mta-sts.{name.replace('_', '').lower()[:30]}.test"
                 for name in dir(cls) if name.startswith("test_") and name != "test_not_fetched"]
        cls.web = cls.stack.enter_context(Https(cls.root.context("web.test", *names)))
        cls.server.signet("trust", "add", stdin=cls.root.pem())
        cls.set("fetch.private", "on")
        cls.set("relay.sts-port", cls.web.port)
        cls.set("relay.tls-fallback", "on")

    def announce(self, number="1"):
        self.names.table["_mta-sts." + self.domain] = {"TXT": [txt(f"v=STSv1; id={number};")]}
        self.names.table["mta-sts." + self.domain] = {"A": ["127.0.0.1"]}

    def policy(self, mode="enforce", mx=None, age=86400, number="1", end="\n"):
        lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in mx or [self.host]), f"max_age: {age}"]
        self.web.pages[("mta-sts." + self.domain, PATH)] = end.join([*lines, ""]).encode()
        self.announce(number)

    def kept(self):
        rows = self.server.signet("destination", "policies")["rows"]
        return next((row for row in rows if row["domain"] == self.domain), None)

    def fetched(self):
        return self.web.asked.count(("mta-sts." + self.domain, PATH))

    def test_enforced(self):
        self.policy(end="\r\n")
        self.refused("STARTTLS is not offered")
        self.assertEqual((self.kept()["mode"], self.kept()["mx"]), ("enforce", self.host))
        self.sink.tls = Authority(self.folder, "Nobody").context(self.host)
        self.refused("its issuer is not known")
        self.sink.tls = self.root.context("another.test", "DNS:" + self.domain)  # the host's name alone counts
        self.refused("it is not for " + self.host)
        self.sink.tls = self.root.context(self.host)
        line = self.delivered()
        self.assertIn("verified=yes", line)
        self.assertIn("sts=enforce", line)
        self.assertEqual(self.fetched(), 1)

    def test_host_not_named(self):
        self.policy(mx=["other." + self.domain, "*.deep." + self.domain])
        self.sink.tls = self.root.context(self.host)
        self.refused("none of the hosts that the domain's MTA-STS policy names")

    def test_wildcard(self):
        self.policy(mx=["*." + self.domain])
        self.sink.tls = self.root.context(self.host)
        self.delivered()

    def test_testing(self):
        self.policy("testing", mx=["other." + self.domain])
        self.delivered(tls=False)
        self.assertEqual(self.kept()["mode"], "testing")

    def test_none(self):
        self.policy("none")
        self.delivered(tls=False)

    def test_kept_when_it_cannot_be_had(self):
        """Neither an announcement that is gone nor a web server that is down opens the way."""
        self.policy()
        self.refused("STARTTLS is not offered")
        del self.names.table["_mta-sts." + self.domain]
        self.refused("STARTTLS is not offered")
        self.announce("2")
        del self.web.pages[("mta-sts." + self.domain, PATH)]
        self.refused("STARTTLS is not offered")

    def test_changed(self):
        self.policy()
        self.refused("STARTTLS is not offered")
        self.policy("none", number="2")
        wait_for(lambda: self.server.signet("destination", "test", self.domain)["reached"])
        self.delivered(tls=False)
        self.assertEqual(self.kept()["mode"], "none")

    def test_not_fetched(self):
        """A web server whose certificate is for others; it is not asked again at once."""
        self.policy()
        self.delivered(tls=False)
        self.assertIn("sts-not-fetched", self.said())
        self.delivered(tls=False)
        self.assertNotIn("sts-not-fetched", self.said())
        self.assertIsNone(self.kept())

    def test_nonsense(self):
        self.announce()
        self.web.pages[("mta-sts." + self.domain, PATH)] = b"<html>" * 1000
        self.delivered(tls=False)
        self.assertIn("that is no policy", self.said())

    def test_level_that_does_not_ask(self):
        self.policy()
        self.level("none")
        self.delivered(tls=False)
        self.server.signet("destination", "set", self.domain, "tls=", "mta-sts=off")
        self.delivered(tls=False)
        self.assertEqual(self.fetched(), 0)


if __name__ == "__main__":
    unittest.main()
