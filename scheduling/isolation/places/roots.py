"""Where to begin to look for what a subject can keep: its modules and its arguments."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from functools import partial
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from subwarden.scheduling.isolation.places.whose import globals_of, is_own_class, module_of

CONTAINERS = (dict, OrderedDict, list, set, deque)


def roots(root: Any) -> Iterator[Any]:
    """Where to start: the module of a function or a class, the objects in a closure, and the arguments of a call that is made for each run.

    A bare container in the closure of a scenario is how the test around it collects something over all runs. A part of the harness, such as
    a hub, makes a subject of what it was given, with all that it encloses: a server keeps its clients there. What else it keeps is its own
    business.
    """
    seen: dict[int, Any] = {}
    waiting = [(root, True)]
    while waiting:
        thing, given = waiting.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        kind = type(thing)
        if issubclass(kind, partial):
            waiting += [(each, True) for each in (*thing.args, *thing.keywords.values(), thing.func)]
        elif issubclass(kind, MethodType):
            waiting += [(thing.__self__, True), (thing.__func__, True)]
        elif issubclass(kind, FunctionType):
            yield from globals_of(thing)
            waiting += [(each, False) for cell in thing.__closure__ or () for each in content_of(cell)]
        elif issubclass(kind, type):
            yield from globals_of(thing)
        elif issubclass(kind, ModuleType):
            yield thing
        elif module_of(kind).partition(".")[0] == "subwarden" and not is_own_class(kind):
            own = getattr(thing, "__dict__", {}).values()
            given_it = [each for each in own if not issubclass(type(each), CONTAINERS)]
            waiting += [(each, True) for each in given_it]
            yield from (each for each in given_it if issubclass(type(each), FunctionType))
        elif given or not issubclass(kind, CONTAINERS):
            yield thing


def content_of(cell: CellType) -> list[Any]:
    """What is in a cell; nothing if it is empty."""
    return [] if cell == CellType() else [cell.cell_contents]
