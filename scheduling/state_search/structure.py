"""The structure of an object: a row of small integers, the same for two objects if they are built alike, else not.

Objects are numbered as they are met, so shared and circular references are part of the structure; addresses and the order of hashes are
not. Nothing is guessed: an object that cannot be looked into completely (built in C and in no table) raises `Indigestible`, with its name
and its holders.

Taken to be constant: the globals of functions, the attributes of classes, modules, loggers. A traceback is taken to decide nothing, and so
is the order of a set beyond its elements, unless all of them are integers: other hashes differ from process to process.

This file knows the language's own objects: values, containers, functions, iterators. `scheduling.state_search.objects` adds instances of
classes, `scheduling.state_search.suspended` coroutines and tasks.

Long because one table says how each kind of value is looked at, and the looks share their state.
"""

import gc
import weakref
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from itertools import pairwise
from operator import itemgetter
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
from typing import Any, Protocol

from subwarden.scheduling.isolation.places.reachable import LARGE, Many
from subwarden.scheduling.state_search.landmarks import landmarks
from subwarden.scheduling.state_search.tokens import Tokens

Look = Callable[[Any], None]

_PLAIN: tuple[type, ...] = (int, str, bytes, bool, type(None), type(...), type(NotImplemented))
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), MappingProxyType)
_ITERATED: list[Any] = [[], (), range(0), range(2**70), "", "é", b"", bytearray()]
_REDUCING: tuple[type, ...] = (*(type(iter(of)) for of in _ITERATED), type(reversed([])), enumerate, zip, map, filter)
_KEYED: tuple[type, ...] = (type(iter({})), type(iter({}.items())), type(iter({}.values())), type(iter(set())))
_PLAIN_SET = frozenset(_PLAIN)
NO_HASH = "unhashable type"  # says Python's TypeError: a metaclass may take it from its classes, by which all is looked up here
_END = 2**31  # more than any other number written down


class Indigestible(Exception):
    """A part of a state cannot be looked into, so no state that contains it may be called equal to another."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.holders: list[str] = []

    def __str__(self) -> str:
        return ", in ".join([str(self.args[0]), *self.holders[:3]])


def name_of(kind: type) -> str:
    """The name of a class for a reader."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _itself(value: Any) -> Hashable:
    kept: Hashable = value
    return kept


class Numbers(Protocol):
    """Gives numbers to constants. Raises Indigestible."""

    def of_value(self, value: Hashable) -> int:
        """The number of a value."""

    def of_thing(self, thing: object) -> int:
        """The number of an object that is told apart by identity."""


class Structure:
    """Writes structures to `out`. From one to the next it remembers numbers of constants only.

    `shared`: objects that never change and that all runs have in common, so that identity is enough to tell them apart.
    """

    def __init__(self, shared: Iterable[object] = ()) -> None:
        self.out: list[int] = []
        self.numbers: Numbers | None = None  # of constants, set before the first structure; without, they are counted as they are met
        self._numbers: dict[int, int] = {}
        self._temporary: list[object] = []  # made for the digest; kept so that no other object gets their addresses meanwhile
        self._constants: dict[Hashable, int] = {}
        self._kept: dict[int, tuple[object, int]] = {}  # constants by identity; they are kept, so the address stays theirs
        self._landmarks = landmarks()
        self.tokens = Tokens()
        self._shared = {id(thing): thing for thing in shared}
        looks: dict[type, Look] = {}
        looks |= {kind: self._value(kind, _itself) for kind in _PLAIN}
        looks |= {kind: self._value(kind, repr) for kind in (float, complex, range)}
        for kinds, look in self._table():
            looks |= dict.fromkeys(kinds, look)
        self._looks = looks

    def _table(self) -> Iterable[tuple[tuple[type, ...], Look]]:
        yield (tuple,), self._tuple
        yield (list,), self._list
        yield (dict,), self._dict
        yield (set, frozenset), self._set
        yield (slice,), lambda s: self._row("slice", (s.start, s.stop, s.step))
        yield (bytearray,), self.once(lambda b: self._row(bytearray, (bytes(b),)))
        yield (FunctionType,), self._function
        yield (MethodType,), lambda m: self._row("method", (m.__func__, m.__self__))
        yield (BuiltinFunctionType, type("".__str__)), self._builtin
        yield (CellType,), self._cell
        yield (
            (partial,),
            self.once(
                lambda p: self._row("partial", (p.func, p.args, *p.keywords, *p.keywords.values(), vars(p) or None)),
            ),
        )
        yield (weakref.ref,), lambda r: self._row("weak", (r(), r.__callback__))
        yield (ModuleType, MethodDescriptorType, WrapperDescriptorType, GetSetDescriptorType, MemberDescriptorType), self.constant
        yield (object,), self._bare
        yield (Many,), self._many
        yield (TracebackType,), lambda _: self.name("a traceback")
        yield _VIEWS, lambda view: self._row(name_of(type(view)), gc.get_referents(view))
        yield _REDUCING, self.once(self._reduced)
        yield _KEYED, self.once(lambda it: self._row("of", (*gc.get_referents(it), *self._keep(self._remaining(it)))))

    def begin(self) -> None:
        """Start a new structure."""
        self.out.clear()
        self._numbers.clear()
        self._temporary.clear()

    def add(self, thing: Any) -> None:
        """Write down the structure of `thing`. Raises Indigestible."""
        (self._looks.get(type(thing)) or self._new_look(type(thing)))(thing)

    def _new_look(self, kind: type) -> Look:
        look = self._look_at(kind)
        if "<locals>" not in kind.__qualname__:  # a local class is another one in each run
            self._looks[kind] = look
        return look

    def _add_all(self, things: Iterable[Any]) -> None:
        """`add` for each, in the loop that takes most of the time."""
        looks = self._looks
        for thing in things:
            (looks.get(type(thing)) or self._new_look(type(thing)))(thing)

    # --- writing

    def _numbered(self, value: Hashable) -> int:
        return len(self._constants) if self.numbers is None else self.numbers.of_value(value)

    def _numbered_thing(self, thing: object) -> int:
        return len(self._constants) if self.numbers is None else self.numbers.of_thing(thing)

    def name(self, what: Any) -> None:
        """Write down a constant. The caller must tell apart constants that are equal but not of one type."""
        number = self._constants.get(what)
        if number is None:
            number = self._constants[what] = self._numbered(what)
        self.out.append(number)

    def constant(self, thing: object) -> None:
        """Write down an object that never changes, by identity."""
        self.out.append(self.number_of(thing))

    def number_of(self, thing: object) -> int:
        """The number of an object that never changes, by identity: the same as long as this structure lives."""
        kept = self._kept.get(id(thing))
        if kept is None:
            kept = self._kept[id(thing)] = (thing, self._numbered_thing(thing))
            self._constants["by identity", len(self._kept)] = kept[1]
        return kept[1]

    def known(self, thing: object) -> bool:
        """Whether `thing` was met before; then writes down its number. Otherwise gives it one."""
        number = self._numbers.get(id(thing))
        if number is None:
            self._numbers[id(thing)] = len(self._numbers) + 1
            if id(thing) in self._landmarks:
                self.constant(thing)
            return False
        self.out.append(-number)
        return True

    def once(self, look: Look) -> Look:
        """`look` for objects with an identity: when one is met again, its number is written down."""

        numbers, landmarks, append = self._numbers, self._landmarks, self.out.append

        def look_once(thing: Any) -> None:  # `known`, without the call
            number = numbers.get(id(thing))
            if number is not None:
                append(-number)
                return
            numbers[id(thing)] = len(numbers) + 1
            if id(thing) in landmarks:
                self.constant(thing)
            look(thing)

        return look_once

    def _row(self, kind: Any, things: Iterable[Any]) -> None:
        """Write down a kind, each thing, and an end mark."""
        number = self._constants.get(kind)
        if number is None:
            number = self._constants[kind] = self._numbered(kind)
        self.out.append(number)
        looks = self._looks
        for thing in things:
            (looks.get(type(thing)) or self._new_look(type(thing)))(thing)
        self.out.append(_END)

    def _keep(self, made: Any) -> Any:
        self._temporary.append(made)
        return made

    # --- looking

    def _value(self, kind: type, key: Callable[[Any], Hashable]) -> Look:
        known: dict[Hashable, int] = {}
        append = self.out.append

        def look(value: Any) -> None:
            number = known.get(key(value))
            if number is None:
                number = known[key(value)] = self._numbered((kind, key(value)))
                self._constants[kind, key(value)] = number
            append(number)

        def look_plainly(value: Any) -> None:
            number = known.get(value)
            if number is None:
                look(value)
            else:
                append(number)

        return look_plainly if key is _itself else look

    def _tuple(self, things: tuple[Any, ...]) -> None:
        if id(things) in self._shared:
            self.constant(things)
        else:
            self._tuple_of(tuple, things)

    def _list(self, things: Any) -> None:
        if not self.known(things):
            self._tuple_of(type(things), things)

    def _tuple_of(self, kind: Any, things: Any) -> None:
        self.name(kind)
        self.out.append(len(things))
        self._add_all(things)

    def _dict(self, things: dict[Any, Any]) -> None:
        if not self.known(things):
            self._tuple_of(dict, things)
            if things:
                self._add_all(things.values())

    def _set(self, things: Any) -> None:
        if type(things) is set and self.known(things):
            return
        self.name(type(things))
        self.out.append(len(things))
        if all(type(thing) is int for thing in things):
            self._add_all(things)
            return
        start = len(self.out)
        if _PLAIN_SET.issuperset(map(type, things)):  # each is one number, which hangs on no other
            self._add_all(things)
            self.out[start:] = sorted(self.out[start:])
            return
        rows: list[tuple[list[int], Any]] = []
        numbers, plain = self._numbers, True  # whether none of them has an identity
        for thing in things:  # each as if it were the first, to find an order that hangs on no hash
            before = len(numbers)
            self.add(thing)
            rows.append((self.out[start:], thing))
            del self.out[start:]
            while len(numbers) > before:
                numbers.popitem()  # the last
                plain = False
        rows.sort(key=itemgetter(0))
        for (one, thing), (other, _) in pairwise(rows):
            if one == other:
                raise Indigestible(f"a set of several {name_of(type(thing))} that look alike")
        for row, thing in rows:
            if plain:
                self.out.extend(row)
            else:
                self.add(thing)

    def _function(self, function: FunctionType) -> None:
        if self.known(function):
            return
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

    def _bare(self, thing: object) -> None:
        """`object()` has nothing but its identity. One that a run makes is told apart by the place where it is met."""
        if not self.known(thing):
            self.name(object)
            if id(thing) not in self._landmarks:
                self.tokens.met(thing)

    def _reduced(self, iterator: Any) -> None:
        self._row("to be gone on with", self._keep(iterator.__reduce__()))

    def _remaining(self, iterator: Any) -> tuple[Any, ...]:
        try:
            made: tuple[Any, ...] = iterator.__reduce__()
        except RuntimeError:
            raise Indigestible(f"a {name_of(type(iterator))} of a container that has changed since") from None
        return made

    def _look_at(self, kind: type) -> Look:
        """The look for instances of a class that is in no table. Raises Indigestible."""
        raise Indigestible(f"a {name_of(kind)}")

    def _many(self, _: Many) -> None:
        raise Indigestible(f"a global container of more than {LARGE:,} objects")
