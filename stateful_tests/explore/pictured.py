"""Adds to the findings of an exploration what pages need: how tasks, locks, queues and conditions are after each step, where the run was
lost, and the nearest run that holds. Each finding is played once more for it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from subwarden.checking.scenario.failure import Failure, FailureKind
from subwarden.reports.records.exploration import ScenarioHoldingRecord, ScenarioTraceRecord
from subwarden.scheduling.run import Choose
from subwarden.scheduling.schedule import Follower
from subwarden.scheduling.strategies.strategy import Strategy, once
from subwarden.stateful_tests.explore.exploration import Exploring
from subwarden.stateful_tests.explore.script import add_script
from subwarden.stateful_tests.explore.searching.minimal import Run, patience, record
from subwarden.stateful_tests.exploring.findings.parting import BLOCKS, Parting, Unsearched, lost_record, parting
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.scenario.narrate import Narration
from subwarden.stateful_tests.subjects.scenario.picture import Picture
from subwarden.stateful_tests.subjects.scenario.play import Make, Result, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario


def add_pictures(scenario: Scenario, exploring: Exploring, leave: frozenset[str] = frozenset()) -> None:
    """Put its trace and its script into each finding. One that does not come to rest is left without a trace."""
    for finding, run in zip(exploring.record["findings"], exploring.runs, strict=False):
        if finding["script_confirmed"] is None:
            add_script(scenario, finding, run)
        if run.failure is None or run.failure.kind is FailureKind.RESTLESS:
            continue
        runner = ScenarioRunner(scenario, run.rules, leave)
        with running(), patience(run.failure):
            told = _told(runner, run.names, run.failure)
            if len(told.narration.rows) == len(finding["steps"]):
                finding["trace"] = _trace(runner, run, told)


class _Told(NamedTuple):
    narration: Narration
    picture: Picture
    row_of: list[int]


def _told(runner: ScenarioRunner, names: Sequence[str], failure: Failure | None) -> _Told:
    """Play these names once, and look at each step."""
    picture = Picture()
    narration = Narration(impatient=failure is not None and failure.kind is FailureKind.BLOCKED, picture=picture)
    row_of: list[int] = []

    def following(candidates: Any) -> Choose:
        follower = Follower(candidates, names)

        def choose(n: int) -> int:
            pick = follower(n)
            row_of.append(narration.told())
            due = candidates.names()[0]
            narration.chosen(names[follower.at - 1], due, pick > 0)
            return pick

        return choose

    with narration.listening():
        runner.run(following, every_choice=True, listener=narration)
    return _Told(narration, picture, row_of)


def _trace(runner: ScenarioRunner, run: Run, told: _Told) -> ScenarioTraceRecord:
    assert run.failure is not None
    parted = Unsearched(BLOCKS) if run.failure.kind is FailureKind.BLOCKED else parting(_Runs(runner), None, None, run.names)
    row = 0
    holds: ScenarioHoldingRecord | None = None
    if isinstance(parted, Parting) and parted.common is not None:
        common = told.row_of[parted.common]
        row = min(common + 1, len(told.narration.rows))
        held = _told(runner, parted.names, None)
        holds = {"common": common, "steps": held.narration.rows, "trace": held.picture.trace()}
    return {**told.picture.trace(), **lost_record(parted, row), "holds": holds}


class _Result(NamedTuple):
    violations: Sequence[Failure]
    choices: list[int]


class _Runs:
    """The runs of a scenario, as `exploring.findings.parting` asks for them. A scenario is its own program."""

    def __init__(self, runner: ScenarioRunner) -> None:
        self._runner = runner

    @property
    def steps(self) -> int:
        """The steps of all runs so far."""
        return self._runner.steps

    def run(self, _program: object, make: Make, *, every_choice: bool = False) -> _Result:
        """See `exploring.runner.Runner.run`."""
        return _result(self._runner.run(make, every_choice=every_choice))

    def run_strategy(self, _program: object, strategy: Strategy) -> _Result | None:
        """See `exploring.runner.Runner.run_strategy`."""
        made = once(strategy, self._runner.run)
        return None if made is None else _result(made)

    def record(self, _program: object, make: Any) -> tuple[Run, list[str]]:
        """See `exploring.runner.Runner.record`."""
        run = record(self._runner, make)
        return run, run.names


def _result(made: Result) -> _Result:
    return _Result([] if made.failure is None else [made.failure], made.choices)
