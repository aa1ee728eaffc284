"""Reports on mail in the name of others (DMARC, RFC 7489 7.2): counted without a transaction each, sent by mail."""
import email
import email.policy
import gzip
import smtplib
import time
import unittest
import xml.etree.ElementTree

from sink import Sink
from test_mail_auth import ANN, World, message, txt
from waiting import wait_for


class Reports(World):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sink = cls.stack.enter_context(Sink("127.0.0.2"))
        cls.setting("relay.port", str(cls.sink.port))
        cls.setting("server.name", "mx.alpha.test")
        cls.table["mx.partner.test"] = {"A": ["127.0.0.2"]}
        cls.table["_dmarc.signed.test"] = {
            "TXT": txt("v=DMARC1; p=reject; aspf=s; rua=mailto:dmarc@signed.test!10m, https://no.test/")}
        cls.table["signed.test"]["MX"] = ["10 mx.partner.test"]
        for name in ("one", "two", "three", "four", "five", "six"):
            cls.table[f"{name}.test"] = {"MX": ["10 mx.partner.test"], "TXT": txt("v=spf1 ip4:127.0.0.1 -all")}

    def rows(self, domain):
        return [row for row in self.server.signet("dmarc-report", "show")["rows"] if row["domain"] == domain]

    def wants(self, domain, rua):
        self.table["_dmarc." + domain] = {"TXT": txt(f"v=DMARC1; p=none; rua={rua}")}

    def report(self, to):
        """What came to that address, as a message and its report."""
        found = lambda: [m for m in self.sink.messages if m.recipients == [to]]
        got = wait_for(found, 20)[0]
        parsed = email.message_from_bytes(got.text, policy=email.policy.default)
        part = parsed.get_payload(1)
        self.assertEqual(part.get_content_type(), "application/gzip")
        return got, parsed, part.get_filename(), xml.etree.ElementTree.fromstring(
            gzip.decompress(part.get_payload(decode=True)))

    def test_report(self):
        with self.having("dmarc.on-fail", "quarantine"):
            for _ in range(3):
                self.send(message(), "x@here.test")
            self.send(self.keys.sign(message()), "x@here.test")
        self.assertEqual(sorted((row["count"], row["dkim"], row["spf"], row["action"], row["address"], row["from"])
                                for row in self.rows("signed.test")),
                         [(1, "pass", "fail", "none", "127.0.0.1", "signed.test"),
                          (3, "fail", "fail", "quarantine", "127.0.0.1", "signed.test")])
        self.server.signet("dmarc-report", "send", "--today")
        mail, parsed, name, report = self.report("dmarc@signed.test")
        self.assertEqual(mail.sender, "")
        self.assertEqual(parsed["From"], "postmaster@mx.alpha.test")
        self.assertTrue(parsed["Subject"].startswith("Report Domain: signed.test Submitter: mx.alpha.test Report-ID: <"))
        day = int(time.time()) // 86400 * 86400
        self.assertEqual(name, f"mx.alpha.test!signed.test!{day}!{day + 86399}.xml.gz")
        text = lambda path: [e.text for e in report.findall(path)]
        self.assertEqual(text("policy_published/*"), ["signed.test", "r", "s", "reject", "reject", "100"])
        self.assertEqual(text("report_metadata/date_range/*"), [str(day), str(day + 86399)])
        self.assertEqual(sorted(text("record/row/count")), ["1", "3"])
        failed = [r for r in report.findall("record") if r.findtext("row/count") == "3"][0]
        self.assertEqual([e.text for e in failed.findall("row/policy_evaluated/*")][:3], ["quarantine", "fail", "fail"])
        self.assertEqual(failed.findtext("row/policy_evaluated/reason/type"), "local_policy")
        self.assertEqual([e.text for e in failed.findall("auth_results/spf/*")], ["here.test", "mfrom", "pass"])
        good = [r for r in report.findall("record") if r is not failed][0]
        self.assertEqual([e.text for e in good.findall("auth_results/dkim/*")], ["signed.test", "rsa", "pass"])
        self.assertEqual([e.text for e in good.findall("identifiers/*")], ["here.test", "signed.test"])
        self.assertEqual(self.rows("signed.test"), [])  # said once

    def test_to_others_only_if_they_want(self):
        """RFC 7489 7.1: nobody can have reports sent to a stranger."""
        self.wants("one.test", "mailto:r@two.test,mailto:r@three.test")
        self.table["one.test._report._dmarc.three.test"] = {"TXT": txt("v=DMARC1;")}
        self.send(message("x@one.test"), "x@one.test")
        self.server.signet("dmarc-report", "send", "--today")
        self.report("r@three.test")
        self.assertFalse([m for m in self.sink.messages if m.recipients == ["r@two.test"]])
        self.assertIn("two.test does not say that it wants reports about one.test", self.server.log())

    def test_no_report_about_reports(self):
        self.wants("four.test", "mailto:r@four.test")
        self.send(message("x@four.test", subject="Report Domain: alpha.test Submitter: four.test"), "x@four.test")
        self.assertEqual(self.rows("four.test"), [])

    def test_switched_off(self):
        self.wants("five.test", "mailto:r@five.test")
        self.server.signet("setting", "set", "dmarc.reports", "off", "--domain", "alpha.test")
        self.send(message("x@five.test"), "x@five.test")
        self.server.signet("setting", "reset", "dmarc.reports", "--domain", "alpha.test")
        self.assertEqual(self.rows("five.test"), [])

    def test_kept_over_an_end(self):
        """What was counted is on the disk after the server has ended, and counted on."""
        self.wants("six.test", "mailto:r@six.test")
        self.send(message("x@six.test"), "x@six.test")
        self.server.stop()
        self.server.start()
        self.send(message("x@six.test"), "x@six.test")
        self.assertEqual([row["count"] for row in self.rows("six.test")], [2])


if __name__ == "__main__":
    unittest.main()
