"""test_rows_watch - what is watched over: who changed what, what expires, what was revoked, the master key

C-001, C-002.
"""
import base64
import datetime
import http.server
import imaplib
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from server import Failed, PASSWORD, Server, anyone
from test_http import Api, Browser
from test_pki import Authority, openssl

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"


class Watched(unittest.TestCase):
    """A server with two domains, an admin of one of them, and a folder for keys."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-watch."))
        cls.server = Server().__enter__()
        cls.server.add(ANN, BOB, CY)
        cls.server.signet("account", "role", ANN, "domain-admin")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def signet(self, *words, stdin=""):
        return self.server.signet(*words, stdin=stdin)

    def api(self, *scope):
        token = self.signet("token", "add", "t" + secrets.token_hex(4), *scope)["token"]
        api = Api(self.server, token)
        self.addCleanup(api.close)
        return api

    def until(self, condition, what, seconds=30):
        """Ask again and again until it is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        self.fail(f"{what if isinstance(what, str) else what()}: not within {seconds} s")


class Audit(Watched):
    """Who changed what, from where, when; and no secret in it."""

    def rows(self, *words):
        return self.signet("audit", "list", *words)["rows"]

    def sha256(self, pem):
        der = openssl("x509", "-outform", "DER", "-out", self.folder / "der", stdin=pem)
        self.assertEqual(der, "")
        return openssl("dgst", "-sha256", "-r", self.folder / "der").split()[0]

    def test_12_who_what_whence_and_when(self):
        before = self.signet("pki", "show", "beta.test")
        self.signet("pki", "self-signed", "beta.test", "--o", "A Company")
        after = self.signet("pki", "show", "beta.test")
        row = self.rows()[0]
        self.assertEqual((row["operation"], row["domain"], row["result"], row["role"]),
                         ("pki self-signed", "beta.test", "ok", "server-admin"))
        self.assertRegex(row["from"], r"^control uid \d+$")
        self.assertEqual(row["arguments"], 'domain=beta.test o="A Company"')
        self.assertIn(f"certificate beta.test {before['sha256']} {after['sha256']}", row["changed"])
        self.assertEqual(self.sha256(after["chain"]), after["sha256"])
        self.assertAlmostEqual(time.time(), time.mktime(time.strptime(row["time"], "%Y-%m-%dT%H:%M:%SZ"))
                               - time.timezone, delta=60)

    def test_12_a_key_by_the_fingerprint_of_its_public_half(self):
        self.signet("domain", "add", "keys.test")
        pem = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        (self.folder / "k").write_text(pem)
        openssl("pkey", "-in", self.folder / "k", "-pubout", "-outform", "DER", "-out", self.folder / "p")
        want = openssl("dgst", "-sha256", "-r", self.folder / "p").split()[0]
        self.signet("pki", "key-remove", "keys.test")
        self.signet("pki", "key-import", "keys.test", stdin=pem)
        new, removed = self.rows("--domain", "keys.test", "--limit", "2")
        self.assertEqual(new["changed"], f"key keys.test - {want}")
        self.assertRegex(removed["changed"], r"^key keys\.test [0-9a-f]{64} -; certificate keys\.test [0-9a-f]{64} -$")

    def test_12_whom_we_trust_and_what_was_issued(self):
        authority = Authority(self.folder, "trusted")
        want = self.sha256(authority.pem())
        self.signet("trust", "add", "--domain", "beta.test", stdin=authority.pem())
        self.assertEqual(self.rows()[0]["changed"], f"trusted beta.test - {want}")
        self.signet("trust", "remove", want, "--domain", "beta.test")
        self.assertEqual(self.rows()[0]["changed"], f"trusted beta.test {want} -")
        dee = "dee@alpha.test"
        self.server.add(dee)
        self.signet("smime", "issue", dee, stdin="a secret of Dee's")
        row = self.rows()[0]
        self.assertRegex(row["changed"], rf"identity {dee} - [0-9a-f]{{64}}")
        self.assertRegex(row["changed"], rf"issued {dee} - [0-9a-f]{{64}}")
        self.assertEqual((row["account"], row["domain"]), (dee, "alpha.test"))

    def test_12_all_ways_in(self):
        self.api().call("setting", "set", name="smtp.max-recipients", value="90")
        row = self.rows()[0]
        self.assertEqual(row["from"], "api 127.0.0.1")
        self.assertTrue(row["who"].startswith("token "))
        browser = Browser(self.server)
        self.addCleanup(browser.close)
        browser.login(ANN, "wrong")
        row = self.rows()[0]
        self.assertEqual((row["operation"], row["account"], row["result"], row["from"]),
                         ("login", ANN, "denied", "page 127.0.0.1"))

    def test_12_a_sudden_end_hides_nothing(self):
        """Who calls an operation stands in the trail before it changes anything."""
        with Server() as server:
            server.add(CY)
            for attempt in range(12):
                command = subprocess.Popen([server.bin / "signet", "-d", server.data, "pki", "key-generate", "beta.test",
                                            "--type", "RSA-4096"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(0.1 * attempt)  # when it has come to work; it takes some seconds
                server.kill()
                command.wait(60)
                server.start()
                row = server.signet("audit", "list", "--limit", "1")["rows"][0]
                if row["result"] == "interrupted":
                    break
            self.assertEqual((row["operation"], row["domain"], row["arguments"], row["result"]),
                             ("pki key-generate", "beta.test", "domain=beta.test type=RSA-4096", "interrupted"))
            self.assertIn("see whether it is", row["reason"])
            server.stop()
            server.start()  # and it is told once
            rows = server.signet("audit", "list")["rows"]
            self.assertEqual([row["result"] for row in rows].count("interrupted"), 1)
            self.assertNotIn("begun", [row["result"] for row in rows])

    def test_12_each_sees_his_own(self):
        self.signet("account", "quota", BOB, "1M")
        self.signet("account", "quota", CY, "1M")
        seen = self.api("--domain", "alpha.test").call("audit", "list").json["rows"]
        self.assertEqual({row["domain"] for row in seen}, {"alpha.test"})
        answer = self.api("--domain", "alpha.test").call("audit", "list", domain="beta.test")
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.api("--account", BOB).call("audit", "list").status, 403)
        self.assertIn("denied", {row["result"] for row in self.rows("--domain", "beta.test")})

    def test_12_asked_in_parts(self):
        for n in range(5):
            self.signet("account", "quota", BOB, f"{n + 2}M")
        first = self.rows("--domain", "alpha.test", "--limit", "2")
        then = self.rows("--domain", "alpha.test", "--limit", "2", "--before", str(first[-1]["id"]))
        self.assertEqual([row["arguments"][-2:] for row in first + then], ["6M", "5M", "4M", "3M"])
        self.assertEqual(self.rows("--who", "nobody"), [])
        self.assertEqual(self.rows("--since", "2999-01-01"), [])
        self.assertTrue(self.rows("--since", "1h", "--who", "root", "--limit", "3"))
        with self.assertRaises(Failed):
            self.rows("--since", "yesterday")

    def test_12_no_secret_of_any_operation(self):
        """Each operation of the table is called with marks for its secrets."""
        api = self.api()
        marks = {}
        for path, methods in api.ask("GET", "/api/v1/openapi.json").json["paths"].items():
            for operation in methods.values():
                schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                args = {}
                for name, kind in schema.get("properties", {}).items():
                    if "Secret" in kind.get("$ref", ""):
                        args[name] = marks[f"{path} {name}"] = "mark" + secrets.token_hex(12)
                    elif name in schema.get("required", []):
                        args[name] = {"idn-hostname": "beta.test", "idn-email": BOB}.get(
                            kind.get("format"), kind.get("enum", ["x"])[0])
                if args and set(args.values()) & set(marks.values()):
                    noun, verb = path.strip("/").split("/")
                    self.assertNotEqual(api.call(noun, verb, **args).status, 500, path)
        self.signet("master-key", "unprotect")  # one of them was a passphrase
        self.assertGreater(len(marks), 15)
        told = self.server.log() + json.dumps(self.rows("--limit", "1000"))
        for file in sorted((self.server.data / "directory").iterdir()):
            told += file.read_bytes().decode("latin-1")
        for where, mark in marks.items():
            if where.split()[1] not in ("script",):  # scripts are kept as they are, and shown to their owners
                self.assertNotIn(mark, told, where)
        self.assertNotIn(PASSWORD, self.server.log() + json.dumps(self.rows("--limit", "1000")))

    def test_12_noise_pushes_nothing_out(self):
        self.signet("setting", "set", "audit.keep-count", "40")
        user = self.api("--account", BOB)
        self.signet("account", "quota", CY, "77M")
        for _ in range(120):
            self.assertEqual(user.call("account", "remove", address=CY).status, 403)
        self.until(lambda: len(self.rows("--limit", "1000")) <= 80, "swept")
        self.assertIn("address=cy@beta.test quota=77M", {row.get("arguments") for row in self.rows("--limit", "1000")})
        self.assertLessEqual(len(self.rows("--domain", "beta.test", "--limit", "1000")), 80)
        self.signet("setting", "reset", "audit.keep-count")

    def test_12_survives_a_crash(self):
        self.signet("account", "quota", BOB, "55M")
        self.server.kill()
        self.server.start()
        self.assertIn("address=bob@alpha.test quota=55M", {row.get("arguments") for row in self.rows()})


class Responder:
    """openssl as a responder for certificates of an authority, by a list that a test writes."""

    def __init__(self, authority, folder, signer=None, minutes=5):
        self.authority, self.index = authority, folder / f"{authority.name}.index"
        self.signer = signer or authority
        self.minutes = minutes
        self.log = folder / f"{authority.name}.log"
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = None
        self.index.write_text("")

    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def know(self, pem, revoked=False):
        """List a certificate, as good or as revoked."""
        serial = openssl("x509", "-noout", "-serial", stdin=pem).strip().split("=")[1]
        state = "R\t300101000000Z\t250101000000Z,keyCompromise" if revoked else "V\t300101000000Z\t"
        self.index.write_text(f"{state}\t{serial}\tunknown\t/CN=x\n")

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["openssl", "ocsp", "-index", self.index, "-port", str(self.port), "-CA", self.authority.cert,
                 "-rsigner", self.signer.cert, "-rkey", self.signer.key, "-nmin", str(self.minutes), "-ignore_err"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(100):
            if "waiting" in self.log.read_text():  # a connection that asks nothing would stop it for good
                return self
            time.sleep(0.05)
        raise Failed("the responder does not start: " + self.log.read_text())

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        self.process = None


class Stapling(Watched):
    """OCSP: asked in the background, kept, stapled in TLS 1.2 and 1.3; shown to openssl and gnutls."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.signet("setting", "set", "fetch.private", "on")
        cls.server.signet("setting", "set", "pki.ocsp-retry", "1s")
        cls.authority = Authority(cls.folder, "issuer")

    def domain(self, name, responder, must_staple=False, authority=None, chain=True):
        """A domain with a certificate that names the responder."""
        if name not in self.server.domains():
            self.signet("domain", "add", name)
        authority = authority or self.authority
        extensions = f"subjectAltName=DNS:{name}\nauthorityInfoAccess=OCSP;URI:{responder.url()}\n"
        if must_staple:
            extensions += "tlsfeature=status_request\n"
        pem = authority.sign(self.signet("pki", "csr", name)["pem"], extensions)
        self.signet("pki", "cert-set", name, stdin=pem)
        if chain:
            self.signet("pki", "chain-set", name, stdin=authority.pem())
        return pem

    def shake(self, name, *words):
        """What openssl says of a handshake in which it asked for a staple."""
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.ports['imaps']}", "-servername", name,
             "-status", "-CAfile", self.authority.cert, *words],
            input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
        return done.stdout.decode(errors="replace")

    def stapled(self, name, *words):
        return "OCSP Response Status: successful" in self.shake(name, *words)

    def responder(self, **more):
        responder = Responder(self.authority, self.folder, **more)
        self.addCleanup(responder.stop)
        return responder

    def fetched(self, name):
        return self.until(lambda: self.signet("pki", "ocsp", name).get("says"),
                          lambda: f"an answer: {self.signet('pki', 'ocsp', name)}", 10)

    def test_09_stapled_in_both_versions(self):
        responder = self.responder()
        responder.know(self.domain("good.test", responder))
        responder.start()
        self.assertEqual(self.fetched("good.test"), "good")
        for version in ("-tls1_2", "-tls1_3"):
            for _ in range(3):  # also what a cache gives
                said = self.shake("good.test", version)
                self.assertIn("OCSP Response Status: successful", said, version)
                self.assertIn("Cert Status: good", said, version)
                self.assertIn("Verify return code: 0 (ok)", said, version)
        said = subprocess.run(
            ["gnutls-cli", "--port", str(self.server.ports["imaps"]), "--sni-hostname", "good.test",
             "--verify-hostname", "good.test", "--x509cafile", self.authority.cert, "--ocsp", "127.0.0.1"],
            input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30).stdout.decode()
        self.assertIn("Options: OCSP status request", said.replace("\n", " "))

    def test_09_survives_a_restart_without_responder(self):
        responder = self.responder()
        responder.know(self.domain("kept.test", responder))
        responder.start()
        self.fetched("kept.test")
        responder.stop()
        self.server.kill()
        self.server.start()
        self.assertTrue(self.stapled("kept.test", "-tls1_3"))
        self.assertTrue(self.stapled("kept.test", "-tls1_2"))

    def test_09_revoked_is_told_and_not_stapled(self):
        responder = self.responder()
        self.server.add("postmaster@gone.test")
        pem = self.domain("gone.test", responder)
        responder.know(pem, revoked=True)
        responder.start()
        self.assertEqual(self.fetched("gone.test"), "revoked")
        self.assertFalse(self.stapled("gone.test"))
        self.assertIn("revoked", self.signet("pki", "show", "gone.test")["message"])
        self.assertIn("certificate-not-good domain=gone.test says=revoked", self.server.log())
        with imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=anyone(), timeout=60) as imap:
            imap.login("postmaster@gone.test", PASSWORD)
            imap.select("INBOX")
            self.assertEqual(len(imap.search(None, "SUBJECT", "revoked")[1][0].split()), 1)
        # taken back: the next answer is stapled
        responder.stop()
        responder.know(pem)
        responder.start()
        self.assertEqual(self.signet("pki", "ocsp-refresh", "gone.test")["says"], "good")
        self.assertTrue(self.stapled("gone.test"))

    def test_09_must_staple_without_answer(self):
        responder = self.responder()
        responder.know(self.domain("must.test", responder, must_staple=True))
        shown = self.signet("pki", "show", "must.test")
        self.assertIn("must be stapled", shown["message"])
        self.assertFalse(self.stapled("must.test"))
        state = self.until(lambda: self.signet("pki", "ocsp", "must.test").get("failed"), "a failure")
        self.assertIn("Connection refused", state)
        responder.start()  # and it is asked again
        self.assertEqual(self.fetched("must.test"), "good")
        self.assertTrue(self.stapled("must.test"))
        self.assertNotIn("must be stapled", self.signet("pki", "show", "must.test").get("message", ""))

    def test_09_who_may_answer(self):
        delegate, other = Authority(self.folder, "delegate"), Authority(self.folder, "other")
        request = openssl("req", "-new", "-key", delegate.key, "-subj", "/CN=responder")
        delegate.cert.write_text(self.authority.sign(request, "extendedKeyUsage=OCSPSigning"))
        responder = self.responder(signer=delegate)
        pem = self.domain("who.test", responder)
        responder.know(pem)
        responder.start()
        self.assertEqual(self.fetched("who.test"), "good")
        self.assertTrue(self.stapled("who.test", "-tls1_3"))
        self.assertTrue(self.stapled("who.test", "-tls1_2"))
        responder.stop()
        # without the purpose, and by somebody else
        delegate.cert.write_text(self.authority.sign(request, "extendedKeyUsage=clientAuth"))
        for signer, why in ((delegate, "did not allow"), (other, "did not allow|does not come from")):
            responder.signer = signer
            responder.start()
            with self.assertRaisesRegex(Failed, why):
                self.signet("pki", "ocsp-refresh", "who.test")
            responder.stop()
        self.assertTrue(self.stapled("who.test"))  # the one before is still good

    def test_09_over_in_time(self):
        """An answer that ends is not shown a moment longer; it is fetched anew at half of its life."""
        replies, known = [], threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                known.wait(10)
                replies.append(body)
                if len(replies) > 1:
                    return self.send_error(503)
                (folder / "ask").write_bytes(body)
                openssl("ocsp", "-index", index, "-CA", authority.cert, "-rsigner", authority.cert,
                        "-rkey", authority.key, "-reqin", folder / "ask", "-respout", folder / "said", "-ndays", "1")
                data = (folder / "said").read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        folder, authority = self.folder, self.authority
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        responder = self.responder()
        responder.port = web.server_address[1]
        index = responder.index
        responder.know(self.domain("ends.test", responder))
        known.set()
        self.assertEqual(self.fetched("ends.test"), "good")
        state = self.signet("pki", "ocsp", "ends.test")
        due = datetime.datetime.fromisoformat(state["due"].replace("Z", "+00:00")).timestamp()
        self.assertAlmostEqual(due, time.time() + 12 * 3600, delta=1.3 * 3600 + 60)
        self.assertTrue(self.stapled("ends.test"))

    def test_09_hostile_responders(self):
        """Endless, silent, cut, wrong: each has its reason, and none holds anything up."""
        cases = {
            b"HTTP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n": "longer than",
            b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 20000: "longer than",
            b"HTTP/1.0 200 OK\r\n\r\njunk": "no response",
            b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n": "302",
            b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc": "cut",
            b"220 mail.test ESMTP\r\n": "not HTTP",
            b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n": "too many",
            b"HTTP/1.0 200 OK\r\n\r\n\x30\x03\x0a\x01\x06": "does not answer us",
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n": "pieces",
        }
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        responder = self.responder()
        responder.port = listener.getsockname()[1]
        said = [b""]

        def serve():
            while True:
                try:
                    with listener.accept()[0] as peer:
                        peer.recv(65536)
                        peer.sendall(said[0])
                except OSError:
                    if listener.fileno() < 0:
                        return
        threading.Thread(target=serve, daemon=True).start()
        self.domain("hostile.test", responder)
        for data, why in cases.items():
            said[0] = data
            with self.assertRaisesRegex(Failed, why):
                self.signet("pki", "ocsp-refresh", "hostile.test")
        self.assertFalse(self.stapled("hostile.test"))

    def test_09_not_from_private_networks(self):
        responder = self.responder()
        responder.know(self.domain("private.test", responder))
        self.signet("setting", "reset", "fetch.private")
        with self.assertRaisesRegex(Failed, "private"):
            self.signet("pki", "ocsp-refresh", "private.test")
        self.signet("setting", "set", "fetch.private", "on")

    def test_09_handshakes_keep_no_memory(self):
        """The library loses memory with each staple in TLS 1.3; what stands around it does not."""
        responder = self.responder()
        responder.know(self.domain("much.test", responder))
        responder.start()
        self.fetched("much.test")
        script = self.folder / "many.py"
        script.write_text(
            "import subprocess,sys\n"
            "for _ in range(int(sys.argv[3])):\n"
            "    subprocess.run(['openssl','s_client','-connect','127.0.0.1:'+sys.argv[1],'-servername','much.test',"
            "'-status',sys.argv[2]],input=b'',stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL)\n")
        def many(n):
            for version in ("-tls1_3", "-tls1_2"):
                subprocess.run(["python3", script, str(self.server.ports["imaps"]), version, str(n)], check=True)
        def grows():
            before = self.server.rss()
            many(60)
            return self.server.rss() - before > 800_000  # 120 of them would lose some 10 KB each, every time
        many(20)
        if not self.server.is_sanitized():
            self.assertFalse(all(grows() for _ in range(4)))
        self.assertTrue(self.stapled("much.test"))


def der_of(pem):
    """The bytes of the secret number of a P-256 key: what is secret of it, in whatever form."""
    text = openssl("pkey", "-noout", "-text", stdin=pem)
    number = text.split("priv:")[1].split("pub:")[0]
    return bytes.fromhex("".join(number.split()).replace(":", "")).lstrip(b"\0")


class MasterKey(unittest.TestCase):
    """The key that opens the private keys: changed while the server runs, cut off anywhere, under a passphrase."""

    def start(self, **more):
        server = Server(**more)
        server.start()
        self.addCleanup(lambda: (server.stop(), server.remove()))
        return server

    def ids(self, server):
        return [row["id"] for row in server.signet("master-key", "show")["rows"]]

    def works(self, server, domains):
        for domain in domains:
            shown = server.signet("pki", "show", domain)
            self.assertEqual(shown["key_test"], "Verification String is OK", domain)

    def shake(self, server, domain):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", server.ports["imaps"]), timeout=30) as sock:
            with context.wrap_socket(sock, server_hostname=domain) as tls:
                return tls.getpeercert(binary_form=True)

    def old_is_nowhere(self, server, old):
        """No record has the old key's id, nor has the file its line."""
        self.assertNotIn(old, (server.data / "master.key").read_text())

    def test_02_changed_while_it_runs(self):
        server = self.start()
        domains = [f"d{n}.test" for n in range(30)]
        for domain in domains:
            server.signet("domain", "add", domain)
        server.signet("relay", "login", "smart.test", "ann", stdin="a password of a smarthost")
        server.signet("profile", "add", "front")
        server.signet("profile", "self-signed", "front")
        old = self.ids(server)[0]
        ended = threading.Event()
        faults = []

        def go_on():
            while not ended.is_set():
                try:
                    self.shake(server, secrets.choice(domains))
                except OSError as why:
                    faults.append(why)
        threads = [threading.Thread(target=go_on) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            shown = server.signet("master-key", "rotate", "--wait")
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        self.assertEqual(faults, [])
        self.assertFalse(shown["changing"], shown)
        self.assertGreaterEqual(shown["sealed-anew"], 30)
        self.assertEqual(len(self.ids(server)), 1)
        self.assertNotEqual(self.ids(server)[0], old)
        self.old_is_nowhere(server, old)
        self.assertIn(old, server.signet("audit", "list", "--limit", "1")["rows"][0]["changed"])
        server.kill()
        server.start()
        self.works(server, domains)
        self.shake(server, "d7.test")
        self.assertNotIn("sealed under another", server.log())

    def test_02_cut_off_anywhere(self):
        """SIGKILL at random moments: at the next start it goes on, and nothing is lost."""
        server = self.start()
        domains = [f"d{n}.test" for n in range(12)]
        for domain in domains:
            server.signet("domain", "add", domain)
        first = self.ids(server)[0]
        for n in range(12):
            server.signet("master-key", "rotate") if len(self.ids(server)) < 6 else None
            time.sleep(secrets.randbelow(100) / 1000 * (1 if n % 3 else 25))
            server.kill()
            server.start()
            self.shake(server, secrets.choice(domains))
        self.works(server, domains)
        end = time.monotonic() + 30
        while len(self.ids(server)) > 1 and time.monotonic() < end:
            time.sleep(0.2)
        self.assertEqual(len(self.ids(server)), 1)
        self.old_is_nowhere(server, first)
        self.works(server, domains)

    def test_02_under_a_passphrase(self):
        server = self.start()
        server.signet("domain", "add", "a.test")
        server.signet("master-key", "protect", stdin="correct horse battery")
        self.assertEqual(server.signet("master-key", "show")["kept"], "file, under a passphrase")
        self.assertTrue((server.data / "master.key").read_text().startswith("passphrase pbkdf2-sha256 "))
        server.stop()
        with self.assertRaisesRegex(Failed, "protected by a passphrase"):
            server.start()
        secret = server.folder / "secret"
        secret.write_text("wrong horse battery\n")
        with self.assertRaisesRegex(Failed, "not the passphrase"):
            server.start("-k", secret)
        secret.write_text("correct horse battery\n")
        server.start("-k", secret)
        self.works(server, ["a.test"])
        server.signet("master-key", "rotate", "--wait")
        server.stop()
        credentials = server.folder / "credentials"
        credentials.mkdir()
        (credentials / "signet-passphrase").write_text("correct horse battery")
        os.environ["CREDENTIALS_DIRECTORY"] = str(credentials)
        try:
            server.start()
        finally:
            del os.environ["CREDENTIALS_DIRECTORY"]
        self.works(server, ["a.test"])
        self.assertNotIn("correct horse", server.log())
        server.signet("master-key", "unprotect")
        server.stop()
        # the key itself as a credential
        shutil.move(server.data / "master.key", credentials / "signet-master-key")
        os.environ["CREDENTIALS_DIRECTORY"] = str(credentials)
        try:
            server.start()
        finally:
            del os.environ["CREDENTIALS_DIRECTORY"]
        self.works(server, ["a.test"])
        self.assertEqual(server.signet("master-key", "show")["kept"], "credential")
        with self.assertRaisesRegex(Failed, "credential"):
            server.signet("master-key", "rotate")

    def memory_has(self, server, needle):
        """Is it anywhere in the memory of the process?"""
        with open(f"/proc/{server.process.pid}/maps") as maps, \
                open(f"/proc/{server.process.pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, mode = line.split()[:2]
                if "r" not in mode or "[v" in line:
                    continue
                start, end = (int(part, 16) for part in span.split("-"))
                try:
                    memory.seek(start)
                    data = memory.read(end - start)
                except (OSError, ValueError, OverflowError):
                    continue
                if needle in data:
                    return line.strip()
        return None

    def test_02_a_key_that_is_gone_is_gone_from_memory(self):
        server = self.start()
        server.signet("domain", "add", "a.test")
        pem = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        server.signet("pki", "key-remove", "a.test")
        server.signet("pki", "key-import", "a.test", stdin=pem)
        server.signet("pki", "self-signed", "a.test")
        for _ in range(5):
            self.shake(server, "a.test")
        server.signet("pki", "show", "a.test")
        server.signet("pki", "key-remove", "a.test")
        number = der_of(pem)
        self.assertEqual(len(number), 32)
        time.sleep(0.5)
        if not server.is_sanitized():  # which keeps what was freed
            self.assertIsNone(self.memory_has(server, number))
            self.assertIsNone(self.memory_has(server, number[::-1]))  # as numbers of words
        text = "".join(line for line in pem.splitlines() if "-" not in line).encode()
        self.assertIsNone(self.memory_has(server, text[8:60]))


class PrivateKeys(Watched):
    """C-001, C-002."""

    def crawl(self, browser):
        seen, todo = {}, ["/", "/admin"]
        while todo and len(seen) < 150:
            path = todo.pop().split("#")[0]
            if path in seen or not path.startswith("/") or path.startswith(("/logout", "/static")):
                continue
            answer = browser.get(path)
            seen[path] = answer.body
            if answer.headers.get("Location"):
                todo.append(answer.headers["Location"])
            todo += re.findall(r'href="(/[^"]*)"', answer.body.decode(errors="replace"))
        return seen

    def test_C_001_private_key_kept_secret(self):
        """In no page, log line, API answer or file is a private key, in any form."""
        pem = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        der = self.folder / "der"
        openssl("pkey", "-outform", "DER", "-out", der, stdin=pem)
        self.signet("pki", "key-remove", "alpha.test")
        self.signet("pki", "key-import", "alpha.test", stdin=pem)
        self.signet("pki", "self-signed", "alpha.test")
        self.signet("pki", "key-remove", "beta.test")
        self.signet("pki", "key-generate", "beta.test")
        self.signet("pki", "self-signed", "beta.test")
        self.signet("account", "role", BOB, "server-admin")
        number = der_of(pem)
        needles = [b"PRIVATE KEY", number, number.hex().encode(), number.hex().upper().encode(),
                   base64.b64encode(der.read_bytes())[12:72]]

        def clean(where, data):
            for needle in needles:
                self.assertNotIn(needle, data.replace(b"\n", b""), where)

        browser = Browser(self.server)
        self.addCleanup(browser.close)
        browser.login(BOB)
        pages = self.crawl(browser)
        self.assertGreater(len(pages), 10)
        for path, body in pages.items():
            # a page may ask for one: what it says of that is no key
            clean(path, body.replace(b"BEGIN PRIVATE KEY", b"").replace(b"BEGIN EC PRIVATE KEY", b""))
        api = self.api()
        for path, methods in api.ask("GET", "/api/v1/openapi.json").json["paths"].items():
            if "get" not in methods:
                continue
            args = {field["name"]: {"idn-hostname": "alpha.test", "idn-email": ANN}.get(
                        field["schema"].get("format"), "alpha.test")
                    for field in methods["get"].get("parameters", []) if field["required"]}
            noun, verb = path.strip("/").split("/")
            answer = api.call(noun, verb, get=True, **args)
            clean(path, answer.body)
        clean("log", self.server.log_path.read_bytes())
        files = [path for path in self.server.data.rglob("*") if path.is_file()]
        self.assertGreater(len(files), 5)
        for path in files:
            clean(path, path.read_bytes())
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_C_002_signed_data_verify(self):
        """What the domain's key signed is good, and with any byte changed it is not."""
        self.signet("domain", "add", "signs.test")
        request = self.signet("pki", "csr", "signs.test")["pem"]
        self.assertIn("verify OK", openssl("req", "-verify", "-noout", stdin=request))
        self.assertEqual(self.signet("pki", "show", "signs.test")["key_test"], "Verification String is OK")
        der = self.folder / "request.der"
        openssl("req", "-outform", "DER", "-out", der, stdin=request)
        good = der.read_bytes()
        at = good.index(b"signs.test")  # inside what is signed
        der.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        try:
            said = openssl("req", "-inform", "DER", "-in", der, "-verify", "-noout")
        except Failed as why:
            said = str(why)
        self.assertRegex(said, "(?i)verif.*fail")
        # and here: a certificate for a request that was changed is refused
        self.signet("pki", "self-signed", "signs.test")
        chain = self.signet("pki", "certificate", "signs.test")["chain"]
        openssl("x509", "-outform", "DER", "-out", der, stdin=chain)
        cert = der.read_bytes()
        trust = self.folder / "trust.pem"
        trust.write_text(chain)
        openssl("verify", "-CAfile", trust, trust)
        at = cert.rindex(b"signs.test")
        der.write_bytes(cert[:at] + bytes([cert[at] ^ 1]) + cert[at + 1:])
        broken = self.folder / "broken.pem"
        openssl("x509", "-inform", "DER", "-in", der, "-out", broken)
        authority = Authority(self.folder, "root2")
        leaf = authority.sign(request)
        path = self.folder / "leaf.pem"
        path.write_text(leaf)
        done = self.server.run_signet("pki", "verify", "--trust", str(authority.cert), str(path))
        self.assertEqual(done.returncode, 0, done.stdout)
        openssl("x509", "-outform", "DER", "-out", der, stdin=leaf)
        cert = der.read_bytes()
        at = cert.rindex(b"signs.test")
        der.write_bytes(cert[:at] + bytes([cert[at] ^ 1]) + cert[at + 1:])
        openssl("x509", "-inform", "DER", "-in", der, "-out", path)
        done = self.server.run_signet("pki", "verify", "--trust", str(authority.cert), str(path))
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(b"signature", done.stdout)


class Expiry(Watched):
    """What ends when; warnings; renewal by a program, and by their own keys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.folder, "issuer")
        cls.server.add("postmaster@alpha.test")
        for name, value in (("pki.expiry.warn", "2d"), ("pki.renew.before", "1s"), ("pki.expiry.check", "1s")):
            cls.server.signet("setting", "set", name, value)

    def rows(self, *words):
        return self.until(lambda: self.listing(*words), "read")["rows"]

    def listing(self, *words):
        try:
            return self.signet("pki", "expiry", *words)
        except Failed as why:
            self.assertIn("still being read", str(why))

    def certify(self, domain, days):
        """A certificate of the authority for the domain's key."""
        if domain not in self.server.domains():
            self.signet("domain", "add", domain)
        pem = self.authority.sign(self.signet("pki", "csr", domain)["pem"], f"subjectAltName=DNS:{domain}", days)
        self.signet("pki", "cert-set", domain, stdin=pem)
        return pem

    def hook(self, text):
        path = self.folder / "hook"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        self.signet("setting", "set", "pki.renew.hook", str(path))
        return path

    def test_10_the_soonest_first(self):
        for days, domain in ((200, "late.test"), (50, "soon.test"), (90, "mid.test")):
            self.certify(domain, days)
        self.signet("trust", "add", stdin=self.authority.pem())
        self.signet("profile", "add", "front")
        self.signet("profile", "self-signed", "front")
        rows = self.rows()
        self.assertEqual([row["till"] for row in rows], sorted(row["till"] for row in rows))
        kinds = {(row["kind"], row["of"]) for row in rows}
        self.assertLessEqual({("certificate", "late.test"), ("trusted", "server"), ("profile", "front")}, kinds)
        mine = [row["of"] for row in rows if row["of"] in ("late.test", "soon.test", "mid.test")]
        self.assertEqual(mine, ["soon.test", "mid.test", "late.test"])
        self.assertIn("beta.test", [row["of"] for row in rows if row["automatic"]])
        first = self.rows("--limit", "2")
        then = self.rows("--limit", "2", "--skip", "2")
        self.assertEqual(first + then, rows[:4])
        self.assertEqual({row["of"] for row in self.rows("--domain", "mid.test")}, {"mid.test"})
        self.assertEqual({row["of"] for row in self.rows("--within", "60d", "--domain", "soon.test")}, {"soon.test"})
        # a change is there at once, and what is gone is gone
        self.certify("late.test", 10)
        self.assertIn(self.rows("--domain", "late.test")[0]["days"], (9, 10))
        self.signet("domain", "remove", "mid.test")
        self.assertEqual(self.rows("--domain", "mid.test"), [])
        seen = self.api("--domain", "alpha.test").call("pki", "expiry", get=True).json["rows"]
        self.assertEqual({row["of"] for row in seen}, {"alpha.test"})
        before = self.rows()
        self.server.stop()
        self.server.start()
        self.assertEqual([dict(row, days=0) for row in self.rows()], [dict(row, days=0) for row in before])

    def mails(self):
        imap = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=anyone(), timeout=60)
        imap.login("postmaster@alpha.test", PASSWORD)
        imap.select("INBOX")
        numbers = imap.search(None, "SUBJECT", '"Certificates end soon"')[1][0].split()
        texts = [imap.fetch(number, "(BODY[])")[1][0][1].decode() for number in numbers]
        imap.logout()
        return texts

    def test_10_the_postmaster_is_told_once(self):
        self.certify("alpha.test", 20)
        self.signet("setting", "set", "pki.expiry.warn", "30d 7d")
        mail, = self.until(self.mails, "a mail")
        self.assertIn("certificate of alpha.test", mail)
        self.assertRegex(mail, r"ends in (19|20) days, on ")
        self.assertIn("Auto-Submitted: auto-generated", mail)
        self.assertIn(self.signet("pki", "show", "alpha.test")["sha256"], mail)
        self.assertIn("certificate-ends kind=certificate of=alpha.test", self.server.log())
        self.server.kill()  # whoever starts again does not say it again
        self.server.start()
        time.sleep(2.5)
        self.assertEqual(len(self.mails()), 1)
        self.signet("setting", "set", "pki.expiry.warn", "30d 21d 7d")  # and at the next stage
        self.until(lambda: len(self.mails()) == 2, "a second mail")
        time.sleep(1.5)
        self.assertEqual(len(self.mails()), 2)
        self.signet("setting", "set", "pki.expiry.warn", "2d")

    def test_10_renewed_by_a_program(self):
        self.certify("hook.test", 5)
        before = self.signet("pki", "show", "hook.test")
        path = self.hook(f'''test "$1" = hook.test -a "$SIGNET_DOMAIN" = hook.test || exit 3
cat > {self.folder}/asked.pem
env | cut -d= -f1 | sort > {self.folder}/words
ls /proc/self/fd > {self.folder}/fds
grep NoNewPrivs /proc/self/status > {self.folder}/status
echo "subjectAltName=DNS:hook.test" > {self.folder}/ext
openssl x509 -req -in {self.folder}/asked.pem -CA {self.authority.cert} -CAkey {self.authority.key} \\
    -CAcreateserial -days 70 -extfile {self.folder}/ext 2>/dev/null
cat {self.authority.cert}
''')
        self.signet("setting", "set", "pki.renew.before", "10d", "--domain", "hook.test")
        after = self.until(lambda: self.renewed("hook.test", before), "renewed", 60)
        self.assertEqual(after["till"][:10],
                         (datetime.datetime.utcnow() + datetime.timedelta(days=70)).isoformat()[:10])
        self.assertEqual(len(after["rows"]), 1)  # the chain came with it
        self.assertEqual((self.folder / "status").read_text().split()[1], "1")
        self.assertLessEqual(set((self.folder / "words").read_text().split()),
                             {"PATH", "LC_ALL", "SIGNET_DOMAIN", "PWD", "_", "SHLVL", "OLDPWD"})
        self.assertEqual((self.folder / "fds").read_text().split()[:3], ["0", "1", "2"])
        self.assertLessEqual(len((self.folder / "fds").read_text().split()), 4)
        changes = [row["changed"] for row in self.signet("audit", "list", "--domain", "hook.test")["rows"]
                   if row["operation"] == "changed by itself"]
        self.assertIn(f"certificate hook.test {before['sha256']} {after['sha256']}", changes)
        context = ssl.create_default_context(cafile=str(self.authority.cert))
        with socket.create_connection(("127.0.0.1", self.server.ports["imaps"]), timeout=30) as sock:
            context.wrap_socket(sock, server_hostname="hook.test").close()
        path.unlink()

    def renewed(self, domain, before):
        shown = self.signet("pki", "show", domain)
        return shown if shown["sha256"] != before["sha256"] else None

    def test_10_programs_that_do_not_help(self):
        self.certify("bad.test", 5)
        before = self.signet("pki", "show", "bad.test")["sha256"]
        self.signet("setting", "set", "pki.renew.hook-time", "1s")
        mark = secrets.token_hex(8)
        other = self.authority.sign(openssl("req", "-new", "-key", Authority(self.folder, "x").key, "-subj", "/CN=x"))
        (self.folder / "other.pem").write_text(other)
        for text, why in (("exit 7", "ended with 7"), ("echo no luck >&2; exit 1", "no luck"),
                          ("echo junk", "(?i)no certificate|PEM|cannot be read"), ("yes", "says too much"),
                          (f"sleep 77 & echo {mark} > /dev/null; sleep 77", "in time"),
                          ("kill -9 $$", "signal 9"), (f"cat {self.folder}/other.pem", "not belong|another key|belong")):
            self.hook(text)
            with self.assertRaisesRegex(Failed, why):
                self.signet("pki", "renew-now", "bad.test")
        left = subprocess.run(["pgrep", "-f", "sleep 77"], stdout=subprocess.PIPE).stdout
        self.assertEqual(left, b"")
        path = self.hook("exit 0")
        path.chmod(0o777)
        with self.assertRaisesRegex(Failed, "changed by others"):
            self.signet("pki", "renew-now", "bad.test")
        self.assertEqual(self.signet("pki", "show", "bad.test")["sha256"], before)
        self.signet("setting", "reset", "pki.renew.hook")
        with self.assertRaisesRegex(Failed, "nothing is set"):
            self.signet("pki", "renew-now", "bad.test")

    def test_10_self_signed_by_itself(self):
        self.signet("domain", "add", "self.test")
        self.signet("setting", "set", "pki.certificate-days", "5", "--domain", "self.test")
        self.signet("pki", "self-signed", "self.test", "--o", "A Company")
        before = self.signet("pki", "show", "self.test")
        self.signet("setting", "set", "pki.certificate-days", "50", "--domain", "self.test")
        self.signet("setting", "set", "pki.renew.self-signed", "on", "--domain", "self.test")
        self.signet("setting", "set", "pki.renew.before", "10d", "--domain", "self.test")
        after = self.until(lambda: self.renewed("self.test", before), "renewed")
        self.assertEqual(after["subject"], before["subject"])
        self.assertEqual(after["key_type"], before["key_type"])
        self.assertNotEqual(after["serial"], before["serial"])


class Lists(Watched):
    """Lists of revoked certificates, fetched from where clients' certificates name them."""

    def test_09_crl_of_clients_is_fetched(self):
        people = Authority(self.folder, "People")
        served = {"list": b""}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(served["list"])))
                self.end_headers()
                self.wfile.write(served["list"])

            def log_message(self, *_):
                pass

        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        url = f"http://127.0.0.1:{web.server_address[1]}/people.crl"
        users = {}
        for name in ("good", "gone"):
            key = self.folder / f"{name}.key"
            key.write_text(openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
            request = openssl("req", "-new", "-key", key, "-subj", f"/CN={name}")
            users[name] = self.folder / f"{name}.user"
            users[name].write_text(key.read_text() + people.sign(
                request, f"subjectAltName=email:{BOB}\nextendedKeyUsage=clientAuth\ncrlDistributionPoints=URI:{url}"))
        config, index = self.folder / "crl.cnf", self.folder / "index"
        index.write_text("")
        config.write_text(f"[ca]\ndefault_ca=x\n[x]\ndatabase={index}\ndefault_md=sha256\ndefault_crl_days=5\n")
        words = ("ca", "-config", config, "-cert", people.cert, "-keyfile", people.key)
        openssl(*words, "-revoke", users["gone"])
        openssl(*words, "-gencrl", "-out", self.folder / "crl.pem")
        openssl("crl", "-in", self.folder / "crl.pem", "-outform", "DER", "-out", self.folder / "crl.der")
        served["list"] = (self.folder / "crl.der").read_bytes()

        self.signet("trust", "add", "--domain", "alpha.test", stdin=people.pem())
        sha256 = next(row["sha256"] for row in self.signet("client-ca", "show", "alpha.test")["rows"])
        self.signet("client-ca", "set", "alpha.test", sha256, "--required")
        self.signet("setting", "set", "fetch.private", "on")

        def works(name):
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.ports['imaps']}", "-servername",
                 "alpha.test", "-cert", users[name], "-key", users[name], "-quiet", "-ign_eof"],
                input=b"a LOGOUT\r\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
            return b"a OK" in done.stdout

        self.assertTrue(works("gone"))  # the setting is off
        time.sleep(1)
        self.assertEqual(self.signet("trust", "crl-list", "--domain", "alpha.test")["rows"], [])
        self.signet("setting", "set", "pki.crl.fetch", "on", "--domain", "alpha.test")
        self.assertTrue(works("good"))  # nobody waits for a list: the first one is fetched behind it
        self.until(lambda: self.signet("trust", "crl-list", "--domain", "alpha.test")["rows"], "fetched")
        self.assertFalse(works("gone"))
        self.assertTrue(works("good"))
