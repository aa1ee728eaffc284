"""real_servers - Dovecot and Prosody with certificates of ours, in folders of their own; nothing in /etc is read

    with Dovecot(folder, cert, key) as dovecot: ... dovecot.ports["imap"], "imaps", "pop3", "pop3s"
    with Prosody(folder, "alpha.test", cert, key) as prosody: ... prosody.ports["xmpp"]
"""
import os
import pathlib
import socket
import subprocess

from waiting import wait_for

DOVECOT, PROSODY = "/usr/sbin/dovecot", "/usr/bin/prosody"

DOVECOT_CONF = """\
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=1 gid=1 home={d}/mail
}}
first_valid_uid = 1
mail_location = maildir:{d}/mail/%u
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service stats {{
  chroot =
}}
"""

PROSODY_CONF = """\
run_as_root = true
pidfile = "{d}/prosody.pid"
data_path = "{d}"
plugin_paths = {{}}
modules_enabled = {{ "disco", "roster", "saslauth", "tls" }}
modules_disabled = {{ "s2s" }}
c2s_require_encryption = true
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {xmpp} }}
log = {{ info = "{d}/prosody.log" }}
VirtualHost "{domain}"
  ssl = {{ key = "{key}", certificate = "{cert}" }}
"""


def free_ports(*names):
    """Ports that nobody has, all at once."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: sock.getsockname()[1] for name, sock in zip(names, sockets)}
    for sock in sockets:
        sock.close()
    return ports


def listens(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 5).close()
        return True
    except OSError:
        return False


class Program:
    """One that runs in the foreground; it is ended with what it started."""

    def __enter__(self):
        with open(self.folder / "out.log", "wb") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: all(map(listens, self.ports.values())), tell=self.said)
        return self

    def __exit__(self, *what):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def said(self):
        return "".join(path.read_text(errors="replace") for path in self.folder.rglob("*.log"))


class Dovecot(Program):
    def __init__(self, folder, cert, key):
        self.folder, self.ports = pathlib.Path(folder), free_ports("imap", "imaps", "pop3", "pop3s")
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(parents=True)
        os.chown(self.folder / "mail", 1, 1)
        (self.folder / "dovecot.conf").write_text(
            DOVECOT_CONF.format(d=self.folder, cert=cert, key=key, **self.ports))

    def command(self):
        return [DOVECOT, "-F", "-c", self.folder / "dovecot.conf"]


class Prosody(Program):
    def __init__(self, folder, domain, cert, key):
        self.folder, self.ports = pathlib.Path(folder), free_ports("xmpp")
        self.folder.mkdir(parents=True)
        (self.folder / "prosody.cfg.lua").write_text(
            PROSODY_CONF.format(d=self.folder, domain=domain, cert=cert, key=key, **self.ports))

    def command(self):
        return [PROSODY, "-F", "--config", self.folder / "prosody.cfg.lua"]


def installed(program):
    return os.access(program, os.X_OK) and os.geteuid() == 0
