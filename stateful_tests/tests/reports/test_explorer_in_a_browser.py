"""The explorer in a headless Chromium: choose by click and by key, take back, save, and be told when the run behind the page has ended."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from subwarden.cli.view.server import Server
from subwarden.cli.view.serving import Serving
from subwarden.reports.html.escaping import shown
from subwarden.reports.html.walk_record import SavedWalkRecord, WalkHeadRecord, WalkRecord
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.reports.browser import Browser, chromium
from subwarden.stateful_tests.tests.reports.records import HOSTILE, RAW, RUNS, hostile_run
from subwarden.stateful_tests.tests.reports.test_page_in_a_browser import CONTRAST, nameless
from subwarden.stateful_tests.walking.level_walk import LevelWalk
from subwarden.stateful_tests.walking.walk import Onward

pytestmark = [pytest.mark.slow, pytest.mark.skipif(chromium() is None, reason="there is no Chromium")]

CHOICES = "[...document.querySelectorAll('.candidate')].map((one) => one.innerText.replace(/\\s+/g, ' '))"
IDLE = """new Promise((done) => {
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done));
  const look = () => !document.body || document.body.getAttribute('aria-busy') ? setTimeout(look, 5) : drawn();
  look();
})"""


@pytest.fixture
def server() -> Iterator[Server]:
    run = RUNS[RAW]
    server = Server(Serving(LevelWalk(run, load(run.subject, run.level))), 60)
    thread = threading.Thread(target=server.run)
    thread.start()
    with running():
        yield server
    server.stop()
    thread.join(20)
    server.close()


def opened(browser: Browser, server: Server, width: int = 1280, scheme: str = "light") -> None:
    browser.problems.clear()
    browser.requests.clear()
    browser.open(server.address, width=width, scheme=scheme)
    browser.value(IDLE)


def press(browser: Browser, name: str) -> None:
    browser.value(f"[...document.querySelectorAll('button')].find((one) => one.textContent.includes('{name}')).click()")
    browser.value(IDLE)


def key(browser: Browser, name: str) -> None:
    browser.key(name)
    browser.value(IDLE)


def test_a_run_is_led_back_and_on_by_keys_and_clicks(browser: Browser, server: Server) -> None:
    opened(browser, server)
    verdict = "document.querySelector('.verdict').textContent"
    assert (browser.value(CHOICES), browser.value(verdict)) == ([], "✗ violated")
    for _ in range(6):
        key(browser, "Backspace")
    assert browser.value(verdict) == "… holds so far"
    assert browser.value(CHOICES) == ["1 B calls thread_state(t1) as recorded", "2 C request arrives outside event"]
    key(browser, "2")
    assert browser.value(CHOICES) == ["1 B calls thread_state(t1)"], "in fifo B is first, and no longer as recorded"
    press(browser, "Take back")
    for _ in range(3):
        press(browser, "As recorded")
    assert browser.value(verdict) == "✗ violated"
    assert "raw for c1 on t1" in browser.value("document.querySelector('.detail').innerText")
    press(browser, "As recorded, to the end")
    assert browser.value(CHOICES) == []
    browser.value("document.querySelector('.lines').focus()")
    for _ in range(3):
        browser.key("ArrowUp")
    press(browser, "To before the shown step")
    assert browser.value(CHOICES) == ["1 B request arrives outside event as recorded", "2 C request arrives outside event"]
    assert browser.problems == []
    assert all(address.startswith(server.address) for address in browser.requests), "nothing leaves the page"


def test_a_schedule_is_saved_and_the_end_of_the_run_is_said(
    browser: Browser, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened(browser, server)
    press(browser, "Save this schedule")
    command = browser.value("document.querySelector('.kept pre').textContent")
    assert list(read(command.split()[2]).names) == list(RUNS[RAW].names)
    browser.value("document.execCommand = () => { window.copied = getSelection().toString(); return true; }")
    browser.value("Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => Promise.reject()}})")
    press(browser, "Copy")
    browser.frame()
    assert browser.value("window.copied") == command
    server.stop()
    server.close()
    press(browser, "Take back")
    assert "has ended" in browser.value("document.querySelector('.alarm').textContent")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_it_fits_and_its_text_stands_out(browser: Browser, server: Server, width: int, scheme: str) -> None:
    opened(browser, server, width, scheme)
    for _ in range(3):
        press(browser, "Take back")
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(CONTRAST) == []
    assert nameless(browser) == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_shown_as_text(browser: Browser, text: str) -> None:
    server = Server(Serving(Hostile(text)), 60)
    thread = threading.Thread(target=server.run)
    thread.start()
    opened(browser, server, 390)
    press(browser, "To the beginning")
    press(browser, "Save this schedule")
    assert browser.value("document.title") != "taken"
    assert browser.value("document.querySelectorAll('img, iframe').length") == 0
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    assert (browser.problems, browser.value("document.querySelector('.candidate .who').textContent")) == ([], shown(text))
    server.stop()
    thread.join(20)
    server.close()


class Hostile:
    """A walk of one step, all texts of which are the same."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._run = hostile_run(text)
        self.head: WalkHeadRecord = {"title": text, "about": [text], "tasks": [(text, text)], "recorded": [text]}

    def at(self, schedule: Sequence[str], onward: Onward = "no") -> WalkRecord:
        text = self._text
        return {
            "schedule": list(schedule),
            "row_of": [0],
            "steps": self._run["steps"],
            "trace": self._run["trace"],
            "candidates": [{"name": text, "kind": "fault", "who": shown(text), "said": text, "at": text, "recorded": True}],
            "broken": [text],
            "ended": False,
            "printed": [text],
        }

    def save(self, schedule: Sequence[str]) -> SavedWalkRecord:
        return {"command": self._text, "replay": self._text, "said": self._text, "file": self._text}

    def close(self) -> None:
        pass


def test_a_closed_page_ends_the_server(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subwarden.cli.view.server.GRACE", 0.2)
    run, why = RUNS[RAW], list[str]()
    server = Server(Serving(LevelWalk(run, load(run.subject, run.level))), 60)
    thread = threading.Thread(target=lambda: why.append(server.run()))
    thread.start()
    opened(browser, server)
    press(browser, "Take back")
    browser.value("location.reload()")
    browser.frame()
    browser.value(IDLE)
    assert thread.is_alive(), "loaded anew, it goes on"
    browser.open("about:blank")
    thread.join(20)
    server.close()
    assert why == ["the page was closed"]
