"""Pages in a real browser: a headless Chromium, driven by its DevTools protocol through pipes."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
PATIENCE_S = 20
FIRST_FREE = 10  # Chromium reads from descriptor 3 and writes to 4
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu-sandbox", "--no-first-run"),
    *("--disable-background-networking", "--hide-scrollbars", "--mute-audio"),
    # WebGL by the processor.
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
    "--remote-debugging-pipe",
)


class BrowserError(Exception):
    """The browser reports an error, or a script of the page raised one."""


class Browser:
    """A browser with one page; a context manager.

    `problems` collects what the page writes to the console as error or warning, scripts' errors
    that nobody catches, and every request to anything but files and data.
    """

    def __init__(self, profile: Path, width: int = 1280, height: int = 900):
        ours_in, self._input = (_high(end) for end in os.pipe())
        self._output, ours_out = (_high(end) for end in os.pipe())
        self._process = subprocess.Popen(
            [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", f"--window-size={width},{height}"],
            preexec_fn=lambda: (os.dup2(ours_in, 3), os.dup2(ours_out, 4)),
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(profile)},
        )
        os.close(ours_in)
        os.close(ours_out)
        self._waiting, self._number, self._session = b"", 0, None
        self.problems: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._input)
        os.close(self._output)

    def call(self, method: str, **parameters) -> dict:
        """Result of a method of the protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def open(self, path: Path, fragment: str = "") -> float:
        """Open a file, and return the seconds until it was loaded."""
        begin = time.monotonic()
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        return time.monotonic() - begin

    def run(self, script: str):
        """Value of an expression, awaited, in the page."""
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise BrowserError(result["exceptionDetails"]["exception"].get("description", script))
        return result["result"].get("value")

    def wait(self, condition: str, seconds: float = 60):
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(condition)
            if value:
                return value
            time.sleep(0.05)
        raise BrowserError(f"not true after {seconds} s: {condition}; {self.problems}")

    def resize(self, width: int, height: int) -> None:
        """Size of the window in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def press(self, key: str) -> None:
        """Press and release a key, as for an element with the focus."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def mouse(self, kind: str, x: float, y: float, **details) -> None:
        """Move, press, release or turn the wheel at a place of the window."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **details)

    def screenshot(self, path: Path) -> None:
        """Write what the window shows as PNG."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def _read(self) -> dict:
        while b"\0" not in self._waiting:
            if not select.select([self._output], [], [], PATIENCE_S)[0]:
                raise BrowserError(f"no answer in {PATIENCE_S} s")
            more = os.read(self._output, 2**20)
            if not more:
                raise BrowserError("the browser ended")
            self._waiting += more
        message, _, self._waiting = self._waiting.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict) -> None:
        method, given = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.problems.append(given["exceptionDetails"]["exception"].get("description", ""))
        elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning"):
            self.problems.append(" ".join(str(one.get("value")) for one in given["args"]))
        elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.problems.append(given["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"][:200])


def _high(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    os.close(descriptor)
    return moved
