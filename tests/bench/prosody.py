"""prosody - Prosody with a folder of its own; nothing in /etc is read or changed

As shipped, but for: plain passwords, the ECDSA certificate, no limits of rate,
and no connections to other servers.
"""
import os
import subprocess

from system import DOMAIN, PASSWORD, System, free_ports, wait_for_port

PROGRAM = "/usr/bin/prosody"

CONFIG = """\
run_as_root = true
pidfile = "{d}/prosody.pid"
data_path = "{d}/data"
plugin_paths = {{}}
modules_enabled = {{ "disco", "roster", "saslauth", "tls", "blocklist", "bookmarks", "carbons", "csi_simple",
  "limits", "pep", "private", "smacks", "vcard4", "vcard_legacy", "ping", "time", "uptime", "version", "offline" }}
modules_disabled = {{ "s2s" }}
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
log = {{ info = "{d}/prosody.log" }}
VirtualHost "{domain}"
  ssl = {{ key = "{d}/key.pem", certificate = "{d}/cert.pem" }}
"""


def installed():
    return os.access(PROGRAM, os.X_OK)


class Prosody(System):
    name = "Prosody"
    serves = ("chat",)

    def __init__(self, folder):
        super().__init__(folder)
        self.ports = free_ports(["xmpp-client"])
        (self.folder / "data").mkdir()
        (self.folder / "prosody.cfg.lua").write_text(
            CONFIG.format(d=self.folder, port=self.ports["xmpp-client"], domain=DOMAIN))
        self.make_certificate()

    def add(self, accounts):
        for account in accounts:
            local, domain = account.split("@")
            files = self.folder / "data" / domain.replace(".", "%2e") / "accounts"
            files.mkdir(parents=True, exist_ok=True)
            (files / f"{local}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}" }};')

    def start(self):
        with open(self.folder / "start.log", "ab") as log:
            self.spawn([PROGRAM, "-F", "--config", self.folder / "prosody.cfg.lua"], stdout=log, stderr=log)
        wait_for_port(self.ports["xmpp-client"])

    def version(self):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "prosody"], stdout=subprocess.PIPE, check=False)
        return "Prosody " + done.stdout.decode().split("-")[0]
