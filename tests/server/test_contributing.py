"""docs/contributing.md is tried: its files are put into a copy of the tree, which is built and used."""
import os
import pathlib
import re
import shutil
import smtplib
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

from server import PASSWORD, Server, anyone

TREE = pathlib.Path(__file__).resolve().parents[2]
ANN = "ann@alpha.test"
ROOMS = ["core", "mailauth", "storage", "pki", "smime", "protocols", "webadmin", "main", "tools", "configure", "Makefile.in"]
SLIXMPP = """
import sys, slixmpp
jid, password, port = sys.argv[1:]
client = slixmpp.ClientXMPP(jid, password)
client.ssl_context.check_hostname = False
client.ssl_context.verify_mode = 0
client.register_plugin("xep_0030")

async def ask(_):
    iq = client.make_iq_get(ito=client.boundjid.domain)
    iq.xml.append(slixmpp.xmlstream.ET.fromstring("<count xmlns='urn:example:count'>four</count>"))
    count = (await iq.send()).xml[0].text
    info = await client.plugin["xep_0030"].get_info(client.boundjid.domain)
    print(count, "urn:example:count" in info["disco_info"]["features"], flush=True)
    client.disconnect()

client.add_event_handler("session_start", ask)
client.connect(("127.0.0.1", int(port)))
client.process(forever=False)
"""


def examples():
    """Path and text of each file in the document."""
    text = (TREE / "docs/contributing.md").read_text()
    return re.findall(r"^`([^`\n]+)`\n\n```[a-z]*\n(.*?)^```$", text, re.M | re.S)


class Contributing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="signet-tree.")
        cls.addClassCleanup(folder.cleanup)
        cls.tree = pathlib.Path(folder.name) / "tree"
        cls.build = pathlib.Path(folder.name) / "build"
        for room in ROOMS:
            copy = shutil.copytree if (TREE / room).is_dir() else shutil.copy2
            cls.tree.mkdir(exist_ok=True)
            copy(TREE / room, cls.tree / room)
        for path, text in examples():
            (cls.tree / path).parent.mkdir(parents=True, exist_ok=True)
            assert not (cls.tree / path).exists(), path
            (cls.tree / path).write_text(text)
        cls.build.mkdir()
        cls.sh(cls.tree / "configure")
        cls.sh("make", f"-j{os.cpu_count()}", "signetd", "signet")
        cls.server = cls.enterClassContext(Server(cls.build))
        cls.server.add(ANN)

    @classmethod
    def sh(cls, *words):
        done = subprocess.run(words, cwd=cls.build, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{words[0]}:\n{done.stdout[-2000:]}{done.stderr[-3000:]}")

    def test_an_imap_command_with_its_dialogue(self):
        talk = self.tree / "tests/talk/imap/xcount.talk"
        run = subprocess.run([TREE / "tests/talk/run", "--bin", self.build, talk], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("1 passed, 0 failed", run.stdout)

    def test_an_ehlo_word_and_a_verb(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
            smtp.ehlo("x.test")
            self.assertTrue(smtp.has_extn("xhello"))
            self.assertEqual(smtp.docmd("XHELLO"), (250, b"2.0.0 Hello to you"))
            self.assertEqual(smtp.docmd("XHELLO you")[0], 501)

    def test_a_check_of_mail(self):
        self.server.signet("setting", "set", "smtp.xsubject", "on")
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as smtp:
            with self.assertRaises(smtplib.SMTPDataError) as refused:
                smtp.sendmail("x@far.test", [ANN], "From: x@far.test\r\n\r\nHello\r\n")
            self.assertEqual(refused.exception.smtp_code, 550)
            smtp.sendmail("x@far.test", [ANN], "Subject: Hello\r\n\r\nHello\r\n")

    def test_a_setting_and_an_operation(self):
        signet = self.server.signet
        self.assertEqual(signet("server", "greet", "Ann")["rows"], [{"greeting": "Ann"}])
        signet("setting", "set", "greet.times", "3")
        self.assertEqual(len(signet("server", "greet", "Ann")["rows"]), 3)
        self.assertNotEqual(self.server.run_signet("setting", "set", "greet.times", "6").returncode, 0)
        self.assertIn(b"greet somebody", self.server.run_signet("help", "server", "greet").stdout)

    def test_a_page(self):
        self.server.signet("account", "role", ANN, "server-admin")
        base = f"https://localhost:{self.server.ports['https']}"
        browser = urllib.request.build_opener(urllib.request.HTTPSHandler(context=anyone()),
                                              urllib.request.HTTPCookieProcessor())
        csrf = re.search(r'name="csrf" value="(\w+)"', browser.open(base + "/login").read().decode())[1]
        form = {"csrf": csrf, "do": "login", "name": ANN, "password": PASSWORD}
        home = browser.open(base + "/login", urllib.parse.urlencode(form).encode()).read().decode()
        self.assertIn('<a href="/admin/greet">Greetings</a>', home)
        self.assertIn("<li>Hello &lt;Ann&gt;</li>", browser.open(base + "/admin/greet").read().decode())

    def test_a_module_of_xmpp(self):
        # Debian's slixmpp is there for Debian's Python only.
        run = subprocess.run(["/usr/bin/python3", "-c", SLIXMPP, ANN, PASSWORD, str(self.server.ports["xmpp-client"])],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.stdout, "4 True\n", run.stderr[-2000:])
