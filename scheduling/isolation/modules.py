"""The modules that are loaded, by whose they are: one list for all who look through them when runs begin.

They are taken as they are: no code of theirs runs while they are looked at, as that of a lazy one would.
"""

import sys
from operator import is_
from types import ModuleType
from typing import Any, NamedTuple

from subwarden.scheduling.isolation.installed import own

TOOLS = frozenset("subwarden _pytest pluggy hypothesis xdist execnet coverage pdb dask distributed".split())  # and pytest's plugins
_globals_in = vars(ModuleType)["__dict__"].__get__


class Loaded(NamedTuple):
    """Modules of a user's own, and those of packages that it may use: not Python's, the harness's, or those of tools of tests."""

    own: list[ModuleType]
    packages: list[ModuleType]


_seen: list[Any] = []  # in `sys.modules`, when they were last gone through
_loaded = Loaded([], [])


def loaded() -> Loaded:
    """What is loaded now. It is gone through again only where that has changed."""
    now = list(sys.modules.values())
    if len(now) != len(_seen) or not all(map(is_, now, _seen)):
        _seen[:] = now
        for modules in _loaded:
            modules.clear()
        for module in dict(zip(map(id, now), now, strict=True)).values():
            names = globals_in(module)
            top = str(names.get("__name__", "")).partition(".")[0]
            if is_own(names.get("__file__")) or (top == "__main__" and "__file__" not in names):
                _loaded.own.append(module)
            elif names and top not in sys.stdlib_module_names and not is_tool(top):
                _loaded.packages.append(module)
    return _loaded


def globals_in(module: object) -> dict[str, Any]:
    """The globals of a module; none of what stands for one in `sys.modules`."""
    names: dict[str, Any] = _globals_in(module) if issubclass(type(module), ModuleType) else {}
    return names


def is_own(file: object) -> bool:
    """Whether `file` is a user's own code."""
    return isinstance(file, str) and own(file)


def is_tool(top: str) -> bool:
    """Whether the package `top` tests: what it keeps is no state of a subject, and some of it is still to be undone when the test ends."""
    return top in TOOLS or top.startswith("pytest")
