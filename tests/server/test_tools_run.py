"""tools/run as a newcomer uses it: one command, then what it prints is pasted."""
import os
import pathlib
import pwd
import random
import re
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORTS = (24, 25, 80, 110, 143, 443, 465, 587, 993, 995, 4190, 5222, 5223)


def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base():
    """So that the server finds its ports free."""
    while True:
        base = random.randrange(12000, 30000)
        if all(is_free(base + port) for port in PORTS):
            return base


def tools_run(*words):
    """Its status and what it prints. The server that it leaves behind must not hold the pipe open."""
    done = subprocess.run([ROOT / "tools" / "run", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, check=False)
    return done.returncode, done.stdout.decode()


def shown(text):
    """The commands that it shows, block by block."""
    blocks = text[text.index("Send a first mail"):].split("\n\n")
    return [block for block in blocks if re.match(r"  (curl|printf) ", block)]


def pasted(text, n):
    """The nth of them, run as people do: in a shell."""
    return shell(shown(text)[n])


def shell(command):
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          check=False)
    return done.returncode, done.stdout.decode()


class ToolsRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="signet-run.")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)  # root's server serves as another user
        self.data = pathlib.Path(folder.name) / "demo"
        self.base = str(free_base())
        self.addCleanup(tools_run, "--stop", "--data", self.data)

    def begin(self, *more):
        status, text = tools_run("--data", self.data, "--port-base", self.base, "--detach", *more)
        self.assertEqual(status, 0, text)
        return text

    def passwords(self, text):
        return dict(re.findall(r"^  (\S+@\S+) +([0-9a-f]{16})$", text, re.M))

    def test_from_first_mail_to_reset(self):
        text = self.begin()
        self.assertEqual(set(self.passwords(text)),
                         {"ann@alpha.test", "bob@alpha.test", "cy@beta.test", "admin@alpha.test"})
        self.assertEqual((self.data / "demo-accounts").stat().st_mode & 0o777, 0o600)
        self.check_user()
        self.assertEqual(pasted(text, 0), (0, ""))
        status, mail = pasted(text, 1)
        self.assertEqual(status, 0, mail)
        self.assertIn("Subject: First mail\r\n\r\nHello Cy\r\n", mail)
        self.check_encryption(text)
        self.check_web(text)
        self.check_second_start(text)
        fresh = self.begin("--reset")
        self.assertNotEqual(self.passwords(fresh), self.passwords(text))
        status, mail = pasted(fresh, 1)
        self.assertNotIn("First mail", mail)

    def check_user(self):
        """Root does not serve."""
        pid = (self.data / "signetd.pid").read_text().strip()
        owner = pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name
        self.assertEqual(owner, "signet" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)

    def check_encryption(self, text):
        """As it says: a key, the switch, the mail again; and what is stored is not the mail."""
        issue, switch, decrypt = shown(text)[2].strip().split("\n")
        self.assertEqual(shell(issue)[0], 0)
        self.assertEqual(shell(switch)[0], 0)
        self.assertEqual(pasted(text, 0), (0, ""))
        stored = pasted(text, 1)[1].split("Subject: First mail")[-1]
        self.assertIn("smime-type=enveloped-data", stored)
        self.assertNotIn("Hello Cy", stored)
        status, mail = shell(decrypt)
        self.assertEqual(status, 0, mail)
        self.assertIn("Hello Cy", mail)

    def check_web(self, text):
        url = re.search(r"https://localhost:\d+/", text)[0]
        status, page = shell(f"curl -skL {url}")
        self.assertEqual(status, 0)
        self.assertIn("<h1>Log in</h1>", page)

    def check_second_start(self, text):
        """It ends, begins again in seconds, and has what it had."""
        self.assertEqual(tools_run("--stop", "--data", self.data)[0], 0)
        self.assertFalse((self.data / "signetd.pid").exists())
        began = time.monotonic()
        again = self.begin()
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.passwords(again), self.passwords(text))
        self.assertIn("Subject: First mail", pasted(again, 1)[1])

    def test_ports_in_use(self):
        """Another program has them: it says so, and ends."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", int(self.base) + 993))
            taken.listen()
            status, text = tools_run("--data", self.data, "--port-base", self.base, "--detach")
        self.assertNotEqual(status, 0)
        self.assertIn(f"cannot listen on 127.0.0.1 port {int(self.base) + 993}", text)

    def test_usage(self):
        self.assertEqual(tools_run("--sideways")[0], 2)
        status, text = tools_run("--help")
        self.assertEqual(status, 0)
        self.assertIn("--port-base N", text)
