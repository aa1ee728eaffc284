"""mailbox - commands on mailboxes of 10,000 and 100,000 messages of 4 KB, beside Dovecot and Cyrus"""
from load import measured
from measures import BIG, HUGE, MESSAGES, READER, WRITER, Measure, asked, connected, fill

MEGABYTES = MESSAGES[BIG] * 4096 / 1e6


class Command(Measure):
    """Commands in sessions that are open already; neither login nor logout count.

    A rate and a cost are for each command, or for each of the `parts` that one is made of.
    """
    serves = "imap"
    listener, tls = "imap", True

    def __init__(self, name, text, kind="command", share=None, most=None, parts=1, priority=2, repeats=3, **options):
        super().__init__(name, text, kind, priority, **options)
        self.share, self.most, self.parts, self.repeats = share, most, parts, repeats

    def once(self, system, bench):
        fill(system, bench, self.options["user"])
        self.prepare(system, bench)
        result = self.run(system, bench)
        done = result["done"] * self.parts
        return {"rate": done / result["seconds"], "cost": result["cpu"] / done * 1e6}

    def prepare(self, system, bench):
        """What is not measured."""

    def run(self, system, bench, **more):
        tls = self.tls or not system.clear
        return measured(system, bench.load, self.kind, to_the_end=False, tls=tls,
                        port=system.ports[self.listener + "s" if tls else self.listener],
                        **{"seconds": bench.seconds, **self.options, **more})


class Clear(Command):
    """Without TLS, where mail can be read so."""
    tls = False


class Pop(Command):
    listener = "pop3"


class PopClear(Pop):
    tls = False


class First(Command):
    """One command, the first of a server that starts anew and knows nothing of this mailbox from before."""

    def prepare(self, system, bench):
        system.stop()
        system.forget(self.options["user"])
        system.start()

    def run(self, system, bench):
        return super().run(system, bench, count=1, seconds=60)


class Durable(Command):
    """With every system told to have on the disk what it answers. Say TMPDIR for a disk: in memory it costs nothing."""

    def once(self, system, bench):
        fill(system, bench, self.options["user"])
        self.restart(system, True)
        try:
            return super().once(system, bench)
        finally:
            self.restart(system, False)

    @staticmethod
    def restart(system, durable):
        system.stop()
        system.make_durable(durable)
        system.start()


class Copy(Command):
    """One COPY, into a new mailbox."""

    def prepare(self, system, bench):
        with connected(system, self.options["user"]) as imap:
            imap.delete("Copies")
            asked(system, imap.create("Copies"))

    def run(self, system, bench):
        return super().run(system, bench, count=1, seconds=60)


class Compressed(Command):
    """A command with COMPRESS. What is wanted is at most twice the processor of the same without."""

    def once(self, system, bench):
        super().once(system, bench)  # so that all is in memory for both
        plain = super().once(system, bench)
        result = self.run(system, bench, compress=True)
        cost = result["cpu"] / result["done"] * 1e6
        return {"rate": result["done"] / result["seconds"], "cost": cost, "note": f"{cost / plain['cost']:.1f}x"}


MEASURES = [
    Command("append", "APPEND 4 KB", "append", share=1 / 3, workers=4, user=WRITER),
    Command("store", "STORE flags", share=1 / 3, workers=4, user=READER, messages=100,
            command="STORE # ~FLAGS (\\Seen)"),
    Durable("store-sync", "STORE flags, on disk when answered", share=1 / 3, workers=4, user=READER, messages=100,
            command="STORE # ~FLAGS (\\Seen)"),
    # once: Dovecot writes down what it found, and needs it only the first time of all
    First("select-first", "SELECT of 100,000, the first", share=1 / 2, repeats=1, user=BIG, box="",
          command=f"SELECT {HUGE}"),
    Command("select", "SELECT of 100,000, again", share=1 / 2, user=BIG, box="", command=f"SELECT {HUGE}"),
    Command("fetch-flags", "FETCH 1:* FLAGS of 100,000", share=1 / 3, user=BIG, box=HUGE, command="FETCH 1:* FLAGS"),
    First("envelope-first", "FETCH 1:* ENVELOPE of 10,000, the first", most=15000, user=BIG,
          command="FETCH 1:* ENVELOPE"),
    Command("envelope", "FETCH 1:* ENVELOPE of 10,000, again", most=15000, user=BIG, command="FETCH 1:* ENVELOPE"),
    Command("search-header", "SEARCH HEADER, 10,000 messages", most=10000, user=BIG,
            command="SEARCH HEADER Subject absent"),
    Command("search-body", "SEARCH BODY, 10,000 messages", most=10000, user=BIG, command="SEARCH BODY absent"),
    Clear("body", "FETCH 1:* BODY[] of 10,000, clear, a MB", share=1, parts=MEGABYTES, user=BIG,
          command="FETCH 1:* BODY.PEEK[]"),
    Command("body-tls", "FETCH 1:* BODY[] of 10,000, TLS, a MB", share=1, parts=MEGABYTES, user=BIG,
            command="FETCH 1:* BODY.PEEK[]"),
    Copy("copy", "COPY of 10,000", share=1, user=BIG, command="COPY 1:* Copies"),
    PopClear("pop-retr", "POP3 RETR 4 KB, clear", "retr", share=1 / 2, user=READER, messages=100),
    Pop("pop-retr-tls", "POP3 RETR 4 KB, TLS", "retr", share=1 / 2, user=READER, messages=100),
    Compressed("compress-list", "COMPRESS: FETCH 1:100 (UID FLAGS ENVELOPE)", user=BIG,
               command="FETCH 1:100 (UID FLAGS ENVELOPE)"),
    Compressed("compress-bulk", "COMPRESS: FETCH 1:1000 BODY[]", user=BIG, command="FETCH 1:1000 BODY.PEEK[]"),
    Compressed("compress-body", "COMPRESS: FETCH # BODY[]", user=READER, messages=100, command="FETCH # BODY.PEEK[]"),
]
