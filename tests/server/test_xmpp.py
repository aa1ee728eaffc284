"""XMPP: streams, logins, rosters and subscriptions, presence, messages, streams taken up again."""
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from server import PASSWORD, Failed, Server, anyone
from xmpp import (BIND, CARBONS, CLIENT, DELAY, FORWARD, ROSTER, SASL, SM, TLS, Client, Stream, certificate_of,
                  condition)

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"


class Base(unittest.TestCase):
    """One server for the tests of a class; accounts of each test are new."""
    number = 0

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB, CY)

    def client(self, jid, *args, **options):
        client = Client(self.server, jid, *args, **options)
        self.addCleanup(client.close)
        return client

    def account(self, name, domain="alpha.test"):
        Base.number += 1
        jid = f"{name}{Base.number}@{domain}"
        self.server.add(jid)
        return jid

    def stream(self, listener="xmpp-client"):
        stream = Stream(self.server.ports[listener])
        self.addCleanup(stream.close)
        return stream

    def friends(self):
        """Two accounts on two domains, each of which sees the other."""
        a, b = self.account("a"), self.account("b", "beta.test")
        with Client(self.server, a) as one, Client(self.server, b) as two:
            one.presence("subscribe", b)
            two.presence("subscribed", a)
            two.presence("subscribe", a)
            one.presence("subscribed", b)
            self.assertEqual(one.item(b), ("both", None))
            self.assertEqual(two.item(a), ("both", None))
            one.leave()
            two.leave()
        return a, b


class Streams(Base):
    def test_certificate_by_stream_to(self):  # C-077
        for domain in ("alpha.test", "beta.test"):
            stream = self.stream()
            stream.start_tls(domain, self.server.tls(domain))
            self.assertIn(domain, certificate_of(stream.sock))

    def test_certificate_by_sni_on_direct_tls(self):  # C-077, XEP-0368
        for domain in ("alpha.test", "beta.test"):
            stream = self.stream("xmpps-client")
            context = self.server.tls(domain)
            context.set_alpn_protocols(["xmpp-client"])
            stream.sock = context.wrap_socket(stream.sock, server_hostname=domain)
            self.assertEqual(stream.sock.selected_alpn_protocol(), "xmpp-client")
            self.assertIn(domain, certificate_of(stream.sock))
            self.assertIsNotNone(stream.open(domain).find(SASL + "mechanisms"))

    def test_no_mechanism_before_tls(self):
        stream = self.stream()
        features = stream.open("alpha.test")
        self.assertIsNotNone(features.find(f"{TLS}starttls/{TLS}required"))
        self.assertIsNone(features.find(SASL + "mechanisms"))
        self.assertEqual(stream.plain("ann")[0].tag, SASL + "encryption-required")

    def test_mechanisms(self):
        stream = self.stream()
        features = stream.start_tls("alpha.test")
        names = [m.text for m in features.find(SASL + "mechanisms")]
        for name in ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"):
            self.assertIn(name, names)
        self.assertNotIn("LOGIN", names)
        self.assertIsNone(features.find(TLS + "starttls"))

    def test_scram(self):
        for mech in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
            stream = self.stream()
            stream.start_tls("beta.test")
            self.assertIsNone(stream.scram("cy", "wrong", mech))
            self.assertIsNone(stream.scram("nobody", PASSWORD, mech))
            self.assertIsNotNone(stream.scram("cy", PASSWORD, mech))
            self.assertIsNotNone(stream.open("beta.test").find(BIND + "bind"))

    def test_malformed_logins(self):
        auth = f"<auth xmlns='{SASL[1:-1]}' mechanism='%s'>%s</auth>"
        for text, want in ((auth % ("LOGIN", ""), "invalid-mechanism"), (auth % ("GSSAPI", ""), "invalid-mechanism"),
                           (auth % ("PLAIN", "!!"), "incorrect-encoding"), (auth % ("PLAIN", "YQ=="), None),
                           (auth % ("SCRAM-SHA-1", "YQ=="), None), (f"<abort xmlns='{SASL[1:-1]}'/>", "aborted"),
                           (f"<response xmlns='{SASL[1:-1]}'/>", "malformed-request"),
                           (auth % ("SCRAM-SHA-256", "eSwsbj1hbm4scj14"), "malformed-request")):
            stream = self.stream()
            stream.start_tls("alpha.test")
            stream.send(text)
            answer = stream.read()
            self.assertEqual(answer.tag, SASL + "failure", text)
            if want:
                self.assertEqual(answer[0].tag, SASL + want, text)
            self.assertEqual(stream.plain("ann").tag, SASL + "success")

    def test_what_was_sent_behind_starttls_is_dropped(self):
        stream = self.stream()
        stream.open("alpha.test")
        stream.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
                    "<presence/><iq type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.assertEqual(stream.read().tag, TLS + "proceed")
        stream.sock = anyone().wrap_socket(stream.sock, server_hostname="alpha.test")
        self.assertIsNotNone(stream.open("alpha.test").find(SASL + "mechanisms"))

    def test_wrong_password(self):
        self.server.signet("setting", "set", "auth.failure-delay-max", "20ms")
        stream = self.stream()
        stream.start_tls("alpha.test")
        for turn in range(5):
            self.assertEqual(stream.plain("ann", "wrong")[0].tag, SASL + "not-authorized")
        self.assertEqual(stream.stream_error(), "policy-violation")
        self.assertNotIn("wrong password", self.server.log())

    def test_account_of_another_domain(self):
        stream = self.stream()
        stream.start_tls("alpha.test")
        self.assertEqual(stream.plain(CY)[0].tag, SASL + "invalid-authzid")
        self.assertEqual(stream.plain(ANN).tag, SASL + "success")

    def test_bare_name_belongs_to_the_streams_domain(self):
        self.server.add("same@alpha.test", password="of alpha 1")
        self.server.add("same@beta.test", password="of beta 22")
        for domain, password in (("alpha.test", "of alpha 1"), ("beta.test", "of beta 22")):
            client = self.client(f"same@{domain}", password=password)
            self.assertEqual(client.jid.split("/")[0], f"same@{domain}")

    def test_domain_alias_leads_to_its_accounts(self):
        self.server.signet("domain-alias", "add", "other.test", "alpha.test")
        stream = self.stream()
        stream.start_tls("other.test")
        self.assertEqual(stream.plain("ann").tag, SASL + "success")

    def test_idle_session_is_ended_before_login(self):
        self.server.signet("setting", "set", "xmpp.login-time", "1s")
        stream = self.stream()
        stream.open("alpha.test")
        self.server.signet("setting", "set", "xmpp.login-time", "1m")
        self.assertEqual(stream.stream_error(), "connection-timeout")

    def test_idle_client_is_sent_a_blank(self):
        self.server.signet("setting", "set", "xmpp.keepalive", "1s")
        client = self.client(ANN, "idle")
        self.server.signet("setting", "set", "xmpp.keepalive", "5m")
        client.sock.settimeout(5)
        self.assertEqual(client.sock.recv(100), b" ")
        self.assertEqual(client.sock.recv(100), b" ")
        client.sync()

    def test_unusual_prefixes(self):
        stream = self.stream()
        stream.fresh()
        stream.send("<?xml version='1.0'?><s:stream to='alpha.test' version='1.0' xmlns:s='http://etherx.jabber.org/"
                    "streams' xmlns='jabber:client' xmlns:t='urn:ietf:params:xml:ns:xmpp-tls'>")
        self.assertIsNotNone(stream.read().find(TLS + "starttls"))
        stream.send("<t:starttls/>")
        self.assertEqual(stream.read().tag, TLS + "proceed")

    def test_byte_by_byte(self):
        client = self.client(ANN, "slow")
        for byte in f"<message to='{client.jid}' type='chat'><body>a &amp; <![CDATA[</b>]]></body></message>":
            client.send(byte)
        self.assertEqual(client.text(), "a & </b>")

    def test_same_resource_again(self):
        first = self.client(ANN, "same")
        second = self.client(ANN, "same")
        self.assertEqual(first.stream_error(), "conflict")
        second.sync()
        self.assertEqual(second.jid, f"{ANN}/same")

    def test_too_many_resources(self):
        user = self.account("many")
        self.server.signet("setting", "set", "xmpp.max-resources", "2", "--account", user)
        self.client(user), self.client(user)
        third = self.client(user, resume=True)
        self.assertEqual(condition(third.bind(None)), "resource-constraint")

    def test_stanza_before_bind(self):
        client = self.client(ANN, resume=True)
        client.send("<message to='bob@alpha.test'><body>x</body></message>")
        self.assertEqual(client.stream_error(), "not-authorized")

    def test_small_questions(self):
        client = self.client(ANN)
        for payload in ("<ping xmlns='urn:xmpp:ping'/>", "<query xmlns='jabber:iq:version'/>",
                        "<time xmlns='urn:xmpp:time'/>", "<query xmlns='http://jabber.org/protocol/disco#items'/>"):
            self.assertEqual(client.iq("get", payload, to="alpha.test").get("type"), "result", payload)
        info = client.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to="alpha.test")
        names = {f.get("var") for f in info.iter("{http://jabber.org/protocol/disco#info}feature")}
        self.assertLessEqual({"urn:xmpp:ping", CARBONS[1:-1], "msgoffline"}, names)
        self.assertEqual(condition(client.iq("get", "<x xmlns='urn:none'/>", to="alpha.test")), "service-unavailable")
        self.assertEqual(condition(client.iq("get", "<x xmlns='urn:none'/>", to=BOB)), "service-unavailable")
        self.assertEqual(condition(client.iq("get", "<a xmlns='x'/><b xmlns='x'/>")), "bad-request")

    def test_ends_gently(self):
        with Server() as server:
            server.add(ANN)
            client = Client(server, ANN)
            server.process.terminate()
            self.assertEqual(client.stream_error(), "system-shutdown")


class Rosters(Base):
    def test_subscription_between_domains(self):
        a, b = self.account("ask", "alpha.test"), self.account("say", "beta.test")
        one, two = self.client(a), self.client(b)
        one.send(f"<presence type='subscribe' to='{b}/any'><status>may I?</status></presence>")
        push = one.stanza("iq", type="set").find(f"{ROSTER}query/{ROSTER}item")
        self.assertEqual((push.get("jid"), push.get("subscription"), push.get("ask")), (b, "none", "subscribe"))
        asked = two.stanza("presence", type="subscribe")
        self.assertEqual((asked.get("from"), asked.findtext(CLIENT + "status")), (a, "may I?"))
        self.assertIsNone(two.item(a))  # not a contact yet
        two.presence("subscribed", a)
        self.assertEqual(one.stanza("presence", type="subscribed").get("from"), b)
        self.assertEqual(one.stanza("presence", type=None).get("from"), two.jid)
        self.assertEqual(one.item(b), ("to", None))
        self.assertEqual(two.item(a), ("from", None))
        two.leave()
        self.assertEqual(one.stanza("presence", type="unavailable").get("from").split("/")[0], b)

    def test_request_waits_for_an_absent_contact_and_a_restart(self):
        a, b = self.account("ask"), self.account("away", "beta.test")
        one = self.client(a)
        one.send(f"<presence type='subscribe' to='{b}'><status>wait</status></presence>")
        one.sync()
        self.server.kill()
        self.server.start()
        two = self.client(b)
        self.assertEqual(two.stanza("presence", type="subscribe").findtext(CLIENT + "status"), "wait")
        two.leave()
        two = self.client(b)
        self.assertEqual(two.stanza("presence", type="subscribe").get("from"), a)
        two.presence("subscribed", a)
        one = self.client(a)
        self.assertEqual(one.item(b), ("to", None))

    def test_all_states(self):
        """RFC 6121 A.2 and A.3, walked through from both sides."""
        a, b = self.account("p"), self.account("q", "beta.test")
        one, two = self.client(a), self.client(b)
        steps = [
            (one, "subscribe", ("none", "subscribe"), None),
            (two, "unsubscribed", ("none", None), None),
            (one, "subscribe", ("none", "subscribe"), None),
            (two, "subscribe", ("none", "subscribe"), ("none", "subscribe")),
            (one, "subscribed", ("from", "subscribe"), ("to", None)),
            (two, "subscribed", ("both", None), ("both", None)),
            (one, "unsubscribe", ("from", None), ("to", None)),
            (one, "subscribe", ("from", "subscribe"), ("to", None)),
            (two, "subscribed", ("both", None), ("both", None)),
            (two, "unsubscribed", ("from", None), ("to", None)),
            (one, "unsubscribed", ("none", None), ("none", None)),
            (one, "subscribed", ("none", None), ("none", None)),  # approved ahead (RFC 6121 3.4)
            (two, "subscribe", ("from", None), ("to", None)),
            (two, "unsubscribe", ("none", None), ("none", None)),
            (one, "subscribe", ("none", "subscribe"), ("none", None)),
            (one, "unsubscribe", ("none", None), ("none", None)),
        ]
        for n, (who, kind, of_one, of_two) in enumerate(steps):
            who.presence(kind, b if who is one else a)
            self.assertEqual((one.item(b), two.item(a)), (of_one, of_two), f"step {n}: {kind}")

    def test_states_survive_kill(self):
        a, b = self.friends()
        self.server.kill()
        self.server.start()
        one = self.client(a)
        self.assertEqual(one.item(b), ("both", None))
        two = self.client(b)
        self.assertEqual(one.stanza("presence", from_=two.jid).get("type"), None)

    def test_request_to_nobody_is_refused(self):
        one = self.client(self.account("x"))
        one.send("<presence type='subscribe' to='nobody@beta.test'/>")
        self.assertEqual(one.stanza("presence", type="unsubscribed").get("from"), "nobody@beta.test")
        self.assertEqual(one.item("nobody@beta.test"), ("none", None))
        one.send("<presence type='subscribe' to='x@elsewhere.test'/>")
        self.assertEqual(condition(one.stanza("presence", type="error")), "remote-server-not-found")

    def test_names_groups_and_removal(self):
        a, b = self.friends()
        one, other = self.client(a), self.client(a)
        two = self.client(b)
        one.iq("set", f"<query xmlns='jabber:iq:roster'><item jid='{b}' name='B &amp; C' subscription='none'>"
               "<group>one</group><group>two &lt;</group></item></query>")
        item = other.stanza("iq", type="set").find(f"{ROSTER}query/{ROSTER}item")
        self.assertEqual((item.get("name"), item.get("subscription")), ("B & C", "both"))
        self.assertEqual([g.text for g in item], ["one", "two <"])
        one.iq("set", f"<query xmlns='jabber:iq:roster'><item jid='{b}' subscription='remove'/></query>")
        item = other.stanza("iq", type="set").find(f"{ROSTER}query/{ROSTER}item")
        self.assertEqual(item.get("subscription"), "remove")
        self.assertEqual(two.stanza("presence", type="unsubscribe").get("from"), a)
        self.assertEqual(two.stanza("presence", type="unsubscribed").get("from"), a)
        self.assertEqual(two.item(a), ("none", None))
        self.assertIsNone(one.item(b))
        self.assertEqual(condition(one.iq("set", "<query xmlns='jabber:iq:roster'><item jid='z@alpha.test' "
                                          "subscription='remove'/></query>")), "item-not-found")

    def test_wrong_items(self):
        one = self.client(self.account("w"))
        for item, want in (("<item/>", "bad-request"), ("<item jid='@'/>", "bad-request"), ("", "bad-request"),
                           ("<item jid='a@b.test'/><item jid='c@b.test'/>", "bad-request"),
                           ("<item jid='a@b.test'><group/></item>", "not-acceptable"),
                           ("<item jid='a@b.test'><group>x</group><group>x</group></item>", "not-acceptable")):
            answer = one.iq("set", f"<query xmlns='jabber:iq:roster'>{item}</query>")
            self.assertEqual(condition(answer), want, item)

    def test_too_many_contacts(self):
        one = self.client(self.account("full"))
        self.server.signet("setting", "set", "xmpp.max-contacts", "3")
        self.addCleanup(self.server.signet, "setting", "set", "xmpp.max-contacts", "2000")
        answers = [one.iq("set", f"<query xmlns='jabber:iq:roster'><item jid='c{n}@beta.test'/></query>")
                   for n in range(4)]
        self.assertEqual([condition(a) for a in answers], [None, None, None, "resource-constraint"])

    def test_versions(self):
        user = self.account("v")
        one = self.client(user)
        version = one.roster.get("ver")
        same = one.iq("get", f"<query xmlns='jabber:iq:roster' ver='{version}'/>")
        self.assertEqual(len(same), 0)
        one.iq("set", "<query xmlns='jabber:iq:roster'><item jid='c@beta.test'/></query>")
        pushed = one.stanza("iq", type="set").find(ROSTER + "query").get("ver")
        self.assertNotEqual(pushed, version)
        other = one.iq("get", f"<query xmlns='jabber:iq:roster' ver='{version}'/>")
        self.assertEqual(len(other.find(ROSTER + "query")), 1)
        self.assertEqual(len(one.iq("get", f"<query xmlns='jabber:iq:roster' ver='{pushed}'/>")), 0)


class Messages(Base):
    def test_full_and_bare(self):
        user = self.account("m", "beta.test")
        one, low = self.client(ANN), self.client(user, presence="<presence><priority>1</priority></presence>")
        high = self.client(user, presence="<presence><priority>5</priority></presence>")
        negative = self.client(user, presence="<presence><priority>-1</priority></presence>")
        one.chat(user, "to the best")
        self.assertEqual(high.text(), "to the best")
        one.chat(low.jid, "to you")
        self.assertEqual(low.text(), "to you")
        one.chat(negative.jid, "to you, too")
        self.assertEqual(negative.text(), "to you, too")
        one.chat(user + "/gone", "whoever is there")
        self.assertEqual(high.text(), "whoever is there")
        for client in (low, high, negative):
            self.assertIsNone(client.nothing(0.1))

    def test_from_is_the_sender(self):
        one, two = self.client(ANN, "f"), self.client(CY, "f")
        one.send(f"<message to='{two.jid}' from='{ANN}' type='chat'><body>x</body></message>")
        self.assertEqual(two.stanza("message").get("from"), one.jid)
        one.send(f"<message to='{two.jid}' from='{BOB}' type='chat'><body>x</body></message>")
        self.assertEqual(one.stream_error(), "invalid-from")

    def test_kinds(self):
        user = self.account("k")
        one, two = self.client(ANN), self.client(user, "here")
        for kind in ("normal", "chat", "headline"):
            one.chat(user, kind, kind=kind)
            self.assertEqual(two.text(), kind)
        one.chat(user, "group", kind="groupchat")
        self.assertEqual(condition(one.stanza("message")), "service-unavailable")
        one.chat(f"{user}/away", "head", kind="headline")
        self.assertIsNone(two.nothing(0.1))

    def test_errors(self):
        one = self.client(ANN)
        for to, want in (("nobody@beta.test", "service-unavailable"), ("x@elsewhere.test", "remote-server-not-found"),
                         ("a@b@c", "jid-malformed"), ("alpha.test", "service-unavailable")):
            one.chat(to, "x")
            self.assertEqual(condition(one.stanza("message")), want, to)

    def test_foreign_elements_arrive_as_sent(self):
        one, two = self.client(ANN), self.client(CY)
        one.send(f"<message to='{two.jid}' xml:lang='de'><p:x xmlns:p='urn:p' p:a='1' b='&apos;&#10;'><y xmlns=''/>"
                 "&lt;t&gt;</p:x><body>z</body></message>")
        el = two.stanza("message")
        self.assertEqual(el.get("{http://www.w3.org/XML/1998/namespace}lang"), "de")
        x = el.find("{urn:p}x")
        self.assertEqual((x.get("{urn:p}a"), x.get("b"), x[0].tag, x[0].tail), ("1", "'\n", "y", "<t>"))

    def test_offline(self):
        user = self.account("off", "beta.test")
        one = self.client(ANN)
        for n in range(120):
            one.chat(user, f"number {n}")
        one.chat(user, "", more="<composing xmlns='http://jabber.org/protocol/chatstates'/>", kind="headline")
        one.sync()
        self.server.kill()  # what was answered behind them is on disk
        self.server.start()
        negative = self.client(user, presence="<presence><priority>-1</priority></presence>")
        self.assertIsNone(negative.nothing())
        negative.leave()
        two = self.client(user, presence="<presence><priority>-1</priority></presence>")
        self.assertIsNone(two.nothing())
        two.send("<presence/>")
        for n in range(120):
            el = two.stanza("message")
            self.assertEqual(el.findtext(CLIENT + "body"), f"number {n}")
            self.assertRegex(el.find(DELAY + "delay").get("stamp"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertIsNone(two.nothing())
        two.leave()
        self.assertIsNone(self.client(user).nothing())

    def test_offline_store_is_bounded(self):
        user = self.account("small")
        self.server.signet("setting", "set", "xmpp.max-offline", "2", "--account", user)
        one = self.client(ANN)
        for n in range(3):
            one.chat(user, f"number {n}")
        self.assertEqual(condition(one.stanza("message")), "service-unavailable")
        two = self.client(user)
        self.assertEqual([two.text(), two.text()], ["number 0", "number 1"])
        two.leave()
        one.chat(user, "room again")
        one.sync()
        self.assertEqual(self.client(user).text(), "room again")

    def test_carbons(self):
        user = self.account("c")
        one, two = self.client(user, "one"), self.client(user, "two")
        plain, peer = self.client(user, "plain"), self.client(CY, "peer")
        for client in (one, two):
            client.iq("set", f"<enable xmlns='{CARBONS[1:-1]}'/>")
        peer.chat(one.jid, "for one")
        self.assertEqual(one.text(), "for one")
        copy = two.stanza("message")
        inner = copy.find(f"{CARBONS}received/{FORWARD}forwarded/{CLIENT}message")
        self.assertEqual((copy.get("from"), inner.get("from"), inner.findtext(CLIENT + "body")),
                         (user, peer.jid, "for one"))
        one.chat(CY, "from one")
        inner = two.stanza("message").find(f"{CARBONS}sent/{FORWARD}forwarded/{CLIENT}message")
        self.assertEqual((inner.get("from"), inner.get("to")), (one.jid, CY))
        one.chat(CY, "private", more=f"<private xmlns='{CARBONS[1:-1]}'/>")
        for client in (one, two, plain):
            self.assertIsNone(client.nothing(0.2))

    def test_iq_between_clients(self):
        one, two = self.client(ANN, "i1"), self.client(CY, "i2")
        one.send(f"<iq type='get' id='a1' to='{two.jid}'><query xmlns='urn:q'/></iq>")
        asked = two.stanza("iq", id="a1")
        self.assertEqual(asked.get("from"), one.jid)
        two.send(f"<iq type='result' id='a1' to='{one.jid}'><query xmlns='urn:q'>r</query></iq>")
        self.assertEqual(one.stanza("iq", id="a1").findtext("{urn:q}query"), "r")
        self.assertEqual(condition(one.iq("get", "<query xmlns='urn:q'/>", to=CY + "/gone")), "service-unavailable")

    def test_order_of_many(self):
        one, two = self.client(ANN, "o1"), self.client(CY, "o2")
        for n in range(400):
            one.chat(two.jid, str(n))
        self.assertEqual([two.text() for _ in range(400)], [str(n) for n in range(400)])

    def test_directed_presence(self):
        one, two = self.client(ANN, "d1"), self.client(CY, "d2")
        one.send(f"<presence to='{two.jid}'/>")
        self.assertEqual(two.stanza("presence", from_=one.jid).get("type"), None)
        one.leave()
        self.assertEqual(two.stanza("presence", from_=f"{ANN}/d1").get("type"), "unavailable")


class Management(Base):
    """XEP-0198."""

    def enable(self, client):
        client.send(f"<enable xmlns='{SM[1:-1]}' resume='true'/>")
        while (el := client.read()).tag != SM + "enabled":
            pass
        return el.get("id")

    def resume(self, jid, previd, h):
        client = self.client(jid, resume=True)
        client.send(f"<resume xmlns='{SM[1:-1]}' previd='{previd}' h='{h}'/>")
        return client, client.read()

    def test_counts(self):
        one = self.client(ANN)
        self.enable(one)
        one.sync()
        one.sync()
        one.send(f"<r xmlns='{SM[1:-1]}'/>")
        while (el := one.read()).tag != SM + "a":
            pass
        self.assertEqual(el.get("h"), "2")

    def test_nothing_is_lost_when_the_network_fails(self):
        user = self.account("sm", "beta.test")
        one, two = self.client(ANN), self.client(user, "phone")
        previd = self.enable(two)
        one.chat(user, "before")
        self.assertEqual(two.text(), "before")
        two.cut()
        time.sleep(0.3)
        for n in range(5):
            one.chat(user, f"gap {n}")
        one.sync()
        again, answer = self.resume(user, previd, 1)
        self.assertEqual((answer.tag, answer.get("h")), (SM + "resumed", "0"))
        self.assertEqual([again.text() for _ in range(5)], [f"gap {n}" for n in range(5)])
        one.chat(f"{user}/phone", "after")
        self.assertEqual(again.text(), "after")

    def test_unacknowledged_comes_again(self):
        user = self.account("sm")
        one, two = self.client(ANN), self.client(user)
        previd = self.enable(two)
        for n in range(3):
            one.chat(user, str(n))
        self.assertEqual([two.text() for _ in range(3)], ["0", "1", "2"])
        two.cut()
        again, answer = self.resume(user, previd, 1)
        self.assertEqual(answer.tag, SM + "resumed")
        self.assertEqual([again.text(), again.text()], ["1", "2"])

    def test_while_the_old_connection_seems_alive(self):
        user = self.account("sm")
        two = self.client(user, "r")
        previd = self.enable(two)
        again, answer = self.resume(user, previd, 0)
        self.assertEqual(answer.tag, SM + "resumed")
        self.assertEqual(two.stream_error(), "conflict")
        again.account = user
        again.sync()
        self.client(ANN).chat(user, "here")
        self.assertEqual(again.text(), "here")

    def test_time_over(self):
        user = self.account("sm")
        self.server.signet("setting", "set", "xmpp.resume-time", "1s")
        one, two = self.client(ANN), self.client(user)
        previd = self.enable(two)
        two.cut()
        time.sleep(0.3)
        one.chat(user, "too late")
        time.sleep(3)
        self.server.signet("setting", "set", "xmpp.resume-time", "5m")
        again, answer = self.resume(user, previd, 0)
        self.assertEqual(answer.tag, SM + "failed")
        again.bind("new")
        again.send("<presence/>")
        el = again.stanza("message")
        self.assertEqual(el.findtext(CLIENT + "body"), "too late")
        self.assertIsNotNone(el.find(DELAY + "delay"))

    def test_sleepers_survive_the_end_of_the_server(self):
        user = self.account("sm")
        one, two = self.client(ANN), self.client(user)
        self.enable(two)
        two.cut()
        time.sleep(0.3)
        one.chat(user, "kept")
        one.sync()
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertEqual(self.client(user).text(), "kept")

    def test_nothing_is_lost_in_noise(self):
        """Networks fail at random, clients resume or come anew, others talk to them all the while."""
        count, pairs = 150, 4
        jids = [self.account("noise", "beta.test") for _ in range(pairs)]
        got = {jid: [] for jid in jids}
        errors = []

        def talk(jid):
            with Client(self.server, ANN, presence=None) as client:
                for n in range(count):
                    client.chat(jid, str(n))
                    if n % 10 == 0:
                        client.sync()
                client.sync()

        def listen(jid, chance):
            try:
                client, previd, heard = None, None, 0
                end = time.monotonic() + 60
                while len(set(got[jid])) < count and time.monotonic() < end:
                    if client is None and previd and chance.random() < 0.7:
                        client, answer = self.resume(jid, previd, heard)
                        if answer.tag != SM + "resumed":
                            client.cut()
                            client = previd = None
                            continue
                    elif client is None:
                        client, heard = self.client(jid, "phone", presence=None), 0
                        previd = self.enable(client)
                        client.send("<presence/>")
                    for _ in range(chance.randrange(40)):
                        try:
                            el = client.read(0.05)
                        except (TimeoutError, OSError):
                            break
                        heard += el.tag.startswith(CLIENT)
                        if el.tag == CLIENT + "message":
                            got[jid].append(int(el.findtext(CLIENT + "body")))
                        elif el.tag == SM + "r":
                            client.send(f"<a xmlns='{SM[1:-1]}' h='{heard}'/>")
                    client.cut()
                    client = None
            except Exception as e:
                errors.append(e)
                raise

        threads = [threading.Thread(target=talk, args=(jid,)) for jid in jids]
        threads += [threading.Thread(target=listen, args=(jid, random.Random(n))) for n, jid in enumerate(jids)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        for jid in jids:
            self.assertEqual(sorted(set(got[jid])), list(range(count)))

    def test_wrong_ids_and_counts(self):
        user = self.account("sm")
        two = self.client(user)
        previd = self.enable(two)
        two.cut()
        for wrong in ("", "00", previd[:-1], previd + "0"):
            _, answer = self.resume(user, wrong, 0)
            self.assertEqual(answer.tag, SM + "failed", wrong)
        _, answer = self.resume(ANN, previd, 0)  # another's stream
        self.assertEqual(answer.tag, SM + "failed")
        client, answer = self.resume(user, previd, 7)
        self.assertEqual(answer[0].tag, "{urn:ietf:params:xml:ns:xmpp-streams}undefined-condition")


try:
    import slixmpp
except ImportError:
    import sys
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import slixmpp
    except ImportError:
        slixmpp = None


@unittest.skipUnless(slixmpp, "python3-slixmpp is not installed")
class Slixmpp(Base):
    """A library that many programs use."""

    def test_logs_in_subscribes_and_talks(self):
        import asyncio

        server = self.server
        a, b = self.account("s"), self.account("t", "beta.test")
        said = []

        class Bot(slixmpp.ClientXMPP):
            def __init__(self, jid):
                super().__init__(jid, PASSWORD)
                self.use_aiodns = False
                self.ca_certs = str(server.certificate(jid.split("@")[1]))
                self.here = asyncio.Event()
                self.add_event_handler("session_start", self.start)
                for plugin in ("xep_0030", "xep_0198", "xep_0199", "xep_0280"):
                    self.register_plugin(plugin)

            async def start(self, _):
                self.send_presence()
                await self.get_roster()
                self.here.set()

        async def talk():
            one, two = Bot(a), Bot(b)
            done = asyncio.Event()
            two.add_event_handler("message", lambda m: (said.append(m["body"]), done.set()))
            for bot in (one, two):
                bot.connect(("127.0.0.1", server.ports["xmpp-client"]))
                await asyncio.wait_for(bot.here.wait(), 20)
            seen = asyncio.Event()
            one.add_event_handler("presence_subscribed", lambda _: seen.set())
            one.send_presence_subscription(b)
            await asyncio.wait_for(seen.wait(), 20)
            one.send_message(b, "hello", mtype="chat")
            await asyncio.wait_for(done.wait(), 20)
            info = await one["xep_0030"].get_info("alpha.test", timeout=20)
            said.append("urn:xmpp:ping" in info["disco_info"]["features"])
            for bot in (one, two):
                bot.disconnect()
                await asyncio.wait_for(bot.disconnected, 20)

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(talk())
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()
        self.assertEqual(said, ["hello", True])


@unittest.skipUnless(shutil.which("profanity") and shutil.which("tmux"), "profanity or tmux is not installed")
class Profanity(Base):
    """A client for people, in a terminal of its own."""

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", f"profanity-{os.getpid()}", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=20, check=False).stdout.decode()

    def type(self, text):
        self.tmux("send-keys", "-t", "p", "-l", text)
        self.tmux("send-keys", "-t", "p", "Enter")

    def wait_for(self, text):
        end = time.monotonic() + 30
        while text not in (screen := self.tmux("capture-pane", "-p", "-t", "p")):
            self.assertLess(time.monotonic(), end, screen)
            time.sleep(0.1)

    def test_logs_in_subscribes_and_talks(self):
        home = tempfile.mkdtemp(prefix="signet-profanity.")
        self.addCleanup(shutil.rmtree, home)
        self.addCleanup(self.tmux, "kill-server")
        user, port = self.account("prof"), self.server.ports["xmpp-client"]
        peer = self.client(self.account("peer", "beta.test"), "r")
        self.tmux("new-session", "-d", "-s", "p", "-x", "120", "-y", "50", "env", f"HOME={home}", f"XDG_CONFIG_HOME={home}",
                  f"XDG_DATA_HOME={home}", "profanity")
        self.wait_for("/help")
        self.type(f"/connect {user} server 127.0.0.1 port {port} tls trust")
        self.wait_for("Enter password")
        self.type(PASSWORD)
        self.wait_for("logged in successfully")
        self.type(f"/sub request {peer.account}")
        self.assertEqual(peer.stanza("presence", type="subscribe").get("from"), user)
        peer.presence("subscribed", user)
        self.wait_for("is online")
        self.type(f"/msg {peer.account} hello from profanity")
        message = peer.stanza("message")
        self.assertEqual(message.findtext(CLIENT + "body"), "hello from profanity")
        peer.chat(message.get("from"), "hello, profanity")
        self.wait_for("hello, profanity")
        self.type("/quit")


NODE = """
const { client, xml } = require('@xmpp/client');
const [port, jid, password, peer] = process.argv.slice(2);
const [username, domain] = jid.split('@');
const x = client({ service: `xmpp://127.0.0.1:${port}`, domain, username, password, resource: 'node' });
x.on('error', (e) => { console.error(e); process.exit(1); });
x.on('online', async (me) => {
  console.log('online', me.toString());
  await x.send(xml('presence'));
  await x.send(xml('message', { type: 'chat', to: peer }, xml('body', {}, 'hello from node')));
});
x.on('stanza', async (stanza) => {
  if (!stanza.is('message')) return;
  console.log('got', stanza.getChildText('body'));
  await x.stop();
});
x.start();
"""


@unittest.skipUnless(shutil.which("npm"), "npm is not installed")
class Node(Base):
    """@xmpp/client, from the registry of npm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="signet-node.")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        done = subprocess.run(["npm", "install", "--no-fund", "--no-audit", "--loglevel=error", "@xmpp/client@0.14"],
                              cwd=cls.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("npm's registry is not there: " + done.stdout.decode()[-200:])
        with open(os.path.join(cls.folder, "chat.js"), "w", encoding="utf-8") as script:
            script.write(NODE)

    def test_talks(self):
        user, peer = self.account("node"), self.client(self.account("peer", "beta.test"), "r")
        # the certificate is the domain's own, which Node does not know
        node = subprocess.Popen(["node", "chat.js", str(self.server.ports["xmpp-client"]), user, PASSWORD, peer.account],
                                cwd=self.folder, env={**os.environ, "NODE_TLS_REJECT_UNAUTHORIZED": "0"},
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(node.kill)
        message = peer.stanza("message")
        self.assertEqual(message.get("from"), f"{user}/node")
        self.assertEqual(message.findtext(CLIENT + "body"), "hello from node")
        peer.chat(message.get("from"), "hello, node")
        said = node.communicate(timeout=30)[0].decode()
        self.assertEqual(said, f"online {user}/node\ngot hello, node\n")


class Failing(unittest.TestCase):
    def test_no_password_in_the_log(self):
        with Server() as server:
            server.add(ANN, password="Unmistakable-Pass-78")
            Client(server, ANN, password="Unmistakable-Pass-78").leave()
            self.assertNotIn("Unmistakable", server.log())
            with self.assertRaises(Failed):
                server.signet("setting", "set", "xmpp.max-stanza", "1")
