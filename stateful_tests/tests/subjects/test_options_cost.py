"""An option of the core model that an adapter does not switch on costs its runs nothing: they run no line of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import ROOT

PROFILE = Profile("cost", examples=4, schedules=30, steps=9, derandomized=True)
OF_OPTIONS = ("checking/core/options", "stateful_tests/subjects/core/options")


@contextmanager
def called() -> Iterator[set[str]]:
    """The files whose functions are called, from the project's root."""
    found: set[str] = set()

    def note(frame: FrameType, what: str, _: Any) -> None:
        if what == "call":
            found.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def run_of_options(name: str) -> set[str]:
    """The files of options of which the runs of a short check run anything."""
    search = GateSearch(Check(Order.FIFO, False, "core"), CORE_LEVEL, load(str(ROOT / "examples" / name), "core"), PROFILE)
    with running():
        search.round(0, 1)  # what is learned once of an adapter is no cost of a run
        with called() as files:
            search.round(1, PROFILE.examples)
    assert search.explorer.runner.schedules > PROFILE.schedules
    roots = [str((ROOT / folder).resolve()) for folder in OF_OPTIONS]
    return {Path(file).name for file in files if any(str(Path(file).resolve()).startswith(root) for root in roots)}


def test_an_adapter_without_options_runs_no_line_of_an_option() -> None:
    assert run_of_options("rooms.py:Adapter") == set()
    assert "judge.py" in run_of_options("options/bounded.py:Adapter"), "the files are those that an option runs"
