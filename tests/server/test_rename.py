"""test_rename - a domain gets another name: its certificate stays, and all that it has comes along"""
import imaplib
import json
import random
import re
import smtplib
import threading
import time
import urllib.request

import pki
from server import PASSWORD, anyone

SECRET = "ann's own secret"


class Renaming(pki.Case):
    """alpha.test is the main domain, and stays it; every test makes a domain of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.middle = pki.Authority(cls.folder, "Middle", cls.root)
        cls.server.signet("setting", "set", "auth.failure-delay-max", "10ms")

    def domain(self, name, *users):
        """A domain with users, and a certificate of an authority's for it and mail.NAME."""
        self.signet("domain", "add", name)
        for user in users:
            self.signet("account", "add", f"{user}@{name}", stdin=PASSWORD)
        request = self.pki("csr", domain=name)["pem"]
        self.pki("cert-set", domain=name,
                 stdin=self.middle.sign(request, f"subjectAltName=DNS:{name},DNS:mail.{name}"))
        self.pki("chain-set", domain=name, stdin=self.middle.pem())

    def imap(self, user, password=PASSWORD):
        imap = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=anyone(), timeout=60)
        imap.login(user, password)
        return imap

    def mail_of(self, user, mailbox="INBOX"):
        imap = self.imap(user)
        try:
            imap.select(mailbox)
            count = int(imap.select(mailbox)[1][0])
            return [imap.fetch(str(n), "(BODY[HEADER.FIELDS (SUBJECT)])")[1][0][1].decode().split(": ")[1].strip()
                    for n in range(1, count + 1)]
        finally:
            imap.logout()

    def send(self, to, subject):
        self.server.send(to, f"From: x@elsewhere.test\r\nSubject: {subject}\r\n\r\nHello\r\n")

    def settled(self, until, what):
        """Wait for a state."""
        end = time.monotonic() + 60
        while not until():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    # -- C-044

    def test_C_044_renaming(self):
        """The same certificate is shown, to the new name and to those in it, until its owner makes another."""
        self.domain("old.test", "ann")
        self.send("ann@old.test", "before")
        shown = self.shown("old.test")
        self.assertEqual(len(shown), 2)
        answer = self.signet("domain", "rename", "old.test", "new.test")
        self.assertIn("not for the name new.test", answer["message"])
        self.assertIn("not for the name new.test", self.pki("show", domain="new.test")["message"])
        self.assert_shown(shown, "new.test")
        for name in ("old.test", "mail.old.test"):  # XMPP serves hosted names alone
            for listener in ("imaps", "smtp", "https"):
                self.assertEqual(self.shown(name, listener), shown, (name, listener))
        self.assertIn("62", self.s_client("-CAfile", self.root.cert, "-verify_hostname", "new.test", name="new.test"))
        self.assertEqual(self.mail_of("ann@new.test"), ["before"])
        self.send("ann@new.test", "after")
        self.assertEqual(self.mail_of("ann@new.test"), ["before", "after"])
        # the old name is nobody's
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send("ann@old.test", "lost")
        with self.assertRaises(imaplib.IMAP4.error):
            self.imap("ann@old.test")
        self.assertNotIn("old.test", self.server.domains())
        # its key still signs, also after a restart
        self.server.stop()
        self.server.start()
        self.assert_shown(shown, "new.test")
        public = pki.openssl("x509", "-noout", "-pubkey", stdin=shown[0])
        self.assertEqual(pki.openssl("req", "-noout", "-pubkey", stdin=self.pki("csr", domain="new.test")["pem"]), public)
        self.pki("self-signed", domain="new.test")
        said = self.s_client("-CAfile", self.server.certificate("new.test"), "-verify_hostname", "new.test", name="new.test")
        self.assertIn("Verify return code: 0", said)
        self.assertNotIn("message", self.pki("show", domain="new.test"))

    def test_C_044_the_old_name_stays_an_alias(self):
        self.domain("first.test", "ann")
        self.signet("domain-alias", "add", "also.test", "first.test")
        shown = self.shown("first.test")
        self.signet("domain", "rename", "first.test", "second.test", "--keep-alias")
        self.assertEqual(sorted(self.signet("domain", "show", "second.test")["aliases"].split()), ["also.test", "first.test"])
        for name in ("first.test", "second.test", "also.test"):
            self.send(f"ann@{name}", name)
            self.assert_shown(shown, name)
        self.assertEqual(self.mail_of("ann@first.test"), ["first.test", "second.test", "also.test"])
        # back to a name that is an alias of it, and on to another alias
        self.signet("domain", "rename", "second.test", "first.test")
        self.assertEqual(self.signet("domain", "show", "first.test")["aliases"], "also.test")
        self.signet("domain", "rename", "first.test", "also.test", "--keep-alias")
        self.assertEqual(self.signet("domain", "show", "also.test")["aliases"], "first.test")
        self.assertEqual(len(self.mail_of("ann@also.test")), 3)

    def test_C_044_what_cannot_be(self):
        self.domain("stays.test")
        self.signet("domain-alias", "add", "alias.test", "beta.test")
        self.addCleanup(self.signet, "domain-alias", "remove", "alias.test")
        for words, why in ((("stays.test", "beta.test"), "there already"), (("nobody.test", "x.test"), "no domain"),
                           (("stays.test", "stays.test"), "already"), (("stays.test", "alias.test"), "alias of beta.test"),
                           (("alias.test", "x.test"), "alias of beta.test"), (("stays.test", "a..b"), "domain")):
            self.assertIn(why, self.refused("domain", "rename", *words))
        self.assertIn("stays.test", self.server.domains())

    def test_C_044_the_main_domain(self):
        self.signet("domain", "address", "alpha.test", "127.0.0.1")
        self.addCleanup(self.signet, "domain", "address", "alpha.test")
        self.signet("domain", "rename", "alpha.test", "omega.test")
        try:
            row = self.signet("domain", "show", "omega.test")
            self.assertEqual((row["main"], row["addresses"]), (True, "127.0.0.1"))
            self.assertEqual(self.shown("unknown.test"), pki.certificates(self.pki("show", domain="omega.test")["chain"]))
        finally:
            self.signet("domain", "rename", "omega.test", "alpha.test")

    def test_C_044_all_that_a_domain_has(self):
        a, b = "before.test", "behind.test"
        self.domain(a, "ann", "bob", "boss")
        self.signet("account", "add", "cy@beta.test", stdin=PASSWORD)
        pem = pki.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=ann",
                          "-addext", "subjectAltName=email:ann@" + a)
        trusted = self.signet("trust", "add", "--domain", a, stdin=self.root.pem())
        fingerprint = self.signet("trust", "list", "--domain", a)["rows"][0]["sha256"]
        self.assertTrue(trusted["ok"])
        for words, stdin in (
                (("alias", "add", f"sales@{a}", f"ann@{a}", "far@away.test"), ""),
                (("alias", "add", "all@beta.test", f"bob@{a}"), ""),
                (("domain", "catch-all", a, f"bob@{a}"), ""),
                (("domain", "catch-all", "beta.test", f"ann@{a}"), ""),
                (("account", "quota", f"ann@{a}", "10M"), ""),
                (("account", "role", f"boss@{a}", "domain-admin"), ""),
                (("setting", "set", "directory.separator", "=", "--domain", a), ""),
                (("setting", "set", "directory.postmaster", f"ann@{a}"), ""),
                (("setting", "set", "ca.url", f"http://{a}", "--domain", a), ""),
                (("listener", "certificate", "pop3s", a), ""),
                (("client-ca", "set", a, fingerprint, "--map", "fingerprint"), ""),
                (("account", "cert-add", f"ann@{a}"), pem),
                (("ca", "create", a), ""),
                (("smime", "issue", f"ann@{a}"), SECRET),
                (("rule", "set", "main", "--domain", a, "--activate"), 'require "fileinto"; if header :is "Subject" "to junk" { fileinto "Junk"; }'),
                (("rule", "set", "own", "--account", f"bob@{a}", "--activate"), 'if header :contains "Subject" ["no", "Certificates"] { discard; }'),
                (("dkim", "add", a, "--selector", "s1", "--type", "ed25519"), ""),
                (("dkim", "activate", a, "s1", "--unpublished"), ""),
                (("group", "add", f"staff@{a}", f"ann@{a}", f"bob@{a}", "far@away.test"), ""),
                (("group", "add", "both@beta.test", f"ann@{a}"), ""),
                (("mailbox", "grant", "cy@beta.test", "INBOX", f"ann@{a}", "insert"), ""),
                (("mailbox", "grant", "cy@beta.test", "INBOX", f"@{a}", "insert"), ""),
                (("ldap", "set", "beta.test", "--url", "ldaps://127.0.0.1:9", "--base", "dc=test"), "")):
            self.signet(*words, stdin=stdin)
        self.addCleanup(self.signet, "listener", "certificate", "pop3s", "default")
        self.addCleanup(self.signet, "setting", "reset", "directory.postmaster")
        self.addCleanup(self.signet, "ldap", "remove", "beta.test")
        self.signet("setting", "set", "relay.deliver", "off")
        self.addCleanup(self.signet, "setting", "reset", "relay.deliver")
        token = self.signet("token", "add", "of-the-domain", "--domain", a)["token"]
        issued = self.signet("ca", "list", a)["rows"]
        identity = self.signet("smime", "show", f"ann@{a}")
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"], timeout=60) as smtp:
            smtp.starttls(context=anyone())
            smtp.login(f"ann@{a}", PASSWORD)
            smtp.sendmail(f"ann@{a}", ["x@far.test"], "Subject: waits\r\n\r\nHello\r\n")
        self.settled(lambda: self.signet("queue", "list")["rows"], "mail waits")
        kept = self.imap(f"ann@{a}")
        key = self.pki("show", domain=a)

        self.signet("domain", "rename", a, b)

        def same(noun, verb, *words):
            return self.signet(noun, verb, *words)

        with self.assertRaises((imaplib.IMAP4.error, OSError)):
            for _ in range(100):
                kept.noop()
                time.sleep(0.05)
        self.assertEqual(sorted(row["address"] for row in same("account", "list", b)["rows"]), [f"{user}@{b}" for user in ("ann", "bob", "boss")])
        self.assertEqual(same("account", "show", f"ann@{b}")["quota"], 10 << 20)
        self.assertEqual(same("account", "show", f"boss@{b}")["role"], "domain-admin")
        self.assertEqual({row["name"]: row["target"] for row in same("alias", "list", b)["rows"]}, {f"sales@{b}": f"ann@{b} far@away.test"})
        self.assertEqual(same("alias", "list", "beta.test")["rows"][0]["target"], f"bob@{b}")
        self.assertEqual(same("domain", "show", b)["catch-all"], f"bob@{b}")
        self.assertEqual(same("domain", "show", "beta.test")["catch-all"], f"ann@{b}")
        self.assertEqual(same("setting", "get", "directory.separator", "--domain", b)["value"], "=")
        self.assertEqual(same("setting", "get", "directory.postmaster")["value"], f"ann@{b}")
        self.assertEqual(same("setting", "get", "ca.url", "--domain", b)["value"], f"http://{a}")
        self.assertEqual(self.shown("unknown.test", "pop3s")[0], pki.certificates(key["chain"])[0])
        asked = same("client-ca", "show", b)
        self.assertIn(fingerprint, json.dumps(asked))
        self.assertEqual(len(same("account", "cert-list", f"ann@{b}")["rows"]), 1)
        self.assertEqual(same("ca", "list", b)["rows"], [{**row, "names": f"ann@{b}"} for row in issued])
        self.assertIn("BEGIN X509 CRL", json.dumps(same("ca", "crl", b)))
        self.assertEqual(same("smime", "show", f"ann@{b}")["rows"], identity["rows"])
        self.signet("smime", "issue", f"bob@{b}", stdin=SECRET)
        self.assertEqual({row["who"] for row in same("mailbox", "grants", "cy@beta.test")["rows"]}, {f"ann@{b}", f"@{b}"})
        self.send(f"ann@{b}", "to junk")
        self.send(f"bob@{b}", "no")
        self.send(f"nobody@{b}", "caught")
        self.assertEqual(self.mail_of(f"ann@{b}", "Junk"), ["to junk"])
        self.assertIn("caught", self.mail_of(f"bob@{b}"))
        self.assertEqual([(row["selector"], row["state"]) for row in same("dkim", "list", b)["rows"]], [("s1", "active")])
        self.send(f"staff@{b}", "to all")
        self.send("both@beta.test", "to both")
        self.settled(lambda: {"to all", "to both"} <= set(self.mail_of(f"ann@{b}")), "mail to groups")
        # mail that waits, the trail, tokens
        self.assertIn(f"ann@{b}", [row["from"] for row in same("queue", "list")["rows"]])
        self.assertNotIn(a, str([row["from"] for row in same("queue", "list")["rows"]]))
        ops = [row["operation"] for row in same("audit", "list", "--domain", b)["rows"]]
        self.assertIn("domain rename", ops)
        self.assertIn("ca create", ops)
        request = urllib.request.Request(f"https://127.0.0.1:{self.server.ports['https']}/api/v1/account/list?domain={b}",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, context=anyone(), timeout=60) as answer:
            self.assertEqual(len(json.load(answer)["rows"]), 3)
        owners = [row["of"] for row in same("pki", "expiry")["rows"]]
        self.assertTrue(b in owners and a not in owners and f"ann@{a}" not in owners, owners)
        for row in same("queue", "list")["rows"]:
            self.signet("queue", "delete", str(row["id"]))

    def test_C_044_on_the_page_of_ones_own_domain(self):
        """It is asked once more; then the domain has the new name, and whoever pressed is still logged in."""
        self.domain("mine.test", "root")
        self.signet("account", "role", "root@mine.test", "server-admin")
        jar, url = self.folder / "jar", f"https://127.0.0.1:{self.server.ports['https']}"

        def page(path, **fields):
            words = ["curl", "-sk", "-b", jar, "-c", jar, "-H", f"Origin: {url}"]
            for name, value in fields.items():
                words += ["--data-urlencode", f"{name.replace('_', '-')}={value}"]
            return pki.tool(*words, url + path).decode()

        def token(path):
            return re.search(r'name="csrf" value="([^"]*)"', page(path))[1]

        page("/login", csrf=token("/login"), do="login", name="root@mine.test", password=PASSWORD)
        path = "/admin/domain/mine.test"
        form = {"csrf": token(path), "do": "rename", "to": "ours.test", "keep_alias": "on"}
        self.assertIn("Rename mine.test to ours.test?", page(path, **form))
        self.assertIn("mine.test", self.server.domains())
        page(path, **form, sure="1")
        self.assertEqual(self.signet("domain", "show", "ours.test")["aliases"], "mine.test")
        self.assertIn("is called ours.test now", page("/admin/domain/ours.test"))

    # -- killed in the middle

    def test_C_044_killed_in_the_middle(self):
        """Whenever SIGKILL comes, it has the one name or the other, with everything, after the next start."""
        rng = random.Random(44)
        self.domain("even.test", *(f"u{n}" for n in range(4)))
        self.signet("setting", "set", "directory.separator", "=", "--domain", "even.test")
        self.signet("mailbox", "grant", "u0@even.test", "INBOX", "u1@even.test", "insert")
        self.send("u3@even.test", "kept")
        shown = self.shown("even.test")
        names, seen = ["odd.test", "even.test"], set()
        began = time.monotonic()
        self.signet("domain", "rename", "even.test", "odd.test")
        whole = time.monotonic() - began
        for _ in range(12):
            before, after = names
            order = threading.Thread(target=self.server.run_signet, args=("domain", "rename", before, after))
            order.start()
            time.sleep(rng.uniform(0.1, 1.3) * whole)
            self.server.kill()
            order.join()
            self.server.start()
            there = [name for name in self.server.domains() if name in names]
            self.assertEqual(len(there), 1, there)
            now, gone = there[0], names[0] if there[0] == names[1] else names[1]
            seen.add(now != before)
            self.assertEqual(len(self.signet("account", "list", now)["rows"]), 4)
            self.assertEqual(self.signet("setting", "get", "directory.separator", "--domain", now)["value"], "=")
            self.assertEqual(self.signet("mailbox", "grants", f"u0@{now}")["rows"][0]["who"], f"u1@{now}")
            self.assertEqual(self.shown(now), shown)
            self.assertEqual(self.mail_of(f"u3@{now}"), ["kept"])
            self.assertNotIn(f"u3@{gone}", json.dumps(self.signet("account", "list")))
            names = [now, gone]
        self.assertIn(True, seen)
