"""test_ldap - domains whose users an LDAP directory knows, against OpenLDAP's slapd"""
import base64
import concurrent.futures
import contextlib
import imaplib
import json
import poplib
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import threading
import time
import unittest

import pki
import slapd
import xmpp
from server import PASSWORD, anyone

THEIRS = "their own secret"


@unittest.skipUnless(slapd.installed(), "slapd or ldap-utils is not installed")
class Directory(pki.Case):
    """alpha.test has a directory, beta.test has none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.house = pki.Authority(cls.folder, "House")
        cls.server.signet("trust", "add", stdin=cls.house.pem())
        cls.server.signet("setting", "set", "auth.failure-delay-max", "10ms")
        cls.server.signet("setting", "set", "ldap.keep", "1ms")
        cls.server.signet("setting", "set", "ldap.keep-absent", "1ms")
        cls.slapd = cls.enterClassContext(slapd.Slapd(cls.folder / "slapd", cls.house))
        cls.slapd.add("ann", "bob")
        cls.server.add("cy@beta.test")
        cls.set(cls.slapd)

    @classmethod
    def set(cls, directory, *more, url=None):
        return cls.server.signet(
            "ldap", "set", "alpha.test", "--url", url or f"ldaps://127.0.0.1:{directory.port}", "--base",
            "ou=people,dc=test", "--bind-dn", slapd.ROOT, "--password-file", "-", *more, stdin=slapd.SECRET)

    def setUp(self):
        self.set(self.slapd)

    # -- what clients are told

    def login(self, user, password=THEIRS):
        """What IMAP says to LOGIN."""
        imap = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"], timeout=60)
        try:
            imap.host = "alpha.test"
            imap.starttls(anyone())
            return imap.login(user, password)[0]
        except imaplib.IMAP4.error as error:
            return str(error)
        finally:
            imap.logout()

    def mail(self, to):
        """The reply to RCPT."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=60) as smtp:
            smtp.ehlo()
            smtp.mail("x@elsewhere.test")
            code, text = smtp.rcpt(to)
            return f"{code} {text.decode()}"

    def submit(self, user, password=THEIRS, mech="PLAIN"):
        """What submission says to AUTH, and offers."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"], timeout=60) as smtp:
            smtp._host = user.split("@")[1]
            smtp.starttls(context=anyone())
            smtp.ehlo()
            smtp.user, smtp.password = user, password
            try:
                code, text = smtp.auth(mech, getattr(smtp, "auth_" + mech.lower()))
            except smtplib.SMTPAuthenticationError as error:
                code, text = error.smtp_code, error.smtp_error
            return f"{code} {text.decode()}", smtp.esmtp_features["auth"].split()

    def fetch(self, user, password=THEIRS):
        """What POP3 says to PASS."""
        pop = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=60)
        try:
            pop.stls(anyone())
            pop.user(user)
            return pop.pass_(password).decode()
        except poplib.error_proto as error:
            return error.args[0].decode()
        finally:
            pop.close()

    def chat(self, user, password=THEIRS):
        """What XMPP says to PLAIN, and offers."""
        stream = xmpp.Stream(self.server.ports["xmpp-client"])
        self.addCleanup(stream.close)
        features = stream.start_tls(user.split("@")[1], anyone())
        text = xmpp.b64(f"\0{user.split('@')[0]}\0{password}")
        stream.send(f"<auth xmlns='{xmpp.SASL[1:-1]}' mechanism='PLAIN'>{text}</auth>")
        answer = stream.read()
        return [answer.tag.removeprefix(xmpp.SASL), *(child.tag.removeprefix(xmpp.SASL) for child in answer)], [
            m.text for m in features.find(xmpp.SASL + "mechanisms")]

    def sieve(self, user, password=THEIRS):
        """What ManageSieve says to PLAIN."""
        with self.server.connect("managesieve") as raw, raw.makefile("rb") as said:
            while not said.readline().startswith(b"OK"):
                pass
            raw.sendall(b"STARTTLS\r\n")
            said.readline()
            with anyone().wrap_socket(raw, server_hostname="alpha.test") as tls, tls.makefile("rb") as said:
                while not said.readline().startswith(b"OK"):
                    pass
                text = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
                tls.sendall(f'AUTHENTICATE "PLAIN" "{text}"\r\n'.encode())
                return said.readline().decode()

    def page(self, user, password=THEIRS):
        """The status of the login page's answer, and the text."""
        jar, url = self.folder / "jar", f"https://alpha.test:{self.server.ports['https']}/login"
        words = ["curl", "-sk", "-i", "-b", jar, "-c", jar, "--resolve",
                 f"alpha.test:{self.server.ports['https']}:127.0.0.1", url]
        def ask(*more):
            return subprocess.run([*map(str, words), *more], stdout=subprocess.PIPE, timeout=60, check=True).stdout.decode()
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', ask())[1]
        said = ask("--data-urlencode", f"name={user}", "--data-urlencode", f"password={password}", "-d",
                   f"do=login&csrf={csrf}")
        return said.split()[1], said

    # -- logins and mail

    def test_logins(self):
        """Right and wrong, in every protocol."""
        self.assertEqual(self.login("ann@alpha.test"), "OK")
        self.assertIn("AUTHENTICATIONFAILED", self.login("ann@alpha.test", "wrong"))
        for mech in ("PLAIN", "LOGIN"):
            self.assertIn("235 ", self.submit("ann@alpha.test", mech=mech)[0])
            self.assertIn("535 ", self.submit("ann@alpha.test", "wrong", mech)[0])
        self.assertIn("+OK", self.fetch("ann@alpha.test"))
        self.assertIn("-ERR [AUTH]", self.fetch("ann@alpha.test", "wrong"))
        self.assertEqual(self.chat("ann@alpha.test")[0], ["success"])
        self.assertEqual(self.chat("ann@alpha.test", "wrong")[0], ["failure", "not-authorized"])
        self.assertIn("OK", self.sieve("ann@alpha.test"))
        self.assertIn("NO", self.sieve("ann@alpha.test", "wrong"))
        self.assertEqual(self.page("ann@alpha.test")[0], "303")
        self.assertEqual(self.page("ann@alpha.test", "wrong")[0], "422")

    def test_no_password_is_never_right(self):
        """RFC 4513 5.1.2: a bind without one is a bind as nobody, which succeeds."""
        self.slapd.add("void", password=None)
        for user in ("ann@alpha.test", "void@alpha.test"):
            for password in ("", " "):
                self.assertIn("AUTHENTICATIONFAILED", self.login(user, password))
        self.assertIn("535 ", self.submit("ann@alpha.test", "")[0])

    def test_scram_is_not_offered(self):
        """It needs secrets that only the directory has."""
        self.assertEqual(self.submit("ann@alpha.test")[1], ["PLAIN", "LOGIN"])
        self.assertEqual(self.chat("ann@alpha.test")[1], ["PLAIN"])
        self.assertIn("SCRAM-SHA-256", self.submit("cy@beta.test", PASSWORD)[1])

    def test_mail(self):
        self.assertIn("250", self.mail("bob@alpha.test"))
        self.assertIn("250", self.mail("bob+list@alpha.test"))
        self.assertIn("550", self.mail("nobody@alpha.test"))
        self.slapd.add("fresh")
        self.server.send("fresh@alpha.test", "Subject: the first\r\n\r\nhello\r\n")
        self.assertIn("ldap-account address=fresh@alpha.test", self.server.log())
        self.assertIn("1 messages", self.fetch("fresh@alpha.test"))

    def test_aliases_and_catch_all(self):
        """They are asked as always; the directory comes before the catch-all."""
        self.signet("alias", "add", "sales@alpha.test", "ann@alpha.test", "bob@alpha.test")
        self.signet("domain", "catch-all", "alpha.test", "ann@alpha.test")
        self.addCleanup(self.signet, "domain", "catch-all", "alpha.test")
        self.slapd.add("late")
        for to in ("sales", "late", "whoever"):
            self.assertIn("250", self.mail(f"{to}@alpha.test"))
        self.assertIn("late@alpha.test", self.accounts())
        self.assertNotIn("whoever@alpha.test", self.accounts())

    def accounts(self):
        return [row["address"] for row in self.signet("account", "list", "alpha.test")["rows"]]

    def test_user_goes_and_comes(self):
        """Who is not in the directory any more takes no mail; what he had stays."""
        self.slapd.add("temp")
        self.server.send("temp@alpha.test", "Subject: kept\r\n\r\nhello\r\n")
        self.slapd.remove("temp")
        time.sleep(0.01)
        self.assertIn("550", self.mail("temp@alpha.test"))
        self.assertIn("AUTHENTICATIONFAILED", self.login("temp@alpha.test"))
        self.slapd.add("temp", password="another")
        time.sleep(0.01)
        self.assertIn("1 messages", self.fetch("temp@alpha.test", "another"))

    def test_changed_password(self):
        """What was right is remembered for a while, and no longer."""
        self.slapd.add("mover")
        self.signet("setting", "set", "auth.remember-elsewhere", "1s")
        self.addCleanup(self.signet, "setting", "reset", "auth.remember-elsewhere")
        self.assertEqual(self.login("mover@alpha.test"), "OK")
        self.slapd.modify(f"dn: {self.slapd.dn('mover')}\nchangetype: modify\nreplace: userPassword\nuserPassword: new\n")
        self.assertEqual(self.login("mover@alpha.test", "new"), "OK")
        time.sleep(1.1)
        self.assertIn("AUTHENTICATIONFAILED", self.login("mover@alpha.test"))

    def test_accounts_with_a_password_here(self):
        """They stay what they are, in the directory or not."""
        self.server.add("local@alpha.test")
        self.assertEqual(self.login("local@alpha.test", PASSWORD), "OK")
        self.assertIn("250", self.mail("local@alpha.test"))
        self.assertIn("AUTHENTICATIONFAILED", self.login("local@alpha.test", THEIRS))
        self.login("ann@alpha.test")
        self.signet("account", "suspend", "ann@alpha.test")
        self.assertIn("AUTHENTICATIONFAILED", self.login("ann@alpha.test"))
        self.signet("account", "resume", "ann@alpha.test")
        self.assertEqual(self.login("ann@alpha.test"), "OK")

    def test_users_change_passwords_in_the_directory(self):
        """One set here would be in place of the directory's; an admin may want that."""
        self.slapd.add("dora")
        self.assertEqual(self.login("dora@alpha.test"), "OK")
        self.assertEqual(self.signet("account", "show", "dora@alpha.test")["password"], "directory")
        token = self.signet("token", "add", "dora", "--account", "dora@alpha.test")["token"]
        said = subprocess.run(
            ["curl", "-sk", "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json", "-d",
             json.dumps({"address": "dora@alpha.test", "old": THEIRS, "password": "a new one of hers"}),
             f"https://127.0.0.1:{self.server.ports['https']}/api/v1/account/password"],
            stdout=subprocess.PIPE, timeout=60, check=True).stdout.decode()
        self.assertIn("is kept in the directory of its domain", said)
        self.signet("account", "password", "dora@alpha.test", stdin="an admin's choice")
        self.assertEqual(self.login("dora@alpha.test", "an admin's choice"), "OK")
        self.assertIn("AUTHENTICATIONFAILED", self.login("dora@alpha.test"))
        self.assertEqual(self.signet("account", "show", "dora@alpha.test")["password"], "here")

    def test_chat_with_somebody_who_was_never_here(self):
        self.slapd.add("hermit")
        with xmpp.Client(self.server, "cy@beta.test") as cy:
            cy.chat("hermit@alpha.test", "are you there?")
            cy.chat("nobody@alpha.test", "are you?")
            self.assertEqual(cy.stanza("message").get("from"), "nobody@alpha.test")
        with xmpp.Client(self.server, "hermit@alpha.test", password=THEIRS) as hermit:
            self.assertEqual(hermit.text(), "are you there?")

    def test_certificates_of_users(self):
        """SASL EXTERNAL: also for who was never here; not for who is in the directory no more."""
        self.slapd.add("carla")
        people = pki.Authority(self.folder, "People")
        key = self.folder / "carla.key"
        key.write_text(pki.key())
        request = pki.openssl("req", "-new", "-key", key, "-subj", "/CN=Carla")
        user = self.folder / "carla.user"
        user.write_text(key.read_text() + people.sign(
            request, "subjectAltName=email:carla@alpha.test\nextendedKeyUsage=clientAuth"))
        self.signet("trust", "add", "--domain", "alpha.test", stdin=people.pem())
        sha256 = self.signet("client-ca", "show", "alpha.test")["rows"][0]["sha256"]
        self.signet("client-ca", "set", "alpha.test", sha256)
        self.addCleanup(self.signet, "client-ca", "set", "alpha.test", "none")

        def external():
            return self.s_client("-quiet", "-ign_eof", "-cert", user, "-key", user,
                                 stdin="a CAPABILITY\r\nb AUTHENTICATE EXTERNAL =\r\nc LOGOUT\r\n")
        said = external()
        self.assertIn("AUTH=EXTERNAL AUTH=PLAIN", said)
        self.assertNotIn("SCRAM", said)
        self.assertIn("b OK", said)
        self.slapd.remove("carla")
        time.sleep(0.01)
        self.assertIn("b NO [AUTHENTICATIONFAILED]", external())
        self.slapd.add("carla")
        time.sleep(0.01)
        self.assertIn("b OK", external())

    def test_names_that_mean_something_to_filters(self):
        """RFC 4515: they stand for themselves"""
        for name in ("*", "a*", "ann)(uid=*", "*)(objectClass=*", "ann\\2a", "(ann)", "ann)(|(cn=*", "&", "|", "!"):
            with self.subTest(name):
                self.assertIn("535 ", self.submit(f"{name}@alpha.test")[0])
                self.assertRegex(self.mail(f"{name}@alpha.test"), "^5")
        self.assertIn("no entry fits (mail=\\\\2a@alpha.test)",
                      self.refused_with("ldap", "test", "alpha.test", "*", filter="(mail=%a)"))

    def refused_with(self, *words, filter):
        self.set(self.slapd, "--filter", filter)
        self.addCleanup(self.set, self.slapd, "--filter", "(mail=%a)")
        return self.refused(*words)

    def test_two_entries(self):
        """Whose mail it is cannot be told: it waits until an admin has seen to it."""
        self.slapd.add("twin", "other")
        self.slapd.modify(f"dn: {self.slapd.dn('other')}\nchangetype: modify\nadd: mail\nmail: twin@alpha.test\n")
        self.assertIn("451 4.3.0", self.mail("twin@alpha.test"))
        self.assertIn("more than one entry fits", self.server.log())
        self.assertIn("250", self.mail("ann@alpha.test"))  # others are not concerned
        self.slapd.remove("other")

    # -- the operations

    def test_set_show_test_remove(self):
        shown = self.signet("ldap", "show", "alpha.test")
        self.assertEqual((shown["base"], shown["bind-dn"], shown["has-password"]), ("ou=people,dc=test", slapd.ROOT, True))
        self.assertEqual([row["domain"] for row in self.signet("ldap", "list")["rows"]], ["alpha.test"])
        answer = self.signet("ldap", "test", "alpha.test", "ann@alpha.test")
        self.assertEqual(answer["dn"], "uid=ann,ou=people,dc=test")
        self.assertIn({"attribute": "cn", "value": "Ann"}, answer["rows"])
        good = self.signet("ldap", "test", "alpha.test", "ann", "--password-file", "-", stdin=THEIRS)
        self.assertTrue(good["password-good"])
        self.assertIn("not its password",
                      self.refused("ldap", "test", "alpha.test", "ann", "--password-file", "-", stdin="x"))
        self.assertIn("no entry fits", self.refused("ldap", "test", "alpha.test", "nobody"))
        self.signet("ldap", "remove", "alpha.test")
        self.assertIn("has no LDAP directory", self.refused("ldap", "show", "alpha.test"))
        self.assertIn("AUTHENTICATIONFAILED", self.login("ann@alpha.test"))
        self.assertIn("SCRAM-SHA-256", self.submit("ann@alpha.test", "x")[1])

    def test_what_cannot_be_set(self):
        for url in ("http://x", "ldaps://", "ldaps://h:0", "ldaps://h:70000", "ldap://a b", "ldaps://h/dc=x", "ldapi:///"):
            self.assertIn("url: ", self.refused("ldap", "set", "alpha.test", "--url", url))
        for text in ("mail=%a", "(mail=%a", "(mail=%a))", "(mail=x)", "(a=%u)(b=%u)"):
            self.assertIn("filter: ", self.refused("ldap", "set", "alpha.test", "--filter", text))
        self.assertIn("not hosted", self.refused("ldap", "set", "gamma.test", "--url", "ldaps://x"))
        self.assertIn("password: ", self.refused("ldap", "set", "beta.test", "--url", "ldaps://x", "--bind-dn", "cn=x"))

    def test_secrets(self):
        """Neither the directory's password nor a user's is in files, answers or the log."""
        self.login("ann@alpha.test")
        self.login("ann@alpha.test", "not her secret")
        for secret in (slapd.SECRET, THEIRS, "not her secret"):
            self.assertNotIn(secret, self.server.log())
            self.assertNotIn(secret, str(self.signet("ldap", "show", "alpha.test")))
            for path in self.server.data.rglob("*"):
                if path.is_file():
                    self.assertNotIn(secret.encode(), path.read_bytes(), path)

    # -- TLS

    def test_starttls(self):
        self.set(self.slapd, url=f"ldap://localhost:{self.slapd.plain_port}")
        self.assertEqual(self.login("ann@alpha.test"), "OK")
        self.assertIn("STARTTLS", self.slapd.log())

    def test_certificate_of_the_directory(self):
        """It is judged as that of any other server: who it is of, and for whom."""
        self.set(self.slapd, url=f"ldaps://127.0.0.2:{self.slapd.port}")
        self.assertIn("temporar", self.try_to_reach("127.0.0.2"))
        for authority, says in ((pki.Authority(self.folder, "Unknown"), "its issuer is not known"),):
            with self.subTest(says), slapd.Slapd(self.folder / "other", authority) as other:
                self.set(other)
                self.assertIn(says, self.refused("ldap", "test", "alpha.test", "ann"))
                self.assertIn("UNAVAILABLE", self.login("bob@alpha.test", "any"))
                self.assertNotIn("BIND", other.log())

    def try_to_reach(self, host):
        """A name that is not in the certificate."""
        with socket.socket() as s:
            s.bind((host, 0))
            s.listen()
            port = s.getsockname()[1]
            threading.Thread(target=self.pass_on, args=(s,), daemon=True).start()
            self.set(self.slapd, url=f"ldaps://{host}:{port}")
            said = self.refused("ldap", "test", "alpha.test", "ann")
        self.assertRegex(said, "not for|no name|name")
        return "temporarily" if "UNAVAILABLE" in self.login("bob@alpha.test") else said

    def pass_on(self, listener):
        """Carry bytes between whoever comes and slapd."""
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            two = socket.create_connection(("127.0.0.1", self.slapd.port))
            for a, b in ((one, two), (two, one)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    @staticmethod
    def carry(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @contextlib.contextmanager
    def strict(self):
        """The authority of clients' certificates, with a directory that takes no others in use."""
        clients = pki.Authority(self.folder, "Clients")
        folder = self.folder / f"strict{time.monotonic_ns()}"
        with slapd.Slapd(folder, self.house, clients.cert) as strict:
            strict.add_by_file("eva")
            strict.start()
            self.set(strict)
            yield clients

    def assert_serves(self):
        self.assertEqual(self.signet("ldap", "test", "alpha.test", "eva")["dn"], "uid=eva,ou=people,dc=test")
        self.assertIn("250", self.mail("eva@alpha.test"))
        self.assertEqual(self.login("eva@alpha.test"), "OK")

    def assert_refuses(self):
        self.assertRegex(self.refused("ldap", "test", "alpha.test", "eva"), "perhaps it wants a certificate|alert")

    def test_E_024_profile_for_a_directory(self):
        """E-024: a profile's certificate, for the server or a domain; it is not removed while it is used"""
        with self.strict() as clients:
            self.assert_refuses()
            self.signet("profile", "add", "outward", "--cn", "mail.alpha.test")
            csr = self.signet("profile", "csr", "outward")["pem"]
            self.signet("profile", "cert-set", "outward", stdin=clients.sign(csr))
            for scope in ((), ("--domain", "alpha.test")):
                self.signet("setting", "set", "ldap.certificate", "outward", *scope)
                self.set_again()
                self.assert_serves()
                self.assertIn("ldap.certificate", self.refused("profile", "remove", "outward"))
                self.signet("setting", "reset", "ldap.certificate", *scope)
                self.assert_refuses()
        self.signet("profile", "remove", "outward")

    def set_again(self):
        """What failed a moment ago is not waited for."""
        self.signet("ldap", "set", "alpha.test")

    def test_E_028_directory_that_wants_a_certificate(self):
        """E-028: the main domain's, unless something else is said; without one the bind fails"""
        with self.strict() as clients:
            # the domain's own certificate is signed by itself, which this directory does not take
            self.assert_refuses()
            self.assertIn("451 4.3.0", self.mail("eva@alpha.test"))
            csr = self.signet("pki", "csr", "alpha.test")["pem"]
            kept = self.signet("pki", "show", "alpha.test")["chain"]
            self.signet("pki", "cert-set", "alpha.test", stdin=clients.sign(csr, "subjectAltName=DNS:alpha.test"))
            self.addCleanup(self.signet, "pki", "cert-set", "alpha.test", stdin=kept)
            self.set_again()
            self.assert_serves()
            self.signet("setting", "set", "ldap.certificate", "none", "--domain", "alpha.test")
            self.addCleanup(self.signet, "setting", "reset", "ldap.certificate", "--domain", "alpha.test")
            self.assert_refuses()
            self.assertIn("451 4.3.0", self.mail("eva@alpha.test"))

    # -- a directory that is down, or hangs

    def test_outage(self):
        """Deferred everywhere; other domains do not notice; all is well when it is back."""
        self.signet("setting", "set", "auth.remember-elsewhere", "0s")
        self.addCleanup(self.signet, "setting", "reset", "auth.remember-elsewhere")
        self.set(self.slapd)  # forgets what was remembered
        self.login("ann@alpha.test")
        self.slapd.stop()
        self.addCleanup(lambda: self.slapd.process.poll() is not None and self.slapd.start())
        self.assertIn("451 4.3.0", self.mail("ann@alpha.test"))
        self.assertIn("451 4.3.0", self.mail("nobody@alpha.test"))
        self.assertIn("[UNAVAILABLE]", self.login("ann@alpha.test"))
        self.assertIn("454 4.7.0", self.submit("ann@alpha.test")[0])
        self.assertIn("-ERR [SYS/TEMP]", self.fetch("ann@alpha.test"))
        self.assertEqual(self.chat("ann@alpha.test")[0], ["failure", "temporary-auth-failure"])
        self.assertIn("NO (TRYLATER)", self.sieve("ann@alpha.test"))
        status, text = self.page("ann@alpha.test")
        self.assertEqual(status, "503")
        self.assertIn("cannot be checked now", text)
        self.assertEqual(self.login("cy@beta.test", PASSWORD), "OK")
        self.assertIn("250", self.mail("cy@beta.test"))
        self.assertIn("ldap-failed domain=alpha.test", self.server.log())
        self.slapd.start()
        self.wait(lambda: "250" in self.mail("ann@alpha.test"))
        self.assertEqual(self.login("ann@alpha.test"), "OK")

    def wait(self, good, seconds=20):
        until = time.monotonic() + seconds
        while not good():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.2)

    def test_restart_is_not_noticed(self):
        """Connections that the directory ended are made anew."""
        self.assertIn("250", self.mail("ann@alpha.test"))
        for _ in range(3):
            self.slapd.stop()
            self.slapd.start()
            self.assertIn("250", self.mail("ann@alpha.test"))

    def test_hanging(self):
        """It takes few threads, and for a moment: others are served as quickly as before."""
        self.signet("setting", "set", "ldap.timeout", "10s")
        self.addCleanup(self.signet, "setting", "reset", "ldap.timeout")
        self.login("ann@alpha.test")
        self.slapd.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.slapd.process.send_signal, signal.SIGCONT)
        slowest = 0
        with concurrent.futures.ThreadPoolExecutor(60) as threads:
            answers = [threads.submit(self.login, f"user{i}@alpha.test") for i in range(60)]
            for _ in range(15):
                began = time.monotonic()
                self.assertIn("250", self.mail("cy@beta.test"))
                self.assertEqual(self.login("cy@beta.test", PASSWORD), "OK")
                slowest = max(slowest, time.monotonic() - began)
            for answer in answers:
                self.assertIn("[UNAVAILABLE]", answer.result())
        self.assertLess(slowest, 5)
        began = time.monotonic()  # and from then on nobody waits
        self.assertIn("451 4.3.0", self.mail("ann@alpha.test"))
        self.assertLess(time.monotonic() - began, 8)
        self.slapd.process.send_signal(signal.SIGCONT)
        self.wait(lambda: "250" in self.mail("ann@alpha.test"))

    def test_burst(self):
        """Many at once wait for each other, and are all served."""
        self.slapd.add(*(f"many{i}" for i in range(40)))
        with concurrent.futures.ThreadPoolExecutor(40) as threads:
            said = list(threads.map(lambda i: self.login(f"many{i}@alpha.test"), range(40)))
        self.assertEqual(said, ["OK"] * 40)

    def test_rude_directories(self):
        """Junk, answers without end, silence at each step: refused, in time, and without harm."""
        key, cert = self.folder / "slapd" / "slapd.key", self.folder / "slapd" / "slapd.pem"
        self.signet("setting", "set", "ldap.timeout", "1s")
        self.addCleanup(self.signet, "setting", "reset", "ldap.timeout")
        bound = bytes.fromhex("300c02010161070a010004000400")
        for answer in (b"", b"junk " * 1000, bytes.fromhex("3084ffffffff") + b"x" * 70000,
                       bytes.fromhex("30843fffffff") + b"\x02\x01" * 40000, b"\x30\x80" * 2000,
                       bound + bytes.fromhex("3005020102640000"), bound + bytes.fromhex("300c02010265070a010004000400") * 3,
                       bound * 50, bound + b"\x30" * 9000):
            with self.subTest(answer[:20]), Rude(key, cert, answer) as rude:
                self.set(self.slapd, url=f"ldaps://127.0.0.1:{rude.port}")
                began = time.monotonic()
                self.refused("ldap", "test", "alpha.test", "ann")
                self.assertLess(time.monotonic() - began, 5)
        self.set(self.slapd)
        self.assertIn("250", self.mail("ann@alpha.test"))

    def test_settings_last(self):
        """After a restart, too; and they go with the domain."""
        self.server.stop()
        self.server.start()
        self.assertEqual(self.login("ann@alpha.test"), "OK")
        self.signet("domain", "add", "delta.test")
        self.signet("ldap", "set", "delta.test", "--url", "ldaps://localhost")
        self.signet("domain", "remove", "delta.test")
        self.signet("domain", "add", "delta.test")
        self.assertIn("has no LDAP directory", self.refused("ldap", "show", "delta.test"))


class Rude:
    """A TLS server that says the same to everybody, and then nothing."""

    def __init__(self, key, cert, answer):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
                tls = self.context.wrap_socket(raw, server_side=True)
                self.open.append(tls)
                tls.recv(1000)
                tls.sendall(self.answer)
            except OSError:
                if self.listener.fileno() < 0:
                    return

    def __exit__(self, *what):
        self.listener.shutdown(socket.SHUT_RDWR)  # or accept() goes on
        self.listener.close()
        for tls in self.open:
            tls.close()
