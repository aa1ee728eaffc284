"""slapd - an LDAP directory of OpenLDAP's for tests, in a folder of its own, on a port of loopback"""
import pathlib
import shutil
import socket
import subprocess
import time

import pki

ROOT, SECRET = "cn=mail,dc=test", "mail's own secret"


def installed():
    return shutil.which("slapd", path="/usr/sbin:/usr/bin") and shutil.which("ldapmodify")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Slapd:
    """A directory with people below ou=people,dc=test; its certificate is for localhost and 127.0.0.1."""

    def __init__(self, folder, authority, client_authority=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port, self.plain_port = free_port(), free_port()
        self.process = None
        key = self.folder / "slapd.key"
        key.write_text(pki.key())
        request = pki.openssl("req", "-new", "-key", key, "-subj", "/CN=localhost")
        (self.folder / "slapd.pem").write_text(authority.sign(
            request, "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth"))
        self.configure(client_authority)
        self.load()

    def configure(self, client_authority):
        """client_authority: clients must show a certificate of its."""
        ask = f"TLSCACertificateFile {client_authority}\nTLSVerifyClient demand\n" if client_authority else ""
        (self.folder / "db").mkdir(exist_ok=True)
        (self.folder / "slapd.conf").write_text(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
            "include /etc/ldap/schema/inetorgperson.schema\n"
            f"pidfile {self.folder}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"TLSCertificateFile {self.folder}/slapd.pem\nTLSCertificateKeyFile {self.folder}/slapd.key\n{ask}"
            "disallow bind_anon\nrequire authc\nsizelimit 50\n"
            f"database mdb\nsuffix dc=test\nrootdn cn=admin,dc=test\nrootpw admin\ndirectory {self.folder}/db\n"
            "access to attrs=userPassword by anonymous auth by * none\n"
            f"access to * by dn.exact=\"{ROOT}\" read by * none\n")

    def run(self, *words, stdin=""):
        return subprocess.run(list(map(str, words)), input=stdin.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=True).stdout.decode()

    def load(self):
        entries = ["dn: dc=test\nobjectClass: dcObject\nobjectClass: organization\no: Test\ndc: test",
                   "dn: ou=people,dc=test\nobjectClass: organizationalUnit\nou: people",
                   f"dn: {ROOT}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
                   f"cn: mail\nuserPassword: {SECRET}"]
        self.run("/usr/sbin/slapadd", "-f", self.folder / "slapd.conf", stdin="\n\n".join(entries) + "\n")

    @staticmethod
    def dn(user):
        return f"uid={user},ou=people,dc=test"

    def entry(self, user, domain, password):
        secret = f"userPassword: {password}\n" if password else ""
        return (f"dn: {self.dn(user)}\nobjectClass: inetOrgPerson\nuid: {user}\ncn: {user.title()}\nsn: {user}\n"
                f"mail: {user}@{domain}\n{secret}")

    def add(self, *users, domain="alpha.test", password="their own secret"):
        self.modify("\n".join("\n" + self.entry(user, domain, password) for user in users), "-a")

    def add_by_file(self, *users, domain="alpha.test", password="their own secret"):
        """Where nobody can connect without a certificate; slapd does not run meanwhile."""
        self.stop()
        self.run("/usr/sbin/slapadd", "-f", self.folder / "slapd.conf",
                 stdin="\n".join(self.entry(user, domain, password) for user in users))

    def modify(self, ldif, *more):
        self.run("ldapmodify", "-x", *more, "-H", f"ldap://127.0.0.1:{self.plain_port}", "-D", "cn=admin,dc=test",
                 "-w", "admin", stdin=ldif)

    def remove(self, user):
        self.modify(f"dn: {self.dn(user)}\nchangetype: delete\n")

    def start(self):
        urls = f"ldaps://127.0.0.1:{self.port}/ ldap://127.0.0.1:{self.plain_port}/"
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(["/usr/sbin/slapd", "-f", self.folder / "slapd.conf", "-h", urls, "-d", "256"],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.02)
        raise RuntimeError("slapd does not start:\n" + self.log()[-2000:])

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *what):
        self.stop()
