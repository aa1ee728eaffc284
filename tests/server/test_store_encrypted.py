"""Mail that rules encrypt before it is stored: who can read it, who cannot, and what the disk knows of it."""
import base64
import email
import os
import pathlib
import shutil
import smtplib
import subprocess
import tempfile
import time
import unittest

from server import Server
from test_rules import Mail

JOHN, JIM, ANN, NORA, CY = (f"{n}@alpha.test" for n in ("john", "jim", "ann", "nora", "cy"))
ENCRYPT = 'require ["vnd.signet.store-encrypted", "copy"];\n'
SECRET = "a secret of mine\n"
WORD = "Rumpelstilzchen"


def run(*words, stdin=b"", check=True):
    done = subprocess.run([str(w) for w in words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(f"{words[0]} {words[1]} ended with {done.returncode}: {done.stderr.decode()}")
    return done


def forms_of(word):
    """As it stands, as the search index has it, and as base64 holds it at any place."""
    forms = [word.encode(), word.lower().encode()]
    word = word.encode()
    for skip in range(3):
        coded = base64.b64encode(b"\0" * skip + word)
        forms.append(coded[2 * (skip > 0) + (skip > 0):-4])
    return forms


class Key:
    """A user's key as other programs hold it."""

    def __init__(self, server, user, folder):
        self.user, self.pem, self.p12 = user, folder / f"{user}.pem", folder / f"{user}.p12"
        secret = folder / "secret"
        secret.write_text(SECRET)
        server.signet("smime", "issue", user, stdin=SECRET)
        coded = server.run_signet("smime", "export", user, "--secret-file", secret, "--new-password-file", secret)
        self.p12.write_bytes(base64.b64decode(coded.stdout))
        self.password = SECRET.strip()
        opened = run("openssl", "pkcs12", "-in", self.p12, "-nodes", "-passin", f"pass:{self.password}").stdout
        self.pem.write_bytes(opened)

    def decrypt(self, message):
        """The message inside, or None."""
        done = run("openssl", "cms", "-decrypt", "-recip", self.pem, stdin=message, check=False)
        return done.stdout if done.returncode == 0 and done.stdout else None


class Encrypted(Mail, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-keys."))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.server = cls.enterClassContext(Server())
        cls.server.add(JOHN, JIM, ANN, NORA)
        cls.john, cls.jim, cls.ann = (Key(cls.server, user, cls.folder) for user in (JOHN, JIM, ANN))
        cls.server.signet("mailbox", "grant", JIM, "INBOX", JOHN, "insert")

    def recipients(self, message):
        text = run("openssl", "cms", "-cmsout", "-print", stdin=message).stdout
        return text.count(b"issuerAndSerialNumber")

    def one(self, user, box, subject):
        found = self.messages(user, box, subject)
        self.assertEqual(len(found), 1, self.server.log()[-2000:])
        return found[0]

    def test_in_ones_own_mailbox(self):
        """C-119, C-120, C-121"""
        self.rule(JOHN, ENCRYPT + 'if header :contains "subject" "hidden" { store_encrypted "Secret"; }')
        self.send(JOHN, "hidden one", WORD)
        self.send(JOHN, "plain one", "for all to read")
        message = self.one(JOHN, "Secret", "hidden one")
        self.assertEqual(self.count(JOHN, "hidden one"), 0)
        self.assertEqual(self.recipients(message), 1)
        self.assertIn(WORD.encode(), self.john.decrypt(message))
        self.assertIsNone(self.jim.decrypt(message))
        self.assertIn(b"for all to read", self.one(JOHN, "INBOX", "plain one"))

    def test_the_rule_of_the_portal(self):
        """C-118: all mail, by one order that writes the rule"""
        self.server.signet("rule", "encrypt", ANN, "on", "--mailbox", "Coffer")
        self.addCleanup(self.server.signet, "rule", "encrypt", ANN, "off")
        self.send(ANN, "by order", WORD)
        self.assertIn(WORD.encode(), self.ann.decrypt(self.one(ANN, "Coffer", "by order")))
        self.assertEqual(self.count(ANN, "by order"), 0)

    def test_johns_rule_and_jims_inbox(self):
        """C-122, C-123: the sample of the guide. Both can read it, nobody else."""
        self.rule(JOHN, ENCRYPT + 'store_encrypted "~jim/INBOX";')
        self.send(JOHN, "for both", WORD)
        message = self.one(JIM, "INBOX", "for both")
        self.assertEqual(self.count(JOHN, "for both"), 0)
        self.assertEqual(self.recipients(message), 2)
        self.assertIn(WORD.encode(), self.john.decrypt(message))
        self.assertIn(WORD.encode(), self.jim.decrypt(message))
        self.assertIsNone(self.ann.decrypt(message))

    def test_a_domains_rule(self):
        """C-124: as an account's"""
        self.rule("alpha.test", ENCRYPT + 'store_encrypted "~jim/INBOX";')
        self.send(JOHN, "by the domain", WORD)
        message = self.one(JIM, "INBOX", "by the domain")
        self.assertEqual(self.recipients(message), 2)
        self.assertIn(WORD.encode(), self.john.decrypt(message))

    def test_the_servers_rule(self):
        """C-125: for the owner of the mailbox alone; no grant is asked for"""
        self.rule("", ENCRYPT + 'store_encrypted "~jim/INBOX";')
        self.send(ANN, "by the server", WORD)
        message = self.one(JIM, "INBOX", "by the server")
        self.assertEqual(self.recipients(message), 1)
        self.assertIn(WORD.encode(), self.jim.decrypt(message))
        self.assertIsNone(self.ann.decrypt(message))

    def test_without_the_right(self):
        """C-127: the sender's mail is not lost"""
        self.rule(ANN, ENCRYPT + 'store_encrypted "~jim/INBOX";')
        self.send(ANN, "no right", WORD)
        self.assertEqual((self.count(JIM, "no right"), self.count(ANN, "no right")), (0, 1))

    def test_without_a_certificate(self):
        """C-126: kept in the ordinary way, told to the owner; or its sender tries again"""
        self.rule(NORA, ENCRYPT + 'store_encrypted "Secret";')
        self.send(NORA, "no key", "in the clear")
        self.assertEqual(self.messages(NORA, "Secret"), [])
        self.assertIn(b"in the clear", self.one(NORA, "INBOX", "no key"))
        faults = {row["level"]: row["reason"] for row in self.server.signet("rule", "faults", NORA)["rows"]}
        self.assertIn(NORA, faults["account"])
        self.server.signet("setting", "set", "rules.encrypt-failure", "defer", "--domain", "alpha.test")
        self.addCleanup(self.server.signet, "setting", "reset", "rules.encrypt-failure", "--domain", "alpha.test")
        self.assertEqual(self.send(NORA, "later", "in the clear")[0], 451)
        self.assertEqual(self.count(NORA, "later"), 0)

    def test_each_of_several(self):
        """LMTP: who can have it has it, the other one shall be tried again"""
        self.rule("alpha.test", ENCRYPT + 'store_encrypted "INBOX";')
        self.server.signet("setting", "set", "rules.encrypt-failure", "defer")
        self.addCleanup(self.server.signet, "setting", "reset", "rules.encrypt-failure")
        with smtplib.LMTP(self.server.sockets["lmtp"]) as lmtp:
            lmtp.ehlo_or_helo_if_needed()
            lmtp.mail("x@elsewhere.test")
            for user in (JOHN, NORA, JIM):
                lmtp.rcpt(user)
            lmtp.putcmd("data")
            lmtp.getreply()
            lmtp.send(f"Subject: by lmtp\r\n\r\n{WORD}\r\n.\r\n".encode())
            self.assertEqual([lmtp.getreply()[0] for _ in range(3)], [250, 451, 250])
        for key in (self.john, self.jim):
            self.assertIn(WORD.encode(), key.decrypt(self.one(key.user, "INBOX", "by lmtp")))

    def test_form(self):
        """C-128, C-130: what clients take for S/MIME, with the header that lists show"""
        self.rule(JOHN, ENCRYPT + 'store_encrypted "Form";')
        self.send(JOHN, "the form", WORD)
        message = email.message_from_bytes(self.one(JOHN, "Form", "the form"))
        self.assertEqual(message.get_content_type(), "application/pkcs7-mime")
        self.assertEqual(message.get_param("smime-type"), "enveloped-data")
        self.assertEqual((message["From"], message["To"]), ("x@elsewhere.test", JOHN))
        imap = self.server.imap(JOHN)
        imap.select("Form", readonly=True)
        structure = imap.fetch("1", "(ENVELOPE BODYSTRUCTURE)")[1][0]
        self.assertIn(b'"the form"', structure)
        self.assertIn(b"pkcs7-mime", structure.lower())
        self.assertEqual(imap.search(None, "TEXT", WORD)[1], [b""])
        imap.logout()

    def test_encrypted_already(self):
        """C-129: what the sender encrypted is left alone"""
        inner = f"Content-Type: text/plain\r\n\r\n{WORD}\r\n".encode()
        sealed = run("openssl", "cms", "-encrypt", "-aes-256-cbc", "-subject", "sealed", "-from", "x@elsewhere.test",
                     "-to", JOHN, self.john.pem, stdin=inner).stdout.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.rule(JOHN, ENCRYPT + 'store_encrypted "Secret";')
        self.server.send(JOHN, sealed)
        message = self.one(JOHN, "Secret", "sealed")
        self.assertTrue(message.endswith(sealed.split(b"\r\n\r\n", 1)[1]))
        self.assertIn(WORD.encode(), self.john.decrypt(message))

    @unittest.skipUnless(shutil.which("cmsutil"), "the tools of NSS are not installed")
    def test_nss(self):
        """Mozilla's library reads it, with the key that was exported"""
        self.rule(JOHN, ENCRYPT + 'store_encrypted "Nss";')
        self.send(JOHN, "for nss", WORD)
        message = email.message_from_bytes(self.one(JOHN, "Nss", "for nss"))
        store = self.folder / "nss"
        store.mkdir()
        run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
        run("pk12util", "-i", self.john.p12, "-d", f"sql:{store}", "-W", self.john.password)
        (self.folder / "message.p7m").write_bytes(message.get_payload(decode=True))
        opened = run("cmsutil", "-D", "-d", f"sql:{store}", "-i", self.folder / "message.p7m").stdout
        self.assertIn(WORD.encode(), opened)


class Disk(Mail, unittest.TestCase):
    """C-128: of a message of which all copies are encrypted no word is on the disk, at no time."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-keys."))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())
        self.server.add(JOHN, JIM)
        self.john, self.jim = (Key(self.server, user, self.folder) for user in (JOHN, JIM))

    def found(self, word):
        """The files of the server that hold it, those without a name too."""
        files = [p for p in self.server.folder.rglob("*") if p.is_file()]
        if self.server.process.poll() is None:
            files += list(pathlib.Path(f"/proc/{self.server.process.pid}/fd").iterdir())
        return [str(p) for p in files if self.holds(p, forms_of(word))]

    @staticmethod
    def holds(path, forms):
        try:
            if not path.is_file():
                return False
            data = path.read_bytes()
        except OSError:
            return False
        return any(form in data for form in forms)

    def large(self, word):
        return "\r\n".join(f"{word} {i} and some more words to fill a line" for i in range(20000))

    def test_nothing_on_the_disk(self):
        self.rule("alpha.test", ENCRYPT + 'store_encrypted "INBOX";')
        for i in range(20):
            self.assertIsNone(self.send(f"{JOHN} {JIM}", f"number {i}", f"{WORD} {i}"))
        self.assertIsNone(self.send(JOHN, "large", self.large(WORD)))
        self.assertEqual(self.found(WORD), [])
        message = self.messages(JOHN, "INBOX", "large")[0]
        self.assertEqual(self.john.decrypt(message).count(WORD.encode()), 20000)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(self.found(WORD), [])
        self.server.start()
        self.assertEqual(self.found(WORD), [])
        self.assertEqual(len(self.messages(JIM)), 20)

    def test_nothing_while_it_comes(self):
        """A large message lies in a file until its end has come, and until then nobody knows what rules want."""
        smtp = smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=30)
        smtp.ehlo()
        smtp.mail("x@elsewhere.test")
        smtp.rcpt(JOHN)
        smtp.putcmd("data")
        smtp.getreply()
        smtp.send(f"Subject: half\r\n\r\n{self.large(WORD)}\r\n".encode())
        deadline = time.monotonic() + 20
        while not self.spooled() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertGreater(self.spooled(), 250000)
        self.assertEqual(self.found(WORD), [])
        self.server.kill()
        self.assertEqual(self.found(WORD), [])
        smtp.close()

    def spooled(self):
        size = 0
        for fd in pathlib.Path(f"/proc/{self.server.process.pid}/fd").iterdir():
            try:
                if "(deleted)" in os.readlink(fd):
                    size += fd.stat().st_size
            except OSError:
                pass
        return size

    def test_nothing_in_the_search_index(self):
        self.rule("alpha.test", ENCRYPT + 'store_encrypted "INBOX";')
        self.assertIsNone(self.send(JOHN, "plainly", WORD))
        said = self.server.signet("index", "rebuild", JOHN)
        self.assertEqual(said["messages"], 1)
        self.assertEqual(self.found(WORD), [])
        self.assertTrue(any("/find/" in path for path in self.found("plainly")))  # its Subject is no secret

    def test_clear_text_would_be_found(self):
        """What this search is worth"""
        self.assertIsNone(self.send(JOHN, "clear", WORD))
        self.assertNotEqual(self.found(WORD), [])
        self.server.signet("index", "rebuild", JOHN)
        self.assertTrue(any("/find/" in path for path in self.found(WORD)))


if __name__ == "__main__":
    unittest.main()
