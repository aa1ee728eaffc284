"""Filters as admins have them: OpenDKIM, clamav-milter with clamd, and rspamd."""
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import unittest

from server import Server
from waiting import wait_for

ANN, BOB = "ann@alpha.test", "bob@alpha.test"
# The file that scanners take for a virus, in two parts, lest this file be taken for one.
EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def there_is(*programs):
    return all(shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin") for program in programs)


class Filters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())
        cls.server.add(ANN, BOB)
        cls.folder = cls.server.folder / "filter"
        cls.folder.mkdir()
        os.chmod(cls.server.folder, 0o755)

    @classmethod
    def run_filter(cls, *words, port=None, path=None, **named):
        """A program that runs till the class is done; waits until it listens."""
        log = open(cls.folder / "filter.log", "ab")
        cls.addClassCleanup(log.close)
        process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log, **named)
        cls.addClassCleanup(process.wait, 30)
        cls.addClassCleanup(process.kill)

        def listens():
            if process.poll() is not None:
                raise AssertionError((cls.folder / "filter.log").read_text(errors="replace")[-3000:])
            try:
                if path:
                    with socket.socket(socket.AF_UNIX) as sock:
                        sock.connect(str(path))
                else:
                    socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                return False
            return True

        wait_for(listens, 60, lambda: (cls.folder / "filter.log").read_text(errors="replace")[-3000:])

    @classmethod
    def use(cls, address):
        cls.server.signet("setting", "set", "milter.use", address)

    def send(self, data, to=ANN):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=60) as smtp:
            smtp.ehlo("client.test")
            smtp.mail("x@elsewhere.test")
            smtp.rcpt(to)
            code, text = smtp.data(data)
            return code, text.decode()

    def newest(self, user):
        imap = self.server.imap(user)
        n = imap.select("INBOX", readonly=True)[1][0]
        text = imap.fetch(n, "BODY.PEEK[]")[1][0][1].decode()
        imap.logout()
        return text


@unittest.skipUnless(there_is("opendkim", "openssl"), "needs opendkim")
class OpenDkim(Filters):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port, key = free_port(), cls.folder / "key.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "1024"], check=True,
                       stderr=subprocess.DEVNULL)
        key.chmod(0o600)
        (cls.folder / "opendkim.conf").write_text(
            f"Socket inet:{port}@127.0.0.1\nDomain alpha.test\nSelector s1\nKeyFile {key}\nMode s\n"
            f"Background no\nSyslog no\nAlwaysAddARHeader no\nPidFile {cls.folder}/pid\n"
            "RequireSafeKeys no\nInternalHosts 127.0.0.1\n")
        cls.run_filter("/usr/sbin/opendkim", "-f", "-x", cls.folder / "opendkim.conf", port=port)
        cls.use(f"inet:127.0.0.1:{port}")

    def test_it_signs_what_is_submitted(self):
        with self.server.submission(ANN) as smtp:
            for n in range(2):
                smtp.sendmail(ANN, [BOB], f"From: {ANN}\r\nSubject: {n}\r\n\r\nhello\r\n")
        text = self.newest(BOB)
        self.assertRegex(text, r"DKIM-Signature: v=1; a=rsa-sha256;[^\0]*d=alpha\.test; s=s1;")
        self.assertIn("bh=", text)


@unittest.skipUnless(there_is("clamd", "clamav-milter"), "needs clamav-daemon and clamav-milter")
class ClamAv(Filters):
    """clamd with a signature of our own: the published ones are hundreds of megabytes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        database, clamd, milter = cls.folder / "db", cls.folder / "clamd.sock", cls.folder / "milter.sock"
        database.mkdir()
        (database / "test.ndb").write_text(f"Test.Eicar:0:*:{EICAR.encode().hex()}\n")
        user = pwd.getpwuid(os.geteuid()).pw_name
        (cls.folder / "clamd.conf").write_text(
            f"LocalSocket {clamd}\nDatabaseDirectory {database}\nForeground yes\nUser {user}\nTemporaryDirectory "
            f"{cls.folder}\n")
        (cls.folder / "milter.conf").write_text(
            f"MilterSocket {milter}\nClamdSocket unix:{clamd}\nForeground yes\nUser {user}\nOnInfected Reject\n"
            f"RejectMsg virus %v\nAddHeader Replace\nTemporaryDirectory {cls.folder}\n")
        cls.run_filter("/usr/sbin/clamd", "-c", cls.folder / "clamd.conf", path=clamd)
        cls.run_filter("/usr/sbin/clamav-milter", "-c", cls.folder / "milter.conf", path=milter)
        cls.use(f"unix:{milter}")

    def test_good_mail_passes(self):
        self.assertEqual(self.send("Subject: good\r\n\r\nhello\r\n")[0], 250)
        self.assertIn("X-Virus-Status: Clean", self.newest(ANN))

    def test_a_virus_is_refused(self):
        code, text = self.send(f"Subject: bad\r\n\r\n{EICAR}\r\n")
        self.assertEqual((code, text), (550, "5.7.1 virus Test.Eicar.UNOFFICIAL"))

    def test_a_large_message(self):
        self.assertEqual(self.send("Subject: large\r\n\r\n" + "0123456789\r\n" * 200000)[0], 250)


@unittest.skipUnless(there_is("rspamd"), "needs rspamd")
class Rspamd(Filters):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port, conf = free_port(), cls.folder / "rspamd"
        shutil.copytree("/etc/rspamd", conf)
        (conf / "rspamd.conf").write_text(f"""
            options {{ tempdir = "{cls.folder}"; url_tld = "/usr/share/rspamd/effective_tld_names.dat"; filters = "";
                      pidfile = "{cls.folder}/pid"; dns {{ nameserver = "127.0.0.1:1"; timeout = 0.1s; }}
                      control_socket = "{cls.folder}/control mode=0600"; }}
            logging {{ type = "file"; filename = "{cls.folder}/rspamd.log"; level = "info"; }}
            metric {{ actions {{ reject = 15; add_header = 6; greylist = 4; }}
                      symbol {{ name = "GTUBE"; weight = 999.0; }} }}
            worker "rspamd_proxy" {{ bind_socket = "127.0.0.1:{port}"; milter = yes; timeout = 20s; count = 1;
                upstream "local" {{ default = yes; self_scan = yes; }} }}
            """)
        cls.run_filter("/usr/bin/rspamd", "-f", "-c", conf / "rspamd.conf", "--insecure", port=port)
        cls.use(f"inet:127.0.0.1:{port}")

    def test_good_mail_passes(self):
        self.assertEqual(self.send(f"From: x@elsewhere.test\r\nTo: {ANN}\r\nSubject: good\r\nMessage-ID: <1@x.test>\r\n"
                                   "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nhello\r\n")[0], 250)
        self.assertIn("hello", self.newest(ANN))

    def test_spam_is_refused(self):
        code, text = self.send("Subject: spam\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*"
                               "C.34X\r\n")
        self.assertEqual(code, 554, text)


if __name__ == "__main__":
    unittest.main()
