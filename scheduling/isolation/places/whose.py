"""Whose a function, a class or an object is: the user's own, a package's, the standard library's, or that of a tool of tests.

Looking runs no code of a user's: what a class has is read by `type`, whatever its metaclass says, and classes are told apart by identity.
"""

import sys
from collections.abc import Iterator
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, NamedTuple

from subwarden.scheduling.isolation.modules import globals_in, is_own, is_tool

STATE = frozenset(  # modules of the standard library; and asyncio
    "collections types weakref _weakrefset contextlib functools _thread unittest.mock argparse configparser optparse sched graphlib "
    "http.cookies http.cookiejar email.message".split()
)


def kinds(*some: Any) -> frozenset[int]:
    """These classes, by identity: a metaclass may say anything of equality and of hashes."""
    return frozenset(map(id, some))


attributes_of: Any = type.__dict__["__dict__"].__get__  # the names in a class itself
bases_of: Any = type.__dict__["__mro__"].__get__  # a class, and those that it inherits from
_module_of: Any = type.__dict__["__module__"].__get__


class Namespace(NamedTuple):
    """Names and their values: the globals of a module, the attributes of a function, or of an instance, the `owner`."""

    names: dict[str, Any]
    owner: Any = None


def names_of(thing: Any) -> Any:
    """The dictionary of attributes that an object itself has; None if it has none. A class may show another one in its place."""
    for kind in bases_of(type(thing)):
        found = attributes_of(kind).get("__dict__")
        if type(found) in (GetSetDescriptorType, MemberDescriptorType):
            return found.__get__(thing)
    return None


def globals_of(thing: Any) -> Iterator[Namespace]:
    """Of the module in which a function or a class is defined, if it is the user's own."""
    if type(thing) is FunctionType:
        names: dict[str, Any] | None = thing.__globals__
    elif (module := module_of(thing)) in sys.modules:
        names = globals_in(sys.modules[module])
    else:  # in a file that was loaded by its path
        names = next((each.__globals__ for each in attributes_of(thing).values() if type(each) is FunctionType), None)
    if names is not None and is_own(names.get("__file__")):
        yield Namespace(names)


def is_own_class(kind: type) -> bool:
    """Whether `kind` is defined in a user's own code."""
    return module_of(kind) != "" and any(globals_of(kind))


def is_of_one_mock(kind: type) -> bool:
    """Whether `kind` was made for one mock, as each has its own, which keeps its magic methods."""
    return module_of(kind) == "unittest.mock" and vars(sys.modules["unittest.mock"]).get(kind.__name__) is not kind


def module_of(kind: type) -> str:
    """The name of its module; empty where somebody has put something else there."""
    name: object = _module_of(kind)
    return name if isinstance(name, str) else ""


def holds_state(kind: type) -> bool:
    """Whether instances of `kind` are looked into."""
    name = module_of(kind)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return name in STATE or top == "asyncio"
    return bool(name) and (not is_tool(top) or is_own_class(kind))
