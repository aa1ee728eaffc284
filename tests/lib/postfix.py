"""postfix - Postfix as the other mail server, in a folder of its own; nothing in /etc is read or changed

    with Postfix("127.0.0.2", port, "partner.test", ["ann"], folder, cert, key) as postfix: ... postfix.mail("ann")

It takes mail for users of a domain, offers STARTTLS with a certificate of its own, and files into Maildirs."""
import os
import pathlib
import shutil
import socket
import subprocess
import time

MASTER = pathlib.Path("/usr/lib/postfix/sbin/master")

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {d}/queue
data_directory = {d}/data
maillog_file = {d}/log
maillog_file_prefixes = {d}
myhostname = mx.{domain}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {d}/mail
virtual_mailbox_maps = texthash:{d}/users
virtual_minimum_uid = 1
virtual_uid_maps = static:8
virtual_gid_maps = static:8
virtual_mailbox_limit = 0
message_size_limit = 60000000
smtpd_tls_security_level = may
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_client_connection_rate_limit = 0
"""

MASTER_CF = """\
{host}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def installed():
    return MASTER.exists() and os.geteuid() == 0


class Postfix:
    def __init__(self, host, port, domain, users, folder, cert, key):
        self.host, self.port = host, port
        self.folder = pathlib.Path(folder)
        for name in ("etc", "queue", "data", "mail"):
            (self.folder / name).mkdir(parents=True)
        for path in (self.folder.parent, self.folder):  # its processes change users
            path.chmod(0o755)
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", "mail", "mail")
        values = {"d": self.folder, "host": host, "port": port, "domain": domain, "cert": cert, "key": key}
        (self.folder / "etc/main.cf").write_text(MAIN_CF.format(**values))
        (self.folder / "etc/master.cf").write_text(MASTER_CF.format(**values))
        (self.folder / "users").write_text("".join(f"{user}@{domain} {user}/\n" for user in users))

    def __enter__(self):
        done = subprocess.run(["postfix", "-c", self.folder / "etc", "check"], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"postfix check: {done.stdout.decode()} {self.log()}")
        with open(self.folder / "start", "ab") as log:
            self.process = subprocess.Popen([MASTER, "-c", self.folder / "etc", "-d"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return self
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait(20)

    def mail(self, user):
        """The messages of a user, as they were filed."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / user / "new").glob("*"))]

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""
