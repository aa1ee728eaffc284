"""Whose mail it is: SPF, DKIM, DMARC and ARC of what comes in, DKIM of what goes out, and what a domain publishes."""
import base64
import contextlib
import email
import email.policy
import pathlib
import smtplib
import subprocess
import tempfile
import unittest

from dns import Names
from nsd import Nsd
from server import Failed, Server
from sink import Sink
from waiting import wait_for

ANN = "ann@alpha.test"


def txt(text):
    """The data of a TXT record."""
    raw = text.encode()
    return [b"".join(bytes([len(raw[i:i + 255])]) + raw[i:i + 255] for i in range(0, len(raw), 255))]


class Keys:
    """Key pairs as other signers have them, and the records for them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True).stdout
        (self.folder / "rsa").write_bytes(pem)
        der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem, check=True,
                             capture_output=True).stdout
        self.rsa = "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True).stdout
        raw = subprocess.run(["openssl", "pkey", "-outform", "DER"], input=pem, check=True, capture_output=True).stdout
        (self.folder / "ed").write_bytes(base64.b64encode(raw[-32:]))
        raw = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=pem, check=True,
                             capture_output=True).stdout
        self.ed = "v=DKIM1; k=ed25519; p=" + base64.b64encode(raw[-32:]).decode()

    def sign(self, message, selector="rsa", canon=("relaxed", "relaxed"), domain="signed.test"):
        algorithm = "ed25519-sha256" if selector == "ed" else "rsa-sha256"
        return subprocess.run(
            ["dkimsign", "--hcanon", canon[0], "--bcanon", canon[1], "--signalg", algorithm, selector, domain,
             self.folder / selector], input=message, check=True, capture_output=True).stdout

    def seal(self, message, who="list.test"):
        return subprocess.run(["arcsign", "rsa", who, self.folder / "rsa", who], input=message, check=True,
                              capture_output=True).stdout


def message(sender="x@signed.test", subject="hello", more="", body="Hello, Ann.\r\n"):
    return (f"{more}From: X <{sender}>\r\nTo: {ANN}\r\nSubject: {subject}\r\n"
            f"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@signed.test>\r\n\r\n{body}").encode()


class World(unittest.TestCase):
    """A server that checks everything, and the name servers of those who write to it."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.keys = Keys(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        cls.table = {
            "signed.test": {"TXT": txt("v=spf1 ip4:192.0.2.7 -all")},
            "rsa._domainkey.signed.test": {"TXT": txt(cls.keys.rsa)},
            "ed._domainkey.signed.test": {"TXT": txt(cls.keys.ed)},
            "rsa._domainkey.list.test": {"TXT": txt(cls.keys.rsa)},
            "_dmarc.signed.test": {"TXT": txt("v=DMARC1; p=reject")},
            "here.test": {"TXT": txt("v=spf1 ip4:127.0.0.0/8 -all")},
            "_dmarc.here.test": {"TXT": txt("v=DMARC1; p=quarantine; sp=none")},
            "elsewhere.test": {"TXT": txt("v=spf1 -all exp=why.elsewhere.test")},
            "why.elsewhere.test": {"TXT": txt("%{i} does not send for %{d}")},
        }
        cls.names = cls.stack.enter_context(Names(cls.table))
        cls.server = cls.stack.enter_context(Server())
        cls.server.add(ANN)
        for name, value in {"dns.servers": cls.names.address, "spf.check": "on", "dkim.check": "on",
                            "arc.check": "on", "dmarc.check": "on", "mailauth.id": "mx.alpha.test"}.items():
            cls.setting(name, value)

    @classmethod
    def setting(cls, name, value):
        cls.server.signet("setting", "set", name, value)

    @contextlib.contextmanager
    def having(self, name, value):
        self.setting(name, value)
        try:
            yield
        finally:
            self.server.signet("setting", "reset", name)

    def send(self, data, sender="x@signed.test", to=ANN):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], local_hostname="client.here.test",
                          timeout=30) as smtp:
            smtp.sendmail(sender, [to], data)

    def arrived(self, data, sender="x@signed.test", mailbox="INBOX"):
        """Send it, and take it out of the mailbox again."""
        self.send(data, sender)
        return self.newest(mailbox)

    def newest(self, mailbox="INBOX"):
        imap = self.server.imap(ANN)
        try:
            self.assertEqual(imap.select(mailbox)[0], "OK", mailbox)
            (_, raw), *_ = imap.fetch("*", "(BODY.PEEK[])")[1]
            imap.store("*", "+FLAGS", "\\Deleted")
            imap.expunge()
            return email.message_from_bytes(raw, policy=email.policy.default.clone(max_line_length=None))
        finally:
            imap.logout()

    def results(self, data, sender="x@signed.test", mailbox="INBOX"):
        """What our field says, in one line."""
        fields = self.arrived(data, sender, mailbox).get_all("Authentication-Results")
        ours = [" ".join(str(f).split()) for f in fields if str(f).startswith("mx.alpha.test")]
        self.assertEqual(len(ours), 1, fields)
        return ours[0]


class Incoming(World):
    def test_spf(self):
        self.assertIn("spf=pass smtp.mailfrom=x@here.test", self.results(message("x@here.test"), "x@here.test"))
        self.assertIn("spf=fail smtp.mailfrom=x@elsewhere.test", self.results(message("x@n.test"), "x@elsewhere.test"))
        self.assertIn("spf=none smtp.mailfrom=x@nothing.test", self.results(message("x@n.test"), "x@nothing.test"))
        self.assertIn("spf=none smtp.helo=client.here.test", self.results(message("x@n.test"), ""))

    def test_spf_refuses(self):
        with self.having("spf.on-fail", "reject"):
            with self.assertRaises(smtplib.SMTPSenderRefused) as no:
                self.send(message(), "x@elsewhere.test")
            self.assertEqual(no.exception.smtp_code, 550)
            self.assertIn(b"5.7.23 The sender's domain says (SPF): 127.0.0.1 does not send for elsewhere.test",
                          no.exception.smtp_error)
            self.assertIn("spf=pass", self.results(message("x@here.test"), "x@here.test"))

    def test_dkim(self):
        for selector in ("rsa", "ed"):
            for canon in (("simple", "simple"), ("simple", "relaxed"), ("relaxed", "simple"), ("relaxed", "relaxed")):
                body = "Hello,\r\n\r\n  dear \t Ann. \r\n.dot\r\n\r\n\r\n"
                got = self.results(self.keys.sign(message(body=body), selector, canon))
                self.assertIn("dkim=pass header.d=signed.test", got, (selector, canon))
                self.assertIn(f"header.s={selector}", got)
                self.assertIn("dmarc=pass (p=reject) header.from=signed.test", got)

    def test_dkim_of_what_was_changed(self):
        signed = self.keys.sign(message())
        self.assertIn("dkim=fail (body hash did not verify)", self.results(signed + b"more\r\n"))
        self.assertIn("dkim=fail (signature did not verify)",
                      self.results(signed.replace(b"Subject: hello", b"Subject: hullo")))
        self.assertIn("dkim=permerror (its key is not published)",
                      self.results(signed.replace(b"s=rsa", b"s=rsb")))
        self.assertIn("dkim=none", self.results(message()))

    def test_dmarc(self):
        self.assertIn("dmarc=fail (p=reject) header.from=signed.test", self.results(message()))
        self.assertIn("dmarc=pass (p=quarantine) header.from=here.test",
                      self.results(message("x@here.test"), "x@here.test"))
        self.assertIn("dmarc=none header.from=nothing.test", self.results(message("x@nothing.test")))
        self.assertIn("dmarc=fail (p=none) header.from=sub.here.test", self.results(message("x@sub.here.test")))

    def test_dmarc_of_several_authors(self):
        """Each is asked for (RFC 7489 6.6.1), and with two fields no signature says who wrote it."""
        both = message("x@nothing.test>, <ann@signed.test")
        self.assertIn("dmarc=fail (p=reject) header.from=signed.test", self.results(both, "x@here.test"))
        self.assertIn("dmarc=pass (p=reject) header.from=signed.test", self.results(
            self.keys.sign(message("x@signed.test>, <y@signed.test"))))
        two = message("x@here.test", more="From: y@other.test\r\n")
        self.assertIn("dmarc=fail (p=quarantine) header.from=here.test", self.results(two, "x@here.test"))
        replayed = b"From: Boss <boss@signed.test>\r\n" + self.keys.sign(message())
        self.assertIn("dmarc=fail (p=reject)", self.results(replayed))
        none = message().replace(b"From: X <x@signed.test>\r\n", b"")
        self.assertIn("dmarc=permerror (no single domain in From)", self.results(none))
        with self.having("dmarc.on-fail", "reject"):
            for refused in (both, replayed):
                with self.assertRaises(smtplib.SMTPDataError):
                    self.send(refused)
            self.assertIn("dmarc=permerror", self.results(none, mailbox="Junk"))

    def test_dmarc_is_obeyed(self):
        with self.having("dmarc.on-fail", "reject"):
            with self.assertRaises(smtplib.SMTPDataError) as no:
                self.send(message())
            self.assertEqual(no.exception.smtp_code, 550)
            self.assertIn("dmarc=pass", self.results(self.keys.sign(message())))
            self.assertIn("dmarc=fail", self.results(message("x@here.test"), mailbox="Junk"))
        with self.having("dmarc.on-fail", "quarantine"):
            self.assertIn("dmarc=fail", self.results(message(), mailbox="Junk"))

    def test_forged_results_are_removed(self):
        forged = ("Authentication-Results: mx.alpha.test; dkim=pass header.d=signed.test\r\n"
                  "Authentication-Results: (x) \"MX.alpha.test\" 1;\r\n\tdmarc=pass\r\n"
                  "Authentication-Results: other.test; dkim=pass\r\n")
        got = self.arrived(message(more=forged)).get_all("Authentication-Results")
        self.assertEqual(len(got), 2, got)
        self.assertIn("dmarc=fail", str(got[0]))
        self.assertTrue(str(got[1]).startswith("other.test"))

    def test_rules_see_the_results(self):
        script = ('require ["fileinto"]; if header :matches "Authentication-Results" "mx.alpha.test;*spf=fail*" '
                  '{ fileinto "Doubtful"; }')
        self.server.signet("rule", "set", "auth", "--account", ANN, stdin=script)
        self.server.signet("rule", "activate", "auth", "--account", ANN)
        try:
            self.assertIn("spf=fail", self.results(message("x@n.test"), "x@elsewhere.test", "Doubtful"))
            self.assertIn("spf=pass", self.results(message("x@here.test"), "x@here.test"))
        finally:
            self.server.signet("rule", "activate", "", "--account", ANN)

    def test_arc(self):
        said = "Authentication-Results: list.test; spf=pass; dmarc=pass header.from=signed.test\r\n"
        sealed = self.keys.seal(message(more=said))
        got = self.results(sealed)
        self.assertIn("arc=pass header.d=list.test", got)
        self.assertIn("dmarc=fail (p=reject)", got)
        self.assertIn("arc=fail", self.results(sealed.replace(b"Hello", b"Hallo")))
        with self.having("dmarc.on-fail", "reject"), self.having("arc.trusted", "other.test list.test"):
            self.assertIn("a trusted sealer passed it on", self.results(sealed))
            with self.assertRaises(smtplib.SMTPDataError):
                self.send(sealed.replace(b"Hello", b"Hallo"))


VERIFY = """
import sys, dkim
records = dict(line.split("\t") for line in open(sys.argv[1]).read().splitlines())
d = dkim.DKIM(sys.stdin.buffer.read())
def verify(i):
    try:
        return d.verify(i, dnsfunc=lambda name, timeout=5: records[name.decode().rstrip(".")].encode())
    except dkim.ValidationError as why:
        return "body hash mismatch" not in str(why) and why
found = [verify(i)
         for i, field in enumerate(f for f in d.headers if f[0].lower() == b"dkim-signature")]
print(*found)
"""


ARC = """
import sys, dkim
records = dict(line.split("\t") for line in open(sys.argv[1]).read().splitlines())
cv, found, why = dkim.arc_verify(sys.stdin.buffer.read(),
                                 dnsfunc=lambda name, timeout=5: records[name.decode().rstrip(".")].encode())
print((cv or b"no").decode(), len(found), why)
"""


class Outgoing(World):
    """What users send, and the server itself: signed, as others see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sink = cls.stack.enter_context(Sink("127.0.0.2"))
        cls.table.update({"partner.test": {"MX": ["10 mx.partner.test"]}, "mx.partner.test": {"A": ["127.0.0.2"]}})
        cls.server.add("cy@beta.test", "bob@alpha.test")
        cls.setting("relay.port", str(cls.sink.port))
        cls.setting("relay.retry", "1s")
        cls.setting("server.name", "mx.alpha.test")
        for row in cls.server.signet("dkim", "add", "alpha.test")["rows"]:
            cls.table[row["name"]] = {"TXT": txt(row["text"])}
            cls.server.signet("dkim", "activate", "alpha.test", row["selector"])
        cls.server.signet("alias", "add", "on@alpha.test", "x@partner.test")

    def submit(self, text, user=ANN, to="x@partner.test"):
        before = len(self.sink.messages)
        with self.server.submission(user) as smtp:
            smtp.sendmail(user, [to], text)
        wait_for(lambda: len(self.sink.messages) > before, 15)
        return self.sink.messages[before].text

    def records(self):
        return [self.server.signet("dkim", "show", "alpha.test", row["selector"])
                for row in self.server.signet("dkim", "list", "alpha.test")["rows"]]

    def verdicts(self, data):
        """What dkimpy says of each signature."""
        path = self.server.folder / "keys"
        rows = self.records()
        path.write_text("".join(f"{row['name']}\t{row['text']}\n" for row in rows))
        done = subprocess.run(["/usr/bin/python3", "-c", VERIFY, path], input=data, capture_output=True, check=True)
        return done.stdout.decode().split()

    def test_signed_as_dkimpy_sees_it(self):
        for text in ("From: ann@alpha.test\r\nSubject: hi\r\n\r\nhello  there \r\n\r\n\r\n",
                     "From: Ann <ann@alpha.test>\r\nSubject: a\r\n folded one\r\nCc: c@partner.test\r\n\r\n"):
            self.assertEqual(self.verdicts(self.submit(text)), ["True", "True"])

    def offer(self, words):
        """To connections from now on; none is open that heard others."""
        wait_for(lambda: self.sink.open == 0)
        self.sink.words = words

    def test_signed_again_in_seven_bits(self):
        """Without 8BITMIME the text changes: what was signed here is signed as it leaves, a stranger's is not."""
        seven = [word for word in self.sink.words if word not in ("8BITMIME", "SMTPUTF8")]
        self.addCleanup(self.offer, self.sink.words)
        head = "From: Ann Gr\u00fcn <ann@alpha.test>\r\nSubject: gr\u00fcn\r\n"
        for chunks in (False, True):
            self.offer(seven + ["CHUNKING"] if chunks else seven)
            for body in ("Gr\u00fc\u00dfe.\r\n.\r\n", "Gr\u00fc\u00dfe und eine lange Zeile.\r\n" * 6000):
                data = self.submit((head + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: 8bit\r\n\r\n" + body).encode())
                self.assertTrue(data.isascii())
                self.assertEqual(self.verdicts(data), ["True", "True", "False", "False"])
        before = len(self.sink.messages)
        self.server.send("on@alpha.test", (head + "\r\nGr\u00fc\u00dfe\r\n").encode())
        wait_for(lambda: len(self.sink.messages) > before)
        self.assertNotIn(b"DKIM-Signature", self.sink.messages[before].text)

    def test_signed_as_opendkim_sees_it(self):
        data = self.submit("From: ann@alpha.test\r\nSubject: hi\r\n\r\nhello\r\n")
        folder = self.server.folder
        rows = self.records()
        (folder / "public").write_text("".join(f"{row['name']} {row['text']}\n" for row in rows))
        (folder / "opendkim.conf").write_text(f"TestPublicKeys {folder}/public\nMode v\nSyslog no\n")
        (folder / "message").write_bytes(data)
        done = subprocess.run(["/usr/sbin/opendkim", "-x", folder / "opendkim.conf", "-vv", "-t", folder / "message"],
                              capture_output=True, check=False)
        said = " ".join((done.stdout + done.stderr).decode().replace("\\n", " ").replace("\\t", " ").split())
        self.assertEqual(said.count("dkim=pass"), 2, said)

    def test_not_in_the_name_of_others(self):
        """Neither strangers who are passed on, nor users with somebody else in From."""
        self.server.signet("alias", "add", "out@alpha.test", "x@partner.test")
        self.send(b"From: ann@alpha.test\r\nSubject: forged\r\n\r\nhello\r\n", "x@here.test", "out@alpha.test")
        wait_for(lambda: any(b"forged" in m.text for m in self.sink.messages), 15)
        forged, = [m.text for m in self.sink.messages if b"forged" in m.text]
        self.assertNotIn(b"DKIM-Signature", forged)
        self.assertNotIn(b"DKIM-Signature", self.submit("From: ann@alpha.test\r\n\r\nx\r\n", "cy@beta.test"))
        self.assertIn(b"DKIM-Signature", self.submit("From: bob@alpha.test\r\n\r\nx\r\n"))

    # -- what is passed on is sealed (RFC 8617)

    def passed_on(self, data, sender="x@here.test", to="on@alpha.test"):
        """What comes out of an address here that leads elsewhere, and what dkimpy says of its chain."""
        before = len(self.sink.messages)
        self.send(data, sender, to)
        wait_for(lambda: len(self.sink.messages) > before, 15)
        text = self.sink.messages[before].text
        return text, self.chain(text)

    def chain(self, text):
        path = self.server.folder / "arc-keys"
        records = {row["name"]: row["text"] for row in self.records()} | {"rsa._domainkey.list.test": self.keys.rsa}
        path.write_text("".join(f"{name}\t{text}\n" for name, text in records.items()))
        return subprocess.run(["/usr/bin/python3", "-c", ARC, path], input=text, capture_output=True,
                              check=True).stdout.decode().strip()

    def test_sealed(self):
        """A first seal; the signature of the domain it comes from stays good."""
        text, chain = self.passed_on(self.keys.sign(message("x@signed.test"), domain="signed.test"))
        self.assertEqual(chain, "pass 1 success")
        self.assertIn(b"cv=none; d=alpha.test", text)
        results = " ".join(str(email.message_from_bytes(text)["ARC-Authentication-Results"]).split())
        self.assertTrue(results.startswith("i=1; mx.alpha.test; spf=pass smtp.mailfrom=x@here.test;"), results)
        self.assertIn("dkim=pass header.d=signed.test", results)
        self.assertIn("dmarc=pass (p=reject) header.from=signed.test", results)
        self.assertNotEqual(self.chain(text.replace(b"Hello, Ann", b"Hello, Bob")).split()[0], "pass")

    def test_sealed_behind_others(self):
        said = "Authentication-Results: list.test; spf=pass; dmarc=pass header.from=signed.test\r\n"
        sealed = self.keys.seal(message(more=said))
        text, chain = self.passed_on(sealed)
        self.assertEqual(chain, "pass 2 success")
        self.assertIn(b"ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=alpha.test", text)
        self.assertIn(b"arc=pass header.d=list.test", text)
        # whoever trusts us believes what we found: this server itself, when it comes back
        self.assertIn("arc=pass header.d=alpha.test", self.results(text))

        text, chain = self.passed_on(sealed.replace(b"Hello", b"Hallo"))
        self.assertIn(b"ARC-Seal: i=2; a=rsa-sha256; cv=fail; d=alpha.test", text)
        self.assertFalse(chain.startswith("pass"), chain)
        again, _ = self.passed_on(text.replace(b"Delivered-To", b"X-Delivered-To"))
        self.assertNotIn(b"i=3", again)

    def test_sealed_where_nothing_is_checked(self):
        """The chain is looked at only when the mail leaves again."""
        sealed = self.keys.seal(message(more="Authentication-Results: list.test; spf=pass\r\n"))
        with contextlib.ExitStack() as off:
            for name in ("spf.check", "dkim.check", "arc.check", "dmarc.check"):
                self.setting(name, "off")
                off.callback(self.setting, name, "on")
            before = len(self.names.asked)
            self.send(sealed)
            self.assertNotIn("rsa._domainkey.list.test", [name for name, _ in self.names.asked[before:]])
            text, chain = self.passed_on(sealed)
            self.assertEqual(chain, "pass 2 success")
            self.assertIn("mx.alpha.test; arc=pass",
                          " ".join(str(email.message_from_bytes(text)["ARC-Authentication-Results"]).split()))
            text, chain = self.passed_on(message())
            self.assertEqual(chain, "pass 1 success")
            self.assertIn(b"ARC-Authentication-Results: i=1; mx.alpha.test; none", text)

    def test_sealed_by_rules_and_groups(self):
        self.server.add("moved@alpha.test")
        self.server.signet("rule", "set", "on", "--account", "moved@alpha.test", stdin='redirect "x@partner.test";')
        self.server.signet("rule", "activate", "on", "--account", "moved@alpha.test")
        sealed = self.keys.seal(message(more="Authentication-Results: list.test; spf=pass\r\n"))
        self.assertEqual(self.passed_on(sealed, to="moved@alpha.test")[1], "pass 2 success")
        self.server.signet("group", "add", "all@alpha.test", "x@partner.test")
        self.assertEqual(self.passed_on(sealed, to="all@alpha.test")[1], "pass 2 success")

    def test_not_sealed(self):
        """A domain that does not want it, and one that has no key."""
        self.server.signet("setting", "set", "arc.seal", "off", "--domain", "alpha.test")
        try:
            self.assertNotIn(b"ARC-", self.passed_on(message())[0])
        finally:
            self.server.signet("setting", "reset", "arc.seal", "--domain", "alpha.test")
        self.server.signet("alias", "add", "on@beta.test", "x@partner.test")
        self.assertNotIn(b"ARC-", self.passed_on(message(), to="on@beta.test")[0])

    def test_reports_are_signed(self):
        self.table["closed.test"] = {"MX": ["0 ."]}
        self.server.signet("alias", "add", "bad@alpha.test", "x@closed.test")
        before = len(self.sink.messages)
        self.send(message("x@partner.test"), "x@partner.test", "bad@alpha.test")
        wait_for(lambda: len(self.sink.messages) > before, 20)
        report = self.sink.messages[before].text
        self.assertIn(b"From: Mail Delivery <postmaster@mx.alpha.test>", report)
        self.assertEqual(self.verdicts(report), ["True", "True"])

    def test_answers_are_signed(self):
        self.server.add("away@alpha.test")
        self.server.signet("account", "vacation", "away@alpha.test", "on", "--text", "Back on Monday.")
        before = len(self.sink.messages)
        self.send(message("x@partner.test").replace(ANN.encode(), b"away@alpha.test"), "x@partner.test",
                  "away@alpha.test")
        wait_for(lambda: len(self.sink.messages) > before, 20)
        answer = self.sink.messages[before].text
        self.assertIn(b"Back on Monday.", answer)
        self.assertEqual(self.verdicts(answer), ["True", "True"])

    def test_rotation(self):
        """The new ones sign once their time has come and their records are there; by themselves."""
        self.setting("dkim.publish-wait", "1s")
        self.setting("dkim.look-every", "1s")
        old = {row["selector"] for row in self.server.signet("dkim", "list", "alpha.test")["rows"]
               if row["state"] == "active"}
        new = self.server.signet("dkim", "rotate", "alpha.test")["rows"]
        self.assertEqual({row["state"] for row in new}, {"waiting"})
        wait_for(lambda: "dkim-key-waits" in self.server.log(), 30)
        for row in new:
            self.table[row["name"]] = {"TXT": txt(row["text"])}
        now = lambda: {row["selector"]: row["state"] for row in self.server.signet("dkim", "list", "alpha.test")["rows"]}
        wait_for(lambda: all(now()[row["selector"]] == "active" for row in new), 30)
        self.assertEqual({now()[selector] for selector in old}, {"old"})
        self.assertEqual(self.verdicts(self.submit("From: ann@alpha.test\r\n\r\nx\r\n")), ["True", "True"])
        for selector in old:
            self.server.signet("dkim", "remove", "alpha.test", selector)
        self.assertFalse(old & set(now()))

    def test_keys_of_others_are_not_found(self):
        with self.assertRaises(Failed):
            self.server.signet("dkim", "activate", "alpha.test", "nothing")
        made = self.server.signet("dkim", "add", "beta.test", "--selector", "mail", "--type", "ed25519")["rows"]
        self.assertEqual([row["selector"] for row in made], ["mail"])
        with self.assertRaisesRegex(Failed, "is not published"):
            self.server.signet("dkim", "activate", "beta.test", "mail")
        self.server.signet("dkim", "remove", "beta.test", "mail")
        self.assertEqual(self.server.signet("dkim", "list", "beta.test")["rows"], [])


class Published(unittest.TestCase):
    """What a domain is told to publish, served by NSD as it was printed."""

    def checked(self, server, names):
        server.signet("setting", "set", "dns.servers", names.address)
        return {(row["type"], row["name"]): (row["state"], row.get("wanted"), row.get("found"))
                for row in server.signet("domain", "dns", "alpha.test", "--check")["rows"]}

    def test_domain_dns(self):
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = stack.enter_context(Server())
            server.add(ANN)
            server.signet("setting", "set", "server.name", "mx.alpha.test")
            server.signet("dkim", "add", "alpha.test")
            printed = server.run_signet("domain", "dns", "alpha.test").stdout.decode()
            self.assertTrue(printed.startswith("; what alpha.test should publish"), printed)
            zone = printed + "mx A 127.0.0.2\n"
            names = stack.enter_context(Nsd(folder / "right", "alpha.test", zone.splitlines()))
            found = self.checked(server, names)
            self.assertEqual({state for state, _, _ in found.values()}, {"right"}, found)
            self.assertGreater(len(found), 15)
            for kind in ("MX", "TXT", "TLSA", "SRV", "CNAME", "A"):
                self.assertIn(kind, {kind for kind, _ in found})

            lines = [line.replace("v=spf1 mx -all", "v=spf1 +all").replace("3 1 1 ", "3 1 1 00")
                     for line in zone.splitlines() if "_dmarc" not in line]
            names = stack.enter_context(Nsd(folder / "wrong", "alpha.test", lines))
            found = self.checked(server, names)
            self.assertEqual(found["TXT", "alpha.test"], ("differs", "v=spf1 mx -all", "v=spf1 +all"))
            self.assertEqual(found["TXT", "_dmarc.alpha.test"][0], "missing")
            self.assertEqual(found["TLSA", "_25._tcp.mx.alpha.test"][0], "differs")
            self.assertEqual(found["MX", "alpha.test"], ("right", None, None))


if __name__ == "__main__":
    unittest.main()
