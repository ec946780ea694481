"""Many places compared at once, by identity, in loops of C: a run of a large application changes few of its thousands of places."""

from collections.abc import Iterator
from itertools import chain, repeat
from operator import is_
from typing import Any

from subwarden.scheduling.isolation.places.holding import Instance, Place

SIZE = 64


class Together:
    """Places that all have `parts`, and the elements that these have when all is as it was."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        self._parts: list[Any] = [part for place in places for part in place.parts]
        instances = [place for place in places if isinstance(place, Instance)]
        self._owners = [place.owner for place in instances]
        self._kinds = [place.kind for place in instances]
        self._names = [place.now for place in instances]
        self.look()

    def look(self) -> None:
        """All is as it was."""
        self._lengths = list(map(len, self._parts))
        self._elements = list(chain.from_iterable(self._parts))

    def replaced(self) -> Iterator[Place]:
        """Places in which something has been replaced, maybe by its like."""
        if self._same():
            return
        part = element = 0
        for place in self._places:
            lengths = self._lengths[part : part + len(place.parts)]
            elements = self._elements[element : element + sum(lengths)]
            part, element = part + len(lengths), element + len(elements)
            same = list(map(len, place.parts)) == lengths and all(map(is_, chain.from_iterable(place.parts), elements))
            if not same or (isinstance(place, Instance) and place.moved()):
                yield place

    def _same(self) -> bool:
        return (
            list(map(len, self._parts)) == self._lengths
            and all(map(is_, chain.from_iterable(self._parts), self._elements))
            and all(map(is_, map(type, self._owners), self._kinds))
            and all(map(is_, map(object.__getattribute__, self._owners, repeat("__dict__")), self._names))
        )


def together(places: list[Place]) -> list[Together]:
    """All these, in groups."""
    return [Together(places[at : at + SIZE]) for at in range(0, len(places), SIZE)]
