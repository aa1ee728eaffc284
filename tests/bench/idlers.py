"""idlers - many IDLE sessions over TLS, some of which watch one mailbox that changes

--only idlers: a session costs its processor time once, so this takes a minute or more. The sessions are as many as
the limit of open files allows, below 20,000.
"""
import resource
import statistics
import time

from load import Load
from measures import USERS, WRITER, Measure, asked, connected
from system import DOMAIN, Failed

WATCHERS, CHANGES, APART = 1000, 10, 500  # files that the server needs for itself
NOTIFY = "NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (PERSONAL (MessageNew MessageExpunge))"


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
            told = self.watch(system, watchers)
            watchers.close()
            with self.hold(system, bench, WRITER, 1, WATCHERS, NOTIFY) as watchers:
                notified = self.watch(system, watchers)
        n = rest + WATCHERS
        return {"rate": None, "cost": used / n / 1024, "note":
                f"{n:,} sessions, {(used + before) / 1e9:.2f} GB in all, {cpu * 1000:.1f} ms of CPU a second; "
                f"{WATCHERS:,} of one mailbox: {told}; by NOTIFY: {notified}"}

    @staticmethod
    def prepare(system):
        system.stop()
        system.start()
        for name in ("session.max", "session.max-per-address", "session.max-per-account"):
            system.orders([("setting set", {"name": name, "value": "100000"})])

    @staticmethod
    def hold(system, bench, user, users, count, command=""):
        load = Load(bench.load, "idle", port=system.ports["imaps"], tls=True, workers=8, count=count, seconds=300,
                    user=user, users=users, command=command)
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
        """From the beginning of an APPEND until the server wrote to the last of them, and until that read it."""
        written, read, cpu = [], [], system.meter.cpu()
        with connected(system, WRITER) as imap:
            for _ in range(CHANGES):
                began = time.monotonic()
                asked(system, imap.append("INBOX", None, None, b"Subject: news\r\n\r\nnews\r\n"))
                for times, at in zip((written, read), watchers.heard()):
                    times.append((at - began) * 1000)
        cost = (system.meter.cpu() - cpu) / CHANGES / WATCHERS
        return (f"the last is written to after {min(written):.0f} to {max(written):.0f} ms, "
                f"{statistics.median(written):.0f} in the middle (and has read it after {statistics.median(read):.0f}), "
                f"{cost * 1e6:.0f} us each")


MEASURES = [Idlers("idlers", "IDLE session over TLS, PSS", "", priority=3)]
