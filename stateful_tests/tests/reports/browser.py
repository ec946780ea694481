"""Drives a headless Chromium over a pipe, by its DevTools protocol: no driver, no port, no package.

`chromium()` is its path; None where there is none, and then the tests of the page itself are skipped.
"""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from select import select
from typing import Any

PATIENCE = 30.0  # seconds
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking"),
    *("--remote-debugging-pipe", "--hide-scrollbars", "--force-color-profile=srgb", "--disable-dev-shm-usage"),
)


def chromium() -> str | None:
    """The path of a Chromium, if there is one."""
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


class Browser:
    """One page of one Chromium. `problems`: console errors, exceptions and violations of the policy; `requests`: addresses asked for."""

    def __init__(self, profile: Path) -> None:
        program = chromium()
        assert program is not None
        theirs, self._write = os.pipe()
        self._read, ours = os.pipe()

        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" 3<&{theirs} 4>&{ours}', program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs, ours),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        self._buffer = b""
        self._number = 0
        self._loaded = 0
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        """End the browser."""
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def ask(self, method: str, **arguments: Any) -> Any:
        """The answer to one command."""
        self._number += 1
        number = self._number
        request: dict[str, Any] = {"id": number, "method": method, "params": arguments}
        if self._session is not None:
            request["sessionId"] = self._session
        os.write(self._write, json.dumps(request).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self._happened(message)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            there, _, _ = select([self._read], [], [], PATIENCE)
            assert there, "the browser does not answer"
            read = os.read(self._read, 1 << 16)
            assert read, "the browser has ended"
            self._buffer += read
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _happened(self, message: dict[str, Any]) -> None:
        about = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded += 1
            case "Runtime.exceptionThrown":
                self.problems.append(str(about["exceptionDetails"].get("exception", about["exceptionDetails"])))
            case "Runtime.consoleAPICalled" if about["type"] in ("error", "warning", "assert"):
                self.problems.append(str(about["args"]))
            case "Log.entryAdded" if about["entry"]["level"] == "error":
                self.problems.append(about["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])

    def open(self, what: Path | str, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Open a file, or an address, and wait until it has loaded."""
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", features=media)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        before = self._loaded
        self.ask("Page.navigate", url=what if isinstance(what, str) else what.resolve().as_uri())
        while self._loaded == before:
            self._happened(self._message())

    def value(self, script: str) -> Any:
        """The value of an expression of JavaScript in the page; a promise is awaited."""
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def key(self, name: str) -> None:
        """Press a key, such as ArrowDown."""
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=name, code=name, text="\r" if name == "Enter" else "")
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=name, code=name)

    def frame(self) -> None:
        """Wait until what was asked for has been drawn."""
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def picture(self, path: Path) -> None:
        """Write a screenshot of what is in view."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))
