"""E7, by row: `signet tls check` against servers that others wrote, and against what goes wrong."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import dnssec
import postfix
import real_servers
from authority import Authority, digests, server_context
from dns import Names
from https import Https
from server import Server
from sink import CLOSE, STALL, Sink
from waiting import wait_for

SIGNET = pathlib.Path(os.environ.get("BUILD", ".")).resolve() / "signet"
STEPS = ("answer", "connect", "helo", "tls", "cert", "secure", "from")


def check(*words, status=None):
    """The answer of `signet tls-check`, without a server."""
    done = subprocess.run([SIGNET, "tls-check", *map(str, words), "--json"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=100)
    if status is not None and done.returncode != status:
        raise AssertionError(f"ended with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
    return json.loads(done.stdout)


def marks(row):
    return [row[step].split()[0] for step in STEPS]


class Checked(unittest.TestCase):
    """Mail servers of mx.test at 127.0.0.2 and 127.0.0.3, and who vouches for them."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        cls.root = Authority(cls.folder, "Root")
        cls.middle = Authority(cls.folder, "Middle", cls.root)
        cls.sink = cls.stack.enter_context(Sink("127.0.0.2"))
        cls.other = cls.stack.enter_context(Sink("127.0.0.3", cls.sink.port))
        cls.names = cls.stack.enter_context(Names({
            "alpha.test": {"MX": ["20 b.alpha.test", "10 a.alpha.test"]},
            "a.alpha.test": {"A": ["127.0.0.2"]}, "b.alpha.test": {"A": ["127.0.0.3"]},
            "null.test": {"MX": ["0 ."]}, "plain.test": {"A": ["127.0.0.2"]}}))

    def setUp(self):
        for sink, name in ((self.sink, "a.alpha.test"), (self.other, "b.alpha.test")):
            sink.says.clear()
            sink.tls = self.middle.context(name)
            sink.says["EHLO"] = lambda line, sink=sink, name=name: self.hello(sink, name)

    @staticmethod
    def hello(sink, name):
        return f"250-{name} at your service\r\n250-SIZE 1000\r\n250 STARTTLS"

    def check(self, *words, **options):
        return check(*(words or ("alpha.test",)), "--dns", self.names.address, "--trust", self.root.cert,
                     *(() if "--port" in words else ("--port", self.sink.port)), **options)


class Rows(Checked):
    def test_E_061_odd_chains(self):
        """What others may refuse is said, though it is good here."""
        by_middle, middle_key = self.middle.issue("a.alpha.test")
        root, middle = self.root.pem(), self.middle.pem()
        alone = by_middle.read_text()[:by_middle.read_text().index("-----END") + len("-----END CERTIFICATE-----\n")]
        cases = ((alone + middle + middle, "Middle: it is there twice"),
                 (alone + root + middle, "the order is wrong"),
                 (alone + middle + root, "Root: it is a root"),
                 (alone, "neither in the chain nor trusted"))
        for chain, said in cases:
            with self.subTest(said):
                (self.folder / "odd.pem").write_text(chain)
                self.sink.tls = server_context(self.folder / "odd.pem", middle_key)
                self.assertRegex(self.check("a.alpha.test")["transcript"], "Warning: .*" + said)
        self.sink.tls = self.middle.context("a.alpha.test")
        self.assertNotIn("Warning", self.check("a.alpha.test", status=0)["transcript"])

    def test_E_062_https_with_the_same_certificate(self):
        """A client that checks warns of nothing with the whole chain, and warns without it."""
        cert, key = self.middle.issue("alpha.test")
        with Server() as server:
            server.add("ann@alpha.test")
            whole = cert.read_text()
            leaf, above = whole[:whole.index("-----BEGIN", 10)], whole[whole.index("-----BEGIN", 10):]
            server.signet("pki", "key-import", "alpha.test", "--replace", stdin=key.read_text())
            server.signet("pki", "cert-set", "alpha.test", stdin=leaf)

            def fetch():
                return subprocess.run(["curl", "-sS", "--cacert", self.root.cert, "--resolve",
                                       f"alpha.test:{server.ports['https']}:127.0.0.1",
                                       f"https://alpha.test:{server.ports['https']}/health"], capture_output=True)
            self.assertIn(b"unable to get local issuer certificate", fetch().stderr)
            server.signet("pki", "chain-set", "alpha.test", stdin=above)
            self.assertEqual(fetch().returncode, 0)

    def test_E_063_the_receiving_side(self):
        """A domain, an address of it, a host, an IP address; Signet itself need not run."""
        for target in ("alpha.test", "postmaster@alpha.test", "ALPHA.test", "a.alpha.test", "b.alpha.test"):
            self.assertEqual(self.check(target, status=0)["score"], 100)
        rows = self.check("127.0.0.2")["rows"]
        self.assertEqual(marks(rows[0]), ["OK", "OK", "OK", "OK", "FAIL", "OK", "OK"])

    def test_E_064_the_table(self):
        answer = self.check(status=0)
        self.assertEqual((answer["score"], answer["valid"]), (100, True))
        first, second, average = answer["rows"]
        self.assertEqual(first["server"], f"a.alpha.test [127.0.0.2]:{self.sink.port}")
        self.assertEqual((first["pref"], second["pref"]), ("10", "20"))
        for row in (first, second):
            for step in STEPS:
                self.assertRegex(row[step], r"^OK \(\d+ms\)$")
        self.assertEqual([average[step] for step in STEPS], ["100%"] * 7)

    def test_E_064_one_of_two_is_down(self):
        self.other.says["greeting"] = lambda line: "554 no service"
        answer = self.check(status=1)
        self.assertEqual(marks(answer["rows"][1]), ["OK", "FAIL"] + ["-"] * 5)
        self.assertEqual(answer["score"], 55)
        self.assertEqual(answer["rows"][2]["answer"], "100%")
        self.assertEqual(answer["rows"][2]["from"], "50%")
        self.assertIn("554 no service", answer["reason"])

    def test_E_065_the_transcript(self):
        said = self.check("a.alpha.test", status=0)["transcript"]
        for line in (r"<-- 220 ", r"--> EHLO ", r"<-- 250 STARTTLS", r"--> STARTTLS", r"<-- 220 2.0.0 Go",
                     r"Protocol in use: TLSv1\.3", r"Cipher in use: TLS_", r"Certificate 1 of 2 in chain: Cert VALIDATED: ok",
                     r"Certificate 2 of 2 in chain: Cert VALIDATED: ok",
                     r"Cert Hostname VERIFIED \(a\.alpha\.test = a\.alpha\.test \| DNS:a\.alpha\.test\)",
                     r"Not Valid Before: \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT", r"Not Valid After: ",
                     r"subject= CN=a\.alpha\.test", r"issuer= CN=Middle", r"subject= CN=Middle", r"issuer= CN=Root",
                     r"--> MAIL FROM:<>", r"<-- 250 ", r"--> QUIT", r"<-- 221 "):
            self.assertRegex(said, line)
        self.assertRegex(said.splitlines()[1], r"^\[\d{3}\.\d{3}\] ")

    def test_E_066_another_name(self):
        self.sink.tls = self.middle.context("c.alpha.test")
        answer = self.check("a.alpha.test", status=1)
        self.assertEqual(answer["score"], 90)
        self.assertEqual(marks(answer["rows"][0]), ["OK", "OK", "OK", "OK", "FAIL", "OK", "OK"])
        self.assertIn("Cert Hostname DOES NOT VERIFY (a.alpha.test != c.alpha.test)", answer["transcript"])
        self.assertIn("Cert Hostname DOES NOT VERIFY (a.alpha.test != c.alpha.test)", answer["reason"])

    def test_E_067_self_signed(self):
        alone = Authority(self.folder, "a.alpha.test")
        self.sink.tls = server_context(alone.cert, alone.key)
        answer = self.check("a.alpha.test", status=1)
        self.assertEqual(marks(answer["rows"][0]), ["OK", "OK", "OK", "OK", "FAIL", "OK", "OK"])
        self.assertIn("it is self-signed: this is the expected result", answer["reason"])

    def test_E_068_which_of_three_names(self):
        """The certificate's, the server's own, the MX record's."""
        cases = (("a.alpha.test", "a.alpha.test", "none"), ("c.alpha.test", "a.alpha.test", "certificate"),
                 ("a.alpha.test", "c.alpha.test", "the server says"), ("c.alpha.test", "c.alpha.test", r"\(MX\)"),
                 ("c.alpha.test", "d.alpha.test", "each of the three"))
        for certificate, says, odd in cases:
            with self.subTest(certificate=certificate, says=says):
                self.sink.tls = self.middle.context(certificate)
                self.sink.says["EHLO"] = lambda line, says=says: self.hello(self.sink, says)
                answer = self.check("a.alpha.test")
                self.assertRegex(answer["rows"][0]["differs"], odd)
                self.assertRegex(answer["transcript"], rf"Names: certificate {certificate}.*; server says {says}; "
                                                       rf"found as a.alpha.test; differs: .*{odd}")


class Faults(Checked):
    """What a server may do wrong: each has its reason, and its time."""

    def refused(self, reason, *steps, words=("a.alpha.test",)):
        answer = self.check(*words, status=1)
        self.assertRegex(answer["reason"], reason)
        if steps:
            self.assertEqual(marks(answer["rows"][0])[:len(steps)], list(steps))

    def test_no_starttls(self):
        self.sink.says["EHLO"] = lambda line: "250-a.alpha.test\r\n250 SIZE"
        self.refused("it offers no TLS", "OK", "OK", "OK", "FAIL", "-", "-", "-")

    def test_starttls_refused(self):
        self.sink.says["STARTTLS"] = lambda line: "454 4.7.0 Not now"
        self.refused("It refuses TLS: 454 4.7.0 Not now", "OK", "OK", "OK", "FAIL")

    def test_plaintext_behind_starttls(self):
        self.sink.says["STARTTLS"] = lambda line: b"220 go\r\n250 injected\r\n"
        self.refused("before the handshake", "OK", "OK", "OK", "FAIL")

    def test_broken_handshake(self):
        self.sink.says["STARTTLS"] = lambda line: "220 go"
        self.sink.tls = None
        self.refused("TLS failed", "OK", "OK", "OK", "OK", "-", "FAIL")

    def test_hangs_up(self):
        self.sink.says["EHLO"] = lambda line: CLOSE
        self.refused("hung up", "OK", "OK", "FAIL")

    def test_no_protocol(self):
        self.sink.says["greeting"] = lambda line: "\x1b[31mhello \x07"
        answer = self.check("a.alpha.test", status=1)
        self.assertIn("none of the protocol", answer["reason"])
        self.assertNotIn("\x1b", answer["transcript"])

    def test_endless_answer(self):
        self.sink.says["EHLO"] = lambda line: b"250-x\r\n" * 100000
        self.refused("none of the protocol", "OK", "OK", "FAIL")

    def test_stalls(self):
        self.sink.says["greeting"] = lambda line: STALL
        began = time.monotonic()
        self.refused("in time", "OK", "FAIL", words=("a.alpha.test", "--timeout", "1"))
        self.assertLess(time.monotonic() - began, 60)

    def test_old_certificate(self):
        self.sink.tls = self.middle.context("a.alpha.test", days=-1)
        self.refused("expired", "OK", "OK", "OK", "OK", "FAIL", "OK", "OK")

    def test_without_the_certificate_between(self):
        cert, key = self.middle.issue("a.alpha.test")
        first = cert.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
        cert.write_text(first)
        self.sink.tls = server_context(cert, key)
        self.refused("issuer is not known", "OK", "OK", "OK", "OK", "FAIL", "OK", "OK")

    def test_nobody_listens(self):
        self.refused("refused", "FAIL", words=("plain.test", "--port", "1"))

    def test_null_mx(self):
        done = subprocess.run([SIGNET, "tls-check", "null.test", "--dns", self.names.address],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("takes no mail", done.stdout.decode())

    def test_no_such_domain(self):
        self.refused("no address", "FAIL", words=("nowhere.test",))

    def test_words(self):
        for words in (("-",), ("a b.test",), ("alpha.test", "--port", "70000"), ("alpha.test", "--protocol", "ftp"),
                      ("alpha.test", "--helo", "x\r\nQUIT"), ("alpha.test", "--trust", "/nowhere"), ()):
            done = subprocess.run([SIGNET, "tls-check", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=60)
            self.assertIn(done.returncode, (1, 2), words)
            self.assertIn("signet:", done.stdout.decode())


@unittest.skipUnless(dnssec.installed(), "nsd and ldns are needed")
class Dane(Checked):
    def test_records(self):
        cert, key = self.middle.issue("mx.dane.test")
        self.sink.tls = server_context(cert, key)
        self.sink.says["EHLO"] = lambda line: self.hello(self.sink, "mx.dane.test")
        port, right = self.sink.port, digests(self.folder, cert)[1]
        for word, name in (("VERIFIED", right), ("DOES NOT VERIFY", "00" * 32)):
            zone = ["@ MX 10 mx", "mx A 127.0.0.2", f"_{port}._tcp.mx TLSA 3 1 1 {name}"]
            with dnssec.Signed(self.folder / word.replace(" ", ""), "dane.test", zone) as names:
                answer = check("dane.test", "--dns", names.address, "--anchor", names.anchor, "--trust",
                               self.root.cert, "--port", port, status=0)
                self.assertIn("DANE: " + word, answer["transcript"])
                self.assertTrue(answer["rows"][0]["dane"].startswith(word), answer["rows"][0])
        self.assertEqual(self.check("a.alpha.test")["rows"][0]["dane"], "no TLSA record")


@unittest.skipUnless(postfix.installed(), "Postfix is needed")
class Postfix(Checked):
    def test_postfix(self):
        with socket.create_server(("127.0.0.4", 0)) as probe:
            port = probe.getsockname()[1]
        cert, key = self.middle.issue("mx.partner.test")
        self.names.table["partner.test"] = {"MX": ["10 mx.partner.test"]}
        self.names.table["mx.partner.test"] = {"A": ["127.0.0.4"]}
        with postfix.Postfix("127.0.0.4", port, "partner.test", ["ann"], self.folder / "postfix", cert, key):
            answer = self.check("partner.test", "--port", port, status=0)
            self.assertEqual(answer["score"], 100)
            self.assertEqual(answer["rows"][0]["differs"], "none")


class Others(Checked):
    """Each protocol as others speak it."""

    def setUp(self):
        super().setUp()
        self.names.table["mail.others.test"] = {"A": ["127.0.0.1"]}
        self.cert, self.key = self.middle.issue("mail.others.test")
        self.folder.chmod(0o755)  # they change users

    def good(self, protocol, port, *words):
        answer = self.check("mail.others.test", "--protocol", protocol, "--port", port, *words, status=0)
        self.assertEqual(answer["score"], 100)
        self.assertEqual(marks(answer["rows"][0]), ["OK"] * 7)
        self.assertIn("Cert Hostname VERIFIED (mail.others.test = mail.others.test", answer["transcript"])

    @unittest.skipUnless(real_servers.installed(real_servers.DOVECOT), "Dovecot is needed")
    def test_E_063_dovecot(self):
        with real_servers.Dovecot(self.folder / "dovecot", self.cert, self.key) as dovecot:
            for listener, port in dovecot.ports.items():
                with self.subTest(listener):
                    self.good(listener.rstrip("s"), port, *(("--wrapped",) if listener.endswith("s") else ()))

    @unittest.skipUnless(real_servers.installed(real_servers.PROSODY), "Prosody is needed")
    def test_E_063_prosody(self):
        with real_servers.Prosody(self.folder / "prosody", "mail.others.test", self.cert, self.key) as prosody:
            self.good("xmpp", prosody.ports["xmpp"])


class OwnServer(Checked):
    """A server that is asked, and answers for itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.stack.enter_context(Server())
        cls.server.add("ann@alpha.test")
        cls.names.table["alpha.test"] = {"A": ["127.0.0.1"]}
        cls.own = cls.server.certificate("alpha.test")

    def ask(self, args):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.server.data / "control"))
            control.sendall(json.dumps({"op": "tls check", "args": args}).encode() + b"\n")
            return json.loads(control.makefile("rb").readline())


class Signet(OwnServer):
    """Every protocol of ours, with and without a port for TLS alone; by the API, too."""

    def test_each_protocol(self):
        ports = self.server.ports
        for protocol, listener, more in (("smtp", "smtp", ()), ("imap", "imap", ()), ("pop3", "pop3", ()),
                                         ("xmpp", "xmpp-client", ()), ("https", "https", ()),
                                         ("smtp", "submissions", ("--wrapped",)), ("imap", "imaps", ("--wrapped",)),
                                         ("pop3", "pop3s", ("--wrapped",))):
            with self.subTest(listener):
                answer = check("alpha.test", "--protocol", protocol, "--port", ports[listener], "--dns",
                               self.names.address, "--trust", self.own, *more, status=0)
                self.assertEqual(answer["score"], 100)
                self.assertIn("TLSv1.3", answer["rows"][0]["protocol"])

    def test_the_server_asks(self):
        """As an operation of a running server: its own trust and DNS count, and nobody brings others."""
        self.server.signet("setting", "set", "dns.servers", self.names.address)
        asked = self.ask({"target": "alpha.test", "port": self.server.ports["smtp"]})
        self.assertEqual(asked["score"], 90, asked)
        self.server.signet("trust", "add", stdin=self.own.read_text())
        self.assertEqual(self.ask({"target": "alpha.test", "port": self.server.ports["smtp"]})["score"], 100)
        for more in ({"dns": "127.0.0.1"}, {"trust": "/etc/passwd"}, {"anchor": "/etc/passwd"}):
            self.assertIn("are for `signet tls check`", self.ask({"target": "alpha.test", **more})["error"]["text"])


class Policy(OwnServer):
    def test_E_063_mta_sts(self):
        """The policy is fetched, shown, and held against the hosts."""
        port, path = self.server.ports["smtp"], "/.well-known/mta-sts.txt"
        web = self.enterContext(Https(self.middle.context("mta-sts.sts.test")))
        for name, value in (("dns.servers", self.names.address), ("relay.sts-port", web.port), ("fetch.private", "on")):
            self.server.signet("setting", "set", name, str(value))
        self.server.signet("trust", "add", stdin=self.own.read_text())
        self.names.table["sts.test"] = {"MX": ["10 alpha.test"]}
        self.names.table["mta-sts.sts.test"] = {"A": ["127.0.0.1"]}
        ask = lambda: self.ask({"target": "sts.test", "port": port})
        self.assertEqual(self.ask({"target": "alpha.test", "port": port})["mta-sts"], "the domain announces none")
        self.names.table["_mta-sts.sts.test"] = {"TXT": [b"\x10v=STSv1; id=a1b2"]}
        self.assertIn("cannot be fetched", ask()["mta-sts"])
        self.server.signet("trust", "add", stdin=self.root.pem())
        policy = "version: STSv1\nmode: enforce\nmx: {}\nmax_age: 172800\n"
        for mx, named in (("alpha.test", True), ("*.alpha.test", False)):
            web.pages[("mta-sts.sts.test", path)] = policy.format(mx).encode()
            answer = ask()
            self.assertEqual((answer["mta-sts"], answer["valid"]), (f"enforce, for 2 days: {mx}", named))
            self.assertEqual(answer["rows"][0]["policy"], "names it" if named else "DOES NOT name it")
            self.assertIn(f"MTA-STS: mx: {mx}\n", answer["transcript"])
        self.assertEqual(answer["reason"], "the domain's MTA-STS policy does not name it")
        web.pages[("mta-sts.sts.test", path)] = b"nothing"
        self.assertIn("what is there is none", ask()["mta-sts"])


@unittest.skipUnless(shutil.which("openssl"), "openssl is needed")
class Openssl(Checked):
    def test_old_version(self):
        """s_server with TLS 1.2 alone."""
        cert, key = self.root.issue("plain.test")
        with socket.create_server(("127.0.0.2", 0)) as probe:
            port = probe.getsockname()[1]
        process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.2:{port}", "-cert", cert, "-key", key,
                                    "-tls1_2", "-www"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: process.stdout.readline().startswith(b"ACCEPT"))
            answer = self.check("plain.test", "--protocol", "https", "--port", port, status=0)
            self.assertEqual(answer["rows"][0]["protocol"], "TLSv1.2")
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    unittest.main()
