"""`subwarden play`: run a program that you write under many schedules, to learn whether your adapter can show a bug."""

import argparse
import sys
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.verdict import Verdict
from subwarden.cli.exec_subject import refuse
from subwarden.cli.options import EXIT_CODES, add_max_memory, count
from subwarden.cli.progress.bar import progress
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.files.bounded import text_of, text_of_stdin
from subwarden.impl.subjects import canonical
from subwarden.reports.layout.console import console_for
from subwarden.reports.play import write_play
from subwarden.reports.records.gate import PLAY_SCHEMA, PlayRecord
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.drawing.written import LARGEST, BadProgram, program_of
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.exploring.variants import shares
from subwarden.stateful_tests.gate.outcome import merged
from subwarden.stateful_tests.gate.record import verdict as outcome_verdict
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.runs.found.one_each import one_each
from subwarden.stateful_tests.runs.pictured.traced import add_traces
from subwarden.stateful_tests.runs.record import findings_record, task_rows
from subwarden.stateful_tests.runs.saved import keep
from subwarden.stateful_tests.runs.trust import remember
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, levels_of, load
from subwarden.stateful_tests.subjects.watched_load import BadSubject

SCHEDULES = 1_000


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("play", help="run a program that you write under many schedules", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument(
        "program", metavar="FILE", help="a task a line, such as `A  connect(c1), then subscribe(c1, t1)`; - for standard input"
    )
    parser.add_argument("--subject", type=canonical, required=True, metavar="NAME", help="your adapter: path/to/file.py:Factory")
    parser.add_argument(
        "--schedules", type=count, default=SCHEDULES, metavar="N", help="how many to run in each order (default: %(default)s)"
    )
    add_max_memory(parser)
    add_outputs(parser)
    parser.add_argument("--portable", action="store_true", help="print runs as long strings, which replay anywhere, instead of short names")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Play and report. Returns 1 if a schedule violates a property, else 0: these schedules hold. Raises BadProgram, BadSubject."""
    level, program = adapter_program(options.subject, options.program, "play")
    MEMORY.allow(options.max_memory)
    factory = load(options.subject, level)
    searches: list[GateSearch] = []
    took: list[float] = []
    found: set[Cause] = set()
    with progress(f"subwarden play {options.subject}") as report, blaming(options.subject), running():
        most, done = len(Order) * options.schedules, 0

        def more(schedules: int) -> None:
            nonlocal done
            done += schedules
            report.findings = len(found | searches[-1].outcome.findings.keys())
            report(done, min(done, most), most)

        for order in Order:
            began = monotonic()
            check = Check(order, bool(program.faults), level)
            search = GateSearch(check, LEVELS[level], factory, Profile("play", 1, options.schedules, 1, derandomized=True), progress=more)
            searches.append(search)
            for variant, schedules in shares(LEVELS[level], program, check.cancellation, Random(0), options.schedules).items():
                search._drive_variant(variant, schedules)
            found |= search.outcome.findings.keys()
            took.append(monotonic() - began)
    made = [search.finish() for search in searches]
    outcome = merged(made)
    findings = sorted(outcome.findings.values(), key=lambda finding: (finding.rank(), finding.id))
    with blaming(options.subject):
        records, doubts = findings_record(options.subject, findings)
        one = one_each(options.subject, findings, records)
    doubted = [*outcome.doubts, *doubts]
    verdict = Verdict.VIOLATED if one else Verdict.INCONCLUSIVE if doubted else Verdict.HOLDS
    record: PlayRecord = {
        "schema": PLAY_SCHEMA,
        "subject": options.subject,
        "verdict": verdict.value,
        "tasks": task_rows(LEVELS[level], program),
        "checks": [
            {
                "name": each.name,
                "verdict": outcome_verdict(each, records).value,
                "programs": 1,
                "schedules": each.schedules,
                "steps": each.steps,
                "seconds": round(seconds, 3),
            }
            for each, seconds in zip(made, took, strict=True)
        ],
        "findings": list(one.values()),
        "doubts": doubted,
    }
    portable = options.portable or not keep(record["findings"])
    with blaming(options.subject):
        write_outputs(
            options,
            record,
            lambda: write_play(record, console_for(sys.stdout), portable=portable),
            picture=lambda: add_traces(record["findings"]),
        )
    return verdict.exit_code


def adapter_program(subject: str, source: str, verb: str) -> tuple[str, Any]:
    """The level of `subject`, which the user has named, and the program in the file `source`. Raises BadProgram, BadProcess, BadSubject."""
    refuse(subject, verb)
    remember(subject)
    (level, *_) = levels_of(subject)
    if level not in (CORE_LEVEL.name, CUSTOM_LEVEL.name):
        raise BadSubject(f"subject {subject} has level {level}; {verb} takes an adapter (level core or custom)")
    return level, program_of(_text(source), source, LEVELS[level])


def _text(source: str) -> str:
    try:
        return text_of_stdin(LARGEST) if source == "-" else text_of(Path(source), LARGEST)
    except OSError as error:
        raise BadProgram(f"cannot read {source}: {error.strerror}; give a file with a task a line") from None
    except ValueError:
        raise BadProgram(f"{source} is not text; give a file with a task a line") from None
