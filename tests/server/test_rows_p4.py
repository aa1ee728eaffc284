"""test_rows_p4 - P4: what testers of TLS say of the server (ports and floors are in test_rows_p4_tls)"""
import json
import re
import shutil
import subprocess

import pki


class Tools(pki.Case):
    def test_P_036_the_library_is_named(self):
        said = str(self.signet("server", "version"))
        self.assertRegex(said, r"wolfSSL \d+\.\d+\.\d+")

    def test_P_037_s_client(self):
        """Chain, protocol, and an answer behind the handshake."""
        talks = {"smtp": ("QUIT\n", "221 "), "submission": ("QUIT\n", "221 "), "imap": ("a LOGOUT\n", "a OK"),
                 "pop3": ("QUIT\n", "+OK")}
        for listener, (say, want) in talks.items():
            for version in ("-tls1_2", "-tls1_3"):
                said = self.s_client(version, "-crlf", "-ign_eof", listener=listener, stdin=say)
                self.assertIn("Certificate chain\n 0 s:CN = alpha.test", said, listener)
                self.assertRegex(said, r"Protocol *: TLSv1\.[23]|New, TLSv1\.[23]")
                self.assertIn(want, said.split("---", 3)[-1], (listener, version))
        said = self.s_client(listener="submission")
        self.assertIn("\n250 ", said)
        said = self.s_client(listener="xmpp-client")
        self.assertIn("Certificate chain\n 0 s:CN = alpha.test", said)
        self.assertIn("New, TLSv1.3", said)

    def test_P_037_gnutls_cli(self):
        for listener, protocol in (("submission", "smtp"), ("imap", "imap"), ("pop3", "pop3"), ("managesieve", "sieve")):
            said = pki.tool("gnutls-cli", "--x509cafile", self.server.certificate("alpha.test"), "--starttls-proto", protocol,
                            "--sni-hostname", "alpha.test", "--verify-hostname", "alpha.test", "-p", self.server.ports[listener],
                            "127.0.0.1").decode(errors="replace")
            self.assertIn("The certificate is trusted", said, listener)

    def test_P_037_nss(self):
        """NSS's own client, where it is installed, and curl, which has GnuTLS or OpenSSL."""
        done = subprocess.run(["curl", "-sSI", "--cacert", self.server.certificate("alpha.test"), "--resolve",
                               f"alpha.test:{self.server.ports['https']}:127.0.0.1",
                               f"https://alpha.test:{self.server.ports['https']}/"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertRegex(done.stdout.decode(), r"^HTTP/[12.]+ \d+")

    def seen_by_testssl(self, listener, *words):
        """What testssl.sh finds: id -> (severity, finding)."""
        path = self.folder / f"{listener}.json"
        path.unlink(missing_ok=True)
        done = subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1",
                               "--jsonfile", path, *words, f"alpha.test:{self.server.ports[listener]}"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=280, check=False)
        if not path.exists():
            self.fail(done.stdout.decode(errors="replace")[-2000:])
        return {row["id"]: (row["severity"], row["finding"]) for row in json.loads(path.read_text())}

    def check(self, found):
        for old in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
            self.assertIn("not offered", found[old][1], old)
        for new in ("TLS1_2", "TLS1_3"):
            self.assertRegex(found[new][1], "^offered", new)

    @staticmethod
    def bad(found):
        """What a self-signed certificate for a test is blamed for is not meant, nor tickets, which are renewed."""
        expected = ("cert_chain_of_trust", "cert_trust", "cert_expirationStatus", "cert_crlDistributionPoints", "cert_ocspURL",
                    "cert_revocation", "cert_notAfter", "cert_extlifeSpan", "cert_caIssuers", "cert_certificatePolicy", "TLS_session_ticket", "scan")
        return {name: row for name, row in found.items()
                if row[0] in ("MEDIUM", "HIGH", "CRITICAL", "LOW") and not re.match("|".join(expected), name)}

    def test_P_037_testssl(self):
        if not shutil.which("testssl"):
            self.skipTest("needs testssl.sh")
        found = self.seen_by_testssl("imaps", "--protocols", "--server-defaults")
        self.check(found)
        self.assertEqual(self.bad(found), {})

    def test_P_037_testssl_starttls(self):
        if not shutil.which("testssl"):
            self.skipTest("needs testssl.sh")
        found = self.seen_by_testssl("submission", "--starttls", "smtp", "--protocols")
        self.check(found)
        self.assertEqual(self.bad(found), {})
