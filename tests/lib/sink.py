"""sink - another mail server for tests, which does as it is told

    with Sink("127.0.0.2") as sink:
        sink.says["RCPT"] = lambda line: "450 4.2.0 Not now"
        ... sink.messages: Message(sender, recipients, text, parameters, connection), in the order of their coming

`says` maps a verb, or "greeting", or "." for the end of the text, to a function of the line; it returns the reply, or
None for the usual one, or CLOSE, or STALL, or bytes that are sent as they are.
"""
import collections
import socket
import socketserver
import ssl
import threading
import time

CLOSE, STALL = object(), object()
Message = collections.namedtuple("Message", "sender recipients text parameters connection tls")


class Sink:
    def __init__(self, host, port=0, words=("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 60000000", "DSN",
                                            "ENHANCEDSTATUSCODES"), tls=None):
        """tls: an ssl.SSLContext, then STARTTLS is offered."""
        self.words, self.tls = list(words), tls
        self.says = {}
        self.messages, self.commands, self.certificates, self.peers = [], [], [], []
        self.connections = self.open = self.most_open = 0
        self.lock = threading.Lock()
        self.stalled = threading.Event()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                conversation = Conversation(sink, self)
                try:
                    conversation.run()
                except (OSError, ssl.SSLError):
                    pass
                finally:
                    conversation.over()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, request_queue_size = True, True, 128

        self.server = Server((host, port), Handler)
        self.server.socket.setblocking(False)  # a client that has gone must not be waited for (accept(2), NOTES)
        self.host, self.port = self.server.server_address

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *what):
        self.stalled.set()
        self.server.shutdown()
        self.server.server_close()

    def texts(self):
        with self.lock:
            return [message.text for message in self.messages]


class Conversation:
    def __init__(self, sink, handler):
        self.sink, self.handler = sink, handler
        self.file, self.socket = handler.rfile, handler.request
        self.secure = self.is_over = False
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with sink.lock:
            sink.connections += 1
            sink.peers.append(handler.client_address[0])
            sink.open += 1
            sink.most_open = max(sink.most_open, sink.open)
            self.number = sink.connections

    def over(self):
        """Once: the other side may not open another connection before this one counts as closed."""
        with self.sink.lock:
            self.sink.open -= not self.is_over
            self.is_over = True

    def send(self, reply):
        self.socket.sendall(reply if isinstance(reply, bytes) else reply.encode() + b"\r\n")

    def answer(self, verb, line, usual):
        """True: go on."""
        say = self.sink.says.get(verb)
        reply = (say(line) if say else None) or usual
        if reply is STALL:
            self.sink.stalled.wait(60)
            return False
        if reply is CLOSE:
            return False
        self.send(reply)
        self.code = reply[:3] if isinstance(reply, str) else ""
        return True

    def run(self):
        if not self.answer("greeting", "", f"220 {self.sink.host} sink"):
            return
        self.reset()
        while True:
            line = self.file.readline(70000).decode("utf-8", "surrogateescape").rstrip("\r\n")
            if not line:
                return
            with self.sink.lock:
                self.sink.commands.append(line)
            verb = line.split()[0].upper()
            run = getattr(self, "do_" + verb.lower(), None)
            if not (run(line) if run else self.answer(verb, line, "500 5.5.1 What?")):
                return

    def reset(self):
        self.sender, self.recipients, self.parameters, self.chunks = None, [], [], b""

    def do_ehlo(self, line):
        words = list(self.sink.words)
        if self.sink.tls and not self.secure:
            words.append("STARTTLS")
        lines = [self.sink.host] + words
        usual = "\r\n".join(f"250{' ' if word is lines[-1] else '-'}{word}" for word in lines)
        return self.answer("EHLO", line, usual)

    def do_helo(self, line):
        return self.answer("HELO", line, "250 " + self.sink.host)

    def do_starttls(self, line):
        if not self.answer("STARTTLS", line, "220 2.0.0 Go" if self.sink.tls else "502 5.5.1 No"):
            return False
        if self.sink.tls and self.code == "220":
            self.socket = self.sink.tls.wrap_socket(self.socket, server_side=True)
            self.file = self.socket.makefile("rb")
            self.secure = True
            with self.sink.lock:
                self.sink.certificates.append(self.socket.getpeercert())
        return True

    def do_auth(self, line):
        return self.answer("AUTH", line, "235 2.7.0 Welcome")

    def do_mail(self, line):
        good = self.answer("MAIL", line, "250 2.1.0 Fine")
        if good and self.code == "250":
            self.reset()
            self.sender = line[line.index("<") + 1:line.rindex(">")]
            self.parameters = line[line.rindex(">") + 1:].split()
        return good

    def do_rcpt(self, line):
        good = self.answer("RCPT", line, "250 2.1.5 Fine" if self.sender is not None else "503 5.5.1 MAIL first")
        if good and self.code == "250":
            self.recipients.append(line[line.index("<") + 1:line.rindex(">")])
            self.parameters.append(line[line.rindex(">") + 1:])
        return good

    def do_data(self, line):
        if not self.answer("DATA", line, "354 Go" if self.recipients else "503 5.5.1 RCPT first"):
            return False
        if self.code != "354":
            return True
        text = bytearray()
        while True:
            part = self.file.readline()
            if not part:
                return False
            if part == b".\r\n":
                break
            text += part[1:] if part.startswith(b".") else part
        return self.take(bytes(text))

    def do_bdat(self, line):
        """RFC 3030; what is said is for "BDAT" or, behind the last chunk, for "."."""
        size, last = int(line.split()[1]), line.upper().endswith(" LAST")
        part = self.file.read(size)
        if len(part) < size:
            return False
        if not self.recipients or self.chunks is None:
            return self.answer("BDAT", line, "503 5.5.1 RCPT first")
        self.chunks += part
        if last:
            return self.take(self.chunks)
        good = self.answer("BDAT", line, "250 2.0.0 More")
        if good and self.code[:1] != "2":
            self.chunks = None
        return good

    def take(self, text):
        message = Message(self.sender, self.recipients, text, self.parameters, self.number, self.secure)
        with self.sink.lock:
            self.sink.messages.append(message)
        if not self.answer(".", "", "250 2.0.0 Taken"):
            return False
        if self.code[:1] != "2":
            with self.sink.lock:
                self.sink.messages.remove(message)
        self.reset()
        return True

    def do_rset(self, line):
        self.reset()
        return self.answer("RSET", line, "250 2.0.0 Fine")

    def do_noop(self, line):
        return self.answer("NOOP", line, "250 2.0.0 Here")

    def do_quit(self, line):
        self.over()
        self.answer("QUIT", line, "221 2.0.0 Bye")
        return False
