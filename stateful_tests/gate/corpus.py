"""The regression corpus as a part of a gate: every saved run is played again on the subject, as far as it can be followed."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.impl.subjects import canonical
from subwarden.stateful_tests.exploring.explorer import fired
from subwarden.stateful_tests.exploring.findings.investigate import confirmed
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.outcome import CheckOutcome
from subwarden.stateful_tests.gate.tasks import Told
from subwarden.stateful_tests.runs import saved
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load


def replay_corpus(
    subject: str,
    levels: Sequence[str],
    *,
    committed_only: bool,
    found: Callable[[Told], object] = lambda _: None,
    enough: Callable[[], bool] = lambda: False,
) -> CheckOutcome:
    """Play every run of the regression corpus of these `levels` on the subject. `found` is told of each finding; it is not made smaller.

    `enough`: asked between runs, whether to stop.
    """
    outcome = CheckOutcome("regression corpus", replays=True)
    began = monotonic()

    def made(runner: Runner, cause: Cause, program: Any, names: list[str]) -> Finding[Any]:
        finding = confirmed(runner, cause, program, names)
        found(Told(finding, finding_record(subject, finding, runner.factory, script=False), False))
        return finding

    with running():
        for _, replay in saved.saved_runs(committed_only=committed_only, subject=canonical(subject)):
            if enough():
                break
            if replay.level not in levels:
                continue
            runner = Runner(LEVELS[replay.level], load(subject, replay.level), replay.order)
            result, names = runner.guided(replay.program, replay.names)
            outcome.programs += 1
            outcome.schedules += 1
            outcome.steps += result.steps
            outcome.fired |= fired(runner)
            outcome.look_into(runner, replay.program, names, result.violations, made)
    outcome.seconds = monotonic() - began
    return outcome
