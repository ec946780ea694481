"""Instances of classes, by structure: their class, their attributes and slots, and their contents as a list, a dict or an exception.

A class made in C may hold parts that cannot be seen. It is refused unless it is known here.

A class of the harness may have a method `digest_parts()`, which returns a substitute for the object: more objects, or a `Value`.
"""

import builtins
import logging
import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from types import BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

from subwarden.scheduling.state_search.structure import Indigestible, Look, Structure, name_of

_C_MADE = (MethodDescriptorType, WrapperDescriptorType, GetSetDescriptorType)
_ERRORS = frozenset(kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, BaseException))
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Value:
    """Stands for an object by one hashable value. Its maker must tell apart values that are equal and not the same, as 1 and True."""

    value: Hashable


def unchanging(thing: object) -> list[object]:
    """All tuples and frozen dataclasses in `thing`, itself among them, that can never change."""
    found: list[object] = []

    def cannot_change(thing: Any) -> bool:
        if isinstance(thing, tuple):
            parts = list(thing)
        elif is_dataclass(thing) and not isinstance(thing, type) and thing.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            parts = [getattr(thing, field.name) for field in fields(thing)]
        else:
            return isinstance(thing, int | str | bytes | float | Enum | type | None)
        changing = [part for part in parts if not cannot_change(part)]
        if not changing:
            found.append(thing)
        return not changing

    cannot_change(thing)
    return found


def _made_in_c(kind: type) -> bool:
    """Whether instances may hold parts that neither `__dict__` nor `__slots__` shows."""
    return kind is not object and any(
        (isinstance(value, _C_MADE) and value.__objclass__ is kind and name not in {"__dict__", "__weakref__"})
        or (name == "__new__" and isinstance(value, BuiltinFunctionType))
        for name, value in vars(kind).items()
    )


class Objects(Structure):
    """A structure that also knows instances of classes."""

    def _table(self) -> Iterable[tuple[tuple[type, ...], Look]]:
        yield from super()._table()
        yield (Value,), lambda v: self.name((Value, v.value))

    def _look_at(self, kind: type) -> Look:
        """The look for instances of a class that is in no table. Raises Indigestible."""
        if issubclass(kind, type):
            return self._class
        if issubclass(kind, Enum | logging.Logger):
            return self.constant
        if hasattr(kind, "digest_parts"):
            return self.once(lambda thing: self._row(kind, (self._keep(thing.digest_parts()),)))
        if issubclass(kind, random.Random):
            return self.once(lambda thing: self.name((kind, thing.getstate())))
        inner: list[Callable[[Any], Iterable[Any]]] = []
        for base, content in _CONTENTS:
            if issubclass(kind, base):
                inner.append(content)
                break
        else:
            base = object
        for above in kind.__mro__:
            if _made_in_c(above) and not issubclass(base, above) and above not in _ERRORS:
                raise Indigestible(f"a {name_of(above)}")
        slots = [
            (name, slot)
            for above in kind.__mro__
            for name, slot in vars(above).items()
            if isinstance(slot, MemberDescriptorType) and name != "__weakref__"
        ]
        return self._object(kind, inner, slots)

    def _object(self, kind: type, inner: list[Callable[[Any], Iterable[Any]]], slots: list[tuple[str, Any]]) -> Look:
        with_dict = kind.__dictoffset__ != 0
        made_anew = "<locals>" in kind.__qualname__
        numbers, shared, landmarks, append = self._numbers, self._shared, self._landmarks, self.out.append
        kind_number = self.number_of(kind)
        by_value = issubclass(kind, tuple | frozenset | int | str | float | bytes)

        def look(thing: Any) -> None:
            if id(thing) in shared:
                self.constant(thing)
                return
            if not by_value:
                number = numbers.get(id(thing))
                if number is not None:
                    append(-number)
                    return
                numbers[id(thing)] = len(numbers) + 1
                if id(thing) in landmarks:
                    self.constant(thing)
            try:
                if made_anew:
                    self._class(kind)
                else:
                    append(kind_number)
                for content in inner:
                    self._row("holds", self._keep(content(thing)))
                for _, slot in slots:
                    try:
                        value = slot.__get__(thing)
                    except AttributeError:
                        value = _ABSENT
                    self.add(value)
                if with_dict:
                    attributes = vars(thing)
                    self.name(tuple(attributes))
                    self._add_all(attributes.values())
            except Indigestible as inside:
                inside.holders.append(f"a {name_of(kind)}")
                raise

        return look

    def _class(self, kind: type) -> None:
        if "<locals>" not in kind.__qualname__:
            self.constant(kind)
        elif not self.known(kind):  # another class in each run, so it is compared by its parts
            self._row(("a class", kind.__module__, kind.__qualname__), kind.__bases__)
            for name, value in vars(kind).items():
                if isinstance(value, staticmethod | classmethod):
                    self._row(name, (value.__func__,))
                elif isinstance(value, property):
                    self._row(name, (value.fget, value.fset, value.fdel))
                elif not isinstance(value, (*_C_MADE, MemberDescriptorType)):
                    self._row(name, (value,))


def _of_exception(error: BaseException) -> Iterable[Any]:
    return [error.args, error.__cause__, error.__context__]


_CONTENTS: list[tuple[type, Callable[[Any], Iterable[Any]]]] = [
    (BaseException, _of_exception),
    (defaultdict, lambda d: [d.default_factory, *d, *d.values()]),
    (OrderedDict, lambda d: [*d, *d.values()]),
    (dict, lambda d: [*dict.keys(d), *dict.values(d)]),
    (list, list.__iter__),
    (tuple, tuple.__iter__),
    (deque, lambda d: [d.maxlen, *d]),
    (set, lambda s: [frozenset(s)]),
    (frozenset, lambda s: [frozenset(s)]),
    (int, lambda n: [int(n)]),
    (str, lambda s: [str.__str__(s)]),
    (float, lambda n: [float(n)]),
    (bytes, lambda b: [bytes(b)]),
]
