"""test_rows_e2 - E2: profiles made self-signed, requests, and what authorities send back"""
import time

import pki
from dns import FAIL, Names
from pki import field, openssl
from sink import Sink


class Profiles(pki.Case):
    """One profile for each test, shown by IMAP over TLS."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.middle = pki.Authority(cls.folder, "Middle", cls.root)

    def setUp(self):
        self.profile("add", "--cn", "mx.example.test", "--o", "Example, Inc.", "--c", "US")
        self.signet("listener", "certificate", "imaps", "mx")

    def tearDown(self):
        self.signet("listener", "certificate", "imaps", "none")
        self.profile("remove")

    def profile(self, verb, *words, name="mx", stdin=""):
        return self.signet("profile", verb, name, *words, stdin=stdin)

    def request(self):
        return self.profile("csr")["pem"]

    def upload(self, pem, chain=""):
        more = ("--chain-file", self.write("chain.pem", chain)) if chain else ()
        return self.profile("cert-set", "--pem-file", self.write("upload.pem", pem), *more)

    def pubkey(self):
        return openssl("x509", "-noout", "-pubkey", stdin=self.shown()[0])

    def test_E_011_self_signed_by_the_command(self):
        answer = self.profile("show")
        self.assertTrue(answer["self-signed"])
        pem = self.shown()[0]
        self.assertEqual(answer["chain"], pem)
        self.assertIn("CN = mx.example.test", field("subject", pem))
        self.assertIn("Example, Inc.", field("subject", pem))
        openssl("verify", "-CAfile", self.write("self.pem", pem), self.write("leaf.pem", pem))

    def test_E_012_a_named_profile(self):
        rows = {row["profile"]: row for row in self.signet("profile", "list")["rows"]}
        self.assertIn("mx.example.test", rows["mx"]["subject"])
        self.assertIn("imaps", rows["mx"]["assigned"])
        self.assertIn("already", self.refused("profile", "add", "mx"))
        self.assertIn("already", self.refused("profile", "add", "MX"))
        for name in ("", "a b", "a.b", "none", "x" * 65, "-a"):
            with self.assertRaises(pki.Failed):
                self.signet("profile", "add", "--cn", "x.test", "--", name)

    def test_E_013_names_are_proposed_and_compared(self):
        self.signet("setting", "set", "server.name", "mx.example.test")
        self.addCleanup(self.signet, "setting", "reset", "server.name")
        self.assertNotIn("message", self.profile("self-signed", "--cn", "mx.example.test"))
        self.assertIn("not for the name mx.example.test", self.profile("self-signed", "--cn", "other.test")["message"])
        self.assertIn("not for mx.example.test", self.signet("listener", "certificate", "imaps", "mx")["message"])
        self.signet("profile", "add", "fresh")
        self.assertIn("CN=mx.example.test", self.signet("profile", "show", "fresh")["subject"])
        self.signet("profile", "remove", "fresh")

    def test_E_016_the_server_s_name_changes_no_certificate(self):
        before = self.shown()
        self.signet("setting", "set", "server.name", "elsewhere.test")
        self.addCleanup(self.signet, "setting", "reset", "server.name")
        self.assertEqual(self.shown(), before)

    def test_E_017_a_request_waits_for_the_commit(self):
        self.signet("setting", "set", "pki.commit", "on")
        self.addCleanup(self.signet, "setting", "reset", "pki.commit")
        self.signet("profile", "add", "later", "--cn", "later.test")
        self.assertTrue(self.signet("profile", "show", "later")["pending"])
        self.assertIn("pki commit", self.refused("profile", "csr", "later"))
        self.signet("pki", "commit")
        self.assertFalse(self.signet("profile", "show", "later")["pending"])
        self.assertIn("BEGIN CERTIFICATE REQUEST", self.signet("profile", "csr", "later")["pem"])
        self.assertFalse(self.signet("profile", "show", "later")["pending"])
        self.signet("profile", "remove", "later")
        self.signet("pki", "commit")
        self.signet("setting", "reset", "pki.commit")
        self.assertNotIn("later", [row["profile"] for row in self.signet("profile", "list")["rows"]])

    def test_E_018_the_help_says_what_to_ask_for(self):
        for words in (("profile", "csr"), ("profile", "cert-set"), ("pki", "csr"), ("pki", "cert-set")):
            text = self.server.run_signet("help", *words).stdout.decode()
            self.assertIn("X.509 PEM", text, words)
            self.assertIn("intermediate", text, words)
        self.assertIn("--chain-file", self.server.run_signet("help", "profile", "cert-set").stdout.decode())

    def test_E_019_the_request_is_pem(self):
        request = self.request()
        self.assertTrue(request.startswith("-----BEGIN CERTIFICATE REQUEST-----\n"))
        self.assertIn("verify OK", openssl("req", "-verify", "-noout", stdin=request))
        text = pki.tool("certtool", "--crq-info", stdin=request).decode()
        self.assertIn("Self signature: verified", text)
        self.assertIn("mx.example.test", text)

    def test_E_020_what_the_authority_signed(self):
        """E-009: and the key stays"""
        key = self.pubkey()
        answer = self.upload(self.middle.sign(self.request(), "subjectAltName=DNS:mx.example.test"))
        self.assertFalse(answer["self-signed"])
        self.assertEqual(self.pubkey(), key)
        self.assertIn("CN = Middle", field("issuer", self.shown()[0]))

    def test_E_021_a_new_one_takes_its_place(self):
        old = self.upload(self.middle.sign(self.request()))["serial"]
        new = self.upload(self.middle.sign(self.request()))["serial"]
        self.assertNotEqual(old, new)
        self.assertEqual(field("serial", self.shown()[0]).lower().lstrip("0"), new.lstrip("0"))

    def test_E_022_with_its_intermediate(self):
        for name, upload in (("behind it", lambda leaf: self.upload(leaf + self.middle.pem())),
                             ("before it", lambda leaf: self.upload(self.middle.pem() + leaf)),
                             ("in the second slot", lambda leaf: self.upload(leaf, self.middle.pem()))):
            with self.subTest(name):
                leaf = self.middle.sign(self.request(), "subjectAltName=DNS:mx.example.test")
                upload(leaf)
                self.assertEqual(self.shown(), [leaf, self.middle.pem()])
        self.assertIn("Verify return code: 0 (ok)",
                      self.s_client("-CAfile", self.root.cert, "-verify_hostname", "mx.example.test"))

    def test_E_023_a_certificate_for_another_key(self):
        before = self.shown()
        other = openssl("req", "-new", "-key", self.write("other.key", pki.key()), "-subj", "/CN=mx.example.test")
        with self.assertRaisesRegex(pki.Failed, "does not belong"):
            self.upload(self.middle.sign(other))
        self.assertEqual(self.shown(), before)

    def test_E_009_a_new_certificate_for_the_same_key(self):
        key = self.pubkey()
        self.upload(self.middle.sign(self.request(), days=1))
        self.upload(self.middle.sign(self.request(), days=300))
        self.assertEqual(self.pubkey(), key)
        self.profile("self-signed")
        serial = field("serial", self.shown()[0])
        self.profile("refresh")
        self.assertEqual((self.pubkey(), field("serial", self.shown()[0])), (key, serial))


class Checker(pki.Case):
    """E-014, E-015: what others see when they deliver mail, and where mail leaves from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = cls.enterClassContext(Names({
            "alpha.test": {"MX": ["10 mx.alpha.test"]},
            "beta.test": {"A": ["127.0.0.2"]},
        }))
        cls.server.signet("setting", "set", "dns.servers", cls.names.address)

    def setUp(self):
        self.signet("setting", "set", "server.name", "mx.alpha.test")
        self.pki("self-signed", "--cn", "mx.alpha.test")
        self.names.table["alpha.test"] = {"MX": ["10 mx.alpha.test"]}

    def check(self, domain="alpha.test"):
        return self.pki("check", domain=domain)

    def test_E_015_all_agree(self):
        answer = self.check()
        self.assertEqual((answer["host"], answer["odd"]), ("mx.alpha.test", "none"))
        self.assertEqual(answer["rows"], [{"mx": "mx.alpha.test", "preference": 10, "in-certificate": True, "is-host": True}])
        self.assertIn("mx.alpha.test", answer["certificate"])

    def test_E_015_the_certificate_is_the_odd_one(self):
        self.pki("self-signed", "--cn", "www.alpha.test", "--names", "www.alpha.test")
        answer = self.check()
        self.assertEqual(answer["odd"], "certificate")
        self.assertFalse(answer["rows"][0]["in-certificate"])
        self.assertIn("mx.alpha.test", answer["message"])

    def test_E_015_the_host_name_is_the_odd_one(self):
        self.signet("setting", "set", "server.name", "elsewhere.test")
        self.assertEqual(self.check()["odd"], "host")

    def test_E_015_the_record_is_the_odd_one(self):
        self.signet("profile", "add", "old", "--cn", "mx.alpha.test")
        self.signet("listener", "certificate", "smtp", "old")
        self.signet("setting", "set", "server.name", "new.alpha.test")
        self.signet("profile", "self-signed", "old", "--cn", "new.alpha.test")
        answer = self.check()
        self.assertEqual((answer["odd"], answer["shown"]), ("mx", "profile old"))
        self.signet("listener", "certificate", "smtp", "none")
        self.signet("profile", "remove", "old")

    def test_E_015_no_record_and_no_answer(self):
        answer = self.check("beta.test")
        self.assertIn("no MX record", answer["message"])
        self.assertEqual(answer["rows"][0]["mx"], "beta.test")
        self.names.table["alpha.test"] = {"MX": FAIL}
        self.names.table["broken.test"] = {"MX": FAIL}
        self.signet("domain", "add", "broken.test")
        self.assertIn("does not answer", self.check("broken.test")["message"])

    def test_E_014_where_mail_leaves_from(self):
        with Sink("127.0.0.3") as sink:
            peers = []
            original = sink.server.process_request
            sink.server.process_request = lambda s, peer: (peers.append(peer[0]), original(s, peer))
            self.server.add("ann@alpha.test")
            self.signet("setting", "set", "relay.route", f"[127.0.0.3]:{sink.port}")
            self.signet("setting", "set", "relay.source-address", "127.0.0.4")
            with self.server.submission("ann@alpha.test") as smtp:
                smtp.sendmail("ann@alpha.test", ["x@partner.test"], "Subject: hi\r\n\r\nhi\r\n")
            for _ in range(100):
                if sink.messages:
                    break
                time.sleep(0.1)
            self.assertTrue(sink.messages)
            self.assertEqual(peers, ["127.0.0.4"])
