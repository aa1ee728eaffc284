"""test_rows_c9 - client certificates, row by row of C9: asked for, judged, and good for a login"""
import asyncio
import base64
import imaplib
import re
import shutil
import subprocess
import time
import unittest

import pki
from pki import openssl
from server import PASSWORD

try:
    import slixmpp
except ImportError:
    slixmpp = None

OLD, NEW = "-tls1_2", "-tls1_3"
UPN = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:"
XMPP, MAILBOX = "otherName:1.3.6.1.5.5.7.8.5;UTF8:", "otherName:1.3.6.1.5.5.7.8.9;UTF8:"


class Clients(pki.Case):
    """alpha.test asks its clients; beta.test has an authority of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.add("ann@alpha.test", "bob@alpha.test", "eve@alpha.test", "cy@beta.test")
        cls.server.signet("account", "role", "bob@alpha.test", "domain-admin")
        cls.server.signet("setting", "set", "auth.failure-delay-max", "10ms")
        cls.people, cls.staff = cls.authority("People"), cls.authority("Staff")
        cls.stranger, cls.beta = cls.authority("Stranger"), cls.authority("Beta")
        for domain, authorities in (("alpha.test", (cls.people, cls.staff)), ("beta.test", (cls.beta,))):
            for authority in authorities:
                cls.server.signet("trust", "add", "--domain", domain, stdin=authority.pem())
        cls.server.signet("trust", "add", stdin=cls.stranger.pem())  # trusted by the server, not by the domain
        cls.ann = cls.user(cls.people, "ann", "ann@alpha.test")
        cls.wrong = {"expired": cls.user(cls.people, "expired", "ann@alpha.test", days=-1),
                     "of a stranger": cls.user(cls.stranger, "forged", "ann@alpha.test"),
                     "of the authority of another domain": cls.user(cls.beta, "other", "ann@alpha.test"),
                     "for servers": cls.user(cls.people, "serverish", "ann@alpha.test", use="serverAuth"),
                     "revoked": cls.user(cls.people, "revoked", "ann@alpha.test")}
        cls.server.signet("trust", "crl-add", "--domain", "alpha.test", stdin=cls.revoke(cls.wrong["revoked"]))

    @classmethod
    def authority(cls, name):
        return pki.Authority(cls.folder, name)

    @classmethod
    def user(cls, authority, name, *addresses, days=20, use="clientAuth", subject=None, names=None):
        """A file with key and certificate of somebody."""
        key, path = cls.folder / f"{name}.key", cls.folder / f"{name}.user"
        key.write_text(pki.key())
        request = openssl("req", "-new", "-key", key, "-subj", subject or f"/CN={name}")
        names = names or ",".join(f"email:{address}" for address in addresses)
        more = f"subjectAltName={names}\n" if names else ""
        path.write_text(key.read_text() + authority.sign(request, f"{more}extendedKeyUsage={use}", days))
        return path

    @classmethod
    def revoke(cls, *users):
        """The list of those that People revoked, PEM."""
        config, index = cls.folder / "crl.cnf", cls.folder / "index"
        index.write_text("")
        config.write_text(f"[ca]\ndefault_ca=x\n[x]\ndatabase={index}\ndefault_md=sha256\ndefault_crl_days=5\n")
        words = ("ca", "-config", config, "-cert", cls.people.cert, "-keyfile", cls.people.key)
        for user in users:
            openssl(*words, "-revoke", user)
        openssl(*words, "-gencrl", "-out", cls.folder / "crl.pem")
        return (cls.folder / "crl.pem").read_text()

    def setUp(self):
        self.ask("People")

    def choices(self):
        rows = self.signet("client-ca", "show", "alpha.test")["rows"]
        return {row["issued-to"].removeprefix("O=Test, CN="): row["sha256"] for row in rows}

    def ask(self, *names, required=False, map="email", strict="off"):
        """Have alpha.test ask for certificates of those issuers."""
        known = self.choices()
        issuers = " ".join(known[name] for name in names) or "none"
        self.signet("setting", "set", "tls.abort-on-wrong-client-certificate", strict, "--domain", "alpha.test")
        return self.signet("client-ca", "set", "alpha.test", issuers, "--map", map, *(["--required"] if required else []))

    def shakes(self, user, version=NEW, listener="imaps"):
        """Does TLS come up with that certificate, and stay? Under 1.3 a client hears of it with the first bytes."""
        shown = ("-cert", user, "-key", user) if user else ()
        said = self.s_client(version, "-quiet", "-ign_eof", *shown, listener=listener, stdin="a LOGOUT\r\n")
        return "a OK" in said

    def gnutls(self, user):
        shown = ("--x509certfile", user, "--x509keyfile", user) if user else ()
        done = subprocess.run(["gnutls-cli", "--no-ca-verification", "--sni-hostname=alpha.test", "-p",
                               str(self.server.ports["imaps"]), *map(str, shown), "127.0.0.1"],
                              input=b"a LOGOUT\r\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return b"a OK" in done.stdout

    def curl(self, url, user, *more, name="alpha.test"):
        """What curl says of URL, with {PORT} of the listener that its scheme stands for; and its status."""
        scheme, rest = url.split("://", 1)
        port = self.server.ports[{"smtps": "submissions"}.get(scheme, scheme)]
        shown = ("--cert", user, "--key", user) if user else ()
        words = ["curl", "-sS", "-v", "--cacert", self.server.certificate(name), "--resolve", f"{name}:{port}:127.0.0.1",
                 *map(str, shown), *map(str, more), f"{scheme}://{name}:{port}/{rest}"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=60, check=False)
        return done.stdout.decode(errors="replace")

    def external(self, user, asked=""):
        """IMAP's answer to EXTERNAL with that certificate."""
        said = base64.b64encode(asked.encode()).decode() or "="
        return self.s_client(NEW, "-quiet", "-ign_eof", "-cert", user, "-key", user,
                             stdin=f"a CAPABILITY\r\nb AUTHENTICATE EXTERNAL {said}\r\nc LOGOUT\r\n")

    # -- the panel

    def test_C_092_panel_keeps_what_was_chosen(self):
        """C-092: by the command, the API, and the domain's page"""
        staff = self.choices()["Staff"]
        self.ask("Staff", required=True, map="uid")
        shown = self.signet("client-ca", "show", "alpha.test")
        self.assertEqual((shown["asked"], shown["required"], shown["map"]), (True, True, "uid"))
        self.assertEqual([row["sha256"] for row in shown["rows"] if row["chosen"]], [staff])
        self.ask("Staff")
        jar = self.folder / "jar"
        page = self.browse("login", jar)
        self.browse("login", jar, "--data-urlencode", "name=bob@alpha.test", "--data-urlencode", f"password={PASSWORD}",
                    "-d", f"do=login&csrf={self.csrf(page)}")
        page = self.browse("admin/domain/alpha.test/security/clients", jar)
        self.assertIn("Issued By", page)
        self.assertIn("Required", page)
        self.assertRegex(page, rf'value="{staff}"[^>]*(selected|checked)')
        self.browse("admin/domain/alpha.test/security/clients", jar, "-d", f"do=set&csrf={self.csrf(page)}")
        self.assertFalse(self.signet("client-ca", "show", "alpha.test")["asked"])

    def browse(self, path, jar, *more, user=None):
        return self.curl(f"https://{path}", user, "-b", jar, "-c", jar, *more).replace("\r", "")

    @staticmethod
    def csrf(page):
        return re.search(r'name="csrf" value="([0-9a-f]+)"', page)[1]

    def test_C_093_menu_is_the_domains_set_and_none(self):
        """C-093"""
        self.assertEqual(set(self.choices()), {"People", "Staff"})
        self.assertIn("no such certificate", self.refused("client-ca", "set", "alpha.test", self.fingerprint(self.beta)))
        self.assertIn("64 hexadecimal", self.refused("client-ca", "set", "alpha.test", "People"))
        self.assertIn("no such certificate",
                      self.refused("client-ca", "set", "alpha.test",
                                   f"{self.choices()['People']} {self.fingerprint(self.beta)}"))
        self.assertEqual(self.signet("client-ca", "show", "alpha.test")["issued-to"], "O=Test, CN=People")
        # one of the server's is not on the menu, but may be named (C-064), and is then shown as chosen
        self.signet("client-ca", "set", "alpha.test", self.fingerprint(self.stranger))
        self.assertEqual(set(self.choices()), {"People", "Staff", "Stranger"})

    def fingerprint(self, authority):
        return openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", authority.cert).split("=")[1].strip()

    # -- who is asked

    def test_C_094_every_client_is_asked(self):
        """C-094: names under TLS 1.2; under 1.3 asked, but the library does not tell the names"""
        said = "Acceptable client certificate CA names\nO = Test, CN = People\n"
        for listener in ("imaps", "pop3s", "submissions", "xmpps-client", "https", "smtp", "submission", "imap", "pop3",
                         "xmpp-client"):
            with self.subTest(listener):
                self.assertIn(said, self.s_client(OLD, listener=listener))
        self.assertIn("CertificateRequest", self.s_client(NEW, "-msg"))

    def test_C_094_several_issuers(self):
        """C-094: each is named, and good"""
        self.ask("People", "Staff", required=True)
        self.assertRegex(self.s_client(OLD), r"CA names\nO = Test, CN = (People|Staff)\nO = Test, CN = (People|Staff)\n")
        both = [self.ann, self.user(self.staff, "staff", "bob@alpha.test")]
        self.assertEqual([self.shakes(user, version) for user in both for version in (OLD, NEW)], [True] * 4)
        self.assertIn("b OK", self.external(both[1]))
        self.ask("Staff", required=True)
        self.assertEqual([self.shakes(user) for user in both], [False, True])

    def test_C_095_nobody_is_asked(self):
        """C-095"""
        self.ask()
        for listener in ("imaps", "https", "smtp"):
            self.assertIn("No client certificate CA names sent", self.s_client(OLD, listener=listener))
        self.assertNotIn("CertificateRequest", self.s_client(NEW, "-msg"))
        self.assertNotIn("CertificateRequest", self.s_client(OLD, "-msg", name="beta.test"))
        self.assertNotIn("EXTERNAL", self.external(self.ann))

    # -- logins

    def test_C_096_imap(self):
        """C-096"""
        context = self.server.tls("alpha.test")
        context.load_cert_chain(self.ann)
        imap = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"])
        imap.host = "alpha.test"
        imap.starttls(context)
        imap.authenticate("EXTERNAL", lambda challenge: b"")
        self.assertEqual(imap.select()[0], "OK")
        imap.logout()
        self.assertIn("b OK", self.external(self.ann, "ann@alpha.test"))
        for other in ("bob@alpha.test", "cy@beta.test", "nobody@alpha.test"):
            self.assertIn("b NO [AUTHENTICATIONFAILED]", self.external(self.ann, other))

    def test_C_096_submission(self):
        """C-096"""
        mail = self.folder / "mail"
        mail.write_text("Subject: by certificate\n\nhello\n")
        words = ("--login-options", "AUTH=EXTERNAL", "--mail-from", "ann@alpha.test", "--mail-rcpt", "bob@alpha.test",
                 "-T", mail)
        said = self.curl("smtps://", self.ann, "--user", "ann@alpha.test:", *words)
        self.assertRegex(said, r"< 235 ")
        self.assertRegex(said, r"< 250 2\.\d\.\d .*")
        self.assertNotRegex(self.curl("smtps://", self.ann, "--user", "bob@alpha.test:", *words), r"< 235 ")
        for start in ("submission", "smtp"):
            done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.server.ports[start]), "--tls",
                                   "--tls-cert", self.ann, "--tls-key", self.ann, "--tls-sni", "alpha.test",
                                   "--quit-after", "EHLO"], stdout=subprocess.PIPE, timeout=60, check=False)
            with self.subTest(start):
                self.assertIn(b"EXTERNAL", done.stdout)

    def test_C_096_pop3(self):
        """C-096"""
        words = ("--login-options", "AUTH=EXTERNAL", "-l")
        self.assertRegex(self.curl("pop3s://", self.ann, "--user", "ann@alpha.test:", *words), r"< \+OK \d+ messages")
        self.assertIn("-ERR [AUTH]", self.curl("pop3s://", self.ann, "--user", "bob@alpha.test:", *words))

    @unittest.skipUnless(slixmpp, "python3-slixmpp is not installed")
    def test_C_096_xmpp(self):
        """C-096: as XEP-0178 says"""
        self.assertEqual(self.chat("ann@alpha.test", self.ann), "ann@alpha.test")
        # the library asks for nobody: then it is the certificate that says who it is
        self.assertEqual(self.chat("bob@alpha.test", self.ann), "ann@alpha.test")
        self.assertEqual(self.chat("ann@alpha.test", self.wrong["revoked"]), None)

    def chat(self, address, user):
        """Whom a client of that address with this certificate and no password is bound to."""
        async def talk():
            bot = slixmpp.ClientXMPP(address, "", sasl_mech="EXTERNAL")
            bot.use_aiodns = False
            bot.ca_certs = str(self.server.certificate("alpha.test"))
            bot.certfile = bot.keyfile = str(user)
            became = asyncio.get_running_loop().create_future()
            bot.add_event_handler("session_start", lambda _: became.set_result(bot.boundjid.bare))
            for event in ("failed_all_auth", "no_auth"):
                bot.add_event_handler(event, lambda _: became.done() or became.set_result(None))
            bot.connect(("127.0.0.1", self.server.ports["xmpp-client"]))
            try:
                return await asyncio.wait_for(became, 20)
            finally:
                bot.abort()

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(talk())
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()

    def test_C_096_managesieve(self):
        """C-096"""
        context = self.server.tls("alpha.test")
        context.load_cert_chain(self.ann)
        for asked, answer in (("", b"OK"), ("bob@alpha.test", b"NO")):
            with self.server.connect("managesieve") as raw, raw.makefile("rb") as said:
                raw.settimeout(20)
                while not said.readline().startswith(b"OK"):
                    pass
                raw.sendall(b"STARTTLS\r\n")
                self.assertTrue(said.readline().startswith(b"OK"))
                with context.wrap_socket(raw, server_hostname="alpha.test") as tls, tls.makefile("rb") as said:
                    lines = [said.readline()]
                    while not lines[-1].startswith(b"OK"):
                        lines.append(said.readline())
                    self.assertIn(b"EXTERNAL", b"".join(lines))
                    text = base64.b64encode(asked.encode())
                    tls.sendall(b'AUTHENTICATE "EXTERNAL" "%s"\r\n' % text)
                    self.assertTrue(said.readline().startswith(answer))

    def test_C_096_pages(self):
        """C-096: a button on the login page, that no other site can press"""
        jar = self.folder / "jar-ann"
        page = self.browse("login", jar, user=self.ann)
        self.assertIn("Log in with certificate", page)
        data = ("-d", f"do=certificate&account=ann@alpha.test&next=/&csrf={self.csrf(page)}")
        self.assertIn("< HTTP/1.1 403", self.browse("login", jar, "-d", "do=certificate&account=ann@alpha.test", user=self.ann))
        self.assertIn("< HTTP/1.1 403", self.browse("login", jar, "-H", "Origin: https://evil.test", *data, user=self.ann))
        # without the certificate, or as somebody else
        self.assertIn("< HTTP/1.1 422", self.browse("login", jar, *data))
        other = (data[0], data[1].replace("ann@", "bob@"))
        self.assertIn("< HTTP/1.1 422", self.browse("login", jar, *other, user=self.ann))
        self.assertIn("< HTTP/1.1 303", self.browse("login", jar, *data, user=self.ann))
        self.assertIn("ann@alpha.test", self.browse("", jar, "-L", user=self.ann))
        self.assertIn("login account=ann@alpha.test mech=EXTERNAL", self.server.log())
        self.assertNotIn("Log in with certificate", self.browse("login", self.folder / "jar-none"))

    def test_C_096_rules_that_name_the_account(self):
        """C-096: e-mail address, common name, user id, principal name, a list of certificates"""
        users = {"email": self.user(self.people, "m1", "bob@alpha.test"),
                 "cn": self.user(self.people, "m2", subject="/O=Test/CN=bob"),
                 "uid": self.user(self.people, "m3", subject="/CN=Robert/UID=bob"),
                 "upn": self.user(self.people, "m4", names=UPN + "bob@alpha.test", subject="/CN=Robert"),
                 "fingerprint": self.user(self.people, "m5", subject="/CN=Robert")}
        for name, oid in (("xmpp", XMPP), ("utf8", MAILBOX)):
            self.assertIn("b OK", self.external(self.user(self.people, name, names=oid + "bob@alpha.test")))
        pem = pki.certificates(users["fingerprint"].read_text())[0]
        row = self.signet("account", "cert-add", "bob@alpha.test", stdin=pem)
        self.assertIn("listed already", self.refused("account", "cert-add", "ann@alpha.test", stdin=pem))
        for rule in users:
            self.ask("People", map=rule)
            for name, user in users.items():
                with self.subTest(rule, user=name):
                    said = self.external(user)
                    self.assertEqual("b OK" in said, name == rule, said)
                    self.assertEqual("AUTH=EXTERNAL" in said, name == rule)
        # off the list: at once, and for sessions that are resumed
        self.assertEqual(len(self.signet("account", "cert-list", "bob@alpha.test")["rows"]), 1)
        self.signet("account", "cert-remove", "bob@alpha.test", row["sha256"])
        self.assertNotIn("b OK", self.external(users["fingerprint"]))
        self.assertEqual(self.signet("account", "cert-list", "bob@alpha.test")["rows"], [])

    def test_C_096_names_that_are_no_accounts(self):
        """C-096: what looks like another domain's account, or is none, is nobody"""
        for rule, subject in (("cn", "/CN=cy@beta.test"), ("cn", "/CN=bob@beta.test"), ("cn", "/CN=Bob Smith"),
                              ("cn", "/CN=bob@alpha.test@beta.test"), ("uid", "/UID="), ("uid", "/CN=bob"),
                              ("cn", "/CN=*"), ("cn", "/CN=@alpha.test")):
            with self.subTest(rule, subject=subject):
                self.ask("People", map=rule)
                self.assertNotIn("AUTH=EXTERNAL", self.external(self.user(self.people, "odd", subject=subject)))
        self.ask("People")
        self.assertNotIn("AUTH=EXTERNAL", self.external(self.user(self.people, "cy", "cy@beta.test")))

    def test_C_096_parts_as_the_domain_says(self):
        """The name is made of parts of the certificate; what lacks one, or has it twice, is nobody's."""
        self.server.add("ann.miller@alpha.test", "4711@alpha.test")

        def say(template):
            self.signet("setting", "set", "tls.client-account-template", template, "--domain", "alpha.test")

        self.addCleanup(self.signet, "setting", "reset", "tls.client-account-template", "--domain", "alpha.test")
        self.assertIn("first say how", self.refused("client-ca", "set", "alpha.test", self.choices()["People"], "--map", "template"))
        say("{gn}.{nobody}")
        self.assertIn("not known", self.refused("client-ca", "set", "alpha.test", self.choices()["People"], "--map", "template"))
        say("{gn}.{sn}")
        self.assertEqual(self.ask("People", map="template")["map"], "template")
        both = self.user(self.people, "t1", "bob@elsewhere.test", subject="/GN=Ann/SN=Miller/serialNumber=4711")
        self.assertIn("b OK", self.external(both))
        self.assertIn("b OK", self.external(both, "ann.miller@alpha.test"))
        for subject in ("/GN=Ann", "/GN=Ann/GN=Ann/SN=Miller", "/GN=Bob/SN=Miller", "/GN=ann.miller@alpha.test/SN=x"):
            self.assertNotIn("b OK", self.external(self.user(self.people, "t2", subject=subject)), subject)
        for template, account in (("{serial}", "4711"), ("{serial}@alpha.test", "4711"), ("{user}", "bob"), ("{sn}", None),
                                  ("{email}", None), ("{serial}@beta.test", None), ("4711{", None)):
            say(template)
            said = self.external(both, f"{account}@alpha.test" if account else "")
            self.assertEqual("b OK" in said, account is not None, (template, said[-300:]))

    def test_C_096_an_address_given_to_somebody_else(self):
        """C-096: who gets a removed account's address does not get its certificates"""
        self.ask("People", map="fingerprint")
        user = self.user(self.people, "leaver", subject="/CN=Leaver")
        pem = pki.certificates(user.read_text())[0]
        self.server.add("dan@alpha.test")
        self.signet("account", "cert-add", "dan@alpha.test", stdin=pem)
        self.assertIn("b OK", self.external(user))
        self.signet("account", "remove", "dan@alpha.test")
        self.assertNotIn("b OK", self.external(user))
        self.server.add("dan@alpha.test")
        self.assertNotIn("b OK", self.external(user))
        self.signet("account", "cert-add", "dan@alpha.test", stdin=pem)
        self.assertIn("b OK", self.external(user))

    def test_C_096_suspended(self):
        """C-096"""
        eve = self.user(self.people, "eve", "eve@alpha.test")
        self.assertIn("b OK", self.external(eve))
        self.signet("account", "suspend", "eve@alpha.test")
        self.assertIn("b NO [AUTHENTICATIONFAILED]", self.external(eve))
        self.signet("account", "resume", "eve@alpha.test")
        self.assertIn("b OK", self.external(eve))

    def test_C_096_failures_count(self):
        """C-096: who tries other names is made to wait, as with passwords"""
        self.signet("setting", "reset", "auth.failure-delay-max")
        self.addCleanup(self.signet, "setting", "set", "auth.failure-delay-max", "10ms")
        before, began = self.server.log().count("login-failed"), time.monotonic()
        lines = "".join(f"a{i} AUTHENTICATE EXTERNAL {base64.b64encode(b'x%d@alpha.test' % i).decode()}\r\n" for i in range(20))
        said = self.s_client(NEW, "-quiet", "-ign_eof", "-cert", self.ann, "-key", self.ann, stdin=lines)
        self.assertIn("BYE Too many failed logins", said)
        self.assertGreater(self.server.log().count("login-failed") - before, 2)
        self.assertGreater(time.monotonic() - began, 1)

    # -- who gets TLS

    def test_C_097_required(self):
        """C-097"""
        self.ask("People", required=True)
        for version in (OLD, NEW):
            with self.subTest(version):
                self.assertFalse(self.shakes(None, version))
                self.assertTrue(self.shakes(self.ann, version))
                for name, user in self.wrong.items():
                    with self.subTest(name):
                        self.assertFalse(self.shakes(user, version))
        self.assertEqual([self.gnutls(user) for user in (None, self.ann, self.wrong["expired"])], [False, True, False])
        self.assertIn("< HTTP/1.1 200", self.curl("https://login", self.ann))
        self.assertNotIn("< HTTP/1.1", self.curl("https://login", None))
        self.assertNotIn("< HTTP/1.1", self.curl("https://login", self.wrong["revoked"]))
        for reason in ("it has expired", "its issuer is not known", "it was revoked"):
            self.assertIn(reason, self.server.log())

    def test_C_097_other_domains_are_not_asked(self):
        """C-097: by server name, in one process"""
        self.ask("People", required=True)
        self.assertIn("a OK", self.s_client(NEW, "-quiet", "-ign_eof", name="beta.test", stdin="a LOGOUT\r\n"))

    def test_C_098_not_required(self):
        """C-098"""
        for version in (OLD, NEW):
            said = self.s_client(version, "-quiet", "-ign_eof", stdin="a CAPABILITY\r\nb LOGOUT\r\n")
            self.assertIn("b OK", said)
            self.assertNotIn("EXTERNAL", said)
        for name, user in self.wrong.items():
            with self.subTest(name):
                said = self.external(user)
                self.assertNotIn("AUTH=EXTERNAL", said)
                self.assertIn("b NO", said)

    def test_C_099_wrong_though_required(self):
        """C-099: refused whatever the other setting says; the reason is in the log"""
        for strict in ("off", "on"):
            self.ask("People", required=True, strict=strict)
            before = len(self.server.log())
            for version in (OLD, NEW):
                self.assertFalse(self.shakes(self.wrong["expired"], version))
            self.assertEqual(self.server.log()[before:].count("it has expired"), 2)
        # C-091: and when it is not required, what that setting says
        for strict, comes_up in (("off", True), ("on", False)):
            self.ask("People", strict=strict)
            self.assertEqual(self.shakes(self.wrong["expired"]), comes_up)
        self.assertTrue(self.shakes(None))
