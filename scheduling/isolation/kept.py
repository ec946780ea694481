"""What a subject keeps from one run to the next is put back before each run: globals, attributes of classes, default arguments, caches,
and what the arguments of a test hold. So each run begins as the first one did.

An application as people write it has its clients in a global list; a test gets its manager from a fixture. A run that ends early leaves
something there, and the next would begin with it. Everything is put back in place, so that all who hold it see it. What has no such places
stays as it is: most objects made in C, generators, files.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from heapq import merge
from itertools import chain
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation import loaded
from subwarden.scheduling.isolation.places.holding import Place
from subwarden.scheduling.isolation.places.reachable import reachable
from subwarden.scheduling.isolation.places.single import place_of
from subwarden.scheduling.isolation.places.together import Together, together
from subwarden.scheduling.isolation.places.turns import Turns


class Kept:
    """What `root` (a function, a class, or a partial with its arguments) leads to, as it is now."""

    def __init__(self, root: Any) -> None:
        self._seen: dict[int, Any] = {}
        self._turns: dict[int, Turns] = {}
        self._names: dict[Place, str] = {}
        self._together: list[Together] = []
        self._others: list[Place] = []
        self.add(root, "")

    def add(self, root: Any, name: str) -> None:
        """Also what this leads to, as it is now, unless it is known."""
        places: list[Place] = []
        for thing in reachable(root, self._seen):
            with suppress(Exception):  # of a method of the subject's: the thing is left alone
                places.append(place_of(thing, self._turns))
        self._names |= {place: f"{name} {at}" for at, place in enumerate(places)}
        self._together += together([place for place in places if place.parts])
        self._others = sorted((*self._others, *(place for place in places if not place.parts)), key=_hashes)

    def put_back(self) -> None:
        """Make everything as it was."""
        replaced = [(each, places) for each in self._together if (places := list(each.replaced()))]
        those = sorted(chain.from_iterable(places for _, places in replaced), key=_hashes)
        for place in merge(those, self._others, key=_hashes) if those else self._others:
            try:  # noqa: SIM105  # `suppress` takes longer than most places do
                place.put_back()
            except Exception:  # of a method of the subject's, such as `__hash__`: it stays as it is
                pass
        for each, places in replaced:
            if all(place.same() for place in places):
                each.look()

    def changed(self) -> Iterator[tuple[str, Any]]:
        """What is not as it was: the name of a place, and what is there."""
        for place in chain(chain.from_iterable(each.replaced() for each in self._together), self._others):
            if not place.same():
                yield self._names[place], place.content()


def _hashes(place: Place) -> bool:
    return place.hashes


class _State:
    """Of this process. `depth`: contexts may be nested; `kept`: by the identity of what it was taken for, with that; `running`: whether
    a run of one of them may be under way.
    """

    depth = 0
    kept: dict[int, tuple[Any, Kept]] = {}  # noqa: RUF012
    running = False


_state = _State()


@contextmanager
def beginning_alike() -> Iterator[None]:
    """Around many runs: before each, and at the end, what they keep is put back."""
    _state.depth += 1
    try:
        with loaded.watched(_loaded):
            yield
    finally:
        _state.depth -= 1
        if not _state.depth:
            put_all_back()
            _state.kept.clear()


def _loaded(modules: list[ModuleType]) -> None:
    """A run has loaded these: what they hold now, they held when it began."""
    if _state.running:
        for module in modules:
            for _, kept in _state.kept.values():
                kept.add(module, module.__name__)


def put_all_back() -> None:
    """Put back whatever runs have changed since `beginning_alike`."""
    _state.running = False
    for _, kept in _state.kept.values():
        kept.put_back()


def begin_alike(root: Any) -> Kept | None:
    """Before a run of `root`: put back what earlier ones have changed; the first time, see what there is.

    Returns what it looks after; None outside of `beginning_alike`.
    """
    if not _state.depth:
        return None
    known = _state.kept.get(id(root))
    if known is None:
        put_all_back()  # it may lead to what another has led to
        known = _state.kept[id(root)] = root, Kept(root)
    known[1].put_back()
    _state.running = True
    return known[1]
