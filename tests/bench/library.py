"""library - TLS without a server around it: tls_bench of the build, read into rows of the table"""
import re
import subprocess

from measures import Measure
from system import Failed


class Bulk(Measure):
    """Megabytes through one connection, in memory: rate is MB/s written, for each second of the processor."""
    serves = "library"

    def __init__(self, suite, text):
        super().__init__("tls-bulk", f"1 MB by {text}, written", "", priority=2)
        self.suite = suite

    def once(self, system, bench):
        program = system.build / "tests/bench/tls_bench"
        if not program.exists():
            subprocess.run(["make", "-C", system.build, "tests/bench/tls_bench"], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([program, "bulk"], stdout=subprocess.PIPE, check=False)
        found = re.search(rf"^{self.suite} +write +(\d+) MB/s, read +(\d+) MB/s$", done.stdout.decode(), re.M)
        if not found:
            raise Failed(f"tls_bench bulk has no {self.suite}: {done.stdout.decode()}")
        write, read = map(int, found.groups())
        return {"rate": write, "cost": 1e6 / write, "note": f"read {read:,} MB/s"}


MEASURES = [Bulk(suite, text) for suite, text in (("TLS13-AES128-GCM-SHA256", "AES-128-GCM"),
                                                  ("TLS13-AES256-GCM-SHA384", "AES-256-GCM"),
                                                  ("TLS13-CHACHA20-POLY1305-SHA256", "ChaCha20-Poly1305"))]
