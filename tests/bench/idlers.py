"""idlers - many IDLE sessions over TLS, some of which watch one mailbox that changes

--only idlers: a session costs its processor time once, so this takes a minute or more. The sessions are as many as
the limit of open files allows, below 20,000.
"""
import resource
import time

from load import Load
from measures import USERS, WRITER, Measure, asked, connected
from system import DOMAIN, Failed

WATCHERS, CHANGES, APART = 1000, 10, 500  # files that the server needs for itself


class Idlers(Measure):
    unit = "KB"
    serves = "idle"
    repeats = 1

    def once(self, system, bench):
        rest = min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - APART) - WATCHERS
        self.prepare(system)
        before = system.meter.pss()
        with self.hold(system, bench, f"u#@{DOMAIN}", USERS, rest // 2), \
                self.hold(system, bench, f"u#@{DOMAIN}", USERS, rest - rest // 2), \
                self.hold(system, bench, WRITER, 1, WATCHERS) as watchers:
            cpu = self.rest(system)
            used = system.meter.pss() - before
            delays, cost = self.watch(system, watchers)
        n = rest + WATCHERS
        return {"rate": None, "cost": used / n / 1024, "note":
                f"{n:,} sessions, {(used + before) / 1e9:.2f} GB in all, {cpu * 1000:.1f} ms of CPU a second; "
                f"the last of {WATCHERS:,} hears after {delays[0] * 1000:.0f} to {delays[-1] * 1000:.0f} ms, "
                f"{delays[len(delays) // 2] * 1000:.0f} in the middle, {cost * 1e6 / WATCHERS:.0f} us each"}

    @staticmethod
    def prepare(system):
        system.stop()
        system.start()
        for name in ("session.max", "session.max-per-address", "session.max-per-account"):
            system.orders([("setting set", {"name": name, "value": "100000"})])

    @staticmethod
    def hold(system, bench, user, users, count):
        load = Load(bench.load, "idle", port=system.ports["imaps"], tls=True, workers=8, count=count, seconds=300,
                    user=user, users=users)
        if load.run()["done"] != count:
            raise Failed(f"{system.name}: cannot hold {count} sessions")
        return load

    @staticmethod
    def rest(system):
        """The processor time that they need for a second when nothing happens."""
        time.sleep(2)
        cpu = system.meter.cpu()
        time.sleep(5)
        return (system.meter.cpu() - cpu) / 5

    @staticmethod
    def watch(system, watchers):
        """How long it takes until all have heard of a message, sorted, and the processor time for one."""
        delays, cpu = [], system.meter.cpu()
        with connected(system, WRITER) as imap:
            for _ in range(CHANGES):
                began = time.monotonic()
                asked(system, imap.append("INBOX", None, None, b"Subject: news\r\n\r\nnews\r\n"))
                delays.append(watchers.heard() - began)
        return sorted(delays), (system.meter.cpu() - cpu) / CHANGES


MEASURES = [Idlers("idlers", "IDLE session over TLS, PSS", "", priority=3)]
