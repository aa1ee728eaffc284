"""P3 and E6, by row: TLS towards other servers, each level with its outcome."""
import contextlib
import email
import email.policy
import pathlib
import re
import ssl
import tempfile
import time
import unittest

import dnssec
import postfix
from authority import Authority, digests, openssl, server_context
from dns import Names
from server import Server
from sink import Sink
from waiting import wait_for

ANN = "ann@alpha.test"


class Outgoing(unittest.TestCase):
    """One server, and another at 127.0.0.2 that takes mail for as many domains as there are tests."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.sink = cls.stack.enter_context(Sink("127.0.0.2"))
        cls.root = Authority(cls.folder, "Root")
        cls.server = cls.stack.enter_context(Server())
        cls.server.add(ANN)
        cls.names = cls.begin_names()
        for name, value in (("relay.port", cls.sink.port), ("relay.retry", "1s"), ("relay.linger", "0s"),
                            ("dns.servers", cls.names.address)):
            cls.set(name, value)

    @classmethod
    def begin_names(cls):
        return cls.stack.enter_context(Names({}))

    @classmethod
    def set(cls, name, value, *where):
        cls.server.signet("setting", "set", name, str(value), *where)

    @classmethod
    def reset(cls, name):
        cls.server.signet("setting", "reset", name)

    def setUp(self):
        self.sink.says.clear()
        self.sink.messages.clear()
        self.sink.tls = None
        self.domain = re.sub(r"[^a-z0-9]", "", self.id().rsplit(".", 1)[1].lower())[:30] + ".test"
        self.host = "mx." + self.domain
        self.point(self.domain, self.host)
        self.mark = len(self.server.log())
        self.addCleanup(self.forget)

    def forget(self):
        for row in self.server.signet("queue", "list")["rows"]:
            self.server.run_signet("queue", "delete", str(row["id"]))  # it may have left meanwhile

    def point(self, domain, host):
        self.names.table[domain] = {"MX": [f"10 {host}"]}
        self.names.table[host] = {"A": ["127.0.0.2"]}

    def level(self, level, domain=None):
        self.set("relay.tls", level, "--destination", domain or self.domain)

    def send(self, domain=None):
        self.mark = len(self.server.log())
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, [f"x@{domain or self.domain}"], "Subject: hi\r\n\r\nhello\r\n")

    def said(self):
        return self.server.log()[self.mark:]

    def delivered(self, domain=None, tls=True):
        """Sent, and how it came: the line that tells of TLS."""
        self.sink.messages.clear()
        self.send(domain)
        message = wait_for(lambda: self.sink.messages[:1])[0]
        self.assertEqual(message.tls, tls)
        lines = [line for line in self.said().splitlines() if "relay-tls " in line]
        self.assertEqual(len(lines), 1 if tls else 0, lines)
        return lines[0] if tls else ""

    def refused(self, why, domain=None):
        """Tried, and nothing of the message left."""
        self.sink.messages.clear()
        self.send(domain)
        wait_for(lambda: re.search(why, self.said()))
        wait_for(lambda: re.search(why, str(self.server.signet("queue", "list")["rows"])))
        self.assertEqual(self.sink.messages, [])

    def trust(self, *where):
        self.server.signet("trust", "add", *where, stdin=self.root.pem())
        self.addCleanup(self.distrust, *where)

    def distrust(self, *where):
        for row in self.server.signet("trust", "list", *where)["rows"]:
            if row["set"] != "built-in" and "CN=Root" in row["issued-to"]:
                self.server.signet("trust", "remove", row["sha256"], *where)


class Rows(Outgoing):
    def test_P_024_what_is_trusted_decides(self):
        self.sink.tls = self.root.context(self.host)
        self.level("verify")
        self.trust()
        self.assertIn("verified=yes", self.delivered())
        self.distrust()
        self.refused("its issuer is not known")

    def test_P_025_a_host_that_offered_starttls(self):
        self.level("none")
        self.delivered(tls=False)
        self.assertNotIn("Host offered STARTTLS", self.said())
        self.sink.tls = self.root.context(self.host)
        self.delivered(tls=False)
        self.assertIn("Host offered STARTTLS", self.said())
        self.set("relay.tls-note-offer", "off")
        self.addCleanup(self.reset, "relay.tls-note-offer")
        self.delivered(tls=False)
        self.assertNotIn("Host offered STARTTLS", self.said())

    def test_P_026_may(self):
        self.level("may")
        self.delivered(tls=False)
        self.sink.tls = self.root.context(self.host)
        self.assertIn("verified=no", self.delivered())

    def test_P_027_none(self):
        """Also E-048."""
        self.sink.tls = self.root.context(self.host)
        self.level("none")
        self.delivered(tls=False)
        self.assertNotIn("STARTTLS", self.sink.commands[-6:])

    def test_P_027_encrypt(self):
        """Also E-051."""
        self.level("encrypt")
        self.refused("STARTTLS is not offered")
        self.sink.tls = self.root.context("quite.another.test")
        self.assertIn("verified=no", self.delivered())

    def test_P_027_verify(self):
        """Trusted, and for the host's name or the domain's; the first that fits."""
        self.level("verify")
        self.trust()
        for name in (self.host, self.domain, "*." + self.domain):
            self.sink.tls = self.root.context("x", "DNS:" + name)
            self.assertIn("verified=yes", self.delivered(), name)
        for name in ("DNS:another.test", "DNS:*.test", "email:x@" + self.domain, "IP:127.0.0.2"):
            self.sink.tls = self.root.context(self.host, name)
            self.refused("it is not for " + self.host)

    def test_P_027_secure(self):
        """What the DNS says without a proof is no name to trust; a host in the domain is the domain's."""
        self.trust()
        strange = "strange" + self.domain
        self.point(strange, "mx.elsewhere.test")
        for level, good in (("verify", True), ("secure", False)):
            self.level(level, strange)
            self.sink.tls = self.root.context("mx.elsewhere.test")
            if good:
                self.delivered(strange)
            else:
                self.refused("it is not for " + strange, strange)
        self.sink.tls = self.root.context(strange)
        self.assertIn("verified=yes", self.delivered(strange))
        self.level("secure")
        self.sink.tls = self.root.context(self.host)
        self.assertIn("verified=yes", self.delivered())

    def test_P_027_secure_with_a_route(self):
        """A host that an admin set is one to trust."""
        self.trust()
        self.level("secure")
        self.names.table["smart.elsewhere.test"] = {"A": ["127.0.0.2"]}
        self.set("relay.route", f"smart.elsewhere.test:{self.sink.port}", "--destination", self.domain)
        self.sink.tls = self.root.context("smart.elsewhere.test")
        self.assertIn("verified=yes", self.delivered())
        self.sink.tls = self.root.context(self.domain)
        self.refused("it is not for smart.elsewhere.test")

    def test_P_027_preferred_verify(self):
        """Also E-052, E-053, E-054."""
        self.level("preferred-verify")
        self.trust()
        self.sink.tls = self.root.context(self.host)
        self.assertIn("verified=yes", self.delivered())
        self.sink.tls = self.root.context("another.test")
        line = self.delivered()
        self.assertIn("verified=no", line)
        self.assertRegex(line, "it is not for " + self.host)
        self.sink.tls = None
        self.delivered(tls=False)

    def test_P_031_fingerprint(self):
        """Also P-027. Of the certificate or its public key; nobody need be trusted, no name fit."""
        self.level("fingerprint")
        self.refused("holds no fingerprint")
        cert, key = self.root.issue("pinned.test")
        self.sink.tls = server_context(cert, key)
        for good in digests(self.folder, cert):
            self.pin(good)
            self.assertIn("verified=yes", self.delivered())
        self.pin("sha256:" + ":".join(re.findall("..", good.upper())) + " " + "00" * 32)
        self.delivered()
        self.pin("00" * 32 + " nonsense " + good[:-2])
        self.refused("none of those that were announced")
        self.sink.tls = None
        self.pin(good)
        self.refused("STARTTLS is not offered")

    def pin(self, text):
        self.set("relay.tls-fingerprints", text, "--destination", self.domain)

    def test_C_065_what_a_domain_trusts_is_its_own(self):
        self.sink.tls = self.root.context(self.host)
        self.level("verify")
        self.trust("--domain", "alpha.test")
        self.refused("its issuer is not known")
        self.trust()
        self.assertIn("verified=yes", self.delivered())

    def test_C_084_the_oldest_accepted_is_for_who_comes(self):
        """The packaged library has no TLS 1.0 and 1.1; so 1.2 where 1.3 is the oldest accepted."""
        self.set("tls.oldest-version", "1.3")
        self.addCleanup(self.reset, "tls.oldest-version")
        self.sink.tls = self.root.context(self.host)
        self.sink.tls.maximum_version = ssl.TLSVersion.TLSv1_2
        self.level("encrypt")
        self.assertIn("tls=TLSv1.2", self.delivered())

    def asking(self):
        """Who connects must show the main domain's certificate, or none is asked to be good."""
        context = self.root.context(self.host)
        context.load_verify_locations(str(self.server.certificate("alpha.test")))
        context.verify_mode = ssl.CERT_OPTIONAL
        self.sink.tls = context
        self.sink.certificates.clear()

    def test_C_100_the_main_domains_certificate_is_shown(self):
        self.asking()
        self.level("encrypt")
        self.delivered()
        self.assertIn(((("commonName", "alpha.test"),),), [c["subject"] for c in self.sink.certificates if c])

    def test_C_101_none_while_it_is_not_enabled(self):
        self.asking()
        self.level("encrypt")
        self.server.signet("alias", "add", "away@alpha.test", f"x@{self.domain}")
        for mode in ("test", "disabled"):
            self.server.signet("pki", "mode", "alpha.test", mode)
            self.addCleanup(self.server.signet, "pki", "mode", "alpha.test", "enabled")
            self.forwarded()
            self.assertEqual([c for c in self.sink.certificates if c], [])

    def forwarded(self):
        """Without TLS nobody may log in: by way of an alias."""
        self.sink.messages.clear()
        self.server.send("away@alpha.test", "Subject: hi\r\n\r\nhello\r\n")
        wait_for(lambda: self.sink.messages[:1])


class Destinations(Outgoing):
    """E6: an entry for a destination, and the default."""

    def test_E_046_an_entry_overrides_the_default(self):
        """Also E-047."""
        self.set("relay.tls", "encrypt")
        self.addCleanup(self.reset, "relay.tls")
        self.refused("STARTTLS is not offered")
        self.level("none")
        self.delivered(tls=False)

    def test_E_060_self_signed(self):
        """Good enough for who requires TLS, not for who wants proof."""
        self.sink.tls = server_context(*self.self_signed())
        self.level("encrypt")
        self.assertIn("verified=no", self.delivered())
        self.level("verify")
        self.refused("nobody|not known|not trusted|issuer")

    def self_signed(self):
        cert, key = self.folder + "/self.pem", self.folder + "/self.key"
        openssl(self.folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/CN={self.host}",
                "-addext", f"subjectAltName=DNS:{self.host}")
        return cert, key

    def test_E_051_a_connection_that_is_open_already(self):
        """One that was good enough for the message before is not for this one."""
        self.set("relay.linger", "10s")
        self.addCleanup(self.set, "relay.linger", "0s")
        self.delivered(tls=False)
        self.level("encrypt")
        self.refused("STARTTLS is not offered")

    def test_E_049_preferred_asks_for_no_proof(self):
        self.level("may")
        self.sink.tls = Authority(self.folder, "Nobody").context("another.test")
        self.delivered()

    def test_E_050_before_220(self):
        """Refused STARTTLS: on in the clear, unless that is forbidden."""
        self.level("may")
        self.sink.tls = self.root.context(self.host)
        self.sink.says["STARTTLS"] = lambda line: "454 4.7.0 Not now"
        self.delivered(tls=False)
        self.set("relay.tls-refused", "off", "--destination", self.domain)
        self.refused("STARTTLS was answered by an error")

    def test_E_050_after_220(self):
        """A broken handshake: once more, on another connection, unless that is forbidden."""
        self.level("may")
        self.sink.tls = self.root.context(self.host)
        self.sink.says["STARTTLS"] = lambda line: b"220 Go\r\nthis is no TLS at all, but long enough for it\r\n"
        before = self.sink.connections
        self.delivered(tls=False)
        self.assertEqual(self.sink.connections, before + 2)
        self.set("relay.tls-fallback", "off", "--destination", self.domain)
        self.refused("TLS failed")

    def test_E_055_required_and_verified(self):
        """E-055, E-056, E-057."""
        self.level("verify")
        self.refused("STARTTLS is not offered")
        self.sink.tls = self.root.context(self.host)
        self.refused("its issuer is not known")
        self.trust()
        self.assertIn("verified=yes", self.delivered())

    def test_E_056_over_at_last_the_sender_is_told(self):
        self.level("verify")
        self.sink.tls = self.root.context(self.host)
        self.set("relay.lifetime", "2s")
        self.addCleanup(self.reset, "relay.lifetime")
        self.send()
        imap = self.server.imap(ANN)

        def report():
            imap.select("INBOX", readonly=True)
            for part in imap.fetch("1:*", "BODY.PEEK[]")[1]:
                if isinstance(part, tuple) and self.domain.encode() in part[1]:
                    return email.message_from_bytes(part[1], policy=email.policy.default)
            return None
        self.assertIn("its issuer is not known", str(wait_for(report)))
        imap.logout()

    def test_E_058_other_settings_of_the_entry(self):
        self.set("relay.destination-connections", "1", "--destination", self.domain)
        self.sink.most_open = 0
        self.sink.says["."] = lambda line: time.sleep(0.2)
        for _ in range(4):
            self.send()
        wait_for(lambda: len(self.sink.messages) == 4)
        self.assertEqual(self.sink.most_open, 1)

    def test_E_059_an_expired_one_and_one_for_clients(self):
        self.trust()
        self.level("verify")
        cert, key = self.root.sign("client", "/CN=x", ["subjectAltName=DNS:" + self.host,
                                                       "extendedKeyUsage=clientAuth"])
        self.sink.tls = server_context(cert, key)
        self.refused("for another purpose")
        cert, key = self.root.sign("cn-only", "/CN=" + self.host, ["basicConstraints=CA:FALSE"])
        self.sink.tls = server_context(cert, key)
        self.refused("it is not for " + self.host)


@unittest.skipUnless(dnssec.installed(), "NSD or ldnsutils are not installed")
class Dane(Outgoing):
    """P-027: RFC 7672, by NSD and a zone that ldns-signzone signed."""

    @classmethod
    def begin_names(cls):
        cls.middle = Authority(cls.folder, "Middle", above=cls.root)
        cls.ee = cls.root.issue("ee.dane.test", "DNS:quite.another.test")
        cls.ta = cls.middle.issue("ta.dane.test")
        cert, key = digests(cls.folder, cls.ee[0])
        middle_cert, middle_key = digests(cls.folder, cls.middle.cert)
        cls.bad = "ab" * 32
        tlsa = {"eecert": f"3 0 1 {cert}", "eekey": f"3 1 1 {key}", "wrong": f"3 1 1 {cls.bad}",
                "tacert": f"2 0 1 {middle_cert}", "takey": f"2 1 1 {middle_key}", "unusable": f"1 1 1 {key}",
                "bogus": f"3 1 1 {'cd' * 32}"}
        records = []
        for name, record in tlsa.items():
            records += [f"{name} MX 10 mx.{name}", f"mx.{name} A 127.0.0.2",
                        f"_{cls.sink.port}._tcp.mx.{name} TLSA {record}"]
        records += ["none MX 10 mx.none", "mx.none A 127.0.0.2"]
        names = dnssec.Signed(cls.server.folder / "dns", "dane.test", records,
                              spoil=lambda text: text.replace("cd" * 32, key).replace("CD" * 32, key))
        cls.stack.enter_context(names)
        cls.set("dns.trust-anchor", names.anchor)
        return names

    def point(self, domain, host):
        pass

    def at(self, name, level="dane"):
        self.domain, self.host = f"{name}.dane.test", f"mx.{name}.dane.test"
        self.level(level)

    def test_P_027_dane_ee(self):
        """3 0 1 and 3 1 1: neither names nor who issued it count."""
        self.sink.tls = server_context(*self.ee)
        for name in ("eecert", "eekey"):
            self.at(name)
            line = self.delivered()
            self.assertIn("level=dane", line)
            self.assertIn("verified=yes", line)

    def test_P_027_dane_ee_of_another(self):
        self.sink.tls = server_context(*self.ee)
        self.at("wrong")
        self.refused("none of those that were announced")
        self.sink.tls = None
        self.refused("STARTTLS is not offered")

    def test_P_027_dane_ta(self):
        """2 x 1: the authority that is named, and the host's name."""
        for name in ("tacert", "takey"):
            self.at(name)
            self.sink.tls = self.middle.context("leaf", "DNS:" + self.host)
            self.assertIn("verified=yes", self.delivered())
            self.sink.tls = self.middle.context("leaf", "DNS:another.test")
            self.refused("it is not for " + self.host)
            self.sink.tls = self.root.context("leaf", "DNS:" + self.host)
            self.refused("none of those that were announced")

    def test_P_027_dane_with_records_of_no_use(self):
        """RFC 7672 2.2: TLS, but nothing is proved."""
        self.at("unusable")
        self.sink.tls = server_context(*self.ee)
        self.assertIn("level=encrypt", self.delivered())
        self.sink.tls = None
        self.refused("STARTTLS is not offered")
        self.level("dane-only")
        self.refused("no TLSA record is one that can be used")

    def test_P_027_dane_without_records(self):
        self.at("none")
        self.delivered(tls=False)
        self.sink.tls = server_context(*self.ee)
        self.assertIn("level=may", self.delivered())
        self.level("dane-only")
        self.refused("DNSSEC proves no TLSA record")

    def test_P_027_dane_that_somebody_changed(self):
        """The record fits, its signature does not: nothing may be sent."""
        self.at("bogus")
        self.sink.tls = server_context(*self.ee)
        self.refused("does not tell the TLSA records")

    def test_P_027_dane_without_dnssec(self):
        """Nobody proves anything: as if there were no records."""
        anchor = str(self.names.anchor)
        self.reset("dns.trust-anchor")
        self.addCleanup(self.set, "dns.trust-anchor", anchor)
        self.sink.tls = server_context(*self.ee)
        self.at("wrong")
        self.assertIn("level=may", self.delivered())
        self.level("dane-only")
        self.refused("DNSSEC proves no TLSA record")

    def test_P_027_secure_by_dnssec(self):
        """The host's name was proved: it is as good as the domain's."""
        self.trust()
        self.at("none", "secure")
        self.sink.tls = self.root.context(self.host)
        self.assertIn("verified=yes", self.delivered())


@unittest.skipUnless(dnssec.installed() and postfix.installed(), "NSD, ldnsutils or Postfix are not installed")
class WithPostfix(Outgoing):
    """Every level that asks for a proof, with a server that people have."""

    @classmethod
    def begin_names(cls):
        cls.cert, cls.key = cls.root.issue("mx.real.test")
        _, key = digests(cls.folder, cls.cert)
        names = dnssec.Signed(cls.server.folder / "dns", "real.test", [
            "@ MX 10 mx", "mx A 127.0.0.5", f"_{cls.sink.port}._tcp.mx TLSA 3 1 1 {key}"])
        cls.stack.enter_context(names)
        cls.set("dns.trust-anchor", names.anchor)
        folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory(prefix="signet-postfix.")))
        cls.postfix = cls.stack.enter_context(postfix.Postfix(
            "127.0.0.5", cls.sink.port, "real.test", ["ann"], folder / "postfix", cls.cert, cls.key))
        return names

    def point(self, domain, host):
        self.domain, self.host = "real.test", "mx.real.test"

    def test_P_027_postfix(self):
        self.trust()
        self.set("relay.tls-fingerprints", digests(self.folder, self.cert)[0], "--destination", self.domain)
        for n, level in enumerate(("encrypt", "verify", "secure", "fingerprint", "dane", "dane-only"), 1):
            self.level(level)
            self.mark = len(self.server.log())
            with self.server.submission(ANN) as smtp:
                smtp.sendmail(ANN, ["ann@real.test"], f"Subject: {level}\r\n\r\nhello\r\n")
            text = wait_for(lambda: next((t for t in self.postfix.mail("ann") if f"Subject: {level}\n".encode() in
                                          t.replace(b"\r\n", b"\n")), None), 30)
            self.assertIn(b"with ESMTPS", text)
            self.assertRegex(self.said(), rf"relay-tls .*level={level} verified=yes")
            self.assertEqual(len(self.postfix.mail("ann")), n)


if __name__ == "__main__":
    unittest.main()
