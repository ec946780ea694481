"""Plays a saved run again, exactly, and records what it shows now."""

from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict
from subwarden.reports.records.replay import REPLAY_SCHEMA, ReplayRecord
from subwarden.scheduling.schedule import Divergence
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.recording import Recording
from subwarden.stateful_tests.exploring.level import Factory, FailingRun
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.pictured.trace import trace_record
from subwarden.stateful_tests.runs.record import task_rows
from subwarden.stateful_tests.runs.replay import BadReplay, Replay
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming


class Followed(NamedTuple):
    """A run that was played again. `cause`: the one that it was recorded for, if it still shows, else another; None if it holds now."""

    record: ReplayRecord
    cause: Cause | None


def follow(replay: Replay, factory: Factory, observers: Sequence[Observer] = (), *, traced: bool = False) -> Followed:
    """Play `replay` on a subject of `factory` with `observers`. `traced`: record what pictures of the run need, too. Raises BadReplay where
    that takes other steps now, BadSubject.
    """
    level, narration, recording = LEVELS[replay.level], Narration(), Recording()
    runner = Runner(level, factory, replay.order)
    listening = [narration, *([recording] if traced else []), *observers]
    try:
        with blaming(replay.subject), running():
            result = runner.follow(replay.program, replay.names, listening)
    except Divergence as error:
        again = f"the subject has changed; find the run again with `subwarden gate --subject {quote(replay.subject)}`"
        raise BadReplay(f"the run cannot be followed: {error}; {again}") from None
    broken = sorted(result.violations, key=lambda c: (result.violations[c], c.slug()))
    recorded = replay.cause.partition("-")[2]
    exactly = [c for c in broken if recorded == c.slug().partition("-")[2]]
    likely = [c for c in broken if recorded.startswith(c.broad().slug().partition("-")[2])]  # its line may have moved
    cause = next(iter([*exactly, *likely, *broken]), None)
    record: ReplayRecord = {
        "schema": REPLAY_SCHEMA,
        "subject": replay.subject,
        "recorded_for": replay.cause,
        "verdict": (Verdict.HOLDS if cause is None else Verdict.VIOLATED).value,
        "steps_run": result.steps,
        "findings": [
            {
                "id": each.slug(),
                "property": each.property.name,
                "title": each.property.title,
                "mechanism": each.mechanism,
                "said": each.said(),
                "detail": narration.detail(each),
            }
            for each in broken
        ],
    }
    if printed := narration.printed():
        record["printed"] = printed
    if cause is not None:
        record["tasks"], record["steps"] = task_rows(level, replay.program), narration.rows(cause)
        if traced:
            with blaming(replay.subject):
                run = FailingRun(replay.order, replay.program, replay.names, cause)
                record["trace"] = trace_record(runner, run, record["steps"], recording)
    return Followed(record, cause)
