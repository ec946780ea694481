"""`subwarden new FILE`: write a working adapter, to be changed into one of one's own manager."""

import argparse
import sys
from pathlib import Path
from typing import Any

from subwarden.cli.options import CannotWrite

SKELETON = Path(__file__).with_name("skeleton.py")


def add_parser(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("new", help="write an adapter to begin with", description=__doc__)
    parser.add_argument("file", metavar="FILE", help="where to write it, such as mine.py; it must not be there yet")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write it, and say what to do next. Raises CannotWrite."""
    path = Path(options.file)
    if path.suffix != ".py":
        raise CannotWrite(f"{options.file} is no Python file; give a name that ends with .py, such as {path.with_suffix('.py')}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(SKELETON.read_text(encoding="utf-8"))
    except FileExistsError:
        raise CannotWrite(f"{options.file} is there already and is left as it is; give another name") from None
    except OSError as error:
        raise CannotWrite(f"cannot write {options.file}: {error.strerror}; give a file in a folder that exists") from None
    sys.stdout.write(f"{options.file} is written, and works as it is. Put your manager in, and run\n")
    sys.stdout.write(f"subwarden gate --subject {options.file}:Adapter --profile dev\n")
    return 0
