"""`subwarden check HISTORY.jsonl`: judge whether a log of calls and returns is linearizable.

It refuses to judge part of a history: a line that cannot be read may be the one that matters.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import Any

from subwarden.checking.custom.model import BadModel
from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.custom import CustomSpecification, judge_custom
from subwarden.checking.linearizability.lines import Malformed, header_of
from subwarden.checking.linearizability.reading import Survey, moments
from subwarden.checking.linearizability.search import BUDGET
from subwarden.checking.linearizability.verdict import DEFAULT, SPECIFICATIONS, Passing, judge_deliveries_of, judge_file, survey_file
from subwarden.checking.verdict import Verdict
from subwarden.cli.progress.bar import progress
from subwarden.cli.reporting.outputs import add_outputs, write_outputs
from subwarden.cli.reporting.say import say
from subwarden.reports.history import write_history
from subwarden.reports.layout.console import console_for
from subwarden.reports.printable import on_one_line
from subwarden.stateful_tests.runs.history_record import record

UNUSABLE = 3
COMES_BACK = """\
a client that has closed comes back under its name; with --reconnects, which
allows that, this history is linearizable
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its arguments."""
    parser = subparsers.add_parser(
        "check",
        help="judge whether a recorded history is linearizable",
        description="Judge whether some sequential order of a history's calls explains its answers. Format: `subwarden help histories`.",
        epilog="exit codes: 0 linearizable, 1 not linearizable, 2 unknown (budget), 3 unusable history, usage or internal error",
    )
    parser.add_argument(
        "history", type=Path, metavar="HISTORY.jsonl", help="calls, returns and cancellations, one JSON object a line; -: standard input"
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"{', '.join(SPECIFICATIONS)}, or a model of your own, path/to/file.py:Model or an adapter that has one; "
        f"default: the model that the history names, else {DEFAULT}",
    )
    parser.add_argument("--reconnects", action="store_true", help="model core: a client that has closed may connect again under its name")
    add_outputs(parser)
    parser.add_argument(
        "--budget", type=_positive, default=BUDGET, metavar="N", help=f"configurations to try at one moment (default: {BUDGET:,})"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge the history that `args` names. The judgement goes to standard output, faults of the history to standard error."""
    if _endless(args.history):
        return _unusable(f"{args.history}: not a regular file; give its text on standard input: `subwarden check - < FILE`")
    if str(args.history) != "-":
        return _judge(args, args.history, str(args.history))
    with NamedTemporaryFile(suffix=".jsonl") as kept:  # it is read twice
        copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        return _judge(args, Path(kept.name), "standard input")


def _judge(args: argparse.Namespace, path: Path, called: str) -> int:
    """Judge the history in `path`, which the user knows as `called`."""
    try:
        header = header_of(path)
        name = header.model or DEFAULT if args.model is None else args.model
        if args.model is not None and ":" in args.model:
            return _judge_by_own(args, path, called)
        if name not in SPECIFICATIONS:
            return _unusable(f"{called}:1: no model is called {name!r}; name one of {', '.join(SPECIFICATIONS)}, here or with --model")
        reconnects = args.reconnects or header.reconnects
        if reconnects and name != CoreSpecification.name:
            return _unusable(f"subwarden check: --reconnects belongs to the model core, not to {name}; leave it out")
        specification = CoreSpecification(reconnects=True) if reconnects else SPECIFICATIONS[name]()
        with _lines(path, called) as passing:
            found = survey_file(path, specification, passing("reading"))
            if found.faults:
                return _unusable(*(fault.told(called) for fault in found.faults))
            judgement = judge_file(path, specification, found, args.budget, passing())
            wrong = judge_deliveries_of(path, specification, found, final=not reconnects)
    except (Malformed, OSError) as error:  # malformed is the head, without which nobody knows how to read the rest
        said = f":1: {error}; {error.mend}" if isinstance(error, Malformed) else f": {error.strerror}; name a file that can be read"
        return _unusable(f"{called}{said}")
    made = record(judgement, specification, called, wrong)
    verdict = Verdict.VIOLATED if wrong else judgement.verdict
    final = name == CoreSpecification.name and not reconnects
    notes: list[Callable[[], object]] = []
    if final and verdict is Verdict.VIOLATED and _comes_back(path, found, args.budget):
        notes.append(lambda: sys.stdout.write(COMES_BACK))
    write_outputs(args, made, lambda: write_history(made, console_for(sys.stdout)), *notes)
    return verdict.exit_code


def _comes_back(path: Path, found: Survey, budget: int) -> bool:
    """Whether the history in `path`, which is wrong, is right where a client that has closed may connect again."""
    specification = CoreSpecification(reconnects=True)
    judgement = judge_file(path, specification, found, budget)
    return judgement.verdict is Verdict.HOLDS and not judge_deliveries_of(path, specification, found, final=False)


def _judge_by_own(args: argparse.Namespace, path: Path, called: str) -> int:
    """Judge the history by a model of the user's own. Only the command line names one: reading a history imports nothing."""
    # most histories need none of this, and it takes longer to load than they to judge
    from subwarden.stateful_tests.subjects.custom.named_model import model_named  # noqa: PLC0415
    from subwarden.stateful_tests.subjects.watched_load import BadSubject  # noqa: PLC0415

    try:
        specification = CustomSpecification(args.model, model_named(args.model))
        reading: Any = specification  # it reads and describes; `judge_custom` searches
        with _lines(path, called) as passing, path.open("rb") as lines:
            found = survey_file(path, reading, passing("reading"))
            if found.faults:
                return _unusable(*(fault.told(called) for fault in found.faults))
            judgement = judge_custom(moments(passing()(lines), reading, found.long), specification.model, args.budget)
    except (BadSubject, BadModel) as error:
        return _unusable(f"subwarden check: {error}")
    made = record(judgement, reading, called)
    write_outputs(args, made, lambda: write_history(made, console_for(sys.stdout)))
    return judgement.verdict.exit_code


@contextmanager
def _lines(path: Path, called: str) -> Iterator[Callable[..., Passing]]:
    """Show how far each pass over the lines of `path` is; `doing` names a pass that judges nothing."""
    size = max(path.stat().st_size, 1)
    with progress(f"subwarden check {called}", "lines") as report:

        def passing(doing: str = "") -> Passing:
            def counted(lines: Iterable[bytes]) -> Iterator[bytes]:
                read = 0
                for number, line in enumerate(lines, 1):
                    read += len(line)
                    report(number, read, size, doing)
                    yield line

            return counted

        yield passing


def _endless(path: Path) -> bool:
    """Whether it is a pipe or a device: a history is read twice, nobody may ever write to the one, and the other may never end."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:
        return False  # reading it says why


def _unusable(*lines: str) -> int:
    say("".join(f"{on_one_line(line)}\n" for line in lines))
    return UNUSABLE


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of configurations, 1 or more")
    return int(text)
