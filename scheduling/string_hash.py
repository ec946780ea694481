"""The seed of Python's string hash, which decides the order of sets of strings, and so may decide what a subject does.

Python draws it anew for each process unless PYTHONHASHSEED is set before the process starts. A process that runs subjects therefore runs
under a pinned seed: the one that its environment names, else 0. A replay names the seed that it was recorded under.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "PYTHONHASHSEED"
replaceable = False  # whether this process is a command of ours, which may be replaced by itself under another seed
AT_START = os.environ.get(VARIABLE, "")  # what is changed later changes no hash
LARGEST = 4_294_967_295  # the largest seed that Python takes


def current() -> int | None:
    """The seed of this process; None where Python drew one, which nobody can read."""
    if not sys.flags.hash_randomization:
        return 0
    return int(AT_START) or None if AT_START.isdecimal() and not sys.flags.ignore_environment else None


@contextmanager
def of_children(seed: int) -> Iterator[None]:
    """Processes that are started here hash strings by `seed`."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def restart(seed: int) -> None:
    """Replace this process by the same command under `seed`. Returns only if it runs under `seed` already, is no
    command of ours, or cannot be pinned (python -E, -I)."""
    if current() == seed or sys.flags.ignore_environment or not replaceable:
        return
    os.environ[VARIABLE] = str(seed)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
