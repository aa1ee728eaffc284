"""pki - what tests of keys and certificates share: other people's tools, an authority, and who is shown what

    class Keys(pki.Case):
        def test_C_020_size(self):
            self.signet("pki", "key-generate", "alpha.test", "--type", "RSA-3072", "--replace")
"""
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from server import Failed, Server

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)
XMPP_HELLO = ("<stream:stream to='%s' version='1.0' xmlns='jabber:client' "
              "xmlns:stream='http://etherx.jabber.org/streams'>")


def tool(*words, stdin=""):
    """What a program says on both outputs, as bytes; Failed when it says no."""
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run(list(map(str, words)), input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    if done.returncode != 0:
        raise Failed(f"{words[0]} {words[1]}: {done.stdout.decode(errors='replace')}")
    return done.stdout


def openssl(*words, stdin=""):
    return tool("openssl", *words, stdin=stdin).decode(errors="replace")


def key(kind="P-256"):
    """A private key of openssl's, PKCS#8."""
    words = {"P-256": ("EC", "ec_paramgen_curve:P-256"), "P-384": ("EC", "ec_paramgen_curve:P-384"),
             "P-521": ("EC", "ec_paramgen_curve:P-521"), "secp256k1": ("EC", "ec_paramgen_curve:secp256k1")}
    if kind.startswith("RSA"):
        name, bits = kind.rsplit("-", 1)
        return openssl("genpkey", "-quiet", "-algorithm", name, "-pkeyopt", f"rsa_keygen_bits:{bits}")
    name, option = words.get(kind, (kind, None))
    return openssl("genpkey", "-quiet", "-algorithm", name, *(("-pkeyopt", option) if option else ()))


def field(what, pem, kind="x509"):
    """One thing that openssl says of a certificate or request: "serial", "subject", "enddate"."""
    return openssl(kind, "-noout", f"-{what}", stdin=pem).split("=", 1)[1].strip()


def certificates(text):
    return PEM.findall(text)


class Authority:
    """A test authority made by openssl, in a folder."""

    def __init__(self, folder, name, issuer=None):
        self.folder, self.name, self.issuer = folder, name, issuer
        self.key, self.cert = folder / f"{name}.key", folder / f"{name}.pem"
        self.key.write_text(key())
        if issuer:
            request = openssl("req", "-new", "-key", self.key, "-subj", f"/O=Test/CN={name}")
            more = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign"
            self.cert.write_text(issuer.sign(request, more))
        else:
            openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/O=Test/CN={name}", "-days", "30",
                    "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.cert)

    def sign(self, request, extensions="", days=20, *more):
        """The certificate for a request, as PEM."""
        asked, said = self.folder / "request.pem", self.folder / "extensions"
        asked.write_text(request)
        said.write_text(extensions + "\n")
        openssl("x509", "-req", "-in", asked, "-CA", self.cert, "-CAkey", self.key, "-days", days,
                "-extfile", said, "-out", self.folder / "out.pem", *more)
        return (self.folder / "out.pem").read_text()

    def pem(self):
        return self.cert.read_text()


class Case(unittest.TestCase):
    """A server for the class, with some domains, and a folder for keys."""

    DOMAINS = ("alpha.test", "beta.test")

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-pki."))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.server = cls.enterClassContext(Server())
        for domain in cls.DOMAINS:
            cls.server.signet("domain", "add", domain)

    def signet(self, *words, stdin=""):
        return self.server.signet(*words, stdin=stdin)

    def pki(self, verb, *words, domain="alpha.test", stdin=""):
        """`signet pki VERB alpha.test WORDS`"""
        return self.server.signet("pki", verb, domain, *words, stdin=stdin)

    def refused(self, *words, stdin=""):
        """What the operation says when it is refused, as it must be."""
        with self.assertRaises(Failed) as caught:
            self.signet(*words, stdin=stdin)
        return str(caught.exception)

    def write(self, name, content):
        """A file in the folder."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def said_once(self, before, *words):
        """Behind that place of the log there is one line with all these words."""
        lines = [line for line in self.server.log()[before:].splitlines() if all(word in line for word in words)]
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    # -- who is shown what

    STARTS = {"smtp": ("-starttls", "smtp"), "imap": ("-starttls", "imap"), "pop3": ("-starttls", "pop3"),
              "submission": ("-starttls", "smtp"), "xmpp-client": ("-starttls", "xmpp")}
    EVERYWHERE = ("smtp", "imaps", "pop3", "xmpp-client", "https")
    IMPLICIT = ("imaps", "pop3s", "submissions", "xmpps-client", "https")
    OFFERING = {"smtp", "submission", "imap", "pop3", "managesieve", "xmpp-client"}

    def s_client(self, *more, listener="imaps", name="alpha.test", stdin="Q\n"):
        """What openssl s_client says, whether it gets through or not."""
        start = self.STARTS.get(listener, ())
        if listener == "xmpp-client":
            start = (*start, "-xmpphost", name)
        words = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.ports[listener]}",
                 "-servername", name, *start, *map(str, more)]
        done = subprocess.run(words, input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=60, check=False)
        return done.stdout.decode(errors="replace")

    def shown(self, name="alpha.test", listener="imaps"):
        """The certificates that a client is shown there, as PEM; none: there is no TLS."""
        return certificates(self.s_client("-showcerts", name=name, listener=listener))

    def assert_shown(self, want, name="alpha.test"):
        """The same ones in all protocols."""
        for listener in self.EVERYWHERE:
            self.assertEqual(self.shown(name, listener), want, listener)

    def assert_no_tls(self, name="alpha.test"):
        """The main domain, which is that of the address, has nothing to show anywhere."""
        self.assertEqual(self.offers(name), set())
        for listener in self.IMPLICIT:
            self.assertEqual(self.shown(name, listener), [], listener)

    def talk(self, listener, say, until):
        """What the server says to a text in the clear."""
        with self.server.connect(listener) as s:
            s.sendall(say)
            got = b""
            while until not in got:
                try:
                    more = s.recv(4096)
                except socket.timeout:
                    self.fail(f"{listener} says no more than {got}")
                if not more:
                    break
                got += more
            return got.decode()

    def offers(self, domain="alpha.test"):
        """The protocols that offer to start TLS: by address, and XMPP by name."""
        said = {"smtp": self.talk("smtp", b"EHLO x\r\nQUIT\r\n", b"\r\n221"),
                "submission": self.talk("submission", b"EHLO x\r\nQUIT\r\n", b"\r\n221"),
                "imap": self.talk("imap", b"a CAPABILITY\r\nb LOGOUT\r\n", b"b OK"),
                "pop3": self.talk("pop3", b"CAPA\r\nQUIT\r\n", b"bye"),
                "managesieve": self.talk("managesieve", b"LOGOUT\r\n", b"\nOK"),
                "xmpp-client": self.talk("xmpp-client", (XMPP_HELLO % domain).encode(), b"</stream:features>")}
        word = {"pop3": "STLS", "xmpp-client": "<starttls"}
        return {name for name, text in said.items() if word.get(name, "STARTTLS") in text}
