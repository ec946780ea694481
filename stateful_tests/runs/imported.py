"""The files of a user's own that a file imports, as far as that can be seen.

They are found in the bytecode (the standard library's `modulefinder`), and among the modules that have been loaded by now. Modules whose
name is made up at run time are not seen before they have been loaded.
"""

import sys
from collections.abc import Collection
from contextlib import suppress
from modulefinder import ModuleFinder
from pathlib import Path

from subwarden.checking.place import INSTALLED

APART = ("subwarden", "__main__", "__mp_main__")  # the command is nobody's import


def imported(file: Path, folders: list[str], before: Collection[str] = ()) -> set[Path]:
    """The files below `folders` that `file` imports; installed packages are left out. `before`: modules that were loaded before it."""
    finder = ModuleFinder(path=folders, excludes=[*APART])
    with suppress(Exception):  # it reads code of others, which may be anything; what is loaded is seen below
        finder.run_script(str(file))
    seen: list[object] = [getattr(module, "__file__", None) for module in finder.modules.values()]
    loaded = [(name, module) for name, module in list(sys.modules.items()) if name.partition(".")[0] not in APART and name not in before]
    seen += [getattr(module, "__file__", None) for _, module in loaded]
    files = {Path(name).resolve() for name in seen if isinstance(name, str) and name.endswith(".py")}
    below = [Path(folder).resolve() for folder in folders]
    return {path for path in files if any(path.is_relative_to(each) and not installed(path.relative_to(each)) for each in below)}


def installed(within: Path) -> bool:
    """Whether a path within a folder belongs to an installed package."""
    return any(part in INSTALLED or part.startswith(".") for part in within.parts)
