"""Numbers of constants that are the same in every process, so that processes can compare their digests.

A structure (`scheduling.state_search.structure`) numbers constants as it meets them. Another process meets them in another order, so where
processes share a search the number of a constant is a hash of its name instead: of a value its text, of a class, a module or a piece of
code the name by which an import finds it, and of another object the global or the class attribute that leads to it.

Nothing is guessed: a constant without a name, or the second one of a name, raises `Indigestible`.
"""

import logging
import sys
from collections.abc import Hashable, Iterable
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from types import (
    CodeType,
    EllipsisType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    NoneType,
    NotImplementedType,
    WrapperDescriptorType,
)
from typing import Any

from subwarden.scheduling.state_search.structure import Indigestible, name_of
from subwarden.scheduling.watchdog import WATCHDOG

_PLAIN = (int, str, bytes, bool, float, complex, range, NoneType, EllipsisType, NotImplementedType)
_DESCRIPTORS = (MethodDescriptorType, WrapperDescriptorType, GetSetDescriptorType, MemberDescriptorType)
_OURS = "subwarden"  # its modules are looked at last: which of them are loaded differs from process to process
_ABOVE = 2**32  # more than any number that a structure writes down by itself


class PortableNumbers:
    """The numbers of one structure."""

    def __init__(self) -> None:
        self._named: dict[str, object] = {}  # the thing of each name that was given out
        self._paths: dict[int, str] | None = None

    def of_value(self, value: Hashable) -> int:
        """The number of a value: equal for equal values of one type. Raises Indigestible."""
        return _number(_text(value))

    def of_thing(self, thing: object) -> int:
        """The number of an object that is told apart by identity. Raises Indigestible."""
        name = _name(thing) or self._path(thing)
        if self._named.setdefault(name, thing) is not thing:
            raise Indigestible(f"two things named {name}, which other processes cannot tell apart")
        return _number(name)

    def _path(self, thing: object) -> str:
        """The global or the class attribute that leads to `thing`. Raises Indigestible."""
        path = None if self._paths is None else self._paths.get(id(thing))
        if path is None:  # a module may have been loaded since
            with WATCHDOG.paused():  # it takes long, on a busy machine, and is not the subject's work
                self._paths = _paths()
            path = self._paths.get(id(thing))
        if path is None:
            raise Indigestible(f"a {name_of(type(thing))} that no name leads to, for other processes")
        return path


def _number(name: str) -> int:
    return _ABOVE + int.from_bytes(blake2b(name.encode(errors="surrogatepass"), digest_size=7).digest(), "big")


def _text(value: Any) -> str:
    kind = type(value)
    if kind in _PLAIN:
        return f"{kind.__name__}:{value!r}"
    if isinstance(value, type):
        return _class(value)
    if isinstance(value, Enum):
        return f"{_class(kind)}.{value.name}"
    if isinstance(value, tuple):
        return f"{_class(kind)}({','.join(map(_text, value))})"
    if isinstance(value, frozenset):
        return f"{_class(kind)}({','.join(sorted(map(_text, value)))})"
    if is_dataclass(value):
        return f"{_class(kind)}({','.join(_text(getattr(value, field.name)) for field in fields(value))})"
    raise Indigestible(f"a {name_of(kind)}, for other processes")


def _class(kind: type) -> str:
    return f"class {kind.__module__}.{kind.__qualname__}"


def _name(thing: Any) -> str:
    """The name that the thing itself has; empty if it has none."""
    if isinstance(thing, CodeType):
        file = thing.co_filename.replace("\\", "/").rpartition("/")[2]  # its folder is another one on another machine
        whole = f"{thing.co_code!r} {thing.co_names} {thing.co_freevars} {list(thing.co_positions())}"
        return f"code {file} {thing.co_qualname} {thing.co_firstlineno} {_number(whole)}"
    if isinstance(thing, type | Enum):
        return _text(thing)
    if isinstance(thing, ModuleType):
        return f"module {thing.__name__}"
    if isinstance(thing, logging.Logger):
        return f"logger {thing.name}"
    if isinstance(thing, _DESCRIPTORS):
        return f"{type(thing).__name__} of {_class(thing.__objclass__)} {thing.__name__}"
    return f"context variable {thing.name}" if isinstance(thing, ContextVar) else ""


def _paths() -> dict[int, str]:
    """A name for each object that a global, a class attribute, or a container there leads to, by address."""
    found: dict[int, str] = {}
    everything: list[tuple[str, object]] = list(sys.modules.items())  # some programs put other objects there
    modules = [(name, each) for name, each in everything if isinstance(each, ModuleType)]
    for name, module in sorted(modules, key=lambda item: (item[0].partition(".")[0] == _OURS, item[0])):
        for key, value in list(vars(module).items()):
            path = f"global {name}.{key}"
            found.setdefault(id(value), path)
            for inner, part in _parts(value, name):
                found.setdefault(id(part), f"{path}.{inner}")
    return found


def _parts(value: Any, module: str) -> Iterable[tuple[object, object]]:
    kind = type(value)  # not by isinstance, which asks the value itself
    if issubclass(kind, type):
        return list(vars(value).items()) if value.__module__ == module else ()
    if issubclass(kind, dict):
        return [(key if type(key) in _PLAIN else at, part) for at, (key, part) in enumerate(dict.items(value))]
    if issubclass(kind, list):
        return list(enumerate(list.__iter__(value)))
    return list(enumerate(tuple.__iter__(value))) if issubclass(kind, tuple) else ()
