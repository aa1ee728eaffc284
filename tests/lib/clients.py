"""clients - what tests with mail programs share: a server with two accounts, and a terminal for programs that want one"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from server import PASSWORD, Server

ANN, CY = "ann@alpha.test", "cy@beta.test"


def run(*words, stdin="", env=None, cwd=None, check=True, timeout=60):
    done = subprocess.run([str(w) for w in words], input=stdin.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, cwd=cwd, env={**os.environ, **(env or {})})
    text = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        raise AssertionError(f"{words[0]} ended with {done.returncode}:\n{text}")
    return text


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, CY)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="signet-client.")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)

    @property
    def port(self):
        return self.server.ports

    def pem(self, user):
        return self.server.certificate(user.split("@")[1])

    def subjects(self, user):
        """What lies in INBOX."""
        imap = self.server.imap(user)
        _, (count,) = imap.select("INBOX", readonly=True)
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if int(count) else []
        imap.logout()
        return [part[1].decode().split(":", 1)[1].strip() for part in found if isinstance(part, tuple)]

    def curl(self, user, box, command=None, *more):
        domain = user.split("@")[1]
        where = f"imaps://{domain}:{self.port['imaps']}/{box}"
        request = ["-X", command] if command else []
        return run("curl", "-sS", "--connect-to", f"::127.0.0.1:{self.port['imaps']}", "--cacert", self.pem(user),
                   "-u", f"{user}:{PASSWORD}", where, *request, *more)

    def deliver(self, to, subject):
        self.server.send(to, f"Subject: {subject}\r\n\r\nhello\r\n")


class Terminal(Clients):
    """A program in a terminal, as people use it."""

    def tmux(self, *words):
        return run("tmux", "-S", self.home / "tmux", *words)

    def wait_for(self, text, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            screen = self.tmux("capture-pane", "-p")
            if text in screen:
                return screen
            time.sleep(0.2)
        raise AssertionError(f"no '{text}' on the screen:\n{screen}")
