#!/usr/bin/env python3
"""queue_load - does mail for dead destinations slow down that for a live one?

usage: tests/bench/queue_load.py [--bin DIR] [--waiting N] [--domains N] [--live N] [--rounds N]

Messages for a live server are relayed with an empty queue, and again while N messages for other domains, whose
servers refuse each connection, wait in it and are tried; in turns, and the medians are compared. Then: how long an
admin's looks and a start take, and what memory is used.
"""
import argparse
import os
import pathlib
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from dns import Names  # noqa: E402
from server import Server  # noqa: E402
from sink import Sink  # noqa: E402

TEXT = b"Subject: load\r\n\r\n" + b"x" * 70 + b"\r\n"


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default=os.environ.get("BUILD", "."))
    p.add_argument("--waiting", type=int, default=100000)
    p.add_argument("--domains", type=int, default=1000)
    p.add_argument("--live", type=int, default=1000)
    p.add_argument("--rounds", type=int, default=3)
    return p.parse_args()


def say(file, data, lines):
    file.write(data)
    file.flush()
    for _ in range(lines):
        reply = file.readline()
        if reply[:1] not in b"23":
            raise SystemExit(f"the server said {reply!r}")


def send(server, recipients, size=1):
    """One message to each recipient."""
    with socket.create_connection(("127.0.0.1", server.ports["smtp"])) as sock, sock.makefile("rwb") as file:
        say(file, b"", 1)
        say(file, b"HELO bench\r\n", 1)
        for name in recipients:
            say(file, f"MAIL FROM:<>\r\nRCPT TO:<{name}@alpha.test>\r\nDATA\r\n".encode(), 3)
            say(file, TEXT * size + b".\r\n", 1)


def send_all(server, names, workers=16):
    threads = [threading.Thread(target=send, args=(server, names[i::workers])) for i in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def relay(server, sink, count):
    """Messages a second, from the first MAIL to the last 250 of the other server."""
    sink.messages.clear()
    began = time.monotonic()
    send_all(server, ["live"] * count)
    while len(sink.messages) < count:
        time.sleep(0.01)
    return count / (time.monotonic() - began)


def timed(what):
    began = time.monotonic()
    result = what()
    return result, (time.monotonic() - began) * 1000


def prepare(server, names, sink, args):
    server.add("ann@alpha.test")
    for name, value in (("dns.servers", names.address), ("relay.port", sink.port), ("smtp.max-refusals", 0),
                        ("log.level", "warn")):
        server.run_signet("setting", "set", name, str(value))
    server.signet("alias", "add", "live@alpha.test", "x@live.test")
    for n in range(args.domains):
        server.signet("alias", "add", f"dead{n}@alpha.test", f"x@d{n}.test")


def main():
    args = options()
    table = {"live.test": {"MX": ["10 mx.live.test"]}, "mx.live.test": {"A": ["127.0.0.2"]},
             "dead.test": {"A": ["127.0.0.9"]}}
    table.update({f"d{n}.test": {"MX": ["10 dead.test"]} for n in range(args.domains)})
    with Sink("127.0.0.2") as sink, Names(table) as names, Server(args.bin) as server:
        prepare(server, names, sink, args)
        relay(server, sink, args.live)
        empty = [relay(server, sink, args.live) for _ in range(args.rounds)]
        memory = server.rss()
        _, took = timed(lambda: send_all(server, [f"dead{n % args.domains}" for n in range(args.waiting)]))
        print(f"{args.waiting} messages for {args.domains} dead domains taken at {args.waiting / took * 1000:.0f}/s")
        full = [relay(server, sink, args.live) for _ in range(args.rounds)]
        print(f"relayed to a live server: {statistics.median(empty):.0f}/s before, {statistics.median(full):.0f}/s "
              f"beside them ({100 * statistics.median(full) / statistics.median(empty):.0f} %)")
        print(f"memory: {memory / 1e6:.0f} MB before, {server.rss() / 1e6:.0f} MB beside them")
        for words in (["queue", "list", "--limit", "100"], ["queue", "list", "--domain", "d7.test", "--limit", "10"],
                      ["queue", "destinations"], ["queue", "status"]):
            print(f"signet {' '.join(words)}: {timed(lambda w=words: server.signet(*w))[1]:.0f} ms")
        server.kill()
        print(f"start after a kill: {timed(server.start)[1]:.0f} ms")
        print(f"messages that wait: {server.signet('queue', 'destinations')['messages']}")


if __name__ == "__main__":
    main()
