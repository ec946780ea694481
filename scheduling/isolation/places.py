"""Places that hold what can change, each with a copy of what it held, which can be put back.

Places are compared by `==`, which goes by identity first, and asks the values only where they have been replaced: an equal value in the
place of another will do.
"""

import ast
import copy
from collections import OrderedDict, deque
from functools import _lru_cache_wrapper
from itertools import count
from random import Random
from types import CellType, ModuleType
from typing import Any

from subwarden.scheduling.isolation.reachable import NOTHING, Namespace, Slot, held_by

_TAKING: tuple[Any, ...] = (count, type(iter([])), type(iter(())))
_EXACT = (list, deque, bytearray)  # their `==` is Python's own, and sees the order


class Place:
    """A place. `now`: what can be compared with `was`, by `==` alone if `simple`."""

    simple = False

    def __init__(self, now: Any, was: Any) -> None:
        self.now = now
        self.was = was

    def same(self) -> bool:
        """Whether it holds what it held."""
        try:
            return bool(self.now == self.was)
        except Exception:  # of an `__eq__` of the subject's
            return False

    def put_back(self) -> None:
        """Make it hold that again."""
        raise NotImplementedError

    def content(self) -> Any:
        """What it holds now that it did not."""
        return self.now


class Taking:
    """An `itertools.count`, or an iterator over a list or a tuple, such as the answers of a mock. It cannot be set back: another takes its
    place.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self._at = self._place()
        self._again = _another(value)

    def _place(self) -> object:
        return repr(self.value) if type(self.value) is count else self.value.__length_hint__()

    def same(self) -> bool:
        """Whether nobody has taken anything."""
        return self._place() == self._at

    def put_back(self) -> Any:
        """What is to be used from now on."""
        if not self.same() and self._again is not None:
            self.value, self._again = self._again, _another(self._again)
        return self.value


def _another(value: Any) -> Any:
    """One that will give the same as `value`; None where that cannot be made."""
    if type(value) is not count:
        return copy.copy(value)
    try:
        read = ast.literal_eval(repr(value).removeprefix("count"))
    except (ValueError, SyntaxError):  # it counts in somebody's own numbers
        return None
    return count(*read) if isinstance(read, tuple) else count(read)


class Names(Place):
    """Names and their values, whose order means nothing: the globals of a module, the attributes of an instance or a function.

    `taking`: by identity of what gives them, so that places which share one go on sharing it.
    """

    def __init__(self, now: Any, taking: dict[int, Taking]) -> None:
        super().__init__(now, dict(now))
        self._taking = {name: taking.setdefault(id(each), Taking(each)) for name, each in self.was.items() if type(each) in _TAKING}
        self.simple = not self._taking

    def same(self) -> bool:
        return all(each.same() for each in self._taking.values()) and super().same()

    def put_back(self) -> None:
        for name, each in self._taking.items():
            self.was[name] = each.put_back()
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


class Attributes(Names):
    """The attributes of a class. Those between double underscores are Python's own, or a package's: they stay as they are."""

    def __init__(self, owner: type, taking: dict[int, Taking]) -> None:
        super().__init__(vars(owner), taking)
        self._owner = owner

    def put_back(self) -> None:
        for names in (self.was, self.now):
            for name in [name for name in names if name.startswith("__") and name.endswith("__")]:
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
    """The elements of a list, a deque or a bytearray."""

    def __init__(self, now: Any) -> None:
        self._kind: Any = next(each for each in _EXACT if isinstance(now, each))
        super().__init__(now, self._kind(now, now.maxlen) if self._kind is deque else self._kind(now))
        self.simple = type(now) is self._kind

    def same(self) -> bool:
        try:
            return bool(self._kind.__eq__(self.now, self.was))
        except Exception:  # of an `__eq__` of the subject's
            return False

    def put_back(self) -> None:
        self._kind.clear(self.now)
        self._kind.extend(self.now, self.was)

    def content(self) -> Any:
        return self._kind(self.now)


class Items(Place):
    """The items of a dictionary, in their order."""

    def __init__(self, now: Any) -> None:
        self._kind: Any = OrderedDict if isinstance(now, OrderedDict) else dict
        super().__init__(now, self._kind(self._kind.items(now)))
        self._keys = list(self.was)

    def same(self) -> bool:
        try:
            return list(self._kind.keys(self.now)) == self._keys and bool(self._kind.__eq__(self.now, self.was))
        except Exception:  # of an `__eq__` of the subject's
            return False

    def put_back(self) -> None:
        if not self.same():
            self._kind.clear(self.now)
            self._kind.update(self.now, self.was)

    def content(self) -> Any:
        return self._kind(self._kind.items(self.now))


class Members(Place):
    """The elements of a set. It is always filled anew: what it once held decides the order in which it is gone through."""

    def __init__(self, now: Any) -> None:
        super().__init__(now, frozenset(set.__iter__(now)))
        self._order = list(set.__iter__(now))

    def same(self) -> bool:
        try:
            return bool(set.__eq__(self.now, self.was))
        except Exception:  # of an `__eq__` of the subject's
            return False

    def put_back(self) -> None:
        set.clear(self.now)
        set.update(self.now, self._order)

    def content(self) -> Any:
        return set(set.__iter__(self.now))


class Content(Place):
    """The content of a cell."""

    simple = True

    def __init__(self, now: CellType) -> None:
        super().__init__(now, CellType())
        if not _empty(now):
            self.was.cell_contents = now.cell_contents

    def put_back(self) -> None:
        if not _empty(self.was):
            self.now.cell_contents = self.was.cell_contents
        elif not _empty(self.now):
            del self.now.cell_contents


def _empty(cell: CellType) -> bool:
    return cell == CellType()


class Value(Place):
    """What is in a slot."""

    def __init__(self, slot: Slot) -> None:
        super().__init__(slot, held_by(slot))

    def same(self) -> bool:
        return held_by(self.now) is self.was

    def put_back(self) -> None:
        if self.same():
            return
        if self.was is NOTHING:
            self.now.place.__delete__(self.now.owner)
        else:
            self.now.place.__set__(self.now.owner, self.was)

    def content(self) -> Any:
        held = held_by(self.now)
        return () if held is NOTHING else (held,)


class Answers(Place):
    """What `functools.lru_cache` knows. A cache that knew something when the runs began is left alone."""

    def __init__(self, now: Any) -> None:
        super().__init__(now, now.cache_info())

    def same(self) -> bool:
        return bool(self.was.currsize) or self.now.cache_info() == self.was

    def put_back(self) -> None:
        if not self.same():
            self.now.cache_clear()

    def content(self) -> Any:
        return self.now.cache_info()


class Chance(Place):
    """The state of a random generator."""

    def __init__(self, now: Random) -> None:
        super().__init__(now, now.getstate())

    def same(self) -> bool:
        return bool(self.now.getstate() == self.was)

    def put_back(self) -> None:
        self.now.setstate(self.was)

    def content(self) -> Any:
        return self.now.getstate()


def place_of(thing: Any, taking: dict[int, Taking]) -> Place:
    """The place that `thing` is, one of those that `reachable` gives."""
    kind = type(thing)
    if kind is Namespace:
        return Names(thing.names, taking)
    if kind is Slot:
        return Value(thing)
    for kinds, place in (
        (CellType, Content),
        (_lru_cache_wrapper, Answers),
        (Random, Chance),
        (dict, Items),
        (set, Members),
    ):
        if issubclass(kind, kinds):
            return place(thing)
    return Attributes(thing, taking) if issubclass(kind, type) else Elements(thing)
