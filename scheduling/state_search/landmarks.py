"""Objects that code knows by name, and may compare by `is`, whatever they hold.

Two sentinels are built alike, and still not the same. So objects that module globals and class attributes lead to, directly or in a
container there, are told apart by identity, too.
"""

import sys
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from subwarden.scheduling.isolation.modules import globals_in
from subwarden.scheduling.isolation.places.whose import attributes_of, kinds, module_of

_NEVER = kinds(int, str, bytes, bool, float, type(None), type, FunctionType, BuiltinFunctionType, ModuleType)
_CONTAINERS: tuple[Any, ...] = (
    list,
    tuple,
    set,
    frozenset,
)  # iterated as such: a subclass may do anything, as `platform.uname()` runs uname
_last: tuple[tuple[int, int], dict[int, object]] = ((0, 0), {})


def landmarks() -> dict[int, object]:
    """All landmarks now, by address. They are kept, so that the addresses stay theirs."""
    global _last  # noqa: PLW0603  # finding them takes 40 ms, and they are those of the process
    modules = [names for module in list(sys.modules.values()) if (names := globals_in(module))]
    size = len(modules), sum(map(len, modules))
    if _last[0] != size:
        _last = size, _find(modules)
    return _last[1]


def _find(modules: list[dict[str, Any]]) -> dict[int, object]:
    found: dict[int, object] = {}

    def note(things: Iterable[Any]) -> None:
        for thing in things:
            if id(type(thing)) not in _NEVER:
                found[id(thing)] = thing

    for module in modules:
        for value in list(module.values()):
            kind = type(value)  # not by isinstance, which asks the value itself: a lazy one would start to load
            if id(kind) not in _NEVER:
                found[id(value)] = value
            elif kind is not type:
                continue  # it is most of them, and no container
            if issubclass(kind, type):
                if module_of(value) == module.get("__name__"):
                    note(list(attributes_of(value).values()))
            elif issubclass(kind, dict):
                note(list(dict.values(value)))
            elif (container := next((each for each in _CONTAINERS if issubclass(kind, each)), None)) is not None:
                note(list(container.__iter__(value)))
    return found
