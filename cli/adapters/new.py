"""`subwarden new FILE`: write a working adapter, for you to connect to your own manager."""

import argparse
import sys
from pathlib import Path
from shlex import quote
from typing import Any

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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the adapter, and print the next command. Raises CannotWrite."""
    path = Path(options.file)
    if path.suffix != ".py":
        name = path.with_suffix(".py") if path.name else "mine.py"
        raise CannotWrite(f"{options.file} is not a Python file; give a name that ends with .py, such as {name}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(SKELETON.read_text(encoding="utf-8"))
    except FileExistsError:
        raise CannotWrite(f"{options.file} exists already and is not changed; give another name") from None
    except OSError as error:
        raise CannotWrite(f"cannot write {options.file}: {error.strerror}; give a file in a folder that exists") from None
    write_line(f"{options.file} is written and works as it is. Put your manager in its place, then run", console_for(sys.stdout))
    subject = quote(f"{options.file}:Adapter")
    sys.stdout.write(f"subwarden gate --subject {subject} --profile dev\n")
    return 0
