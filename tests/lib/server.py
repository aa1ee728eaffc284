"""server - a real signetd for tests: starts it as a user would, on ports of the kernel's choice"""
import imaplib
import json
import os
import pathlib
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading

PASSWORD = "correct horse 1"


class Failed(Exception):
    """A program said no; the text is what it said."""


def anyone():
    """A client's TLS context for where certificates are not the question."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Server:
    """signetd with a folder of its own for DATA and log. Use it in a `with`."""

    def __init__(self, bin_dir=None, folder=None, keep=False):
        self.bin = pathlib.Path(bin_dir or os.environ.get("BUILD", ".")).resolve()
        self.keep = keep or folder is not None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="signet-test."))
        self.data = self.folder / "data"
        self.log_path = self.folder / "log"
        self.ports = {}
        self.process = None
        self.environ = {}  # more of it, for signetd

    def __enter__(self):
        try:
            self.start()
        except Failed:
            self.remove()
            raise
        return self

    def __exit__(self, *what):
        status = self.stop()
        log = self.log()
        self.remove()
        if what[0] is None and status != 0:
            raise Failed(f"signetd ended with {status}:\n{log[-3000:]}")

    def remove(self):
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- the process

    def command(self, *more):
        """signetd wants to be told that it may serve as root, as it must where tests run as root."""
        user = ["-u", "root"] if os.geteuid() == 0 else []
        return [self.bin / "signetd", "-d", self.data, "-p", "0", "-f", *user, *more]

    def start(self, *more):
        """Start and wait for 'ready'."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(*more), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, env=os.environ | self.environ)
        self.ports, self.sockets = {}, {}
        for line in self.process.stdout:
            words = line.decode().split()
            if words[:1] == ["ready"]:
                # whoever prints there later must not be stopped by a full pipe
                threading.Thread(target=self.drain, args=(self.process.stdout,), daemon=True).start()
                return
            if words[:1] == ["listening"] and words[2].startswith("/"):
                self.sockets[words[1]] = words[2]
            elif words[:1] == ["listening"]:
                self.ports.setdefault(words[1], int(words[2].rsplit(":", 1)[1]))
        self.process.wait()
        raise Failed("signetd ended before it was ready:\n" + self.log()[-3000:])

    @staticmethod
    def drain(pipe):
        with pipe:
            pipe.read()

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

    def rss(self):
        """Resident memory in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0

    def is_sanitized(self):
        """Built with AddressSanitizer, which takes memory of its own."""
        return b"__asan_init" in (self.bin / "signetd").read_bytes()

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    # -- what an admin does

    def run_signet(self, *words, stdin=""):
        """`signet words` as a process that has ended; both outputs are in stdout."""
        return subprocess.run([self.bin / "signet", "-d", self.data, *words], input=stdin.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)

    def signet(self, *words, stdin=""):
        """The answer of `signet words` as JSON; Failed when it says no."""
        done = self.run_signet(*words, "--json", stdin=stdin)
        if done.returncode != 0:
            raise Failed(f"signet {' '.join(words)}: {done.stdout.decode(errors='replace')}")
        return json.loads(done.stdout)

    def add(self, *accounts, password=PASSWORD):
        """Add accounts, and their domains where needed."""
        for account in accounts:
            domain = account.split("@")[1]
            if domain not in self.domains():
                self.signet("domain", "add", domain)
            self.signet("account", "add", account, stdin=password)

    def domains(self):
        return [row["name"] for row in self.signet("domain", "list")["rows"]]

    def certificate(self, domain):
        """PEM of the chain that a domain shows, in a file."""
        path = self.folder / f"{domain}.pem"
        path.write_text(self.signet("pki", "show", domain)["chain"])
        return path

    def tls(self, domain):
        """A client's TLS context that trusts this domain's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate(domain)))

    # -- what clients do

    def connect(self, listener, timeout=30):
        if listener in self.ports:
            return socket.create_connection(("127.0.0.1", self.ports[listener]), timeout=timeout)
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(self.sockets[listener])
        return sock

    def imap(self, user, password=PASSWORD):
        """Logged in, after STARTTLS with the certificate of the user's domain checked."""
        domain = user.split("@")[1]
        imap = imaplib.IMAP4("127.0.0.1", self.ports["imap"], timeout=60)
        imap.host = domain  # the name to verify: the socket goes to loopback
        imap.starttls(self.tls(domain))
        imap.login(user, password)
        return imap

    def submission(self, user, password=PASSWORD, listener="submission"):
        """Logged in at port 587 after STARTTLS, or at 465, with the certificate checked."""
        domain = user.split("@")[1]
        context = self.tls(domain)
        if listener == "submissions":
            context.check_hostname = False  # smtplib would verify the name of the loopback
            smtp = smtplib.SMTP_SSL("127.0.0.1", self.ports[listener], context=context, timeout=60)
        else:
            smtp = smtplib.SMTP("127.0.0.1", self.ports[listener], timeout=60)
            smtp._host = domain
            smtp.starttls(context=context)
        smtp.login(user, password)
        return smtp

    def send(self, to, data):
        """From the world, at port 25, in the clear."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=30) as smtp:
            return smtp.sendmail("x@elsewhere.test", [to], data)
