"""domains - a server with many domains, each with a key and a certificate, on one address"""
import concurrent.futures
import time

from load import measured
from measures import Measure
from signet import Signet
from system import DOMAIN

AT_ONCE = 16  # connections that add domains: one commit serves several


class Another(Signet):
    name = "Signet-domains"
    serves = ()


class Host:
    """A Signet of its own, whose domains become more; made when it is first asked for."""
    only = None

    def __init__(self, folder, build):
        self.server = Another(folder, build)
        self.server.start()
        self.n = 0

    @classmethod
    def of(cls, bench, system):
        if not cls.only:
            cls.only = cls(bench.folder / "domains", system.build)
            bench.systems.append(cls.only.server)  # closed with the others
        return cls.only

    def grow(self, n):
        names = [f"d{i}.{DOMAIN}" for i in range(self.n, n)]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(lambda some: self.server.orders([("domain add", {"name": name}) for name in some]),
                              [names[k::AT_ONCE] for k in range(min(AT_ONCE, len(names)))]):
                pass
        self.n = max(self.n, n)

    def contexts(self):
        rows = self.server.orders([("tls stats", {"all": True})])["rows"]
        return next(row["count"] for row in rows if row["what"] == "contexts")


class Domains(Measure):
    """Needs --only domains, since it makes thousands of keys."""
    serves = "domains"

    def __init__(self, text, n):
        super().__init__("domains", f"{text}, {n:,} domains", "handshake", priority=3)
        self.n = n

    def once(self, system, bench):
        host = Host.of(bench, system)
        host.grow(self.n)
        return self.look(host, bench)


class Start(Domains):
    """From the start of the process to `ready`."""

    def look(self, host, bench):
        host.server.stop()
        cpu, began = host.server.meter.cpu(), time.monotonic()
        host.server.start()
        took = time.monotonic() - began
        return {"rate": None, "cost": (host.server.meter.cpu() - cpu) * 1e6, "note": f"ready after {took:.2f} s"}


class Handshakes(Domains):
    """Each for another domain than the last, in turn: with more domains than contexts in memory, the worst order."""

    def look(self, host, bench):
        result = measured(host.server, bench.load, "handshake", port=host.server.ports["imaps"], tls=True, workers=8,
                          version=13, name=f"d#.{DOMAIN}", names=self.n, seconds=bench.seconds)
        return {"rate": result["done"] / result["seconds"], "cost": result["cpu"] / result["done"] * 1e6}


class Memory(Domains):
    """What a domain's context takes: all that can be in memory are."""
    unit = "KB"

    def look(self, host, bench):
        host.server.stop()
        host.server.start()
        self.connect(host, bench, self.n, 200)  # what it takes by itself when it is used
        before, had = host.server.meter.pss(), host.contexts()
        self.connect(host, bench, self.n, self.n)
        loaded = host.contexts()
        return {"rate": None, "cost": (host.server.meter.pss() - before) / max(loaded - had, 1) / 1024,
                "note": f"{loaded} contexts in memory"}

    @staticmethod
    def connect(host, bench, names, count):
        measured(host.server, bench.load, "handshake", port=host.server.ports["imaps"], tls=True, workers=8, version=13,
                 name=f"d#.{DOMAIN}", names=names, count=count, seconds=120)


MEASURES = [make(text, n) for n in (10, 1000, 10000)
            for make, text in ((Start, "start"), (Handshakes, "TLS 1.3 full handshake"), (Memory, "memory of a context"))
            if make is not Memory or n > 10]
