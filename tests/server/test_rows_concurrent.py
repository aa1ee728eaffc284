"""test_rows_concurrent - keys and certificates changed by several at once, and while clients connect"""
import re
import ssl
import subprocess
import threading
import time

import pki
from server import Failed, anyone


class Concurrent(pki.Case):
    DOMAINS = ("alpha.test", "beta.test", "gamma.test")

    def command(self, *words, stdin=None):
        """`signet words` as a process that runs."""
        return subprocess.Popen([self.server.bin / "signet", "-d", self.server.data, *words, "--json"], stdin=stdin,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def assert_whole(self, domain):
        """Key, certificate and what is shown belong together."""
        answer = self.pki("show", domain=domain)
        if "key_test" in answer:
            self.assertEqual(answer["key_test"], "Verification String is OK")
        shown = self.shown(domain)
        if answer["chain"] and "key_type" in answer:
            self.assertTrue(answer["tls"])
            self.assertEqual(shown, pki.certificates(answer["chain"]))
            self.assertEqual(pki.openssl("x509", "-noout", "-pubkey", stdin=shown[0]),
                             pki.openssl("req", "-noout", "-pubkey", stdin=self.pki("csr", domain=domain)["pem"]))
        else:
            self.assertEqual(shown, [])

    def test_two_admins(self):
        """Each change is whole, and the last one counts."""
        faults = []
        keys = [pki.key(), pki.key("P-384")]

        def admin(n):
            for _ in range(8):
                for words, text in ((("key-import", "--replace"), keys[n]), (("self-signed", "--o", f"Admin {n}"), ""),
                                    (("refresh",), ""), (("cert-remove",), ""), (("self-signed",), "")):
                    try:
                        self.pki(*words, stdin=text)
                    except Failed as failed:  # what the other one had just taken away
                        if '"kind": "absent"' not in str(failed) and '"kind": "input"' not in str(failed):
                            faults.append(str(failed))

        threads = [threading.Thread(target=admin, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(faults, [])
        self.assert_whole("alpha.test")
        self.pki("renew")
        self.assert_whole("alpha.test")

    def test_a_certificate_for_the_key_of_before(self):
        """One asks an authority, the other makes a new key meanwhile: the certificate is refused."""
        authority = pki.Authority(self.folder, "Slow")
        request = self.pki("csr", domain="beta.test")["pem"]
        self.pki("key-generate", "--replace", domain="beta.test")
        with self.assertRaises(Failed) as caught:
            self.pki("cert-set", domain="beta.test", stdin=authority.sign(request))
        self.assertIn("does not belong to the certificate", str(caught.exception))
        self.assert_whole("beta.test")
        self.pki("renew", domain="beta.test")

    def test_generated_after_it_was_removed(self):
        """A large key takes its time; who removes the old one meanwhile does not stop it, and nothing is half."""
        making = self.command("pki", "key-generate", "gamma.test", "--type", "RSA-4096", "--replace")
        self.pki("key-remove", domain="gamma.test")
        self.assert_whole("gamma.test")
        said = making.communicate(timeout=60)[0].decode()
        self.assertIn('"key_bits": 4096', said)
        self.assertEqual(self.pki("show", domain="gamma.test")["key_bits"], 4096)
        self.assertEqual(self.shown("gamma.test"), [])
        # a domain that is gone by then gets none
        self.pki("renew", domain="gamma.test")
        making = self.command("pki", "key-generate", "gamma.test", "--type", "RSA-4096", "--replace")
        self.signet("domain", "remove", "gamma.test")
        said = making.communicate(timeout=60)[0].decode()
        if '"ok": true' not in said:  # it was made in time
            self.assertIn("is not hosted here", said)
        self.assertIn("is not hosted here", self.refused("pki", "show", "gamma.test"))
        self.signet("domain", "add", "gamma.test")
        self.assertEqual(self.pki("show", domain="gamma.test")["key_type"], "P-256")
        self.assert_whole("gamma.test")

    def shake(self, faults, seen, until):
        """Handshakes until the time has come: what was shown, and when it was."""
        context = anyone()
        while time.monotonic() < until[0]:
            began = time.monotonic()
            try:
                with self.server.connect("imaps") as raw, context.wrap_socket(raw, server_hostname="alpha.test") as tls:
                    seen.append((began, tls.getpeercert(binary_form=True)))
            except OSError as error:
                faults.append(f"{error!r} after {time.monotonic() - began:.3f} s")

    def test_changed_under_load(self):
        """No handshake fails, and the new certificate is shown within a second."""
        self.pki("renew")
        faults, seen, until, changes = [], [], [time.monotonic() + 60], []
        threads = [threading.Thread(target=self.shake, args=(faults, seen, until)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for n in range(6):
            time.sleep(0.3)
            kind = ("P-256", "P-384", "RSA-2048")[n % 3]
            key = pki.key(kind)
            pem = pki.openssl("req", "-x509", "-new", "-key", "/dev/stdin", "-subj", f"/CN=alpha.test/O={n}", "-days", "3",
                              "-addext", "subjectAltName=DNS:alpha.test", stdin=key)
            self.pki("install", stdin=key + pem)
            changes.append((time.monotonic(), pki.tool("openssl", "x509", "-outform", "DER", stdin=pem)))
        time.sleep(0.5)
        until[0] = 0
        for thread in threads:
            thread.join(20)
        self.assertEqual(faults, [])
        self.assertGreater(len(seen), 20)
        order = [der for _, der in changes]
        for (changed, der), (following, _) in zip(changes, changes[1:] + [(float("inf"), b"")]):
            after = [shown for began, shown in seen if changed <= began < following]
            self.assertTrue(after)
            # who began after the change was said to be done sees this one, or a newer one
            for shown in after:
                self.assertGreaterEqual(order.index(shown) if shown in order else -1, order.index(der))

    def test_modes_under_load(self):
        """Off and on again, ten times: in the end it is what was said last, everywhere."""
        for _ in range(5):
            for mode in ("disabled", "test", "enabled"):
                making = [self.command("pki", "mode", "beta.test", mode) for _ in range(2)]
                for one in making:
                    self.assertIn('"ok": true', one.communicate(timeout=60)[0].decode())
        self.assert_whole("beta.test")
        self.assertEqual(len(re.findall("certificate-unusable", self.server.log())), 0)


class Everything(pki.Case):
    """All that can change under a handshake changes at once. With a build for ThreadSanitizer
    (configure --enable-sanitize=thread) a race ends the server with another status, and so the test fails."""
    DOMAINS = ("alpha.test", "beta.test", "gamma.test")
    SECONDS = 4

    def shake(self, until, seen, faults):
        """Full and resumed handshakes, by both versions, with every name that a domain may have meanwhile."""
        sessions, turn = {}, 0
        while time.monotonic() < until:
            turn += 1
            name = ("alpha.test", "beta.test", "gamma.test", "delta.test", "nobody.test")[turn % 5]
            context, session = sessions.get(name, (None, None)) if turn % 2 else (None, None)
            if not context:
                context = anyone()
                if turn % 3 == 0:
                    context.maximum_version = ssl.TLSVersion.TLSv1_2
            try:
                with self.server.connect("imaps") as raw, \
                        context.wrap_socket(raw, server_hostname=name, session=session) as tls:
                    tls.recv(100)
                    sessions[name] = context, tls.session
                    seen.append(tls.session_reused)
            except OSError as error:
                if name in ("alpha.test", "nobody.test"):  # nobody changes these
                    faults.append(f"{name}: {error!r}")

    def orders(self, until, steps, faults):
        while time.monotonic() < until:
            for words, text in steps:
                try:
                    self.server.run_signet(*words, stdin=text)
                except Failed as failed:
                    faults.append(f"{words}: {failed}")

    def test_all_at_once(self):
        root = pki.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                           "/dev/null", "-subj", "/CN=Everybody", "-days", "3")
        of_root = pki.openssl("x509", "-noout", "-fingerprint", "-sha256", stdin=root).split("=")[1].strip()
        plans = (
            [(("pki", "renew", "beta.test"), ""), (("pki", "refresh", "beta.test"), "")],
            [(("pki", "mode", "beta.test", mode), "") for mode in ("test", "disabled", "enabled")],
            [(("trust", "add", "--domain", "beta.test"), root), (("client-ca", "set", "beta.test", of_root), ""),
             (("client-ca", "set", "beta.test", "none"), ""), (("trust", "remove", of_root, "--domain", "beta.test"), "")],
            [(("master-key", "rotate"), ""), (("tls", "ticket-keys-rotate"), ""), (("tls", "stats"), "")],
            [(("domain", "rename", "gamma.test", "delta.test"), ""), (("domain", "rename", "delta.test", "gamma.test"), "")],
            [(("setting", "set", "tls.session-ttl", "60s"), ""), (("profile", "self-signed", "p", "--cn", "p.test"), ""),
             (("listener", "certificate", "pop3s", "p"), ""), (("pki", "commit"), ""),
             (("listener", "certificate", "pop3s", "none"), "")])
        seen, faults, until = [], [], time.monotonic() + self.SECONDS
        threads = [threading.Thread(target=self.shake, args=(until, seen, faults)) for _ in range(3)]
        threads += [threading.Thread(target=self.orders, args=(until, steps, faults)) for steps in plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(faults, [])
        self.assertGreater(len(seen), 10)
        self.assertEqual(self.pki("show", domain="beta.test")["key_test"], "Verification String is OK")
