"""webdriver.py: drives Debian's chromium through chromedriver, with Python's library alone.

    with Browser(scratch_directory) as b:
        b.open("file:///…/page.html")
        b.run("return document.title")

Speaks the W3C WebDriver protocol (https://www.w3.org/TR/webdriver2/) over HTTP on the
loopback, and Chromium's own commands for what the protocol lacks: themes, sizes, printing.
The browser has a profile of its own in the scratch directory and ends with the block.  Its
socket lies in a temporary directory with a short name: a socket's path has 107 bytes.
"""
import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--disable-extensions", "--no-default-browser-check",
    "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US",
]


class Failed(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, scratch, width=1440, height=900, chromium="/usr/bin/chromium",
                 driver="/usr/bin/chromedriver"):
        self.scratch, self.size = scratch, (width, height)
        self.chromium, self.driver = chromium, driver
        self.process = self.session = self.sockets = None

    def __enter__(self):
        port = free_port()
        log = os.path.join(self.scratch, "chromedriver.log")
        self.sockets = tempfile.mkdtemp(prefix="mr", dir="/tmp")
        environment = dict(os.environ, HOME=self.scratch, TMPDIR=self.sockets)
        self.process = subprocess.Popen(
            [self.driver, f"--port={port}", f"--log-path={log}"], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._await_driver()
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.session:
            try:
                self._call("DELETE", "")
            except (OSError, Failed):
                pass
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _await_driver(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"chromedriver ended with {self.process.returncode}")
            try:
                if self._http("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.05)
        raise Failed("chromedriver does not answer")

    def _begin(self):
        width, height = self.size
        options = {
            "binary": self.chromium,
            "args": FLAGS + [f"--window-size={width},{height}",
                             "--user-data-dir=" + os.path.join(self.scratch, "profile")],
        }
        answer = self._http("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }}})
        self.session = answer["sessionId"]

    def _http(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise Failed(f"{value['error']}: {value['message'][:500]}") from None

    def _call(self, method, path, body=None):
        return self._http(method, f"/session/{self.session}{path}", body)

    def cdp(self, command, **params):
        """A command of the Chrome DevTools Protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    # ---- what tests do

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self._call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def find(self, selector):
        return self._call("POST", "/element",
                          {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self._call("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        self._call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def clear(self, selector):
        self._call("POST", f"/element/{self.find(selector)}/clear", {})

    def console(self):
        """What the page has logged since the last call: level and message."""
        return [(entry["level"], entry["message"])
                for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def resize(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)

    def media(self, kind="", theme="light"):
        """kind: "print" or ""; theme: what the system prefers."""
        self.cdp("Emulation.setEmulatedMedia", media=kind,
                 features=[{"name": "prefers-color-scheme", "value": theme}])

    def picture(self, path, whole=False):
        shot = self.cdp("Page.captureScreenshot", format="png",
                        captureBeyondViewport=whole, **self._clip(whole))
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"],
                         "height": min(size["height"], 15000), "scale": 1}}

    def pdf(self, path):
        """On A4, in inches."""
        answer = self.cdp("Page.printToPDF", printBackground=False,
                          preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
