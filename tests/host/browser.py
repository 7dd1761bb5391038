# SPDX-License-Identifier: MIT
"""A headless Chromium, spoken to through a pipe in its DevTools protocol; nothing but Python is needed."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program():
    found = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if not found:
        raise SystemExit("no Chromium: apt-get install chromium")
    return found


class Page:
    """One tab. `console` holds what it said, `requests` the addresses it asked for, in the order of arrival."""

    def __init__(self, width=1280, height=900, patience=120):
        self.patience = patience
        self.console, self.requests = [], []
        self.profile = tempfile.mkdtemp(prefix="sharpgrid-browser-")
        to_browser, self.out = os.pipe()
        self.inn, from_browser = os.pipe()

        def place_pipes():  # the browser reads 3 and writes 4
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)
            os.set_inheritable(3, True)
            os.set_inheritable(4, True)

        self.process = subprocess.Popen(
            [program(), "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-extensions", "--disable-dev-shm-usage",
             "--force-device-scale-factor=1", f"--window-size={width},{height}", f"--user-data-dir={self.profile}",
             "about:blank"],
            preexec_fn=place_pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.rest, self.number, self.session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        os.close(self.out)
        os.close(self.inn)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _receive(self, until):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.inn], [], [], max(0, until - time.monotonic()))
            part = os.read(self.inn, 1 << 20) if ready else b""
            if not part:
                raise SystemExit("Chromium does not answer")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(message)
        method, given = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.console.append(given["type"] + ": " + " ".join(str(x.get("value", x.get("description"))) for x in given["args"]))
        elif method == "Runtime.exceptionThrown":
            details = given["exceptionDetails"]
            self.console.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded":
            self.console.append(f"{given['entry']['level']}: {given['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        return message

    def call(self, method, **given):
        self.number += 1
        number, message = self.number, {"id": self.number, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + self.patience
        while True:
            answer = self._receive(until)
            if answer.get("id") == number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def open(self, path):
        self.call("Page.navigate", url="file://" + os.path.abspath(path))

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def wait(self, condition):
        until = time.monotonic() + self.patience
        while not self.evaluate(f"Boolean(document.documentElement && ({condition}))"):
            if time.monotonic() > until:
                raise SystemExit(f"never true: {condition}\n" + "\n".join(self.console))
            time.sleep(0.02)

    def press(self, key, code=0, text=None):
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **extra)

    def media(self, **features):
        """features: color_scheme="dark", ...; media="print" for paper."""
        kind = features.pop("media", "")
        self.call("Emulation.setEmulatedMedia", media=kind,
                  features=[{"name": "prefers-" + name.replace("_", "-"), "value": value} for name, value in features.items()])

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, path, selector=None):
        area = {}
        if selector:
            box = self.evaluate(f"(() => {{ const b = document.querySelector('{selector}').getBoundingClientRect();"
                                "return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()")
            area = {"clip": dict(zip(("x", "y", "width", "height"), box), scale=1)}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, **area)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def paper(self, path):
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
