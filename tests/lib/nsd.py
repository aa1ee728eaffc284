"""nsd - NSD as the name server, in a folder of its own, with a zone that does not change

    with Nsd(folder, "real.test", ["@ MX 10 mx", "mx A 127.0.0.5"]) as names: ... names.address
"""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import time

PROGRAM = shutil.which("nsd", path="/usr/sbin:/usr/bin")

CONF = """\
server:
    ip-address: 127.0.0.1@{port}
    username: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/pid"
    xfrdfile: "{folder}/xfrd"
    zonelistfile: "{folder}/zones"
    xfrdir: "{folder}"
    server-count: 1
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "zone"
"""

ZONE = "$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n"


class Nsd:
    def __init__(self, folder, zone, records):
        self.folder, self.zone = pathlib.Path(folder), zone
        self.folder.mkdir()
        (self.folder / "zone").write_text(f"$ORIGIN {zone}.\n" + ZONE + "\n".join(records) + "\n")

    def __enter__(self):
        self.port = self.free_port()
        self.address = f"127.0.0.1@{self.port}"
        (self.folder / "conf").write_text(CONF.format(port=self.port, folder=self.folder, zone=self.zone))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([PROGRAM, "-d", "-c", self.folder / "conf"], stdout=log, stderr=log)
        self.wait()
        return self

    @staticmethod
    def free_port():
        """One that nobody has for TCP nor for UDP."""
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                tcp.bind(("127.0.0.1", 0))
                with contextlib.suppress(OSError):
                    udp.bind(tcp.getsockname())
                    return tcp.getsockname()[1]

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait(10)

    def wait(self):
        """Until it listens for both."""
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError("nsd: " + (self.folder / "log").read_text(errors="replace")) from None
                time.sleep(0.05)
