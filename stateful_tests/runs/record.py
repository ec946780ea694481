"""Records of findings and of replayed runs, as plain data. Every report is made from them, and nothing else."""

from collections.abc import Iterable, Sequence
from math import inf
from time import monotonic
from typing import Any, cast

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.model.properties import Property
from subwarden.reports.records.finding import FindingRecord, ScriptRecord, TaskRow
from subwarden.reports.records.gate import AdapterRecord
from subwarden.scheduling import pinned, string_hash
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible, confirm, patience
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, FailingRun, Level, Program
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.found.kept import short
from subwarden.stateful_tests.runs.replay import Replay, of_finding
from subwarden.stateful_tests.script.run import NOTHING, claimant_of, script_of, scripted
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load
from subwarden.stateful_tests.subjects.watched_load import BadSubject

UNTRIED: ScriptRecord = {**NOTHING, "script_confirmed": False, "script_doubt": "no time was left to run it there"}


def adapter_record(checks: Sequence[Check], factory: Factory) -> AdapterRecord:
    """The judgements that an adapter's methods or its author leave out, and why. Empty for other subjects."""
    if all(check.level not in (CORE_LEVEL.name, CUSTOM_LEVEL.name) for check in checks):
        return {}
    kind = factory().kind
    return {"off": dict(sorted(kind.off.items())), "not_played": kind.not_played, "unjudged": dict(kind.unjudged)}


def findings_record(
    subject: str, findings: Iterable[Finding[Any]], factory: Factory | None = None, *, until: float = inf, keep: bool = False
) -> tuple[dict[Cause, FindingRecord], list[str]]:
    """The records of `findings` by cause, and a doubt for each finding whose kept run does not show it any more. `until`: on the
    clock, the time by which the last script of plain asyncio is begun. `keep`: a finding whose run cannot be played any more is told
    without its steps.

    Each was confirmed when it was shrunk. If its run differs now, the subject has a source of chance of its own or was changed in between;
    the other findings are still reported.
    """
    findings = list(findings)
    records: dict[Cause, FindingRecord] = {}
    doubts: list[str] = []
    for seed in dict.fromkeys(finding.hash_seed for finding in findings):
        alike = [finding for finding in findings if finding.hash_seed == seed]
        under = seed if factory is None else string_hash.current()  # a subject in hand is checked in one process alone
        arguments = (subject, alike, factory, until, keep)
        try:
            more = _recorded(*arguments) if under is None else pinned.call(under, _recorded, *arguments)
        except pinned.Died as how:
            if not keep:
                raise
            more = _unplayed(alike, subject, f"the process that plays it {how}")
        records |= more[0]
        doubts += more[1]
    return {finding.cause: records[finding.cause] for finding in findings if finding.cause in records}, doubts


def _recorded(
    subject: str, findings: Iterable[Finding[Any]], factory: Factory | None, until: float, keep: bool
) -> tuple[dict[Cause, FindingRecord], list[str]]:
    """As `findings_record`, for findings under the string hash of this process."""
    records: dict[Cause, FindingRecord] = {}
    doubts: list[str] = []
    for finding in findings:
        try:
            with blaming(subject):
                make = load(subject, finding.level) if factory is None else factory
                records[finding.cause] = finding_record(subject, finding, make, script=monotonic() < until)
        except NotReproducible as error:
            doubts.append(f"{finding.id} was found, and does not show any more in the run that was kept of it ({error})")
        except BadSubject as why:
            if not keep:
                raise
            more = _unplayed([finding], subject, str(why))
            records |= more[0]
            doubts += more[1]
    return records, doubts


def _unplayed(findings: Sequence[Finding[Any]], subject: str, why: str) -> tuple[dict[Cause, FindingRecord], list[str]]:
    """Records of findings that were confirmed, and whose runs cannot be played any more."""
    records = {finding.cause: cast(FindingRecord, {**_said(subject, finding), **NOTHING}) for finding in findings}
    return records, [f"{finding.id} was found, and its run cannot be played any more: {why}" for finding in findings]


def finding_record(subject: str, finding: Finding[Any], factory: Factory | None = None, *, script: bool = True) -> FindingRecord:
    """The record of one finding: the property, the minimal run row by row, the line that replays it, and the script of plain asyncio.

    The run is followed twice and must be the same both times, the second time with a narrator and a claimant listening. `script`: whether
    there is time to write a script and run it. Raises NotReproducible.
    """
    program, level = finding.program, LEVELS[finding.level]
    factory = load(subject, finding.level) if factory is None else factory
    narration = Narration()
    claimant = claimant_of(level, FailingRun(finding.order, program, finding.names, finding.cause)) if script else None
    with running(), patience(finding.cause):
        observers = [narration] if claimant is None else [narration, claimant]
        confirm(Runner(level, factory, finding.order), finding.cause, program, finding.names, observers)
    record = {**_said(subject, finding), "detail": narration.detail(finding.cause), "steps": narration.rows(finding.cause)}
    if printed := narration.printed():
        record["printed"] = printed
    if narration.outside:
        record["outside"] = True
    if narration.alone and LEVELS[finding.level] in (CORE_LEVEL, CUSTOM_LEVEL) and not finding.cancellation:
        record["alone"] = True
    if finding.order is Order.FIFO and not script:
        return cast(FindingRecord, {**record, **UNTRIED})
    return cast(FindingRecord, {**record, **script_of(level, record, subject, claimant)})


def _said(subject: str, finding: Finding[Any]) -> dict[str, Any]:
    """The part of a record that is known without playing the run."""
    program, level = finding.program, LEVELS[finding.level]
    replay = of_finding(subject, finding)
    return {
        "level": level.name,
        "id": finding.id,
        "property": finding.broken.name,
        "title": finding.broken.title,
        "mechanism": finding.cause.mechanism,
        "said": finding.cause.said(),
        "detail": "",
        "order": finding.order.value,
        "cancellation": finding.cancellation,
        "operations": [level.say_operation(operation) for chain in program.tasks for operation in chain],
        "tasks": task_rows(level, program),
        "steps": [],
        "replay": replay.string(),
        "short": short(replay),
    }


def script_record(replay: Replay, cause: Cause, printed: Sequence[str] = ()) -> ScriptRecord:
    """The script of a replayed run that shows `cause`, and in which the subject `printed` these lines. The run is followed again for it."""
    level, factory = LEVELS[replay.level], load(replay.subject, replay.level)
    broken = Property.P11 if level.cancels(replay.program) else cause.property
    record: dict[str, Any] = {
        "property": broken.name,
        "title": broken.title,
        "said": cause.said(),
        "tasks": task_rows(level, replay.program),
        **({"printed": printed} if printed else {}),
    }
    return scripted(level, record, replay.subject, factory, FailingRun(replay.order, replay.program, replay.names, cause))


def task_rows(level: Level, program: Program) -> list[TaskRow]:
    """The tasks of `program`, as the columns of a run's table."""
    return [
        {"name": task_name(at), "operations": [level.say_operation(o) for o in chain], "faults": level.say_fault(program, at)}
        for at, chain in enumerate(program.tasks)
    ]
