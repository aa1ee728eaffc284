"""test_rows_c5 - C5: the certificates of authorities that are sent with a domain's own"""
import pki


class Chain(pki.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority(cls.folder, "Root")
        cls.upper = pki.Authority(cls.folder, "Upper", cls.root)
        cls.lower = pki.Authority(cls.folder, "Lower", cls.upper)
        cls.stranger = pki.Authority(cls.folder, "Stranger")
        request = cls.server.signet("pki", "csr", "alpha.test")["pem"]
        cls.leaf = cls.lower.sign(request, "subjectAltName=DNS:alpha.test,DNS:mail.alpha.test")
        cls.server.signet("pki", "cert-set", "alpha.test", stdin=cls.leaf)

    def setUp(self):
        self.pki("chain-set", stdin=self.lower.pem() + self.upper.pem())

    def issued_to(self):
        return [row["issued-to"].rsplit("=")[-1] for row in self.pki("show").get("rows", [])]

    def advice(self, *authorities):
        return self.pki("chain-set", stdin="".join(a if isinstance(a, str) else a.pem() for a in authorities)).get("message", "")

    def test_C_047_several_in_the_order_given(self):
        self.assertEqual(self.issued_to(), ["Lower", "Upper"])
        self.advice(self.upper, self.lower)
        self.assertEqual(self.issued_to(), ["Upper", "Lower"])
        # it is optional
        self.assertNotIn("Lower", self.pki("chain-remove").get("rows", []))
        self.assertTrue(self.pki("show")["tls"])
        for text in ("\n\n".join((self.lower.pem(), "text between", self.upper.pem())),
                     (self.lower.pem() + self.upper.pem()).replace("\n", "\r\n"),
                     pki.openssl("x509", "-text", "-in", self.lower.cert) + self.upper.pem().rstrip("\n")):
            self.advice(text)
            self.assertEqual(self.issued_to(), ["Lower", "Upper"])

    def test_C_048_all_must_decode(self):
        before, shown = self.pki("show"), self.shown()
        good = self.stranger.pem()
        for broken, why in ((self.upper.pem().replace("\nMII", "\nMIA", 1), "certificate 2 cannot be read"),
                            (self.upper.pem().replace("-----END", "----END"), "block 2 of the PEM text (CERTIFICATE) is cut off"),
                            (self.upper.pem()[:200] + "=" + self.upper.pem()[201:], "block 2 of the PEM text (CERTIFICATE) is no base64"),
                            (pki.key(), "private key")):
            with self.subTest(why):
                log = len(self.server.log())
                self.assertIn(why, self.refused("pki", "chain-set", "alpha.test", stdin=good + broken + self.lower.pem()))
                self.said_once(log, "audit", "chain-set", "result=input")
                self.assertEqual(self.pki("show"), before)
                self.assertEqual(self.shown(), shown)

    def test_C_049_rows(self):
        rows = self.pki("show")["rows"]
        self.assertEqual(len(rows), 2)
        for row, authority in zip(rows, (self.lower, self.upper)):
            pem = authority.pem()
            for ours, theirs in (("issued-to", "subject"), ("issued-by", "issuer")):
                self.assertEqual(row[ours], pki.openssl("x509", "-noout", f"-{theirs}", "-nameopt", "sep_comma_plus_space,sname",
                                                        stdin=pem).split("=", 1)[1].strip())
            for ours, theirs in (("from", "startdate"), ("till", "enddate")):
                said = pki.openssl("x509", "-noout", f"-{theirs}", "-dateopt", "iso_8601", stdin=pem)
                self.assertEqual(row[ours], said.split("=", 1)[1].strip().replace(" ", "T"))
            self.assertEqual(row["serial"].upper(), pki.field("serial", pem))

    def test_C_050_linkage_is_advice(self):
        self.assertIn("CN=alpha.test: it was not issued by the one that follows it", self.advice(self.stranger))
        self.assertEqual(self.issued_to(), ["Stranger"])
        self.assertEqual(len(self.shown()), 2)
        self.assertIn("O=Test, CN=Upper: it is there twice", self.advice(self.lower, self.upper, self.upper))
        self.assertIn("O=Test, CN=Root: it is a root", self.advice(self.lower, self.upper, self.root))
        self.assertIn("O=Test, CN=Lower: it has an issuer that is neither in the chain nor trusted here", self.advice(self.lower))
        expired = self.old()
        self.assertIn("O=Test, CN=Lower: it has expired", self.advice(expired, self.upper))
        leaf = self.lower.sign(self.pki("csr")["pem"], "subjectAltName=DNS:alpha.test")
        self.assertIn("it may not issue certificates", self.advice(leaf))

    def test_C_050_no_advice_when_all_is_well(self):
        self.signet("trust", "add", stdin=self.root.pem())
        self.assertEqual(self.advice(self.lower, self.upper), "")
        row = [row for row in self.signet("trust", "list")["rows"] if row["issued-to"] == "O=Test, CN=Root"][0]
        self.signet("trust", "remove", row["sha256"])

    def old(self):
        """Lower's certificate as it was years ago."""
        (self.folder / "index").write_text("")
        (self.folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={self.folder / 'index'}\nnew_certs_dir={self.folder}\ndefault_md=sha256\n"
            "policy=p\nrand_serial=yes\nx509_extensions=e\n[p]\norganizationName=supplied\ncommonName=supplied\n"
            "[e]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n")
        (self.folder / "old.csr").write_text(pki.openssl("req", "-new", "-key", self.lower.key, "-subj", "/O=Test/CN=Lower"))
        return pki.certificates(pki.openssl(
            "ca", "-batch", "-config", self.folder / "ca.cnf", "-cert", self.upper.cert, "-keyfile", self.upper.key,
            "-in", self.folder / "old.csr", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z"))[0]

    def test_C_051_sent_leaf_first(self):
        self.assert_shown([self.leaf, self.lower.pem(), self.upper.pem()])
        # as gnutls sees it
        said = pki.tool("gnutls-cli", "--no-ca-verification", "--sni-hostname", "alpha.test", "--print-cert",
                        "-p", self.server.ports["imaps"], "127.0.0.1").decode(errors="replace")
        self.assertEqual(len(pki.certificates(said)), 3)

    def test_C_052_hints_on_the_order(self):
        self.assertIn("the order is wrong", self.advice(self.upper, self.lower))
        self.assertIn("the order is wrong", self.advice(self.root, self.upper, self.lower))
        self.assertEqual(self.issued_to(), ["Root", "Upper", "Lower"])
        self.assertEqual([pki.field("subject", pem) for pem in self.shown()[1:]],
                         [f"O = Test, CN = {name}" for name in ("Root", "Upper", "Lower")])

    def test_C_053_remove(self):
        self.assertNotIn("rows", {k: v for k, v in self.pki("chain-remove").items() if v})
        self.assert_shown([self.leaf])
        self.assertIn("has no chain", self.refused("pki", "chain-remove", "alpha.test"))

    def test_C_054_what_clients_think(self):
        trusting = ("-CAfile", self.root.cert, "-verify_hostname", "alpha.test")
        self.pki("chain-remove")
        for listener in self.EVERYWHERE:
            self.assertRegex(self.s_client(*trusting, listener=listener), r"Verify return code: 2[01] ", listener)
        self.assertFalse(self.gnutls_trusts())
        self.advice(self.lower, self.upper)
        for listener in self.EVERYWHERE:
            self.assertIn("Verify return code: 0 (ok)", self.s_client(*trusting, listener=listener), listener)
        self.assertTrue(self.gnutls_trusts())

    def gnutls_trusts(self):
        try:
            pki.tool("gnutls-cli", "--x509cafile", self.root.cert, "--sni-hostname", "alpha.test", "--verify-hostname", "alpha.test",
                     "-p", self.server.ports["imaps"], "127.0.0.1")
        except pki.Failed:
            return False
        return True
