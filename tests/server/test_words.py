"""What an admin is told where nothing is there yet, and where a name is not quite right: what to do next."""
import unittest

from server import Server


class Words(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("ann@alpha.test")

    def said(self, *words):
        return self.server.run_signet(*words).stdout.decode()

    def test_where_nothing_is_there(self):
        self.assertIn("the postmaster of the main domain gets them", self.said("alert", "list"))
        self.assertIn("signet setting set dnsbl.lists", self.said("dnsbl", "check"))

    def test_a_catch_all_comes_and_goes(self):
        self.assertIn("goes to ann@alpha.test", self.said("domain", "catch-all", "alpha.test", "ann@alpha.test"))
        self.assertIn("is refused", self.said("domain", "catch-all", "alpha.test"))
        self.assertEqual(self.server.signet("domain", "show", "alpha.test").get("catch-all", ""), "")

    def test_names_that_are_not_quite_right(self):
        self.assertIn("Similar: milter.connect-timeout", self.said("setting", "get", "smtp.milters"))
        self.assertNotIn("Similar", self.said("setting", "set", "relay.nonsense", "on"))
        self.assertIn("signet setting list greylist", self.said("help", "greylist"))
        self.assertIn("signet dkim list alpha.test", self.said("dkim", "activate", "alpha.test", "x"))

    def test_a_name_for_the_dns(self):
        """In a zone it is a comment, so that what is printed stays a zone."""
        self.server.signet("setting", "set", "server.name", "vm")
        self.addCleanup(self.server.signet, "setting", "reset", "server.name")
        line = next(line for line in self.said("domain", "dns", "alpha.test").splitlines() if "server.name" in line)
        self.assertTrue(line.startswith("; This server's name, 'vm', "), line)
        self.server.signet("setting", "set", "server.name", "mx.alpha.test")
        self.assertNotIn("server.name", self.said("domain", "dns", "alpha.test"))


if __name__ == "__main__":
    unittest.main()
