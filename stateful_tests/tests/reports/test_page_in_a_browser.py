"""The page in a headless Chromium: a person opens a finding, moves along it, compares, searches and copies. Skipped without Chromium."""

import asyncio
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from subwarden.reports.html.escaping import shown
from subwarden.reports.html.views import html_of
from subwarden.stateful_tests.subjects.scenario.scenario import scenario_of
from subwarden.stateful_tests.tests.explore.test_pictured import pictured
from subwarden.stateful_tests.tests.reports.browser import Browser, chromium
from subwarden.stateful_tests.tests.reports.every_record import RECORDS
from subwarden.stateful_tests.tests.reports.records import HOSTILE, PHANTOM, RAW, gate_of, hostile_run, long_run, replayed

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no Chromium")

DETAIL = "document.querySelector('details[open] .detail').innerText"
CURRENT = "document.querySelector('details[open] .step.current').getAttribute('aria-label')"


def opened(browser: Browser, folder: Path, record: Any, **how: Any) -> Path:
    """Write the page of `record` and open it."""
    path = folder / "report.html"
    path.write_text(html_of(record), encoding="utf-8")
    browser.problems.clear()
    browser.requests.clear()
    browser.open(path, **how)
    return path


def press(browser: Browser, name: str) -> None:
    browser.value(f"[...document.querySelectorAll('details[open] button')].find((one) => one.textContent.startsWith('{name}')).click()")
    browser.frame()


def test_moving_along_a_finding_shows_state_model_source_and_locks(browser: Browser, tmp_path: Path) -> None:
    path = opened(browser, tmp_path, gate_of(replayed(RAW)))
    assert "step 6, C, breaks the property" in browser.value(CURRENT)
    at_first = browser.value(DETAIL)
    for words in ("raw for c1 on t1", "does not show", "impl/manager/source.py:67", "T(t1)", "async with state.lock"):
        assert words in at_first
    browser.value("document.querySelector('.lines').focus()")
    browser.key("ArrowUp")
    assert browser.value(CURRENT).startswith("step 5, C")
    assert browser.value(DETAIL) != at_first
    browser.key("Home")
    assert browser.value(CURRENT).startswith("step 1, A")
    browser.key("End")
    assert browser.value(CURRENT).startswith("step 9, C")
    press(browser, "Where it breaks")
    assert browser.value(DETAIL) == at_first
    browser.value("document.activeElement.blur()")
    browser.key("ArrowLeft")
    assert browser.value(CURRENT).startswith("step 5, C"), "without a click before"
    browser.value("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', altKey: true}))")
    assert browser.value(CURRENT).startswith("step 5, C"), "that key is the browser's"
    assert (browser.problems, browser.requests) == ([], [path.resolve().as_uri()])


def test_a_subject_that_shows_no_state_has_no_empty_column(browser: Browser, tmp_path: Path) -> None:
    """An empty column would say that it has nothing."""
    record = gate_of(replayed(RAW))
    for moment in record["findings"][0]["trace"]["moments"]:
        if moment.get("state"):
            moment["state"] |= {"compared": False, "shown": []}
    opened(browser, tmp_path, record)
    assert "The subject shows no state here: this is the model's." in browser.value(DETAIL)
    assert "subject\tmodel" not in browser.value(DETAIL)


def test_a_task_that_has_ended_waits_nowhere(browser: Browser, tmp_path: Path) -> None:
    async def reads() -> None:
        await asyncio.sleep(0)
        raise ValueError("it ends")

    opened(browser, tmp_path, pictured(scenario_of(reads))[2])
    assert "raises ValueError: it ends" in browser.value(DETAIL)
    assert "waits at" not in browser.value(DETAIL)
    press(browser, "\u2039 Back")
    assert f"waits at {Path(__file__).name}:" in browser.value(DETAIL)


def test_the_run_that_holds_stands_beside_the_one_that_fails(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, replayed(PHANTOM))
    press(browser, "Beside a run")
    assert browser.value("document.querySelectorAll('.lines').length") == 2
    assert "the nearest run that holds goes another way" in browser.value(DETAIL)
    assert browser.value("document.querySelectorAll('.step.parts').length") == 2
    press(browser, "Beside a run")
    assert browser.value("document.querySelectorAll('.lines').length") == 1
    assert browser.problems == []


def test_a_touch_chooses_a_step(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, replayed(PHANTOM), width=390)
    browser.ask("Emulation.setTouchEmulationEnabled", enabled=True)
    browser.value("document.querySelector('.lines').scrollIntoView()")
    browser.frame()
    box = browser.value("(({x, y}) => ({x: x + 150, y: y + 5}))(document.querySelectorAll('.step')[2].getBoundingClientRect())")
    browser.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[box])
    browser.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    browser.frame()
    browser.ask("Emulation.setTouchEmulationEnabled", enabled=False)
    assert browser.value(CURRENT).startswith("step 3, ")


def test_a_finding_is_searched_and_opened_by_its_address(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, gate_of(replayed(PHANTOM), replayed(RAW)))
    browser.value("location.hash = '#finding-1'")
    browser.frame()
    assert browser.value("document.getElementById('finding-1').open")
    browser.value("document.getElementById('finding-0').open = false")
    browser.value(
        "(() => { const box = document.querySelector('details[open] input[type=search]');"
        " box.value = 'HOLD_STATE'; box.dispatchEvent(new Event('input')); box.focus(); })()"
    )
    browser.key("Enter")
    assert "hold_state" in browser.value(CURRENT)
    assert browser.value("document.querySelectorAll('details[open] .step.found').length") >= 1
    assert browser.problems == []


def test_the_replay_line_and_the_script_are_copied(browser: Browser, tmp_path: Path) -> None:
    record = gate_of(replayed(RAW))
    opened(browser, tmp_path, record)
    browser.value("document.execCommand = () => { window.copied = getSelection().toString(); return true; }")
    browser.value("Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => Promise.reject()}})")
    press(browser, "Copy")
    browser.frame()
    assert browser.value("window.copied") == f"subwarden replay {record['findings'][0]['replay']}"
    assert browser.value("document.querySelector('button.copy').innerText").startswith("Copied")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_shown_as_text(browser: Browser, tmp_path: Path, text: str) -> None:
    path = opened(browser, tmp_path, hostile_run(text))
    title = browser.value("document.title")
    press(browser, "Beside a run")
    assert browser.value("document.title") == title != "taken"
    assert browser.value("document.querySelectorAll('img, iframe').length") == 0
    assert browser.value("document.querySelectorAll('script').length") == 2
    assert browser.value("document.querySelector('.step .who').textContent") == shown(text)
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    assert (browser.problems, browser.requests) == ([], [path.resolve().as_uri()])


def test_a_thousand_steps_are_there_and_only_those_in_view_are_drawn(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, long_run(1_000))
    assert browser.value("document.querySelectorAll('.step').length") < 80
    browser.value("document.querySelector('.lines').focus()")
    browser.key("End")
    assert browser.value(CURRENT).startswith("step 1000,")
    assert browser.value("document.querySelectorAll('.step').length") < 80
    assert browser.problems == []


@pytest.mark.slow
def test_a_thousand_steps_open_in_a_second_and_a_step_takes_50_milliseconds(browser: Browser, tmp_path: Path) -> None:
    """The best of several tries: what the machine does beside it is not the page's."""
    seconds, milliseconds = [], []
    for _ in range(5):
        began = monotonic()
        opened(browser, tmp_path, long_run(1_000))
        browser.frame()
        seconds.append(monotonic() - began)
        milliseconds.append(browser.value(STEP))
    assert min(seconds) < 1
    assert min(milliseconds) < 50


# how long it takes from a key to the next frame, in milliseconds
STEP = """new Promise((done) => {
  const began = performance.now(), key = new KeyboardEvent('keydown', {key: 'PageUp', bubbles: true});
  document.querySelector('.lines').dispatchEvent(key);
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "dark")])
def test_a_phone_has_no_sideways_scrolling_and_text_stands_out(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    opened(browser, tmp_path, gate_of(replayed(PHANTOM), replayed(RAW)), width=width, scheme=scheme)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(CONTRAST) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECORDS))
def test_the_page_of_every_record_is_readable_names_everything_and_asks_for_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    for verdict, width, scheme in product(("violated", "holds", "inconclusive"), (1280, 390), ("light", "dark")):
        path = opened(browser, tmp_path, {**RECORDS[name](), "verdict": verdict}, width=width, scheme=scheme)
        browser.value("for (const each of document.querySelectorAll('details')) each.open = true")
        browser.frame()
        assert browser.value(CONTRAST) == []
        assert nameless(browser) == []
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert (browser.problems, browser.requests) == ([], [path.resolve().as_uri()])


def nameless(browser: Browser) -> list[Any]:
    """The roles of what can be focused, and of pictures, that a screen reader has no name for."""
    nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    found = []
    for node in nodes:
        role = node.get("role", {}).get("value")
        focusable = any(each["name"] == "focusable" and each["value"]["value"] for each in node.get("properties", ()))
        named = str(node.get("name", {}).get("value", "")).strip()
        if (
            not node.get("ignored")
            and not named
            and role not in ("RootWebArea", "none")
            and (focusable or role in ("image", "img", "option"))
        ):
            found.append(role)
    return found


def test_a_screen_reader_has_a_name_for_everything(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, gate_of(replayed(PHANTOM), replayed(RAW)))
    press(browser, "Beside a run")
    assert nameless(browser) == []
    order = browser.value(
        "[...document.querySelectorAll('details[open] .run :is(button, input, [tabindex])')].map((one) => one.ariaLabel || one.innerText)"
    )
    assert [name.strip("\u2039\u203a ") for name in order[:6]] == [
        *("Back", "Step", "Next", "Where it breaks", "Where it was lost"),
        "Beside a run that holds",
    ]
    assert order[-3:] == ["the run that fails", "the nearest run that holds", "The chosen step"]


def test_it_prints_as_a_table(browser: Browser, tmp_path: Path) -> None:
    record = gate_of(replayed(PHANTOM), replayed(RAW))
    record["findings"][0]["replay"] = "sw1-" + 300 * "x"
    opened(browser, tmp_path, record)
    browser.value("dispatchEvent(new Event('beforeprint'))")
    assert browser.value("[...document.querySelectorAll('.printed')].map((one) => one.querySelectorAll('tr').length)") == [9, 10]
    media = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.ask("Emulation.setEmulatedMedia", media="print", features=media)
    assert browser.value(CONTRAST) == [], "also from the dark theme"
    cut = "[...document.querySelectorAll('pre')].filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth).length"
    assert browser.value(cut) == 0, "paper cannot be scrolled"
    browser.ask("Emulation.setEmulatedMedia", media="")
    browser.value("dispatchEvent(new Event('afterprint'))")
    assert browser.value("document.querySelectorAll('.printed').length") == 0


# texts whose contrast with the colour behind them is below WCAG's AA
CONTRAST = """(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length || element.closest('svg') || element.disabled) continue;
    const [one, two] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (two + 0.05) < 4.5) poor.push(element.className + ': ' + element.textContent.slice(0, 40));
  }
  const filled = (kind) => [...document.querySelectorAll(`svg .${kind}`)].map((each) => channels(getComputedStyle(each).fill));
  const bars = ['track', 'full', 'part', 'call', 'node'].flatMap(filled);
  for (const text of document.querySelectorAll('svg text')) {
    const on = text.classList.contains('on-bar') || !text.classList.length ? bars : [];
    for (const colour of [...on, behind(text.closest('svg'))]) {
      const [one, two] = [light(channels(getComputedStyle(text).fill)), light(colour)].sort((a, b) => b - a);
      if ((one + 0.05) / (two + 0.05) < 4.5) poor.push('svg ' + text.classList + ': ' + text.textContent.slice(0, 40));
    }
  }
  return poor;
})()"""
