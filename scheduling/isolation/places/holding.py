"""Places that hold what can change, each with a copy of what it held, which can be put back.

Nothing here calls what a user has written: a subclass of a builtin class is handled by that class, and a copy of a set or a dictionary
keeps the hashes. Places are compared by identity; equal numbers and strings are the same.
"""

import gc
from collections import OrderedDict, deque
from collections.abc import Iterable
from logging import Logger
from operator import is_
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation.places.turns import Known, takes, turns_of
from subwarden.scheduling.isolation.places.whose import attributes_of, is_own_class, kinds, names_of

_INEXACT = kinds(float, complex)
ATOMS = kinds(int, bool, str, bytes, type(None)) | _INEXACT
_NOTHING = object()


def alike(one: Any, other: Any) -> bool:
    """Whether nobody could tell the two apart."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if id(kind) in ATOMS:
        return repr(one) == repr(other) if id(kind) in _INEXACT else bool(one == other)
    return kind is tuple and all_alike(one, other)


def all_alike(some: Any, others: Any) -> bool:
    """Whether this is true of each, in their order."""
    return len(some) == len(others) and all(map(alike, some, others))


def identical(one: Any, other: Any) -> bool:
    """Whether two lists or dictionaries have the same objects in the same order."""
    if len(one) != len(other) or not all(map(is_, one, other)):
        return False
    return type(one) is not dict or all(map(is_, one.values(), other.values()))


class Place:
    """A place: `now`, and what it held.

    `watched`: objects. As long as they refer to what they referred to, the place is the same; empty if that cannot be said.
    """

    last = False  # to put it back, its content is hashed, which may need that other places are as they were
    watched: tuple[Any, ...] = ()
    name = ""
    order: tuple[Any, ...] = (False, "", -1)

    def __init__(self, now: Any, turns: Known) -> None:
        self.now = now
        self.was = self.content()
        items: Iterable[Any] = self.was.items() if type(self.was) is dict else enumerate(self.was)
        self._turning = [(key, turns_of(each, turns)) for key, each in items if takes(each)]
        if self._turning:
            self.watched = ()

    def content(self) -> Any:
        """What it holds now, in a list or a dictionary of its own."""
        raise NotImplementedError

    def fill(self) -> None:
        """Make it hold what it held."""
        raise NotImplementedError

    def same(self) -> bool:
        """Whether it holds what it held."""
        return all(each.same() for _, each in self._turning) and self.equal(self.content())

    def equal(self, content: Any) -> bool:
        """Whether nobody could tell this content from the former one."""
        return all_alike(content, self.was)

    def replaced(self) -> bool:
        """Whether something in it is another object now, or has another place, also where nobody could tell."""
        return not identical(self.content(), self.was)

    def left(self) -> list[Any]:
        """Where it is not the same after it was put back: what keeps it from that."""
        return [each.value for _, each in self._turning if not each.same()] or [self.now]

    def put_back(self) -> None:
        """Make it hold what it held, with iterators that will give the same."""
        for key, each in self._turning:
            self.was[key] = each.put_back()
        self.fill()


class Items(Place):
    """The items of a dictionary, in their order."""

    def __init__(self, now: Any, turns: Known) -> None:
        self.watched = (now,)
        super().__init__(now, turns)
        if any(map(_moves, self.was)):
            self.watched = ()

    def content(self) -> dict[Any, Any]:
        plain = type.__getattribute__(type(self.now), "__iter__") is dict.__iter__  # else it would be asked for its items
        return dict.copy(self.now) if plain else dict(zip(dict.keys(self.now), dict.values(self.now), strict=True))

    def equal(self, content: dict[Any, Any]) -> bool:
        return all_alike([*content], [*self.was]) and all_alike([*content.values()], [*self.was.values()])

    def fill(self) -> None:
        dict.clear(self.now)
        dict.update(self.now, self.was)


def _moves(key: Any) -> bool:
    """Whether the hash of `key` may have been another when it was put into a dictionary, which then must be filled anew."""
    kind = type(key)
    if kind is tuple:
        return any(map(_moves, key))
    return id(kind) not in ATOMS and type.__getattribute__(kind, "__hash__") is not object.__hash__


class Names(Place):
    """Names and their values, whose order means nothing: the globals of a module, the attributes of a class."""

    def __init__(self, now: Any, turns: Known) -> None:
        self.watched = (now,)
        super().__init__(now, turns)

    def content(self) -> dict[str, Any]:
        return dict(self.now)

    def equal(self, content: dict[str, Any]) -> bool:
        was = self.was
        return len(content) == len(was) and all(name in content and alike(content[name], value) for name, value in was.items())

    def fill(self) -> None:
        now, was = self.now, self.was
        for name in [name for name in now if name not in was]:
            if issubclass(type(now[name]), ModuleType):  # it is loaded once, and then found there
                was[name] = now[name]
            else:
                self._remove(name)
        for name, value in was.items():
            if now.get(name, _NOTHING) is not value:
                self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        self.now[name] = value

    def _remove(self, name: str) -> None:
        del self.now[name]


class Attributes(Names):
    """The attributes of a class. Those between double underscores are Python's own, or a package's: they stay as they are, unless it is
    an object of the user's own that is there.
    """

    def __init__(self, owner: type, turns: Known) -> None:
        self._owner = owner
        self._own = is_own_class(owner)  # else it is that of one mock
        super().__init__(attributes_of(owner), turns)
        if self.watched:
            self.watched = (*gc.get_referents(self.now),)  # the dictionary itself

    def fill(self) -> None:
        now, was = self.now, self.was
        for name in [name for name in {**was, **now} if self._own and name.startswith("__") and name.endswith("__")]:
            if not any(is_own_class(type(names.get(name))) for names in (was, now)):
                was.pop(name, None)
                if name in now:
                    was[name] = now[name]
        super().fill()

    def _set(self, name: str, value: Any) -> None:
        type.__setattr__(self._owner, name, value)

    def _remove(self, name: str) -> None:
        type.__delattr__(self._owner, name)


class Instance(Names):
    """The attributes of an instance in their order, its class, and the dictionary that holds them."""

    def __init__(self, owner: Any, names: dict[str, Any], turns: Known) -> None:
        self._owner, self._kind = owner, type(owner)
        super().__init__(names, turns)
        if self.watched:
            self.watched = (owner, names)

    def _moved(self) -> bool:
        return type(self._owner) is not self._kind or names_of(self._owner) is not self.now

    def same(self) -> bool:
        return not self._moved() and super().same()

    def replaced(self) -> bool:
        return self._moved() or super().replaced()

    def equal(self, content: dict[str, Any]) -> bool:
        return all_alike([*content], [*self.was]) and super().equal(content)

    def fill(self) -> None:
        if type(self._owner) is not self._kind:
            object.__setattr__(self._owner, "__class__", self._kind)
        if names_of(self._owner) is not self.now:
            object.__setattr__(self._owner, "__dict__", self.now)
        relevels = issubclass(self._kind, Logger) and self.now.get("level") != self.was.get("level")
        super().fill()
        if not all(map(is_, self.now, self.was)):
            dict.clear(self.now)
            dict.update(self.now, self.was)
        if relevels:
            Logger.manager._clear_cache()  # type: ignore[attr-defined]  # of which loggers are enabled

    def content(self) -> Any:
        held = super().content()
        return {**held, "": (type(self._owner), names_of(self._owner))} if self._moved() else held


class Elements(Place):
    """The elements of a list or a deque."""

    def __init__(self, now: Any, turns: Known) -> None:
        self._kind: Any = list if issubclass(type(now), list) else deque
        self.watched = (now,)
        super().__init__(now, turns)

    def content(self) -> list[Any]:
        return [*self._kind.__iter__(self.now)]

    def fill(self) -> None:
        self._kind.clear(self.now)
        self._kind.extend(self.now, self.was)


class Ordered(Place):
    """The keys of an OrderedDict, and then its values. It cannot be copied with its hashes."""

    last = True

    def content(self) -> list[Any]:
        return [*OrderedDict.keys(self.now), *OrderedDict.values(self.now)]

    def fill(self) -> None:
        keys = self.was[: len(self.was) // 2]
        if any(map(_moves, keys)) or not self.same():
            OrderedDict.clear(self.now)
            for key, value in zip(keys, self.was[len(keys) :], strict=True):
                OrderedDict.__setitem__(self.now, key, value)


class Members(Place):
    """The elements of a set. It is filled anew before each run: what it once held decides the order in which it is gone through."""

    def __init__(self, now: Any, turns: Known) -> None:
        self.watched = (now,)
        super().__init__(now, turns)
        self._told = frozenset(map(_told, self.was))
        self.fill()

    def content(self) -> set[Any]:
        return set(self.now)

    def equal(self, content: set[Any]) -> bool:
        return frozenset(map(_told, content)) == self._told

    def replaced(self) -> bool:
        return not self.same()

    def fill(self) -> None:
        set.clear(self.now)
        set.update(self.now, self.was)


def _told(value: Any) -> object:
    """Equal for two objects that nobody could tell apart."""
    kind = type(value)
    if kind is tuple:
        return tuple(map(_told, value))
    return (kind, repr(value) if id(kind) in _INEXACT else value) if id(kind) in ATOMS else id(value)
