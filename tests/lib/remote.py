"""remote - another mail server for tests, of which each word is a test's own

    with Remote("127.0.1.2", port, lambda peer: peer.say(b"220 hi\r\n")) as remote: ...

A script is run for each connection, on a thread of its own, with a Peer; what it raises of OSError ends the connection.
"""
import contextlib
import socket
import struct
import threading


class Hungup(OSError):
    """The other side has ended the connection."""


class Peer:
    def __init__(self, sock, over):
        self.sock, self.over = sock, over
        self.file = sock.makefile("rb")
        self.texts = []

    def say(self, data):
        self.sock.sendall(data)

    def hear(self):
        line = self.file.readline(70000)
        if not line:
            raise Hungup("no line")
        return line

    def ask(self, *replies):
        """A reply to each line that comes."""
        for reply in replies:
            self.hear()
            self.say(reply)

    def text(self):
        lines = []
        while (line := self.hear()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)

    def secure(self, context):
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")

    def stall(self):
        """Until the other side has enough of it, or the test is over."""
        self.sock.settimeout(0.2)
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                if not self.sock.recv(65536):
                    raise Hungup("stalled")

    def flood(self, piece, times):
        """How many bytes of it the other side bore."""
        sent = 0
        with contextlib.suppress(OSError):
            for _ in range(times):
                self.sock.sendall(piece)
                sent += len(piece)
        return sent

    def reset(self):
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.file.close()
        self.sock.close()


class Remote:
    def __init__(self, host, port, script):
        self.script, self.over, self.connections = script, threading.Event(), 0
        self.listener = socket.create_server((host, port), backlog=100)

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *what):
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(sock, self.over)
        with contextlib.suppress(OSError, ValueError):
            self.script(peer)
        with contextlib.suppress(OSError):
            peer.file.close()
            peer.sock.close()
