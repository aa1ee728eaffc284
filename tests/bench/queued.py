"""queued - mail for a destination that lives, beside a queue full of mail for those that do not

Two servers of their own, one with an empty queue and one with a full one, relay in turn. Each row is the full one's
rate and processor time for a message that went out; the note says how that compares with the empty one's.
"""
import asyncio
import contextlib
import socket
import subprocess
import threading
import time

from load import measured
from measures import USERS, Measure
from signet import Signet
from sinks import Sink
from system import DOMAIN, Failed

LIVE = "live.test"


class Queueing(Signet):
    serves = ()

    def __init__(self, folder, build, name):
        self.name = name
        super().__init__(folder, build)
        self.start()
        self.set("relay.deliver", "off")
        self.orders([("domain add", {"name": DOMAIN})] +
                    [("alias add", {"name": f"f{i}@{DOMAIN}", "target": [f"f{i}@{LIVE}"]}) for i in range(USERS)])

    def set(self, name, value, destination=None):
        where = {"destination": destination} if destination else {}
        self.orders([("setting set", {"name": name, "value": str(value), **where})])

    def route(self, routes):
        """{domain: ADDRESS:PORT}"""
        self.orders([("setting set", {"name": "relay.route", "value": value, "destination": domain})
                     for domain, value in routes.items()])

    def fill(self, messages, domains):
        """Messages for d0.test, d1.test and so on, put while it does not run."""
        self.stop()
        program = self.build / "tests/bench/queue_fill_bench"
        if not program.exists():
            subprocess.run(["make", "-C", self.build, "tests/bench/queue_fill_bench"], check=True,
                           stdout=subprocess.DEVNULL)
        self.tool(program, self.data, messages, domains)
        self.start()

    def settled(self):
        return not self.orders([("queue list", {"limit": 1, "domain": LIVE})])["rows"]


class Dead:
    """Where mail does not get: addresses of 127.0.0.0/8, one for each domain, so that none shares a way with another."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.loop = asyncio.new_event_loop()
        self.refusing = socket.socket()
        self.refusing.bind(("0.0.0.0", 0))  # bound, and does not listen
        self.full = self.backlog()
        self.deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.deaf.bind(("127.0.0.1", 0))  # a name server that answers nothing
        self.silent, self.busy = self.serve(b""), self.serve(b"421 4.3.2 Not now\r\n")
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def backlog(self):
        """A port whose queue of connections is full: the kernel drops what else comes."""
        server = socket.socket()
        server.bind(("0.0.0.0", 0))
        server.listen(0)
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(("127.0.0.1", server.getsockname()[1]))
            self.stack.callback(client.close)
        self.stack.callback(server.close)
        return server

    def serve(self, greeting):
        """A server that says this, or nothing, and keeps the connection until the other side ends it."""
        async def talk(reader, writer):
            with contextlib.suppress(OSError):
                writer.write(greeting)
                if not greeting:
                    await reader.read()
                writer.close()
        server = self.loop.run_until_complete(asyncio.start_server(talk, "0.0.0.0", 0, backlog=1000))
        return server.sockets[0]

    @staticmethod
    def address(n, sock):
        return f"[127.{1 + n // 62500}.{n // 250 % 250 + 1}.{n % 250 + 1}]:{sock.getsockname()[1]}"

    def close(self):
        self.stack.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        for sock in (self.refusing, self.deaf):
            sock.close()


class Pair:
    """Both servers, made when first asked for; one pair for each kind of full queue."""

    def __init__(self, measure, bench, build):
        kind, folder = measure.name, bench.folder
        self.dead = Dead()
        self.empty = Queueing(folder / f"{kind}-empty", build, f"{kind}-empty")
        self.full = Queueing(folder / f"{kind}-full", build, f"{kind}-full")
        bench.systems += [self.empty, self.full]  # closed with the others
        measure.prepare(self.full, self.dead)
        self.full.fill(measure.messages, measure.domains)
        self.memory = self.full.meter.pss() - self.empty.meter.pss()


class Beside(Measure):
    """Needs --only NAME, since filling a queue takes its time."""
    serves = "queue"
    pairs = {}

    def __init__(self, name, text, messages, domains, ways):
        super().__init__(name, text, "smtp", priority=3)
        self.messages, self.domains, self.ways = messages, domains, ways

    def prepare(self, server, dead):
        server.set("dns.servers", "127.0.0.1@%d" % dead.deaf.getsockname()[1])
        ways = [getattr(dead, way) if way else None for way in self.ways]
        server.route({f"d{n}.test": dead.address(n, ways[n % len(ways)])
                      for n in range(self.domains) if ways[n % len(ways)]})

    def once(self, system, bench):
        if self.name not in self.pairs:
            self.pairs[self.name] = Pair(self, bench, system.build)
        pair = self.pairs[self.name]
        with Sink() as sink:
            empty, full = (self.relay(server, bench, sink) for server in (pair.empty, pair.full))
        rate, beside = empty["done"] / empty["seconds"], full["done"] / full["seconds"]
        return {"rate": beside, "cost": full["cpu"] / full["done"] * 1e6,
                "note": f"{100 * beside / rate:.0f} % of {rate:,.0f}/s beside an empty queue; " + self.look(pair)}

    @staticmethod
    def relay(server, bench, sink):
        server.route({LIVE: f"[127.0.0.1]:{sink.port}"})
        server.set("relay.deliver", "on")
        return measured(server, bench.load, "smtp", port=server.ports["smtp"], workers=20, users=USERS,
                        user=f"f#@{DOMAIN}", per=10, seconds=bench.seconds)

    def look(self, pair):
        """What waits still, and what it takes. One that is put off while they are counted may be met twice."""
        for _ in range(10):
            began = time.monotonic()
            waiting = pair.full.orders([("queue destinations", {"limit": 1})])["messages"]
            counted = time.monotonic() - began
            if waiting == self.messages:
                break
        else:
            raise Failed(f"{self.name}: {waiting} of {self.messages} messages wait")
        began = time.monotonic()
        pair.full.orders([("queue list", {"limit": 100, "domain": "d7.test"})])
        listed = time.monotonic() - began
        return (f"memory +{(pair.full.meter.pss() - pair.empty.meter.pss()) / 1e6:.0f} MB, at its start "
                f"+{pair.memory / 1e6:.0f}; counted in {1000 * counted:.0f} ms, a hundred of a domain listed in "
                f"{1000 * listed:.0f} ms")


# A way for each domain in turn; None: the DNS does not tell.
HANGING = ["silent", "full", "busy", None]

MEASURES = [
    Beside("queue-dead", "relayed beside 100,000 for 1,000 dead hosts", 100000, 1000, ["refusing"]),
    Beside("queue-hang", "relayed beside 100,000 for 1,000 that hang", 100000, 1000, HANGING),
    Beside("queue-million", "relayed beside 1,000,000 for 1,000 dead hosts", 1000000, 1000, ["refusing"]),
]
