"""test_rows_c4 - C4: what certificates say of a domain, requests, and what authorities send back"""
import re
import subprocess

import pki

PARTS = {"cn": "CN", "o": "O", "ou": "OU", "l": "L", "st": "ST", "c": "C", "contact": "emailAddress"}
LIKE_OURS = "sep_comma_plus_space,utf8,sname,esc_2253,esc_ctrl"


class Rows(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.middle = pki.Authority(cls.folder, "Middle", cls.root)

    def setUp(self):
        self.pki("renew")

    def request(self, *words):
        return self.pki("csr", *words)["pem"]

    def subject(self, pem, kind="req"):
        return pki.openssl(kind, "-noout", "-subject", "-nameopt", LIKE_OURS, stdin=pem).split("=", 1)[1].strip()

    def names(self, pem, kind="req"):
        """Those of subjectAltName, as openssl says them."""
        return re.findall(r"DNS:([^\s,]+)", pki.openssl(kind, "-noout", "-text", stdin=pem))

    def signed(self, *words, authority=None, extensions="subjectAltName=DNS:alpha.test", **more):
        """A certificate that an authority made of the domain's request."""
        return (authority or self.root).sign(self.request(*words), extensions, **more)

    def unchanged(self, why, pem, verb="cert-set"):
        before, shown, log = self.pki("show"), self.shown(), len(self.server.log())
        self.assertIn(why, self.refused("pki", verb, "alpha.test", stdin=pem))
        self.assertEqual(self.pki("show"), before)
        self.assertEqual(self.shown(), shown)
        self.said_once(log, "audit", verb, "result=")

    def test_C_032_no_certificate_no_tls(self):
        self.pki("cert-remove")
        answer = self.pki("show")
        self.assertEqual((answer["mode"], answer["key_type"], answer["tls"]), ("enabled", "P-256", False))
        self.assert_no_tls()
        self.pki("self-signed")
        self.assert_shown(pki.certificates(self.pki("show")["chain"]))

    def test_C_033_the_name_that_clients_use(self):
        pem = self.signed("--cn", "mail.alpha.test", extensions="subjectAltName=DNS:mail.alpha.test")
        answer = self.pki("cert-set", stdin=pem)
        self.assertIn("not for the name alpha.test", answer["message"])
        for name, code in (("mail.alpha.test", "0 (ok)"), ("alpha.test", "62"), ("smtp.alpha.test", "62")):
            said = self.s_client("-CAfile", self.root.cert, "-verify_hostname", name, name="alpha.test")
            self.assertIn(f"Verify return code: {code}", said)
        # gnutls thinks so, too
        for name, good in (("mail.alpha.test", True), ("smtp.alpha.test", False)):
            done = subprocess.run(["gnutls-cli", "--x509cafile", self.root.cert, "--sni-hostname", "alpha.test",
                                   "--verify-hostname", name, "-p", str(self.server.ports["imaps"]), "127.0.0.1"],
                                  input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            self.assertEqual(b"The certificate is trusted" in done.stdout, good, done.stdout.decode())

    def test_C_034_domain_and_aliases(self):
        for alias in ("one.test", "two.test"):
            self.signet("domain-alias", "add", alias, "alpha.test")
            self.addCleanup(self.signet, "domain-alias", "remove", alias)
        rows = self.pki("names")["rows"]
        self.assertEqual([(row["name"], row["kind"]) for row in rows],
                         [("alpha.test", "domain"), ("one.test", "alias"), ("two.test", "alias"), ("*.alpha.test", "wildcard")])
        pem = self.request("--cn", "two.test")
        self.assertEqual(self.subject(pem), "CN=two.test")
        self.assertEqual(self.names(pem)[0], "two.test")
        self.pki("self-signed", "--cn", "one.test")
        self.assertEqual(self.subject(self.shown("one.test")[0], "x509"), "CN=one.test")

    def test_C_035_wildcards(self):
        for domain, wildcard in (("mail.company.test", "*.company.test"), ("company.test", "*.company.test"), ("lonely", None)):
            self.signet("domain", "add", domain)
            self.addCleanup(self.signet, "domain", "remove", domain)
            rows = self.pki("names", domain=domain)["rows"]
            self.assertEqual([row["name"] for row in rows if row["kind"] == "wildcard"], [wildcard] if wildcard else [])
        pem = self.request("--cn", "*.alpha.test")
        self.assertEqual(self.subject(pem), "CN=*.alpha.test")
        self.assertIn("*.alpha.test", self.names(pem))
        self.pki("cert-set", stdin=self.root.sign(pem, "subjectAltName=DNS:*.alpha.test"))
        for name, code in (("any.alpha.test", "0 (ok)"), ("a.b.alpha.test", "62"), ("alpha.test", "62")):
            self.assertIn(f"Verify return code: {code}", self.s_client("-CAfile", self.root.cert, "-verify_hostname", name, name=name))
        for bad in ("*", "*.", "*.*.alpha.test", "a*.alpha.test", "mail.*.test"):
            self.assertIn("cn:", self.refused("pki", "csr", "alpha.test", "--cn", bad))

    FIELDS = {"cn": "mail.alpha.test", "o": "Example, Inc.", "ou": "Entwicklung für \"Post\" + mehr", "l": "Köln",
              "st": "Ελλάδα", "c": "DE", "contact": "ca@other.test"}

    def words(self, **fields):
        return [word for name, value in fields.items() for word in (f"--{name}", value)]

    def test_C_036_all_fields(self):
        pem = self.request(*self.words(**self.FIELDS))
        text = pki.openssl("req", "-noout", "-subject", "-nameopt", "multiline,-esc_msb,utf8", stdin=pem)
        long = {"cn": "commonName", "o": "organizationName", "ou": "organizationalUnitName", "l": "localityName",
                "st": "stateOrProvinceName", "c": "countryName", "contact": "emailAddress"}
        for name, value in self.FIELDS.items():
            self.assertRegex(text, rf"{long[name]} += {re.escape(value)}\n")
        said = pki.tool("certtool", "--crq-info", stdin=pem).decode()
        for value in ("mail.alpha.test", "Köln", "Ελλάδα", "ca@other.test"):
            self.assertIn(value, said)
        # what was said is kept for the next one, and for a self-signed one
        self.assertEqual(self.subject(self.request()), self.subject(pem))
        self.pki("self-signed")
        self.assertEqual(self.subject(self.shown()[0], "x509"), self.subject(pem))
        for name, value in self.FIELDS.items():
            self.assertEqual(self.pki("show")[f"to-{name}"], value)

    def test_C_036_limits(self):
        """RFC 5280 A.1: upper bounds count characters."""
        self.request("--o", "ü" * 64, "--l", "ü" * 128)
        for words, why in ((("--o", "ü" * 65), "64 characters"), (("--l", "x" * 129), "128 characters"),
                           (("--c", "DEU"), "two letters|longer than 2"), (("--c", "1x"), "two letters"), (("--c", "é"), "two letters"),
                           (("--cn", "a" * 65), "64 characters"), (("--cn", "a" * 64), "host name"), (("--cn", "two words"), "host name"), (("--ou", "a\nb"), "control"),
                           (("--names", "ok.test -bad-.test"), "'-bad-.test' is no host name")):
            with self.subTest(words):
                self.assertRegex(self.refused("pki", "csr", "alpha.test", *words), why)

    def test_C_037_contact(self):
        self.assertIn("emailAddress=x@other.test", self.subject(self.request("--contact", "x@other.test")))
        for bad in ("not-an-address", "@other.test", "x@", "x@@other.test", "x@other.test, y@other.test", "ü@other.test"):
            with self.subTest(bad):
                self.assertIn("contact:", self.refused("pki", "csr", "alpha.test", "--contact", bad))

    def test_C_038_others_are_optional(self):
        pem = self.request("--cn", "alpha.test", "--contact", "x@other.test")
        self.assertEqual(self.subject(pem), "CN=alpha.test, emailAddress=x@other.test")
        self.assertEqual(self.subject(self.request("--cn", "alpha.test")), "CN=alpha.test")

    def test_C_039_request(self):
        for kind in ("P-256", "P-384", "RSA-2048", "RSA-3072"):
            with self.subTest(kind):
                self.pki("key-generate", "--replace", "--type", kind)
                pem = self.request("--o", "Example")
                self.assertIn("verify OK", pki.openssl("req", "-verify", "-noout", stdin=pem))
                self.assertIn("Self signature: verified", pki.tool("certtool", "--crq-info", stdin=pem).decode())
                self.pki("self-signed")
                self.assertEqual(pki.openssl("req", "-noout", "-pubkey", stdin=pem),
                                 pki.openssl("x509", "-noout", "-pubkey", stdin=self.shown()[0]))

    def test_C_039_nss_signs_it(self):
        """certutil takes the request, and what it signs is installed."""
        db, request, done = f"sql:{self.folder / 'nss'}", self.folder / "nss.csr", self.folder / "nss.crt"
        (self.folder / "nss").mkdir()
        (self.folder / "empty").write_text("")
        (self.folder / "noise").write_bytes(b"noise" * 100)
        pki.tool("certutil", "-N", "-d", db, "--empty-password")
        pki.tool("certutil", "-S", "-d", db, "-n", "ca", "-s", "CN=NSS", "-x", "-t", "CTu,CTu,CTu", "-k", "ec", "-q", "nistp256",
                 "-z", self.folder / "noise", "-f", self.folder / "empty", "-2", stdin="y\n0\ny\n")
        request.write_text(self.request())
        pki.tool("certutil", "-C", "-d", db, "-c", "ca", "-a", "-i", request, "-o", done, "-8", "alpha.test", "-m", "77",
                 "-f", self.folder / "empty")
        answer = self.pki("cert-set", stdin=done.read_text())
        self.assertEqual((answer["serial"], answer["by-cn"]), ("4d", "NSS"))
        self.assert_shown(pki.certificates(answer["chain"]))

    def test_C_040_signed_by_an_authority(self):
        pem = self.signed("--cn", "alpha.test")
        answer = self.pki("cert-set", stdin=pem)
        self.assertEqual((answer["issuer"], answer["self-signed"], answer["tls"]), ("O=Test, CN=Root", False, True))
        self.assert_shown([pem])
        for listener in self.EVERYWHERE:
            said = self.s_client("-CAfile", self.root.cert, "-verify_hostname", "alpha.test", listener=listener)
            self.assertIn("Verify return code: 0 (ok)", said, listener)
        # in other clothes
        for text in (pem.replace("\n", "\r\n"), "\ufeff" + pem, pem.rstrip("\n"), "Here it is:\n" + pem + "-- \nThe authority\n",
                     pem.replace("\n", "\n  "), pki.openssl("x509", "-text", stdin=pem)):
            self.pki("cert-remove")
            self.pki("cert-set", stdin=text)
            self.assertEqual(self.shown(), [pem])

    def test_C_040_with_warnings(self):
        """Not good for clients now: taken, and said."""
        cases = (
            ("it has expired", self.dated("20200101000000Z", "20210101000000Z")),
            ("it is not valid yet", self.dated("20350101000000Z", "20360101000000Z")),
            ("it is for another purpose", self.signed(extensions="subjectAltName=DNS:alpha.test\nextendedKeyUsage=clientAuth")),
            ("it is of an authority", self.signed(extensions="subjectAltName=DNS:alpha.test\nbasicConstraints=critical,CA:true")),
            ("not for the name alpha.test", self.signed(extensions="subjectAltName=DNS:elsewhere.test")),
            ("not for the name alpha.test", self.signed(extensions="")),
        )
        for why, pem in cases:
            with self.subTest(why):
                self.assertIn(why, self.pki("cert-set", stdin=pem)["message"])
                self.assertEqual(self.shown(), [pem])

    def dated(self, begins, ends):
        """A certificate of those dates, by openssl ca."""
        (self.folder / "index").write_text("")
        (self.folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={self.folder / 'index'}\nnew_certs_dir={self.folder}\ndefault_md=sha256\n"
            "policy=p\nrand_serial=yes\nemail_in_dn=no\nx509_extensions=e\n[p]\ncommonName=supplied\n"
            "[e]\nsubjectAltName=DNS:alpha.test\n")
        (self.folder / "dated.csr").write_text(self.request("--cn", "alpha.test"))
        return pki.certificates(pki.openssl(
            "ca", "-batch", "-config", self.folder / "ca.cnf", "-cert", self.root.cert, "-keyfile", self.root.key,
            "-in", self.folder / "dated.csr", "-startdate", begins, "-enddate", ends))[0]

    def test_C_041_of_another_key(self):
        self.pki("cert-set", stdin=self.signed())
        other = self.pki("csr", domain="beta.test")["pem"]
        self.unchanged("does not belong to the certificate", self.root.sign(other, "subjectAltName=DNS:alpha.test"))

    def test_C_042_anything_else(self):
        self.pki("cert-set", stdin=self.signed())
        pem, other = self.signed(), self.root.sign(self.pki("csr", domain="beta.test")["pem"])
        cases = (
            ("no key and no certificate in PEM form", "garbage"),
            ("nothing was given", ""),
            ("is cut off", pem[:-60]),
            ("is no base64", pem[:300] + "*" + pem[301:]),
            ("cannot be read", re.sub(r"\n(.{64}\n){3}", "\n", pem, count=1)),
            ("marked PUBLIC KEY", pki.openssl("x509", "-noout", "-pubkey", stdin=pem)),
            ("signing request", self.request()),
            ("private key", pki.key()),
            ("more than one certificate", pem + other),
            ("more than one certificate", pem + self.middle.pem()),
        )
        for why, text in cases:
            with self.subTest(why, text=text[:30]):
                self.unchanged(why, text)

    # -- the panel

    def odd(self, subject, extensions="subjectAltName=DNS:alpha.test", authority=None, *more):
        """A certificate of the domain's key with that subject."""
        public, said = self.folder / "public.pem", self.folder / "odd.ext"
        public.write_text(pki.openssl("req", "-noout", "-pubkey", stdin=self.request()))
        said.write_text(extensions + "\n")
        authority = authority or self.root
        return pki.openssl("x509", "-new", "-force_pubkey", public, "-subj", subject, "-CA", authority.cert, "-CAkey", authority.key,
                           "-days", "9", "-extfile", said, *more)

    def odd_string(self, mask, name):
        """A self-signed certificate of the domain's own key, whose subject is in strings of that type."""
        key, config = self.folder / "odd.key", self.folder / "odd.cnf"
        key.write_text(pki.key("P-256"))
        config.write_text(f"[req]\nprompt=no\nutf8=yes\nstring_mask={mask}\ndistinguished_name=n\n"
                          f"[n]\nCN=alpha.test\nO={name}\n")
        pem = pki.openssl("req", "-x509", "-new", "-config", config, "-key", key, "-days", "9", "-addext", "subjectAltName=DNS:alpha.test")
        self.pki("key-import", "--replace", stdin=key.read_text())
        return pem

    def compare(self, pem):
        answer = self.pki("cert-set", stdin=pem)
        for ours, theirs in (("subject", "subject"), ("issuer", "issuer")):
            said = pki.openssl("x509", "-noout", f"-{theirs}", "-nameopt", LIKE_OURS, stdin=pem).split("=", 1)[1].rstrip("\n")
            self.assertEqual(answer[ours], said)
            rows = pki.openssl("x509", "-noout", f"-{theirs}", "-nameopt", "utf8,sep_multiline,sname,esc_ctrl", stdin=pem)
            for part, word in PARTS.items():
                values = re.findall(rf"^(?:    | \+ |.* \+ ){word}=(.*?)(?= \+ \w+=|$)", rows, re.M)
                values = [value.replace("\\\\", "\\") for value in values]
                self.assertEqual(answer.get(f"{'to' if ours == 'subject' else 'by'}-{part}", ""), "; ".join(values), rows)
        text = pki.openssl("x509", "-noout", "-text", stdin=pem)
        serial = re.search(r"Serial Number:\s*(?:\d+ \(0x)?([0-9a-f:]+)", text).group(1).replace(":", "")
        self.assertEqual(answer["serial"].lstrip("0"), serial.lstrip("0"))
        self.assertEqual(answer["serial"].upper(), pki.field("serial", pem))
        for ours, theirs in (("from", "startdate"), ("till", "enddate")):
            said = pki.openssl("x509", "-noout", f"-{theirs}", "-dateopt", "iso_8601", stdin=pem).split("=", 1)[1].strip()
            self.assertEqual(answer[ours], said.replace(" ", "T"))
        self.assertEqual(answer["names"].split(), re.findall(r"DNS:([^\s,]+)", text))
        for name in ("md5", "sha1", "sha256"):
            said = pki.openssl("x509", "-noout", "-fingerprint", f"-{name}", stdin=pem)
            self.assertEqual(said.split("=")[1].strip().replace(":", "").lower(), answer[name])
        return answer

    def test_C_043_panel(self):
        self.compare(self.signed(*self.words(**self.FIELDS), authority=self.middle))

    def test_C_043_odd_names(self):
        """Several values of one kind, several attributes in one set, unknown ones, what must be escaped."""
        for subject in ("/C=DE/OU=one/OU=two/CN=alpha.test", "/CN=alpha.test+OU=one+O=x/C=DE", "/CN=alpha.test/serialNumber=12/GN=A/SN=B",
                        "/CN=alpha.test/O=a, b+ c; <d> \\\"e\\\" \\\\ f", "/CN=alpha.test/O=#first /1.2.3.4=odd", "/O= blank "):
            with self.subTest(subject):
                self.compare(self.odd(subject.replace("b+ c", "b\\+ c"), authority=self.middle))

    def test_C_043_odd_strings(self):
        """BMPString, T61String, UTF8String, PrintableString: all are the same to people."""
        for mask, name in (("pkix", "Köln Ελλάδα"), ("MASK:0x806", "Ελλάδα"), ("MASK:0x6", "Köln"), ("utf8only", "日本 ☕"), ("default", "Plain")):
            with self.subTest(mask):
                answer = self.compare(self.odd_string(mask, name))
                self.assertEqual(answer["to-o"], name)
                self.assertTrue(answer["self-signed"])

    def test_C_043_serial_numbers(self):
        for serial in ("0x0", "0x1", "0x7f", "0x80", "0xff00", "0x" + "9" * 40, "0x" + "12" * 16):
            with self.subTest(serial):
                self.compare(self.odd("/CN=alpha.test", "subjectAltName=DNS:alpha.test", self.root, "-set_serial", serial))

    def test_C_043_hidden_characters(self):
        """What a name hides or turns around is shown as bytes, and begins no line of its own."""
        answer = self.pki("cert-set", stdin=self.odd("/CN=alpha.test/O=a\nb\x1b[31m\x9b"))
        self.assertEqual(answer["subject"], "CN=alpha.test, O=a\\0Ab\\1B[31m\u00c2\\C2\\9B")
        self.assertIn("CN=alpha.test, O=a\\0Ab\\1B[31m", self.server.run_signet("pki", "show", "alpha.test").stdout.decode())
        answer = self.pki("cert-set", stdin=self.odd_string("utf8only", "a\u202eb\u2066c"))
        self.assertEqual(answer["subject"], "CN=alpha.test, O=a\\E2\\80\\AEb\\E2\\81\\A6c")

    def test_C_045_remove(self):
        key = self.pki("show")["key_type"]
        request = self.request()
        answer = self.pki("cert-remove")
        self.assertEqual(answer["key_type"], key)
        self.assertNotIn("subject", answer)
        self.assert_no_tls()
        self.assertTrue(self.shown("beta.test"))
        self.assertIn("no certificate", self.refused("pki", "cert-remove", "alpha.test"))
        self.assertEqual(pki.openssl("req", "-noout", "-pubkey", stdin=request),
                         pki.openssl("req", "-noout", "-pubkey", stdin=self.request()))

    def test_C_046_names(self):
        for alias in ("alias.test", "bücher.test"):
            self.signet("domain-alias", "add", alias, "alpha.test")
            self.addCleanup(self.signet, "domain-alias", "remove", alias)
        hosts = [prefix + name for name in ("alpha.test", "alias.test", "xn--bcher-kva.test")
                 for prefix in ("", "mail.", "smtp.", "imap.", "pop.")]
        self.assertEqual(sorted(self.names(self.request())), sorted(hosts))
        self.pki("self-signed")
        self.assertEqual(sorted(self.names(self.shown()[0], "x509")), sorted(hosts))
        # those that are said, and none but the common name
        self.assertEqual(self.names(self.request("--names", "imap.alpha.test bücher.test")),
                         ["alpha.test", "imap.alpha.test", "xn--bcher-kva.test"])
        for verb in ("csr", "self-signed"):
            self.pki(verb, "--cn", "mail.alpha.test", "--names", "")
        self.assertEqual(self.names(self.request()), ["mail.alpha.test"])
        self.assertEqual(self.names(self.shown()[0], "x509"), ["mail.alpha.test"])
        self.assertEqual(self.subject(self.request("--cn", "bücher.test")), "CN=xn--bcher-kva.test")
