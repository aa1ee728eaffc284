"""portal - the pages as somebody sees them who is logged in, without a browser

    portal = Portal(server, "ann@alpha.test"); portal.get("/portal"); portal.post("/portal/away", {"do": "forward", ...})
"""
import re
import urllib.parse
import urllib.request

from server import PASSWORD, anyone


class Portal:
    """Somebody who is logged in and sends forms."""

    def __init__(self, server, user):
        self.base = f"https://localhost:{server.ports['https']}"
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=anyone()),
                                                  urllib.request.HTTPCookieProcessor())
        self.post("/login", {"do": "login", "name": user, "password": PASSWORD})

    def get(self, path):
        return self.opener.open(self.base + path, timeout=30).read().decode()

    def post(self, path, fields):
        csrf = re.search(r'name="csrf" value="(\w+)"', self.get(path))[1]
        data = urllib.parse.urlencode({"csrf": csrf, **fields}).encode()
        return self.opener.open(self.base + path, data, timeout=30).read().decode()
