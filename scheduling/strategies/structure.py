"""What an object is, by structure: a row of small integers, the same for two objects if they are built alike, else not.

Objects are numbered as they are met, so shared and circular references are part of the structure; addresses and the order of hashes are
not. Nothing is guessed: what cannot be looked into completely (an object built in C that is in no table, an async generator) raises
`Indigestible`, which says what it is and what holds it.

Taken to be constant: the globals of functions, the attributes of classes, modules, loggers. What a traceback says is taken to decide
nothing, and so is the order of a set beyond its elements, unless all of them are integers: other hashes differ from process to process.

A class of the harness may have a method `__digested__()`, which returns what stands for the object.
"""

import builtins
import gc
import logging
import random
import sys
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from enum import Enum
from functools import partial
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
    WrapperDescriptorType,
)
from typing import Any

Look = Callable[[Any], object]

_C_MADE = (MethodDescriptorType, WrapperDescriptorType, GetSetDescriptorType)
_VIEWS = (type({}.keys()), type({}.values()), type({}.items()), MappingProxyType)
_REDUCING = (*(type(iter(of)) for of in ([], (), range(0), range(2**70), "", "é", b"")), type(reversed([])), enumerate, zip, map, filter)
_KEYED = (*(type(iter(of)) for of in ({}, {}.items(), {}.values(), set())),)
_CONSTANT = frozenset((int, str, bytes, bool, float, type(None), type, FunctionType, BuiltinFunctionType, ModuleType))
_ABSENT = object()
_ERRORS = frozenset(kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, BaseException))


class Indigestible(Exception):
    """Something of a state cannot be looked into, so no state that has it may be called equal to another."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.holders: list[str] = []

    def __str__(self) -> str:
        return ", in ".join([str(self.args[0]), *self.holders[:3]])


def name_of(kind: type) -> str:
    """A class as a reader knows it."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _made_in_c(kind: type) -> bool:
    """Whether instances may hold what neither `__dict__` nor `__slots__` shows."""
    return kind is not object and any(
        (isinstance(value, _C_MADE) and value.__objclass__ is kind and name not in {"__dict__", "__weakref__"})
        or (name == "__new__" and isinstance(value, BuiltinFunctionType))
        for name, value in vars(kind).items()
    )


def _landmarks() -> dict[int, object]:
    """What module globals and class attributes lead to, directly or in a container there: code may ask of it by `is`, whatever it holds."""
    found: dict[int, object] = {}

    def note(things: Iterable[Any]) -> None:
        found.update((id(thing), thing) for thing in things if type(thing) not in _CONSTANT)

    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType):
            continue
        for value in list(vars(module).values()):
            if type(value) is type and value.__module__ == module.__name__:
                note(vars(value).values())
            elif isinstance(value, dict):
                note([value, *value.values()])
            elif isinstance(value, list | tuple | set | frozenset):
                note([value, *value])
            else:
                note([value])
    return found


class Structure:
    """Writes structures to `out`. What it remembers from one to the next are numbers for what never changes."""

    def __init__(self) -> None:
        self.out: list[int] = []
        self._numbers: dict[int, int] = {}
        self._temporary: list[object] = []  # made only to be looked at; kept so that no other object gets its address meanwhile
        self._constants: dict[Hashable, int] = {}
        self._kept: dict[int, tuple[object, int]] = {}  # constants by identity; they are kept, so the address stays theirs
        self._landmarks = _landmarks()
        looks: dict[type, Look] = {}
        for kind in (int, str, bytes, bool, type(None), type(...), type(NotImplemented)):
            looks[kind] = self._value(kind, lambda value: value)
        for kind in (float, complex, range):
            looks[kind] = self._value(kind, repr)
        for kinds, look in self._table():
            looks |= dict.fromkeys(kinds, look)
        self._looks = looks

    def _table(self) -> Iterable[tuple[tuple[type, ...], Look]]:
        yield (tuple,), self._tuple
        yield (list,), self._list
        yield (dict,), self._dict
        yield (set, frozenset), self._set
        yield (slice,), lambda s: self._row("slice", (s.start, s.stop, s.step))
        yield (bytearray,), lambda b: self.known(b) or self._row(bytearray, (bytes(b),))
        yield (FunctionType,), self._function
        yield (MethodType,), lambda m: self._row("method", (m.__func__, m.__self__))
        yield (BuiltinFunctionType, type("".__str__)), self._builtin
        yield (CellType,), self._cell
        yield (partial,), lambda p: self._row("partial", (p.func, p.args, *p.keywords, *p.keywords.values(), vars(p) or None))
        yield (weakref.ref,), lambda r: self._row("weak", (r(), r.__callback__))
        yield (ModuleType, MethodDescriptorType, WrapperDescriptorType, GetSetDescriptorType, MemberDescriptorType), self.constant
        yield (object,), self.constant
        yield (TracebackType,), lambda _: self.name("a traceback")
        yield _VIEWS, lambda view: self._row(type(view), gc.get_referents(view))
        yield _REDUCING, lambda it: self.known(it) or self._reduced(it)
        yield _KEYED, lambda it: self.known(it) or self._row("of", (*gc.get_referents(it), *self._keep(self._remaining(it))))

    def begin(self) -> None:
        """A new structure."""
        self.out = []
        self._numbers = {}
        self._temporary.clear()

    def add(self, thing: Any) -> None:
        """Write down what `thing` is. Raises Indigestible."""
        look = self._looks.get(type(thing))
        if look is None:
            kind = type(thing)
            look = self._look_at(kind)
            if "<locals>" not in kind.__qualname__:  # others come anew with each run
                self._looks[kind] = look
        look(thing)

    # --- writing

    def name(self, what: Hashable) -> None:
        """Write down a constant. Those that are equal but not of one type must be told apart by the caller."""
        number = self._constants.get(what)
        if number is None:
            number = self._constants[what] = len(self._constants)
        self.out.append(number)

    def constant(self, thing: object) -> None:
        """Write down something that never changes, by identity."""
        kept = self._kept.get(id(thing))
        if kept is None:
            kept = self._kept[id(thing)] = (thing, len(self._constants))
            self._constants["by identity", len(self._kept)] = kept[1]
        self.out.append(kept[1])

    def known(self, thing: object) -> bool:
        """Whether `thing` was met before, and then its number is written down; else it gets one."""
        number = self._numbers.get(id(thing))
        if number is None:
            self._numbers[id(thing)] = len(self._numbers) + 1
            if id(thing) in self._landmarks:
                self.constant(thing)
            return False
        self.out.append(-number)
        return True

    def _row(self, kind: Hashable, things: Iterable[Any]) -> None:
        """A kind, how many, and each."""
        self.name(kind)
        out = self.out
        at = len(out)
        out.append(0)
        n = 0
        for n, thing in enumerate(things, 1):
            self.add(thing)
        out[at] = n

    def _keep(self, made: Any) -> Any:
        self._temporary.append(made)
        return made

    # --- looking

    def _value(self, kind: type, key: Callable[[Any], Hashable]) -> Look:
        known: dict[Hashable, int] = {}

        def look(value: Any) -> None:
            number = known.get(key(value))
            if number is None:
                number = known[key(value)] = len(self._constants)
                self._constants[kind, key(value)] = number
            self.out.append(number)

        return look

    def _tuple(self, things: tuple[Any, ...]) -> None:
        self.name(type(things))
        self.out.append(len(things))
        for thing in things:
            self.add(thing)

    def _list(self, things: Any) -> None:
        if not self.known(things):
            self._tuple_of(type(things), things)

    def _tuple_of(self, kind: type, things: Any) -> None:
        self.name(kind)
        self.out.append(len(things))
        for thing in things:
            self.add(thing)

    def _dict(self, things: dict[Any, Any]) -> None:
        if not self.known(things):
            self._tuple_of(dict, things)
            for thing in things.values():
                self.add(thing)

    def _set(self, things: Any) -> None:
        if type(things) is set and self.known(things):
            return
        self.name(type(things))
        self.out.append(len(things))
        if all(type(thing) is int for thing in things):
            for thing in things:
                self.add(thing)
            return
        whole = self.out
        rows: list[tuple[list[int], Any]] = []
        for thing in things:  # each as if it were the first, to find an order that hangs on no hash
            self.out, before = [], dict(self._numbers)
            self.add(thing)
            rows.append((self.out, thing))
            self._numbers = before
        self.out = whole
        rows.sort(key=lambda row: row[0])
        for (one, thing), (other, _) in zip(rows, rows[1:], strict=False):
            if one == other:
                raise Indigestible(f"a set of several {name_of(type(thing))} that look alike")
        for _, thing in rows:
            self.add(thing)

    def _function(self, function: FunctionType) -> None:
        self.constant(function.__code__)
        self.out.append(len(function.__closure__ or ()))
        for cell in function.__closure__ or ():
            self._cell(cell)
        own = function.__defaults__, function.__kwdefaults__, vars(function)
        self.name(any(own))
        if any(own):
            self._tuple(own)

    def _cell(self, cell: CellType) -> None:
        if not self.known(cell):
            try:
                value = cell.cell_contents
            except ValueError:
                self.name("an empty cell")
            else:
                self._row("a cell", (value,))

    def _builtin(self, function: Any) -> None:
        own = function.__self__
        self._row((type(function), function.__qualname__, getattr(function, "__module__", None)), (own,))

    def _reduced(self, iterator: Any) -> None:
        self._row("to be gone on with", self._keep(iterator.__reduce__()))

    def _remaining(self, iterator: Any) -> tuple[Any, ...]:
        try:
            made: tuple[Any, ...] = iterator.__reduce__()
        except RuntimeError:
            raise Indigestible(f"a {name_of(type(iterator))} of what has changed since") from None
        return made

    def _look_at(self, kind: type) -> Look:
        """How to look at the instances of a class that is in no table."""
        if issubclass(kind, type):
            return self._class
        if issubclass(kind, Enum | logging.Logger):
            return self.constant
        if hasattr(kind, "__digested__"):
            return lambda thing: self.known(thing) or self._row(kind, (self._keep(thing.__digested__()),))
        if issubclass(kind, random.Random):
            return lambda thing: self.known(thing) or self.name((kind, thing.getstate()))
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
        shared = issubclass(kind, tuple | frozenset | int | str | float | bytes)  # told apart by value alone

        def look(thing: Any) -> None:
            if not shared and self.known(thing):
                return
            try:
                self._class(kind)
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
                    for value in attributes.values():
                        self.add(value)
            except Indigestible as inside:
                inside.holders.append(f"a {name_of(kind)}")
                raise

        return look

    def _class(self, kind: type) -> None:
        if "<locals>" not in kind.__qualname__:
            self.constant(kind)
        elif not self.known(kind):  # made anew in each run, so that it is the same only by what it is made of
            self._row(("a class", kind.__module__, kind.__qualname__), kind.__bases__)
            for name, value in vars(kind).items():
                if isinstance(value, staticmethod | classmethod):
                    self._row(name, (value.__func__,))
                elif isinstance(value, property):
                    self._row(name, (value.fget, value.fset, value.fdel))
                elif not isinstance(value, _C_MADE + (MemberDescriptorType,)):
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
