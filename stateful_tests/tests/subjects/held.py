"""Shared by the tests of the examples: an example's module as a user would load it, and short checks of its adapters."""

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.reports.records.finding import FindingRecord
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.record import finding_record, script_record
from subwarden.stateful_tests.runs.replay import Replay, read
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import EXAMPLES
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, search_of

SCHEDULES = 40  # of each given program


def example(name: str) -> ModuleType:
    """The module `examples/NAME.py`."""
    spec = importlib.util.spec_from_file_location(f"subwarden_examples_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # a report names the module in which a task waits
    spec.loader.exec_module(module)
    return module


def shown(make: Callable[..., Any], *programs: CoreProgram, rounds: int = 1) -> dict[Cause, Finding[Any]]:
    """The findings of short checks of `programs`, or of drawn ones, in every order and with and without cancellation. Fails on a doubt."""
    found: dict[Cause, Finding[Any]] = {}
    with running():
        for order in Order:
            for cancellation in (False, True):
                check = search_of(make, order, cancellation=cancellation)
                for program in programs:
                    check._drive_variant(program, SCHEDULES)
                for number in range(0 if programs else rounds):
                    check.round(number, PROFILE.examples)
                assert not check.outcome.doubts
                found = {**check.outcome.findings, **found}
    return found


def told(subject: str, finding: Finding[Any]) -> FindingRecord:
    """The record of a finding. Fails if its script does not fail on the stock event loop."""
    record = finding_record(subject, finding)
    assert record["script_confirmed"], record["script_doubt"]
    return record


def saved(name: str) -> tuple[Replay, dict[str, Any]]:
    """The record of the run in `examples/findings/NAME.txt`, played again. Fails if the run or its script no longer shows its cause."""
    replay = read(str(EXAMPLES / "findings" / f"{name}.txt"))
    with running():
        result = Runner(CORE_LEVEL, load(replay.subject, replay.level), replay.order).follow(replay.program, replay.names)
    (cause,) = [each for each in result.violations if replay.cause in (each.slug(), each.broad().slug())]
    record = script_record(replay, cause)
    assert record["script_confirmed"], record["script_doubt"]
    return replay, {"property": cause.property.name, "title": cause.property.title, "said": cause.said(), **record}
