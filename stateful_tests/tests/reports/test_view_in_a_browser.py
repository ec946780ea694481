"""`subwarden view`, as a person uses it: the command opens a browser, a run is led and saved there, and the saved run is replayed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.reports.browser import Browser
from subwarden.stateful_tests.tests.reports.test_explorer_in_a_browser import CHOICES, IDLE, key, press

PROGRAM = "A  connect(c1)\nB  subscribe(c1, t1)\nC  disconnect(c1)\n"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+/")
VERDICT = "document.querySelector('.verdict').textContent"
PATIENCE = 30.0  # seconds

pytestmark = pytest.mark.slow


class Viewing:
    """`subwarden view --open` with these arguments in `folder`; the browser that it opens writes down what it was told to open."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder = folder
        opens = folder / "opens.sh"
        opens.write_text(f'#!/bin/sh\necho "$1" > {folder}/opened.tmp\nmv {folder}/opened.tmp {folder}/opened\nsleep 300\n')
        opens.chmod(0o755)
        environment = {"BROWSER": str(opens), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(sys.modules["subwarden"].__path__[0]).parent)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "subwarden", "view", *arguments, "--open"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def address(self) -> str:
        """What the browser was told to open."""
        until = monotonic() + PATIENCE
        while not (self._folder / "opened").exists():
            assert monotonic() < until
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
            sleep(0.05)
        return (self._folder / "opened").read_text().strip()

    def replay(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run the line that the page shows."""
        words = [sys.executable, "-m", *command.split()]
        return subprocess.run(words, cwd=self._folder, capture_output=True, text=True, timeout=60, check=False)

    def close(self) -> None:
        """End it, and the browser that it has opened."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def test_a_browser_that_does_not_return_does_not_hold_up_the_page(tmp_path: Path) -> None:
    (tmp_path / "hub.py").write_text((ROOT / "examples" / "rooms.py").read_text())
    (tmp_path / "program.txt").write_text(PROGRAM)
    viewing = Viewing(tmp_path, "hub.py:Adapter", "--program", "program.txt")
    try:
        address = viewing.address()
        assert ADDRESS.fullmatch(address)
        fetch = f"import urllib.request; print(urllib.request.urlopen({address!r}, timeout=20).status)"
        assert subprocess.run([sys.executable, "-c", fetch], capture_output=True, text=True, check=True).stdout == "200\n"
    finally:
        viewing.close()


def test_a_run_of_a_hub_is_led_to_its_failure_saved_and_replayed(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "hub.py").write_text((ROOT / "examples" / "rooms.py").read_text())
    (tmp_path / "program.txt").write_text(PROGRAM)
    viewing = Viewing(tmp_path, "hub.py:Adapter", "--program", "program.txt")
    try:
        browser.problems.clear()
        browser.open(viewing.address())
        browser.value(IDLE)
        assert "Nothing has happened yet" in browser.value("document.querySelector('.run').innerText")
        for name in ("A", "A"):
            press(browser, name + " ")
        for chosen in ("B request arrives", "B calls subscribe", "C request arrives", "C calls disconnect"):
            offered = browser.value(CHOICES)
            (number,) = [place for place, text in enumerate(offered, 1) if chosen in text]
            key(browser, str(number))
        key(browser, "Backspace")
        assert any("C calls disconnect" in text for text in browser.value(CHOICES)), "taken back"
        key(browser, "1")
        press(browser, "As asyncio, to the end")
        assert browser.value(VERDICT) == "✗ violated"
        press(browser, "Save this schedule")
        command = browser.value("document.querySelector('.kept pre').textContent")
        done = viewing.replay(command)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "P2 no phantom subscriber" in done.stdout
        assert browser.problems == []
    finally:
        viewing.close()


def test_a_run_of_the_manager_is_led_another_way_and_holds(browser: Browser, tmp_path: Path) -> None:
    run = ROOT / "stateful_tests" / "corpus" / "source-P3-a-listener-is-put-on-a-state-that-was-torn-down.json"
    viewing = Viewing(tmp_path, str(run))
    try:
        browser.open(viewing.address())
        browser.value(IDLE)
        assert browser.value(VERDICT) == "✗ violated"
        press(browser, "To the beginning")
        press(browser, "As asyncio, to the end")
        assert browser.value(VERDICT) == "✓ holds"
        press(browser, "Save this schedule")
        done = viewing.replay(browser.value("document.querySelector('.kept pre').textContent"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "holds" in done.stdout
    finally:
        viewing.close()
