"""`subwarden gate`: compare a subject with the model under controlled interleavings of random programs."""

import argparse
import sys
from typing import Any

from subwarden.checking.verdict import Verdict
from subwarden.cli import exec_subject as process_subject
from subwarden.cli.options import EXIT_CODES, add_max_memory, cores, count, duration, fitting, level, seed
from subwarden.cli.progress.bar import progress
from subwarden.cli.progress.found import FoundNews
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.impl.subjects import DEFAULT, canonical
from subwarden.processes.signals import ENDING, LastResort, interruptible
from subwarden.reports.gate import write_gate
from subwarden.reports.layout.console import console_for
from subwarden.reports.records.gate import GateRecord
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.stateful_tests.exploring.check import checks_of
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.gate.corpus import replay_corpus
from subwarden.stateful_tests.gate.gate import Gate
from subwarden.stateful_tests.gate.record import begin_model_coverage, gate_record
from subwarden.stateful_tests.runs.pictured.traced import add_traces
from subwarden.stateful_tests.runs.saved import keep
from subwarden.stateful_tests.runs.trust import remember
from subwarden.stateful_tests.subjects.loading import blaming, levels_of
from subwarden.stateful_tests.subjects.watched_load import BadSubject


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
    parser.add_argument(
        "--model", metavar="FILE.py:NAME", help="judge an exec: subject by a model of your own, or that of an adapter (default: core)"
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the random programs (default: 0 for ci, else a new one)")
    parser.add_argument("--budget", type=duration, metavar="TIME", help="search this long instead: 90 (seconds), 10m, 1h")
    parser.add_argument(
        "--saved", action="store_true", help="try the failing runs in .subwarden/corpus first, as the profiles dev and nightly do"
    )
    parser.add_argument(
        "-x",
        "--fail-fast",
        action="store_true",
        help="stop searching at the first finding (which one: depends on the speed of workers, unless --jobs 1)",
    )
    parser.add_argument("--maxfail", type=count, metavar="N", help="stop searching at so many findings, as -x does at one")
    parser.add_argument(
        "--jobs", type=count, default=min(cores(), 8), metavar="N", help="worker processes (default: one a core, at most 8)"
    )
    add_max_memory(parser)
    add_outputs(parser)
    parser.add_argument("--portable", action="store_true", help="print runs as long strings, which replay anywhere, instead of short names")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the findings and the verdict alone, and no progress")
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
    remember(options.subject)
    MEMORY.allow(options.max_memory)
    if process_subject.is_process(options.subject):
        return process_subject.gate(options)
    if options.model:
        raise BadSubject(f"--model {options.model} is for exec: subjects; an adapter has its model in its attribute `model`")
    profile = PROFILES[options.profile]
    levels = levels_of(options.subject, options.level)
    checks = checks_of(*levels)
    drawn_by = profile.seed() if options.seed is None else options.seed
    what = f"subwarden gate {options.subject}"
    news = FoundNews(options.subject)
    with LastResort(what, news.exit_code) as last, interruptible(ENDING, last.arm) as interrupted, blaming(options.subject):
        with progress(what, quiet=options.quiet, budget=options.budget) as report:
            news.report = report
            gate = Gate(
                options.subject,
                checks,
                profile,
                seed=drawn_by,
                budget=options.budget,
                jobs=fitting("gate", options.jobs),
                memory=options.max_memory,
                most=1 if options.fail_fast else options.maxfail,
                progress=report,
                found=news.tell,
                interrupted=interrupted,
            )
            with gate:
                committed = profile.derandomized and not options.saved
                replayed = replay_corpus(options.subject, levels, committed_only=committed, found=gate.tell, enough=gate.enough)
                begin_model_coverage(checks)
                done = gate.run(replayed)
            record = gate_record(
                options.subject,
                profile.name,
                checks,
                done.outcomes,
                seed=drawn_by,
                stopped=done.stopped,
                told=done.told.values(),
                doubts=done.doubts,
                left=done.left,
            )
        return _report(options, record, news)


def _report(options: argparse.Namespace, record: GateRecord, news: FoundNews) -> int:
    portable = options.portable or not keep(record["findings"]) or bool(news.unsaved)
    write_outputs(
        options,
        record,
        lambda: write_gate(record, console_for(sys.stdout), verbose=options.verbose, quiet=options.quiet, portable=portable),
        lambda: sys.stderr.write(news.unsaved),
        picture=lambda: add_traces(record["findings"]),
    )
    return Verdict(record["verdict"]).exit_code
