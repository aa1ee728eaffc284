"""test_web_pki - the pages on keys, certificates and trust, used by a browser without JavaScript

A method is named by the point of docs/capabilities.md that it shows. SHOTS=folder keeps pictures.
"""
import html
import pathlib
import re
import subprocess
import tempfile
import unittest

import browser
import pki
import slapd
from dns import Names
from server import Server
from test_web import Web, openssl


def der(pem):
    """The DER of one certificate, as openssl reads it."""
    done = subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem.encode(), capture_output=True)
    return done.stdout


class World:
    """One server and one browser for all classes: starting them takes seconds."""

    server = web = folder = None


def setUpModule():
    if not browser.installed():
        raise unittest.SkipTest("no chromium, or no chromium-driver")
    World.server = unittest.enterModuleContext(Server())
    World.server.add("root@alpha.test", "ann@alpha.test", "cy@beta.test")
    World.server.signet("account", "role", "root@alpha.test", "server-admin")
    World.server.signet("account", "role", "ann@alpha.test", "domain-admin")
    World.web = unittest.enterModuleContext(browser.Browser(javascript=False))
    World.folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory()))
    page = Pages()
    page.setUpClass()
    page.log_in("root@alpha.test")


class Pages(Web):
    """Logged in as an admin of the server."""

    @classmethod
    def setUpClass(cls):
        cls.server, cls.web, cls.folder = World.server, World.web, World.folder

    def file(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def info(self, term):
        """What stands behind a term of a list, without its markup."""
        found = re.search(rf"<dt>{term}</dt><dd[^>]*>(.*?)</dd>", self.web.source(), re.S)
        if not found:
            self.fail(f"no {term} in {self.web.text('main')[:1500]!r}")
        return html.unescape(re.sub("<[^>]*>", "", found.group(1))).strip()

    def values(self, name):
        options = re.search(rf'<select[^>]* name="{name}".*?</select>', self.web.source(), re.S)
        return re.findall(r'<option value="([^"]*)"', options.group())

    def refused(self, *words, where="main"):
        complaint = f"{where} .notice.bad, {where} .wrong"
        if not self.web.has(complaint):
            self.fail(f"nothing is refused in {self.web.text('main')[:1500]!r}")
        said = self.web.text(complaint).lower()
        for word in words:
            self.assertIn(word, said)

    def sure(self, action):
        """Press, and answer the question with yes."""
        self.press(action)
        self.press(action)


class Domain(Pages):
    """C2 to C6: a domain of its own for each test."""

    def new_domain(self, name, *, key=False):
        self.server.signet("domain", "add", name)
        self.server.signet("pki", "key-remove", name)
        if key:
            self.server.signet("pki", "key-generate", name)
        self.domain = name
        self.go(f"/admin/domain/{name}/security/pki")

    def show(self):
        return self.server.signet("pki", "show", self.domain)

    def authority(self, name="Test Root"):
        """Key and certificate of an authority, as files."""
        key, cert = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        if not cert.exists():
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    str(key), "-out", str(cert), "-subj", f"/CN={name}", "-days", "30")
        return key, cert

    def signed(self, request, name="Test Root", *more):
        """What the authority makes of a request."""
        key, cert = self.authority(name)
        text = openssl("x509", "-req", "-CA", str(cert), "-CAkey", str(key), "-days", "20", *more, stdin=request)
        return text[text.index("-----BEGIN"):]

    def test_C_010_by_links_from_the_domains(self):
        self.go("/")
        self.web.follow("link=Domains")
        self.web.follow("link=alpha.test")
        self.web.follow("a[href='/admin/domain/alpha.test/security']")
        self.shoot("domain-security")
        self.web.follow("link=PKI")
        self.sees("PKI Services", "alpha.test")

    def test_C_011_three_modes(self):
        self.new_domain("modes.test")
        self.assertEqual(self.values("mode"), ["disabled", "test", "enabled"])
        for mode in ("test", "disabled", "enabled"):
            self.web.choose("[name=mode]", mode)
            self.press("mode")
            self.assertEqual(self.show()["mode"], mode)
            self.assertEqual(self.web.value("[name=mode]"), mode)

    def test_C_012_disabled_keeps_what_is_there(self):
        self.new_domain("kept.test", key=True)
        self.server.signet("pki", "self-signed", "kept.test")
        self.web.choose("[name=mode]", "disabled")
        self.press("mode")
        self.sees("no TLS", "Verification String is OK")
        self.assertTrue(self.info("Serial Number"))

    def test_C_013_E_006_the_demo_is_marked(self):
        self.new_domain("demo.test")
        self.assertNotIn("not verifiable", self.web.text("main"))
        self.web.choose("[name=mode]", "test")
        self.press("mode")
        self.sees("demo, not verifiable", "TLS is on")

    def test_C_018_only_the_key_menu_at_first(self):
        self.new_domain("first.test")
        self.assertEqual(self.values("type"), ["P-256", "P-384", "RSA-2048", "RSA-3072", "RSA-4096", "import"])
        self.assertTrue(self.web.has("button[value=key]"))
        for name in ("cn", "contact"):
            self.assertFalse(self.web.has(f"[name={name}]"), name)
        self.shoot("pki-first")

    def test_C_019_fields_when_there_is_a_key(self):
        self.new_domain("fields.test")
        self.press("key")
        for name in ("cn", "o", "ou", "l", "st", "c", "contact"):
            self.assertTrue(self.web.has(f"#generator [name={name}]"), name)
        self.shoot("pki-key")

    def test_C_020_C_029_sizes(self):
        moduli = set()
        for kind, says in (("RSA-2048", "2048 bit"), ("P-384", "384 bit"), ("RSA-3072", "3072 bit")):
            self.new_domain(f"{kind.lower()}.test")
            self.web.choose("[name=type]", kind)
            self.press("key")
            self.assertIn(says, self.info("Key Size"))
            self.assertEqual(self.info("Encryption Test"), "Verification String is OK")
            moduli.add(self.server.signet("pki", "csr", self.domain)["pem"])
        self.assertEqual(len(moduli), 3)

    def importing(self, name):
        self.new_domain(name)
        self.web.choose("[name=type]", "import")
        self.press("key")

    def test_C_022_import_asks_for_a_text(self):
        self.importing("import.test")
        self.assertTrue(self.web.has("textarea[name=pem]"))
        self.assertTrue(self.web.has("input[type=file][name=pem-file]"))
        self.assertNotIn("key_type", self.show())
        self.shoot("pki-import")

    def test_C_023_C_024_C_025_keys_of_other_programs(self):
        rsa = openssl("genrsa", "-traditional", "2048")
        rsa = rsa[rsa.index("-----BEGIN"):]
        for name, pem in (("pkcs1", rsa), ("pkcs8", openssl("pkey", stdin=rsa)),
                          ("certtool", subprocess.run(["certtool", "--generate-privkey", "--key-type", "ecdsa"],
                                                      capture_output=True, text=True).stdout)):
            self.importing(f"{name}.test")
            self.web.fill("[name=pem]", pem)
            self.press("import")
            self.sees("The key was imported.")
            self.assertEqual(self.info("Encryption Test"), "Verification String is OK")
            self.assertNotIn("PRIVATE KEY-----\nM", self.web.source())

    def test_C_024_a_file_instead_of_a_text(self):
        self.importing("upload.test")
        self.web.attach("[name=pem-file]", self.file("k.pem", openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                                                                      "ec_paramgen_curve:P-384")))
        self.press("import")
        self.assertIn("384 bit", self.info("Key Size"))

    def test_C_026_C_027_locked_keys_are_named_so(self):
        self.importing("locked.test")
        key = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        for pem in (openssl("ec", "-aes128", "-passout", "pass:secret", stdin=key),
                    openssl("pkey", "-aes128", "-passout", "pass:secret", stdin=key)):
            self.web.fill("[name=pem]", pem[pem.index("-----BEGIN"):])
            self.press("import")
            self.refused("encrypted")
            self.assertEqual(self.web.value("[name=pem]"), "")
        self.assertNotIn("key_type", self.show())

    def test_C_028_other_things_are_no_keys(self):
        self.importing("other.test")
        self.press("import")
        self.refused()
        wrong = {"cert.pem": self.server.signet("pki", "show", "alpha.test")["chain"],
                 "cut.pem": openssl("genrsa", "2048")[:600], "junk": b"\x00\xff junk " * 100000,
                 "empty": b" "}
        for name, what in wrong.items():
            with self.subTest(name):
                self.web.attach("[name=pem-file]", self.file(name, what))
                self.press("import")
                self.refused()
        self.assertNotIn("key_type", self.show())

    def test_C_031_remove_takes_both(self):
        self.new_domain("remove.test", key=True)
        self.server.signet("pki", "self-signed", "remove.test")
        self.press("key-remove")
        self.sees("Its certificate goes with it")
        self.press("key-remove")
        self.sees("There is no private key.")
        self.assertNotIn("subject", self.show())

    def test_C_034_C_035_names_to_choose(self):
        for name, wants in (("mail.company.test", ["mail.company.test", "*.company.test"]),
                            ("company.test", ["company.test", "*.company.test"])):
            self.new_domain(name, key=True)
            self.assertEqual(self.values("cn"), wants)
        for alias in ("one.test", "two.test"):
            self.server.signet("domain-alias", "add", alias, "company.test")
        self.go("/admin/domain/company.test/security/pki")
        self.assertEqual(self.values("cn"), ["company.test", "one.test", "two.test", "*.company.test"])
        self.web.choose("[name=cn]", "two.test")
        self.press("request")
        self.assertIn("CN = two.test", openssl("req", "-noout", "-subject", stdin=self.web.value("[name=csr]")))

    def test_C_035_no_wildcard_for_one_part(self):
        self.new_domain("single", key=True)
        self.assertEqual(self.values("cn"), ["single"])

    def test_C_036_C_037_C_038_C_039_a_request(self):
        self.new_domain("request.test", key=True)
        fields = {"o": "Gamma & Söhne", "ou": "Mail", "l": "Köln", "st": "NRW", "c": "DE", "contact": "not-an-address"}
        for name, value in fields.items():
            self.web.fill(f"#generator [name={name}]", value)
        self.press("request")
        self.assertTrue(self.web.has(".bad [name=contact]"))
        self.assertEqual(self.web.value("#generator [name=o]"), "Gamma & Söhne")
        self.web.fill("#generator [name=contact]", "x@other.test")
        self.press("request")
        self.shoot("pki-request")
        text = openssl("req", "-verify", "-noout", "-subject", "-nameopt", "utf8,sep_multiline",
                       stdin=self.web.value("[name=csr]"))
        for said in ("verify OK", "CN=request.test", "O=Gamma & Söhne", "OU=Mail", "L=Köln", "ST=NRW", "C=DE",
                     "emailAddress=x@other.test"):
            self.assertIn(said, text)

    def test_C_039_the_request_as_a_file(self):
        self.new_domain("file.test", key=True)
        self.web.click("button[value=request-file]")
        text = self.web.downloaded("file.test.csr").read_text()
        self.assertIn("verify OK", openssl("req", "-verify", "-noout", stdin=text))

    def test_C_046_names_are_marked_and_may_be_left_out(self):
        self.new_domain("names.test", key=True)
        self.server.signet("domain-alias", "add", "alias.test", "names.test")
        self.go("/admin/domain/names.test/security/pki")
        marks = self.web.count("#generator [name=names]")
        self.assertEqual(self.web.count("#generator [name=names]:checked"), marks)
        self.assertGreater(marks, 1)
        self.web.fill("#generator [name=more]", "www.names.test")
        self.web.click("#generator [name=names][value='alias.test']")
        self.press("self-signed")
        good = self.info("Good for").split()
        self.assertIn("www.names.test", good)
        self.assertNotIn("alias.test", good)
        self.unfold("#generator")
        self.assertEqual(self.web.value("#generator [name=more]"), "www.names.test")
        for i in range(marks - 1):
            self.web.click("#generator [name=names]:checked")
        self.web.fill("#generator [name=more]", "")
        self.press("self-signed")
        self.assertEqual(self.info("Good for"), "names.test")

    def test_C_040_C_041_C_042_C_043_what_an_authority_signed(self):
        self.new_domain("signed.test", key=True)
        self.web.fill("#set [name=pem]", self.server.signet("pki", "show", "alpha.test")["chain"])
        self.press("cert")
        self.refused()
        self.assertIn("BEGIN CERTIFICATE", self.web.value("#set [name=pem]"))
        self.web.fill("#set [name=pem]", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")
        self.press("cert")
        self.refused()
        request = self.server.signet("pki", "csr", "signed.test", "--o", "Signed, Inc.", "--c", "DE", "--contact",
                                     "ca@other.test")["pem"]
        pem = self.signed(request, "Test Root", "-copy_extensions", "copyall")
        self.web.attach("#set [name=pem-file]", self.file("signed.pem", pem))
        self.press("cert")
        self.sees("The certificate was set.", "Signed, Inc.", "Test Root", "ca@other.test")
        self.shoot("pki-signed")
        told = openssl("x509", "-noout", "-serial", "-startdate", "-enddate", "-fingerprint", "-sha256", stdin=pem)
        self.assertIn(self.info("Serial Number").replace(":", "").upper().lstrip("0"), told)
        start = re.search(r"notBefore=\w+ +\d+ ([\d:]+) ", told).group(1)
        self.assertIn(start, self.info("Valid From"))
        self.assertIn(re.search(r"notAfter=\w+ +\d+ ([\d:]+) ", told).group(1), self.info("Valid Till"))
        self.assertFalse(self.web.has("button[value=refresh]"))  # C-057

    def test_P_030_fingerprints(self):
        self.new_domain("print.test", key=True)
        self.press("self-signed")
        pem = self.show()["chain"]
        for kind, term in (("sha256", "SHA-256"), ("sha1", "SHA-1"), ("md5", "MD5, legacy")):
            told = openssl("x509", "-noout", "-fingerprint", f"-{kind}", stdin=pem).strip().split("=")[1]
            self.assertEqual(self.info(term), told)

    def test_C_045_remove_the_certificate_alone(self):
        self.new_domain("gone.test", key=True)
        self.press("self-signed")
        self.sure("cert-remove")
        self.sees("The certificate was removed.", "There is a key, but no certificate.")
        self.assertIn("key_type", self.show())

    def test_C_047_to_C_053_the_chain(self):
        self.new_domain("chain.test", key=True)
        pem = self.signed(self.server.signet("pki", "csr", "chain.test")["pem"], "Issuer A")
        self.server.signet("pki", "cert-set", "chain.test", stdin=pem)
        a, b = ((self.authority(name)[1]).read_text() for name in ("Issuer A", "Unrelated B"))
        self.go("/admin/domain/chain.test/security/pki")
        self.web.fill("#chain [name=pem]", a + b.replace("MII", "!!!", 1) + a)
        self.press("chain")
        self.refused()  # C-048
        self.assertEqual(self.web.count("#chain tbody tr"), 0)
        self.web.fill("#chain [name=pem]", b + a)
        self.press("chain")  # C-050, C-052: taken, with a word on it
        self.assertEqual(self.web.count("#chain tbody tr"), 2)
        self.assertIn("Unrelated B", self.web.text("#chain tbody tr"))  # C-047, C-049
        self.sees("the order is wrong")
        self.go("/admin/domain/chain.test/security/pki")
        self.sees("the order is wrong")
        self.shoot("pki-chain")
        self.sure("chain-remove")  # C-053
        self.sees("The chain was removed.")
        self.assertEqual(self.web.count("#chain tbody tr"), 0)

    def test_C_055_C_057_C_058_self_signed_and_refreshed(self):
        self.new_domain("self.test", key=True)
        self.press("self-signed")
        self.sees("has a self-signed certificate", "self-signed")
        serial, begin = self.info("Serial Number"), self.show()["sha256"]
        self.shoot("pki-self-signed")
        self.press("refresh")
        self.assertEqual(self.info("Serial Number"), serial)
        self.web.follow("form:has([name=new-serial]) button")
        self.assertNotEqual(self.info("Serial Number"), serial)
        self.assertNotEqual(self.show()["sha256"], begin)

    def test_C_060_the_certificate_as_a_file(self):
        self.go("/admin/domain/alpha.test/security/pki")
        self.web.click("button[value=cert-take]")
        pem = self.web.downloaded("alpha.test.pem").read_text()
        self.assertEqual(der(pem), der(self.server.signet("pki", "show", "alpha.test")["chain"]))

    def test_C_033_a_name_that_does_not_match_is_said(self):
        self.new_domain("mismatch.test", key=True)
        self.server.signet("pki", "self-signed", "mismatch.test", "--cn", "other.example", "--names", "other.example")
        self.go("/admin/domain/mismatch.test/security/pki")
        self.sees("The certificate is not for the name mismatch.test")


    def test_E_015_compared_with_the_mx_record(self):
        with Names({"mx.test": {"MX": ["10 mail.mx.test"]}}) as names:
            self.server.signet("setting", "set", "dns.servers", names.address)
            self.addCleanup(self.server.signet, "setting", "reset", "dns.servers")
            self.new_domain("mx.test", key=True)
            self.press("self-signed")
            self.press("compare")
            self.sees("mail.mx.test", "Host name")


    def test_P_015_files_of_other_programs(self):
        self.new_domain("files.test", key=True)
        key, cert = self.authority("files.test")
        self.unfold("[value=files]")
        self.web.fill("[name=certificate]", "/nowhere/c.pem")
        self.press("files")
        self.refused()
        self.web.fill("[name=certificate]", str(cert))
        self.web.fill("#bring input[name=key]:not([type=file])", str(key))
        self.press("files")
        self.sees("Key and certificate are read from there.", str(cert))


class Trust(Pages):
    """C7 and C9"""

    def root(self, name):
        text = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                       "/dev/null", "-subj", f"/CN={name}", "-days", "30")
        return text[text.index("-----BEGIN CERT"):]

    def test_C_066_to_C_072_the_servers_set(self):
        self.go("/")
        self.web.follow("a[href='/admin/security']")
        self.shoot("server-security")
        self.web.follow("link=Trusted Certificates")
        for wrong in ("no PEM", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"):
            self.web.fill("[name=pem]", wrong)
            self.press("add")
            self.refused()
            self.assertIn(wrong.strip()[:10], self.web.value("[name=pem]"))
        pem, before = self.root("Root One"), self.web.count("[type=checkbox]")
        self.web.attach("[name=pem-file]", self.file("root.pem", pem + self.root("Root Two")))
        self.press("add")
        self.sees("CN=Root One", "CN=Root Two")
        self.web.fill("[name=pem]", pem)
        self.press("add")
        self.refused()  # C-072: a duplicate
        row = self.web.text("tbody tr")
        self.assertIn(openssl("x509", "-noout", "-serial", stdin=pem).strip().split("=")[1].lower(),
                      self.web.text("table").replace(":", "").lower(), row)  # C-067
        self.assertEqual(self.web.count("[type=checkbox]"), before + 2)  # C-070: none beside the built-in
        self.shoot("trust")
        self.go("/admin/domain/alpha.test/security/trust")
        self.sees("CN=Root One")
        self.assertEqual(self.web.count("[type=checkbox]"), 0)  # C-069
        self.go("/admin/security/trust")
        self.sure("remove")
        self.sees("Mark what is to be removed first")
        self.web.click("[type=checkbox][aria-label*='Root One']")
        self.sure("remove")  # C-068
        self.assertNotIn("Root One", self.web.text())
        self.sees("Root Two")

    def test_C_092_C_093_client_certificates(self):
        self.go("/admin/domain/beta.test/security/clients")
        self.sees("trusts no certificates of its own")
        for name in ("Root for Clients", "Root for Others"):
            self.server.signet("trust", "add", "--domain", "beta.test", stdin=self.root(name))
        self.go("/admin/domain/beta.test/security/clients")
        self.sees("Root for Clients", "nobody is asked")
        self.assertEqual(self.web.count("[name=issuer]"), 2)
        self.web.click("[name=issuer]")
        self.web.click("[name=required]")
        self.web.choose("[name=map]", "uid")
        self.press("set")
        self.shoot("clients")
        self.assertEqual(self.web.count("[name=issuer]:checked"), 1)
        self.assertTrue(self.web.has("[name=required]:checked"))
        said = self.server.signet("client-ca", "show", "beta.test")
        self.assertEqual((said["asked"], said["required"], said["map"]), (True, True, "uid"))
        self.web.click("[name=issuer]:checked")
        self.press("set")
        self.sees("nobody is asked")

    def test_C_096_an_account_lists_its_certificates(self):
        self.go("/portal/certificates")
        self.web.fill("[name=pem]", self.root("My Phone"))
        self.press("add")
        self.sees("It was added.", "My Phone")
        self.shoot("my-certificates")
        self.sure("remove")
        self.sees("There are none yet.")

    def test_C_111_C_113_the_authority_over_users(self):
        self.go("/admin/domain/alpha.test/security/smime")
        self.sure("self-signed")
        self.sees("There is a new special certificate.")
        self.unfold("[value=request]")
        self.web.fill("[name=o]", "Alpha & Co")
        self.press("request")
        request = openssl("req", "-verify", "-noout", "-subject", stdin=self.web.value("[name=csr]"))
        self.assertIn("verify OK", request)
        self.assertIn("Alpha & Co", request)
        self.shoot("smime")
        self.sure("remove")
        self.assertEqual(self.server.signet("smime", "ca-show", "alpha.test")["authority"], "generic")

    def test_C_114_without_a_key_no_forms(self):
        self.server.signet("domain", "add", "nokey.test")
        self.server.signet("pki", "key-remove", "nokey.test")
        self.go("/admin/domain/nokey.test/security/smime")
        self.sees("private key")
        self.assertFalse(self.web.has("main form"))
        self.shoot("smime-no-key")


def request(name, folder, *more):
    """A request with a key of its own."""
    return openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                   str(folder / "request.key"), "-subj", f"/CN={name}", *more)


class Authorities(Pages):
    """Authorities for those who have none: a domain's and the server's."""

    def create(self, path, name):
        self.go(path)
        self.web.fill("[name=cn]", name)
        self.press("create")
        self.sees("The authority was made.", name)

    def test_P_003_P_005_of_a_domain(self):
        path = "/admin/domain/alpha.test/security/ca"
        self.go(path)
        self.shoot("ca-none")
        self.create(path, "Alpha Authority")
        root = self.file("root.pem", self.web.value("[name=ca-pem]"))
        self.assertIn("CA:TRUE", openssl("x509", "-noout", "-text", "-in", str(root)))
        serials = set()
        for host in ("www.alpha.test", "db.alpha.test"):
            self.web.fill("[name=request]", request(host, self.folder))
            self.press("sign")
            leaf = self.file("leaf.pem", self.web.value("[name=signed]"))
            self.assertIn("OK", openssl("verify", "-CAfile", str(root), "-verify_hostname", host, str(leaf)))
            serials.add(openssl("x509", "-noout", "-serial", "-in", str(leaf)))
            self.sees(host)
        self.assertEqual(len(serials), 2)
        self.shoot("ca")
        self.web.fill("[name=request]", request("www.elsewhere.test", self.folder))
        self.press("sign")
        self.refused("elsewhere.test")
        self.assertIn("CERTIFICATE REQUEST", self.web.value("[name=request]"))
        self.web.attach("[name=request-file]", self.file("junk", b"\0junk" * 1000))
        self.press("sign")
        self.refused()
        self.revoke(path, root)

    def revoke(self, path, root):
        self.go(path)
        self.web.follow("link=db.alpha.test")
        self.shoot("issued")
        self.web.choose("[name=reason]", "certificateHold")
        self.sure("revoke")
        self.sees("revoked", "certificateHold")
        self.press("release")
        self.sees("The certificate is good again.")
        self.web.choose("[name=reason]", "keyCompromise")
        self.sure("revoke")
        self.assertFalse(self.web.has("button[value=revoke]"))
        self.go(path + "?state=revoked")
        self.assertEqual(self.web.count("#issued tbody tr"), 1)
        self.sees("db.alpha.test")
        self.go(path)
        self.web.click("button[value=crl]")
        text = openssl("crl", "-noout", "-text", "-CAfile", str(root), "-in", str(self.web.downloaded("revoked.pem")))
        self.assertIn("verify OK", text)
        self.assertIn("Key Compromise", text)

    def test_P_005_many_are_paged(self):
        self.server.signet("ca", "create", "beta.test", "--cn", "Beta Authority")
        pem = request("many.beta.test", self.folder)
        for i in range(103):
            self.server.signet("ca", "sign", "beta.test", stdin=pem)
        self.go("/admin/domain/beta.test/security/ca")
        self.assertEqual(self.web.count("#issued tbody tr"), 100)
        self.web.follow("link=Next")
        self.assertEqual(self.web.count("#issued tbody tr"), 3)
        self.web.follow("link=Back to the first")
        self.assertEqual(self.web.count("#issued tbody tr"), 100)

    def test_P_003_of_the_server_and_a_domain_signed_by_it(self):
        self.create("/admin/security/ca", "Server Root")
        root = self.file("server.pem", self.web.value("[name=ca-pem]"))
        self.go("/admin/domain/beta.test/security/pki")
        self.unfold("#generator")
        self.web.choose("[name=by-server]", "on")
        self.press("certify")
        self.sees("has a certificate that was signed here.", "Server Root")
        leaf = self.file("beta.pem", self.server.signet("pki", "show", "beta.test")["chain"])
        self.assertIn("OK", openssl("verify", "-CAfile", str(root), "-untrusted", str(leaf), str(leaf)))


class Expiry(Pages):
    def test_what_ends_when(self):
        self.server.signet("profile", "add", "ending", "--cn", "ending.example.test")
        self.go("/admin/security/expiry")
        self.sees("alpha.test", "ending", "certificate")
        self.shoot("expiry")
        self.web.fill("[name=within]", "1h")
        self.web.follow("[role=search] button")
        self.sees("Nothing within 1h.")
        self.web.fill("[name=within]", "soon")
        self.web.follow("[role=search] button")
        self.refused("within")
        self.go("/admin/domain/beta.test/security/expiry")
        self.sees("beta.test")
        self.assertNotIn("ending", self.web.text("main"))


class Profiles(Pages):
    """E2 to E4"""

    def profile(self, name):
        self.server.signet("profile", "add", name, "--cn", f"{name}.example.test")
        self.go(f"/admin/security/profiles/{name}")

    def signed(self, name, folder):
        """What a test root makes of the profile's request, and the root."""
        key, root = folder / "p.key", folder / "p.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
                "-out", str(root), "-subj", "/CN=Profile Root", "-days", "30")
        text = openssl("x509", "-req", "-CA", str(root), "-CAkey", str(key), "-days", "20",
                       stdin=self.server.signet("profile", "csr", name)["pem"])
        return text[text.index("-----BEGIN"):], root.read_text()

    def test_E_012_E_013_create_self_signed(self):
        self.go("/")
        self.web.follow("a[href='/admin/security']")
        self.web.follow("link=Certificates")
        self.unfold("[value=add]")
        self.assertTrue(self.web.value("[name=cn]"))  # the server's name is proposed
        self.assertTrue(self.web.has("#add-cn-list option"))
        self.web.fill("[name=profile]", "a b")
        self.press("add")
        self.refused()
        self.web.fill("[name=profile]", "mx")
        self.web.fill("[name=cn]", "mx.example.test")
        self.web.fill("[name=o]", "Example, Inc.")
        self.press("add")
        self.sees("Profile mx was made.", "Example, Inc.", "mx.example.test", "Verification String is OK")
        self.shoot("profile")
        self.go("/admin/security/profiles")
        self.sees("mx", "self-signed", "nowhere")
        self.shoot("profiles")

    def test_P_001_what_is_always_said_stands_in_new_forms(self):
        self.server.signet("setting", "set", "pki.subject-o", "Always & Co")
        self.addCleanup(self.server.signet, "setting", "reset", "pki.subject-o")
        self.server.signet("domain", "add", "always.test")
        for page in ("/admin/security/profiles", "/admin/domain/always.test/security/ca",
                     "/admin/domain/always.test/security/pki"):
            self.go(page)
            self.assertEqual(self.web.value("[name=o]"), "Always & Co", page)

    def test_E_017_E_019_the_request(self):
        self.profile("requested")
        self.unfold("#generator")
        self.web.click("button[value=request-file]")
        pem = self.web.downloaded("requested.csr").read_text()
        self.assertTrue(pem.startswith("-----BEGIN CERTIFICATE REQUEST"))
        self.assertIn("verify OK", openssl("req", "-verify", "-noout", stdin=pem))

    def test_E_018_E_020_E_021_E_022_E_023_upload(self):
        self.profile("uploaded")
        self.unfold("#set")
        leaf, root = self.signed("uploaded", self.folder)
        before = self.info("Serial Number")
        self.web.fill("#set [name=pem]", root)  # for another key
        self.press("cert")
        self.refused()
        self.web.fill("#set [name=pem]", leaf)
        self.web.attach("#set [name=chain-file]", self.file("root.pem", root))
        self.shoot("profile-upload")
        self.press("cert")
        self.sees("The certificate was set.", "Profile Root")
        self.assertNotEqual(self.info("Serial Number"), before)
        self.assertEqual(self.web.count("#chain tbody tr"), 1)

    def test_E_025_E_026_assignments(self):
        self.profile("shown")
        self.go("/admin/security/assignments")
        row = "tr:has([name=listener][value=imaps])"
        self.web.choose(f"{row} select", "shown")
        self.web.follow(f"{row} button")
        told = openssl("s_client", "-connect", f"127.0.0.1:{self.server.ports['imaps']}", "-servername", "beta.test")
        self.assertIn("shown.example.test", told)
        self.assertEqual(self.web.value(f"{row} select"), "shown")
        row = "tr:has([name=setting][value='relay.certificate'])"
        self.web.choose(f"{row} select", "shown")
        self.web.follow(f"{row} button")
        self.assertEqual(self.server.signet("setting", "get", "relay.certificate")["value"], "shown")
        self.shoot("assignments")
        self.go("/admin/security/profiles/shown")
        self.sure("remove")
        self.refused("imaps")
        self.server.signet("listener", "certificate", "imaps", "none")
        self.server.signet("profile", "assign", "default", "relay.certificate")
        self.sure("remove")
        self.sees("Profile shown was removed.")

    def test_E_030_commit_and_discard(self):
        self.profile("later")
        self.server.signet("setting", "set", "pki.commit", "on")
        self.addCleanup(self.server.signet, "setting", "reset", "pki.commit")
        self.go("/admin/security/assignments")
        row = "tr:has([name=listener][value=pop3s])"
        for press, wants in (("discard", 0), ("commit", 1)):
            self.web.choose(f"{row} select", "later")
            self.web.follow(f"{row} button")
            self.sees("wait and are not in force")
            self.web.follow("link=commit or discard them")
            self.sees("pop3s")
            self.shoot("pending")
            if press == "commit":
                self.web.fill("[name=comment]", "ticket 4711")
                self.press("commit")
            else:
                self.sure("discard")
            self.sees("Nothing waits.")
            told = openssl("s_client", "-connect", f"127.0.0.1:{self.server.ports['pop3s']}")
            self.assertEqual("later.example.test" in told, bool(wants))
            self.go("/admin/security/assignments")
        self.go("/admin/security/audit")
        self.sees("pki commit", "ticket 4711")
        self.shoot("audit")

    def test_E_032_E_033_E_034_export_and_import(self):
        self.profile("carried")
        for name, password in (("one", "first password 1"), ("two", "second password 2")):
            self.go("/admin/security/profiles/carried")
            self.unfold("[value=export]")
            self.web.fill("[name=file]", name)
            self.web.fill("[value=export], form:has([value=export]) [name=password]", password)
            self.web.fill("form:has([value=export]) [name=again]", password)
            self.web.click("button[value=export]")
            path = self.web.downloaded(f"{name}.p12")
            told = openssl("pkcs12", "-info", "-nodes", "-in", str(path), "-passin", f"pass:{password}")
            self.assertIn("PRIVATE KEY", told)
            self.assertIn("carried.example.test", told)
            self.assertIn("invalid password", openssl("pkcs12", "-in", str(path), "-passin", "pass:no").lower())
        self.go("/admin/security/profiles")
        self.unfold("[value=import]")
        for password, works in (("wrong", False), ("second password 2", True)):
            self.web.fill("form:has([value=import]) [name=profile]", "brought")
            self.web.attach("[name=identity]", path)
            self.web.fill("form:has([value=import]) [name=password]", password)
            self.press("import")
            self.assertEqual("Profile brought was imported." in self.web.text(), works)
        self.sees("carried.example.test")

    def test_E_008_a_domain_from_pkcs12(self):
        self.server.signet("domain", "add", "brought.test")
        self.profile("carrier")
        self.server.signet("profile", "self-signed", "carrier", "--cn", "brought.test")
        pem = self.server.signet("profile", "export", "carrier", stdin="some password 1")
        self.assertTrue(pem["pkcs12"])
        import base64
        path = self.file("domain.p12", base64.b64decode(pem["pkcs12"]))
        self.go("/admin/domain/brought.test/security/pki")
        self.unfold("[value=bring]")
        self.web.attach("[name=identity]", path)
        self.web.fill("form:has([value=bring]) [name=password]", "some password 1")
        self.press("bring")
        self.sees("Key and certificate were installed.")
        self.assertEqual(self.info("Good for"), "brought.test")


class Audit(Pages):
    def test_what_was_changed_and_by_whom(self):
        self.server.signet("domain", "add", "audited.test")
        self.server.signet("pki", "key-generate", "audited.test", "--replace")
        self.go("/admin/domain/audited.test/security/audit")
        self.sees("pki key-generate", "root", "audited.test")
        self.assertNotIn("PRIVATE KEY", self.web.source())
        self.go("/admin/security/audit")
        self.web.fill("[name=since]", "yesterday or so")
        self.web.follow("[role=search] button")
        self.refused("since")
        self.assertEqual(self.web.value("[name=since]"), "yesterday or so")
        self.web.fill("[name=since]", "1h")
        self.web.fill("[name=who]", "nobody@alpha.test")
        self.web.follow("[role=search] button")
        self.sees("Nothing is found.")

    def test_many_are_paged(self):
        for i in range(105):
            self.server.signet("setting", "set", "smtp.timeout", f"{i + 100}s")
        self.go("/admin/security/audit?who=root")
        self.assertEqual(self.web.count("tbody tr"), 100)
        self.web.follow("link=Next")
        self.assertIn("who=root", self.web.address())
        self.assertGreater(self.web.count("tbody tr"), 4)


@unittest.skipUnless(slapd.installed(), "slapd or ldap-utils is not installed")
class Directory(Pages):
    def test_a_directory_is_set_tried_and_left(self):
        house = pki.Authority(self.folder, "House")
        self.server.signet("trust", "add", stdin=house.pem())
        directory = self.enterContext(slapd.Slapd(self.folder / "slapd", house))
        directory.add("dora")
        self.go("/admin/domain/alpha.test/security/ldap")
        self.web.fill("[name=url]", "ldap.example.org")
        self.web.fill("[name=base]", "ou=people,dc=test")
        self.press("set")
        self.refused()
        self.assertEqual(self.web.value("[name=url]"), "ldap.example.org")
        self.web.fill("[name=url]", f"ldaps://127.0.0.1:{directory.port}")
        self.web.fill("[name='bind-dn']", slapd.ROOT)
        self.web.fill("[name=password]", slapd.SECRET)
        self.press("set")
        self.sees("Saved. Try it with a user.", slapd.ROOT)
        self.assertNotIn(slapd.SECRET, self.web.source())
        self.web.fill("[name=user]", "nobody")
        self.press("test")
        self.refused("no entry fits")
        self.web.fill("[name=user]", "dora")
        self.web.fill("form:has([name=user]) [name=password]", "their own secret")
        self.press("test")
        self.sees("uid=dora,ou=people,dc=test", "That is the password.", "Dora")
        self.shoot("ldap")
        self.log_in("ann@alpha.test")
        self.go("/admin/domain/alpha.test/security/ldap")
        self.sees(slapd.ROOT)
        self.assertFalse(self.web.has("main form"))  # who has the domain alone may look
        self.log_in("root@alpha.test")
        self.go("/admin/domain/alpha.test/security/ldap")
        self.sure("remove")
        self.sees("No directory is asked any more.")


class General(Pages):
    """C8, P4"""

    def test_C_078_the_panel(self):
        self.go("/")
        self.web.follow("link=Settings")
        self.web.follow("link=General")
        self.web.follow("link=Others")
        self.sees("TLS Sessions", "Log Level", "Time To Live", "Oldest Accepted", "Process Target Domain extensions",
                  "CBC Ciphers for old TLS", "Weak Ciphers", "Accept SSLv2 hello", "Abort on Wrong Client Certificate")
        self.web.fill("[name='tls.session-ttl']", "soon")
        self.press("save")
        self.assertTrue(self.web.has(".bad [name='tls.session-ttl']"))
        self.web.fill("[name='tls.session-ttl']", "2h")
        self.web.choose("[name='tls.cbc-ciphers']", "on")
        self.press("save")
        self.sees("2 settings were saved.")
        self.assertEqual(self.server.signet("setting", "get", "tls.session-ttl")["value"], "2h")
        self.shoot("others")

    def test_C_081_statistics(self):
        self.go("/admin/settings/general/others")
        self.sees("Statistics", "full", "1.3")

    def test_C_084_C_089_C_090_what_this_build_cannot(self):
        self.go("/admin/settings/general/others")
        self.sees("Not in this build")
        for name, value in (("tls.oldest-version", "ssl3"), ("tls.weak-ciphers", "on"), ("tls.sslv2-hello", "on")):
            self.assertTrue(self.web.has(f"[name='{name}'] option[value='{value}'][disabled]"), name)

    def test_C_082_ticket_keys_turn_and_are_shared(self):
        self.go("/admin/settings/general/tickets")
        key = self.web.text("tbody td")
        self.press("rotate")
        self.assertNotEqual(self.web.text("tbody td"), key)
        key = self.web.text("tbody td")
        self.shoot("tickets")
        self.unfold("[value=export]")
        self.web.fill("[name=password]", "between servers 1")
        self.web.fill("[name=again]", "between servers 1")
        self.web.click("button[value=export]")
        path = self.web.downloaded("ticket-keys.txt")
        self.press("rotate")
        self.assertNotEqual(self.web.text("tbody td"), key)
        for password, works in (("wrong", False), ("between servers 1", True)):
            self.unfold("[value=import]")
            self.web.attach("[name=keys]", path)
            self.web.fill("form:has([name=keys]) [name=password]", password)
            self.press("import")
            self.assertEqual(self.web.text("tbody td") == key, works)

    def test_C_001_the_master_key_is_changed(self):
        self.go("/admin/security/master-key")
        before = self.info("Key")
        self.sure("rotate")
        for _ in range(100):
            self.go("/admin/security/master-key")
            if "being changed" not in self.web.text("main"):
                break
        self.assertNotEqual(self.info("Key"), before)
        self.shoot("master-key")
        self.unfold("[value=protect]")
        self.web.fill("[name=passphrase]", "short")
        self.web.fill("[name=again]", "short")
        self.press("protect")
        self.refused("12 bytes")

    def test_P_035_words(self):
        self.go("/help/words")
        self.sees("implicit TLS", "STARTTLS", "SSL/TLS")

    def test_P_036_the_library(self):
        self.go("/")
        self.web.follow("link=About Signet")
        self.sees("wolfSSL", self.server.signet("server", "version")["version"])
        self.assertRegex(self.web.text("main"), r"wolfSSL \d+\.\d+")

    def test_P_037_P_039_lines_that_work(self):
        """Each line on the page is run; but for the name, which only the tests' clients know."""
        self.go("/help/tests")
        lines = [html.unescape(line) for line in re.findall('<pre class="code">(.*?)</pre>', self.web.source())]
        self.assertGreater(len(lines), 9)
        for line in lines:
            words = line.replace("-connect mail.alpha.test:", "-connect 127.0.0.1:").split()
            self.assertEqual(words[:2], ["openssl", "s_client"])
            done = subprocess.run([*words, "-CAfile", str(self.server.certificate("alpha.test"))],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
            self.assertIn("Verify return code: 0 (ok)", done.stdout, line)

    def test_P_039_all_settings(self):
        self.go("/help/settings")
        names = {row["name"] for row in self.server.signet("setting", "list")["rows"]}
        for name in names:
            if name.startswith(("tls.", "pki.", "trust.")):
                self.sees(name)


class Narrow(Pages):
    """Nothing is wider than a phone; in the dark, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.web.look(dark=True, width=390, height=844)
        cls.addClassCleanup(cls.web.look)

    PATHS = ["/admin/security", "/admin/security/trust", "/admin/settings/general/others", "/help", "/help/words",
             "/admin/settings/general/tickets", "/help/tests", "/help/files", "/help/settings", "/help/about",
             *(f"/admin/security/{page}" for page in ("profiles", "profiles/narrow", "assignments", "pending", "ca", "master-key", "expiry",
                                                      "audit")),
             *(f"/admin/domain/narrow.test/security{page}"
               for page in ("", "/pki", "/trust", "/clients", "/smime", "/ca", "/ldap", "/expiry", "/audit"))]

    def test_nothing_is_wider_than_a_phone(self):
        self.server.signet("profile", "add", "narrow", "--cn", "mx.example.test")
        self.server.signet("domain", "add", "narrow.test")
        self.server.signet("ca", "create", "narrow.test")
        self.server.signet("ca", "sign", "narrow.test", stdin=request("www.narrow.test", self.folder))
        for path in self.PATHS:
            self.go(path)
            self.web.unfold()
            size = self.web.devtools("Page.getLayoutMetrics")["cssContentSize"]
            self.assertLessEqual(size["width"], 390, path)
            self.shoot("phone" + path.replace("/", "_"))
