"""system - what the benchmark wants of a mail server"""
import os
import pathlib
import signal
import socket
import subprocess
import time

from meter import meter

PASSWORD = "secret-word-1"
DOMAIN = "bench.test"


class Failed(Exception):
    """A server did not do what it must; the text says what."""


class System:
    """One server, perhaps of many processes. `ports` has a port for each listener's name."""
    name = ""
    serves = ("mail", "chat")  # kinds of measures
    ports = {}
    clear = True  # mail can be read without TLS

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.meter = meter(self.name.lower().replace("+", "-"))
        self.processes = []

    @staticmethod
    def tool(*words):
        """Run a program that must succeed."""
        done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise Failed(f"{words[0]}: {done.stdout.decode(errors='replace')}")

    def make_certificate(self):
        """key.pem and cert.pem in its folder: ECDSA P-256, as Signet makes them."""
        self.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-subj", f"/CN=mx.{DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN},DNS:mx.{DOMAIN}",
                  "-days", "30", "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem")

    def spawn(self, words, **more):
        """Start a process that is measured."""
        process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL,
                                   preexec_fn=lambda: self.meter.adopt(os.getpid()),
                                   start_new_session=True, **more)
        self.meter.started(process.pid)
        self.processes.append(process)
        return process

    def relay_to(self, port, aliases):
        """Send all mail for other servers to this port of 127.0.0.1; the aliases lead to such."""

    def forget(self, account):
        """Drop what was put aside of its mail when that was read. The server does not run."""

    def make_durable(self, on):
        """From the next start on: what it answers is on the disk, where that can be chosen."""

    def settled(self):
        """Whether all that was accepted is delivered."""
        return True

    def wait_settled(self, patience=120):
        end = time.monotonic() + patience
        while not self.settled():
            if time.monotonic() > end:
                raise Failed(f"{self.name} does not deliver what it accepted")
            time.sleep(0.002)

    def stop(self):
        """End all its processes; those that do not heed are killed."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.end_rest(signal.SIGTERM, 50)
        self.end_rest(signal.SIGKILL, 20)
        self.processes = []

    def end_rest(self, number, tries):
        for _ in range(tries):
            rest = self.meter.processes()
            if not rest:
                return
            for pid in rest:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            time.sleep(0.1)

    def close(self):
        self.stop()
        self.meter.close()


def wait_for_port(port, patience=20):
    end = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise Failed(f"nobody listens on port {port}") from None
            time.sleep(0.05)


def free_ports(names):
    """A free port for each name. Another may take it meanwhile; a benchmark can live with that."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: s.getsockname()[1] for name, s in zip(names, taken)}
    for s in taken:
        s.close()
    return ports
