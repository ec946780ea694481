"""Which code is a user's own, and which is installed: Python itself, and packages."""

import os
import sysconfig
from functools import cache

_INSTALLED = tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@cache
def is_installed(file: str) -> bool:
    """Whether the code in `file` is Python's own or a package's."""
    return file.startswith("<") or "site-packages" in file or os.path.realpath(file).startswith(_INSTALLED)
