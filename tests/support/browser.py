# SPDX-License-Identifier: Apache-2.0
"""A page in Chromium, by the DevTools protocol over a pipe: nothing listens, and nothing is fetched.

    with Browser() as page:
        page.open("/path/page.html", width=400, scheme="dark")
        page.value("document.title"); page.key("ArrowRight"); page.picture("out.png")
    page.said: what the console had to say, and exceptions; page.asked: what was asked of the network
"""
import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile


class Browser:
    def __init__(self):
        self.program = shutil.which("chromium")
        self.said, self.asked, self.n, self.rest, self.events = [], [], 0, b"", []

    def __enter__(self):
        self.profile = tempfile.mkdtemp()
        to_read, self.to_write = os.pipe()
        self.to_read, to_write = os.pipe()

        def pipes():
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_read, to_write)]
            for fd, place in zip(high, (3, 4)): # where it looks for them
                os.dup2(fd, place)

        self.process = subprocess.Popen(
            [self.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pipes,
            close_fds=False, env={**os.environ, "HOME": self.profile})
        os.close(to_read)
        os.close(to_write)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.session = None
        try:
            self.call("Browser.close")
        except OSError:
            pass
        self.process.wait()
        os.close(self.to_write)
        os.close(self.to_read)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        """The next message of the browser."""
        while b"\0" not in self.rest:
            more = os.read(self.to_read, 1 << 20)
            if not more:
                raise OSError("the browser has ended")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.n += 1
        text = {"id": self.n, "method": method, "params": params}
        if getattr(self, "session", None):
            text["sessionId"] = self.session
        os.write(self.to_write, json.dumps(text).encode() + b"\0")
        while True:
            got = self.message()
            if got.get("id") == self.n:
                if "error" in got:
                    raise OSError(f"{method}: {got['error']}")
                return got["result"]
            self.take(got)

    def take(self, event):
        name, params = event.get("method"), event.get("params", {})
        self.events.append(name)
        if name == "Runtime.exceptionThrown":
            self.said.append(params["exceptionDetails"].get("text", "") + str(params["exceptionDetails"].get("exception")))
        elif name == "Runtime.consoleAPICalled":
            self.said.append(str(params["args"]))
        elif name == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])

    def open(self, path, width=1000, scheme="light", media="screen"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while "Page.loadEventFired" not in self.events:
            self.take(self.message())

    def value(self, expression):
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in got:
            raise OSError(f"{expression}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def key(self, name):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, path):
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
