"""dns - a name server for tests: answers from a table, over UDP and TCP, on a port of the kernel's choice

    with Names({"partner.test": {"MX": ["10 mx.partner.test"]}, "mx.partner.test": {"A": ["127.0.0.2"]}}) as names:
        server.signet("setting", "set", "dns.servers", names.address)

A name that is in the table and lacks the type has no such record, one that is not there does not exist. The value
FAIL for a type is an answer SERVFAIL, DEAF is none. The table may be changed while it serves: answers live a second.
"""
import contextlib
import socket
import socketserver
import struct
import threading

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
FAIL, DEAF = "FAIL", "DEAF"


def wire_name(name):
    labels = [label.encode() for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1").lower())
        at += 1 + data[at]
    return ".".join(labels), at + 1


def wire_data(kind, text):
    if isinstance(text, bytes):
        return text
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    if kind == "MX":
        preference, host = text.split()
        return struct.pack("!H", int(preference)) + wire_name(host)
    return wire_name(text)


class Names:
    def __init__(self, table):
        self.table = table
        self.asked = []

    def __enter__(self):
        names = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self):
                answer = names.answer(self.request[0])
                if answer:
                    self.request[1].sendto(answer if len(answer) < 1200 else names.cut(answer), self.client_address)

        class Stream(socketserver.BaseRequestHandler):
            def handle(self):
                head = self.request.recv(2)
                if len(head) == 2:
                    answer = names.answer(self.request.recv(struct.unpack("!H", head)[0]))
                    if answer:
                        self.request.sendall(struct.pack("!H", len(answer)) + answer)

        self.udp = self.tcp = None
        while not self.tcp:  # a port that is free for both
            with contextlib.suppress(OSError):
                self.udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Datagram)
                port = self.udp.server_address[1]
                self.tcp = socketserver.ThreadingTCPServer(("127.0.0.1", port), Stream)
            if not self.tcp:
                self.udp.server_close()
        self.address = f"127.0.0.1@{port}"
        for server in (self.udp, self.tcp):
            server.daemon_threads = True
            server.socket.setblocking(False)  # what has gone must not be waited for
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *what):
        for server in (self.udp, self.tcp):
            server.shutdown()
            server.server_close()

    @staticmethod
    def cut(answer):
        """Too long for a datagram: the header says so, and the question comes again by TCP."""
        end = answer.index(b"\0", 12) + 5
        return answer[:2] + bytes([answer[2] | 2]) + answer[3:6] + b"\0\0\0\0\0\0" + answer[12:end]

    def answer(self, query):
        name, at = read_name(query, 12)
        number, = struct.unpack("!H", query[at:at + 2])
        kind = next((k for k, n in TYPES.items() if n == number), str(number))
        self.asked.append((name, kind))
        records, code = self.records(name, kind)
        if code == DEAF:
            return None
        zone = ".".join(name.split(".")[-1:])
        soa = wire_name("ns." + zone) + wire_name("root." + zone) + struct.pack("!5I", 1, 60, 60, 60, 1)
        authority = b"" if records or code else (wire_name(zone) + struct.pack("!HHIH", 6, 1, 1, len(soa)) + soa)
        if code == 3:
            authority = wire_name(zone) + struct.pack("!HHIH", 6, 1, 1, len(soa)) + soa
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 1 if authority else 0, 0)
        return head + query[12:at + 4] + b"".join(records) + authority

    def records(self, name, kind):
        """Those of the name, after its CNAME if it has one; and the code of the answer."""
        found, chain = [], 0
        while True:
            types = self.table.get(name)
            if types is None:
                return found, 0 if name.count(".") == 0 else 3
            values = types.get(kind, [])
            if values in (FAIL, DEAF):
                return [], 2 if values == FAIL else DEAF
            if "CNAME" not in types or kind == "CNAME" or chain > 5:
                return found + [self.record(name, kind, value) for value in values], 0
            found.append(self.record(name, "CNAME", types["CNAME"]))
            name, chain = types["CNAME"], chain + 1

    @staticmethod
    def record(name, kind, value):
        data = wire_data(kind, value)
        return wire_name(name) + struct.pack("!HHIH", TYPES[kind], 1, 1, len(data)) + data
