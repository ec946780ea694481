"""Declared state: an object that, with all that it holds, writes down who touches it.

`declare(root)` gives the object a subclass of its class, made on the spot, whose attributes write down who reads and writes them; it stays
the same object. Dicts, sets, lists and deques it holds are wrapped (`scheduling.strategies.containers`), objects of Python classes are
declared in turn, and so is what is stored later. A value that can change and is none of these (an iterator, a Counter) is opaque: whoever
reads it is taken to have written it. An object of a class with `__slots__` cannot be declared, and is refused.

It refuses to guess: state that nobody declares (globals, variables of an enclosing function) is not seen, and neither is what a step
keeps from an earlier one in its own variables of an opaque value. Outside a recording `declare` does nothing.
"""

import asyncio
import types
from enum import Enum
from functools import lru_cache
from operator import is_
from typing import Any, TypeVar

from scheduling.strategies.containers import WRAPPERS, is_tracked_kind, unchanged
from scheduling.strategies.footprints import READ, RECORDER, WRITE, Check, Footprint, Location, MissingFootprint

T = TypeVar("T")

_CONSTANT = (int, float, complex, str, bytes, type(None), Enum, type, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_TRACKED_ELSEWHERE = (
    *(asyncio.Future, asyncio.Lock, asyncio.Event, asyncio.Condition, asyncio.Semaphore, asyncio.Queue, asyncio.Barrier),
    *(asyncio.TaskGroup, asyncio.Timeout, asyncio.AbstractEventLoop),
)
_STANDARD = frozenset("collections itertools functools asyncio.events asyncio.futures asyncio.tasks _asyncio contextvars random".split())
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class made by a class statement
LOCATION = "_subwarden_location"
_ADOPTION = "_subwarden_adoption"
_classes: dict[tuple[type, tuple[str, ...]], type] = {}


def declare(root: T) -> T:
    """Make `root` and all that it holds write down who touches it, if somebody records. Returns it, or its wrapper."""
    adopted: T = _Adoption()(root) if RECORDER.active else root
    return adopted


def is_constant(value: object) -> bool:
    """Whether nothing can be changed through `value`, or it writes down itself who does."""
    if _is_constant_kind(type(value)):  # type: ignore[arg-type]  # every class is hashable
        return True
    if isinstance(value, tuple | frozenset):
        return all(is_constant(item) for item in value)
    return LOCATION in getattr(value, "__dict__", ())


@lru_cache(maxsize=4096)  # asked at every access; a class's answer does not change
def _is_constant_kind(kind: type) -> bool:
    return issubclass(kind, _CONSTANT + _TRACKED_ELSEWHERE) or is_tracked_kind(kind)


class _Adoption:
    """Tracks what is handed to it; remembers what it has wrapped, so that two ways to one container lead to one wrapper."""

    def __init__(self) -> None:
        self._wrapped: dict[int, tuple[Any, Any]] = {}  # by id; the original is kept alive, so the id stays its own

    def __call__(self, value: Any) -> Any:
        wrapper = WRAPPERS.get(type(value))
        if wrapper is not None:
            known = self._wrapped.get(id(value))
            if known is None:
                known = self._wrapped[id(value)] = (value, wrapper(value, self, is_constant))
            return known[1]
        if not is_constant(value) and _is_object_of_a_python_class(value):
            if not _can_swap_class(value):
                raise TypeError(f"a {type(value).__name__} cannot be declared: its class has __slots__ and no __dict__, or is built in C")
            self._swap_class(value)
        return value

    def _swap_class(self, value: Any) -> None:
        attributes = vars(value)
        names = tuple(attributes)
        attributes[LOCATION] = RECORDER.name()
        for name in names:
            attributes[name] = self(attributes[name])
        attributes[_ADOPTION] = self
        value.__class__ = _class_with(type(value), names)
        RECORDER.check_each_step(_check_of(value))


def _class_with(original: type, names: tuple[str, ...]) -> type:
    made = _classes.get((original, names))
    if made is None:
        body: dict[str, Any] = {name: Attribute(name) for name in names}
        body |= {"__setattr__": _set_attribute, "__module__": original.__module__, "__qualname__": original.__qualname__, "__slots__": ()}
        made = _classes[original, names] = type(original.__name__, (original,), body)
    return made


def _is_object_of_a_python_class(value: object) -> bool:
    kind = type(value)
    return bool(kind.__flags__ & _HEAP_TYPE) and kind.__module__ not in _STANDARD and not isinstance(value, BaseException)


def _can_swap_class(value: object) -> bool:
    return hasattr(value, "__dict__") and not any(vars(base).get("__slots__") for base in type(value).__mro__)


class Attribute:
    """Stands on the class for one attribute of the object, and writes down each access. Defines `__set__` so that it comes first."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, owner: Any, _kind: type | None = None) -> Any:
        if owner is None:
            return self
        own = owner.__dict__
        try:
            value = own[self._name]
        except KeyError:
            raise AttributeError(self._name) from None
        if RECORDER.footprint is not None:
            RECORDER.touch((self.location(owner), self._name), READ if is_constant(value) else WRITE)
        return value

    def location(self, owner: Any) -> Location:
        """Where accesses to `owner` are written down."""
        where: Location = owner.__dict__[LOCATION]
        return where

    def __set__(self, owner: Any, value: Any) -> None:
        _set_attribute(owner, self._name, value)

    def __delete__(self, owner: Any) -> None:
        own = owner.__dict__
        RECORDER.touch((own[LOCATION], self._name), WRITE)
        del own[self._name]


def _set_attribute(owner: Any, name: str, value: Any) -> None:
    own = owner.__dict__
    if name not in own and RECORDER.active and not isinstance(vars(type(owner)).get(name), Attribute):
        known = tuple(key for key in own if key not in {LOCATION, _ADOPTION})  # a new attribute: its readers must be seen too
        owner.__class__ = _class_with(type(owner).__base__ or object, (*known, name))
    RECORDER.touch((own[LOCATION], name), WRITE)
    own[name] = own[_ADOPTION](value) if RECORDER.active else value


def _check_of(owner: Any) -> Check:
    own = owner.__dict__
    before = dict(own)

    def check(footprint: Footprint | None) -> None:
        nonlocal before
        if footprint is None:
            before = dict(own)
            return
        if len(own) == len(before) and (all(map(is_, before.values(), own.values())) or unchanged(before.values(), own.values())):
            return
        for name in {**before, **own}:
            changed = (name in own) != (name in before) or not unchanged([own[name]], [before[name]])
            if changed and not footprint.get((own[LOCATION], name), 0) & WRITE:
                raise MissingFootprint(f"{type(owner).__name__}.{name} changed in a step that did not touch it")
        before = dict(own)

    return check
