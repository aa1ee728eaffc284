"""More mail programs, most of them over several sessions: neomutt, offlineimap, imapfilter, getmail."""
import hashlib
import ssl
import unittest

from clients import ANN, CY, Clients, Terminal, needs, run
from server import PASSWORD
from waiting import wait_for


class MoreClients(Clients):
    """What they are told of the server: the port of the loopback, the certificate of the account's domain."""

    def fingerprint(self, user):
        der = ssl.PEM_cert_to_DER_cert(self.pem(user).read_text().split("-----END CERTIFICATE-----")[0]
                                       + "-----END CERTIFICATE-----\n")
        return hashlib.sha1(der).hexdigest()

    def empty(self, user, box="INBOX"):
        imap = self.server.imap(user)
        imap.select(box)
        imap.store("1:*", "+FLAGS", "\\Deleted")
        imap.expunge()
        imap.logout()


@needs("offlineimap")
class Offlineimap(MoreClients):
    def sync(self):
        config = self.home / "offlineimaprc"
        config.write_text(f"""
[general]
accounts = a
metadata = {self.home}/meta
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {self.home}/mail
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {self.port['imaps']}
ssl = yes
cert_fingerprint = {self.fingerprint('x@alpha.test')}
remoteuser = {ANN}
remotepass = {PASSWORD}
""")
        return run("offlineimap", "-c", config, "-o", "-u", "basic", env={"HOME": str(self.home)}, timeout=120)

    def texts(self, box="INBOX"):
        return {path.read_bytes() for path in (self.home / "mail" / box).glob("*/*")}

    def test_both_ways(self):
        self.empty(ANN)
        self.deliver(ANN, "offline down")
        self.sync()
        self.assertIn(b"Subject: offline down", b"".join(self.texts()))
        cur = self.home / "mail" / "INBOX" / "cur"
        (cur / "1.x:2,FS").write_text("Subject: offline up\n\nhello\n")
        (self.home / "mail" / "Trips" / "cur").mkdir(parents=True)
        for folder in ("new", "tmp"):
            (self.home / "mail" / "Trips" / folder).mkdir()
        self.sync()
        self.assertEqual(self.subjects(ANN), ["offline down", "offline up"])
        self.assertRegex(self.curl(ANN, "INBOX", "SEARCH SUBJECT up SEEN FLAGGED"), r"SEARCH 2")
        self.assertIn("Trips", self.curl(ANN, "", 'LIST "" *'))
        self.empty(ANN)
        self.sync()
        self.assertEqual(self.texts(), set())


@needs("imapfilter")
class Imapfilter(MoreClients):
    def test_moves_by_a_rule(self):
        for n in range(5):
            self.deliver(CY, f"{'sort me' if n % 2 else 'leave me'} {n}")
        config = self.home / "config.lua"
        config.write_text(f"""
options.timeout = 30
options.create = true
options.certificates = false
options.hostnames = false
a = IMAP {{ server = '127.0.0.1', port = {self.port['imaps']}, username = '{CY}', password = '{PASSWORD}',
           ssl = 'auto' }}
found = a.INBOX:contain_subject('sort me') * a.INBOX:is_smaller(100000)
found:mark_flagged()
found:move_messages(a['Sorted/Here'])
print(#found, a.INBOX:check_status())
""")
        self.assertTrue(run("imapfilter", "-c", config, env={"HOME": str(self.home), "SSL_CERT_FILE": str(self.pem(ANN))}).startswith("2"))
        self.assertFalse([s for s in self.subjects(CY) if "sort me" in s])
        self.assertIn("SEARCH 1 2", self.curl(CY, "Sorted/Here", "SEARCH FLAGGED"))


@needs("getmail")
class Getmail(MoreClients):
    def fetch(self, retriever, port, *options):
        """How many messages came."""
        got = self.home / "got"
        got.touch()
        config = self.home / "getmailrc"
        config.write_text("\n".join([
            "[retriever]", f"type = {retriever}", "server = 127.0.0.1", f"port = {port}", f"username = {ANN}",
            f"password = {PASSWORD}", *options, "[destination]", "type = MDA_external", "path = /bin/sh",
            f"arguments = ('-c', 'cat >>{got}')", "allow_root_commands = true",
            "[options]", "read_all = false", "delete = false", "verbose = 1", ""]))
        config.chmod(0o600)
        before = got.read_text().count("Subject:")
        run("getmail", "--getmaildir", self.home, "--rcfile", config, env={"HOME": str(self.home)})
        return got.read_text().count("Subject:") - before

    def test_each_message_once(self):
        self.empty(ANN)
        for retriever, port in (("SimplePOP3SSLRetriever", "pop3s"), ("SimpleIMAPSSLRetriever", "imaps")):
            with self.subTest(retriever=retriever):
                self.deliver(ANN, "getmail one")
                have = len(self.subjects(ANN))
                self.assertEqual(self.fetch(retriever, self.port[port]), have)
                self.deliver(ANN, "getmail two")
                self.assertEqual(self.fetch(retriever, self.port[port]), 1)


class Resuming(Terminal):
    """A program that comes back to a mailbox that has changed; its own account of what was said shows what it used."""

    def look(self, subject):
        """Open INBOX, leave."""
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "30",
                  f"HOME={self.home} TERM=screen {self.program} -F {self.home}/muttrc")
        self.wait_for(subject, 30)
        self.tmux("send-keys", "q")
        wait_for(lambda: "no server" in run("tmux", "-S", self.home / "tmux", "ls", check=False),
                 tell=lambda: f"{self.program} did not end")
        return "".join(path.read_text(errors="replace") for path in self.home.glob("*debug0"))

    def test_condstore_and_qresync(self):
        self.server.signet("account", "add", self.user, stdin=PASSWORD)
        for n in range(4):
            self.deliver(self.user, f"older {n}")
        self.deliver(self.user, "newest")
        # who names no host is shown the certificate of the main domain
        (self.home / "muttrc").write_text(f"""
set imap_user="{self.user}" imap_pass="{PASSWORD}" from="{self.user}"
set folder="imaps://127.0.0.1:{self.port['imaps']}/" spoolfile="+INBOX"
set certificate_file="{self.pem(ANN)}" ssl_verify_host=no ssl_verify_dates=no
set imap_condstore=yes imap_qresync=yes quit=yes mark_old=no
set header_cache="{self.home}/cache/"
""")
        (self.home / "cache").mkdir()
        self.look("newest")
        imap = self.server.imap(self.user)
        imap.select("INBOX")
        imap.store("2", "+FLAGS", "\\Flagged")
        imap.store("3", "+FLAGS", "\\Deleted")
        imap.expunge()
        imap.logout()
        self.deliver(self.user, "the newest of all")
        said = self.look("the newest of all")
        for words in ("ENABLE QRESYNC", "UID FETCH 1:5 (FLAGS) (CHANGEDSINCE 6 VANISHED)", "Handling VANISHED",
                      "UID 2 updated", "Expunging message UID 3"):
            self.assertIn(words, said)


@needs("neomutt")
@needs("tmux")
class Neomutt(Resuming):
    user = "neo@alpha.test"

    @property
    def program(self):
        return f"neomutt -d 3 -l {self.home}/debug"


@needs("mutt")
@needs("tmux")
class Mutt(Resuming):
    user, program = "mutt@alpha.test", "mutt -d 3"


del MoreClients, Clients, Terminal, Resuming
