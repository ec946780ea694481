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

HARNESS = ("subwarden.scheduling", "subwarden.checking", "subwarden.stateful_tests.exploring", "subwarden.stateful_tests.subjects")
LONGEST_TEXT = 1_000  # characters of an exception's message
INSTALLED = ("site-packages", "dist-packages")
LIBRARY = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))


def path_of(file: str) -> str:
    """How reports name `file`."""
    try:
        return _path_of(file, os.getcwd())
    except FileNotFoundError:  # the current folder was removed
        return file


@cache
def _path_of(file: str, current: str) -> str:
    """The same, in the folder `current`."""
    if file.startswith("<"):  # made by exec, or frozen into the interpreter
        return file
    path = Path(file).resolve()
    for at, part in enumerate(path.parts):
        if part in INSTALLED:
            return Path(*path.parts[at + 1 :]).as_posix()
    try:
        return path.relative_to(Path(current).resolve()).as_posix()
    except ValueError:
        pass
    for folder in LIBRARY:
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    near = os.path.relpath(path)
    return min(near, str(path), key=len)


def from_here(file: str) -> str:
    """`file`, relative to the current folder where it lies below."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else Path(relative).as_posix()


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


def origin(error: BaseException) -> tuple[str, int] | None:
    """The file and line of the subject's own code that raised `error`: the innermost that is neither the standard library's nor ours."""
    found: tuple[str, int] | None = None
    traceback = error.__traceback__
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if not module.startswith(HARNESS) and module.partition(".")[0] not in sys.stdlib_module_names:
            found = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return found


def told(error: BaseException) -> str:
    """`error` in words: its type, its text and where it was raised."""
    text = text_of_error(error)
    return f"{type(error).__name__}{f': {text}' if text else ''}{raised_at(error)}"


def leaving(error: BaseException) -> str:
    """What a subject raised that is no Exception, and should have been: `raised SystemExit(0) at hub.py:64`."""
    found = origin(error)
    said = f"SystemExit({error.code!r})" if isinstance(error, SystemExit) else in_a_line(error)
    return f"raised {said}{'' if found is None else f' at {place(*found)}'}; it must return, or raise an Exception"


def in_a_line(error: BaseException) -> str:
    """`error` in one line: its type, and the first line of its text."""
    text = text_of_error(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def text_of_error(error: BaseException) -> str:
    """The text of `error`, cut if it is long: it may be a megabyte."""
    try:
        text = str(error)
    except Exception as other:  # somebody else's code
        return f"(its text raises {type(other).__name__})"
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... ({len(text):,} characters)"


def raised_at(error: BaseException) -> str:
    """Where `error` was raised, as reports name it: `, raised at hub.py:64`; empty where no code of the subject's did."""
    found = origin(error)
    return "" if found is None else f", raised at {place(*found)}"


def library_of(module: str) -> str | None:
    """The name of the library whose inside `module` is, such as `asyncio`; None for code of the user's own."""
    top = module.partition(".")[0]
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if top in sys.stdlib_module_names or (file is not None and any(part in INSTALLED for part in Path(file).parts)):
        return top
    return None
