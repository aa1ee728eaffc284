"""asking - a mail server that asks for a certificate: openssl s_server behind a line or two of SMTP

    with Asking(folder) as asking:
        ... server.signet("setting", "set", "relay.route", asking.address)
        asking.wait()    # what s_server said of the first client that shook hands with it
"""
import pathlib
import socket
import socketserver
import subprocess
import threading
import time


class Asking:
    """Every client is asked, and taken whatever it shows."""

    def __init__(self, folder, key, cert):
        self.said_path = pathlib.Path(folder) / "s_server.out"
        self.key, self.cert = key, cert
        self.open = []

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.tls_port = free.getsockname()[1]
        self.start()
        asking = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                asking.talk(self.request)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "[127.0.0.1]:%d" % self.server.server_address[1]
        self.server.socket.setblocking(False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def start(self):
        self.out = open(self.said_path, "wb")
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{self.tls_port}", "-key", self.key, "-cert", self.cert,
             "-verify", "4", "-no_cache", "-num_tickets", "0"], stdin=subprocess.PIPE, stdout=self.out, stderr=subprocess.STDOUT)

    def restart(self):
        """Whoever came without the lines of SMTP is hung up on."""
        self.stop()
        self.start()
        while "ACCEPT" not in self.said():
            time.sleep(0.05)

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()
        self.stop()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.out.close()

    def talk(self, client):
        """SMTP up to STARTTLS; then bytes go to and fro."""
        client.sendall(b"220 asking.test ESMTP\r\n")
        for line in iter(lambda: read_line(client), b""):
            if line.upper().startswith(b"STARTTLS"):
                client.sendall(b"220 Go\r\n")
                break
            client.sendall(b"250-asking.test\r\n250 STARTTLS\r\n" if line.upper().startswith(b"EHLO") else b"250 ok\r\n")
        with socket.create_connection(("127.0.0.1", self.tls_port)) as server:
            self.open += [client, server]
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            pump(client, server)

    def said(self):
        return self.said_path.read_text(errors="replace")

    def wait(self, word="CIPHER is", seconds=15):
        """Until it said that; all that it said, which is then forgotten. It speaks no SMTP: the client is hung up on."""
        end = time.monotonic() + seconds
        while word not in self.said():
            if time.monotonic() > end:
                raise AssertionError(f"s_server never said {word!r}: {self.said()}")
            time.sleep(0.05)
        time.sleep(0.1)
        said = self.said()
        while self.open:
            hang_up(self.open.pop())
        self.out.seek(0)
        self.out.truncate()
        return said


def hang_up(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def read_line(client):
    line = b""
    while not line.endswith(b"\n"):
        byte = client.recv(1)
        if not byte:
            return b""
        line += byte
    return line


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
