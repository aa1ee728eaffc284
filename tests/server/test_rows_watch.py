"""test_rows_watch - what is watched over: who changed what, what expires, what was revoked, the master key

SPEC C-001, C-002.
"""
import json
import pathlib
import secrets
import shutil
import tempfile
import time
import unittest

from server import Failed, PASSWORD, Server
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
        self.fail(f"{what}: not within {seconds} s")


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
