"""POP3 with poplib, getmail, fetchmail and curl: APOP where a domain chose it, and what is kept for ever."""
import hashlib
import poplib
import re
import unittest

from clients import ANN, CY, Clients, needs, run
from server import PASSWORD, Failed, anyone


class Apop(Clients):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.signet("setting", "set", "pop.apop", "on", "--domain", "alpha.test")
        cls.server.signet("setting", "set", "auth.failure-delay", "20ms")
        cls.server.signet("account", "password", ANN, stdin=PASSWORD)

    def pop(self):
        return poplib.POP3_SSL("127.0.0.1", self.port["pop3s"], context=anyone(), timeout=30)

    def test_poplib(self):
        pop = self.pop()
        self.assertRegex(pop.getwelcome().decode(), r"<[0-9a-f]{32}\.\d+@alpha\.test>")
        self.assertNotEqual(pop.getwelcome(), self.pop().getwelcome())
        self.assertTrue(pop.apop(ANN, PASSWORD).startswith(b"+OK"))
        pop.quit()

    def test_wrong_ones_are_told_alike(self):
        answers = set()
        for user, password in ((ANN, "wrong"), ("nobody@alpha.test", PASSWORD), (CY, PASSWORD), (CY, "")):
            pop = self.pop()
            with self.assertRaises(poplib.error_proto) as no:
                pop.apop(user, password)
            answers.add(str(no.exception))
            pop.close()
        self.assertEqual(len(answers), 1, answers)
        self.assertIn("[AUTH]", answers.pop())

    def test_malformed(self):
        pop = self.pop()
        for words in ("APOP", f"APOP {ANN}", f"APOP {ANN} 123", f"APOP {ANN} {'g' * 32} x"):
            with self.assertRaises(poplib.error_proto):
                pop._shortcmd(words)
        stamp = re.search("<.*>", pop.getwelcome().decode())[0]
        digest = hashlib.md5((stamp + PASSWORD).encode()).hexdigest()
        self.assertTrue(pop._shortcmd(f"APOP {ANN} {digest.upper()}").startswith(b"+OK"))
        pop.quit()

    def test_not_in_the_clear_and_not_elsewhere(self):
        pop = poplib.POP3("127.0.0.1", self.port["pop3"], timeout=30)
        with self.assertRaisesRegex(poplib.error_proto, "STLS"):
            pop.apop(ANN, PASSWORD)
        pop.close()
        context = anyone()
        with context.wrap_socket(self.server.connect("pop3s"), server_hostname="beta.test") as beta:
            self.assertNotIn(b"<", beta.recv(1000))
            beta.sendall(f"APOP {CY} {'0' * 32}\r\n".encode())
            self.assertIn(b"-ERR not offered", beta.recv(1000))

    def test_life_of_what_is_kept(self):
        """Written with a password, removed with the setting; a new password takes the old one's place."""
        self.server.signet("account", "add", "bea@alpha.test", stdin="the first")
        self.assertTrue(self.pop().apop("bea@alpha.test", "the first").startswith(b"+OK"))
        self.server.signet("account", "password", "bea@alpha.test", stdin="a-second-Passw0rd")
        with self.assertRaises(poplib.error_proto):
            self.pop().apop("bea@alpha.test", "the first")
        self.assertTrue(self.pop().apop("bea@alpha.test", "a-second-Passw0rd").startswith(b"+OK"))
        for path in self.server.data.rglob("*"):  # sealed, wherever it is
            if path.is_file():
                self.assertNotIn(b"a-second-Passw0rd", path.read_bytes(), path)
        self.server.signet("account", "suspend", "bea@alpha.test")
        with self.assertRaisesRegex(poplib.error_proto, "AUTH"):
            self.pop().apop("bea@alpha.test", "a-second-Passw0rd")
        self.server.signet("account", "resume", "bea@alpha.test")
        self.server.signet("setting", "set", "pop.apop", "off", "--domain", "alpha.test")
        self.assertNotIn(b"<", self.pop().getwelcome())
        self.server.signet("setting", "set", "pop.apop", "on", "--domain", "alpha.test")
        with self.assertRaisesRegex(poplib.error_proto, "AUTH"):  # it is gone, though the setting is on again
            self.pop().apop("bea@alpha.test", "a-second-Passw0rd")
        self.assertTrue(self.pop().user("bea@alpha.test").startswith(b"+OK"))
        self.server.signet("account", "password", ANN, stdin=PASSWORD)
        with self.assertRaises(Failed):
            self.server.signet("setting", "set", "pop.apop", "on")

    @needs("fetchmail")
    def test_fetchmail(self):
        self.deliver(ANN, "by apop")
        config = self.home / "fetchmailrc"
        config.write_text(f"""
poll alpha.test via 127.0.0.1 protocol APOP port {self.port['pop3s']}
  user "{ANN}" password "{PASSWORD}" ssl sslcertck sslcertfile {self.pem(ANN)} sslcommonname alpha.test
  keep mda "cat" fetchall
""")
        config.chmod(0o600)
        said = run("fetchmail", "-f", config, "--pidfile", self.home / "pid", "-v", "-v", "-i", self.home / "ids",
                   env={"FETCHMAILHOME": str(self.home), "FETCHMAILUSER": "root"})
        self.assertRegex(said, r"POP3> APOP ann@alpha.test")
        self.assertIn("Subject: by apop", said)

    def test_curl(self):
        said = run("curl", "-sSv", "--connect-to", f"::127.0.0.1:{self.port['pop3s']}", "--cacert", self.pem(ANN), "-u",
                   f"{ANN}:{PASSWORD}", "--login-options", "AUTH=+APOP", f"pop3s://alpha.test:{self.port['pop3s']}/")
        self.assertIn(f"> APOP {ANN} ", said)


class Kept(Clients):
    def test_uidl_is_for_ever(self):
        """RFC 1939 7: through a restart, a deletion before, a rename of the domain, and a session that was lost."""
        for n in range(3):
            self.deliver(CY, f"uidl {n}")

        def pop(user):
            pop = poplib.POP3_SSL("127.0.0.1", self.port["pop3s"], context=anyone(), timeout=30)
            pop.user(user)
            pop.pass_(PASSWORD)
            return pop

        first = pop(CY)
        ids = [line.split()[1] for line in first.uidl()[1]]
        first.dele(1)
        first.sock.shutdown(2)  # 6: without QUIT nothing is deleted
        first.close()
        self.server.stop()
        self.server.start()
        second = pop(CY)
        self.assertEqual([line.split()[1] for line in second.uidl()[1]], ids)
        second.dele(1)
        second.quit()
        self.server.signet("domain", "rename", "beta.test", "gamma.test")
        third = pop("cy@gamma.test")
        self.assertEqual([line.split()[1] for line in third.uidl()[1]], ids[1:])
        third.quit()
        self.server.signet("domain", "rename", "gamma.test", "beta.test")


del Clients
