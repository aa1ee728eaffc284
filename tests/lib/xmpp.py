"""xmpp - a client of XMPP for tests: sends any bytes, reads one stanza after the other"""
import base64
import hashlib
import hmac
import select
import socket
import ssl
import time
import xml.etree.ElementTree as ET

from server import PASSWORD, anyone

CLIENT = "{jabber:client}"
STREAM = "{http://etherx.jabber.org/streams}"
STREAM_ERRORS = "{urn:ietf:params:xml:ns:xmpp-streams}"
STANZA_ERRORS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
TLS = "{urn:ietf:params:xml:ns:xmpp-tls}"
BIND = "{urn:ietf:params:xml:ns:xmpp-bind}"
ROSTER = "{jabber:iq:roster}"
SM = "{urn:xmpp:sm:3}"
DELAY = "{urn:xmpp:delay}"
CARBONS = "{urn:xmpp:carbons:2}"
FORWARD = "{urn:xmpp:forward:0}"


ANYONE = anyone()  # making one reads all of the system's certificates


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Ended(Exception):
    """The server closed the connection."""


class Stream:
    """A connection: bytes out, elements in."""

    def __init__(self, port, source="127.0.0.1"):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.features = None
        self.fresh()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

    def close(self):
        self.sock.close()

    def fresh(self):
        """A stream begins: the parser, too."""
        self.parser = ET.XMLPullParser(["start", "end"])
        self.depth, self.waiting, self.closed, self.root = 0, [], False, None

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def take(self):
        for event, el in self.parser.read_events():
            self.depth += 1 if event == "start" else -1
            if event == "start" and self.depth == 1:
                self.root = el
            elif event == "end" and self.depth == 1:
                self.waiting.append(el)
            elif event == "end" and self.depth == 0:
                self.closed = True

    def read(self, timeout=10):
        """The next element; None when the stream was closed in good order."""
        end = time.monotonic() + timeout
        while not self.waiting:
            if self.closed:
                return None
            self.sock.settimeout(max(end - time.monotonic(), 0.01))
            data = self.sock.recv(65536)
            if not data:
                raise Ended()
            self.parser.feed(data)
            self.take()
        return self.waiting.pop(0)

    def pour(self, data, seconds=60):
        """Send all of data while what comes is read, by one thread: a TLS connection is not for two. True when all
        was sent before the other side stopped it."""
        data = memoryview(data.encode())
        end = time.monotonic() + seconds
        self.sock.setblocking(False)
        while data and not self.closed:
            assert time.monotonic() < end, f"{len(data)} octets could not be sent"
            try:
                self.parser.feed(self.sock.recv(65536))
                self.take()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                break
            try:
                data = data[self.sock.send(data[:16384]):]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([self.sock], [self.sock], [], 0.1)
            except OSError:
                break
        self.sock.settimeout(20)
        return not data

    def nothing(self, seconds=0.3):
        """The next message, when one comes within so long; it should not."""
        try:
            while (el := self.read(seconds)) is not None:
                if el.tag == CLIENT + "message":
                    return el
        except (socket.timeout, TimeoutError):
            pass
        return None

    def open(self, domain):
        self.fresh()
        self.send(f"<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' "
                  "xmlns:stream='http://etherx.jabber.org/streams'>")
        self.features = self.read()
        return self.features

    def start_tls(self, domain, context=None, name=None):
        self.open(domain)
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        answer = self.read()
        assert answer.tag == TLS + "proceed", ET.tostring(answer)
        self.sock = (context or ANYONE).wrap_socket(self.sock, server_hostname=name or domain)
        return self.open(domain)

    def plain(self, user, password=PASSWORD):
        self.send(f"<auth xmlns='{SASL[1:-1]}' mechanism='PLAIN'>{b64(chr(0) + user + chr(0) + password)}</auth>")
        return self.read()

    def scram(self, user, password=PASSWORD, mech="SCRAM-SHA-256"):
        """None when the server refused; else it has proved that it knows the password, too."""
        kind = mech.removeprefix("SCRAM-").replace("-", "").lower()
        name = {"sha1": "sha1", "sha256": "sha256"}[kind]
        bare = f"n={user},r=client-nonce"
        self.send(f"<auth xmlns='{SASL[1:-1]}' mechanism='{mech}'>{b64('n,,' + bare)}</auth>")
        first = base64.b64decode(self.read().text).decode()
        said = dict(word.split("=", 1) for word in first.split(","))
        salted = hashlib.pbkdf2_hmac(name, password.encode(), base64.b64decode(said["s"]), int(said["i"]))
        final = f"c=biws,r={said['r']}"
        message = f"{bare},{first},{final}".encode()
        key = hmac.digest(salted, b"Client Key", name)
        proof = hmac.digest(hashlib.new(name, key).digest(), message, name)
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, proof))).decode()
        self.send(f"<response xmlns='{SASL[1:-1]}'>{b64(final + ',p=' + proof)}</response>")
        answer = self.read()
        if answer.tag != SASL + "success":
            return None
        mine = hmac.digest(hmac.digest(salted, b"Server Key", name), message, name)
        assert base64.b64decode(answer.text) == b"v=" + base64.b64encode(mine)
        return answer

    def stream_error(self):
        """The condition with which the stream ends, after which nothing comes any more."""
        while (el := self.read()) is not None:
            if el.tag == STREAM + "error":
                assert self.read() is None
                return el[0].tag.removeprefix(STREAM_ERRORS)
        return None


class Client(Stream):
    """Logged in and bound; present unless it is told not to be."""
    numbers = 0

    def __init__(self, server, jid, resource=None, presence="<presence/>", resume=None, password=PASSWORD,
                 listener="xmpp-client"):
        super().__init__(server.ports[listener])
        self.account, self.server = jid, server
        local, domain = jid.split("@")
        if listener == "xmpps-client":
            self.sock = ANYONE.wrap_socket(self.sock, server_hostname=domain)
            self.open(domain)
        else:
            self.start_tls(domain)
        answer = self.plain(local, password)
        assert answer.tag == SASL + "success", ET.tostring(answer)
        self.open(domain)
        self.jid = None
        if resume is None:
            self.bind(resource)
            self.roster = self.iq("get", "<query xmlns='jabber:iq:roster'/>").find(ROSTER + "query")
        if resume is None and presence:
            self.send(presence)
            self.sync()

    def bind(self, resource):
        wanted = f"<resource>{resource}</resource>" if resource else ""
        answer = self.iq("set", f"<bind xmlns='{BIND[1:-1]}'>{wanted}</bind>")
        self.jid = answer.findtext(f"{BIND}bind/{BIND}jid")
        return answer

    def next_id(self):
        Client.numbers += 1
        return f"q{Client.numbers}"

    def iq(self, kind, payload, to=None):
        """The answer; what comes before it is kept."""
        name = self.next_id()
        address = f" to='{to}'" if to else ""
        self.send(f"<iq type='{kind}' id='{name}'{address}>{payload}</iq>")
        return self.answer(name)

    def answer(self, name):
        before = []
        while not ((el := self.read()) is not None and el.tag == CLIENT + "iq" and el.get("id") == name):
            assert el is not None, "the stream was closed"
            before.append(el)
        self.waiting[:0] = before
        return el

    def sync(self):
        """All that was sent has been handled."""
        self.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.account.split("@")[1])

    def chat(self, to, text, more="", kind="chat"):
        self.send(f"<message to='{to}' type='{kind}' id='{self.next_id()}'><body>{text}</body>{more}</message>")

    def stanza(self, tag, timeout=10, **attributes):
        """The next stanza of that tag and those attributes; what is not it is dropped."""
        end = time.monotonic() + timeout
        while (el := self.read(max(end - time.monotonic(), 0.01))) is not None:
            if el.tag == CLIENT + tag and all(el.get(k.rstrip("_")) == v for k, v in attributes.items()):
                return el
        return None

    def text(self, timeout=10):
        """The body of the next message."""
        return self.stanza("message", timeout).findtext(CLIENT + "body")

    def item(self, jid):
        """What the server says of a contact now: (subscription, ask), or None."""
        query = self.iq("get", "<query xmlns='jabber:iq:roster'/>").find(ROSTER + "query")
        for item in query.findall(ROSTER + "item"):
            if item.get("jid") == jid:
                return item.get("subscription"), item.get("ask")
        return None

    def presence(self, kind, to):
        self.send(f"<presence type='{kind}' to='{to}'/>")
        self.sync()

    def leave(self):
        """Close the stream as one should."""
        self.send("</stream:stream>")
        while self.read() is not None:
            pass
        self.close()

    def cut(self):
        """As a network does that fails."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


def condition(stanza):
    """The condition in a stanza's error."""
    error = stanza.find(CLIENT + "error")
    return None if error is None else error[0].tag.removeprefix(STANZA_ERRORS)


def certificate_of(sock):
    """The names in the certificate that the peer showed; it is verified by the context."""
    return {value for key, value in sock.getpeercert()["subjectAltName"]}
