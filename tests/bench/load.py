"""load - runs the load generator against a system and measures the system meanwhile"""
import json
import pathlib
import subprocess
import time

from system import PASSWORD, Failed

HERE = pathlib.Path(__file__).resolve().parent


def build(folder):
    """Compile the load generator into a folder."""
    program = pathlib.Path(folder) / "load"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-pthread", "-o", program,
                    *sorted(HERE.glob("load*.c")), "-lssl", "-lcrypto", "-lz"], check=True)
    return program


class Load:
    """One run: prepared when it is made, done by run(), its connections gone after close()."""

    def __init__(self, program, kind, **options):
        if kind != "smtp" or options.pop("auth", False):
            options.setdefault("password", PASSWORD)
        words = [f"{name}={int(v) if isinstance(v, bool) else v}" for name, v in options.items()]
        self.process = subprocess.Popen([program, kind, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise Failed(f"{kind} {options}: {self.process.communicate()[1].decode()}")

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

    def run(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed("load: " + self.process.stderr.read().decode())
        result = json.loads(line)
        if result["failed"]:
            self.process.stdin.close()
            raise Failed(f"load: {result}: {self.process.stderr.read().decode()[:500]}")
        return result

    def heard(self):
        """Of sessions in IDLE: wait until each has heard something since it was asked last; when the server wrote to
        the last one, and when that read it, as time.monotonic() tells it."""
        self.process.stdin.write(b"heard\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed("load: " + self.process.stderr.read().decode())
        return [float(word) for word in line.split()]

    def close(self):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()


def measured(system, program, kind, to_the_end=True, **options):
    """One run's figures: done, seconds, cpu (the system's, in seconds), resumed.

    To the end: with all connections closed and all messages delivered.
    """
    with Load(program, kind, **options) as load:
        cpu, began = system.meter.cpu(), time.monotonic()
        result = load.run()
        if to_the_end:
            system.wait_settled()
            result["seconds"] = time.monotonic() - began
            load.close()
        result["cpu"] = system.meter.cpu() - cpu
    if result["done"] == 0:
        raise Failed(f"{system.name}: {kind} did nothing")
    return result
