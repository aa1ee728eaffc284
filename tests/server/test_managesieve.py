"""ManageSieve with clients that people have (sieve-connect, sievelib), and what comes of their scripts."""
import base64
import hashlib
import hmac
import imaplib
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import unittest

from server import PASSWORD, Failed, Server

ANN, CY = "ann@alpha.test", "cy@beta.test"
SYSTEM_PYTHON = "/usr/bin/python3"  # has Debian's modules


def has_sievelib():
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", "import sievelib"], capture_output=True).returncode == 0
    except OSError:
        return False


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, CY)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="signet-sieve.")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)

    @property
    def port(self):
        return self.server.ports["managesieve"]

    def file(self, text):
        path = self.home / "script"
        path.write_text(text)
        return path

    def boxes(self, user):
        """{mailbox: number of messages}, those that have any."""
        imap = self.server.imap(user)
        names = [line.decode().rsplit(' "/" ', 1)[1].strip('"') for line in imap.list()[1]]
        found = {name: int(imap.select(f'"{name}"', readonly=True)[1][0]) for name in names}
        imap.logout()
        return {name: n for name, n in found.items() if n}

    def create(self, user, box):
        imap = self.server.imap(user)
        imap.create(box)
        imap.logout()


@unittest.skipUnless(shutil.which("sieve-connect"), "sieve-connect is not installed")
class SieveConnect(Base):
    def connect(self, *more, check=True, user=ANN, password=PASSWORD):
        """With the certificate of the user's domain checked."""
        domain = user.split("@")[1]
        done = subprocess.run(
            ["sieve-connect", "-s", "127.0.0.1", "-p", str(self.port), "-u", user, "--passwordfd", "0",
             "--tlscafile", self.server.certificate(domain), "--tlshostname", domain, *map(str, more)],
            input=password + "\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"sieve-connect ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def upload(self, name, text, check=True):
        return self.connect("--upload", "--localsieve", self.file(text), "--remotesieve", name, check=check)

    def test_life_of_a_script(self):
        script = 'require "fileinto";\nif header :contains "Subject" "sailing" {\n\tfileinto "Boats";\n}\n'
        self.upload("main", script)
        self.assertIn('"main"', self.connect("--list"))
        self.connect("--activate", "--remotesieve", "main")
        self.assertIn('"main" ACTIVE', self.connect("--list"))
        self.connect("--download", "--remotesieve", "main", "--localsieve", self.home / "back")
        self.assertEqual((self.home / "back").read_text(), script)
        self.create(ANN, "Boats")
        self.server.send(ANN, "Subject: Sailing on Sunday\r\n\r\nhello\r\n")
        self.server.send(ANN, "Subject: Rowing\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(ANN), {"INBOX": 1, "Boats": 1})
        # a change is followed by the next message
        self.upload("main", "discard;")
        self.server.send(ANN, "Subject: Sailing again\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(ANN), {"INBOX": 1, "Boats": 1})
        self.connect("--deactivate")
        self.server.send(ANN, "Subject: Sailing once more\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(ANN), {"INBOX": 2, "Boats": 1})
        self.connect("--delete", "--remotesieve", "main")
        self.assertNotIn("main", self.connect("--list"))

    def test_script_of_a_mailbox(self):
        """RFC 6785: kept by ManageSieve, named by METADATA, run for what imaplib does."""
        imap = self.server.imap(ANN)
        self.assertIn(f"IMAPSIEVE=SIEVE://ALPHA.TEST:{self.port}",
                      [word.decode().upper() for word in imap.capability()[1][0].split()])
        self.upload("events", 'require ["imapsieve", "environment", "imap4flags", "copy"];\n'
                    'if environment "imap.cause" "COPY" { addflag "copied"; }\n'
                    'elsif allof(environment :contains "imap.changedflags" "\\\\Flagged", '
                    f'hasflag "\\\\Flagged") {{ redirect :copy "{CY}"; }}\n')
        imap.create("Tasks")
        imaplib.Commands.setdefault("SETMETADATA", ("AUTH", "SELECTED"))
        self.assertEqual(imap._simple_command("SETMETADATA", "Tasks", '(/shared/imapsieve/script "events")')[0], "OK")
        imap.create("Many")
        imap.send(b"m APPEND Many" + b"".join(b" {%d+}\r\nSubject: %d\r\n\r\n" % (len(str(n)) + 13, n)
                                              for n in range(300)) + b"\r\n")
        while not imap.readline().startswith(b"m OK"):
            pass
        imap.select("Many")
        imap.copy("1:*", "Tasks")
        imap.select("Tasks")
        self.assertEqual(len(imap.search(None, "KEYWORD", "copied")[1][0].split()), 300)
        before = self.boxes(CY).get("INBOX", 0)
        imap.store("7", "+FLAGS", "\\Flagged")
        imap.store("7:8", "-FLAGS", "\\Flagged")
        self.assertEqual(self.boxes(CY)["INBOX"], before + 1)
        box = self.server.imap(CY)
        box.select("INBOX")
        text = box.fetch(str(before + 1), "BODY[]")[1][0][1].decode()
        self.assertIn(f"Return-Path: <{ANN}>\r\n", text)
        self.assertIn("Subject: 6\r\n", text)
        box.logout()
        imap.logout()

    def test_faults_are_told_with_their_line(self):
        self.assertIn("line 2: fileinto needs require", self.upload("bad", 'keep;\nfileinto "x";\n', check=False))
        self.assertIn("line 1: there is no command 'frob'",
                      self.connect("--checkscript", "--localsieve", self.file("frob;"), check=False))
        self.assertNotIn("bad", self.connect("--list"))

    def test_wrong_password(self):
        self.assertIn("wrong user name or password", self.connect("--list", check=False, password="no"))

    def test_accounts_do_not_meet(self):
        self.upload("mine", "keep;")
        self.assertNotIn("mine", self.connect("--list", user=CY))


@unittest.skipUnless(has_sievelib(), "python3-sievelib is not installed")
class Sievelib(Base):
    def play(self, body):
        """Lines of Python with a client `c` of sievelib that is logged in."""
        head = ("from sievelib.managesieve import Client\n"
                f"c = Client('127.0.0.1', {self.port})\n"
                f"assert c.connect({ANN!r}, {PASSWORD!r}, starttls=True), c.errmsg\n")
        done = subprocess.run([SYSTEM_PYTHON, "-c", head + body], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def test_client(self):
        out = self.play("assert c.havespace('a', 100), c.errmsg\n"
                        "assert c.putscript('a', 'keep;\\r\\n'), c.errmsg\n"
                        "assert c.putscript('b', '# Gr\\u00fc\\u00dfe\\ndiscard;\\n'), c.errmsg\n"
                        "assert c.setactive('b'), c.errmsg\n"
                        "assert not c.deletescript('b')\n"
                        "assert c.renamescript('a', 'c'), c.errmsg\n"
                        "assert c.listscripts() == ('b', ['c']), c.listscripts()\n"
                        "assert c.getscript('b').rstrip() == '# Gr\\u00fc\\u00dfe\\ndiscard;', c.getscript('b')\n"
                        "assert not c.putscript('d', 'frob;')\n"
                        "print(c.errmsg)\n"
                        "assert c.setactive(''), c.errmsg\n"
                        "assert c.deletescript('b') and c.deletescript('c')\n"
                        "assert c.listscripts() == (None, []) or c.listscripts() == ('', []), c.listscripts()\n"
                        "print(c.get_sieve_capabilities())\n"
                        "c.logout()\n")
        self.assertIn("line 1: there is no command 'frob'", out)
        self.assertIn("vnd.signet.store-encrypted", out)


class Talk:
    """A session by hand: after STARTTLS, with the certificate checked."""

    def __init__(self, server, user=None):
        self.sock = socket.create_connection(("127.0.0.1", server.ports["managesieve"]), 30)
        self.lines = self.sock.makefile("rb")
        self.answer()
        self.ask("STARTTLS")
        self.sock = server.tls("alpha.test").wrap_socket(self.sock, server_hostname="alpha.test")
        self.lines = self.sock.makefile("rb")
        self.answer()
        if user:
            self.ask(f'AUTHENTICATE "PLAIN" "{b64(chr(0) + user + chr(0) + PASSWORD)}"')

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode() + b"\r\n")

    def answer(self, want="OK"):
        """Lines before the answer, and that."""
        lines = []
        while not lines or lines[-1].split(" ")[0] not in ("OK", "NO", "BYE"):
            line = self.lines.readline().decode()
            if not line:
                raise AssertionError(f"closed after {lines}")
            lines.append(line.strip())
        if not lines[-1].startswith(want):
            raise AssertionError(lines[-1])
        return lines

    def ask(self, line, want="OK"):
        self.send(line)
        return self.answer(want)

    def close(self):
        self.lines.close()
        self.sock.close()


class Scram(Base):
    """RFC 5804 2.1: the server's last word comes with the OK."""

    def test_last_word(self):
        talk = Talk(self.server)
        self.addCleanup(talk.close)
        sock, lines = talk.sock, talk.lines
        bare = f"n={ANN},r=abcdef"
        sock.sendall(f'AUTHENTICATE "SCRAM-SHA-256" "{b64("n,," + bare)}"\r\n'.encode())
        first = base64.b64decode(lines.readline().strip().strip(b'"')).decode()
        values = dict(part.split("=", 1) for part in first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), base64.b64decode(values["s"]), int(values["i"]))
        final = f"c=biws,r={values['r']}"
        text = ",".join([bare, first, final]).encode()
        key = digest(salted, b"Client Key")
        signature = digest(hashlib.sha256(key).digest(), text)
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        sock.sendall(f'"{b64(final + ",p=" + proof)}"\r\n'.encode())
        answer = lines.readline().decode()
        want = base64.b64encode(digest(digest(salted, b"Server Key"), text)).decode()
        self.assertEqual(answer, f'OK (SASL "{b64("v=" + want)}") "welcome"\r\n')
        sock.sendall(b"LISTSCRIPTS\r\n")
        self.assertTrue(lines.readline().startswith(b"OK"))


class Hostile(Base):
    def test_what_is_acknowledged_survives_a_kill(self):
        talk = Talk(self.server, ANN)
        for i in range(20):
            talk.ask(f'PUTSCRIPT "s{i}" "# {i}"')
        talk.ask('SETACTIVE "s7"')
        self.server.kill()
        talk.close()
        self.server.start()
        talk = Talk(self.server, ANN)
        names = talk.ask("LISTSCRIPTS")[:-1]
        self.assertEqual(len(names), 20)
        self.assertIn('"s7" ACTIVE', names)
        self.assertEqual(talk.ask('GETSCRIPT "s19"')[:2], ["{4}", "# 19"])
        talk.ask('SETACTIVE ""')
        for i in range(20):
            talk.ask(f'DELETESCRIPT "s{i}"')
        talk.close()

    def test_byte_by_byte(self):
        talk = Talk(self.server, ANN)
        for byte in b'PUTSCRIPT "slow" {7+}\r\nkeep;\r\n\r\nLISTSCRIPTS\r\n':
            talk.send(bytes([byte]))
        talk.answer()
        self.assertEqual(talk.answer()[:-1], ['"slow"'])
        talk.ask('DELETESCRIPT "slow"')
        talk.close()

    def test_strangers_hold_little(self):
        """Literals that never end, and lines that never end."""
        def waste(data):
            sock = socket.create_connection(("127.0.0.1", self.port), 30)
            sock.recv(4096)
            sock.sendall(data)
            return sock
        held = [waste(b"NOOP {30000+}\r\n" + b"x" * 29000) for _ in range(200)]
        before = self.server.rss()
        held += [waste(b"NOOP {30000+}\r\n" + b"x" * 29000) for _ in range(200)]
        held += [waste(b"N" * 15000) for _ in range(200)]
        each = (self.server.rss() - before) / 400
        for sock in held:
            sock.close()
        limit = 400_000 if self.server.is_sanitized() else 120_000
        self.assertLess(each, limit)

    def test_noise(self):
        words = [b'PUTSCRIPT "a" ', b"{5+}\r\n", b"keep;", b"\r\n", b'"', b"\\", b"NOOP", b"{99999+}\r\n",
                 b'SETACTIVE "a"\r\n', b"\0", b"\xff", b'AUTHENTICATE "PLAIN" ', b"LISTSCRIPTS\r\n", b"{0+}\r\n",
                 b'CHECKSCRIPT "if true { stop; }"\r\n', b"GETSCRIPT ", b"UNAUTHENTICATE\r\n"]
        rng = random.Random(4190)
        for i in range(60):
            talk = Talk(self.server, ANN if i % 2 else None)
            try:
                talk.send(b"".join(rng.choice(words) for _ in range(rng.randrange(1, 60))))
                talk.sock.settimeout(0.05)
                while talk.sock.recv(65536):
                    pass
            except OSError:
                pass
            talk.close()
        talk = Talk(self.server, ANN)
        for line in talk.ask("LISTSCRIPTS")[:-1]:
            if line.endswith(" ACTIVE"):
                talk.ask('SETACTIVE ""')
            talk.ask("DELETESCRIPT " + line.removesuffix(" ACTIVE"))
        talk.close()


def b64(text):
    return base64.b64encode(text.encode()).decode()


def digest(key, text):
    return hmac.new(key, text, "sha256").digest()


class Rules(Base):
    """The same scripts by `signet rule`."""

    def test_command(self):
        self.server.signet("rule", "set", "main", "--account", CY, "--activate", stdin="discard;\n")
        self.assertEqual(self.server.signet("rule", "list", "--account", CY)["rows"],
                         [{"name": "main", "active": True, "size": 8}])
        shown = self.server.signet("rule", "show", "--account", CY)
        self.assertEqual((shown["name"], shown["script"]), ("main", "discard;"))
        self.server.send(CY, "Subject: gone\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(CY), {})
        with self.assertRaisesRegex(Failed, "line 2: there is no command 'frob'"):
            self.server.signet("rule", "set", "main", "--account", CY, stdin="keep;\nfrob;\n")
        with self.assertRaisesRegex(Failed, "it is the active script"):
            self.server.signet("rule", "remove", "main", "--account", CY)
        self.server.signet("rule", "activate", "--account", CY)
        self.server.signet("rule", "remove", "main", "--account", CY)
        self.server.send(CY, "Subject: there\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(CY), {"INBOX": 1})

    def test_domain_and_server(self):
        script = 'require "fileinto"; if header :is "X-Spam" "yes" { fileinto "Junk"; }'
        self.create(ANN, "Junk")
        self.server.signet("rule", "set", "spam", "--domain", "alpha.test", "--activate", stdin=script)
        self.server.send(ANN, "X-Spam: yes\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(ANN), {"Junk": 1})
        self.server.signet("rule", "activate", "--domain", "alpha.test")
        self.server.signet("rule", "set", "none", "--activate",
                           stdin='if header :is "Subject" "never" { discard; }')
        self.server.send(ANN, "Subject: never\r\n\r\nhello\r\n")
        self.assertEqual(self.boxes(ANN), {"Junk": 1})
        self.server.signet("rule", "activate")

    def test_help_teaches(self):
        text = self.server.run_signet("help", "rule", "set").stdout.decode()
        for part in ("store_encrypted", "fileinto", "--account", "--domain", "~jim/INBOX"):
            self.assertIn(part, text)
        self.assertIn("rule encrypt ann@example.org on",
                      self.server.run_signet("help", "rule", "encrypt").stdout.decode())

    def test_encrypt_is_readable(self):
        self.server.signet("rule", "set", "own", "--account", ANN, "--activate", stdin="keep;")
        self.server.signet("rule", "encrypt", ANN, "on", "--mailbox", "Safe")
        script = self.server.signet("rule", "show", "--account", ANN)["script"]
        self.assertIn('store_encrypted "Safe";', script)
        self.assertTrue(script.endswith("keep;"))
        self.server.signet("rule", "encrypt", ANN, "off")
        self.assertEqual(self.server.signet("rule", "show", "--account", ANN)["script"], "keep;")
        self.server.signet("rule", "activate", "--account", ANN)


del Base  # only its children are tests
