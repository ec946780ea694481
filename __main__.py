"""The console script.

It refuses to import the harness, which takes a second, before Ctrl-C ends in one line and before the string hash is pinned.
"""

import os
import sys
from typing import NoReturn

from subwarden.scheduling import string_hash


def entry() -> NoReturn:
    """Run the command; Ctrl-C means the same while modules are imported as it does afterwards."""
    _open_streams()
    try:
        string_hash.replaceable = True
        string_hash.restart(string_hash.current() or 0)
        from subwarden.cli.main import entry as run  # noqa: PLC0415  # see above

        run()
    except KeyboardInterrupt:
        sys.stderr.write("subwarden: stopped\n")
        sys.exit(2)
    except Exception as error:  # a traceback would leave with exit code 1, which says that a property is violated
        sys.stderr.write(f"subwarden: internal error, please report it: {type(error).__name__}: {error}\n")
        sys.exit(3)


def _open_streams() -> None:
    """Python has no stream where the caller has closed one, and a file that is opened later would take its number, and our text."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


if __name__ == "__main__":
    entry()
