"""imap_line - IMAP line by line, so that a command can be left alone while it runs"""
import socket

from server import PASSWORD, anyone


class Client:

    def __init__(self, server, user):
        plain = socket.create_connection(("127.0.0.1", server.ports["imaps"]), timeout=60)
        self.sock = anyone().wrap_socket(plain, server_hostname="alpha.test")
        self.file = self.sock.makefile("rb")
        self.lines = []
        self.read()
        self.ask(f"LOGIN {user} \"{PASSWORD}\"")

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.file.close()
        self.sock.close()

    def send(self, command, tag="x"):
        self.sock.sendall(f"{tag} {command}\r\n".encode())

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the server closed the connection")
        self.lines.append(line.decode())
        return line.decode()

    def answer(self, tag="x"):
        while not (line := self.read()).startswith(tag + " "):
            pass
        return line

    def ask(self, command):
        self.send(command)
        line = self.answer()
        assert line.startswith("x OK"), line
        return line

    def fill(self, messages):
        """INBOX with one body, so many times."""
        text = "Subject: x\r\n\r\n" + "0123456789 " * 300 + "\r\n"
        self.send(f"APPEND INBOX {{{len(text)}+}}\r\n" + text)
        self.answer()
        self.ask("SELECT INBOX")
        n = 1
        while n < messages:
            more = min(n, messages - n)
            self.ask(f"COPY 1:{more} INBOX")
            n += more
