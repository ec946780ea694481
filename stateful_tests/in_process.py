"""A gate in one process, for a subject in hand: what a test of somebody else's calls (`subwarden_pytest`).

What failed before is tried first; a run that still fails is reported at once. Else programs are drawn as the gate draws them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import SystemRandom
from time import monotonic
from typing import Any

from stateful_tests.exploring.check import Check, Explorer, Outcome, checks_of, still_to_do
from stateful_tests.exploring.level import Factory
from stateful_tests.exploring.runner import Runner, running
from stateful_tests.gate import MORE_ROUNDS
from stateful_tests.levels import LEVELS
from stateful_tests.loading import BadSubject, blaming, in_hand
from stateful_tests.profiles import Profile
from stateful_tests.replay import Replay, of_finding
from stateful_tests.run_record import gate_record


@dataclass
class Held:
    """What came of it: the gate's record, the replays of what was found, and which of the runs tried first did not fail any more."""

    record: dict[str, Any]
    found: list[Replay] = field(default_factory=list)
    mended: list[Replay] = field(default_factory=list)


def hold(name: str, make: Callable[..., Any], profile: Profile, budget: float | None, first: Sequence[Replay]) -> Held:
    """Hold what `make` makes against its model. `budget`: seconds, instead of the profile's examples. Raises BadSubject."""
    level, factory = in_hand(name, make)
    checks = checks_of(level)
    for replay in first:
        if replay.level != level:
            raise BadSubject(f"subject {name} is of {level}, and a run that was given is of {replay.level}; give one that was made for it")
    with blaming(name), running():
        outcomes = [_replayed(factory, first)]
        mended = [replay for replay in first if not outcomes[0].findings]
        if not outcomes[0].findings:
            outcomes += _explored(factory, checks, profile, budget)
    with blaming(name):
        record = gate_record(name, profile.name, checks, outcomes, stopped=False, factory=factory)
    findings = {cause: finding for outcome in outcomes for cause, finding in outcome.findings.items()}
    return Held(record, [of_finding(name, finding) for finding in findings.values()], mended)


def _replayed(factory: Factory, replays: Sequence[Replay]) -> Outcome:
    outcome = Outcome("runs tried first", replays=True)
    began = monotonic()
    for replay in replays:
        runner = Runner(LEVELS[replay.level], factory, replay.order)
        result, names = runner.guided(replay.program, replay.names)
        outcome.merge(Outcome("", programs=1, schedules=1, steps=result.steps))
        outcome.look_into(runner, replay.program, names, result.violations)
    outcome.seconds = monotonic() - began
    return outcome


def _explored(factory: Factory, checks: Sequence[Check], profile: Profile, budget: float | None) -> list[Outcome]:
    """As `stateful_tests.gate.explore`, but one check after another, up to the first that finds anything: a weaker order says it better."""
    number = 0 if profile.derandomized else SystemRandom().getrandbits(40)
    seconds = None if budget is None else budget / len(checks)
    outcomes = {check: Outcome(check.name) for check in checks}
    left = checks
    for more in range(1 if budget is not None else 1 + MORE_ROUNDS):
        for check in left:
            outcomes[check].merge(_checked(check, factory, profile, number + more, seconds))
            if outcomes[check].findings:
                return list(outcomes.values())
        left = still_to_do(outcomes)
        if not left:
            break
    return list(outcomes.values())


def _checked(check: Check, factory: Factory, profile: Profile, number: int, seconds: float | None) -> Outcome:
    began = monotonic()

    def enough() -> bool:
        return seconds is not None and monotonic() - began >= seconds

    explorer = Explorer(check, factory, profile, enough, lambda _: None)
    while True:
        explorer.round(number, profile.examples)
        number += 1
        if seconds is None or enough():
            break
    outcome = explorer.finish()
    outcome.seconds = monotonic() - began
    return outcome
