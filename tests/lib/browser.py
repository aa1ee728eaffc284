"""browser - Debian's chromium without a screen, driven by the WebDriver protocol (W3C)"""
import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

DRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium")

# Nothing but the server under test is talked to.
FLAGS = [*"""--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --disable-dev-shm-usage --hide-scrollbars""".split(),
         "--host-resolver-rules=MAP *.test 127.0.0.1"]

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver 12.1


def installed():
    return bool(DRIVER and CHROMIUM)


class NotFound(Exception):
    """There is no such element."""


class Browser:
    """One window. Use it in a `with`. Elements are named by CSS selectors."""

    def __init__(self, javascript=True, dark=False, width=1280, height=900):
        self.javascript, self.dark, self.size = javascript, dark, (width, height)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signet-browser."))
        self.downloads = self.folder / "downloads"
        self.driver = self.session = None

    def __enter__(self):
        try:
            self.start()
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *what):
        if self.session:
            self.call("DELETE", "")
        if self.driver:
            self.driver.terminate()
            self.driver.wait(20)
            self.driver.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- the protocol

    def start(self):
        self.driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        port = None
        while port is None:
            line = self.driver.stdout.readline()
            if not line:
                raise OSError("chromedriver ended")
            if "successfully on port" in line:
                port = int(line.rsplit(" ", 1)[1].strip(" .\n"))
        self.url = f"http://127.0.0.1:{port}/session"
        self.downloads.mkdir()
        self.session = self.call("POST", "", self.capabilities())["sessionId"]
        self.url += "/" + self.session
        self.look(self.dark, *self.size)

    def look(self, dark=False, width=1280, height=900):
        """In which light, and how wide the window is."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def unfold(self):
        """Open all that is folded; the page's own scripts need not be allowed to run."""
        self.call("POST", "/execute/sync", {
            "script": "document.querySelectorAll('details').forEach(d => d.open = true)", "args": []})

    def capabilities(self):
        flags = [*FLAGS, f"--user-data-dir={self.folder / 'profile'}",
                 "--window-size=%d,%d" % self.size]
        options = {"binary": CHROMIUM, "args": flags,
                   "prefs": {"download.default_directory": str(self.downloads)}}
        if not self.javascript:
            options["prefs"]["profile.managed_default_content_settings.javascript"] = 2
        return {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": True,
                                                 "goog:chromeOptions": options}}}

    def call(self, method, path, body=None):
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            if value["error"] == "no such element":
                raise NotFound(value["message"].splitlines()[0]) from None
            raise OSError(f"{path}: {value['error']}: {value['message']}") from None

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    # -- what somebody does

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def find(self, selector):
        using = "link text" if selector.startswith("link=") else "css selector"
        value = selector.removeprefix("link=")
        return self.call("POST", "/element", {"using": using, "value": value})[ELEMENT]

    def count(self, selector):
        return len(self.call("POST", "/elements", {"using": "css selector", "value": selector}))

    def has(self, selector):
        try:
            return bool(self.find(selector))
        except NotFound:
            return False

    def click(self, selector):
        """Selector, or link=TEXT."""
        self.call("POST", f"/element/{self.find(selector)}/click")

    def follow(self, selector, seconds=20):
        """Click, and wait for the page that it leads to."""
        before = self.find("html")
        self.click(selector)
        for _ in range(seconds * 20):
            try:
                if self.find("html") != before and self.call("GET", "/title"):
                    return
            except NotFound:
                pass
            time.sleep(0.05)
        raise OSError(f"{selector} leads nowhere")

    def fill(self, selector, text):
        """The first letter is typed, the rest as if pasted."""
        element = self.find(selector)
        self.call("POST", f"/element/{element}/clear")
        if text:
            self.call("POST", f"/element/{element}/value", {"text": text[0]})
            self.devtools("Input.insertText", text=text[1:])

    def attach(self, selector, path):
        """A file to upload."""
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": str(path)})

    def choose(self, selector, value):
        self.click(f"{selector} option[value='{value}']")

    # -- what somebody sees

    def text(self, selector="body"):
        return self.call("GET", f"/element/{self.find(selector)}/text")

    def value(self, selector):
        return self.call("GET", f"/element/{self.find(selector)}/property/value")

    def title(self):
        return self.call("GET", "/title")

    def address(self):
        return self.call("GET", "/url")

    def source(self):
        return self.call("GET", "/source")

    def screenshot(self, path):
        """The whole page, also what does not fit into the window."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def downloaded(self, pattern, seconds=10):
        """The file that was downloaded."""
        for _ in range(seconds * 10):
            found = [f for f in self.downloads.glob(pattern) if f.suffix != ".crdownload"]
            if found:
                return found[0]
            time.sleep(0.1)
        raise OSError(f"no download of {pattern}")
