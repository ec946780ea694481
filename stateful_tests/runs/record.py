"""Records of findings and of replayed runs, as plain data. Every report is made from them, and nothing else."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, cast

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.model.properties import Property
from subwarden.reports.record import AdapterRecord, FindingRecord, RunRecord, ScriptRecord, StepRow, TaskRow
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.findings.investigate import IMPATIENT, NotReproducible, confirm
from subwarden.stateful_tests.exploring.findings.narrate import tell
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, FailingRun, Level, Program
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay, of_finding
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import load


def adapter_record(checks: Sequence[Check], factory: Factory) -> AdapterRecord:
    """The judgements that an adapter's methods or its author leave out, and why. Empty for other subjects."""
    if all(check.level not in (CORE_LEVEL.name, CUSTOM_LEVEL.name) for check in checks):
        return {}
    kind = factory().kind
    return {"off": dict(sorted(kind.off.items())), "not_played": kind.not_played}


def findings_record(
    subject: str, findings: Iterable[Finding[Any]], factory: Factory | None = None
) -> tuple[dict[Cause, FindingRecord], list[str]]:
    """The records of `findings` by their causes, and doubts about those that do not show any more in the run that is kept of them.

    They were confirmed when they were made small, so a subject that does something else now has a source of chance of its own, or was
    changed in between; that must not cost the report of all the others.
    """
    told: dict[Cause, FindingRecord] = {}
    doubts: list[str] = []
    for finding in findings:
        make = load(subject, finding.level) if factory is None else factory
        try:
            with running(), WATCHDOG.guarded(IMPATIENT) if finding.cause == causes.BLOCKED else nullcontext():
                confirm(Runner(LEVELS[finding.level], make, finding.order), finding.cause, finding.program, list(finding.names))
            told[finding.cause] = finding_record(subject, finding, make)
        except (NotReproducible, Divergence) as error:
            doubts.append(f"{finding.id} was found, and does not show any more in the run that was kept of it ({error})")
    return told, doubts


def finding_record(subject: str, finding: Finding[Any], factory: Factory | None = None) -> FindingRecord:
    """One finding: what it breaks, the minimal run row by row, the line that replays it, and the script that shows it without a harness."""
    program, level = finding.program, LEVELS[finding.level]
    factory = load(subject, finding.level) if factory is None else factory
    told = {
        "level": level.name,
        "id": finding.id,
        "property": finding.broken.name,
        "title": finding.broken.title,
        "mechanism": finding.cause.mechanism,
        "order": finding.order.value,
        "cancellation": finding.cancellation,
        "operations": [level.say_operation(operation) for chain in program.tasks for operation in chain],
        "tasks": _tasks(level, program),
        "steps": tell(level, factory, finding.order, program, finding.names, finding.cause),
        "replay": of_finding(subject, finding).string(),
    }
    script = level.scripted(told, subject, factory, FailingRun(finding.order, program, finding.names, finding.cause))
    return cast(FindingRecord, {**told, **script})


def replay_record(replay: Replay, cause: Cause, factory: Factory) -> RunRecord:
    """A replayed run that shows `cause`, as a table."""
    level = LEVELS[replay.level]
    steps = tell(level, factory, replay.order, replay.program, replay.names, cause)
    return {"tasks": _tasks(level, replay.program), "steps": cast(list[StepRow], steps)}


def script_record(replay: Replay, cause: Cause) -> ScriptRecord:
    """The script of a replayed run that shows `cause`."""
    level, factory = LEVELS[replay.level], load(replay.subject, replay.level)
    broken = Property.P11 if level.cancels(replay.program) else cause.property
    told = {"property": broken.name, "title": broken.title, "mechanism": cause.mechanism, "tasks": _tasks(level, replay.program)}
    return cast(ScriptRecord, level.scripted(told, replay.subject, factory, FailingRun(replay.order, replay.program, replay.names, cause)))


def _tasks(level: Level, program: Program) -> list[TaskRow]:
    return [
        {"name": task_name(at), "operations": [level.say_operation(o) for o in chain], "faults": level.say_fault(program, at)}
        for at, chain in enumerate(program.tasks)
    ]
