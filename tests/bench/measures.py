"""measures - what is measured: a row for each, and how one repetition of it is done"""
import http.client
import imaplib
import re
import ssl
import time
import urllib.parse

from load import Load, measured
from sinks import Sink, TlsSink
from system import DOMAIN, PASSWORD, Failed

USERS = 10
READER = f"reader@{DOMAIN}"      # with 100 messages
BIG = f"big@{DOMAIN}"            # with 10,000, and 100,000 in HUGE
HUGE = "Huge"
WRITER = f"writer@{DOMAIN}"
ACCOUNTS = [f"u{i}@{DOMAIN}" for i in range(USERS)] + [READER, BIG, WRITER]
MESSAGES = {READER: 100, BIG: 10000}


class Measure:
    """A row of the table. `priority` 1 is in --quick, too."""
    unit = "us"
    serves = "mail"
    repeats = 3
    share = most = None  # wanted: so much of the better of the others' cost, and no more than that

    def __init__(self, name, text, kind, priority=1, **options):
        self.name, self.text, self.kind, self.priority, self.options = name, text, kind, priority, options

    def verdict(self, figures):
        """Whether the first system's figures are as good as wanted, in words; None when nothing is wanted."""
        wanted = [self.most] if self.most else []
        if self.share and len(figures) > 1:
            wanted.append(self.share * min(f["cost"] for f in figures[1:]))
        if not wanted:
            return None
        return f"wanted {min(wanted):,.0f}: {'reached' if figures[0]['cost'] <= min(wanted) else 'NOT reached'}"

    def once(self, system, bench):
        """One repetition: {"rate": ..., "cost": ..., "note": ...}."""
        result = self.run(system, bench)
        answer = {"rate": result["done"] / result["seconds"], "cost": result["cpu"] / result["done"] * 1e6}
        if self.options.get("resume"):
            answer["note"] = f"{100 * result['resumed'] // result['done']} % resumed"
        return answer

    def run(self, system, bench):
        return measured(system, bench.load, self.kind, port=system.ports["imaps"], tls=True,
                        seconds=bench.seconds, **self.options)


class Mail(Measure):
    """Messages by SMTP, until all are in the mailboxes."""

    def run(self, system, bench):
        port = system.ports["submission" if self.options.get("auth") else "smtp"]
        result = measured(system, bench.load, "smtp", port=port, workers=20, users=USERS,
                          seconds=bench.seconds, **self.options)
        bench.accepted[system] += result["done"]
        return result


class Encrypted(Measure):
    """Messages for accounts whose mail is stored encrypted, beside the same in the clear."""
    serves = "encrypt"

    def once(self, system, bench):
        system.encrypt_for([f"e{i}@{DOMAIN}" for i in range(USERS)])
        clear, encrypted = (self.some(system, bench, user) for user in (f"c#@{DOMAIN}", f"e#@{DOMAIN}"))
        encrypted["note"] = f"{encrypted['cost'] / clear['cost']:.1f}x a clear one"
        return encrypted

    def some(self, system, bench, user):
        result = measured(system, bench.load, "smtp", port=system.ports["smtp"], workers=20, users=USERS, user=user,
                          seconds=bench.seconds, **self.options)
        return {"rate": result["done"] / result["seconds"], "cost": result["cpu"] / result["done"] * 1e6}


class Pages(Measure):
    """An admin's pages, one after another on one connection."""
    serves = "web"
    PATHS = ("/", "/admin/domains", f"/admin/domain/{DOMAIN}", f"/admin/domain/{DOMAIN}/security/pki",
             f"/admin/domain/{DOMAIN}/accounts", "/admin/settings", "/admin/queue", "/admin/sessions", "/portal")

    def once(self, system, bench):
        system.orders([("account role", {"address": READER, "role": "server-admin"})])
        browser = Browser(system.ports["https"])
        browser.login(READER, PASSWORD)
        times, end, cpu = [], time.monotonic() + bench.seconds, system.meter.cpu()
        while time.monotonic() < end:
            for path in self.PATHS:
                began = time.monotonic()
                status, _ = browser.get(path)
                times.append(time.monotonic() - began)
                if status != 200:
                    raise Failed(f"{system.name}: {path} answers {status}")
        cpu = system.meter.cpu() - cpu
        return {"rate": len(times) / sum(times), "cost": cpu / len(times) * 1e6,
                "note": f"{max(times) * 1000:.1f} ms the slowest"}


class Browser:
    """Just enough of one: a connection that is kept, cookies, the token of forms."""

    def __init__(self, port):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.http = http.client.HTTPSConnection("localhost", port, context=context)
        self.cookies = {}

    def ask(self, method, path, body=None, **fields):
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.http.request(method, path, body, fields)
        answer = self.http.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def get(self, path):
        return self.ask("GET", path)

    def login(self, name, password):
        csrf = re.search(r'name="csrf" value="(\w+)"', self.get("/login")[1])[1]
        form = urllib.parse.urlencode({"csrf": csrf, "do": "login", "name": name, "password": password})
        status, _ = self.ask("POST", "/login", form, **{"Content-Type": "application/x-www-form-urlencoded"})
        if status != 303:
            raise Failed(f"cannot log in: {status}")


class Relay(Measure):
    """Messages by SMTP for aliases that lead elsewhere, until another server has all of them."""

    def run(self, system, bench):
        with TlsSink(bench.folder) if self.options.get("starttls") else Sink() as sink:
            system.relay_to(sink.port, [f"f{i}@{DOMAIN}" for i in range(USERS)])
            return measured(system, bench.load, "smtp", port=system.ports["smtp"], workers=20, users=USERS,
                            user=f"f#@{DOMAIN}", seconds=bench.seconds, **self.options)


class Session(Measure):
    def run(self, system, bench):
        fill(system, bench, READER)
        return super().run(system, bench)


class Memory(Measure):
    """KB for each idle session, in a server that starts anew: memory that others freed would hide it."""
    unit = "KB"
    load, listener, tls = "hold", "imaps", True

    def once(self, system, bench):
        system.stop()
        system.start()
        self.hold(system, bench, 8)  # what the first session of all costs is not counted
        before = system.meter.pss()
        return {"rate": None, "cost": (self.hold(system, bench, bench.idle) - before) / bench.idle / 1024}

    def hold(self, system, bench, sessions):
        """The server's memory while so many sessions are idle; then they end."""
        with Load(bench.load, self.load, port=system.ports[self.listener], tls=self.tls, workers=8, count=sessions,
                  seconds=60, users=USERS) as load:
            if load.run()["done"] != sessions:
                raise Failed(f"{system.name}: cannot hold {sessions} sessions")
            time.sleep(0.5)
            pss = system.meter.pss()
        time.sleep(0.5)
        return pss


class Chat(Measure):
    """XMPP by STARTTLS, as clients do."""
    serves = "chat"
    to_the_end = False

    def run(self, system, bench):
        return measured(system, bench.load, self.kind, to_the_end=self.to_the_end, port=system.ports["xmpp-client"],
                        seconds=bench.seconds, user=f"u#@{DOMAIN}", users=USERS, **self.options)


class ChatLogin(Chat):
    to_the_end = True


class ChatMemory(Memory):
    serves = "chat"
    load, listener, tls = "xmpp-hold", "xmpp-client", False


class Server(Measure):
    unit = "KB"

    def once(self, system, bench):
        return {"rate": None, "cost": bench.base[system] / 1024}


def fill(system, bench, user):
    """Give an account the messages that a measure reads, once."""
    wanted = MESSAGES.get(user, 0)
    if not wanted or (system, user) in bench.filled:
        return
    with Load(bench.load, "fill", port=system.ports["imaps"], tls=True, user=user, count=wanted, per=100,
              seconds=300) as load:
        load.run()
    if user == BIG:
        make_huge(system)
    found = count(system, user)
    if found != wanted:
        raise Failed(f"{system.name}: {user} has {found} messages, not {wanted}")
    bench.filled.add((system, user))


def connected(system, user):
    """A session of imaplib."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    imap = imaplib.IMAP4_SSL("127.0.0.1", system.ports["imaps"], ssl_context=context)
    imap.login(user, PASSWORD)
    return imap


def asked(system, answer):
    """The data of an answer that must be OK."""
    if answer[0] != "OK":
        raise Failed(f"{system.name}: {answer}")
    return answer[1]


def make_huge(system):
    """Ten copies of all that is in the INBOX."""
    with connected(system, BIG) as imap:
        asked(system, imap.create(HUGE))
        asked(system, imap.select())
        for _ in range(10):
            asked(system, imap.copy("1:*", HUGE))


def count(system, user):
    """The messages in an INBOX, by STATUS."""
    with connected(system, user) as imap:
        text = imap.status("INBOX", "(MESSAGES)")[1][0].decode()
    return int(text.split("MESSAGES")[1].strip(" )"))


def all_arrived(system, bench):
    """Raise Failed when mailboxes hold less, or more, than was accepted."""
    found = sum(count(system, f"u{i}@{DOMAIN}") for i in range(USERS))
    if found != bench.accepted[system]:
        raise Failed(f"{system.name}: {bench.accepted[system]} messages accepted, {found} in mailboxes")


MEASURES = [
    Mail("mail-4k-1", "4 KB message, 1 per connection", "smtp", per=1),
    Mail("mail-4k-10", "4 KB message, 10 per connection", "smtp", per=10),
    Mail("mail-64k-1", "64 KB message, 1 per connection", "smtp", per=1, size=65536),
    Mail("mail-64k-10", "64 KB message, 10 per connection", "smtp", per=10, size=65536),
    Mail("mail-tls-10", "4 KB, STARTTLS, 10 per connection", "smtp", per=10, starttls=True),
    Mail("mail-tls-1", "4 KB, STARTTLS, 1 per connection", "smtp", per=1, starttls=True),
    Mail("submission", "4 KB, submission, STARTTLS, AUTH", "smtp", per=1, starttls=True, auth=True),
    Relay("relay-1", "4 KB, to another server, 1 per connection", "smtp", per=1),
    Relay("relay-10", "4 KB, to another server, 10 per connection", "smtp", per=10),
    Relay("relay-tls", "the same, STARTTLS on both sides", "smtp", per=10, starttls=True),
    Encrypted("encrypted-1", "4 KB, stored encrypted, 1 per connection", "smtp", per=1),
    Encrypted("encrypted-10", "4 KB, stored encrypted, 10 per connection", "smtp", per=10),
    Pages("pages", "page of the admin, read by a browser", ""),
    Session("session", "IMAP session: TLS, LOGIN, SELECT, FETCH 1:10", "session", workers=8, user=READER),
    Measure("handshake", "TLS 1.3 full handshake, greeting", "handshake", workers=8, version=13),
    Measure("resumed-13", "TLS 1.3 resumed, greeting", "handshake", workers=8, version=13, resume=True),
    Measure("resumed-12", "TLS 1.2 resumed, greeting", "handshake", workers=8, version=12, resume=True),
    Memory("idle", "idle IMAP session over TLS, PSS", "hold"),
    Server("server", "server after start, PSS", ""),
    Chat("xmpp-message", "XMPP message, from client to client", "xmpp-message", workers=8),
    ChatLogin("xmpp-login", "XMPP login: STARTTLS, PLAIN, roster, presence", "xmpp-login", workers=8),
    ChatMemory("xmpp-idle", "idle XMPP session over TLS, PSS", "xmpp-hold"),
]
