"""`subwarden new FILE`: write a working adapter, for you to connect to your own manager; or, with --for, one for a class of yours."""

import argparse
import sys
from pathlib import Path
from shlex import quote
from typing import Any

from subwarden.cli.adapters.fitting.fit import fit
from subwarden.cli.options import CannotWrite
from subwarden.reports.layout.console import console_for
from subwarden.reports.layout.wrapping import write_line

SKELETON = Path(__file__).with_name("skeleton.py")


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "new", help="write an adapter to start from", description=__doc__, epilog="exit codes: 0 written, 3 usage or internal error"
    )
    parser.add_argument("file", metavar="FILE", help="a new file, such as mine.py")
    parser.add_argument(
        "--for",
        dest="of",
        metavar="CLASS",
        help="write it for this class, path/to/file.py:NAME or package.module:NAME; it is read, not run",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the adapter, and print the next command. Raises CannotWrite."""
    path = Path(options.file)
    if path.suffix != ".py":
        name = path.with_suffix(".py") if path.name else "mine.py"
        raise CannotWrite(f"{options.file} is not a Python file; give a name that ends with .py, such as {name}")
    fitted = None if options.of is None else fit(options.of, path)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(SKELETON.read_text(encoding="utf-8") if fitted is None else fitted.text)
    except FileExistsError:
        raise CannotWrite(f"{options.file} exists already and is not changed; give another name") from None
    except OSError as error:
        raise CannotWrite(f"cannot write {options.file}: {error.strerror}; give a file in a folder that exists") from None
    console = console_for(sys.stdout)
    if fitted is None:
        write_line(f"{options.file} is written and works as it is. Put your manager in its place, then run", console)
    else:
        write_line(f"{options.file} is written for {options.of}:", console)
        for operation, taken in fitted.taken.items():
            write_line(f"  {operation:<11} {taken}", console)
        for doubt in fitted.doubts:
            write_line(f"  guessed: {doubt}", console)
        write_line("Look it over, then run", console)
    subject = quote(f"{options.file}:Adapter")
    sys.stdout.write(f"subwarden gate --subject {subject} --profile dev\n")
    return 0
