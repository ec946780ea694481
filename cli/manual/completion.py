"""`subwarden completion SHELL`: print a script that completes the verbs and options of subwarden in a shell."""

import argparse
import sys
from importlib import import_module
from typing import Any

from subwarden.cli.options import EXIT_CODES, CannotWrite

SHELLS = ("bash", "zsh", "fish")
LOADS = 'Load it by `eval "$(subwarden completion bash)"` in ~/.bashrc, or `subwarden completion fish | source`.'
FILES = ("FILE", "FOLDER", "RUN", "HISTORY")  # a word of a metavar that stands for a path


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "completion",
        help="print a script that completes commands in a shell",
        description=f"{__doc__} {LOADS}",
        epilog=EXIT_CODES,
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script. Raises CannotWrite where shtab, which writes it, is not installed."""
    try:
        shtab = import_module("shtab")
    except ModuleNotFoundError:
        raise CannotWrite("completion needs the package shtab; `pip install shtab`, then run this again") from None
    from subwarden.cli.main import parser_and_verbs  # noqa: PLC0415  # it knows the verbs, this one among them

    parser, verbs = parser_and_verbs()
    for each in (parser, *verbs.values()):
        for action in each._actions:
            if any(word in str(action.metavar) for word in FILES):
                vars(action)["complete"] = shtab.FILE
    sys.stdout.write(shtab.complete(parser, shell=options.shell) + "\n")
    return 0
