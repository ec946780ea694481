"""What a subject keeps from one run to the next is put back before each run: globals, attributes of classes, default arguments, caches,
and what the arguments of a test hold. So each run begins as the first one did.

An application as people write it has its clients in a global list; a test gets its manager from a fixture. A run that ends early leaves
something there, and the next would begin with it. Everything is put back in place, so that all who hold it see it. What has no such places
stays as it is: most objects made in C, generators, files.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from types import ModuleType
from typing import Any

from subwarden.scheduling.isolation import loaded
from subwarden.scheduling.isolation.places.holding import Members, Place
from subwarden.scheduling.isolation.places.reachable import Many, reachable
from subwarden.scheduling.isolation.places.single import Environment, Unseen, place_of
from subwarden.scheduling.isolation.places.together import Together, Watch, together
from subwarden.scheduling.isolation.places.turns import Known
from subwarden.scheduling.isolation.places.whose import Namespace

TIMES = 4  # that all is put back, at most
MOST = 256  # objects of places that are put back one by one, in each run, since they have changed in one


class Kept:
    """What `root` (a function, a class, or a partial with its arguments) leads to, as it is now."""

    def __init__(self, root: Any) -> None:
        self._seen: dict[int, Any] = {}
        self._turns: Known = {}
        self._same: list[Together] = []  # places that nobody has changed so far
        self._changing: list[Place] = [Environment(os.environ, self._turns)]
        self._sets: list[Members] = []
        self._at_once, self._watch = 0, Watch(())  # of those that change, after they were put back
        self.add(root, "")

    def add(self, root: Any, name: str) -> None:
        """Also what this leads to, as it is now, unless it is known."""
        places = []
        for at, thing in enumerate(reachable(root, self._seen)):
            try:
                place = place_of(thing, self._turns)
            except Exception:  # of a method of the subject's, or of a package's
                place = Unseen(thing, self._turns)
            place.name, place.order = f"{name} {at}", (place.last, name, at)
            places.append(place)
        self._same += together([place for place in places if place.watched])
        self._sets += [place for place in places if type(place) is Members]
        self._change([place for place in places if not place.watched])

    def _change(self, places: list[Place]) -> None:
        self._changing = sorted([*self._changing, *places], key=attrgetter("order"))
        watched = [each for place in self._changing for each in place.watched]
        self._at_once, self._watch = len(watched), Watch(watched)

    def put_back(self) -> None:
        """Make everything as it was. What dies when it is, may change something again: a `__del__` counts."""
        for _ in range(TIMES):
            for place in self._sets:
                place.fill()
            changed = [place for each in self._same for place in each.leave()]
            for each in [*changed, *self._changing]:
                try:  # noqa: SIM105  # `suppress` takes longer than most places do
                    each.put_back()
                except Exception:  # of a method of the subject's, such as `__hash__`: it stays as it is
                    pass
            if not changed and self._watch.same():
                if self._at_once > MOST:  # each run changes others
                    self._same += together([place for place in self._changing if place.watched])
                    self._changing = [place for place in self._changing if not place.watched]
                    self._change([])
                return
            self._change(changed)

    def changed(self) -> Iterator[tuple[str, Any]]:
        """What is not as it was: the name of a place, and what is there."""
        maybe = sorted([*self._changing, *chain.from_iterable(each.changed() for each in self._same)], key=attrgetter("order"))
        for place in maybe:
            if not place.same():
                yield place.name, place.content()

    def left(self) -> list[str]:
        """After all was put back: what is not as it was or cannot be compared, by the globals that lead to it, and by its class."""
        spaces = [each for each in self._seen.values() if type(each) is Namespace and each.owner is None]
        names = {id(value): f"{each.names.get('__name__')}.{name}" for each in spaces for name, value in each.names.items()}
        things = [thing for place in self._changing if not place.same() for thing in place.left()]
        held = [each.container if type(each) is Many else each for each in things]
        return [f"{names[id(each)]} ({type(each).__name__})" if id(each) in names else f"a {type(each).__name__}" for each in held]


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
