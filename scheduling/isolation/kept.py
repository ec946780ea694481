"""What a subject keeps from one run to the next is put back before each run: globals, attributes of classes, default arguments, caches,
and what the arguments of a test hold. So each run begins as the first one did.

An application as people write it has its clients in a global list; a test gets its manager from a fixture. A run that ends early leaves
something there, and the next would begin with it. Everything is put back in place, so that all who hold it see it. What has no such places
stays as it is: objects made in C, generators, files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from subwarden.scheduling.isolation.places import Taking, place_of
from subwarden.scheduling.isolation.reachable import reachable


class Kept:
    """What `root` (a function, a class, or a partial with its arguments) leads to, as it is now."""

    def __init__(self, root: Any) -> None:
        taking: dict[int, Taking] = {}
        places = [place_of(thing, taking) for thing in reachable(root)]
        self._compared = [place for place in places if place.simple]
        self._others = [place for place in places if not place.simple]
        self._now = [place.now for place in self._compared]
        self._was = [place.was for place in self._compared]

    def put_back(self) -> None:
        """Make everything as it was."""
        if not self._alike():
            for at, place in enumerate(self._compared):
                if not place.same():
                    place.put_back()
                    self._was[at] = place.was
        for place in self._others:
            place.put_back()

    def changed(self) -> Iterator[tuple[int, Any]]:
        """What is not as it was: the number of a place, and what is there."""
        others = enumerate(self._others, len(self._compared))
        for at, place in others if self._alike() else (*enumerate(self._compared), *others):
            if not place.same():
                yield at, place.content()

    def _alike(self) -> bool:
        """Whether nothing that can be compared has changed, in one comparison: it goes by identity first, and takes no code of ours."""
        try:
            return self._now == self._was
        except Exception:  # of an `__eq__` of the subject's
            return False


class _State:
    """Of this process. `depth`: contexts may be nested; `kept`: by the identity of what it was taken for, with that."""

    depth = 0
    kept: dict[int, tuple[Any, Kept]] = {}  # noqa: RUF012


_state = _State()


@contextmanager
def beginning_alike() -> Iterator[None]:
    """Around many runs: before each, and at the end, what they keep is put back."""
    _state.depth += 1
    try:
        yield
    finally:
        _state.depth -= 1
        if not _state.depth:
            put_all_back()
            _state.kept.clear()


def put_all_back() -> None:
    """Put back whatever runs have changed since `beginning_alike`."""
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
    return known[1]
