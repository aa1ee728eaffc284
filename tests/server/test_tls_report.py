"""Reports on TLS (RFC 8460): collected for domains that ask for them, sent by mail and by HTTPS."""
import email
import email.policy
import gzip
import json
import time
import unittest

from authority import Authority
from https import Https
from test_mta_sts import PATH, txt
from test_rows_p3_out import Outgoing
from waiting import wait_for


class Reports(Outgoing):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.web = cls.stack.enter_context(Https(cls.root.context(
            "web.test", "DNS:reports.test", "DNS:mta-sts.testpolicy.test",
            "DNS:mta-sts.testpolicynotfetched.test", "DNS:mta-sts.testpolicyinvalid.test", "DNS:mta-sts.testtested.test")))
        cls.names.table["reports.test"] = {"A": ["127.0.0.1"]}
        cls.server.signet("trust", "add", stdin=cls.root.pem())
        cls.set("fetch.private", "on")
        cls.set("relay.sts-port", cls.web.port)

    def want(self, rua):
        self.names.table["_smtp._tls." + self.domain] = {"TXT": [txt("v=TLSRPTv1; rua=" + rua)]}

    def policy(self, mode, host):
        self.names.table["_mta-sts." + self.domain] = {"TXT": [txt("v=STSv1; id=1;")]}
        self.names.table["mta-sts." + self.domain] = {"A": ["127.0.0.1"]}
        self.web.pages[("mta-sts." + self.domain, PATH)] = \
            f"version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: 86400\r\n".encode()

    def take(self):
        self.want(f"https://reports.test:{self.web.port}/{self.domain}")
        self.web.pages[("reports.test", "/" + self.domain)] = b""

    def posted(self):
        def send():
            self.server.signet("tls-report", "send", "--today")
            return [post[2:] for post in self.web.posted if post[1] == "/" + self.domain]
        body, kind = wait_for(send)[-1]
        self.assertEqual(kind, "application/tlsrpt+gzip")
        return json.loads(gzip.decompress(body))

    def seen(self):
        return [row for row in self.server.signet("tls-report", "show")["rows"] if row["domain"] == self.domain]

    def test_policy(self):
        """What fails and what does not, by HTTPS; then it is forgotten."""
        self.take()
        self.policy("enforce", self.host)
        self.refused("STARTTLS is not offered")
        self.sink.tls = Authority(self.folder, "Nobody").context(self.host)
        self.refused("its issuer is not known")
        self.forget()
        self.sink.tls = self.root.context(self.host)
        self.delivered()
        report = self.posted()
        self.assertEqual(report["contact-info"].split("@")[0], "postmaster")
        today = time.strftime("%Y-%m-%d", time.gmtime())
        self.assertEqual(report["date-range"]["start-datetime"], today + "T00:00:00Z")
        self.assertEqual(report["date-range"]["end-datetime"], today + "T23:59:59Z")
        policy, = report["policies"]
        self.assertEqual((policy["policy"]["policy-type"], policy["policy"]["policy-domain"]), ("sts", self.domain))
        self.assertIn("mode: enforce", policy["policy"]["policy-string"])
        self.assertEqual(policy["summary"]["total-successful-session-count"], 1)
        failures = {f["result-type"]: f for f in policy["failure-details"]}
        self.assertEqual(set(failures), {"starttls-not-supported", "certificate-not-trusted"})
        self.assertEqual(sum(f["failed-session-count"] for f in failures.values()),
                         policy["summary"]["total-failure-session-count"])
        self.assertEqual(failures["certificate-not-trusted"]["receiving-mx-hostname"], self.host)
        self.assertEqual(failures["certificate-not-trusted"]["receiving-ip"], "127.0.0.2")
        self.assertEqual(self.seen(), [])

    def test_tested(self):
        """A policy that is only tested: the mail is sent, and what would not have been is told."""
        self.want("mailto:nobody@" + self.domain)
        self.policy("testing", self.host)
        self.sink.tls = Authority(self.folder, "Nobody2").context(self.host)
        self.delivered()
        self.assertEqual([(row["policy"], row["good"], row["bad"]) for row in self.seen()], [("sts", 0, 1)])

    def test_by_mail(self):
        self.want(f"mailto:tls@{self.domain},gopher://no.test/")
        self.delivered(tls=False)
        self.assertEqual([row["policy"] for row in self.seen()], ["no-policy-found"])
        self.sink.messages.clear()
        self.server.signet("tls-report", "send", "--today")
        message = wait_for(lambda: [m for m in self.sink.messages if m.recipients == ["tls@" + self.domain]])[0]
        parsed = email.message_from_bytes(message.text, policy=email.policy.default)
        self.assertEqual(parsed.get_content_type(), "multipart/report")
        self.assertEqual(parsed.get_param("report-type"), "tlsrpt")
        self.assertEqual((parsed["TLS-Report-Domain"], parsed["TLS-Required"]), (self.domain, "No"))
        part = parsed.get_payload(1)
        self.assertEqual(part.get_content_type(), "application/tlsrpt+gzip")
        report = json.loads(gzip.decompress(part.get_payload(decode=True)))
        self.assertEqual(report["policies"][0]["failure-details"][0]["result-type"], "starttls-not-supported")
        self.assertEqual(message.sender, "")

    def faults(self):
        """What is told of policies that cannot be had (RFC 8460 4.3.2.1)."""
        self.take()
        self.delivered(tls=False)
        rows = {row["policy"]: (row["good"], row["bad"]) for row in self.seen()}
        self.assertEqual(rows, {"sts": (0, 1), "no-policy-found": (0, 1)})
        policies = {p["policy"]["policy-type"]: p for p in self.posted()["policies"]}
        failure, = policies["sts"]["failure-details"]
        self.assertNotIn("receiving-ip", failure)
        return failure["result-type"]

    def test_policy_not_fetched(self):
        self.policy("enforce", self.host)
        del self.web.pages[("mta-sts." + self.domain, PATH)]
        self.assertEqual(self.faults(), "sts-policy-fetch-error")

    def test_policy_invalid(self):
        self.policy("perhaps", self.host)
        self.assertEqual(self.faults(), "sts-policy-invalid")

    def test_policy_untrusted(self):
        """The web server's certificate is not for the name."""
        self.policy("enforce", self.host)
        self.assertEqual(self.faults(), "sts-webpki-invalid")

    def test_nobody_asks(self):
        self.delivered(tls=False)
        self.assertEqual(self.seen(), [])

    def test_kept_until_it_is_sent(self):
        self.want("https://gone.test/")
        self.delivered(tls=False)
        self.assertEqual(self.server.signet("tls-report", "send", "--today")["ok"], True)
        self.assertEqual(len(self.seen()), 1)
        self.server.signet("tls-report", "send")  # nothing is over
        self.assertEqual(len(self.seen()), 1)
        self.take()  # heard of when the answer of before is no longer remembered
        self.posted()


if __name__ == "__main__":
    unittest.main()
