"""The command line: finds the verb, and turns a user's mistake into one line and exit code 3."""

import argparse
import faulthandler
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import subwarden
from subwarden.cli.options import EXIT_CODES, BadDefaults, refuse_overwriting, set_defaults
from subwarden.cli.reporting.deliver import let_go, unwritten
from subwarden.cli.reporting.say import say
from subwarden.processes.signals import ENDING, noticing, raising, stoppable, was_interrupted
from subwarden.processes.watcher import finishes
from subwarden.reports.printable import on_one_line

VERBS = {  # in the order of the help; a verb's module is loaded when it is named, since starting is what a short command waits for
    "explore": "subwarden.cli.explore",
    "gate": "subwarden.cli.gate",
    "hunt": "subwarden.cli.hunt",
    "score": "subwarden.cli.score",
    "replay": "subwarden.cli.replay",
    "view": "subwarden.cli.view.view",
    "play": "subwarden.cli.written.play",
    "tour": "subwarden.cli.tour",
    "prove": "subwarden.cli.prove",
    "check": "subwarden.cli.check",
    "report": "subwarden.cli.reporting.report",
    "conform": "subwarden.cli.adapters.conform",
    "subjects": "subwarden.cli.adapters.subjects",
    "new": "subwarden.cli.adapters.new",
    "help": "subwarden.cli.manual.help",
    "completion": "subwarden.cli.manual.completion",
}
RUN_HERE = ("explore", "replay", "view", "play", "check")  # verbs that run a subject's code in the main thread
WITHOUT_VERDICT = ("view", "report", "subjects", "new", "help", "completion")
SETTABLE = ("gate", "hunt", "play", "tour")  # verbs whose options [tool.subwarden] may set


class Parser(argparse.ArgumentParser):
    """argparse, with one line and exit code 3 for a usage error."""

    def error(self, message: str) -> NoReturn:
        say(f"{self.prog}: {on_one_line(message)}; see `{self.prog} --help`\n")
        raise SystemExit(3)

    def _print_message(self, message: str, file: Any = None) -> None:
        """As argparse, which would pass over a full disk in silence."""
        if message:
            (file or sys.stderr).write(message)


def parser_and_verbs(named: str | None = None) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser of the command line, and those of its verbs: of `named` alone, or for None of all."""
    parser = Parser(
        prog="subwarden", description="Compare a subscription manager with a formal model, over many interleavings.", epilog=EXIT_CODES
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.add_argument("--traceback", action="store_true", help="print the traceback of an internal error")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND", parser_class=Parser)
    for verb in VERBS if named is None else [named]:
        import_module(VERBS[verb]).add_parser(verbs)
    return parser, verbs.choices


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`EXIT_CODES`)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    named = next((word for word in words if not word.startswith("-")), None)
    if words[:1] == ["--version"]:
        sys.stdout.write(f"subwarden {subwarden.__version__}\n")
        return 0
    parser, verbs = parser_and_verbs(named if named in VERBS else None)
    if named in SETTABLE and "--resume" not in words:  # a hunt that goes on has its own
        try:
            set_defaults(verbs[named], Path.cwd())
        except BadDefaults as error:
            say(f"subwarden {named}: {on_one_line(str(error))}\n")
            return 3
    options = parser.parse_args(arguments)
    code = 3
    try:
        refuse_overwriting(options)
        with noticing(), _stoppable(options.verb):
            code = options.run(options)
    except KeyboardInterrupt as error:
        if was_interrupted():
            say("subwarden: stopped\n")
            return 2
        _tell(error, options, words)
    except BrokenPipeError:  # the reader has gone; nobody would read a message
        code = 0 if options.verb in WITHOUT_VERDICT else 3
    except BaseException as error:  # a SystemExit is the subject's, whose exit code must not pass for a verdict
        _tell(error, options, words)
    return code


@contextmanager
def _stoppable(verb: str) -> Iterator[None]:
    """Around the work of `verb`."""
    with stoppable(f"subwarden {verb}") if verb in RUN_HERE else raising(ENDING, lambda: None):
        yield


def _tell(error: BaseException, options: argparse.Namespace, words: Sequence[str]) -> None:
    """Write the line for an error: one that the user can mend, one of the machine, one of the subject's, or one of ours."""
    from subwarden.cli.mendable import MENDABLE  # noqa: PLC0415  # brings in every room: a command that ends well needs few

    verb = f"subwarden {options.verb}"
    if isinstance(error, MENDABLE):
        say(f"{verb}: {_line(str(error))}\n")
    elif isinstance(error, OSError) and error.errno == ENOSPC:
        let_go(sys.stdout)
        say(unwritten(options.verb, error))
    elif isinstance(error, OSError) and isinstance(error.filename, str) and error.filename in words:
        say(f"{verb}: cannot use {on_one_line(error.filename[:80])}: {error.strerror}; give another\n")
    elif not isinstance(error, Exception):  # raised by the subject: none of ours is
        from subwarden.checking.place import leaving  # noqa: PLC0415  # as above

        say(f"{verb}: the subject's code {_line(leaving(error))}\n")
    elif options.traceback:
        traceback.print_exc()
    else:
        say(internal(error, f" {options.verb}", f"`subwarden --traceback {options.verb} ...`"))


def _line(text: str) -> str:
    """A message in one line, which is the same in every process."""
    from subwarden.scheduling.isolation.printed import ADDRESS  # noqa: PLC0415  # as above

    return on_one_line(ADDRESS.sub("", text))


def internal(error: BaseException, verb: str, shows: str) -> str:
    """The line for an error of ours, which the command `shows` would show the place of."""
    said = on_one_line(f"{type(error).__name__}: {error}".splitlines()[0])
    return f"subwarden{verb}: internal error, please report it: {said} ({shows} shows where)\n"


def entry() -> NoReturn:
    """Run the command line and leave the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no text of others can break the output, whatever its encoding
    faulthandler.enable()  # a crash in native code that the subject calls says where
    warnings.filterwarnings("ignore", ".* was never awaited", RuntimeWarning)  # the line that tells the error says enough
    lost: OSError | None = None
    try:
        code: int | str | None = main()
    except SystemExit as stop:  # of argparse: help, a schema, a usage error
        code = stop.code
    except BrokenPipeError:  # the reader of a help has gone
        code = 0
    except OSError as error:  # a help that a full disk does not take
        if error.errno != ENOSPC:
            raise
        code, lost = 0, error
    lost = let_go(sys.stdout) or lost
    if lost is not None:
        say(unwritten(" ".join(word for word in sys.argv[1:2] if word in VERBS), lost))
        code = code or 3
    let_go(sys.stderr)
    finishes()
    sys.exit(code)
