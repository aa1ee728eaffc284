"""test_rows_p4_tls - implicit TLS, STARTTLS and what holds after both: rows P-032 to P-034, P-038"""
import imaplib
import re
import smtplib

from server import anyone
from test_rows_c8 import OLD, STARTTLS, Rows


class Terms(Rows):
    def test_P_032_ssl_is_a_port_of_its_own(self):
        self.server.add("ann@alpha.test")
        imap = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=anyone())
        self.assertEqual(imap.login("ann@alpha.test", "correct horse 1")[0], "OK")
        imap.logout()

    def test_P_033_tls_is_starttls(self):
        imap = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"])
        self.assertTrue({"STARTTLS", "LOGINDISABLED"} <= set(imap.capabilities))
        with self.assertRaises(imaplib.IMAP4.error):
            imap.login("ann@alpha.test", "correct horse 1")
        imap.starttls(anyone())
        self.assertFalse({"STARTTLS", "LOGINDISABLED"} & set(imap.capabilities))
        imap.logout()

    def test_P_034_the_floor_holds_both_ways(self):
        old = ("-tls1_1", "-cipher", OLD)
        for listener, word in STARTTLS:
            with self.subTest(listener):
                self.refused_by(70, *old, "-starttls", word, listener=listener)
                self.assertIn("New, TLSv1.2", self.s_client("-tls1_2", "-starttls", word, listener=listener))
        for listener in ("imaps", "pop3s", "submissions", "https"):
            with self.subTest(listener):
                self.refused_by(70, *old, listener=listener)
                self.refused_by(70, "-tls1", "-cipher", OLD, listener=listener)
        self.set("tls.oldest-version", "1.3")
        for listener, word in STARTTLS:
            self.refused_by(70, "-tls1_2", "-starttls", word, listener=listener)
        self.refused_by(70, "-tls1_2", listener="imaps")

    def test_P_038_auth_after_tls_only(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"], timeout=30) as smtp:
            smtp.ehlo("client.test")
            self.assertTrue(smtp.has_extn("starttls"))
            self.assertFalse(smtp.has_extn("auth"))
            code, text = smtp.docmd("AUTH", "PLAIN AGEAYg==")
            self.assertIn(code, (530, 538), text)
            smtp.starttls(context=anyone())
            smtp.ehlo("client.test")
            self.assertTrue(smtp.has_extn("auth"))
        text = self.s_client("-starttls", "smtp", "-crlf", listener="submission", stdin="EHLO c\nQUIT\n", wait=0.5)
        self.assertTrue(re.search(r"Protocol *: TLSv1\.3|New, TLSv1\.3", text))
