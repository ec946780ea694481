"""How reports name a place in code: a path and a line, such as `hub.py:64`, which terminals and editors can open.

A file below the current folder is named from there. A file of an installed package or of the standard library is named from the folder
that holds the package (`redis/_parsers/base.py:587`), the same on every machine. Any other file is named as shortly as it can be.
"""

import os
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import CodeType

INSTALLED = ("site-packages", "dist-packages")
LIBRARY = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))


@cache
def path_of(file: str) -> str:
    """How reports name `file`."""
    if file.startswith("<"):  # made by exec, or frozen into the interpreter
        return file
    path = Path(file).resolve()
    for at, part in enumerate(path.parts):
        if part in INSTALLED:
            return Path(*path.parts[at + 1 :]).as_posix()
    try:
        return path.relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        pass
    for folder in LIBRARY:
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    near = os.path.relpath(path)
    return min(near, str(path), key=len)


def place(file: str, line: int) -> str:
    """`line` of `file`, such as `impl/manager/source.py:55`."""
    return f"{path_of(file)}:{line}"


def shortened(place_in_full: str) -> str:
    """A place that begins with a file's whole name, `/home/me/hub.py:64 in publish`, as reports name it."""
    file, colon, rest = place_in_full.rpartition(":")
    return f"{path_of(file)}{colon}{rest}"


def place_in(code: CodeType, line: int | None) -> str:
    """`line` of `code`."""
    return place(code.co_filename, line or code.co_firstlineno)


def library_of(module: str) -> str | None:
    """The name of the library whose inside `module` is, such as `asyncio`; None for code of the user's own."""
    top = module.partition(".")[0]
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if top in sys.stdlib_module_names or (file is not None and any(part in INSTALLED for part in Path(file).parts)):
        return top
    return None
