"""Which code is a user's own, which is installed (Python itself, and packages), and which is the harness."""

import os
import sysconfig
from functools import cache
from pathlib import Path

_INSTALLED = tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_HARNESS = str(Path(__file__).resolve().parents[2]) + os.sep
_AS_USERS_WRITE = ("examples", "stateful_tests/tests", "stateful_tests/specimens", "docs")  # folders of the harness with code of that kind


@cache
def is_installed(file: str) -> bool:
    """Whether the code in `file` is Python's own or a package's."""
    return file.startswith("<") or "site-packages" in file or os.path.realpath(file).startswith(_INSTALLED)


@cache
def is_harness(file: str) -> bool:
    """Whether the code in `file` is a part of this harness, and not one of the subjects that come with it."""
    path = os.path.realpath(file)
    if not path.startswith(_HARNESS) or ".venv" in path:
        return False
    return not path.removeprefix(_HARNESS).replace(os.sep, "/").startswith(_AS_USERS_WRITE)


@cache
def own(file: str) -> bool:
    """Whether `file` is a user's own code."""
    return not is_installed(file) and not is_harness(file)
