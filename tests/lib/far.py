"""far - a server, and another end at 127.0.0.2 to which it sends what is for partner.test"""
from dns import Names
from server import Server
from sink import Sink

HOST = "127.0.0.2"


def far(stack, names=(), environ=(), **settings):
    """(server, sink, names), all ended with the stack. More names beside partner.test and its mx.partner.test; settings of
    the server, with '_' for '.'; what more it finds in its environment."""
    sink = stack.enter_context(Sink(HOST))
    table = {"partner.test": {"MX": ["10 mx.partner.test"]}, "mx.partner.test": {"A": [HOST]}, **dict(names)}
    names = stack.enter_context(Names(table))
    server = Server()
    server.environ.update(dict(environ))
    stack.enter_context(server)
    for name, value in {"dns_servers": names.address, "relay_port": sink.port, **settings}.items():
        server.signet("setting", "set", name.replace("_", "."), str(value))
    return server, sink, names
