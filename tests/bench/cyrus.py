"""cyrus - Cyrus IMAP with a folder of its own; nothing in /etc is read or changed

As Debian ships it, but for: users in a sasldb, mailboxes made at the first
login, processes that are ready, and the ECDSA certificate. Its packages with
imapd and pop3d exclude Dovecot's, so they are unpacked in the folder only.
"""
import os
import shutil
import subprocess

from system import DOMAIN, PASSWORD, Failed, System, free_ports, wait_for_port

MASTER = "/usr/sbin/cyrmaster"
TOOLS = "/usr/lib/cyrus/bin"

IMAPD_CONF = """\
configdirectory: {d}/config
partition-default: {d}/mail
defaultpartition: default
servername: mx.{domain}
admins: cyrus
allowplaintext: yes
virtdomains: userid
defaultdomain: localhost
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
autocreate_post: 1
popminpoll: 0
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {d}/sasldb2
tls_server_cert: {d}/cert.pem
tls_server_key: {d}/key.pem
syslog_prefix: bench
lmtpsocket: {d}/lmtp
idlesocket: {d}/idle
notifysocket: {d}/notify
"""

CYRUS_CONF = """\
START {{
  recover cmd="{tools}/ctl_cyrusdb -C {conf} -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {conf} -U 250" listen="127.0.0.1:{imap}" prefork={cores}
  imaps cmd="{bin}/imapd -C {conf} -s -U 250" listen="127.0.0.1:{imaps}" prefork={cores}
  pop3 cmd="{bin}/pop3d -C {conf} -U 250" listen="127.0.0.1:{pop3}" prefork={cores}
  pop3s cmd="{bin}/pop3d -C {conf} -s -U 250" listen="127.0.0.1:{pop3s}" prefork={cores}
}}
EVENTS {{
}}
"""


def installed():
    return all(os.access(path, os.X_OK) for path in (MASTER, f"{TOOLS}/ctl_cyrusdb", "/usr/sbin/saslpasswd2"))


def unpack(folder):
    """The folder of imapd and pop3d, which are fetched for it."""
    folder.mkdir()
    done = subprocess.run(["apt-get", "download", "cyrus-imapd", "cyrus-pop3d"], cwd=folder, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    packages = sorted(folder.glob("*.deb"))
    if len(packages) != 2:
        raise Failed(f"cannot fetch Cyrus: {done.stdout.decode()}")
    for package in packages:
        System.tool("dpkg-deb", "-x", package, folder)
    return folder / TOOLS.lstrip("/")


class Cyrus(System):
    name = "Cyrus"
    serves = ("imap",)

    def __init__(self, folder):
        super().__init__(folder)
        self.ports = free_ports(["imap", "imaps", "pop3", "pop3s"])
        for sub in ("config", "mail"):
            (self.folder / sub).mkdir()
            shutil.chown(self.folder / sub, "cyrus", "mail")
        values = dict(self.ports, d=self.folder, domain=DOMAIN, cores=os.cpu_count(), tools=TOOLS,
                      conf=self.folder / "imapd.conf", bin=unpack(self.folder / "packages"))
        (self.folder / "imapd.conf").write_text(IMAPD_CONF.format(**values))
        (self.folder / "cyrus.conf").write_text(CYRUS_CONF.format(**values))
        self.make_certificate()
        shutil.chown(self.folder, "cyrus", "mail")
        shutil.chown(self.folder / "key.pem", "cyrus", "mail")

    def add(self, accounts):
        for account in accounts:
            local, domain = account.split("@")
            done = subprocess.run(["saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", domain, local],
                                  input=PASSWORD.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            if done.returncode != 0:
                raise Failed(f"saslpasswd2: {done.stdout.decode()}")
        shutil.chown(self.folder / "sasldb2", "cyrus", "mail")

    def start(self):
        with open(self.folder / "start.log", "ab") as log:
            self.spawn([MASTER, "-C", self.folder / "imapd.conf", "-M", self.folder / "cyrus.conf",
                        "-p", self.folder / "master.pid"], stdout=log, stderr=log)
        for port in self.ports.values():
            wait_for_port(port)

    def version(self):
        done = subprocess.run([f"{TOOLS}/cyr_info", "version"], stdout=subprocess.PIPE, check=False)
        return "Cyrus " + (done.stdout.decode().split() or ["?"])[-1]
