"""`subwarden score`: plant faults in the code behind a check of yours, one at a time, and count how many the check notices."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from subwarden.checking.verdict import Verdict
from subwarden.cli.options import CannotWrite, add_max_memory, cores, count, duration, fitting, output, seed
from subwarden.cli.progress.bar import progress
from subwarden.cli.reporting.deliver import deliver
from subwarden.cli.reporting.files import write_json
from subwarden.processes.signals import ENDING, interruptible
from subwarden.reports.layout.console import console_for
from subwarden.reports.score import write_score
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.budget import Budget, lasting
from subwarden.stateful_tests.runs.trust import remember
from subwarden.stateful_tests.score.crew import InTurn, ScoreCrew, ScoreProcesses
from subwarden.stateful_tests.score.run import SCHEDULES, Scoring
from subwarden.stateful_tests.score.targets import Target

EXIT = "exit codes: 0 the score is told, 1 below --at-least, or it fails without a fault, 2 stopped or in doubt, 3 usage or internal error"


def percent(text: str) -> int:
    """A whole number from 0 to 100."""
    if not text.removesuffix("%").isdecimal() or int(text.removesuffix("%")) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; give a whole number of percent, from 0 to 100")
    return int(text.removesuffix("%"))


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("score", help="count the planted faults that your check notices", description=__doc__, epilog=EXIT)
    parser.add_argument("subject", metavar="FILE.py:NAME", help="an adapter, or an `async def` as for explore; or package.module:NAME")
    parser.add_argument(
        "--mutate",
        action="append",
        default=[],
        metavar="MODULE",
        help="plant faults in this FILE.py or package.module (default: what the adapter imports from its folder, or else its own file)",
    )
    parser.add_argument("--schedules", type=count, default=SCHEDULES, metavar="N", help=f"for each fault (default: {SCHEDULES:,})")
    parser.add_argument(
        "--budget", type=duration, metavar="TIME", help="stop after so long: 90 (seconds), 10m, 1h; exit code 2 if any are left"
    )
    parser.add_argument("--order", choices=[order.value for order in Order], help="judge in this order alone (default: both)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of the programs and schedules (default: 0)")
    parser.add_argument("--at-least", type=percent, metavar="N", help="exit with code 1 if the score is below N percent")
    parser.add_argument(
        "--leave",
        action="append",
        default=[],
        metavar="NAME",
        help="a task of a scenario, by its name or its function's, that may be left",
    )
    parser.add_argument(
        "--jobs", type=count, default=min(cores(), 8), metavar="N", help="worker processes (default: one a core, at most 8)"
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="let the workers of this Dask scheduler judge; `local` starts some here (extra dask)"
    )
    add_max_memory(parser)
    parser.add_argument("--json", type=output, metavar="FILE", help="also write the record as JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="print what was not noticed and the score alone, and no progress")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Score and report. Returns the exit code."""
    remember(options.subject)
    MEMORY.allow(options.max_memory)
    orders = tuple(Order) if options.order is None else (Order(options.order),)
    scoring = Scoring(
        options.subject, mutate=options.mutate, orders=orders, schedules=options.schedules, seed=options.seed, leave=options.leave
    )
    refuse_writing(options.json, scoring.targets)
    with interruptible(ENDING) as stopped, _crew(options) as crew:
        until = lasting(options.budget)
        with progress(f"subwarden score {options.subject}", quiet=options.quiet) as report:
            record = scoring.run(crew, Budget(lambda: bool(stopped) or until.spent()), report, options.at_least)
    outputs = [lambda: write_score(record, console_for(sys.stdout), quiet=options.quiet)]
    outputs += [lambda: write_json(options.json, record)] if options.json else []
    deliver(options.verb, *outputs)
    return Verdict(record["verdict"]).exit_code


def refuse_writing(path: str | None, targets: Sequence[Target]) -> None:
    """Raises CannotWrite where the record would be written over a module that is scored."""
    over = [target.said for target in targets if path is not None and Path(path).resolve() == target.path]
    if over:
        raise CannotWrite(f"--json {path} would overwrite {over[0]}, in which faults are planted; give another file")


@contextmanager
def _crew(options: argparse.Namespace) -> Iterator[ScoreCrew]:
    """Who judges."""
    jobs = fitting("score", options.jobs)
    with closing(ScoreProcesses(jobs, options.max_memory)) as here:
        if options.dask is None:
            yield here
            return
        from subwarden.stateful_tests.cluster.carrying import scoring  # noqa: PLC0415  # only a cluster needs it

        with scoring(options.dask, options.subject, jobs, options.max_memory) as dask:
            yield InTurn(dask, here)
