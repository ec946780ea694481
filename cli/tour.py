"""`subwarden tour`: take every transition of the model once, on a manager, and compare each.

A tour is a set of runs that together take every transition of the model's reachable graph, in as few calls as possible. Calls run
alone, one after the other: a tour finds sequential bugs completely within its scope, and no bug that needs overlapping calls.
"""

import argparse
import sys
from typing import Any

from subwarden.checking.verdict import Verdict
from subwarden.cli.exec_subject import refuse
from subwarden.cli.options import EXIT_CODES, count
from subwarden.cli.progress.bar import progress
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.impl.subjects import DEFAULT, canonical
from subwarden.processes.signals import ENDING, LastResort, interruptible
from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.tour import tour
from subwarden.proving.tour.transitions import TooLarge
from subwarden.reports.layout.console import console_for
from subwarden.reports.tour import write_tour
from subwarden.stateful_tests.runs.tour import tour_record
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.watched_load import BadSubject

LARGEST = 200_000  # transitions; the shortest tour of so many takes minutes to work out
DEFAULTS = Scope(in_flight=0)


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("tour", help="compare a manager with the model on every transition", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument(
        "--subject", type=canonical, default=DEFAULT, metavar="NAME", help=f"a manager of level manager (default: {DEFAULT})"
    )
    parser.add_argument("--connections", type=count, default=DEFAULTS.connections, metavar="N", help="default: %(default)s")
    parser.add_argument("--threads", type=count, default=DEFAULTS.threads, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--ids", "--subscriptions", type=count, default=DEFAULTS.subscriptions, metavar="N", help="explicit subscription ids (default: 1)"
    )
    add_outputs(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Tour and report. Returns the verdict's exit code. Raises BadSubject, CannotWrite."""
    refuse(options.subject, "tour")
    factory = load(options.subject)
    scope = Scope(options.connections, options.threads, options.ids, in_flight=0)
    try:
        plan = tour(scope, LARGEST)
    except TooLarge as error:
        raise BadSubject(f"{scope.describe_sequential()} has {error}; give fewer --connections, --threads or --ids") from None
    with (
        LastResort("subwarden tour", lambda: 2, "") as last,
        interruptible(ENDING, last.arm) as interrupted,
        progress(f"subwarden tour {options.subject}", "calls") as report,
    ):

        def go_on(played: int, differ: int) -> bool:
            report.findings = differ
            report(played, played, plan.length)
            return not interrupted

        record = tour_record(options.subject, factory, plan, go_on)
    write_outputs(options, record, lambda: write_tour(record, console_for(sys.stdout)))
    return Verdict(record["verdict"]).exit_code
