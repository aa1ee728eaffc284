"""test_http - the HTTPS server with real clients: http.client, curl, openssl, and rude sockets"""
import concurrent.futures
import html
import html.parser
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest
import urllib.parse

from server import PASSWORD, Server, anyone
from waiting import wait_for

ANN, BOB, CY = "ann@alpha.test", "bob@alpha.test", "cy@beta.test"
FORM = "application/x-www-form-urlencoded"


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def cookies(self):
        """Name and value of those that were set; removed ones are None."""
        found = {}
        for line in self.headers.get_all("Set-Cookie", []):
            name, value = line.split(";")[0].split("=", 1)
            found[name] = None if "Max-Age=0" in line else value
        return found


class Inputs(html.parser.HTMLParser):
    """The input fields and buttons of a page."""

    def __init__(self, page):
        super().__init__()
        self.fields = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        if tag in ("input", "button"):
            self.fields.append(dict(attrs, type="hidden") if tag == "button" else dict(attrs))

    def csrf(self):
        return next(f["value"] for f in self.fields if f.get("name") == "csrf")

    def login(self, user, password):
        """The form as a browser sends it."""
        sent = {f["name"]: f.get("value", "") for f in self.fields
                if f.get("type") == "hidden" and f.get("name")}
        for field in self.fields:
            if field.get("type") == "password":
                sent[field["name"]] = password
            elif field.get("type", "text") in ("text", "email") and field.get("name"):
                sent[field["name"]] = user
        return sent


class Browser:
    """A connection that stays, and a jar of cookies."""

    def __init__(self, server, listener="https"):
        self.server = server
        self.cookies = {}
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", server.ports[listener], context=anyone(), timeout=60)

    def ask(self, method, path, body=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body)
            fields.setdefault("Content-Type", FORM)
        self.connection.request(method, path, body, fields)
        answer = Answer(self.connection.getresponse())
        for name, value in answer.cookies().items():
            self.cookies.pop(name, None)
            if value is not None:
                self.cookies[name] = value
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def login(self, user, password=PASSWORD):
        page = Inputs(self.get("/login").body)
        return self.ask("POST", "/login", page.login(user, password))

    def close(self):
        self.connection.close()


class Api(Browser):
    def __init__(self, server, token=None):
        super().__init__(server)
        self.token = token

    def call(self, noun, verb, get=False, **args):
        fields = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        path = f"/api/v1/{noun}/{verb}"
        if get:
            return self.ask("GET", path + "?" + urllib.parse.urlencode(args, doseq=True), **fields)
        return self.ask("POST", path, json.dumps(args), Content_Type="application/json", **fields)


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.start()
        cls.server.add(ANN, BOB, CY)
        cls.server.signet("account", "role", ANN, "domain-admin")

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        log = cls.server.log()
        cls.server.remove()
        if status != 0:
            raise AssertionError(f"signetd ended with {status}:\n{log[-3000:]}")

    def browser(self):
        browser = Browser(self.server)
        self.addCleanup(browser.close)
        return browser

    def secure(self, data=b""):
        """A TLS connection on which data was sent."""
        raw = self.server.connect("https")
        tls = anyone().wrap_socket(raw)
        self.addCleanup(tls.close)
        tls.sendall(data)
        return tls

    def say(self, data, shut=False):
        """All that the server answers to these bytes until it closes."""
        tls = self.secure(data)
        return self.read_all(tls)

    @staticmethod
    def read_all(tls, timeout=20):
        tls.settimeout(timeout)
        answer = b""
        try:
            while got := tls.recv(65536):
                answer += got
        except (ssl.SSLError, ConnectionResetError):
            pass
        return answer


class Requests(WithServer):
    """Reading requests: RFC 9110, RFC 9112."""

    def status(self, request):
        """Of the only answer to a request after which the server closes."""
        answer = self.say(request)
        self.assertEqual(len(re.findall(rb"HTTP/1.1 \d", answer)), 1, answer)
        return int(answer.split()[1])

    def test_errors(self):
        host = b"Host: a\r\n"
        cases = [
            (400, b"GET / HTTP/1.1\r\n\r\n"),
            (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
            (400, b"GET /\r\n\r\n"),
            (400, b"\x16\x03\x01 nonsense\r\n\r\n"),
            (411, b"POST /login HTTP/1.1\r\n" + host + b"\r\n"),
            (413, b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: 99999999\r\n\r\n"),
            (414, b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + host + b"\r\n"),
            (417, b"GET / HTTP/1.1\r\n" + host + b"Expect: a pony\r\n\r\n"),
            (431, b"GET / HTTP/1.1\r\n" + host + b"A: " + b"a" * 40000 + b"\r\n\r\n"),
            (431, b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n" * 200 + b"\r\n"),
            (501, b"BREW /coffee HTTP/1.1\r\n" + host + b"\r\n"),
            (505, b"GET / HTTP/3.0\r\n" + host + b"\r\n"),
        ]
        for want, request in cases:
            with self.subTest(request=request[:60]):
                self.assertEqual(self.status(request), want)

    def test_smuggling(self):
        """What others might frame differently gets one answer, an error, and the end."""
        hidden = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
        head = b"POST /health HTTP/1.1\r\nHost: a\r\n"
        for fields in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                       b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                       b"Content-Length: 0\r\nContent-Length: 35\r\n\r\n",
                       b"Content-Length: 0, 35\r\n\r\n",
                       b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                       b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                       b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                       b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
                       b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
                       b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
                       b"X: y\nContent-Length: 35\r\nContent-Length: 0\r\n\r\n",
                       b"Transfer-Encoding: chunked\r\n\r\n0\n\r\n",
                       b"Transfer-Encoding: chunked\r\n\r\n2;\rx\r\nhi\r\n0\r\n\r\n",
                       b"Content-Length: +0\r\n\r\n",
                       b" Content-Length: 0\r\n\r\n"):
            with self.subTest(fields=fields):
                answer = self.say(head + fields + hidden)
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
                self.assertRegex(answer, rb"^HTTP/1.1 (400|501) ")
                self.assertIn(b"Connection: close", answer)

    def test_pipelining(self):
        request = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
        last = b"GET /no-such-page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answer = self.say(request * 50 + last + request)
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 50)
        self.assertEqual(answer.count(b"HTTP/1.1 404"), 1)
        self.assertEqual(answer.count(b"HTTP/1.1"), 51, "nothing after Connection: close")

    def test_byte_by_byte(self):
        tls = self.secure()
        for byte in b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
            tls.sendall(bytes([byte]))
        self.assertIn(b"200 OK", self.read_all(tls))

    def test_continue(self):
        tls = self.secure(b"POST /login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                          b"Content-Type: application/x-www-form-urlencoded\r\n"
                          b"Content-Length: 3\r\nConnection: close\r\n\r\n")
        self.assertEqual(tls.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
        tls.sendall(b"a=b")
        self.assertIn(b"HTTP/1.1 403 ", self.read_all(tls))

    def test_no_continue_for_what_is_refused(self):
        answer = self.say(b"POST /login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                          b"Content-Length: 999999999\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)

    def test_chunked(self):
        answer = self.say(b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                          b"Content-Type: application/x-www-form-urlencoded\r\n"
                          b"Connection: close\r\n\r\n1;x=y\r\na\r\n2\r\n=b\r\n0\r\nX: y\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 403 "), answer)

    def test_old_client(self):
        self.assertEqual(self.status(b"GET /health HTTP/1.0\r\n\r\n"), 200)

    def test_head(self):
        browser = self.browser()
        got, head = browser.get("/health"), browser.ask("HEAD", "/health")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["Content-Length"], got.headers["Content-Length"])
        self.assertEqual(browser.ask("HEAD", "/no-such-page").status, 404)
        self.assertEqual(browser.get("/health").body, b"ok\n")

    def test_allow(self):
        answer = self.browser().ask("DELETE", "/health")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))

    def test_absolute_target(self):
        browser = self.browser()
        self.assertEqual(browser.get("https://alpha.test/health").status, 200)

    def test_slow_header(self):
        """Somebody who sends a byte now and then is told so in time."""
        self.server.signet("setting", "set", "http.header-time", "2s")
        self.addCleanup(self.server.signet, "setting", "reset", "http.header-time")
        dripping, stalled = self.secure(b"GET / HT"), self.secure(b"GET / HT")
        start = time.monotonic()
        with self.assertRaises((OSError, AssertionError)):
            while time.monotonic() - start < 10:
                dripping.sendall(b"a")
                time.sleep(0.3)
                dripping.settimeout(0.01)
                try:
                    self.assertNotIn(b"408", dripping.recv(999))
                except TimeoutError:
                    pass
        self.assertLess(time.monotonic() - start, 6)
        self.assertIn(b"HTTP/1.1 408 ", self.read_all(stalled))

    def test_slow_body(self):
        self.server.signet("setting", "set", "http.body-time", "1s")
        self.addCleanup(self.server.signet, "setting", "reset", "http.body-time")
        start = time.monotonic()
        answer = self.say(b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\na")
        self.assertIn(b"HTTP/1.1 408 ", answer)
        self.assertLess(time.monotonic() - start, 5)

    def test_idle(self):
        self.server.signet("setting", "set", "http.idle-time", "1s")
        self.addCleanup(self.server.signet, "setting", "reset", "http.idle-time")
        tls = self.secure(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(self.read_all(tls).count(b"HTTP/1.1"), 1, "no answer to nothing")

    def test_bodies_are_bounded_together(self):
        self.server.signet("setting", "set", "http.body-memory", "1M")
        self.addCleanup(self.server.signet, "setting", "reset", "http.body-memory")
        head = (b"POST /api/v1/pki/install HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n"
                b"Content-Length: 999999\r\n\r\n")
        held = [self.secure(head + b"x" * 400000) for _ in range(2)]
        answer = self.read_all(self.secure(head + b"x" * 900000))
        self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer[:200])
        for tls in held:
            tls.close()

    def test_large_body_of_a_stranger(self):
        """Who shows no token is not listened to for long."""
        self.assertEqual(self.status(b"POST /api/v1/pki/install HTTP/1.1\r\nHost: a\r\n"
                                     b"Content-Length: 999999\r\n\r\n"), 413)

    def test_many_idle(self):
        """Connections that wait hold no thread, and give back what their handshakes needed."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: self.browser().get("/health"), range(20)))
            threads, before = self.server.threads(), self.server.rss()
            browsers = [self.browser() for _ in range(100)]
            answers = list(pool.map(lambda b: b.get("/login").status, browsers))
        self.assertEqual(set(answers), {200})
        self.assertLess(self.server.threads(), threads + 40)
        if not self.server.is_sanitized():
            held = lambda: (self.server.rss() - before) / len(browsers)
            wait_for(lambda: held() < 60_000, tell=held)

    def test_log(self):
        self.browser().get("/login?password=Unmistakable-1", Cookie="a=Unmistakable-2")
        self.assertRegex(self.server.log(),
                         r"http request method=GET path=/login status=200 us=\d+")
        self.assertNotIn("Unmistakable", self.server.log())


class Answers(WithServer):
    """What every answer says, files, and the way to TLS."""

    def test_security(self):
        headers = self.browser().get("/login").headers
        policy = headers["Content-Security-Policy"]
        for part in ("default-src 'self'", "form-action 'self'", "frame-ancestors 'none'"):
            self.assertIn(part, policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Referrer-Policy"], "same-origin")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertNotIn("Strict-Transport-Security", headers)
        self.assertNotIn("Server", headers)

    def test_errors_have_it_too(self):
        for path in ("/no-such-page", "/static/none", "/api/v1/none"):
            headers = self.browser().get(path).headers
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"], path)

    def test_hsts(self):
        self.server.signet("setting", "set", "http.hsts", "365d")
        self.addCleanup(self.server.signet, "setting", "reset", "http.hsts")
        headers = self.browser().get("/login").headers
        self.assertEqual(headers["Strict-Transport-Security"], "max-age=31536000")

    def test_static(self):
        browser = self.browser()
        page = browser.get("/login").body.decode()
        found = re.search(r'"(/static/[^"]+\.css\?v=[0-9a-f]+)"', page)
        if not found:
            self.skipTest("no page with a style")
        answer = browser.get(found[1])
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/css; charset=utf-8")
        self.assertIn("immutable", answer.headers["Cache-Control"])
        tag = answer.headers["ETag"]
        path = found[1].split("?")[0]
        self.assertEqual(browser.get(path).headers["Cache-Control"], "public, no-cache")
        for tags in (tag, f'"x", W/{tag}', "*"):
            again = browser.get(path, If_None_Match=tags)
            self.assertEqual((again.status, again.body), (304, b""))
            self.assertEqual(again.headers["ETag"], tag)
        self.assertEqual(browser.get(path, If_None_Match='"x"').status, 200)
        self.assertEqual(browser.get("/static/..%2Flogin").status, 404)

    def test_clear_leads_to_tls(self):
        clear = http.client.HTTPConnection("127.0.0.1", self.server.ports["http"])
        self.addCleanup(clear.close)
        for method, path in (("GET", "/a/b?c=d"), ("HEAD", "/"), ("POST", "/login")):
            clear.request(method, path, headers={"Host": "alpha.test:8080"})
            answer = Answer(clear.getresponse())
            self.assertEqual(answer.status, 308)
            self.assertEqual(answer.headers["Location"],
                             f"https://alpha.test:{self.server.ports['https']}{path}")
            self.assertNotIn("Set-Cookie", answer.headers)
        clear.request("GET", "/health")
        self.assertEqual(Answer(clear.getresponse()).status, 200)

    def test_curl(self):
        """curl speaks HTTP/1.1 by ALPN, with the domain's certificate checked."""
        port = self.server.ports["https"]
        done = subprocess.run(
            ["curl", "-sSv", "--cacert", self.server.certificate("alpha.test"), "--resolve",
             f"alpha.test:{port}:127.0.0.1", f"https://alpha.test:{port}/health",
             f"https://alpha.test:{port}/health"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        said = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (0, b"ok\nok\n"), said)
        self.assertIn("server accepted http/1.1", said)
        self.assertIn("Re-using existing connection", said)

    def test_openssl(self):
        """C-073: the domain's certificate at HTTPS, too."""
        port = self.server.ports["https"]
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "beta.test",
             "-CAfile", self.server.certificate("beta.test"), "-verify_return_error",
             "-verify_hostname", "beta.test", "-alpn", "h2,http/1.1", "-quiet"],
            input=b"GET /health HTTP/1.1\r\nHost: beta.test\r\nConnection: close\r\n\r\n",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertIn(b"HTTP/1.1 200 OK", done.stdout, done.stderr)


class Logins(WithServer):
    """Logins by the pages, their cookies and forms."""

    def test_login(self):
        browser = self.browser()
        answer = browser.login(ANN)
        self.assertEqual(answer.status, 303)
        line = next(c for c in answer.headers.get_all("Set-Cookie") if "__Host-signet" in c)
        for word in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            self.assertIn(word, line)
        self.assertNotIn("Domain", line)
        self.assertIn(browser.get("/").status, (200, 303))
        self.assertNotIn(browser.cookies["__Host-signet"].split(".")[1], self.server.log())

    def test_logout(self):
        browser = self.browser()
        browser.login(ANN)
        cookie = browser.cookies["__Host-signet"]
        token = Inputs(browser.get("/login").body).csrf()
        self.assertEqual(browser.get("/logout").status, 405)
        self.assertEqual(browser.ask("POST", "/logout", {"csrf": "x"}).status, 403)
        self.assertTrue(self.is_in(cookie))
        self.assertEqual(browser.ask("POST", "/logout", {"csrf": token}).status, 303)
        self.assertNotIn("__Host-signet", browser.cookies)
        self.assertFalse(self.is_in(cookie))

    def test_a_fresh_id_each_time(self):
        browser = self.browser()
        browser.login(ANN)
        first = browser.cookies["__Host-signet"]
        self.assertEqual(browser.login(ANN).status, 303)
        self.assertNotEqual(first, browser.cookies["__Host-signet"])
        self.assertFalse(self.is_in(first), "the id before the login is worth nothing")

    def is_in(self, cookie):
        """Does this cookie open a page behind a login?"""
        browser = self.browser()
        browser.cookies["__Host-signet"] = cookie
        answer = browser.get("/")
        return not (answer.status == 303 and answer.headers["Location"].startswith("/login"))

    def cookie(self, user, password=PASSWORD):
        browser = self.browser()
        self.assertEqual(browser.login(user, password).status, 303)
        return browser.cookies["__Host-signet"]

    def test_wrong_password(self):
        """The same words for every reason, and late."""
        answers = []
        for user in (BOB, "nobody@alpha.test", "x@elsewhere.test"):
            start = time.monotonic()
            answer = self.browser().login(user, "wrong")
            self.assertGreater(time.monotonic() - start, 0.4)
            self.assertNotIn("__Host-signet", answer.cookies())
            page = re.sub(rb'value="?[^" >]*|[a-z]+@[a-z.]+', b"", answer.body)
            answers.append((answer.status, page))
        self.assertEqual(len(set(answers)), 1, answers)

    def test_forged_cookies(self):
        good = self.cookie(ANN)
        self.assertTrue(self.is_in(good))
        account, secret = good.split(".")
        other = self.cookie(CY).split(".")[0]
        for bad in ("", "x", account, account + ".", account + "." + "0" * 64,
                    other + "." + secret, good + "0", good[:-1], good.upper(),
                    account + ".' OR 1 --".ljust(65)):
            self.assertFalse(self.is_in(bad), bad)

    def test_restart(self):
        good = self.cookie(ANN)
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.assertTrue(self.is_in(good))

    def test_ends_with_password(self):
        self.server.add("dora@alpha.test")
        good = self.cookie("dora@alpha.test")
        self.assertTrue(self.is_in(good))
        self.server.signet("account", "password", "dora@alpha.test", stdin="another one 2")
        self.assertFalse(self.is_in(good))
        self.assertTrue(self.is_in(self.cookie("dora@alpha.test", "another one 2")))

    def test_ends_with_account(self):
        self.server.add("emil@alpha.test")
        good = self.cookie("emil@alpha.test")
        self.server.signet("account", "suspend", "emil@alpha.test")
        self.assertFalse(self.is_in(good))
        self.server.signet("account", "resume", "emil@alpha.test")
        self.assertFalse(self.is_in(good), "ended is ended")
        good = self.cookie("emil@alpha.test")
        self.server.signet("account", "remove", "emil@alpha.test")
        self.server.add("emil@alpha.test")
        self.assertFalse(self.is_in(good), "another account of the same name")

    def test_bounded(self):
        self.server.signet("setting", "set", "http.sessions-per-account", "3")
        self.addCleanup(self.server.signet, "setting", "reset", "http.sessions-per-account")
        self.server.add("fred@alpha.test")
        cookies = [self.cookie("fred@alpha.test") for _ in range(5)]
        self.assertEqual(sum(self.is_in(c) for c in cookies), 3)
        self.assertTrue(self.is_in(cookies[-1]))

    def test_nothing_of_a_cookie_on_disk(self):
        secret = self.cookie(ANN).split(".")[1]
        for path in self.server.data.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                self.assertNotIn(secret.encode(), data, path)
                self.assertNotIn(bytes.fromhex(secret), data, path)

    def test_csrf(self):
        browser = self.browser()
        page = Inputs(browser.get("/login").body)
        fields = page.login(ANN, PASSWORD)
        del fields["csrf"]
        token, visit = page.csrf(), browser.cookies["__Host-visit"]

        def post(cookies, origin=None, **more):
            other = self.browser()
            other.cookies = cookies
            headers = {"Origin": origin} if origin else {}
            return other.ask("POST", "/login", dict(fields, **more), **headers).status

        port = self.server.ports["https"]
        self.assertEqual(post({}), 403)
        self.assertEqual(post({}, csrf=token), 403)
        self.assertEqual(post({"__Host-visit": visit}), 403)
        self.assertEqual(post({"__Host-visit": visit}, csrf=token[:-1] + "x"), 403)
        self.assertEqual(post({"__Host-visit": "0" * 32}, csrf=token), 403)
        self.assertEqual(post({"__Host-visit": ""}, csrf=token), 403)
        evil = {"origin": "https://evil.test", "csrf": token}
        self.assertEqual(post({"__Host-visit": visit}, **evil), 403)
        self.assertEqual(post({"__Host-visit": visit}, "null", csrf=token), 403)
        self.assertEqual(
            post({"__Host-visit": visit}, f"https://127.0.0.1:{port}", csrf=token), 303)

    def test_csrf_of_a_login_is_its_own(self):
        one, two = self.browser(), self.browser()
        visitor = Inputs(one.get("/login").body).csrf()
        one.login(ANN)
        two.login(ANN)
        tokens = {visitor, Inputs(one.get("/login").body).csrf(),
                  Inputs(two.get("/login").body).csrf()}
        self.assertEqual(len(tokens), 3)

    def test_other_bodies(self):
        browser = self.browser()
        token = Inputs(browser.get("/login").body).csrf()
        for media in ("text/plain", "application/json", ""):
            answer = browser.ask("POST", "/login", "a=b", Content_Type=media, X_CSRF_Token=token)
            self.assertEqual(answer.status, 415)
        for body in ("a=%ff", "a=%00", "a=%4"):
            answer = browser.ask("POST", "/login", body, Content_Type=FORM, X_CSRF_Token=token)
            self.assertEqual(answer.status, 400)
        answer = browser.ask("POST", "/login", "no parts", X_CSRF_Token=token,
                             Content_Type="multipart/form-data; boundary=x")
        self.assertEqual(answer.status, 400)

    def test_next(self):
        answer = self.browser().get("/no-such-page")
        self.assertEqual(answer.status, 404)


class Pages(WithServer):
    """Pages of another domain or account are not there, whoever asks by their addresses."""

    FOR_ALL = ("/login", "/certificate", "/api/v1/openapi.json")
    LINK = re.compile(r'(?:href|action)="(/[^"#]*)"')

    def crawl(self, browser, first="/"):
        """All pages that links and forms lead to: path and answer."""
        seen, waiting = {}, [first]
        while waiting and len(seen) < 300:
            path = html.unescape(waiting.pop())
            if path in seen or path.startswith(("/static/", "/logout")):
                continue
            seen[path] = browser.get(path)
            waiting += filter(None, [seen[path].headers.get("Location")])
            if seen[path].headers.get("Content-Type", "").startswith("text/html"):
                waiting += self.LINK.findall(seen[path].body.decode())
        return seen

    def test_only_ones_own(self):
        self.server.signet("alias", "add", "hidden@beta.test", CY)
        self.server.add("root@gamma.test")
        self.server.signet("account", "role", "root@gamma.test", "server-admin")
        root, ann, bob = self.browser(), self.browser(), self.browser()
        for browser, user in ((root, "root@gamma.test"), (ann, ANN), (bob, BOB)):
            self.assertEqual(browser.login(user).status, 303)
        pages = self.crawl(root)
        foreign = [path for path in pages if "beta.test" in urllib.parse.unquote(path)]
        self.assertGreater(len(foreign), 3, sorted(pages))
        self.assertFalse([p for p, a in pages.items() if a.status >= 500])
        for browser in (ann, bob):
            own = self.crawl(browser)
            self.assertGreater(len(own), 1)
            for path, answer in own.items():
                self.assertNotIn(b"@beta.test", answer.body, path)
                self.assertLess(answer.status, 500, path)
            for path in foreign:
                answer = browser.get(path)
                self.assertIn(answer.status, (403, 404), path)
                self.assertNotIn(CY.encode(), answer.body, path)

    def test_nothing_without_login(self):
        root, nobody = self.browser(), self.browser()
        root.login(ANN)
        for path in self.crawl(root):
            answer = nobody.get(path)
            if answer.status != 404 and path.split("?")[0] not in self.FOR_ALL:
                self.assertEqual(answer.status, 303, path)
                self.assertTrue(answer.headers["Location"].startswith("/login"), path)
                self.assertEqual(answer.body, b"", path)

    def test_every_page_is_safe(self):
        browser = self.browser()
        browser.login(ANN)
        for path, answer in self.crawl(browser).items():
            if answer.status != 200 or path in self.FOR_ALL:
                continue
            self.assertEqual(answer.headers["Cache-Control"], "no-store", path)
            self.assertNotRegex(
                answer.body, rb"(?i)<script(?! src=\"/static/)|\son[a-z]+=|style=|javascript:", path)
            for form in re.findall(rb"(?is)<form[^>]*method=.?post.*?</form>", answer.body):
                self.assertIn(b'name="csrf"', form, path)


class Operations(WithServer):
    """The API: every operation, by tokens; nobody sees what is not his."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        add = cls.server.signet
        cls.root = add("token", "add", "root")["token"]
        cls.alpha = add("token", "add", "alpha", "--domain", "alpha.test")["token"]
        cls.beta = add("token", "add", "beta", "--domain", "beta.test")["token"]
        cls.bob = add("token", "add", "bobs", "--account", BOB)["token"]

    def api(self, token):
        api = Api(self.server, token)
        self.addCleanup(api.close)
        return api

    def test_same_as_command(self):
        for words in (("domain", "list"), ("account", "list"), ("setting", "list"),
                      ("account", "show", ANN), ("pki", "list")):
            args = {"address": words[2]} if len(words) > 2 else {}
            want = self.server.signet(*words)
            for get in (True, False):
                self.assertEqual(self.api(self.root).call(*words[:2], get=get, **args).json, want)

    def test_change(self):
        api = self.api(self.root)
        answer = api.call("account", "add", address="gil@beta.test", password=PASSWORD)
        self.assertEqual((answer.status, answer.json), (200, {"ok": True, "address": "gil@beta.test"}))
        self.server.imap("gil@beta.test").logout()
        self.assertEqual(api.call("account", "quota", address="gil@beta.test", quota=4096).status, 200)
        self.assertEqual(api.call("alias", "add", name="all@beta.test",
                                  target=[CY, "gil@beta.test"]).status, 200)
        self.assertEqual(api.call("account", "remove", address="gil@beta.test").status, 200)
        self.assertIn("audit by=\"token root\" from=\"api 127.0.0.1\" op=\"account remove\"", self.server.log())
        self.assertNotIn(self.root, self.server.log())

    def test_statuses(self):
        api = self.api(self.root)
        self.assertEqual(api.call("account", "show", address="none@alpha.test").status, 404)
        self.assertEqual(api.call("account", "show", address="@@").status, 400)
        self.assertEqual(api.call("account", "show").status, 400)
        self.assertEqual(api.call("account", "show", address=ANN, more="x").status, 400)
        self.assertEqual(api.call("domain", "add", name="alpha.test").status, 409)
        self.assertEqual(api.call("no", "such").status, 404)
        self.assertEqual(api.call("backup", "restore").status, 404, "needs no server")
        answer = api.call("account", "remove", get=True, address=BOB)
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))
        auth = {"Authorization": "Bearer " + self.root}
        for body, media, want in (("[]", "application/json", 400), ("{", "application/json", 400),
                                  ('{"a":1,"a":2}', "application/json", 400),
                                  ('{"a":' + "[" * 9000 + "]" * 9000 + "}", "application/json", 400),
                                  ("a=b", FORM, 415), ("", FORM, 200)):
            answer = api.ask("POST", "/api/v1/domain/list", body, Content_Type=media, **auth)
            self.assertEqual(answer.status, want, body[:40])
            self.assertEqual(answer.json["ok"], want == 200)
        self.assertEqual(api.ask("GET", "/api/v1/account/show?address=a&address=b", **auth).status, 400)
        self.assertEqual(api.ask("GET", "/api/v1/domain/list?a=%ff", **auth).status, 400)

    def test_secrets_are_not_in_urls(self):
        api = self.api(self.root)
        auth = {"Authorization": "Bearer " + self.root}
        answer = api.ask("GET", "/api/v1/account/password?address=x&password=y", **auth)
        self.assertEqual(answer.status, 405)

    def test_tokens_needed(self):
        self.server.signet("setting", "set", "auth.failure-delay", "20ms")
        self.addCleanup(self.server.signet, "setting", "reset", "auth.failure-delay")
        for token in (None, "", "x", "signet-" + "0" * 64, self.root[:-1], self.root.upper()):
            answer = self.api(token).call("domain", "list")
            self.assertEqual(answer.status, 401, token)
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def test_cookies_are_none(self):
        """No CSRF token is asked for here, so no cookie counts."""
        browser = Browser(self.server)
        self.addCleanup(browser.close)
        browser.login(ANN)
        answer = browser.ask("POST", "/api/v1/account/list", "{}", Content_Type="application/json")
        self.assertEqual(answer.status, 401)

    def test_tokens_end(self):
        self.server.add("ida@alpha.test")
        token = self.server.signet("token", "add", "idas", "--account", "ida@alpha.test")["token"]
        api = self.api(token)
        show = ("account", "show")
        self.assertEqual(api.call(*show, address="ida@alpha.test").status, 200)
        self.server.signet("account", "suspend", "ida@alpha.test")
        self.assertEqual(api.call(*show, address="ida@alpha.test").status, 401)
        self.server.signet("account", "resume", "ida@alpha.test")
        self.assertEqual(api.call(*show, address="ida@alpha.test").status, 200)
        self.server.signet("account", "remove", "ida@alpha.test")
        self.server.add("ida@alpha.test")
        self.assertEqual(api.call(*show, address="ida@alpha.test").status, 401)
        self.server.signet("token", "remove", "idas")
        token = self.server.signet("token", "add", "short", "--days", "1")["token"]
        self.assertEqual(self.api(token).call("domain", "list").status, 200)
        self.server.signet("token", "remove", "short")
        self.assertEqual(self.api(token).call("domain", "list").status, 401)

    def test_tokens_give_no_more(self):
        alpha, bob = self.api(self.alpha), self.api(self.bob)
        for args in ({}, {"role": "domain-admin"}, {"domain": "alpha.test"}):
            made = alpha.call("token", "add", name="more", **args)
            self.assertEqual((made.status, made.json["role"]), (200, "domain-admin"))
            self.assertEqual(alpha.call("token", "remove", name="more").status, 200)
        for args in ({"role": "server-admin"}, {"domain": "beta.test"}, {"account": CY}):
            self.assertIn(alpha.call("token", "add", name="more", **args).status, (400, 403), args)
        for args in ({"role": "domain-admin"}, {"role": "server-admin"}, {"domain": "alpha.test"},
                     {"account": ANN}):
            self.assertIn(bob.call("token", "add", name="more", **args).status, (400, 403), args)
        seen = {api: {row["name"] for row in api.call("token", "list").json["rows"]}
                for api in (alpha, bob)}
        self.assertEqual(seen, {alpha: {"alpha", "bobs"}, bob: {"bobs"}})
        self.assertEqual(alpha.call("token", "remove", name="root").status, 404)
        self.assertEqual(bob.call("token", "remove", name="alpha").status, 404)
        for path in self.server.data.rglob("*"):
            if path.is_file():
                self.assertNotIn(self.root.encode(), path.read_bytes())

    # -- nobody sees or changes what is not his

    FOREIGN = {"domain": "alpha.test", "name": "alpha.test", "address": BOB, "account": BOB}

    def operations(self):
        paths = self.api(None).ask("GET", "/api/v1/openapi.json").json["paths"]
        for path, methods in paths.items():
            for method, row in methods.items():
                schema = row.get("requestBody", {}).get("content", {}).get(
                    "application/json", {}).get("schema", {}).get("properties", {})
                args = {p["name"]: p["schema"] for p in row.get("parameters", [])}
                yield path, row["x-role"], dict(schema, **args)

    @staticmethod
    def example(name, schema, domain, address):
        kind = schema.get("format") or schema.get("items", {}).get("format")
        value = {"idn-hostname": domain, "idn-email": address}.get(kind)
        if value is None:
            if schema.get("$ref"):
                value = PASSWORD
            elif "enum" in schema:
                value = schema["enum"][0]
            else:
                value = {"integer": 1, "boolean": True}.get(str(schema.get("type")), "1")
        return [value] if schema.get("type") == "array" else value

    @staticmethod
    def scoped(args):
        """Is there an argument that names whose something is?"""
        return any(schema.get("format") in ("idn-hostname", "idn-email")
                   and not schema.get("x-foreign")
                   for one in args.values() for schema in (one, one.get("items", {})))

    def test_another_domains_admin_changes_nothing(self):
        """Each operation, called with what belongs to another domain, is denied."""
        api = self.api(self.beta)
        before = self.server.signet("account", "list"), self.server.signet("domain", "list")
        tried = 0
        for path, role, args in self.operations():
            values = {name: self.example(name, schema, "alpha.test", BOB)
                      for name, schema in args.items()}
            scoped = self.scoped(args)
            if role != "server-admin" and not scoped:
                continue
            answer = api.call(*path[1:].split("/"), **values)
            with self.subTest(path=path):
                self.assertEqual(answer.status, 403, answer.body)
                self.assertEqual(answer.json["error"]["kind"], "denied")
            tried += 1
        self.assertGreater(tried, 20)
        after = self.server.signet("account", "list"), self.server.signet("domain", "list")
        self.assertEqual(before, after)

    def test_a_user_changes_nothing_of_others(self):
        api = self.api(self.bob)
        for path, role, args in self.operations():
            if role == "user" and not self.scoped(args):
                continue
            values = {name: self.example(name, schema, "alpha.test", ANN)
                      for name, schema in args.items()}
            with self.subTest(path=path):
                self.assertEqual(api.call(*path[1:].split("/"), **values).status, 403)

    def test_lists_show_what_is_ones_own(self):
        """What an admin may list at all names nothing of another domain."""
        api = self.api(self.beta)
        self.server.signet("alias", "add", "sales@alpha.test", ANN)
        for path, role, args in self.operations():
            required = [n for n, s in args.items() if s.get("format")]
            noun, verb = path[1:].split("/")
            if role == "server-admin" or not (verb == "list" or verb.endswith("-list")):
                continue
            answer = api.call(noun, verb)
            with self.subTest(path=path, required=required):
                self.assertNotIn(b"alpha.test", answer.body)

    def test_role_of_an_admin_is_out_of_reach(self):
        self.server.add("boss@beta.test")
        self.server.signet("account", "role", "boss@beta.test", "server-admin")
        api = self.api(self.beta)
        for verb in ("show", "remove", "suspend", "password", "quota"):
            extra = {"password": {"password": PASSWORD}, "quota": {"quota": 1}}.get(verb, {})
            answer = api.call("account", verb, address="boss@beta.test", **extra)
            self.assertEqual(answer.status, 403, verb)
        answer = api.call("account", "add", address="new@beta.test", password=PASSWORD,
                          role="server-admin")
        self.assertEqual(answer.status, 403)

    # -- the document

    def test_openapi(self):
        answer = self.api(None).ask("GET", "/api/v1/openapi.json")
        document = answer.json
        self.assertEqual(document["openapi"], "3.1.0")
        ids = []
        for path, methods in document["paths"].items():
            self.assertRegex(path, r"^/[a-z-]+/[a-z-]+$")
            for method, row in methods.items():
                self.assertIn(method, ("get", "post"))
                self.assertIn("200", row["responses"])
                ids.append(row["operationId"])
                names = [p["name"] for p in row.get("parameters", [])]
                self.assertEqual(len(names), len(set(names)))
        self.assertEqual(len(ids), len(set(ids)))
        self.assertIn("/token/add", document["paths"])
        for ref in re.findall(r'"\$ref":\s*"#/([^"]+)"', answer.body.decode()):
            found = document
            for part in ref.split("/"):
                found = found[part]

    def test_openapi_schemas(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no python3-jsonschema")
        document = self.api(None).ask("GET", "/api/v1/openapi.json").json
        check = jsonschema.Draft202012Validator
        for schema in document["components"]["schemas"].values():
            check.check_schema(schema)
        for methods in document["paths"].values():
            for row in methods.values():
                for parameter in row.get("parameters", []):
                    check.check_schema(parameter["schema"])
                for body in row.get("requestBody", {}).get("content", {}).values():
                    check.check_schema(body["schema"])
                    self.assertLessEqual(set(body["schema"]["required"]),
                                         set(body["schema"]["properties"]))
        rows = self.api(self.root).call("domain", "list").json
        no = self.api(None).call("domain", "list").json
        for name, good, bad in (("Rows", rows, no), ("Error", no, rows), ("Done", rows, no)):
            schema = check(document["components"]["schemas"][name])
            schema.validate(good)
            self.assertFalse(schema.is_valid(bad), name)


class Metrics(WithServer):
    def read(self):
        answer = self.browser().get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        found = {}
        for line in answer.body.decode().splitlines():
            if not line.startswith("#"):
                self.assertRegex(line, r'^[a-z_]+(\{[a-z]+="[^"]*"\})? [-+0-9.e]+$')
                name, value = line.rsplit(" ", 1)
                self.assertNotIn(name, found)
                found[name] = float(value)
        return found

    def test_counts(self):
        before = self.read()
        self.server.send(ANN, b"Subject: counted\r\n\r\nhello\r\n")
        imap = self.server.imap(ANN)
        with self.assertRaises(Exception):
            self.server.imap(ANN, "wrong")
        after = self.read()
        imap.logout()
        for name, least in (("signet_messages_accepted_total", 1), ("signet_deliveries_total", 1),
                            ('signet_logins_total{result="good"}', 1),
                            ('signet_logins_total{result="bad"}', 1),
                            ('signet_tls_handshakes_total{kind="full"}', 2),
                            ('signet_http_requests_total{status="2xx"}', 1),
                            ("signet_store_commits_total", 1), ("signet_connections_total", 3)):
            self.assertGreaterEqual(after[name] - before[name], least, name)
        self.assertGreaterEqual(after['signet_sessions{protocol="imap"}'], 1)
        self.assertGreater(after["process_resident_memory_bytes"], 1_000_000)
        self.assertGreater(after["process_open_fds"], 5)
        self.assertEqual(after["signet_queue_messages"], 0)
        self.assertEqual(after['signet_http_request_seconds_bucket{le="+Inf"}'],
                         after["signet_http_request_seconds_count"])

    def test_who(self):
        root = self.server.signet("token", "add", "watch")["token"]
        domain = self.server.signet("token", "add", "dom", "--domain", "alpha.test")["token"]
        self.server.signet("setting", "set", "http.metrics-from", "192.0.2.0/24 ::1")
        self.addCleanup(self.server.signet, "setting", "reset", "http.metrics-from")
        browser = self.browser()
        self.assertEqual(browser.get("/metrics").status, 401)
        self.assertEqual(browser.get("/metrics", Authorization="Bearer " + domain).status, 403)
        self.assertEqual(browser.get("/metrics", Authorization="Bearer " + root).status, 200)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool")
    def test_promtool(self):
        text = self.browser().get("/metrics").body
        done = subprocess.run(["promtool", "check", "metrics"], input=text,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
