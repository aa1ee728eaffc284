"""test_rows_c7 - whom we believe, row by row of C1 and C7: sets, paths, reasons; openssl and curl on the other side"""
import base64
import json
import pathlib
import signal
import subprocess
import time

import pki
import test_relay
from pki import Authority, openssl

USE = {"client": "extendedKeyUsage=clientAuth", "server": "extendedKeyUsage=serverAuth",
       "email": "extendedKeyUsage=emailProtection\nkeyUsage=critical,digitalSignature"}


class Believing(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add("ann@alpha.test", "cy@beta.test")
        cls.root, cls.stranger = Authority(cls.folder, "Root"), Authority(cls.folder, "Stranger")
        cls.middle = Authority(cls.folder, "Middle", cls.root)
        (cls.folder / "double").mkdir()
        cls.double = Authority(cls.folder / "double", "Root")  # another key under the same name

    def issue(self, authority, name, use="client", names=None, days=20, more=()):
        """Key and certificate of somebody: two files."""
        key, cert = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        key.write_text(pki.key())
        request = openssl("req", "-new", "-key", key, "-subj", f"/CN={name}")
        says = f"subjectAltName={names or 'DNS:' + name}\n{USE[use]}"
        cert.write_text(authority.sign(request, says, days, *more))
        return key, cert

    # -- our verdict, without a server

    def judge(self, cert, trust, *words):
        """Status, and all that is said."""
        command = [self.server.bin / "signet", "pki", "verify", "--trust", trust, *words, cert]
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout.decode()

    def assert_good(self, cert, trust, *words):
        status, said = self.judge(cert, trust, *words)
        self.assertEqual((status, "valid:" in said and "yes" in said), (0, True), said)
        return said

    def assert_bad(self, reason, cert, trust, *words):
        status, said = self.judge(cert, trust, *words)
        self.assertEqual(status, 1, said)
        self.assertIn(reason, said)

    # -- the server's, of clients

    def ask_clients(self, domain, issuer):
        self.signet("client-ca", "set", domain, issuer, "--required")

    def fingerprint(self, authority):
        text = openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", authority.cert)
        return text.split("=")[1].strip().replace(":", "").lower()

    def gets_through(self, pair, domain="alpha.test", chain=None):
        """Does openssl, with that certificate, come to the greeting?"""
        key, cert = pair
        more = ("-cert_chain", chain) if chain else ()
        return "* OK" in self.s_client("-ign_eof", "-cert", cert, "-key", key, *more, name=domain,
                                       stdin="a LOGOUT\r\n")

    def trust(self, authority, *words):
        self.signet("trust", "add", *words, stdin=authority.pem())
        self.addCleanup(self.untrust, authority, *words)

    def untrust(self, authority, *words):
        self.server.run_signet("trust", "remove", self.fingerprint(authority), *words)

    def rows(self, kind, *words):
        return [row for row in self.signet("trust", "list", *words)["rows"] if row["set"] == kind]


class Rows(Believing):
    def setUp(self):
        for domain in self.DOMAINS:
            self.signet("client-ca", "set", domain, "none")

    def test_C_004_issuer_in_list_and_its_signature(self):
        good, forged = self.issue(self.root, "good"), self.issue(self.double, "forged")
        self.assertEqual(pki.field("issuer", good[1].read_text()), pki.field("issuer", forged[1].read_text()))
        self.trust(self.root, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        self.assertTrue(self.gets_through(good))
        self.assertFalse(self.gets_through(forged))
        self.assert_good(good[1], self.root.cert)
        self.assert_bad("not the key that signed", forged[1], self.root.cert)

    def test_C_005_roots_are_there_from_the_first(self):
        bundle = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        there = self.rows("built-in")
        self.assertEqual(len(there), len(pki.certificates(bundle.read_text())))
        root = self.write("public.pem", pki.certificates(bundle.read_text())[0])
        self.assert_good(root, bundle)
        self.assertIn(pki.field("serial", pathlib.Path(root).read_text()).lower().lstrip("0"),
                      [row["serial"].replace(":", "").lower().lstrip("0") for row in there])

    def test_C_006_a_chain_makes_an_issuer_known(self):
        below = self.issue(self.middle, "below")
        self.assert_good(below[1], self.root.cert, "--untrusted", self.middle.cert)
        self.assert_bad("issuer is not known: O=Test, CN=Middle", below[1], self.root.cert)
        self.trust(self.root, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        self.assertTrue(self.gets_through(below, chain=self.middle.cert))
        self.assertFalse(self.gets_through(below))
        self.assertIn("OK", openssl("verify", "-CAfile", self.root.cert, "-untrusted", self.middle.cert, below[1]))

    def test_C_007_self_signed_only_if_in_the_list(self):
        self.signet("pki", "key-generate", "alpha.test", "--type", "P-256", "--replace")
        self.signet("pki", "self-signed", "alpha.test")
        pem = self.shown()[0] if self.shown() else self.signet("pki", "show", "alpha.test")["certificate"]
        self.assertEqual(pki.field("subject", pem), pki.field("issuer", pem))
        path = self.write("self.pem", pem)
        self.assert_bad("self-signed and not trusted", path, self.root.cert, "--name", "alpha.test")
        self.assert_good(path, path, "--name", "alpha.test")
        self.assertIn("OK", openssl("verify", "-CAfile", path, path))
        with self.assertRaises(pki.Failed):
            openssl("verify", "-CAfile", self.root.cert, path)

    def test_C_061_signers_of_mail(self):
        """Valid, invalid, of nobody who is known: for mail."""
        good = self.issue(self.root, "mail", "email", "email:ann@alpha.test")[1]
        server = self.issue(self.root, "serverish", "server", "email:ann@alpha.test")[1]
        words = ("--purpose", "email", "--profile", "path", "--name", "ann@alpha.test")
        self.assert_good(good, self.root.cert, *words)
        self.assert_bad("for another purpose", server, self.root.cert, *words)
        self.assert_bad("issuer is not known", good, self.stranger.cert, *words)
        self.assert_bad("is not for bob@alpha.test", good, self.root.cert, *words[:-1], "bob@alpha.test")

    def test_C_062_each_fault_has_its_reason(self):
        good = self.issue(self.root, "x.test", "server")[1]
        spoilt = bytearray(base64.b64decode("".join(good.read_text().split("\n")[1:-2])))
        spoilt[-1] ^= 1
        bad = self.write("spoilt.pem", openssl("x509", "-inform", "DER", stdin=bytes(spoilt)))
        year = int(time.strftime("%Y"))
        self.assert_good(good, self.root.cert)
        self.assert_bad("it has expired", good, self.root.cert, "--time", f"{year + 2}-01-01T00:00:00Z")
        self.assert_bad("not valid yet", good, self.root.cert, "--time", f"{year - 2}-01-01T00:00:00Z")
        self.assert_bad("signature does not fit", bad, self.root.cert)
        self.assert_bad("issuer is not known", good, self.stranger.cert)

    def test_C_062_also_in_a_handshake(self):
        """The log has a reason of its own for each."""
        self.trust(self.root, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        for pair, reason in ((self.issue(self.root, "old", days=-1), "it has expired"),
                             (self.issue(self.double, "false"), "not the key that signed"),
                             (self.issue(self.stranger, "else"), "issuer is not known"),
                             (self.issue(self.root, "servers", "server"), "for another purpose")):
            before = len(self.server.log())
            self.assertFalse(self.gets_through(pair), reason)
            self.assertIn(reason, self.server.log()[before:])

    def test_C_063_each_set_has_its_entries(self):
        self.trust(self.root)
        self.trust(self.stranger, "--domain", "alpha.test")
        names = lambda kind, *words: [row["issued-to"] for row in self.rows(kind, *words)]
        self.assertIn("O=Test, CN=Root", names("server"))
        self.assertEqual(names("domain", "--domain", "alpha.test"), ["O=Test, CN=Stranger"])
        self.assertEqual(names("domain", "--domain", "beta.test"), [])
        self.assertNotIn("O=Test, CN=Stranger", names("server"))

    def test_C_064_a_domains_own_and_the_servers(self):
        client = self.issue(self.root, "client")
        self.trust(self.root, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        self.assertTrue(self.gets_through(client, "alpha.test"))
        self.assertIn("no such certificate", self.refused("client-ca", "set", "beta.test", self.fingerprint(self.root)))
        self.untrust(self.root, "--domain", "alpha.test")
        self.trust(self.root)
        for domain in self.DOMAINS:
            self.ask_clients(domain, self.fingerprint(self.root))
            self.assertTrue(self.gets_through(client, domain), domain)

    def test_C_067_columns_as_openssl_says(self):
        self.trust(self.root, "--domain", "alpha.test")
        row = self.rows("domain", "--domain", "alpha.test")[0]
        pem = self.root.pem()
        self.assertEqual(row["issued-to"], "O=Test, CN=Root")
        self.assertEqual(row["serial"].replace(":", "").upper(), pki.field("serial", pem))
        for key, what in (("from", "startdate"), ("till", "enddate")):
            when = time.strptime(pki.field(what, pem), "%b %d %H:%M:%S %Y GMT")
            self.assertEqual(row[key], time.strftime("%Y-%m-%dT%H:%M:%SZ", when))

    def test_C_068_one_is_removed_and_the_others_stay(self):
        client = self.issue(self.root, "leaving")
        self.trust(self.root, "--domain", "alpha.test")
        self.trust(self.stranger, "--domain", "alpha.test")
        self.ask_clients("alpha.test", f"{self.fingerprint(self.root)} {self.fingerprint(self.stranger)}")
        self.assertTrue(self.gets_through(client))
        self.signet("trust", "remove", self.fingerprint(self.root), "--domain", "alpha.test")
        self.assertFalse(self.gets_through(client))
        names = [row["issued-to"] for row in self.rows("domain", "--domain", "alpha.test")]
        self.assertEqual(names, ["O=Test, CN=Stranger"])

    def test_C_068_who_requires_of_nobody_lets_nobody_in(self):
        """The only issuer that counted is removed: its certificates are not needed less, but good for nothing."""
        client = self.issue(self.root, "stranded")
        self.trust(self.root, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        self.assertTrue(self.gets_through(client))
        self.signet("trust", "remove", self.fingerprint(self.root), "--domain", "alpha.test")
        self.assertFalse(self.gets_through(client))
        self.assertIn("client-issuer-gone", self.server.log())
        self.assertTrue(self.gets_through(client, "beta.test"))

    def test_C_069_inherited_ones_are_shown_and_stay(self):
        self.trust(self.root)
        listed = self.signet("trust", "list", "--domain", "alpha.test")["rows"]
        self.assertEqual({row["set"] for row in listed}, {"built-in", "server"})
        for kind in ("built-in", "server"):
            which = next(row["sha256"] for row in listed if row["set"] == kind)
            self.assertIn("no certificate", self.refused("trust", "remove", which, "--domain", "alpha.test"))

    def test_C_070_built_in_ones_are_shown_to_the_server_and_stay(self):
        which = self.rows("built-in")[0]["sha256"]
        self.assertIn("no certificate", self.refused("trust", "remove", which))
        self.assertIn(which, [row["sha256"] for row in self.rows("built-in")])

    def test_C_071_effect_without_restart(self):
        client = self.issue(self.stranger, "newcomer")
        self.trust(self.root, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        self.assertFalse(self.gets_through(client))
        self.trust(self.stranger, "--domain", "alpha.test")
        self.ask_clients("alpha.test", self.fingerprint(self.stranger))
        self.assertTrue(self.gets_through(client))

    def test_C_071_by_the_api(self):
        """curl adds and removes; the row is there, and gone."""
        token = self.signet("token", "add", "rows", "--role", "server-admin")["token"]

        def call(path, **args):
            url = f"https://127.0.0.1:{self.server.ports['https']}/api/v1/{path}"
            done = pki.tool("curl", "-sk", "-H", f"Authorization: Bearer {token}", "-H",
                            "Content-Type: application/json", "-d", json.dumps(args), url)
            return json.loads(done)
        self.assertTrue(call("trust/add", pem=self.root.pem(), domain="beta.test")["ok"])
        self.addCleanup(self.untrust, self.root, "--domain", "beta.test")
        self.assertIn("already", call("trust/add", pem=self.root.pem(), domain="beta.test")["error"]["text"])
        self.assertEqual(len(self.rows("domain", "--domain", "beta.test")), 1)
        self.assertTrue(call("trust/remove", sha256=self.fingerprint(self.root), domain="beta.test")["ok"])
        self.assertEqual(self.rows("domain", "--domain", "beta.test"), [])

    def test_C_072_what_is_refused(self):
        self.trust(self.root, "--domain", "alpha.test")
        before = self.rows("domain", "--domain", "alpha.test")
        pem, der = self.root.pem(), openssl("x509", "-in", self.root.cert, "-outform", "DER")
        cut = pem.replace("MII", "", 1)
        for text in ("", "junk", cut, pem[:300], pem[:-30], self.root.key.read_text(), "x" * 1000000, pem,
                     self.stranger.pem() + cut, self.stranger.pem() + pem, self.stranger.pem() * 2):
            self.assertTrue(self.refused("trust", "add", "--domain", "alpha.test", stdin=text))
            self.assertEqual(self.rows("domain", "--domain", "alpha.test"), before)
        self.assertTrue(der)

    def test_C_072_a_set_has_an_end(self):
        many = "".join(self.issue(self.root, "m", "server")[1].read_text() for _ in range(1)) * 501
        self.assertIn("at most 500", self.refused("trust", "add", "--domain", "beta.test", stdin=many))
        self.assertEqual(self.rows("domain", "--domain", "beta.test"), [])


    def test_P_028_clients_of_an_authority_in_a_folder(self):
        """The other direction: the issuer that a domain names is in trust.directory alone."""
        folder = self.folder / "trusted"
        folder.mkdir()
        (folder / "root.pem").write_text(self.root.pem())
        self.signet("setting", "set", "trust.directory", str(folder))
        self.addCleanup(self.signet, "setting", "reset", "trust.directory")
        client = self.issue(self.root, "foldered")
        self.assertIn("no such certificate", self.refused("client-ca", "set", "alpha.test", self.fingerprint(self.root)))
        pki.tool("openssl", "rehash", folder)
        self.ask_clients("alpha.test", self.fingerprint(self.root))
        self.assertTrue(self.gets_through(client))
        self.assertFalse(self.gets_through(self.issue(self.stranger, "unfoldered")))


class Outgoing(test_relay.Relay):
    """Mail that goes out is the server's own business: its set and the built-in one count."""

    def setUp(self):
        super().setUp()
        self.sink.tls = test_relay.self_signed(self.server.folder, "mx.partner.test")
        self.pem = (self.server.folder / "mx.partner.test.crt").read_text()
        self.set("relay.tls", "verify")

    def test_C_065_a_domains_set_is_not_asked(self):
        self.server.signet("trust", "add", "--domain", "alpha.test", stdin=self.pem)
        self.submit("x@partner.test")
        test_relay.wait_for(lambda: "4.7.5" in str(self.queue()))
        self.assertEqual(self.sink.messages, [])
        self.server.signet("trust", "add", stdin=self.pem)
        self.assertTrue(self.arrived()[0].tls)
        self.assertRegex(self.server.log(), r"relay-tls .*verified=yes")

    def test_P_028_only_in_a_folder(self):
        folder = self.folder_of(self.pem)
        pki.tool("openssl", "rehash", folder)
        self.set("trust.directory", folder)
        self.submit("x@partner.test")
        self.assertTrue(self.arrived()[0].tls)
        self.assertRegex(self.server.log(), r"relay-tls .*verified=yes")

    def test_P_029_before_rehash_and_after(self):
        folder = self.folder_of(self.pem)
        self.set("trust.directory", folder)
        self.submit("x@partner.test")
        test_relay.wait_for(lambda: "4.7.5" in str(self.queue()))
        self.assertEqual(self.sink.messages, [])
        pki.tool("c_rehash", folder)  # that is all: the folder has changed
        self.assertTrue(self.arrived()[0].tls)

    def test_P_029_a_file_behind_a_link_after_reload(self):
        other = pki.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", self.server.folder / "other.key", "-subj", "/CN=mx.partner.test")
        folder = self.folder_of(other[other.index("-----BEGIN CERT"):])
        pki.tool("openssl", "rehash", folder)
        self.set("trust.directory", folder)
        self.submit("x@partner.test")
        test_relay.wait_for(lambda: "4.7.5" in str(self.queue()))
        (folder / "ca.pem").write_text(self.pem)
        self.server.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.arrived()[0].tls)

    def folder_of(self, pem):
        folder = self.server.folder / "trusted"
        folder.mkdir()
        (folder / "ca.pem").write_text(pem)
        return folder
