"""server - a real signetd for tests: starts it as a user would, on ports of the kernel's choice"""
import json
import os
import pathlib
import signal
import ssl
import subprocess
import tempfile
import threading


class Failed(Exception):
    """A program said no; the text is what it said."""


def as_root():
    """signetd wants to be told that it may serve as root, as it must where tests run as root."""
    return ["-u", "root"] if os.geteuid() == 0 else []


class Server:
    """signetd with a DATA of its own. Use it in a `with`."""

    def __init__(self, bin_dir=None, data=None):
        self.bin = pathlib.Path(bin_dir or os.environ.get("BUILD", ".")).resolve()
        self.folder = None if data else tempfile.TemporaryDirectory(prefix="signet-test.")
        self.data = pathlib.Path(data or self.folder.name) / "data"
        self.log_path = self.data.parent / "log"
        self.ports = {}
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *what):
        status = self.stop()
        log = self.log()
        if self.folder:
            self.folder.cleanup()
        if what[0] is None and status != 0:
            raise Failed(f"signetd ended with {status}:\n{log[-3000:]}")

    def start(self):
        """Start and wait for 'ready'."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "signetd", "-d", self.data, "-p", "0", "-f", *as_root()],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.ports = {}
        for line in self.process.stdout:
            words = line.decode().split()
            if words[:1] == ["ready"]:
                # whoever prints there later must not be stopped by a full pipe
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
            if words[:1] == ["listening"] and ":" in words[2]:
                self.ports.setdefault(words[1], int(words[2].rsplit(":", 1)[1]))
        raise Failed("signetd ended before it was ready:\n" + self.log()[-3000:])

    def stop(self):
        """SIGTERM; the exit status, 0 when it ended as it should."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            return "killed, because SIGTERM did not end it"

    def kill(self):
        """SIGKILL: as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signet(self, *words, stdin="", check=True):
        """Run `signet words`: its answer as JSON, {"ok": ...}."""
        done = subprocess.run(
            [self.bin / "signet", "-d", self.data, *words, "--json"],
            input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if check and done.returncode != 0:
            raise Failed(f"signet {' '.join(words)}: {done.stdout.decode()}{done.stderr.decode()}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"ok": False, "text": done.stdout.decode() + done.stderr.decode()}

    def add(self, *accounts, password="secret word"):
        """Add accounts, and their domains where needed."""
        for account in accounts:
            domain = account.split("@")[1]
            if domain not in self.domains():
                self.signet("domain", "add", domain)
            self.signet("account", "add", account, stdin=password)

    def domains(self):
        return [row["name"] for row in self.signet("domain", "list").get("rows", [])]

    def certificate(self, domain):
        """PEM of the chain that a domain shows, in a file."""
        path = self.data.parent / f"{domain}.pem"
        path.write_text(self.signet("pki", "show", domain)["chain"])
        return path

    def tls(self, domain):
        """A client's TLS context that trusts this domain's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate(domain)))

    def rss(self):
        """Resident memory in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))
