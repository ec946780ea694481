"""The command line: finds the verb, and turns a user's mistake into one line and exit code 3."""

import argparse
import sys
import traceback
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import subwarden
from subwarden.cli import check, conform, explore, gate, hunt, new, prove, replay, subjects, tour
from subwarden.cli.options import EXIT_CODES, BadDefaults, CannotWrite, refuse_overwriting, set_defaults
from subwarden.cli.reporting import report
from subwarden.cli.reporting.deliver import let_go
from subwarden.cli.reporting.reading import BadRecord
from subwarden.cli.view import view
from subwarden.cli.view.found import BadView
from subwarden.cli.written import play
from subwarden.reports.printable import printable
from subwarden.scheduling.schedule import Divergence
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.stateful_tests.exploring.drawing.written import BadProgram
from subwarden.stateful_tests.exploring.findings.investigate import NotReproducible
from subwarden.stateful_tests.gate.gate import WorkerDied
from subwarden.stateful_tests.hunt.folder import BadFolder
from subwarden.stateful_tests.runs.replay import BadReplay
from subwarden.stateful_tests.subjects.loading import BadSubject
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario

VERBS = (explore, gate, hunt, replay, view, play, tour, prove, check, report, conform, subjects, new)
SETTABLE = ("gate", "hunt", "play", "tour")  # verbs whose options [tool.subwarden] may set
REFUSALS = (BadFolder, BadProgram, BadRecord, BadReplay, BadScenario, BadSubject, BadView, CannotWrite)
MENDABLE = (*REFUSALS, Divergence, NotReproducible, UncontrolledSource, WorkerDied)


class Parser(argparse.ArgumentParser):
    """argparse, with one line and exit code 3 for a usage error."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}; see `{self.prog} --help`\n")
        raise SystemExit(3)


class PrintVersion(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than to parse the arguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        sys.stdout.write(f"subwarden {subwarden.__version__}\n")
        raise SystemExit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`EXIT_CODES`)."""
    parser = Parser(
        prog="subwarden", description="Compare a subscription manager with a formal model, over many interleavings.", epilog=EXIT_CODES
    )
    parser.add_argument("--version", action=PrintVersion, nargs=0, help="print the version and exit")
    parser.add_argument("--traceback", action="store_true", help="print the traceback of an internal error")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND", parser_class=Parser)
    for verb in VERBS:
        verb.add_parser(verbs)
    words = list(sys.argv[1:] if arguments is None else arguments)
    named = next((word for word in words if word in verbs.choices), None)
    if named in SETTABLE and "--resume" not in words:  # a hunt that goes on has its own
        try:
            set_defaults(verbs.choices[named], Path.cwd())
        except BadDefaults as error:
            sys.stderr.write(f"subwarden {named}: {error}\n")
            return 3
    options = parser.parse_args(arguments)
    code = 3
    try:
        refuse_overwriting(options)
        code = options.run(options)
    except KeyboardInterrupt:
        sys.stderr.write("subwarden: stopped\n")
        return 2
    except BrokenPipeError:  # the reader has gone; nobody would read a message
        pass
    except SystemExit as error:  # raised by the subject: its exit code must not pass for a verdict
        said = f"the subject's code raised SystemExit({error.code!r}); it must return, or raise an Exception"
        sys.stderr.write(f"subwarden {options.verb}: {said}\n")
    except MENDABLE as error:
        sys.stderr.write(f"subwarden {options.verb}: {printable(str(error))}\n")
    except Exception as error:
        if options.traceback:
            traceback.print_exc()
        else:
            sys.stderr.write(internal(error, f" {options.verb}", f"`subwarden --traceback {options.verb} ...`"))
    return code


def internal(error: BaseException, verb: str, shows: str) -> str:
    """The line for an error of ours, which the command `shows` would show the place of."""
    said = printable(f"{type(error).__name__}: {error}".splitlines()[0])
    return f"subwarden{verb}: internal error, please report it: {said} ({shows} shows where)\n"


def entry() -> NoReturn:
    """Run the command line and leave the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no text of others can break the output, whatever its encoding
    warnings.filterwarnings("ignore", ".* was never awaited", RuntimeWarning)  # the line that tells the error says enough
    code = main()
    for stream in (sys.stdout, sys.stderr):
        let_go(stream)
    sys.exit(code)
