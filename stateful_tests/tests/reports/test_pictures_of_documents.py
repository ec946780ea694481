"""The pictures in the documents are of the page as it is: `SUBWARDEN_REFRESH=1` takes them anew; look at them before committing."""

import os
import struct
import threading
from pathlib import Path

import pytest

from subwarden.cli.view.server import Server
from subwarden.cli.view.serving import Serving
from subwarden.reports.html.views import html_of
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.reports.browser import Browser, chromium
from subwarden.stateful_tests.tests.reports.records import RAW, RUNS, replayed
from subwarden.stateful_tests.tests.reports.test_explorer_in_a_browser import IDLE, key
from subwarden.stateful_tests.walking.level_walk import LevelWalk

FOLDER = ROOT / "docs" / "reports"
SHOW = "document.querySelector('details[open]').scrollIntoView()"
BESIDE = "[...document.querySelectorAll('details[open] button')].find((one) => one.textContent.startsWith('Beside')).click()"
BREAKS = BESIDE.replace("Beside", "Where it breaks")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(chromium() is None, reason="there is no Chromium")]


def size(path: Path) -> tuple[int, ...]:
    return struct.unpack(">II", path.read_bytes()[16:24])


def taken(browser: Browser, folder: Path, name: str) -> None:
    """Take the picture `name`, and keep it if that is asked for; else it must be as large as the one that is there."""
    browser.frame()
    path = folder / name
    browser.picture(path)
    if os.environ.get("SUBWARDEN_REFRESH"):
        (FOLDER / name).write_bytes(path.read_bytes())
    assert size(path) == size(FOLDER / name), "SUBWARDEN_REFRESH=1 takes it anew"
    assert len(path.read_bytes()) > 20_000, "there is something to see"


def test_the_page_on_a_desk_and_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(html_of(replayed(RAW)), encoding="utf-8")
    browser.open(page, width=1320, height=1060)
    browser.value(f"{SHOW}; {BESIDE}; {BREAKS}")
    taken(browser, tmp_path, "page-light.png")
    browser.open(page, width=390, height=844, scheme="dark")
    browser.value("document.querySelector('details[open] .run').scrollIntoView()")
    taken(browser, tmp_path, "page-phone-dark.png")


def test_the_explorer(browser: Browser, tmp_path: Path) -> None:
    run = RUNS[RAW]
    server = Server(Serving(LevelWalk(run, load(run.subject, run.level))), 60)
    thread = threading.Thread(target=server.run)
    thread.start()
    with running():
        browser.open(server.address, width=1100, height=720)
        browser.value(IDLE)
        for _ in range(6):
            key(browser, "Backspace")
        taken(browser, tmp_path, "explorer.png")
    server.stop()
    thread.join(20)
    server.close()
