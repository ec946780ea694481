"""Many places watched at once: a run of a large application changes few of its thousands of places.

The garbage collector of Python tells what objects refer to, of many in one call and without any code of theirs.
"""

import ctypes
import gc
import struct
from collections.abc import Iterable
from itertools import chain
from typing import Any

from subwarden.scheduling.isolation.places.holding import Place

SIZE = 128
_GAP = [object()]  # between two objects, so that nothing which one has lost is taken for what the other has got
_POINTER = struct.calcsize("P")
_ITEMS = list.__basicsize__ - 2 * _POINTER  # where in a list of CPython the address of its elements is; the last is how many have room


def _addresses(some: list[Any]) -> bytes:
    """Of the elements of a list. Comparing them one by one would take three times as long."""
    return ctypes.string_at(ctypes.c_void_p.from_address(id(some) + _ITEMS).value or 0, len(some) * _POINTER)


def _one_by_one(some: list[Any]) -> bytes:
    return struct.pack(f"{len(some)}P", *map(id, some))


if _addresses([_GAP, None]) != _one_by_one([_GAP, None]):  # another Python
    _addresses = _one_by_one


class Watch:
    """Objects, and what they refer to as long as all is as it was."""

    def __init__(self, watched: Iterable[Any]) -> None:
        self._watched = [each for one in watched for each in (one, _GAP)]
        tables: list[Any] = [each for each in self._watched if issubclass(type(each), dict)]
        self._tables = [each for each in tables if type(each) is dict]
        self._others = [each for each in tables if type(each) is not dict]
        self._was = self._now()  # they stay alive, so that nothing else gets their addresses
        self._addresses = _addresses(self._was)

    def _now(self) -> list[Any]:
        now = gc.get_referents(*self._watched)
        now += chain.from_iterable(self._tables)  # the keys, which it leaves out of many
        if self._others:
            now += chain.from_iterable(map(dict.__iter__, self._others))
        return now

    def same(self) -> bool:
        """Whether they refer to the same, in the same order."""
        return not self._watched or _addresses(self._now()) == self._addresses


class Together:
    """Places that nobody has changed so far."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        self._watch = Watch(watched for place in places for watched in place.watched)

    def changed(self) -> list[Place]:
        """Places in which something has been replaced, maybe by its like."""
        return [] if self._watch.same() else [place for place in self._places if place.replaced()]

    def leave(self) -> list[Place]:
        """Those, which from now on do not belong here any more."""
        if self._watch.same():
            return []
        changed = self.changed()
        self.__init__([place for place in self._places if place not in changed])  # type: ignore[misc]  # it begins anew
        return changed


def together(places: list[Place]) -> list[Together]:
    """All these, in groups."""
    return [Together(places[at : at + SIZE]) for at in range(0, len(places), SIZE)]
