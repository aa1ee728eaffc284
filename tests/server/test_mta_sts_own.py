"""The MTA-STS policy of a domain here (RFC 8461), as curl gets it, and as another Signet follows it."""
import contextlib
import re
import subprocess
import tempfile
import unittest

from authority import Authority
from dns import Names
from server import Failed, Server
from waiting import wait_for

PATH = "/.well-known/mta-sts.txt"


def txt(text):
    return [bytes([len(text)]) + text.encode()]


class Own(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.root = Authority(cls.folder, "Root")
        cls.names = cls.stack.enter_context(Names({}))
        cls.server = cls.stack.enter_context(Server())
        cls.server.add("ann@alpha.test", "cy@beta.test")
        for name, value in (("server.name", "mx.alpha.test"), ("dns.servers", cls.names.address)):
            cls.server.signet("setting", "set", name, value)
        cls.mode("testing")
        cls.install("alpha.test", "DNS:mx.alpha.test", "DNS:mta-sts.alpha.test")

    @classmethod
    def mode(cls, mode):
        cls.server.signet("setting", "set", "mta-sts.mode", mode, "--domain", "alpha.test")

    @classmethod
    def install(cls, domain, *names):
        """Key and certificate by the authority."""
        cert, key = cls.root.issue(domain, "DNS:" + domain, *names)
        cls.server.signet("pki", "install", domain, stdin=open(key).read() + open(cert).read() + cls.root.pem())

    def curl(self, host, *more):
        (root := self.stack.enter_context(tempfile.NamedTemporaryFile("w"))).write(self.root.pem())
        root.flush()
        port = self.server.ports["https"]
        done = subprocess.run(["curl", "-s", "-i", "--cacert", root.name, "--connect-to", f"::127.0.0.1:{port}", *more,
                               f"https://{host}{PATH}"], capture_output=True, check=False)
        return done.returncode, done.stdout.decode()

    def rows(self, *more):
        return {(row["type"], row["name"]): row
                for row in self.server.signet("domain", "dns", "alpha.test", "--check")["rows"]}

    def test_served(self):
        code, text = self.curl("mta-sts.alpha.test")
        self.assertEqual(code, 0, text)
        head, body = text.split("\r\n\r\n", 1)
        self.assertIn(" 200", head.splitlines()[0])
        self.assertIn("content-type: text/plain", head.lower())
        self.assertEqual(body, "version: STSv1\r\nmode: testing\r\nmx: mx.alpha.test\r\nmax_age: 604800\r\n")

    def test_not_served(self):
        """By another name of the domain, and for a domain that has none."""
        self.assertIn(" 404", self.curl("alpha.test")[1].splitlines()[0])
        self.assertIn(" 404", self.curl("mta-sts.beta.test", "-k")[1].splitlines()[0])

    def test_records(self):
        printed = self.server.run_signet("domain", "dns", "alpha.test").stdout.decode()
        first = re.search(r'_mta-sts\.alpha\.test\.\t3600 IN TXT "(v=STSv1; id=[0-9a-f]+)"', printed).group(1)
        self.assertIn("; mta-sts.alpha.test. is in the certificate", printed)
        self.assertNotIn("_mta-sts", self.server.run_signet("domain", "dns", "beta.test").stdout.decode())
        self.names.table["_mta-sts.alpha.test"] = {"TXT": txt(first)}
        self.assertEqual(self.rows()["TXT", "_mta-sts.alpha.test"]["state"], "right")
        self.server.signet("setting", "set", "mta-sts.max-age", "86400", "--domain", "alpha.test")
        row = self.rows()["TXT", "_mta-sts.alpha.test"]
        self.assertEqual((row["state"], row["found"]), ("differs", first))
        self.server.signet("setting", "reset", "mta-sts.max-age", "--domain", "alpha.test")
        self.install("alpha.test", "DNS:mx.alpha.test")
        row = self.rows()["certificate", "mta-sts.alpha.test"]
        self.assertEqual(row["state"], "missing")
        self.install("alpha.test", "DNS:mx.alpha.test", "DNS:mta-sts.alpha.test")
        self.assertEqual(self.rows()["certificate", "mta-sts.alpha.test"]["state"], "right")

    def test_own_certificates_are_for_it(self):
        """What the server makes itself names the host, where a policy is wanted."""
        self.server.signet("setting", "set", "mta-sts.mode", "none", "--domain", "beta.test")
        self.server.signet("pki", "self-signed", "beta.test")
        printed = self.server.run_signet("domain", "dns", "beta.test").stdout.decode()
        self.assertIn("; mta-sts.beta.test. is in the certificate", printed)
        self.assertIn("mode: none", self.curl("mta-sts.beta.test", "-k")[1])
        self.server.signet("setting", "reset", "mta-sts.mode", "--domain", "beta.test")

    def test_followed(self):
        """Another Signet fetches it and sends as it says."""
        self.mode("enforce")
        self.addCleanup(self.mode, "testing")
        printed = self.server.run_signet("domain", "dns", "alpha.test").stdout.decode()
        record = re.search(r'IN TXT "(v=STSv1; id=[0-9a-f]+)"', printed).group(1)
        self.names.table.update({
            "alpha.test": {"MX": ["10 mx.alpha.test"]}, "mx.alpha.test": {"A": ["127.0.0.1"]},
            "mta-sts.alpha.test": {"A": ["127.0.0.1"]}, "_mta-sts.alpha.test": {"TXT": txt(record)}})
        with Server() as other:
            other.add("x@other.test")
            for name, value in (("dns.servers", self.names.address), ("fetch.private", "on"), ("relay.retry", "1s"),
                                ("relay.sts-port", self.server.ports["https"]),
                                ("relay.port", self.server.ports["smtp"])):
                other.signet("setting", "set", name, str(value))
            other.signet("trust", "add", stdin=self.root.pem())
            with other.submission("x@other.test") as smtp:
                smtp.sendmail("x@other.test", ["ann@alpha.test"], "Subject: hi\r\n\r\nhello\r\n")
            wait_for(lambda: "sts=enforce" in other.log(), 30)
            row, = other.signet("destination", "policies")["rows"]
            self.assertEqual((row["domain"], row["mode"], row["mx"]), ("alpha.test", "enforce", "mx.alpha.test"))
            line = next(line for line in other.log().splitlines() if "sts=enforce" in line)
            self.assertIn("verified=yes", line)
        imap = self.server.imap("ann@alpha.test")
        wait_for(lambda: imap.select("INBOX")[1][0] != b"0", 20)
        imap.logout()


if __name__ == "__main__":
    unittest.main()
