"""Whose a function, a class or an object is: the user's own, a package's, the standard library's, or that of a tool of tests."""

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any, NamedTuple

from subwarden.scheduling.isolation.installed import own

TOOLS = frozenset("subwarden _pytest pluggy hypothesis xdist execnet coverage pdb dask distributed".split())  # and pytest's plugins
STATE = frozenset(  # modules of the standard library; and asyncio
    "collections types weakref _weakrefset queue contextlib functools _thread unittest.mock".split()
)


class Namespace(NamedTuple):
    """Names and their values: the globals of a module, the attributes of a function, or of an instance, the `owner`."""

    names: dict[str, Any]
    owner: Any = None


def globals_of(thing: Any) -> Iterator[Namespace]:
    """Of the module in which a function or a class is defined, if it is the user's own."""
    if type(thing) is FunctionType:
        names: dict[str, Any] | None = thing.__globals__
    elif (module := module_of(thing)) in sys.modules:
        names = vars(sys.modules[module])
    else:  # in a file that was loaded by its path
        names = next((each.__globals__ for each in attributes_of(thing).values() if type(each) is FunctionType), None)
    if names is not None and is_own(names.get("__file__")):
        yield Namespace(names)


def is_own(file: object) -> bool:
    """Whether `file` is a user's own code."""
    return isinstance(file, str) and own(file)


def is_own_class(kind: type) -> bool:
    """Whether `kind` is defined in a user's own code."""
    return module_of(kind) != "" and any(globals_of(kind))


def is_of_one_mock(kind: type) -> bool:
    """Whether `kind` was made for one mock, as each has its own, which keeps its magic methods."""
    return module_of(kind) == "unittest.mock" and vars(sys.modules["unittest.mock"]).get(kind.__name__) is not kind


def module_of(kind: type) -> str:
    """The name of its module; empty where somebody has put something else there."""
    name: object = type.__getattribute__(kind, "__module__")  # a metaclass of the subject's may do anything
    return name if isinstance(name, str) else ""


def attributes_of(kind: type) -> Any:
    """The names in a class itself."""
    return type.__getattribute__(kind, "__dict__")


def holds_state(kind: type) -> bool:
    """Whether instances of `kind` are looked into."""
    name = module_of(kind)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return name in STATE or top == "asyncio"
    return bool(name) and (not is_tool(top) or is_own_class(kind))


def is_tool(top: str) -> bool:
    """Whether the package `top` tests: what it keeps is no state of a subject, and some of it is still to be undone when the test ends."""
    return top in TOOLS or top.startswith("pytest")
