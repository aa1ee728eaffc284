"""postdove - Postfix and Dovecot with folders of their own; nothing in /etc is read or changed

As shipped, but for: users in a passwd-file with plain passwords, LMTP into
mdbox, login processes that serve many connections (Dovecot's high-performance
mode), no limit for connections of one user, COMPRESS, and the ECDSA certificate.
"""
import os
import pwd
import shutil
import smtplib
import subprocess
import time

from system import DOMAIN, PASSWORD, Failed, System, free_ports, wait_for_port

MASTER = "/usr/lib/postfix/sbin/master"
DOVECOT = "/usr/sbin/dovecot"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {d}/queue
data_directory = {d}/postfix-data
maillog_file = {d}/postfix.log
maillog_file_prefixes = {d}
myhostname = mx.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = hash:{d}/mailboxes
virtual_transport = lmtp:unix:{d}/run/lmtp
smtpd_tls_security_level = may
smtpd_tls_cert_file = {d}/cert.pem
smtpd_tls_key_file = {d}/key.pem
smtp_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = {d}/run/auth-postfix
"""

MASTER_CF = """\
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o mynetworks=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
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
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""

DOVECOT_CONF = """\
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{d}/cert.pem
ssl_key = <{d}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {d}/users
}}
first_valid_uid = 1
mail_location = mdbox:~/mdbox
namespace inbox {{
  inbox = yes
}}
mail_plugins = zlib
protocol imap {{
  mail_plugins = zlib imap_zlib
  mail_max_userip_connections = 0
}}
protocol pop3 {{
  mail_max_userip_connections = 0
}}
service imap-login {{
  service_count = 0
  client_limit = 1000
  process_min_avail = {cores}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  service_count = 0
  client_limit = 1000
  process_min_avail = {cores}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
}}
"""


def installed():
    return all(os.access(path, os.X_OK) for path in (MASTER, DOVECOT, "/usr/lib/dovecot/lmtp"))


class PostfixDovecot(System):
    name = "Postfix+Dovecot"
    serves = ("mail", "imap")

    def __init__(self, folder):
        super().__init__(folder)
        self.accounts = []
        self.ports = free_ports(["smtp", "submission", "imap", "imaps", "pop3", "pop3s"])
        for sub in ("etc", "queue", "postfix-data", "mail", "state"):
            (self.folder / sub).mkdir()
        shutil.chown(self.folder / "postfix-data", "postfix")
        shutil.chown(self.folder / "mail", "mail", "mail")
        values = dict(self.ports, d=self.folder, domain=DOMAIN, cores=os.cpu_count())
        (self.folder / "etc/main.cf").write_text(MAIN_CF.format(**values))
        (self.folder / "etc/master.cf").write_text(MASTER_CF.format(**values))
        self.dovecot_conf = DOVECOT_CONF.format(**values)
        self.make_durable(False)
        self.make_certificate()

    def make_durable(self, on):
        (self.folder / "dovecot.conf").write_text(self.dovecot_conf + ("mail_fsync = always\n" if on else ""))

    def add(self, accounts):
        self.accounts += accounts
        ids = "{0.pw_uid}:{0.pw_gid}".format(pwd.getpwnam("mail"))
        (self.folder / "users").write_text("".join(
            f"{a}:{{PLAIN}}{PASSWORD}:{ids}::{self.folder}/mail/{a}::\n" for a in self.accounts))
        (self.folder / "mailboxes").write_text("".join(f"{a} yes\n" for a in self.accounts))
        self.tool("postmap", "-c", self.folder / "etc", f"hash:{self.folder}/mailboxes")

    def relay_to(self, port, aliases):
        path = self.folder / "aliases"
        path.write_text("".join(f"{a} {a.split('@')[0]}@far.test\n" for a in aliases))
        self.tool("postmap", "-c", self.folder / "etc", f"hash:{path}")
        self.tool("postconf", "-c", self.folder / "etc", "-e", f"relayhost=[127.0.0.1]:{port}",
                  f"virtual_alias_maps=hash:{path}")
        self.tool("postfix", "-c", self.folder / "etc", "reload")
        self.wait_for_alias(aliases[0])

    def wait_for_alias(self, alias):
        """Processes from before the reload serve a little longer: wait until thirty sessions in a row know it."""
        known, end = 0, time.monotonic() + 30
        while known < 30:
            with smtplib.SMTP("127.0.0.1", self.ports["smtp"], "bench") as smtp:
                smtp.mail("x@bench.test")
                known = known + 1 if smtp.rcpt(alias)[0] == 250 else 0
            if time.monotonic() > end:
                raise Failed(f"{self.name}: {alias} is not known")

    def forget(self, account):
        for path in (self.folder / "mail" / account).rglob("dovecot.index.cache"):
            path.unlink()

    def start(self):
        self.tool("postfix", "-c", self.folder / "etc", "check")
        log = open(self.folder / "start.log", "ab")
        self.spawn([MASTER, "-c", self.folder / "etc", "-d"], stdout=log, stderr=log)
        self.spawn([DOVECOT, "-F", "-c", self.folder / "dovecot.conf"], stdout=log, stderr=log)
        log.close()
        for port in self.ports.values():
            wait_for_port(port)

    def settled(self):
        for queue in ("maildrop", "incoming", "active", "deferred"):
            if any(files for _, _, files in os.walk(self.folder / "queue" / queue)):
                return False
        return True

    def version(self):
        postfix = subprocess.run(["postconf", "-d", "-h", "mail_version"], stdout=subprocess.PIPE, check=False)
        dovecot = subprocess.run([DOVECOT, "--version"], stdout=subprocess.PIPE, check=False)
        return f"Postfix {postfix.stdout.decode().strip()}, Dovecot {dovecot.stdout.decode().split()[0]}"
