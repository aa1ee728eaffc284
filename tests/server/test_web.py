"""test_web - the pages, seen and used by a browser; without JavaScript but where it must do no harm

SHOTS=folder keeps pictures of what was seen.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest
import urllib.parse

import browser
from server import PASSWORD, Server

SCRIPT = "<script>document.title='broken'</script>"


def openssl(*words, stdin=""):
    done = subprocess.run(["openssl", *words], input=stdin.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    return done.stdout.decode(errors="replace")


@unittest.skipUnless(browser.installed(), "no chromium, or no chromium-driver")
class Web(unittest.TestCase):
    """One server and one browser for all tests of a class; each test logs in."""

    options = {"javascript": False}

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("root@alpha.test", "ann@alpha.test", "bob@alpha.test", "cy@beta.test")
        cls.server.signet("account", "role", "root@alpha.test", "server-admin")
        cls.server.signet("account", "role", "ann@alpha.test", "domain-admin")
        cls.web = cls.enterClassContext(browser.Browser(**cls.options))

    def url(self, path, host="alpha.test"):
        return f"https://{host}:{self.server.ports['https']}{path}"

    def go(self, path, host="alpha.test"):
        self.web.open(self.url(path, host))

    def log_in(self, who, password=PASSWORD):
        self.web.open(self.url("/login"))
        self.web.devtools("Network.clearBrowserCookies")
        self.go("/login")
        self.web.fill("[name=name]", who)
        self.web.fill("[name=password]", password)
        self.web.follow("[value=login]")

    def press(self, action):
        self.web.follow(f"button[name=do][value={action}]")

    def unfold(self, what):
        """Open the folded section that it is in, or that is in it."""
        summary = f"details:not([open]):has({what}) > summary, {what} details:not([open]) > summary"
        if self.web.has(summary):
            self.web.click(summary)

    def sees(self, *texts):
        body = self.web.text()
        for text in texts:
            if text not in body:
                self.fail(f"{text!r} is not in {self.web.text('main')[:2000]!r}")

    def shoot(self, name):
        folder = os.environ.get("SHOTS")
        if folder:
            self.web.screenshot(pathlib.Path(folder) / f"{name}.png")


class Login(Web):
    def test_wrong_password_keeps_the_name(self):
        self.log_in("ann@alpha.test", "wrong" + SCRIPT)
        self.sees("Wrong user name or password")
        self.assertEqual(self.web.value("[name=name]"), "ann@alpha.test")
        self.assertEqual(self.web.value("[name=password]"), "")
        self.assertNotIn("wrong<", self.web.source())

    def test_leads_back_to_where_somebody_wanted(self):
        self.log_in("ann@alpha.test")
        self.press_logout()
        self.go("/portal/rules")
        self.assertIn("/login", self.web.address())
        self.web.fill("[name=name]", "ann@alpha.test")
        self.web.fill("[name=password]", PASSWORD)
        self.press("login")
        self.assertTrue(self.web.address().endswith("/portal/rules"))

    def press_logout(self):
        self.web.follow("form[action='/logout'] button")
        self.sees("You are logged out.")

    def test_leads_nowhere_else(self):
        for path in ("https://elsewhere.test/", "//elsewhere.test/", "/\\elsewhere.test/", "x"):
            self.web.devtools("Network.clearBrowserCookies")
            self.go("/login?next=" + path)
            self.assertEqual(self.web.value("[name=next]"), "/")

    def test_roles_lead_to_what_is_theirs(self):
        for who, path in (("root@alpha.test", "/"), ("ann@alpha.test", "/admin/domain/alpha.test"),
                          ("bob@alpha.test", "/portal")):
            self.log_in(who)
            self.assertEqual(self.web.address(), self.url(path))

    def test_others_have_no_business_here(self):
        """C-134"""
        self.log_in("ann@alpha.test")
        self.go("/admin/domain/beta.test/security/pki")
        self.sees("Status 404")
        self.go("/admin/security/trust")
        self.sees("Status 403")
        self.log_in("bob@alpha.test")
        self.go("/admin/domain/alpha.test")
        self.sees("Status 403")

    def served(self, host):
        """DER of what a client with SNI is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self.server.connect("https") as raw, \
                context.wrap_socket(raw, server_hostname=host) as tls:
            return tls.getpeercert(binary_form=True)

    def test_C_059_C_060_secure_certificate(self):
        """C-059, C-060"""
        for host in ("alpha.test", "beta.test"):
            self.go("/login", host)
            self.assertTrue(self.web.has("link=Secure Certificate"))
            connection = http.client.HTTPSConnection("127.0.0.1", self.server.ports["https"],
                                                     context=ssl._create_unverified_context())
            connection.request("GET", "/certificate", headers={"Host": host})
            answer = connection.getresponse()
            self.assertEqual(answer.getheader("Content-Type"), "application/x-x509-ca-cert")
            self.assertEqual(answer.read(), self.served(host))
            connection.close()

    def test_C_059_no_secure_certificate_where_there_is_none(self):
        """C-059"""
        self.server.signet("domain", "add", "gone.test")
        self.go("/login", "gone.test")
        self.assertTrue(self.web.has("link=Secure Certificate"))
        self.server.signet("pki", "mode", "gone.test", "disabled")
        # Without TLS for its name, the browser comes by that of another.
        connection = self.web_get("/login", "gone.test")
        self.assertNotIn("Secure Certificate", connection)
        self.server.signet("pki", "mode", "gone.test", "enabled")
        self.server.signet("pki", "cert-remove", "gone.test")
        self.assertNotIn("Secure Certificate", self.web_get("/login", "gone.test"))

    def web_get(self, path, host):
        """By the certificate of the main domain, with a Host of its own."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.ports["https"],
                                                 context=ssl._create_unverified_context())
        connection.request("GET", path, headers={"Host": host})
        text = connection.getresponse().read().decode()
        connection.close()
        return text


class Admin(Web):
    def setUp(self):
        self.log_in("root@alpha.test")

    def test_overview(self):
        self.sees("Overview", "domains", "alpha.test", "imaps")
        self.shoot("overview")

    def test_a_domain_and_its_certificate(self):
        """C-010, C-018 to C-020, C-029, C-031 to C-046, C-055 to C-058"""
        self.go("/admin/domains")
        self.web.fill("[name=name]", "x y")
        self.press("add")
        self.sees("is no domain name")
        self.assertEqual(self.web.value("[name=name]"), "x y")
        self.web.fill("[name=name]", "mail.gamma.test")
        self.press("add")
        self.sees("mail.gamma.test is hosted here now.")
        self.shoot("domain")
        self.server.signet("domain-alias", "add", "gamma.test", "mail.gamma.test")

        self.web.follow("a[href='/admin/domain/mail.gamma.test/security']")
        self.web.follow("link=PKI")  # C-010
        self.sees("Encryption Test", "Verification String is OK")  # C-029
        self.assertEqual(self.values("mode"), ["disabled", "test", "enabled"])  # C-011
        self.press("key-remove")
        self.sees("Remove the private key of mail.gamma.test?")
        self.web.follow("link=Cancel")
        self.press("key-remove")
        self.press("key-remove")
        self.sees("There is no private key.")  # C-018, C-031
        self.assertFalse(self.web.has("[name=contact]"))  # C-019
        self.shoot("pki-no-key")

        self.web.choose("[name=type]", "RSA-2048")
        self.press("key")
        self.sees("2048 bit", "Verification String is OK", "There is a key, but no certificate.")
        # C-034, C-035
        self.assertEqual(self.values("cn"), ["mail.gamma.test", "gamma.test", "*.gamma.test"])

        said = {"o": "Gamma & Söhne", "ou": "Mail", "l": "Köln", "st": "NRW", "c": "DE",
                "contact": "not-an-address"}
        for name, value in said.items():
            self.web.fill(f"#generator [name={name}]", value)
        self.press("request")
        self.assertTrue(self.web.has(".bad [name=contact], .notice.bad"))  # C-037
        self.assertEqual(self.web.value("[name=o]"), "Gamma & Söhne")
        self.web.fill("[name=contact]", "ca@elsewhere.test")
        self.press("request")
        request = self.web.value("[name=csr]")
        self.shoot("pki-request")
        shown = openssl("req", "-verify", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus_space",
                        stdin=request)  # C-036, C-039
        self.assertIn("verify OK", shown)
        for text in ("mail.gamma.test", "Gamma & Söhne", "Köln", "DE", "ca@elsewhere.test"):
            self.assertIn(text, shown)

        self.press("self-signed")
        self.sees("has a self-signed certificate")  # C-055
        self.assertEqual(self.web.value("[name=o]"), "Gamma & Söhne")  # as said last
        serial = self.info("Serial Number")
        self.press("refresh")
        self.assertEqual(self.info("Serial Number"), serial)  # C-057, C-058
        self.shoot("pki")
        self.assertIn("UTC", self.info("Valid From"))  # C-043
        self.press("cert-remove")
        self.press("cert-remove")
        self.sees("The certificate was removed.", "There is a key, but no certificate.")  # C-045
        self.go("/admin/domain/mail.gamma.test")
        self.press("remove")
        self.press("remove")
        self.sees("is hosted here no longer.")
        self.assertNotIn("mail.gamma.test", self.server.domains())

    def values(self, name):
        options = re.search(rf'<select[^>]* name="{name}".*?</select>', self.web.source(), re.S)
        return re.findall(r'<option value="([^"]*)"', options.group())

    def info(self, term):
        """What stands behind a term of a list."""
        found = re.search(rf"<dt>{term}</dt><dd[^>]*>(.*?)</dd>", self.web.source(), re.S)
        return found.group(1)

    def test_import_and_chain(self):
        """C-022 to C-028, C-040, C-041, C-047 to C-053"""
        self.server.signet("domain", "add", "delta.test")
        self.go("/admin/domain/delta.test/security/pki")
        self.press("key-remove")
        self.press("key-remove")
        self.web.choose("[name=type]", "import")
        self.press("key")
        self.assertTrue(self.web.has("textarea[name=pem]"))  # C-022
        folder = self.server.folder
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/k.pem", "-out",
                f"{folder}/c.pem", "-subj", "/CN=delta.test", "-addext",
                "subjectAltName=DNS:delta.test")
        locked = openssl("rsa", "-in", f"{folder}/k.pem", "-aes128", "-passout", "pass:secret",
                         "-traditional")
        self.web.fill("[name=pem]", locked[locked.index("-----"):])
        self.press("import")
        self.assertIn("encrypted", self.web.text().lower())  # C-026
        self.assertEqual(self.web.value("[name=pem]"), "")  # a key is never shown again
        self.web.fill("[name=pem]", (folder / "k.pem").read_text())
        self.press("import")
        self.sees("The key was imported.", "2048 bit")  # C-024

        self.web.fill("#set [name=pem]", self.server.signet("pki", "show", "alpha.test")["chain"])
        self.press("cert")
        self.assertTrue(self.web.has(".notice.bad, .wrong"))  # C-041
        self.assertIn("BEGIN CERTIFICATE", self.web.value("#set [name=pem]"))
        self.web.fill("#set [name=pem]", (folder / "c.pem").read_text())
        self.press("cert")
        self.sees("The certificate was set.")  # C-040
        self.unfold("#chain")
        chain = "".join(self.server.signet("pki", "show", d)["chain"]
                        for d in ("alpha.test", "beta.test"))
        self.web.fill("#chain [name=pem]", chain.replace("MII", "!!!", 1))
        self.press("chain")
        self.assertTrue(self.web.has(".notice.bad, .wrong"))  # C-048
        self.web.fill("#chain [name=pem]", chain)
        self.press("chain")
        self.assertEqual(self.web.count("#chain tbody tr"), 2)  # C-047, C-049
        self.shoot("pki-chain")
        self.press("chain-remove")
        self.press("chain-remove")
        self.sees("The chain was removed.")  # C-053

    def test_trust(self):
        """C-066 to C-072"""
        pem = self.server.signet("pki", "show", "beta.test")["chain"]
        self.web.follow("a[href='/admin/security']")
        self.web.follow("link=Trusted Certificates")
        self.web.fill("[name=pem]", "no PEM")
        self.press("add")
        self.assertTrue(self.web.has(".notice.bad, .wrong"))  # C-072
        self.web.fill("[name=pem]", pem)
        self.press("add")
        self.sees("It is trusted from now on.", "CN=beta.test")  # C-071
        self.assertEqual(self.web.count("[type=checkbox]"), 1)  # C-068, C-070
        self.shoot("trust")
        self.go("/admin/domain/alpha.test/security/trust")
        self.assertEqual(self.web.count("[type=checkbox]"), 0)  # C-069
        self.sees("CN=beta.test", "server")
        self.go("/admin/security/trust")
        self.web.fill("#crl [name=pem]", "no list")
        self.press("crl-add")
        self.assertTrue(self.web.has("#crl .notice.bad, #crl .wrong"))
        self.go("/admin/security/trust")
        self.press("remove")
        self.press("remove")
        self.sees("Mark what is to be removed first")
        self.web.click("[type=checkbox]")
        self.press("remove")
        self.press("remove")
        self.sees("The marked certificates were removed.")

    def test_accounts(self):
        self.go("/admin/domain/alpha.test/accounts")
        self.web.fill("[name=local]", "eve")
        self.web.fill("[name=password]", "one secret 1")
        self.web.fill("[name=again]", "two secrets 2")
        self.press("add")
        self.sees("This is not the same as what stands above.")
        self.assertEqual(self.web.value("[name=local]"), "eve")
        self.assertNotIn("secret", self.web.source())
        self.web.fill("[name=password]", PASSWORD)
        self.web.fill("[name=again]", PASSWORD)
        self.web.fill("[name=quota]", "2G")
        self.press("add")
        self.sees("eve@alpha.test was added.")
        self.shoot("accounts")
        self.web.follow("link=eve@alpha.test")
        self.assertEqual(self.web.value("[name=quota]"), "2G")
        self.web.choose("[name=role]", "domain-admin")
        self.press("role")
        self.assertEqual(self.server.signet("account", "show", "eve@alpha.test")["role"],
                         "domain-admin")
        self.press("index")
        self.sees("The search index of eve@alpha.test was made anew.", "In the index")
        self.press("suspend")
        self.sees("suspended")
        self.press("resume")
        self.shoot("account")
        self.press("remove")
        self.sees("Remove eve@alpha.test and all its mail?")
        self.shoot("confirm")
        self.press("remove")
        self.sees("eve@alpha.test was removed.")

    def test_settings(self):
        self.go("/admin/settings?group=smtp")
        self.web.fill("[name='smtp.max-message-size']", "25M")
        self.web.fill("[name='smtp.timeout']", "soon")
        self.web.follow(".save button")
        self.sees("Not all could be saved")
        self.assertEqual(self.web.value("[name='smtp.timeout']"), "soon")
        self.assertTrue(self.web.has(".bad [name='smtp.timeout']"))
        self.shoot("settings")
        self.assertEqual(self.server.signet("setting", "get", "smtp.max-message-size")["value"], "25M")
        self.web.fill("[name='smtp.max-message-size']", "")
        self.web.fill("[name='smtp.timeout']", "")
        self.web.follow(".save button")
        self.sees("1 setting was saved.")
        self.assertEqual(self.server.signet("setting", "get", "smtp.max-message-size")["value"], "50M")

    def test_settings_of_a_domain(self):
        self.go("/admin/domain/beta.test/settings")
        self.web.fill("[name='pki.host-prefixes']", "mx")
        self.web.follow(".save button")
        get = ("setting", "get", "pki.host-prefixes")
        self.assertEqual(self.server.signet(*get, "--domain", "beta.test")["value"], "mx")
        self.assertNotEqual(self.server.signet(*get)["value"], "mx")

    def test_aliases_and_queue(self):
        self.go("/admin/domain/alpha.test/aliases")
        self.web.fill("[name=local]", "sales")
        self.web.fill("[name=target]", "ann@alpha.test, bob@alpha.test")
        self.press("add")
        self.sees("sales@alpha.test was added.")
        rows = self.server.signet("alias", "list", "alpha.test")["rows"]
        self.assertEqual(rows[0]["target"], "ann@alpha.test bob@alpha.test")
        self.go("/admin/queue")
        self.sees("The queue is empty.")
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # and does not listen
            self.server.signet("setting", "set", "relay.route", "[127.0.0.1]:%d" % nobody.getsockname()[1])
            self.addCleanup(self.server.signet, "setting", "reset", "relay.route")
            with self.server.submission("ann@alpha.test") as smtp:
                smtp.sendmail("ann@alpha.test", ["x@elsewhere.test"], "Subject: x\r\n\r\nx\r\n")
            self.queue()

    def queue(self):
        self.go("/admin/queue?sender=@alpha.test&domain=elsewhere.test")
        self.sees("x@elsewhere.test")
        self.go("/admin/queue?domain=nowhere.test")
        self.sees("Nothing is found.")
        self.go("/admin/queue?older=soon")
        self.sees("--older is a time")
        self.go("/admin/queue")
        self.sees("x@elsewhere.test")
        self.shoot("queue")
        self.web.follow("td a")
        self.sees("ann@alpha.test", "Recipients")
        self.press("retry")
        self.sees("It is tried now.")
        self.shoot("queued")
        self.press("delete")
        self.press("delete")
        self.sees("The message was deleted.", "The queue is empty.")

    def test_sessions(self):
        self.go("/admin/sessions")
        self.sees("root@alpha.test", "http")
        self.shoot("sessions")

    def test_relay_logins(self):
        self.go("/admin/relay")
        self.web.fill("[name=host]", "smtp.provider.test")
        self.web.fill("[name=user]", "me")
        self.web.fill("[name=password]", "what opens it 1")
        self.press("login")
        self.sees("The login at smtp.provider.test was saved.")
        self.assertNotIn("what opens it", self.web.source())
        self.press("logout")
        self.press("logout")
        self.assertEqual(self.server.signet("relay", "logins")["rows"], [])

    def test_destinations(self):
        self.go("/admin/destinations")
        self.web.fill("[name=destination]", ".partner.test")
        self.web.fill("[name=settings]", "tls=encrypt destination-rate=100")
        self.press("add")
        self.sees("has settings of its own", "relay.destination-rate")
        self.web.fill("[name='relay.route']", "[192.0.2.1]:2525")
        self.web.follow(".save button")
        self.sees("1 setting was saved.")
        self.shoot("destination")
        self.go("/admin/destinations")
        self.sees(".partner.test", "route [192.0.2.1]:2525")
        self.shoot("destinations")
        self.press("remove")
        self.press("remove")
        rows = self.server.signet("destination", "list")["rows"]
        self.assertEqual([row["destination"] for row in rows], ["default"])

    def test_mail_flow(self):
        self.go("/admin/mail-flow")
        self.sees("RELAYLIST", "UNKNOWNLIST", "THROTTLED")
        self.web.fill("form:has([value=policy]) [name=name]", "PARTNER")
        self.press("policy")
        self.sees("The policy PARTNER was added.", "smtp.tls")
        self.web.choose("[name='smtp.tls']", "required")
        self.web.follow(".save button")
        self.sees("1 setting was saved.")
        self.shoot("policy")
        self.go("/admin/mail-flow")
        self.web.fill("form:has([value=group]) [name=name]", "PARTNERS")
        self.web.choose("form:has([value=group]) [name=policy]", "PARTNER")
        self.web.fill("form:has([value=group]) [name=order]", "1")
        self.press("group")
        self.shoot("mail_flow")
        self.go("/admin/sender-group/smtp/PARTNERS")
        self.web.fill("[name=entry]", "192.0.2.0/24\nsubject:O=Partner, Inc., CN=mx.partner.test")
        self.press("add")
        self.sees("The entries were added.", "192.0.2.0/24", "subject:o=partner, inc., cn=mx.partner.test")
        self.shoot("sender_group")
        self.go("/admin/mail-flow")
        self.web.fill("form:has([value=find]) [name=address]", "192.0.2.77")
        self.press("find")
        self.sees("It belongs to PARTNERS, by the entry 192.0.2.0/24")
        self.go("/admin/sender-group/smtp/PARTNERS")
        self.web.follow("form:has([value='subject:o=partner, inc., cn=mx.partner.test']) button")
        rows = self.server.signet("sender-group", "show", "PARTNERS")["rows"]
        self.assertEqual([row["entry"] for row in rows], ["192.0.2.0/24"])
        self.press("remove")
        self.press("remove")
        self.assertNotIn("PARTNERS", [row["name"] for row in self.server.signet("sender-group", "list")["rows"]])

    def test_many_accounts_are_found(self):
        """Pages of a long list, and its search."""
        calls = "".join(json.dumps({"op": "alias add", "args": {
            "name": f"a{i}@beta.test", "target": ["cy@beta.test"]}}) + "\n" for i in range(230))
        self.control(calls)
        self.go("/admin/domain/beta.test/aliases")
        self.assertEqual(self.web.count("tbody tr"), 100)
        self.web.follow("link=Next")
        self.web.follow("link=Next")
        self.assertEqual(self.web.count("tbody tr"), 30)
        self.web.fill("[name=q]", "A22")
        self.web.follow("[role=search] button")
        self.assertEqual(self.web.count("tbody tr"), 11)
        self.go("/admin/domain/beta.test/aliases?q=" + SCRIPT)
        self.assertEqual(self.web.count("tbody tr"), 0)

    def control(self, lines):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(str(self.server.data / "control"))
            with s.makefile("rw") as f:
                for line in lines.splitlines():
                    f.write(line + "\n")
                    f.flush()
                    f.readline()

    def test_domain_admin_sees_his_domain(self):
        self.log_in("ann@alpha.test")
        self.assertFalse(self.web.has("button[value=remove]"))
        self.assertFalse(self.web.has("link=Queue"))
        self.web.fill("[name=address]", "bob@alpha.test")
        self.press("catch-all")
        self.assertEqual(self.web.value("[name=address]"), "bob@alpha.test")
        self.assertEqual(self.server.signet("domain", "show", "alpha.test")["catch-all"],
                         "bob@alpha.test")


class Portal(Web):
    def setUp(self):
        self.log_in("bob@alpha.test")

    def test_rules(self):
        self.web.follow("link=Rules")
        self.web.fill("[name=name]", "main")
        self.web.fill("[name=script]", "keep;\nif true {")
        self.press("check")
        self.assertTrue(self.web.has(".notice.bad, .wrong"))
        self.assertIn("if true {", self.web.value("[name=script]"))
        self.shoot("rules-wrong")
        self.web.fill("[name=script]", "keep;")
        self.press("check")
        self.sees("The script is right.")
        self.web.click("[name=activate]")
        self.press("set")
        self.sees("main was saved.", "active")
        self.shoot("rules")

    def test_mail_programs(self):
        """P-035"""
        self.web.follow("link=Mail programs")
        self.sees("mail.alpha.test", "bob@alpha.test", "SSL/TLS", "STARTTLS",
                  str(self.server.ports["imaps"]), str(self.server.ports["submission"]))
        self.assertNotIn(str(self.server.ports["smtp"]), self.web.text("table"))

    def test_grants(self):
        self.web.follow("link=Sharing")
        self.web.fill("[name=who]", "ann@alpha.test")
        self.press("grant")
        rows = self.server.signet("mailbox", "acl", "bob@alpha.test")["rows"]
        self.assertEqual((rows[0]["who"], rows[0]["rights"]), ("ann@alpha.test", "lrs"))
        self.web.follow("td button")
        self.assertEqual(self.server.signet("mailbox", "acl", "bob@alpha.test")["rows"], [])

    def test_password(self):
        self.log_in("cy@beta.test")
        self.web.follow("link=Password")
        for old, text in (("wrong", "This is not the password of today"), (PASSWORD, "Log in with")):
            self.web.fill("[name=old]", old)
            self.web.fill("[name=password]", "another horse 2")
            self.web.fill("[name=again]", "another horse 2")
            self.press("set")
            self.sees(text)
        self.go("/portal")
        self.assertIn("/login", self.web.address())
        self.log_in("cy@beta.test", "another horse 2")
        self.sees("Your account")

    def test_tokens(self):
        self.web.follow("link=API tokens")
        self.web.fill("[name=name]", "mine")
        self.press("add")
        self.sees("shown now and never again")
        self.assertTrue(self.web.text("pre"))
        self.press("remove")
        self.press("remove")
        self.sees("mine was removed.")


class Smime(Web):
    """C-103 to C-105, C-111"""

    def test_own_certificate(self):
        self.log_in("bob@alpha.test")
        self.web.follow("link=S/MIME")
        self.sees("You have no certificate yet.")
        self.assertFalse(self.web.has("button[value=export]"))
        self.web.fill("#issue-secret", "my own secret 1")
        self.web.fill("#issue-again", "my own secret 1")
        self.press("issue")
        self.sees("You have a new certificate.", "current")
        self.shoot("smime")
        self.ask_for_export("a wrong secret")
        self.press("export")
        self.sees("Download .p12")
        self.assertTrue(self.web.has(".notice.bad, .wrong"))
        self.assertNotIn("wrong secret", self.web.source())
        path = self.export("my own secret 1")
        shown = openssl("pkcs12", "-in", str(path), "-passin", "pass:of the file 1", "-nodes")
        self.assertIn("BEGIN PRIVATE KEY", shown)
        for pem in self.web_get_pem():
            self.assertIn("bob@alpha.test", openssl("x509", "-noout", "-email", stdin=pem))

        self.messages()
        self.go("/portal/smime")
        self.press("encrypt")
        self.sees("Turn off")
        self.assertIs(self.server.signet("rule", "encrypted", "bob@alpha.test")["on"], True)
        self.press("encrypt")
        self.assertIs(self.server.signet("rule", "encrypted", "bob@alpha.test")["on"], False)
        self.press("remove")
        self.press("remove")
        self.sees("You have no certificate yet.")

    def messages(self):
        """C-104: encrypted and opened by the pages."""
        plain = self.server.folder / "plain.eml"
        plain.write_text("From: a@b.test\r\nSubject: x\r\n\r\nwhat nobody else may <read>\r\n")
        self.go("/portal/message")
        self.web.attach("#encrypt-text", plain)
        self.web.fill("#encrypt-addresses", "bob@alpha.test")
        self.web.click("button[value=encrypt]")
        encrypted = self.web.downloaded("*.eml")
        self.assertNotIn("nobody", encrypted.read_text())
        self.open_message(encrypted, "a wrong secret")
        self.assertFalse(self.web.has("textarea[readonly]"))
        deadline = time.monotonic() + 20  # wrong secrets make the right one wait
        while not self.web.has("textarea[readonly]") and time.monotonic() < deadline:
            time.sleep(0.5)
            self.open_message(encrypted, "my own secret 1")
        self.assertIn("what nobody else may <read>", self.web.value("textarea[readonly]"))
        self.shoot("message")

    def open_message(self, path, secret):
        self.web.attach("#open-text", path)
        self.web.fill("#open-secret", secret)
        self.press("open")

    def ask_for_export(self, secret):
        self.web.fill("#export-secret", secret)
        self.web.fill("#export-new-password", "of the file 1")
        self.web.fill("#export-again", "of the file 1")

    def export(self, secret):
        """The file; wrong secrets before make the right one wait."""
        for _ in range(20):
            self.ask_for_export(secret)
            self.web.click("button[value=export]")
            try:
                return self.web.downloaded("*.p12", 2)
            except OSError:
                self.sees("try again")
        self.fail("no .p12")

    def web_get_pem(self):
        self.web.click("link=PEM")
        yield self.web.downloaded("*.pem").read_text()

    def test_import(self):
        folder = self.server.folder
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/k", "-out",
                f"{folder}/c", "-subj", "/CN=Cy", "-addext", "subjectAltName=email:cy@beta.test")
        openssl("pkcs12", "-export", "-inkey", f"{folder}/k", "-in", f"{folder}/c", "-out",
                f"{folder}/cy.p12", "-passout", "pass:of the file 1")
        self.log_in("cy@beta.test")
        self.go("/portal/smime")
        for password, text in (("wrong", "Import"), ("of the file 1", "The certificate was imported.")):
            self.web.attach("#import-identity", folder / "cy.p12")
            self.web.fill("#import-password", password)
            self.web.fill("#import-secret", "cys own secret 1")
            self.press("import")
            self.sees(text)
        self.sees("CN=Cy")

    def test_authority_of_a_domain(self):
        """C-111, C-114"""
        self.log_in("ann@alpha.test")
        self.web.follow("link=Security")
        self.web.follow("a[href='/admin/domain/alpha.test/security/smime']")
        self.press("self-signed")
        self.press("self-signed")
        self.sees("There is a new special certificate.", "certificates are issued")
        self.shoot("smime-authority")
        self.server.signet("smime", "issue", "ann@alpha.test", stdin="anns own secret 1")
        self.go("/admin/domain/alpha.test/security/smime")
        self.sees("ann@alpha.test")
        self.press("remove")
        self.press("remove")
        self.sees("The special key and certificate were removed.")


class Escaping(Web):
    """With JavaScript: nothing that somebody typed is run."""

    options = {"javascript": True}

    def unharmed(self):
        self.assertNotIn("broken", self.web.title())
        self.assertNotIn("<script", self.web.source())

    def test_what_was_typed_is_shown_as_text(self):
        self.log_in(SCRIPT)
        self.unharmed()
        self.log_in("root@alpha.test")
        for path, name, action in (("/admin/domains", "name", "add"),
                                   ("/admin/domain/alpha.test", "address", "catch-all"),
                                   ("/portal/rules", "name", "set"),
                                   ("/portal/tokens", "name", "add")):
            self.go(path)
            self.web.fill(f".field [name={name}]", f"\"'>{SCRIPT}")
            if self.web.has("[name=script]"):
                self.web.fill("[name=script]", "</textarea>" + SCRIPT)
            self.press(action)
            self.assertEqual(self.web.value(f".field [name={name}]"), f"\"'>{SCRIPT}")
            self.unharmed()

    def test_names_that_are_stored(self):
        self.server.signet("rule", "set", SCRIPT, "--account", "root@alpha.test", stdin="keep;")
        self.log_in("root@alpha.test")
        self.go("/portal/rules")
        self.sees(SCRIPT)
        self.unharmed()
        self.press("remove")
        self.sees(f"Remove the script {SCRIPT}?")
        self.unharmed()

    def test_paths(self):
        self.log_in("root@alpha.test")
        for path in (f"/admin/domain/{SCRIPT}", f"/{SCRIPT}", f"/login?next={SCRIPT}"):
            self.go(path.replace("<", "%3C").replace(">", "%3E"))
            self.unharmed()


class Visitor:
    """A browser that sends what none would."""

    def __init__(self, server):
        self.cookies = {}
        self.connection = http.client.HTTPSConnection("127.0.0.1", server.ports["https"], timeout=60,
                                                      context=ssl._create_unverified_context())

    def ask(self, method, path, fields=()):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = urllib.parse.urlencode(fields).encode() if method == "POST" else None
        try:
            self.connection.request(method, path, body, {
                "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"})
            answer = self.connection.getresponse()
        except (ConnectionError, ssl.SSLError):
            if not body or len(body) <= 1 << 20:  # so much of what is refused is read, no more
                raise
            self.connection.close()
            return 413, ""
        text = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, text

    def csrf(self, path):
        return re.search('name="csrf" value="([^"]*)"', self.ask("GET", path)[1]).group(1)

    def log_in(self, who):
        fields = [("csrf", self.csrf("/login")), ("do", "login"), ("name", who), ("password", PASSWORD)]
        return self.ask("POST", "/login", fields)


class Hostile(unittest.TestCase):
    """Every form of every page is sent things that it never asked for."""

    ROWS = ["x", "", "\x01\x7f", "a" * 5000, "../../etc/passwd", "%s%n", "\u202e<b>&amp;", "-1", "on"]

    def test_every_form(self):
        with Server() as server:
            server.add("root@alpha.test", "ann@alpha.test")
            server.signet("account", "role", "root@alpha.test", "server-admin")
            server.signet("setting", "set", "auth.failure-delay", "20ms")
            visitor = Visitor(server)
            self.assertEqual(visitor.log_in("root@alpha.test")[0], 303)
            pages = self.pages(visitor)
            self.assertGreater(len(pages), 20)
            for path in sorted(pages):
                if "root@" not in path:  # who suspends himself is out
                    self.attack(visitor, path)
            self.assertEqual(visitor.ask("GET", "/")[0], 200)

    def pages(self, visitor):
        """All that links lead to, but for what ends the visit."""
        seen, todo = set(), ["/", "/admin/domain/alpha.test", "/admin/domain/alpha.test/accounts/ann@alpha.test"]
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            status, text = visitor.ask("GET", path)
            self.assertEqual(status, 200, path)
            self.assertNotIn("{{", text)
            seen.add(path)
            links = [urllib.parse.urljoin(path, link) for link in re.findall('href="([^"?#]+)"', text)]
            todo += [link for link in links if link.startswith(("/admin", "/portal", "/help"))]
        return seen

    def attack(self, visitor, path):
        _, text = visitor.ask("GET", path)
        if "<html" not in text:
            return  # a file
        csrf = visitor.csrf(path)
        names = set(re.findall(' name="([^"]*)"', text)) - {"csrf", "do", "sure"}
        names -= {"password", "again", "old"}  # its own password stays
        actions = set(re.findall('name="do" value="([^"]*)"', text)) | {"", "no such", "remove"}
        for action in sorted(actions):
            for value in self.ROWS:
                fields = [("csrf", csrf), ("do", action)] + [(name, value) for name in sorted(names)]
                status, answer = visitor.ask("POST", path, fields * 2)
                self.assertIn(status, (200, 303, 400, 404, 405, 409, 413, 422, 503),
                              f"{path} {action} {value[:20]!r}")
                self.assertNotIn("<b>", re.sub(r"<b>[^<]*</b>", "", answer))

    def test_every_form_needs_its_token(self):
        with Server() as server:
            server.add("root@alpha.test", "ann@alpha.test")
            server.signet("account", "role", "root@alpha.test", "server-admin")
            visitor = Visitor(server)
            visitor.log_in("root@alpha.test")
            for path in sorted(self.pages(visitor)):
                if 'method="post"' in visitor.ask("GET", path)[1]:
                    self.assertIn(visitor.ask("POST", path, [("do", "add")])[0], (403, 405), path)


class AllPages(unittest.TestCase):
    """What links lead an admin to."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add("root@alpha.test", "ann@alpha.test", "bob@alpha.test", "cy@beta.test")
        cls.server.signet("account", "role", "root@alpha.test", "server-admin")
        cls.server.signet("account", "role", "ann@alpha.test", "domain-admin")
        cls.server.signet("profile", "add", "mx", "--cn", "mx.alpha.test")
        root = Visitor(cls.server)
        root.log_in("root@alpha.test")
        cls.pages = {path for path in Hostile.pages(cls(), root) if path.startswith("/admin")}


class Roles(AllPages):
    """C-134: every page that there is, asked for by who has no business there."""

    def ask(self, visitor, path, csrf):
        """What GET and POST of a page are answered."""
        yield visitor.ask("GET", path)[0]
        yield visitor.ask("POST", path, [("csrf", csrf), ("do", "remove"), ("sure", "yes")])[0]

    def test_there_are_pages(self):
        self.assertGreater(len(self.pages), 40)
        for page in ("/admin/security/profiles/mx", "/admin/domain/beta.test/security/ca",
                     "/admin/settings/general/tickets"):
            self.assertIn(page, self.pages)

    def test_a_user(self):
        visitor = Visitor(self.server)
        visitor.log_in("bob@alpha.test")
        csrf = visitor.csrf("/portal/password")
        for path in self.pages:
            for status in self.ask(visitor, path, csrf):
                self.assertIn(status, (403, 404, 405), path)

    def test_a_domain_admin(self):
        visitor = Visitor(self.server)
        visitor.log_in("ann@alpha.test")
        csrf = visitor.csrf("/portal/password")
        own = "/admin/domain/alpha.test"
        for path in self.pages:
            if not path.startswith(own):
                for status in self.ask(visitor, path, csrf):
                    self.assertIn(status, (403, 404, 405), path)
        for page in ("", "/security", *(f"/security/{name}" for name in
                                        ("pki", "trust", "clients", "smime", "ca", "ldap", "audit"))):
            status, text = visitor.ask("GET", own + page)
            self.assertEqual(status, 200, page)
            self.assertNotIn("beta.test", text)
        self.assertNotIn("Also names that are not", visitor.ask("GET", own + "/security/ca")[1])

    def test_nobody(self):
        visitor = Visitor(self.server)
        csrf = visitor.csrf("/login")
        for path in self.pages:
            self.assertEqual(visitor.ask("GET", path)[0], 303, path)
            self.assertIn(visitor.ask("POST", path, [("csrf", csrf), ("do", "remove")])[0], (303, 401, 403, 405), path)

    def test_C_001_no_private_key_on_any_page(self):
        """C-001"""
        root = Visitor(self.server)
        root.log_in("root@alpha.test")
        for path in self.pages:
            status, text = root.ask("GET", path)
            self.assertEqual(status, 200, path)
            self.assertNotIn("does not know the operation", text, path)
            self.assertIsNone(re.search("PRIVATE KEY-----[^<\"]*[A-Za-z0-9+/]{20}", text), path)


@unittest.skipUnless(shutil.which("tidy"), "tidy is not installed")
class Markup(AllPages):
    """Every page is HTML as tidy knows it; ids are there once."""

    KNOWN = ("proprietary attribute", "</summary>")  # a heading may stand in a summary

    def test_markup(self):
        root = Visitor(self.server)
        root.log_in("root@alpha.test")
        for path in [*self.pages, "/portal", "/portal/certificates", "/help/words", "/help/tests", "/help/settings"]:
            status, text = root.ask("GET", path)
            self.assertEqual(status, 200, path)
            if "<html" not in text:
                continue
            done = subprocess.run(["tidy", "-e", "-q", "-utf8", "--drop-empty-elements", "no"], input=text.encode(),
                                  capture_output=True)
            wrong = [line for line in done.stderr.decode().splitlines() if not any(k in line for k in self.KNOWN)]
            self.assertEqual(wrong, [], path)


class Looks(Web):
    """Pages fit into a phone, and have no light of their own in the dark."""

    options = {"javascript": True, "dark": True, "width": 390, "height": 844}

    PAGES = ["/login", "/", "/admin/domains", "/admin/domain/alpha.test", "/admin/domain/alpha.test/security/pki",
             "/admin/domain/alpha.test/accounts", "/admin/domain/alpha.test/security/trust", "/admin/settings",
             "/admin/sessions", "/portal", "/portal/rules", "/portal/password"]

    def test_nothing_is_wider_than_a_phone(self):
        self.log_in("root@alpha.test")
        for path in self.PAGES:
            self.go(path)
            size = self.web.devtools("Page.getLayoutMetrics")["cssContentSize"]
            self.assertLessEqual(size["width"], 390, path)
            self.shoot("phone" + path.replace("/", "_"))

    def test_the_menu_opens(self):
        self.log_in("root@alpha.test")
        self.web.click("link=Menu")
        self.web.follow("link=Domains")
        self.assertEqual(self.web.title(), "Domains - Signet")
