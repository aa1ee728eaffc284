"""test_http_noise - good requests of people and programs, mangled at random, in pieces of any size

SECONDS in the environment says how long (default 6). The seed is printed, and taken from SEED.
"""
import concurrent.futures
import os
import random
import ssl
import time
import unittest

from server import PASSWORD, Server, anyone
from test_http import ANN, CY, Api, Browser, Inputs
from test_noise import mangle

THREADS = 3
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PARTS = (b"--XX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n%b\r\n--XX\r\nContent-Disposition: "
         b"form-data; name=\"name\"; filename=\"x\"\r\n\r\n\0\xff\r\n--XX--\r\n")


class HttpNoise(unittest.TestCase):
    def request(self, method, path, fields=b"", body=None, chunks=False):
        head = b"%b %b HTTP/1.1\r\nHost: alpha.test\r\n%b" % (method, path, fields)
        if body is None:
            return head + b"\r\n"
        if chunks:
            half = len(body) // 2
            body = b"".join(b"%x;a=b\r\n%b\r\n" % (len(p), p) for p in (body[:half], body[half:]) if p)
            return head + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\nX: y\r\n\r\n"
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def requests(self):
        """What browsers, programs and watchers ask for, as users who are let in."""
        browser = Browser(self.server)
        browser.login(ANN)
        cookie = b"Cookie: " + "; ".join(f"{k}={v}" for k, v in browser.cookies.items()).encode() + b"\r\n"
        csrf = Inputs(browser.get("/login").body).csrf().encode()
        browser.close()
        token = self.server.signet("token", "add", "noise")["token"].encode()
        bearer = b"Authorization: Bearer %b\r\nContent-Type: application/json\r\n" % token
        login = b"csrf=%b&do=login&name=cy%%40beta.test&password=%b" % (csrf, PASSWORD.replace(" ", "+").encode())
        json = b'{"address":"cy@beta.test","quota":"2G"}'
        multipart = cookie + b"Content-Type: multipart/form-data; boundary=XX\r\n"
        ask = self.request
        return [
            ask(b"GET", b"/health"), ask(b"HEAD", b"/login"), ask(b"GET", b"/", cookie),
            ask(b"GET", b"/static/signet.css?v=1", b"If-None-Match: W/\"a\", *\r\n"),
            ask(b"GET", b"/accounts?domain=alpha.test&q=%C3%A9+a", cookie), ask(b"GET", b"/metrics", bearer),
            ask(b"POST", b"/login", cookie + FORM, login), ask(b"POST", b"/login", cookie + FORM, login, True),
            ask(b"POST", b"/login", multipart, PARTS % csrf), ask(b"POST", b"/login", multipart, PARTS % csrf, True),
            ask(b"GET", b"/api/v1/account/show?address=cy%40beta.test", bearer),
            ask(b"POST", b"/api/v1/account/quota", bearer, json),
            ask(b"POST", b"/api/v1/account/quota", bearer + b"Expect: 100-continue\r\n", json, True),
            ask(b"GET", b"/api/v1/openapi.json"), ask(b"GET", b"https://beta.test/login"),
            ask(b"PUT", b"/health", b"", b"x"), ask(b"DELETE", b"/logout", cookie),
        ]

    def session(self, rng):
        said = b"".join(mangle(rng, rng.choice(self.good)) for _ in range(rng.randint(1, 8)))
        secure = rng.random() < 0.8
        with self.server.connect("https" if secure else "http", timeout=15) as raw:
            sock = anyone().wrap_socket(raw) if secure else raw
            with sock:
                while said:
                    n = rng.choice([3, 50, 1000, 9000, len(said)])
                    sock.sendall(said[:n])
                    said = said[n:]
                sock.settimeout(0.1)
                try:
                    while rng.random() < 0.9 and sock.recv(65536):
                        pass
                except TimeoutError:
                    pass

    def noise(self, rng, end):
        sessions = 0
        while time.monotonic() < end:
            sessions += 1
            try:
                self.session(rng)
            except (ssl.SSLError, OSError):  # cut by the server
                self.assertIsNone(self.server.process.poll(), "the server ended")
        return sessions

    def test_noise(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        print(f"     seed {seed}", flush=True)
        with Server() as self.server, concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            self.server.add(ANN, CY)
            self.server.signet("setting", "set", "auth.failure-delay-max", "20ms")
            self.server.signet("account", "role", ANN, "server-admin")
            self.good = self.requests()
            end = time.monotonic() + float(os.environ.get("SECONDS", "6"))
            peers = [pool.submit(self.noise, random.Random(seed + n), end) for n in range(THREADS)]
            print(f"     {sum(peer.result() for peer in peers)} sessions")
            self.check()

    def check(self):
        api = Api(self.server)
        self.assertEqual(api.get("/health").status, 200)
        api.close()
        self.assertEqual([line for line in self.server.log().splitlines() if " error " in line], [])


if __name__ == "__main__":
    unittest.main()
