"""Clients that people have: swaks, msmtp, curl, mbsync, mutt, fetchmail, openssl, gnutls-cli."""
import socket
import time

from clients import ANN, CY, Clients, Terminal, needs, run
from server import PASSWORD


@needs("swaks")
class Swaks(Clients):
    def swaks(self, listener, sender, to, subject, *more, check=True):
        return run("swaks", "--server", f"127.0.0.1:{self.port[listener]}", "--from", sender, "--to", to,
                   "--header", f"Subject: {subject}", *more, check=check)

    def trusting(self, user):
        """Options for a TLS session that checks the certificate of the user's domain."""
        return ["--tls-sni", user.split("@")[1], "--tls-verify", "--tls-ca-path", self.pem(user)]

    def login(self, mechanism="PLAIN", password=PASSWORD):
        return ["--auth", mechanism, "--auth-user", ANN, "--auth-password", password]

    def test_port_25_in_the_clear(self):
        self.swaks("smtp", "x@elsewhere.test", CY, "swaks 25")
        self.assertIn("swaks 25", self.subjects(CY))

    def test_starttls(self):
        text = self.swaks("smtp", "x@elsewhere.test", CY, "swaks tls", "--tls", *self.trusting(CY))
        self.assertIn("DN=\"/CN=beta.test\"", text)
        self.assertIn("swaks tls", self.subjects(CY))

    def test_another_domain_is_not_trusted(self):
        text = self.swaks("smtp", "x@elsewhere.test", CY, "never", "--tls", *self.trusting(CY), "--tls-sni",
                          "alpha.test", check=False)
        self.assertIn("certificate verify failed", text)
        self.assertNotIn("never", self.subjects(CY))

    def test_submission(self):
        for mechanism in ("PLAIN", "LOGIN"):
            self.swaks("submission", ANN, CY, f"swaks {mechanism}", "--tls", *self.trusting(ANN),
                       *self.login(mechanism))
            self.assertIn(f"swaks {mechanism}", self.subjects(CY))

    def test_submission_465(self):
        self.swaks("submissions", ANN, CY, "swaks 465", "--tlsc", *self.trusting(ANN), *self.login())
        self.assertIn("swaks 465", self.subjects(CY))

    def test_no_relay(self):
        text = self.swaks("smtp", ANN, "who@elsewhere.test", "relayed", check=False)
        self.assertIn("550 5.7.1", text)

    def test_no_auth_in_the_clear(self):
        text = self.swaks("submission", ANN, CY, "in the clear", *self.login(), check=False)
        self.assertNotIn("235 ", text)
        self.assertIn("Host did not advertise authentication", text)

    def test_wrong_password(self):
        text = self.swaks("submission", ANN, CY, "wrong", "--tls", *self.login(password="wrong"), check=False)
        self.assertIn("535 5.7.8", text)


@needs("msmtp")
class Msmtp(Clients):
    def send(self, auth):
        config = self.home / "msmtprc"
        config.write_text(f"""
defaults
tls on
tls_trust_file {self.pem(ANN)}
tls_host_override alpha.test
auth {auth}
account a
host 127.0.0.1
port {self.port['submission']}
from {ANN}
user {ANN}
password {PASSWORD}
""")
        config.chmod(0o600)
        run("msmtp", "-C", config, "-a", "a", CY, stdin=f"Subject: msmtp {auth}\n\nhello\n")
        self.assertIn(f"msmtp {auth}", self.subjects(CY))

    def test_plain(self):
        self.send("plain")

    def test_scram_sha_256(self):
        self.send("scram-sha-256")

    def test_scram_sha_1(self):
        self.send("scram-sha-1")


class Curl(Clients):
    def test_read_and_store(self):
        self.deliver(ANN, "for curl")
        self.assertIn("INBOX", self.curl(ANN, "", "LIST \"\" *"))
        self.assertIn("for curl", self.curl(ANN, "INBOX;MAILINDEX=*"))
        message = self.home / "m"
        message.write_text("Subject: appended\r\n\r\nby curl\r\n")
        self.curl(ANN, "Drafts", None, "-T", message)
        self.assertIn("by curl", self.curl(ANN, "Drafts;MAILINDEX=1"))
        self.assertIn("SEARCH 1", self.curl(ANN, "Drafts", "SEARCH SUBJECT appended"))

    def test_pop3(self):
        self.deliver(CY, "pop by curl")
        text = run("curl", "-sS", "--connect-to", f"::127.0.0.1:{self.port['pop3s']}", "--cacert", self.pem(CY), "-u",
                   f"{CY}:{PASSWORD}", f"pop3s://beta.test:{self.port['pop3s']}/")
        self.assertRegex(text, r"^1 \d+")

    def test_smtps(self):
        message = self.home / "m"
        message.write_text("Subject: curl smtps\r\n\r\nhello\r\n")
        run("curl", "-sS", "--connect-to", f"::127.0.0.1:{self.port['submissions']}", "--cacert", self.pem(ANN), "-u",
            f"{ANN}:{PASSWORD}", f"smtps://alpha.test:{self.port['submissions']}", "--mail-from", ANN, "--mail-rcpt",
            CY, "-T", message)
        self.assertIn("curl smtps", self.subjects(CY))


@needs("mbsync")
class Mbsync(Clients):
    def sync(self):
        config = self.home / "mbsyncrc"
        config.write_text(f"""
IMAPAccount a
Host 127.0.0.1
Port {self.port['imaps']}
User {ANN}
Pass "{PASSWORD}"
SSLType IMAPS
AuthMechs PLAIN
CertificateFile {self.pem(ANN)}

IMAPStore far
Account a

MaildirStore near
Path {self.home}/mail/
Inbox {self.home}/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
""")
        (self.home / "mail").mkdir(exist_ok=True)
        return run("mbsync", "-c", config, "-a", env={"HOME": str(self.home)})

    def test_both_ways(self):
        self.deliver(ANN, "down")
        self.sync()
        inbox = self.home / "mail" / "INBOX"
        texts = [p.read_bytes() for p in inbox.glob("*/*")]
        self.assertTrue(any(b"Subject: down" in t for t in texts))
        (inbox / "cur" / "1.local:2,SF").write_text("Subject: up\n\nfrom the maildir\n")
        for folder in ("cur", "new", "tmp"):
            (self.home / "mail" / "Made here" / folder).mkdir(parents=True)
        self.sync()
        self.assertIn("up", self.subjects(ANN))
        self.assertIn("\"Made here\"", self.curl(ANN, "", "LIST \"\" *"))
        flags = self.curl(ANN, "INBOX", "SEARCH SUBJECT up SEEN FLAGGED")
        self.assertRegex(flags, r"SEARCH \d")
        for path in inbox.glob("*/*"):
            if b"Subject: down" in path.read_bytes():
                path.unlink()
        self.sync()
        self.assertNotIn("down", self.subjects(ANN))


@needs("mutt")
@needs("tmux")
class Mutt(Terminal):
    def test_read_flag_and_delete(self):
        self.deliver(CY, "for mutt")
        # who names no host is shown the certificate of the main domain
        (self.home / "muttrc").write_text(f"""
set imap_user="{CY}" imap_pass="{PASSWORD}"
set folder="imaps://127.0.0.1:{self.port['imaps']}/" spoolfile="+INBOX"
set certificate_file="{self.pem(ANN)}" ssl_verify_host=no
set imap_deflate=yes imap_condstore=yes imap_qresync=yes
set header_cache="{self.home}/cache" message_cachedir="" delete=yes quit=yes
""")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "30",
                  f"HOME={self.home} TERM=screen mutt -d 2 -F {self.home}/muttrc")
        self.addCleanup(lambda: run("tmux", "-S", self.home / "tmux", "kill-server", check=False))
        self.wait_for("for mutt")
        self.tmux("send-keys", "G", "Enter")
        self.wait_for("hello")
        self.tmux("send-keys", "q")
        self.wait_for("for mutt")
        self.tmux("send-keys", "d", "$")
        self.wait_for("deleted")
        self.tmux("send-keys", "q")
        for _ in range(50):
            if "for mutt" not in self.subjects(CY):
                break
            time.sleep(0.2)
        else:
            self.fail("mutt deleted the message, and it is still there")
        said = (self.home / ".muttdebug0").read_text(errors="replace")
        for word in ("COMPRESS DEFLATE", "ENABLE QRESYNC", "(CONDSTORE)", "* VANISHED 1"):
            self.assertIn(word, said)


@needs("fetchmail")
class Fetchmail(Clients):
    def fetch(self, protocol, port):
        got = self.home / "got"
        got.unlink(missing_ok=True)
        config = self.home / "fetchmailrc"
        config.write_text(f"""
poll beta.test via 127.0.0.1 protocol {protocol} port {port}
  user "{CY}" password "{PASSWORD}" ssl sslcertck sslcertfile {self.pem(CY)} sslcommonname beta.test
  keep mda "cat >> {got}" fetchall
""")
        config.chmod(0o600)
        run("fetchmail", "-f", config, "--pidfile", self.home / "pid", "-v", "-i", self.home / "ids",
            env={"FETCHMAILHOME": str(self.home), "FETCHMAILUSER": "root"})
        return got.read_text()

    def test_pop3_and_imap(self):
        self.deliver(CY, "fetch me")
        self.assertIn("Subject: fetch me", self.fetch("POP3", self.port["pop3s"]))
        self.assertIn("Subject: fetch me", self.fetch("IMAP", self.port["imaps"]))


class Certificates(Clients):
    """The domain asked for by name is the one whose certificate is shown, on every listener."""

    def s_client(self, listener, name, *more, stdin=""):
        upgrade = {"smtp": "smtp", "submission": "smtp", "imap": "imap", "pop3": "pop3"}.get(listener)
        start = ["-starttls", upgrade] if upgrade else []
        return run("openssl", "s_client", "-connect", f"127.0.0.1:{self.port[listener]}", "-servername", name, *start,
                   *more, stdin=stdin, check=False)

    def test_by_name(self):
        for listener in ("smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s"):
            for domain in ("alpha.test", "beta.test"):
                for version in ("-tls1_2", "-tls1_3"):
                    text = self.s_client(listener, domain, version, "-verify_hostname", domain, "-CAfile",
                                         self.server.certificate(domain))
                    with self.subTest(listener=listener, domain=domain, version=version):
                        self.assertIn(f"subject=CN = {domain}", text)
                        self.assertIn("Verification: OK", text)

    def test_unknown_and_no_name(self):
        self.assertIn("subject=CN = alpha.test", self.s_client("imaps", "nobody.test"))
        text = run("openssl", "s_client", "-connect", f"127.0.0.1:{self.port['imaps']}", "-noservername", check=False)
        self.assertIn("subject=CN = alpha.test", text)

    def test_old_versions_are_refused(self):
        text = self.s_client("imaps", "alpha.test", "-tls1_1", "-cipher", "ALL@SECLEVEL=0")
        self.assertNotIn("Server certificate", text)

    def test_resumption(self):
        for version in ("-tls1_2", "-tls1_3"):
            session = self.home / f"session{version}"
            self.s_client("imaps", "beta.test", version, "-quiet", "-sess_out", session, stdin="a LOGOUT\r\n")
            again = self.s_client("imaps", "beta.test", version, "-sess_in", session, stdin="a LOGOUT\r\n")
            self.assertIn("Reused, TLSv1.", again)
            # a session of one domain is none of another's
            other = self.s_client("imaps", "alpha.test", version, "-sess_in", session, stdin="a LOGOUT\r\n")
            self.assertIn("New, TLSv1.", other)

    def test_resumption_after_a_restart(self):
        session = self.home / "session"
        self.s_client("imaps", "beta.test", "-quiet", "-sess_out", session, stdin="a LOGOUT\r\n")
        self.server.stop()
        self.server.start()
        again = self.s_client("imaps", "beta.test", "-sess_in", session, stdin="a LOGOUT\r\n")
        self.assertIn("Reused, TLSv1.", again)

    @needs("gnutls-cli")
    def test_gnutls(self):
        for domain in ("alpha.test", "beta.test"):
            text = run("gnutls-cli", "--x509cafile", self.server.certificate(domain), "--sni-hostname", domain,
                       "--verify-hostname", domain, "-p", self.port["imaps"], "127.0.0.1", stdin="a LOGOUT\n")
            self.assertIn("The certificate is trusted", text)

    def test_swapped_without_restart(self):
        before = self.server.certificate("beta.test").read_text()
        idle = socket.create_connection(("127.0.0.1", self.port["imap"]))
        idle.recv(1000)
        self.server.signet("pki", "renew", "beta.test")
        after = self.server.certificate("beta.test").read_text()
        self.assertNotEqual(before, after)
        text = self.s_client("imaps", "beta.test", "-verify_hostname", "beta.test", "-CAfile",
                             self.server.certificate("beta.test"))
        self.assertIn("Verification: OK", text)
        idle.sendall(b"a NOOP\r\n")
        self.assertTrue(idle.recv(1000).startswith(b"a OK"))
        idle.close()


del Clients, Terminal  # only their children are tests
