"""Operations that wait for other machines hold no thread of those that wait for the disk, whoever calls them."""
import threading
import unittest

from dns import DEAF, Names
from server import Server
from test_http import Api, Browser
from waiting import wait_for


class NetworkOperations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = Names({"alpha.test": {kind: DEAF for kind in ("MX", "TXT", "A", "AAAA")}}).__enter__()
        cls.addClassCleanup(cls.names.__exit__)
        cls.server = Server()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None)
        cls.server.add("ann@alpha.test", "root@alpha.test")
        cls.server.signet("account", "role", "root@alpha.test", "server-admin")
        cls.token = cls.server.signet("token", "add", "root")["token"]
        for name, value in {"server.workers": "1", "dns.servers": cls.names.address, "dns.timeout": "1s"}.items():
            cls.server.signet("setting", "set", name, value)
        cls.server.stop()
        cls.server.start()

    def others_are_served(self, slow):
        """While slow() waits for the DNS, the one worker works for others."""
        before, done = len(self.names.asked), []
        thread = threading.Thread(target=lambda: done.append(slow()))
        thread.start()
        wait_for(lambda: len(self.names.asked) > before, 20)
        rows = self.server.signet("account", "list", "alpha.test")["rows"]
        self.assertFalse(done, "the DNS answered too early for this test")
        self.assertEqual(len(rows), 2)
        thread.join()
        return done[0]

    def test_command(self):
        rows = self.others_are_served(lambda: self.server.signet("domain", "dns", "alpha.test", "--check"))["rows"]
        self.assertIn("unknown", {row["state"] for row in rows})

    def test_api(self):
        answer = self.others_are_served(
            lambda: Api(self.server, self.token).call("domain", "dns", name="alpha.test", check=True))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIn("unknown", {row["state"] for row in answer.json["rows"]})

    def test_page(self):
        browser = Browser(self.server)
        browser.login("root@alpha.test")
        answer = self.others_are_served(lambda: browser.get("/admin/domain/alpha.test/dns?check=1"))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIn(b"unknown", answer.body)


if __name__ == "__main__":
    unittest.main()
