"""Bad XML and bad manners: the proper stream error (RFC 6120 4.9), one log line, and nobody else notices."""
import resource
import socket
import time
import unittest

from server import Server
from waiting import wait_for
from xmpp import SM, STREAM, STREAM_ERRORS, Client, Ended, Stream, condition

ANN, CY = "ann@alpha.test", "cy@beta.test"
HEAD = ("<?xml version='1.0'?><stream:stream to='alpha.test' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>")
LAUGHS = ("<!DOCTYPE l [<!ENTITY l0 'lol'>" +
          "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)) + "]>")

BEFORE_LOGIN = [  # in the clear, instead of a header
    ("no XML", "GET / HTTP/1.1\r\n\r\n", "not-well-formed"),
    ("binary", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "not-well-formed"),
    ("not UTF-8", HEAD.replace("alpha", "\xff").encode("latin-1"), "not-well-formed"),
    ("two attributes alike", HEAD.replace("to=", "to='x' to="), "not-well-formed"),
    ("prefix without namespace", "<?xml version='1.0'?><stream:stream to='alpha.test'>", "not-well-formed"),
    ("document type", "<?xml version='1.0'?><!DOCTYPE x>" + HEAD[21:], "restricted-xml"),
    ("laughs", "<?xml version='1.0'?>" + LAUGHS + HEAD[21:], "restricted-xml"),
    ("comment", "<?xml version='1.0'?><!-- x -->" + HEAD[21:], "restricted-xml"),
    ("instruction", "<?xml version='1.0'?><?x y?>" + HEAD[21:], "restricted-xml"),
    ("encoding", HEAD.replace("?>", " encoding='ISO-8859-1'?>"), "unsupported-encoding"),
    ("another root", HEAD.replace("<stream:stream", "<stream:bream"), "bad-format"),
    ("root of another namespace", HEAD.replace("etherx", "other"), "invalid-namespace"),
    ("content of a server", HEAD.replace("jabber:client", "jabber:server"), "invalid-namespace"),
    ("unknown host", HEAD.replace("alpha.test", "elsewhere.test"), "host-unknown"),
    ("no host", HEAD.replace(" to='alpha.test'", ""), "host-unknown"),
    ("a user as host", HEAD.replace("alpha.test", ANN), "host-unknown"),
    ("old version", HEAD.replace(" version='1.0' xmlns", " xmlns"), "unsupported-version"),
    ("version 0.9", HEAD.replace("version='1.0' xmlns", "version='0.9' xmlns"), "unsupported-version"),
    ("endless header", HEAD[:-1] + " x='" + "x" * 20000, "policy-violation"),
    ("root that ends at once", HEAD[:-1] + "/>", "not-well-formed"),
]

STANZAS = [  # after login
    ("mismatched tags", "<message></iq>", "not-well-formed"),
    ("tag in a tag", "<message <", "not-well-formed"),
    ("not UTF-8", b"<message><body>\xc3\x28</body></message>", "not-well-formed"),
    ("control character", "<message><body>\x01</body></message>", "not-well-formed"),
    ("unknown prefix", "<message><x:y/></message>", "not-well-formed"),
    ("text between stanzas", "hello", "not-well-formed"),
    ("unknown entity", "<message><body>&lol;</body></message>", "restricted-xml"),
    ("comment", "<message><!-- x --></message>", "restricted-xml"),
    ("instruction", "<message><?x y?></message>", "restricted-xml"),
    ("document type", LAUGHS, "restricted-xml"),
    ("too deep", "<message>" + "<a>" * 100, "policy-violation"),
    ("much too deep", "<message>" + "<a>" * 10000, "policy-violation"),
    ("many attributes", "<message " + " ".join(f"a{n}='1'" for n in range(200)) + "/>", "policy-violation"),
    ("a long name", f"<{'a' * 5000}/>", "policy-violation"),
    ("too large", "<message><body>" + "x" * 300000, "policy-violation"),
    ("too large, complete", "<message><body>" + "x" * 300000 + "</body></message>", "policy-violation"),
    ("a long attribute", "<message to='" + "x" * 300000, "policy-violation"),
    ("no stanza", "<x/>", "unsupported-stanza-type"),
    ("of another namespace", "<message xmlns='urn:x'/>", "unsupported-stanza-type"),
    ("somebody else's", f"<message from='{CY}' to='{CY}'/>", "invalid-from"),
    ("an acknowledgement of nothing", f"<a xmlns='{SM[1:-1]}' h='5'/>", "unsupported-stanza-type"),
]


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, CY)
        cls.bystander = Client(cls.server, CY, "bystander")
        cls.addClassCleanup(cls.bystander.close)

    def tearDown(self):
        """The server lives, and has ended nobody else's session."""
        self.bystander.sync()

    def errors(self):
        return [line for line in self.server.log().splitlines() if " stream-error " in line]

    def check(self, stream, data, want):
        """The error, one line, and the end."""
        before = len(self.errors())
        try:
            stream.send(data)
        except OSError:
            pass  # it was refused before all was sent
        self.assertEqual(stream.stream_error(), want)
        with self.assertRaises(Ended):
            stream.read(5)
            stream.closed = False
            stream.read(5)
        wait_for(lambda: len(self.errors()) > before)  # a turn's lines are written behind its replies
        lines = self.errors()[before:]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(f"condition={want}", lines[0])

    def test_before_login(self):
        for name, data, want in BEFORE_LOGIN:
            with self.subTest(name), Stream(self.server.ports["xmpp-client"]) as stream:
                self.check(stream, data, want)

    def test_stanzas(self):
        for name, data, want in STANZAS:
            with self.subTest(name), Client(self.server, ANN) as client:
                self.check(client, data, want)

    def test_stanza_before_login(self):
        for data in ("<message/>", "<iq type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq>", "<presence/>"):
            with self.subTest(data), Stream(self.server.ports["xmpp-client"]) as stream:
                stream.open("alpha.test")
                self.check(stream, data, "not-authorized")

    def test_large_element_before_login(self):
        with Stream(self.server.ports["xmpp-client"]) as stream:
            stream.start_tls("alpha.test")
            self.check(stream, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + "A" * 100000,
                       "policy-violation")

    def test_slow_writer_costs_little(self):
        """A large stanza byte by byte: each byte is looked at once."""
        with Client(self.server, ANN) as client:
            cpu = self.cpu()
            client.send("<message><body>")
            for _ in range(2000):
                client.send("x" * 100)
            client.send("</body></message>")
            client.sync()
            self.assertLess(self.cpu() - cpu, 5 if self.server.is_sanitized() else 1)

    def cpu(self):
        with open(f"/proc/{self.server.process.pid}/stat", encoding="ascii") as stat:
            return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13])) / 100

    def test_victim_that_does_not_read(self):
        """Its inbox is bounded, and the sender is told; memory is, too."""
        with Client(self.server, ANN) as attacker, Client(self.server, CY, "victim") as victim:
            rss, lines = self.server.rss(), self.server.log().count(" client-does-not-read ")
            refused = []
            chat = f"<message to='{victim.jid}' type='chat'><body>{'x' * 2000}</body></message>"
            self.assertTrue(attacker.pour(chat * 5000))
            attacker.send("<iq type='get' id='last' to='alpha.test'><ping xmlns='urn:xmpp:ping'/></iq>")
            while (el := attacker.read(30)).get("id") != "last":
                refused.append(condition(el))
            self.assertGreater(len(refused), 0)
            self.assertEqual(set(refused), {"resource-constraint"})
            if not self.server.is_sanitized():
                self.assertLess(self.server.rss() - rss, 30 << 20)
            got = 0
            while victim.nothing(1) is not None:
                got += 1
            self.assertEqual(got + len(refused), 5000)
            self.assertEqual(self.server.log().count(" client-does-not-read "), lines + 1)

    def test_client_that_acknowledges_nothing(self):
        with Client(self.server, ANN) as sender, Client(self.server, CY, "deaf") as deaf:
            deaf.send(f"<enable xmlns='{SM[1:-1]}' resume='true'/>")
            for _ in range(1500):
                sender.chat(deaf.jid, "x")
            sender.sync()
            got = sum(1 for _ in iter(lambda: deaf.nothing(1), None))
            self.assertLess(got, 1000)
            deaf.send(f"<a xmlns='{SM[1:-1]}' h='{got}'/>")
            more = sum(1 for _ in iter(lambda: deaf.nothing(1), None))
            self.assertGreater(more, 0)

    def test_client_that_asks_and_acknowledges_nothing(self):
        """What it was answered is kept for it, but not without bound."""
        with Client(self.server, ANN) as client:
            client.send(f"<enable xmlns='{SM[1:-1]}' resume='true'/>")
            question = "<iq type='get' id='x' to='alpha.test'><ping xmlns='urn:xmpp:ping'/></iq>" * 100
            client.pour(question * 100)
            self.assertEqual(client.stream_error(), "policy-violation")

    def test_flood_of_questions_unread(self):
        """Answers that nobody reads stop the questions, not the server."""
        with Client(self.server, ANN) as client:
            rss = self.server.rss()
            client.sock.settimeout(2)
            question = "<iq type='get' id='x' to='alpha.test'><ping xmlns='urn:xmpp:ping'/></iq>" * 100
            with self.assertRaises((socket.timeout, TimeoutError)):
                for _ in range(20000):
                    client.send(question)
            if not self.server.is_sanitized():
                self.assertLess(self.server.rss() - rss, 30 << 20)

    def test_many_contacts_and_long_names(self):
        with Client(self.server, ANN) as client:
            for name in ("x" * 1024, "&lt;" * 1100):
                answer = client.iq("set", f"<query xmlns='jabber:iq:roster'><item jid='a@b.test' name='{name}'/></query>")
                self.assertEqual(condition(answer), "not-acceptable")
            self.assertEqual(condition(client.iq("set", "<query xmlns='jabber:iq:roster'>"
                                                 f"<item jid='{'x' * 1100}@b.test'/></query>")), "bad-request")

    def test_directed_presence_is_bounded(self):
        with Client(self.server, ANN) as client:
            for n in range(120):
                client.send(f"<presence to='{CY}/r{n}'/>")
            self.assertEqual(condition(client.stanza("presence", type="error")), "resource-constraint")

    def test_request_that_is_too_long_to_keep(self):
        self.server.add("long@alpha.test", "kept@beta.test")
        with Client(self.server, "long@alpha.test") as client:
            client.send(f"<presence type='subscribe' to='kept@beta.test'><status>{'x' * 100000}</status></presence>")
            client.sync()
        with Client(self.server, "kept@beta.test") as client:
            el = client.stanza("presence", type="subscribe")
            self.assertEqual((el.get("from"), len(el)), ("long@alpha.test", 0))

    def test_connections_that_break_anywhere(self):
        whole = HEAD + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
        for n in range(0, len(whole), 7):
            with Stream(self.server.ports["xmpp-client"]) as stream:
                stream.send(whole[:n])

    def test_hundreds_of_sessions(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.server.signet("setting", "set", "xmpp.max-resources", "300", "--account", ANN)
        clients = [Client(self.server, ANN, f"r{n}", presence=None) for n in range(150)]
        clients[0].chat(ANN, "nobody is present")
        clients[0].sync()
        for client in clients:
            client.close()
        time.sleep(0.5)
        with Client(self.server, ANN) as client:
            self.assertEqual(client.text(), "nobody is present")

    def test_errors_name_their_namespace(self):
        with Stream(self.server.ports["xmpp-client"]) as stream:
            stream.send("x")
            el = stream.read()
            self.assertEqual(el.tag, STREAM + "error")
            self.assertTrue(el[0].tag.startswith(STREAM_ERRORS))
