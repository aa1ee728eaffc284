"""Exim and OpenSMTPD as the other side: what they offer is what we use, and what they file is what was sent."""
import base64
import email
import email.policy
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import unittest

import real_mtas
from authority import Authority
from dns import Names
from server import PASSWORD, Server
from test_sending import GREEN, SIGNED
from waiting import wait_for

ANN = "ann@alpha.test"
LARGE = b"Subject: large\r\n\r\n" + b".\r\n" + base64.encodebytes(
    random.Random(3).randbytes(1 << 20)).replace(b"\n", b"\r\n")
USERS = ("one", "two", "three", "four", "five")


@unittest.skipUnless(real_mtas.installed(), "Exim and OpenSMTPD are not unpacked (tools/unpack), or cannot be mounted here")
class World(unittest.TestCase):
    """A server, and another that is mx.DOMAIN at 127.0.0.6."""

    @classmethod
    def start(cls, program, domain, **options):
        cls.domain, host = domain, "127.0.0.6"
        folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-mta."))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cert, key = Authority(folder, "Root").issue("mx." + domain)
        key.chmod(0o640)
        shutil.chown(key, group=real_mtas.USERS["Debian-exim"] if program is real_mtas.Exim else 0)
        with socket.create_server((host, 0)) as sock:
            port = sock.getsockname()[1]
        cls.mta = cls.enterClassContext(program(host, port, domain, USERS, folder / "mta", cert, key, **options))
        names = cls.enterClassContext(Names({domain: {"MX": [f"10 mx.{domain}"]}, "mx." + domain: {"A": [host]}}))
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN)
        for setting, value in (("dns.servers", names.address), ("relay.port", port), ("relay.retry", "1s")):
            cls.server.signet("setting", "set", setting, str(value))

    def submit(self, user, text, **options):
        with self.server.submission(ANN) as smtp:
            smtp.sendmail(ANN, [f"{user}@{self.domain}"], text, **options)

    def body(self, user):
        return self.mta.filed(user).split(b"\n\n", 1)[1]

    def reported(self, *words):
        def read():
            with self.server.imap(ANN) as imap:
                imap.select(readonly=True)
                found = imap.fetch("1:*", "BODY.PEEK[]")[1]
                text = b"".join(part[1] for part in found if isinstance(part, tuple))
                return text if all(word in text for word in words) else None
        return wait_for(read, 10, tell=lambda: self.server.log()[-2000:])


class Exim(World):
    @classmethod
    def setUpClass(cls):
        cls.start(real_mtas.Exim, "exim.test")

    def test_chunks(self):
        """Exim says in Received how the text came."""
        self.submit("one", "Subject: small\r\n\r\n.\r\n..\r\n")
        self.assertEqual(self.body("one"), b".\n..\n")
        self.assertRegex(self.mta.filed("one"), rb"with esmtps +\(TLS1\.3\)")
        self.submit("two", LARGE)
        self.assertEqual(self.body("two"), LARGE.split(b"\r\n\r\n", 1)[1].replace(b"\r\n", b"\n"))
        self.assertRegex(self.mta.said(), r"<= ann@alpha.test .* K S=\d{7}")  # K: CHUNKING was used

    def test_eight_bits(self):
        self.submit("three", GREEN, mail_options=["BODY=8BITMIME"])
        self.assertIn("Gr\u00fc\u00dfe".encode(), self.body("three"))

    def test_swaks_and_msmtp_to_exim(self):
        to = f"four@{self.domain}"
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.server.ports["submission"]), "--tls",
                               "--auth", "PLAIN", "--auth-user", ANN, "--auth-password", PASSWORD, "--from", ANN, "--to",
                               to, "--body", "by swaks"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(b"by swaks", self.body("four"))
        done = subprocess.run(["msmtp", "--host=127.0.0.1", f"--port={self.server.ports['submission']}", "--tls=on",
                               "--tls-certcheck=off", "--auth=scram-sha-256", f"--user={ANN}",
                               f"--passwordeval=echo {PASSWORD}", f"--from={ANN}", f"five@{self.domain}"],
                              input=b"Subject: x\n\nby msmtp\n", capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"by msmtp", self.body("five"))

    def test_refused(self):
        self.submit("nobody", "Subject: x\r\n\r\nhello\r\n")
        self.reported(b"Action: failed", b"550 Unrouteable address")


class EximOfSevenBits(World):
    @classmethod
    def setUpClass(cls):
        cls.start(real_mtas.Exim, "seven.test", eight=False)

    def test_eight_bits_in_seven(self):
        self.submit("one", GREEN, mail_options=["BODY=8BITMIME"])
        text = self.mta.filed("one")
        self.assertTrue(text.isascii())
        self.assertEqual(email.message_from_bytes(text, policy=email.policy.default).get_content().strip(),
                         "Gr\u00fc\u00dfe and hello")
        self.submit("two", SIGNED)
        self.reported(b"5.6.3", b"it is signed")


class OpenSmtpd(World):
    @classmethod
    def setUpClass(cls):
        cls.start(real_mtas.OpenSmtpd, "open.test")

    def test_texts(self):
        self.submit("one", "Subject: small\r\n\r\n.\r\n..\r\n")
        self.assertEqual(self.body("one"), b".\n..\n")
        self.assertIn(b"TLSv1.3", self.mta.filed("one"))
        self.submit("two", LARGE)
        self.assertEqual(self.body("two"), LARGE.split(b"\r\n\r\n", 1)[1].replace(b"\r\n", b"\n"))
        self.submit("three", GREEN, mail_options=["BODY=8BITMIME"])
        self.assertIn("Gr\u00fc\u00dfe".encode(), self.body("three"))

    def test_refused(self):
        self.submit("nobody", "Subject: x\r\n\r\nhello\r\n")
        self.reported(b"Action: failed", b"Status: 5.")


if __name__ == "__main__":
    unittest.main()
