"""sinks - where mail for other servers ends; they are not measured"""
import pathlib
import subprocess

from system import free_ports, wait_for_port

HERE = pathlib.Path(__file__).resolve().parent


class Sink:
    """Postfix's smtp-sink, which takes all and keeps nothing."""

    def __enter__(self):
        self.port = free_ports(["sink"])["sink"]
        self.process = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{self.port}", "100"])
        wait_for_port(self.port)
        return self

    def __exit__(self, *what):
        self.process.kill()
        self.process.wait()


class TlsSink(Sink):
    """The same by STARTTLS, which smtp-sink does not know: sink.c, compiled into a folder with its certificate."""

    def __init__(self, folder):
        self.program, self.files = folder / "sink", (folder / "sink.pem", folder / "sink.key")
        if not self.program.exists():
            subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-pthread", "-o", self.program, HERE / "sink.c",
                            "-lssl", "-lcrypto"], check=True)
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                            "-nodes", "-subj", "/CN=sink.bench.test", "-days", "30", "-out", self.files[0],
                            "-keyout", self.files[1]], check=True, stderr=subprocess.DEVNULL)

    def __enter__(self):
        self.process = subprocess.Popen([self.program, *self.files], stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().split()[1])
        return self

    def __exit__(self, *what):
        super().__exit__()
        self.process.stdout.close()
