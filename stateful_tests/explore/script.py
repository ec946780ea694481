"""The script of plain asyncio for a failing run of a scenario, run on the stock event loop before anybody claims that it fails there."""

import re
from pathlib import Path

from subwarden.checking.scenario.failure import FailureKind
from subwarden.reports.records.exploration import ScenarioFindingRecord
from subwarden.reports.scenario.script import write_script
from subwarden.stateful_tests.explore.searching.minimal import Run
from subwarden.stateful_tests.script.run import doubt
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario

LONGEST = 10.0  # seconds of virtual time, which become real in a script
SPARE = 2.0  # seconds that a script waits longer
RAISING = (FailureKind.RAISED, FailureKind.TASK_RAISED, FailureKind.CALLBACK_RAISED)
STUCK = (FailureKind.DEADLOCK, FailureKind.STUCK)


class NoScript(Exception):
    """A script cannot show this finding; the message says why."""


def add_script(scenario: Scenario, finding: ScenarioFindingRecord, run: Run) -> None:
    """Write the script of `finding` into its record, if it can be shown, and run it."""
    try:
        finding["script"], finding["script_doubt"] = _script(scenario, finding, run)
    except NoScript as reason:
        finding["script_doubt"] = str(reason)
    finding["script_confirmed"] = finding["script"] is not None and finding["script_doubt"] is None


def _script(scenario: Scenario, finding: ScenarioFindingRecord, run: Run) -> tuple[str, str | None]:
    """The script, and what it does instead of failing as the finding does; None if it fails so. Raises NoScript."""
    kind = None if run.failure is None else run.failure.kind
    if finding["order"] != "fifo":
        raise NoScript("the run needs another order than stock asyncio's")
    if finding["fault"] or finding["slow_step"]:
        raise NoScript("the run needs a fault or a slow step at a certain moment, which plain asyncio cannot be told to make")
    if kind not in (*RAISING, *STUCK, FailureKind.LEFT_TASK):
        raise NoScript("plain asyncio does not look for this kind of failure")
    if finding["virtual_seconds"] > LONGEST:
        raise NoScript(f"the run takes {finding['virtual_seconds']:g} s of virtual time, which would be real there")
    path = Path(scenario.file).resolve()
    if not path.is_file():
        raise NoScript(f"{scenario.name} is in no file")
    text = write_script(
        title=f"{scenario.name} fails: {finding['title']}",
        file=str(path),
        folder=str(path.parent),
        module=path.stem,
        function=scenario.name.rpartition(":")[2],
        picks=[each.pick for each in run.happened if each.is_value],
        patience=finding["virtual_seconds"] + SPARE,
    )
    expected = (
        "waits for ever"
        if kind in STUCK
        else "left behind"
        if kind is FailureKind.LEFT_TASK
        else re.split(", (?:in|told to) ", finding["title"])[0]
    )
    return text, doubt(text, expected, prints="printed" in finding)
