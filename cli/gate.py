"""`subwarden gate`: compare a subject with the model under controlled interleavings of random programs."""

import argparse
import os
import sys
from typing import Any

from subwarden.checking.verdict import Verdict
from subwarden.cli import exec_subject as process_subject
from subwarden.cli.options import EXIT_CODES, count, duration, level, output, seed, write_json
from subwarden.cli.progress.bar import progress
from subwarden.impl.subjects import DEFAULT, canonical
from subwarden.reports.console import console_for
from subwarden.reports.gate import write_gate
from subwarden.reports.record import GateRecord
from subwarden.stateful_tests.exploring.check import checks_of
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.gate.gate import explore, replay_corpus
from subwarden.stateful_tests.gate.record import gate_record
from subwarden.stateful_tests.runs import saved as corpus
from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.subjects.loading import blaming, levels_of


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("gate", help="check every property under thousands of interleavings", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument(
        "--subject", type=canonical, default=DEFAULT, metavar="NAME", help=f"what to check (default: {DEFAULT}); see `subwarden subjects`"
    )
    parser.add_argument("--profile", default="ci", choices=sorted(PROFILES), help="amount of work (default: ci)")
    parser.add_argument(
        "--level", type=level, metavar="{manager,server}", help="judge at this level only (default: every level of the subject)"
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the random programs (default: 0 for ci, else a new one)")
    parser.add_argument("--budget", type=duration, metavar="TIME", help="search this long instead: 90 (seconds), 10m, 1h")
    parser.add_argument(
        "--jobs", type=count, default=min(os.cpu_count() or 1, 8), metavar="N", help="worker processes (default: one a core, at most 8)"
    )
    parser.add_argument("--json", type=output, metavar="FILE", help="also write the record as JSON")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the statistics, too: what was reached, how completely")
    parser.add_argument(
        "--answer-within",
        type=duration,
        default=process_subject.LIMIT,
        metavar="SECONDS",
        help=f"longest time for an answer of an exec: subject, which runs in one process (default: {process_subject.LIMIT:g})",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the gate and report. Returns the verdict's exit code."""
    if process_subject.is_process(options.subject):
        return process_subject.gate(options)
    profile = PROFILES[options.profile]
    levels = levels_of(options.subject, options.level)
    checks = checks_of(*levels)
    drawn_by = profile.seed() if options.seed is None else options.seed
    with blaming(options.subject):
        replayed = replay_corpus(options.subject, levels, committed_only=profile.derandomized)
    with progress(f"subwarden gate {options.subject}") as report:
        outcomes, stopped = explore(
            options.subject,
            checks,
            profile,
            seed=drawn_by,
            budget=options.budget,
            jobs=options.jobs,
            covered=replayed.fired,
            progress=report,
        )
    with blaming(options.subject):  # a finding is played once more to record it
        record = gate_record(options.subject, profile.name, checks, [replayed, *outcomes], seed=drawn_by, stopped=stopped)
    unsaved = _saved(record)
    write_gate(record, console_for(sys.stdout), verbose=options.verbose)
    sys.stderr.write(unsaved)
    if options.json:
        write_json(options.json, record)
    return Verdict(record["verdict"]).exit_code


def _saved(record: GateRecord) -> str:
    """Save the findings for later gates. Returns the line to print if that fails: the report must not be lost."""
    try:
        for finding in record["findings"]:
            corpus.save(read(finding["replay"]))
    except OSError as error:
        return f"subwarden gate: cannot save findings in {corpus.SAVED}: {error.strerror}; run it in a folder that may be written\n"
    return ""
