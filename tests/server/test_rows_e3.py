"""test_rows_e3 - E3: certificates assigned to listeners and outgoing connections; changes that wait"""
import random
import re
import subprocess
import threading
import time

import asking
import pki
from dns import Names
from pki import field, openssl


class Assigned(pki.Case):
    """Two profiles, "one" and "two", of which nothing is assigned when a test begins."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("one", "two"):
            cls.server.signet("profile", "add", name, "--cn", f"{name}.test")

    def setUp(self):
        for row in self.signet("setting", "list")["rows"]:
            if row["name"].endswith("certificate") and row["of"].startswith("listener "):
                self.signet("setting", "reset", row["name"], "--listener", row["of"][9:])
        for name in ("relay.certificate", "pki.commit"):
            self.signet("setting", "reset", name)

    def subject(self, listener="imaps", name="alpha.test"):
        return field("subject", self.shown(name, listener)[0])

    def at(self, address):
        """Whom the one that listens there shows."""
        done = subprocess.run(["openssl", "s_client", "-connect", address, "-servername", "alpha.test"], input=b"",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return field("subject", pki.certificates(done.stdout.decode(errors="replace"))[0])


class Listeners(Assigned):
    def test_E_024_by_every_kind_of_user(self):
        """E-002: self-signed or imported; LDAP and outgoing have tests of their own."""
        for listener in ("smtp", "imaps", "pop3", "xmpp-client", "https", "submission", "submissions"):
            with self.subTest(listener):
                self.signet("listener", "certificate", listener, "one")
                self.assertEqual(self.subject(listener), "CN = one.test")
                self.signet("listener", "certificate", listener, "beta.test")
                self.assertEqual(self.subject(listener), "CN = beta.test")
                self.signet("listener", "certificate", listener, "none")
                self.assertEqual(self.subject(listener), "CN = alpha.test")

    def test_E_025_two_listeners_two_profiles(self):
        self.signet("listener", "certificate", "imaps", "one")
        self.signet("listener", "certificate", "pop3s", "two")
        for name in ("alpha.test", "beta.test", "unknown.test"):
            self.assertEqual(self.subject("imaps", name), "CN = one.test")
            self.assertEqual(self.subject("pop3s", name), "CN = two.test")
        self.assertEqual(self.subject("https"), "CN = alpha.test")

    def test_E_025_a_connection_goes_on_and_the_next_one_sees_it(self):
        with self.server.connect("imap") as s:
            s.recv(4096)
            self.signet("listener", "certificate", "imaps", "one")
            self.assertEqual(self.subject(), "CN = one.test")
            before = self.signet("profile", "show", "one")["serial"]
            after = self.signet("profile", "self-signed", "one")["serial"]
            self.assertNotEqual(before, after)
            self.assertEqual(int(field("serial", self.shown()[0]), 16), int(after, 16))
            s.sendall(b"a NOOP\r\n")
            self.assertIn(b"OK", s.recv(4096))

    def test_E_025_what_is_said_is_checked(self):
        self.assertIn("neither a profile nor a domain", self.refused("listener", "certificate", "imaps", "three"))
        self.assertIn("no listener 'imapz'", self.refused("listener", "certificate", "imapz", "one"))
        self.assertIn("no listener 'control'", self.refused("listener", "certificate", "control", "one"))
        self.assertIn("no address", self.refused("listener", "certificate", "imaps", "one", "--address", "here"))

    def test_E_025_one_that_is_gone_is_not_missed(self):
        """Its domain was removed: the domain's own is better than none, and the log says so."""
        before = len(self.server.log())
        self.signet("domain", "add", "nobody.test")
        self.signet("setting", "set", "listener.certificate", "nobody.test", "--listener", "imaps")
        self.signet("domain", "remove", "nobody.test")
        self.assertEqual(self.subject(), "CN = alpha.test")
        self.assertIn("neither a profile", self.said_once(before, "certificate-unusable"))

    def test_E_025_a_domain_without_tls_has_none(self):
        self.signet("listener", "certificate", "imaps", "one")
        for domain in ("alpha.test", "beta.test"):
            self.addCleanup(self.pki, "mode", "enabled", domain=domain)
        self.pki("mode", "disabled", domain="beta.test")
        self.assertEqual(self.shown("beta.test"), [])
        self.assertEqual(self.subject(), "CN = one.test")
        self.pki("mode", "disabled")
        self.signet("listener", "certificate", "smtp", "two")
        self.assertIn("STARTTLS", self.talk("smtp", b"EHLO x\r\nQUIT\r\n", b"\r\n221"))
        self.assertEqual(self.subject("smtp", "unknown.test"), "CN = two.test")

    def test_E_025_tickets_stay_with_their_certificate(self):
        session = str(self.folder / "session")
        self.s_client("-sess_out", session, "-tls1_2")
        self.assertIn("Reused", self.s_client("-sess_in", session, "-tls1_2"))
        self.signet("listener", "certificate", "imaps", "one")
        self.assertIn("New", self.s_client("-sess_in", session, "-tls1_2"))
        self.assertNotIn("Reused", self.s_client("-sess_in", session, "-tls1_2"))

    def test_E_027_one_for_each_interface(self):
        self.signet("setting", "set", "listener.address", "127.0.0.1:0 127.0.0.2:0 127.0.0.2:0", "--listener", "https")
        self.server.stop()
        self.server.start()
        first, second, third = [row["address"] for row in self.signet("listener", "list")["rows"] if row["name"] == "https"]
        self.signet("listener", "certificate", "https", "one", "--address", "127.0.0.1")
        self.signet("listener", "certificate", "https", "two", "--address", "127.0.0.2")
        self.assertEqual((self.at(first), self.at(second), self.at(third)),
                         ("CN = one.test", "CN = two.test", "CN = two.test"))
        self.signet("listener", "certificate", "https", "beta.test", "--address", third)
        self.assertEqual((self.at(first), self.at(second), self.at(third)),
                         ("CN = one.test", "CN = two.test", "CN = beta.test"))
        self.assertIn("https@127.0.0.2", self.refused("profile", "remove", "two"))
        self.signet("setting", "reset", "listener.address", "--listener", "https")
        self.server.stop()
        self.server.start()

    def test_removed_only_when_unused(self):
        self.signet("profile", "add", "three", "--cn", "three.test")
        self.signet("listener", "certificate", "imaps", "three")
        self.signet("profile", "assign", "three", "relay.certificate", "--destination", "partner.test")
        why = self.refused("profile", "remove", "three")
        self.assertIn("listener.certificate of listener imaps", why)
        self.assertIn("relay.certificate of destination partner.test", why)
        self.signet("listener", "certificate", "imaps", "one")
        self.signet("profile", "assign", "default", "relay.certificate", "--destination", "partner.test")
        self.signet("profile", "remove", "three")
        self.assertIn("no profile 'three'", self.refused("profile", "show", "three"))


class Outgoing(Assigned):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add("ann@alpha.test")
        key, cert = cls.folder / "asking.key", cls.folder / "asking.pem"
        key.write_text(pki.key())
        openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=asking.test", "-days", "3", "-out", cert)
        cls.asking = cls.enterClassContext(asking.Asking(cls.folder, key, cert))
        cls.server.signet("setting", "set", "relay.route", cls.asking.address)
        cls.server.signet("setting", "set", "relay.retry", "1s")

    def assert_asked(self, want):
        """What s_server is shown; the message is tried again and again, and one from before may still be."""
        with self.server.submission("ann@alpha.test") as smtp:
            smtp.sendmail("ann@alpha.test", ["x@partner.test"], "Subject: hi\r\n\r\nhi\r\n")
        for _ in range(4):
            found = re.search(r"depth=0 (.*)", self.asking.wait())
            if (found.group(1) if found else None) == want:
                break
        for row in self.signet("queue", "list")["rows"]:
            self.signet("queue", "delete", str(row["mid"]) if "mid" in row else str(row["id"]))
        self.assertEqual(found.group(1) if found else None, want)

    def test_E_026_shown_to_who_asks(self):
        self.assert_asked("CN = alpha.test")
        self.signet("profile", "assign", "one", "relay.certificate")
        self.assert_asked("CN = one.test")
        self.signet("profile", "assign", "two", "relay.certificate", "--destination", "partner.test")
        self.assert_asked("CN = two.test")
        self.signet("profile", "assign", "none", "relay.certificate", "--destination", "partner.test")
        self.assert_asked(None)
        self.signet("profile", "assign", "default", "relay.certificate", "--destination", "partner.test")
        self.signet("profile", "assign", "beta.test", "relay.certificate")
        self.assert_asked("CN = beta.test")
        self.pki("self-signed", "--cn", "again.beta.test", domain="beta.test")
        self.assert_asked("CN = again.beta.test")
        self.assertIn("relay.certificate", self.refused("profile", "assign", "one", "nothing"))


class Lookups(Assigned):
    """E-029: what is fetched by https, here the state of a certificate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.names = cls.enterClassContext(Names({"responder.test": {"A": ["127.0.0.1"]}}))
        for name, value in (("dns.servers", cls.names.address), ("fetch.private", "on")):
            cls.server.signet("setting", "set", name, value)
        cls.server.signet("trust", "add", stdin=cls.root.pem())
        key = cls.folder / "responder.key"
        key.write_text(pki.key())
        request = openssl("req", "-new", "-key", key, "-subj", "/CN=responder.test")
        cls.cert = cls.folder / "responder.pem"
        cls.cert.write_text(cls.root.sign(request, "subjectAltName=DNS:responder.test"))
        cls.asking = cls.enterClassContext(asking.Asking(cls.folder, key, cls.cert))
        request = cls.server.signet("pki", "csr", "alpha.test")["pem"]
        leaf = cls.root.sign(request, "subjectAltName=DNS:alpha.test\n"
                             f"authorityInfoAccess=OCSP;URI:https://responder.test:{cls.asking.tls_port}/")
        cls.server.signet("pki", "cert-set", "alpha.test", stdin=leaf + cls.root.pem())

    def asked(self):
        """The responder gives no answer that is any good; it is enough that it saw us. Who came by itself
        before, for an earlier setting, is forgotten."""
        self.asking.restart()
        with subprocess.Popen([self.server.bin / "signet", "-d", self.server.data, "pki", "ocsp-refresh", "alpha.test"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking_now:
            said = self.asking.wait()
            self.asking.restart()
            asking_now.wait(60)
        found = re.search(r"depth=0 (.*)", said)
        return found.group(1) if found else None

    def test_E_029_shown_to_who_asks(self):
        self.assertEqual(self.asked(), None)
        self.signet("profile", "assign", "one", "fetch.certificate")
        self.assertIn("fetch.certificate", self.refused("profile", "remove", "one"))
        self.assertEqual(self.asked(), "CN = one.test")
        self.signet("profile", "assign", "two", "fetch.certificate")
        self.assertEqual(self.asked(), "CN = two.test")
        self.signet("profile", "assign", "default", "fetch.certificate")
        self.assertEqual(self.asked(), None)


class Named(Assigned):
    def test_E_025_what_is_not_there(self):
        """A setting that names a certificate is refused where there is none, and says where to look."""
        for words in (("listener.certificate", "nobody", "--listener", "imaps"), ("relay.certificate", "gone.test"),
                      ("ldap.certificate", "nobody", "--domain", "alpha.test"), ("listener.certificate", "none", "--listener", "imaps")):
            said = self.refused("setting", "set", *words)
            self.assertIn("neither a profile nor a domain", said)
            self.assertIn("signet profile list", said)
        self.signet("setting", "set", "listener.certificate", "beta.test", "--listener", "imaps")
        self.assertEqual(self.subject(), "CN = beta.test")
        self.signet("setting", "set", "relay.certificate", "none")
        self.signet("setting", "set", "relay.certificate", "one")

    def test_E_006_pages_of_a_list(self):
        for n in range(3):
            self.signet("domain", "add", f"page{n}.test")
        every = self.signet("pki", "list")
        names = [row["domain"] for row in every["rows"]]
        self.assertEqual((every["total"], names), (len(names), sorted(self.server.domains())))
        some, after = [], ()
        while rows := self.signet("pki", "list", "--limit", "2", *after)["rows"]:
            some += [row["domain"] for row in rows]
            after = ("--after", some[-1])
        self.assertEqual(some, names)
        found = self.signet("pki", "list", "--search", "PAGE")
        self.assertEqual((found["total"], len(found["rows"])), (3, 3))
        self.assertIn("limit", self.refused("pki", "list", "--limit", "0"))


class Commit(Assigned):
    def setUp(self):
        super().setUp()
        self.signet("setting", "set", "pki.commit", "on")
        self.addCleanup(self.signet, "pki", "discard")

    def test_E_030_inactive_until_committed(self):
        serial = field("serial", self.profile_pem("one"))
        self.signet("profile", "self-signed", "one")
        said = self.signet("listener", "certificate", "imaps", "one")
        self.assertIn("commit", said["message"])
        self.assertEqual(self.subject(), "CN = alpha.test")
        rows = {row["what"]: row["change"] for row in self.signet("pki", "pending")["rows"]}
        self.assertEqual(rows, {"profile one": "changed", "listener.certificate imaps": "one"})
        self.assertEqual(self.signet("pki", "commit", "--comment", "for the auditor, ticket 4711")["changes"], 2)
        self.assertEqual(self.subject(), "CN = one.test")
        self.assertNotEqual(field("serial", self.shown()[0]), serial)
        self.assertEqual(self.signet("pki", "pending")["rows"], [])
        trail = str(self.signet("audit", "list")["rows"])
        self.assertIn("for the auditor, ticket 4711", trail)

    def profile_pem(self, name):
        return self.signet("profile", "certificate", name)["chain"]

    def test_E_030_what_is_served_stays_while_a_change_waits(self):
        self.signet("setting", "reset", "pki.commit")
        self.signet("listener", "certificate", "imaps", "two")
        self.signet("setting", "set", "pki.commit", "on")
        before = self.shown()
        self.signet("profile", "key-generate", "two", "--replace")
        self.signet("profile", "self-signed", "two", "--cn", "new.test")
        self.assertEqual(self.shown(), before)
        self.assertTrue(self.signet("profile", "show", "two")["pending"])
        self.server.stop()
        self.server.start()
        self.assertEqual(self.shown(), before)
        self.signet("setting", "reset", "pki.commit")
        self.signet("profile", "refresh", "two")
        self.assertEqual(self.shown(), before)
        self.signet("pki", "commit")
        self.assertEqual(self.subject(), "CN = new.test")
        self.signet("profile", "self-signed", "two", "--cn", "two.test")

    def test_E_030_discard(self):
        before = self.signet("profile", "list")
        self.signet("profile", "add", "never", "--cn", "never.test")
        self.signet("profile", "self-signed", "one", "--cn", "elsewhere.test")
        self.signet("profile", "assign", "never", "relay.certificate")
        self.assertIn("relay.certificate", self.refused("profile", "remove", "never"))
        self.assertEqual(self.signet("pki", "discard")["changes"], 3)
        self.assertEqual(self.signet("profile", "list"), before)
        self.signet("profile", "remove", "two")
        self.signet("pki", "discard")
        self.assertEqual(self.signet("profile", "list"), before)

    def test_E_030_all_or_nothing(self):
        """Whenever SIGKILL comes, all that waited is in force, or nothing of it."""
        rng = random.Random(30)
        for turn in range(6):
            name = f"turn{turn}"
            self.signet("profile", "add", name, "--cn", f"{name}.test")
            for listener in ("imaps", "pop3s", "https"):
                self.signet("listener", "certificate", listener, name)
            order = threading.Thread(target=self.server.run_signet, args=("pki", "commit"))
            order.start()
            time.sleep(rng.uniform(0.002, 0.02))
            self.server.kill()
            order.join()
            self.server.start()
            waits = len(self.signet("pki", "pending")["rows"])
            self.assertIn(waits, (0, 4))
            for listener in ("imaps", "pop3s", "https"):
                self.assertEqual(self.subject(listener=listener) == f"CN = {name}.test", waits == 0)
            self.signet("pki", "commit")
        for listener in ("imaps", "pop3s", "https"):
            self.signet("listener", "certificate", listener, "none")
        self.signet("pki", "commit")

    def test_E_030_removed_when_committed(self):
        self.signet("profile", "add", "four", "--cn", "four.test")
        self.signet("listener", "certificate", "imaps", "four")
        self.signet("pki", "commit")
        self.assertEqual(self.subject(), "CN = four.test")
        self.assertIn("in use", self.refused("profile", "remove", "four"))
        self.signet("listener", "certificate", "imaps", "none")
        self.signet("profile", "remove", "four")
        self.assertIn("to be removed", self.refused("listener", "certificate", "pop3s", "four"))
        self.assertEqual(self.subject(), "CN = four.test")
        self.signet("pki", "commit")
        self.assertEqual(self.subject(), "CN = alpha.test")
        self.assertNotIn("four", str(self.signet("profile", "list")))
