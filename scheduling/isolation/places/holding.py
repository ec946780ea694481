"""Places that hold what can change, each with a copy of what it held, which can be put back.

Places are compared by identity: an `==` of the subject's may call two objects equal that are not, and may do anything. Equal numbers and
strings are the same.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation.places.turns import Turns, takes, turns_of
from subwarden.scheduling.isolation.places.whose import is_own_class

_ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None)))


def alike(one: Any, other: Any) -> bool:
    """Whether nobody could tell the two apart."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    return bool(one == other) if kind in _ATOMS else kind is tuple and len(one) == len(other) and all(map(alike, one, other))


class Place:
    """A place. `hashes`: to put it back, its content is hashed, which may need that other places are as they were.

    `parts`: if none has other elements, the place is the same; empty if that cannot be said. So many places are compared at once.
    """

    hashes = False
    parts: tuple[Any, ...] = ()

    def __init__(self, now: Any, was: Any) -> None:
        self.now = now
        self.was = was

    def same(self) -> bool:
        """Whether it holds what it held."""
        raise NotImplementedError

    def put_back(self) -> None:
        """Make it hold that again."""
        raise NotImplementedError

    def content(self) -> Any:
        """What it holds now that it did not."""
        return self.now


class Turning:
    """The iterators in a place, by their keys, that must be replaced. `known`: all iterators, so that places which share one go on sharing
    it.
    """

    def __init__(self, items: Iterable[tuple[Any, Any]], known: dict[int, Turns]) -> None:
        self._all = [(key, turns_of(each, known)) for key, each in items if takes(each)]

    def __bool__(self) -> bool:
        return bool(self._all)

    def same(self) -> bool:
        """Whether nobody has taken anything from them."""
        return all(each.same() for _, each in self._all)

    def put_back(self, was: Any) -> None:
        """Put into `was` what is to be used from now on."""
        for key, each in self._all:
            was[key] = each.put_back()


class Names(Place):
    """Names and their values, whose order means nothing: the globals of a module, the attributes of a function or a class."""

    def __init__(self, now: Any, turns: dict[int, Turns]) -> None:
        super().__init__(now, dict(now))
        self._turning = Turning(self.was.items(), turns)
        self.parts = () if self._turning else (now, now.values())

    def same(self) -> bool:
        now, was = self.now, self.was
        return self._turning.same() and len(now) == len(was) and all(name in now and alike(now[name], value) for name, value in was.items())

    def put_back(self) -> None:
        self._turning.put_back(self.was)
        for name in [name for name in self.now if name not in self.was]:
            if isinstance(self.now[name], ModuleType):  # it is loaded once, and then found there
                self.was[name] = self.now[name]
            else:
                self._remove(name)
        for name, value in self.was.items():
            if name not in self.now or self.now[name] is not value:
                self._set(name, value)

    def content(self) -> Any:
        gone = [name for name in self.was if name not in self.now]
        return gone, {name: value for name, value in self.now.items() if name not in self.was or self.was[name] is not value}

    def _set(self, name: str, value: Any) -> None:
        self.now[name] = value

    def _remove(self, name: str) -> None:
        del self.now[name]


class Instance(Names):
    """The attributes of an instance, its class, and the dictionary that holds them."""

    def __init__(self, owner: Any, names: dict[str, Any], turns: dict[int, Turns]) -> None:
        super().__init__(names, turns)
        self.owner, self.kind = owner, type(owner)

    def moved(self) -> bool:
        """Whether it has another class or another dictionary now."""
        return type(self.owner) is not self.kind or object.__getattribute__(self.owner, "__dict__") is not self.now

    def same(self) -> bool:
        return not self.moved() and super().same()

    def put_back(self) -> None:
        if type(self.owner) is not self.kind:
            object.__setattr__(self.owner, "__class__", self.kind)
        if object.__getattribute__(self.owner, "__dict__") is not self.now:
            object.__setattr__(self.owner, "__dict__", self.now)
        super().put_back()

    def content(self) -> Any:
        return (type(self.owner), object.__getattribute__(self.owner, "__dict__")) if self.moved() else super().content()


class Attributes(Names):
    """The attributes of a class. Those between double underscores are Python's own, or a package's: they stay as they are, unless it is
    an object of the user's own that is there.
    """

    def __init__(self, owner: type, turns: dict[int, Turns]) -> None:
        super().__init__(type.__getattribute__(owner, "__dict__"), turns)
        self._owner = owner
        self._own = is_own_class(owner)  # else it is that of one mock

    def put_back(self) -> None:
        for names in (self.was, self.now):
            for name in [name for name in names if name.startswith("__") and name.endswith("__")]:
                if not self._own or any(is_own_class(type(each.get(name))) for each in (self.was, self.now)):
                    continue
                if name in self.now:
                    self.was[name] = self.now[name]
                else:
                    del self.was[name]
        super().put_back()

    def _set(self, name: str, value: Any) -> None:
        type.__setattr__(self._owner, name, value)

    def _remove(self, name: str) -> None:
        type.__delattr__(self._owner, name)


class Elements(Place):
    """The elements of a list or a deque."""

    def __init__(self, now: Any, turns: dict[int, Turns]) -> None:
        self._kind: Any = list if issubclass(type(now), list) else deque
        super().__init__(now, list(self._kind.__iter__(now)))
        self._turning = Turning(enumerate(self.was), turns)
        self.parts = (now,) if type(now) is self._kind and not self._turning else ()

    def same(self) -> bool:
        now = list(self._kind.__iter__(self.now))
        return self._turning.same() and len(now) == len(self.was) and all(map(alike, now, self.was))

    def put_back(self) -> None:
        self._turning.put_back(self.was)
        self._kind.clear(self.now)
        self._kind.extend(self.now, self.was)

    def content(self) -> Any:
        return list(self._kind.__iter__(self.now))


class Items(Place):
    """The items of a dictionary, in their order."""

    hashes = True

    def __init__(self, now: Any, turns: dict[int, Turns]) -> None:
        self._kind: Any = OrderedDict if issubclass(type(now), OrderedDict) else dict
        super().__init__(now, list(self._kind.values(now)))
        self._keys = list(self._kind.keys(now))
        self._turning = Turning(enumerate(self.was), turns)
        self._moves = any(map(_moves, self._keys))
        self.parts = (now, now.values()) if type(now) is dict and not self._turning and not self._moves else ()

    def same(self) -> bool:
        keys, values = list(self._kind.keys(self.now)), list(self._kind.values(self.now))
        return (
            self._turning.same()
            and len(keys) == len(self._keys)
            and all(map(alike, keys, self._keys))
            and all(map(alike, values, self.was))
        )

    def put_back(self) -> None:
        if self.same() and not self._moves:
            return
        self._turning.put_back(self.was)
        self._kind.clear(self.now)
        for key, value in zip(self._keys, self.was, strict=True):
            self._kind.__setitem__(self.now, key, value)

    def content(self) -> Any:
        return self._kind(self._kind.items(self.now))


def _moves(key: Any) -> bool:
    """Whether the hash of `key` may have been another when it was put into a dictionary, which then must be filled anew."""
    kind = type(key)
    return any(map(_moves, key)) if kind is tuple else kind not in _ATOMS and type.__getattribute__(kind, "__hash__") is not object.__hash__


class Members(Place):
    """The elements of a set. It is always filled anew: what it once held decides the order in which it is gone through."""

    hashes = True

    def __init__(self, now: Any) -> None:
        super().__init__(now, list(set.__iter__(now)))
        self._told = frozenset(map(_told, self.was))

    def same(self) -> bool:
        return frozenset(map(_told, set.__iter__(self.now))) == self._told

    def put_back(self) -> None:
        set.clear(self.now)
        set.update(self.now, self.was)

    def content(self) -> Any:
        return set(set.__iter__(self.now))


def _told(value: Any) -> object:
    """Equal for two objects that nobody could tell apart."""
    kind = type(value)
    if kind is tuple:
        return tuple(map(_told, value))
    return (kind, value) if kind in _ATOMS else id(value)
