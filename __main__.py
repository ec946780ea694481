"""The console script.

It refuses to import the harness, which takes a second, before Ctrl-C ends in one line and before the string hash is pinned.
"""

import os
import sys
from typing import NoReturn

from subwarden.processes.watcher import finishes, watched
from subwarden.scheduling import string_hash


def entry() -> NoReturn:
    """Run the command; Ctrl-C means the same while modules are imported as it does afterwards."""
    _open_streams()
    try:
        string_hash.replaceable = True
        string_hash.restart(string_hash.current() or 0)
        watched(_unfinished)
        from subwarden.cli.main import entry as run  # noqa: PLC0415  # see above

        run()
    except KeyboardInterrupt:
        sys.stderr.write("subwarden: stopped\n")
        finishes()
        sys.exit(2)
    except Exception as error:  # a traceback would leave with exit code 1, which says that a property is violated
        sys.stderr.write(f"subwarden: internal error, please report it: {type(error).__name__}: {error}\n")
        finishes()
        sys.exit(3)


def _unfinished(status: int) -> bool:
    """The command was ended in the middle, so it has no verdict. An exploration begins again with workers, which say which run did that."""
    from subwarden.stateful_tests.workers.crash import CrashNote  # noqa: PLC0415  # rarely needed

    verb = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    shared = any(word.partition("=")[0] in ("--jobs", "--dask", "--replay") for word in sys.argv)
    again = verb == "explore" and not shared
    then = "; again, with --jobs 2, to see which run does that" if again else "; code of the subject ended it; there is no verdict"
    sys.stderr.write(f"subwarden {verb}: its process {CrashNote.told(os.waitstatus_to_exitcode(status))} before it was at its end{then}\n")
    sys.argv += ["--jobs", "2"] if again else []
    return again


def _open_streams() -> None:
    """Python has no stream where the caller has closed one, and a file that is opened later would take its number, and our text."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


if __name__ == "__main__":
    entry()
