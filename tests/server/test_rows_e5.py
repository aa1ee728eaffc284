"""Points E-035 to E-045: who may send mail to this server, and how much TLS he needs: sender groups of a listener, mail
flow policies, and what the log says of both. Clients come from addresses of their own: all of 127/8 is this machine."""
import contextlib
import pathlib
import smtplib
import socket
import ssl
import subprocess
import tempfile
import unittest

from authority import Authority
from dns import Names
from server import Server, anyone
from waiting import wait_for

ANN = "ann@alpha.test"
MAIL = "Subject: hello\r\n\r\nhello\r\n"
NAMES = {
    "1.3.0.127.in-addr.arpa": {"PTR": ["mx.partner.test"]},
    "mx.partner.test": {"A": ["127.0.3.1"]},
    "2.3.0.127.in-addr.arpa": {"PTR": ["mx.partner.test"]},  # the name does not lead back
    "3.3.0.127.in-addr.arpa": {"PTR": ["a.b.partner.test"]},
    "a.b.partner.test": {"A": ["127.0.3.3"]},
    "4.3.0.127.in-addr.arpa": {"PTR": ["notpartner.test"]},
    "notpartner.test": {"A": ["127.0.3.4"]},
}


class Policies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.names = cls.enterClassContext(Names(NAMES))
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        cls.signet("setting", "set", "dns.servers", cls.names.address)
        cls.ca = Authority(cls.folder, "Partner CA")
        cls.own = Authority(cls.folder, "Nobody")
        cls.signet("trust", "add", stdin=cls.ca.pem())
        usage = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth"]
        cls.good = cls.ca.sign("mx.partner.test", "/O=Partner, Inc./CN=mx.partner.test", usage)
        cls.bad = cls.own.sign("mx.nobody.test", "/O=Partner, Inc./CN=mx.partner.test", usage)
        for number, level in enumerate(("off", "preferred", "required", "verified"), 1):
            cls.policy(level.upper(), level, f"127.0.1.{number}")

    @classmethod
    def signet(cls, *words, stdin=""):
        return cls.server.signet(*words, stdin=stdin)

    @classmethod
    def policy(cls, name, tls, *entries):
        """A policy with that level of TLS, and before all others a group that has it."""
        cls.signet("policy", "add", name)
        cls.signet("policy", "set", name, "smtp.tls", tls)
        cls.signet("sender-group", "add", name, name, "--order", "1")
        cls.signet("sender-group", "entry-add", name, *entries)

    @contextlib.contextmanager
    def smtp(self, source, tls=False, cert=None, listener="smtp"):
        context = anyone()
        if cert:
            context.load_cert_chain(*cert)
        with smtplib.SMTP("127.0.0.1", self.server.ports[listener], timeout=20,
                          source_address=(source, 0)) as smtp:
            smtp.ehlo("client.test")
            if tls:
                smtp.starttls(context=context)
                smtp.ehlo("client.test")
            yield smtp

    def send(self, source, **options):
        """The code of the first reply that is no 250, or 250."""
        with self.smtp(source, **options) as smtp:
            for reply in (lambda: smtp.mail("x@partner.test"), lambda: smtp.rcpt(ANN), lambda: smtp.data(MAIL)):
                code, text = reply()
                if code != 250:
                    return code, text.decode()
            return 250, ""

    def found(self, *words):
        return self.signet("sender-group", "find", *words)

    def said(self, *words):
        """A line of the log with all of these."""
        return wait_for(lambda: [line for line in self.server.log().splitlines() if all(w in line for w in words)],
                        tell=lambda: f"{words}: {self.server.log()[-3000:]}")

    def test_E_035_two_policies_at_one_listener(self):
        with self.smtp("127.0.1.1") as off, self.smtp("127.0.1.3") as required:
            self.assertNotIn("starttls", off.esmtp_features)
            self.assertIn("starttls", required.esmtp_features)
            self.assertEqual(off.mail("x@partner.test")[0], 250)
            self.assertEqual(required.mail("x@partner.test")[0], 530)
        with self.smtp("127.0.0.1") as anybody:  # as it was without policies
            self.assertIn("starttls", anybody.esmtp_features)
            self.assertEqual(anybody.mail("x@partner.test")[0], 250)

    def test_E_036_off(self):
        with self.smtp("127.0.1.1") as smtp:
            self.assertNotIn("starttls", smtp.esmtp_features)
            self.assertEqual(smtp.docmd("STARTTLS")[0], 502)
        self.assertEqual(self.send("127.0.1.1")[0], 250)

    def test_E_037_preferred(self):
        self.assertEqual(self.send("127.0.1.2")[0], 250)
        self.assertEqual(self.send("127.0.1.2", tls=True)[0], 250)
        self.said("smtp tls", "peer=127.0.1.2")

    def test_E_038_preferred_looks_at_no_certificate(self):
        self.assertEqual(self.send("127.0.1.2", tls=True, cert=self.bad)[0], 250)

    def break_handshake(self, source):
        """STARTTLS, then mail in the clear: what becomes of it."""
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=20,
                                      source_address=(source, 0)) as sock:
            lines = sock.makefile("rb")
            lines.readline()
            sock.sendall(b"EHLO x\r\n")
            while lines.readline()[3:4] == b"-":
                pass
            sock.sendall(b"STARTTLS\r\n")
            self.assertEqual(lines.readline()[:3], b"220")
            sock.sendall(b"EHLO x\r\nMAIL FROM:<broken@partner.test>\r\nRCPT TO:<ann@alpha.test>\r\nDATA\r\n")
            with contextlib.suppress(ConnectionError):
                return lines.read()
            return b""

    def test_E_039_no_way_back_into_the_clear(self):
        self.assertNotIn(b"250", self.break_handshake("127.0.1.2"))

    def test_E_040_required(self):
        self.assertEqual(self.send("127.0.1.3"), (530, "5.7.0 Say STARTTLS first"))
        self.assertEqual(self.send("127.0.1.3", tls=True)[0], 250)

    def test_E_041_required_and_a_handshake_that_fails(self):
        self.assertNotIn(b"250", self.break_handshake("127.0.1.3"))
        self.assertNotIn("from=broken@partner.test", self.server.log())

    def test_E_042_required_looks_at_no_certificate(self):
        self.assertEqual(self.send("127.0.1.3", tls=True, cert=self.bad)[0], 250)

    def test_E_043_only_that_host_is_forced(self):
        self.policy("PARTNERS", "required", "127.0.2.5")
        self.assertEqual(self.send("127.0.2.5")[0], 530)
        self.assertEqual(self.send("127.0.2.6")[0], 250)
        rows = {row["name"]: row for row in self.signet("sender-group", "list")["rows"]}
        self.assertEqual((rows["PARTNERS"]["policy"], rows["PARTNERS"]["entries"]), ("PARTNERS", 1))
        self.signet("sender-group", "entry-remove", "PARTNERS", "127.0.2.5")
        self.assertEqual(self.send("127.0.2.5")[0], 250)

    def test_E_044_first_match_wins(self):
        for name, behaviour in (("SECOND", "reject"), ("FIRST", "accept"), ("NOT-THERE", "continue")):
            self.signet("policy", "add", f"P-{name}", "--behaviour", behaviour)
            self.signet("sender-group", "add", name, f"P-{name}", "--order", "1")
            self.signet("sender-group", "entry-add", name, "127.0.4.0/24" if name != "SECOND" else "127.0.0.0/16")
        self.assertEqual(self.found("127.0.4.9")["group"], "FIRST")
        self.assertEqual(self.found("127.0.5.9")["group"], "SECOND")
        self.assertEqual(self.send("127.0.4.9")[0], 250)
        with self.assertRaises(smtplib.SMTPConnectError) as refused:
            self.send("127.0.5.9")
        self.assertEqual(refused.exception.smtp_code, 554)
        self.signet("sender-group", "move", "SECOND", "1")
        self.assertEqual(self.found("127.0.4.9")["group"], "SECOND")
        for name in ("FIRST", "SECOND", "NOT-THERE"):
            self.signet("sender-group", "remove", name)
            self.signet("policy", "remove", f"P-{name}")
        self.assertEqual(self.found("127.0.4.9")["group"], "UNKNOWNLIST")

    def test_E_044_what_an_entry_may_be(self):
        self.signet("policy", "add", "MANY")
        self.signet("sender-group", "add", "MANY", "MANY", "--order", "1")
        for entry, inside, outside in (("10.1.", "10.1.255.255", "10.2.0.0"),
                                       ("192.0.2.4-9", "192.0.2.9", "192.0.2.10"),
                                       ("198.51.100.1-198.51.100.255", "198.51.100.255", "198.51.101.0"),
                                       ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
                                       ("::1", "::1", "::2")):
            self.signet("sender-group", "entry-add", "MANY", entry)
            self.assertEqual(self.found(inside)["match"], entry)
            self.assertEqual(self.found(outside)["group"], "UNKNOWNLIST")
        for wrong in ("300.1.1.1", "10.0.0.0/33", "no host", "fingerprint:abc", "subject:", "-", "ALL ALL"):
            done = self.server.run_signet("sender-group", "entry-add", "MANY", wrong)
            self.assertNotEqual(done.returncode, 0, wrong)
        self.signet("sender-group", "remove", "MANY")

    def test_E_044_entries_keep_their_notes(self):
        """What is there is not added twice, and what is not there cannot be taken out."""
        self.signet("policy", "add", "NOTED")
        self.signet("sender-group", "add", "NOTED", "NOTED")
        add = lambda *words: self.signet("sender-group", "entry-add", "NOTED", *words)["added"]
        shown = lambda: {r["entry"]: r["note"] for r in self.signet("sender-group", "show", "NOTED")["rows"]}
        self.assertEqual(add("192.0.2.0/24", ".partner.test", "--note", "Partner"), 2)
        self.assertEqual(add("192.0.2.0/24", "192.0.2.7"), 1)
        self.assertEqual(shown(), {"192.0.2.0/24": "Partner", ".partner.test": "Partner", "192.0.2.7": ""})
        self.assertEqual(add(".PARTNER.test", "--note", "new"), 0)
        self.assertEqual(shown()[".partner.test"], "new")
        done = self.server.run_signet("sender-group", "entry-remove", "NOTED", "192.0.2.7", "192.0.2.8")
        self.assertIn(b"'192.0.2.8' is no entry of the sender group 'NOTED'", done.stdout)
        self.assertEqual(len(shown()), 3)
        self.signet("sender-group", "entry-remove", "NOTED", "192.0.2.7", ".partner.test")
        self.assertEqual(list(shown()), ["192.0.2.0/24"])
        self.signet("sender-group", "remove", "NOTED")

    def test_E_044_host_names(self):
        self.policy("HOSTS", "required", "mx.partner.test", ".b.partner.test", ".notpartner.test")
        self.assertEqual(self.found("127.0.3.1")["match"], "mx.partner.test")
        self.assertEqual(self.found("127.0.3.3")["match"], ".b.partner.test")
        self.assertEqual(self.found("127.0.3.9", "--host", "x.b.partner.test")["match"], ".b.partner.test")
        for source, code in (("127.0.3.1", 530), ("127.0.3.2", 250), ("127.0.3.3", 530), ("127.0.3.4", 250),
                             ("127.0.3.5", 250)):
            self.assertEqual(self.send(source)[0], code, source)
        asked = len(self.names.asked)
        self.assertEqual(self.send("127.0.1.2")[0], 250)
        self.signet("sender-group", "move", "HOSTS", "99")
        self.send("127.0.3.1")  # ALL comes first: no name is asked for
        self.assertLessEqual(len(self.names.asked), asked + 2)
        self.signet("sender-group", "remove", "HOSTS")

    def test_E_044_dns_lists(self):
        """In one list, or in so many: asked only when nothing before has the client."""
        self.names.table.update({"1.9.0.127.bl.test": {"A": ["127.0.0.2"]}, "2.9.0.127.bl.test": {"A": ["127.0.0.9"]},
                                 "3.9.0.127.good.test": {"A": ["127.0.0.2"]}, "1.9.0.127.more.test": {"A": ["127.0.0.2"]},
                                 "4.9.0.127.bl.test": {"A": "DEAF"}})
        self.signet("setting", "set", "dnsbl.lists", "bl.test:2 more.test:3 good.test:-4")
        self.signet("setting", "set", "dnsbl.refuse-at", "0")
        self.signet("setting", "set", "dnsbl.timeout", "300ms")
        for name, entry in (("WORST", "dnsbl-score:5"), ("BAD", "dnsbl:bl.test=127.0.0.2-4"), ("GOOD", "dnsbl-score:-4")):
            self.signet("policy", "add", name)
            self.signet("sender-group", "add", name, name, "--order", {"WORST": "1", "BAD": "2", "GOOD": "3"}[name])
            self.signet("sender-group", "entry-add", name, entry)
        for source, group in (("127.0.9.1", "WORST"), ("127.0.9.2", "UNKNOWNLIST"), ("127.0.9.3", "GOOD"),
                              ("127.0.9.4", "UNKNOWNLIST"), ("127.0.9.5", "UNKNOWNLIST")):
            self.assertEqual(self.found(source)["group"], group, source)
            self.assertEqual(self.send(source)[0], 250)
            self.said("policy behaviour=accept", f"group={group}")
        self.signet("sender-group", "remove", "WORST")
        self.assertEqual(self.found("127.0.9.1")["match"], "dnsbl:bl.test=127.0.0.2-4")
        self.assertEqual(self.found("127.0.9.1")["listed"], "dnsbl:bl.test=127.0.0.2-4")
        self.said("dnsbl-silent list=bl.test")
        self.policy("BEFORE", "required", "127.0.9.0/24")
        asked = len(self.names.asked)
        self.assertEqual(self.send("127.0.9.6")[0], 530)
        self.assertEqual([name for name, _ in self.names.asked[asked:] if "6.9.0.127" in name], [])
        for wrong in ("dnsbl:", "dnsbl:no zone", "dnsbl:bl.test:3", "dnsbl:a.test,b.test", "dnsbl-score:0", "dnsbl-score:x"):
            done = self.server.run_signet("sender-group", "entry-add", "GOOD", wrong)
            self.assertNotEqual(done.returncode, 0, wrong)
        for name in ("BEFORE", "BAD", "GOOD"):
            self.signet("sender-group", "remove", name)
        for name in ("dnsbl.lists", "dnsbl.refuse-at", "dnsbl.timeout"):
            self.signet("setting", "reset", name)

    def test_E_035_vrfy_expn_and_help(self):
        """Nobody is told who is here, unless a policy trusts him; HELP says what can be said."""
        self.server.add("bob@alpha.test")
        self.signet("group", "add", "staff@alpha.test", ANN, "bob@alpha.test", "far@partner.test")
        self.signet("alias", "add", "both@alpha.test", ANN, "bob@alpha.test")
        with self.smtp("127.0.0.1") as smtp:
            self.assertEqual(smtp.verify(ANN), smtp.verify("nobody@alpha.test"))
            self.assertEqual((smtp.verify(ANN)[0], smtp.expn("staff@alpha.test")[0]), (252, 502))
            self.assertNotIn("vrfy", smtp.esmtp_features)
            text = smtp.help().decode()
            self.assertIn("RCPT TO:<address> [parameters]: one more recipient", text)
            self.assertNotIn("LHLO", text)
            self.assertEqual(smtp.docmd("HELP", "rcpt")[1].decode(), "2.0.0 RCPT TO:<address> [parameters]: one more recipient")
            self.assertEqual(smtp.docmd("HELP", "LHLO")[0], 504)
        self.policy("TRUSTED-ONES", "preferred", "127.0.10.1")
        for name, value in (("vrfy", "answer"), ("expn", "on"), ("help-text", "Ask postmaster@alpha.test")):
            self.signet("policy", "set", "TRUSTED-ONES", "smtp." + name, value)
        with self.smtp("127.0.10.1") as smtp:
            self.assertIn("vrfy", smtp.esmtp_features)
            self.assertIn("expn", smtp.esmtp_features)
            for asked, code, said in ((ANN, 250, "<ann@alpha.test>"), ("<ann>", 250, "<ann@alpha.test>"),
                                      ("ann+x@alpha.test SMTPUTF8", 250, "<ann+x@alpha.test>"),
                                      ("nobody@alpha.test", 550, "No such user"), ("far@partner.test", 252, "cannot tell"),
                                      ("@", 501, ""), ("<ann", 501, ""), ("<ann@alpha.test> more", 501, "")):
                reply = smtp.docmd("VRFY", asked)
                self.assertEqual(reply[0], code, (asked, reply))
                self.assertIn(said, reply[1].decode())
            reply = smtp.docmd("EXPN", "staff@alpha.test")
            self.assertEqual(reply[1].decode().split("\n"), [f"2.1.5 <{m}>" for m in (ANN, "bob@alpha.test", "far@partner.test")])
            self.assertEqual(smtp.docmd("EXPN", "both")[1].decode().count("@alpha.test"), 2)
            self.assertEqual((smtp.docmd("EXPN", ANN)[0], smtp.docmd("EXPN", "no@alpha.test")[0]), (550, 550))
            self.assertTrue(smtp.help().endswith(b"Ask postmaster@alpha.test"))
            self.assertEqual(smtp.mail("x@partner.test")[0], 250)  # as before
        self.signet("policy", "set", "TRUSTED-ONES", "smtp.tls", "required")
        self.signet("policy", "set", "TRUSTED-ONES", "smtp.help", "off")
        with self.smtp("127.0.10.1") as smtp:
            self.assertEqual((smtp.docmd("VRFY", ANN)[0], smtp.docmd("EXPN", ANN)[0], smtp.docmd("HELP")[0]), (530, 530, 502))
        self.signet("policy", "set", "TRUSTED-ONES", "smtp.vrfy", "off")
        with self.smtp("127.0.10.1") as smtp:
            self.assertEqual(smtp.docmd("VRFY", ANN)[0], 502)

    def test_E_044_refused_without_a_word(self):
        self.signet("policy", "add", "SILENT", "--behaviour", "tcprefuse")
        self.signet("sender-group", "add", "SILENT", "SILENT", "--order", "1")
        self.signet("sender-group", "entry-add", "SILENT", "127.0.6.0/24")
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=20,
                                      source_address=("127.0.6.1", 0)) as sock:
            self.assertEqual(sock.recv(1), b"")
        self.said("policy behaviour=tcprefuse group=SILENT match=127.0.6.0/24")
        self.signet("sender-group", "remove", "SILENT")

    def test_E_044_relay(self):
        self.signet("sender-group", "entry-add", "RELAYLIST", "127.0.7.0/24")
        for source, code in (("127.0.7.1", 250), ("127.0.8.1", 550)):
            with self.smtp(source) as smtp:
                smtp.mail(ANN)
                self.assertEqual(smtp.rcpt("far@elsewhere.test")[0], code)
        self.said("policy behaviour=relay group=RELAYLIST match=127.0.7.0/24 policy=RELAYED")

    def test_E_045_the_log_names_group_and_entry(self):
        self.send("127.0.1.3", tls=True)
        self.said("connect peer=127.0.1.3 ", "listener=smtp")
        line = self.said("policy behaviour=accept group=REQUIRED match=127.0.1.3 policy=REQUIRED")[-1]
        icid = next(word for word in line.split() if word.startswith("icid="))
        self.said(icid, "connect peer=127.0.1.3")

    # -- certificates

    def test_verified(self):
        """Level `verified`: a certificate, and a good one."""
        self.assertEqual(self.send("127.0.1.4")[0], 530)
        code, text = self.send("127.0.1.4", tls=True)
        self.assertEqual((code, "needs a client certificate" in text), (550, True))
        code, text = self.send("127.0.1.4", tls=True, cert=self.bad)
        self.assertEqual((code, "not good" in text), (550, True))
        self.assertEqual(self.send("127.0.1.4", tls=True, cert=self.good)[0], 250)

    def test_verified_in_a_resumed_session(self):
        """A session that was made where nobody asked is worth no certificate."""
        context = anyone()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.smtp("127.0.1.2") as smtp:
            smtp.starttls(context=context)
            session = smtp.sock.session
        context.load_cert_chain(*self.good)
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=20,
                                      source_address=("127.0.1.4", 0)) as raw:
            raw.recv(100)
            raw.sendall(b"EHLO x\r\n")
            raw.recv(4000)
            raw.sendall(b"STARTTLS\r\n")
            raw.recv(100)
            with context.wrap_socket(raw, session=session) as sock:
                self.assertFalse(sock.session_reused)
                sock.sendall(b"EHLO x\r\nMAIL FROM:<x@partner.test>\r\n")
                wait_for(lambda: b"250 2.1.0" in sock.recv(4000))

    def test_groups_by_certificate(self):
        digest = subprocess.run(["openssl", "x509", "-in", self.bad[0], "-noout", "-fingerprint", "-sha256"],
                                check=True, stdout=subprocess.PIPE).stdout.decode().strip().split("=")[1]
        self.signet("policy", "add", "BY-CERT", "--behaviour", "relay")
        self.signet("sender-group", "add", "BY-CERT", "BY-CERT", "--order", "1")
        try:
            for entry, who, code in ((f"fingerprint:{digest}", self.bad, 250), (f"fingerprint:{digest}", self.good, 550),
                                     ("subject:CN=mx.partner.test", self.good, 250),
                                     ("subject:CN=mx.partner.test", self.bad, 550),  # anybody can write a name
                                     ("issuer:CN=Partner CA", self.good, 250), ("issuer:CN=Nobody", self.bad, 550)):
                self.signet("sender-group", "entry-add", "BY-CERT", entry)
                with self.smtp("127.0.9.1", tls=True, cert=who) as smtp:
                    smtp.mail(ANN)
                    self.assertEqual(smtp.rcpt("far@elsewhere.test")[0], code, entry)
                self.signet("sender-group", "entry-remove", "BY-CERT", entry)
        finally:
            self.signet("sender-group", "remove", "BY-CERT")

    # -- bounds

    def limited(self, name, source, **settings):
        self.signet("policy", "add", name)
        for key, value in settings.items():
            self.signet("policy", "set", name, "smtp." + key.replace("_", "-"), str(value))
        self.signet("sender-group", "add", name, name, "--order", "1")
        self.signet("sender-group", "entry-add", name, source)
        self.addCleanup(self.signet, "sender-group", "remove", name)

    def test_bounds_of_a_connection(self):
        self.limited("FEW", "127.0.10.1", max_messages=1, max_recipients=2, max_message_size="64k")
        with self.smtp("127.0.10.1") as smtp:
            self.assertEqual(smtp.esmtp_features["size"], "65536")
            self.assertEqual(smtp.mail("x@partner.test", ["SIZE=70000"])[0], 552)
            smtp.mail("x@partner.test")
            self.assertEqual([smtp.rcpt(ANN)[0] for _ in range(3)], [250, 250, 452])
            self.assertEqual(smtp.data(MAIL)[0], 250)
            self.assertEqual(smtp.mail("x@partner.test")[0], 421)
            self.assertRaises((smtplib.SMTPServerDisconnected, ConnectionError), smtp.docmd, "NOOP")

    def test_connections_at_a_time(self):
        self.limited("ONE", "127.0.10.2", max_connections=1)
        with self.smtp("127.0.10.2"):
            with self.assertRaises(smtplib.SMTPConnectError) as refused:
                self.send("127.0.10.2")
            self.assertEqual(refused.exception.smtp_code, 421)
        wait_for(lambda: self.connects("127.0.10.2"))

    def connects(self, source):
        try:
            return self.send(source)[0] == 250
        except smtplib.SMTPConnectError:
            return False

    def test_bounds_of_an_hour(self):
        self.limited("HOUR", "127.0.10.4-6", max_messages_per_hour=2, max_recipients_per_hour=3,
                     max_connections_per_hour=4, max_sender_recipients_per_hour=4,
                     limit_refusal="450 4.7.1 Come back later")
        self.assertEqual([self.send("127.0.10.4")[0] for _ in range(3)], [250, 250, 450])
        self.send("127.0.10.4")
        with self.assertRaises(smtplib.SMTPConnectError) as refused:
            self.send("127.0.10.4")
        self.assertEqual(refused.exception.smtp_error, b"4.7.1 Come back later")
        with self.smtp("127.0.10.5") as smtp:  # another address: only its sender is known
            smtp.mail("x@partner.test")
            self.assertEqual([smtp.rcpt(ANN)[0] for _ in range(3)], [250, 250, 450])
        with self.smtp("127.0.10.6") as smtp:
            smtp.mail("y@partner.test")
            self.assertEqual([smtp.rcpt(ANN)[0] for _ in range(4)], [250, 250, 250, 450])

    def test_own_words(self):
        self.limited("WORDS", "127.0.10.7", banner="Here be dragons", auth="off")
        with socket.create_connection(("127.0.0.1", self.server.ports["smtp"]), timeout=20,
                                      source_address=("127.0.10.7", 0)) as sock:
            self.assertTrue(sock.recv(100).endswith(b" ESMTP Here be dragons\r\n"))
        with self.smtp("127.0.10.7", tls=True) as smtp:
            self.assertNotIn("auth", smtp.esmtp_features)
            self.assertEqual(smtp.docmd("AUTH PLAIN")[0], 502)
        self.signet("policy", "change", "WORDS", "--behaviour", "reject")
        self.signet("policy", "set", "WORDS", "smtp.refusal", "550 5.7.1 Not you")
        with self.assertRaises(smtplib.SMTPConnectError) as refused:
            self.send("127.0.10.7")
        self.assertEqual((refused.exception.smtp_code, refused.exception.smtp_error), (550, b"5.7.1 Not you"))
        for wrong in ("250 2.0.0 Fine", "no", "554", "5x4 words"):
            self.assertNotEqual(self.server.run_signet("policy", "set", "WORDS", "smtp.refusal", wrong).returncode, 0)

    def test_what_is_in_use_stays(self):
        self.assertIn(b"has the policy", self.server.run_signet("policy", "remove", "ACCEPTED").stdout)
        self.assertIn(b"no policy", self.server.run_signet("sender-group", "add", "X", "NONE").stdout)
        self.assertIn(b"no listener",
                      self.server.run_signet("sender-group", "add", "X", "ACCEPTED", "--listener", "none").stdout)


class Thousands(unittest.TestCase):
    """Twenty thousand entries, and a restart."""

    def test_many_entries_that_last(self):
        with Server() as server:
            server.add(ANN)
            entries = [f"10.{n >> 8}.{n & 255}.0/25" for n in range(20000)]
            for at in range(0, len(entries), 2000):
                server.signet("sender-group", "entry-add", "BLOCKLIST", *entries[at:at + 2000])
            server.signet("sender-group", "entry-add", "ALLOWLIST", "10.1.1.1", "--note", "a friend")
            self.assertEqual(server.signet("sender-group", "find", "10.77.9.127")["match"], "10.77.9.0/25")
            server.stop()
            server.start()
            find = lambda address: server.signet("sender-group", "find", address)
            self.assertEqual(find("10.78.31.5")["match"], "10.78.31.0/25")
            self.assertEqual((find("10.1.1.1")["group"], find("10.1.1.1")["note"]), ("ALLOWLIST", "a friend"))
            self.assertEqual(find("10.78.31.200")["group"], "UNKNOWNLIST")
            self.assertEqual(find("10.78.32.5")["group"], "UNKNOWNLIST")


if __name__ == "__main__":
    unittest.main()
