"""Places that hold one thing: cells, slots, the state of an object made in C, caches, what a stack of contexts has still to leave."""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import _lru_cache_wrapper, partial
from types import CellType, FunctionType
from typing import Any

from subwarden.scheduling.isolation.places.holding import Attributes, Elements, Instance, Items, Members, Names, Place, Turning, alike
from subwarden.scheduling.isolation.places.reachable import NOTHING, STACKS, Slot, held_by
from subwarden.scheduling.isolation.places.states import Put, Take, state_of
from subwarden.scheduling.isolation.places.turns import Turns, takes, turns_of
from subwarden.scheduling.isolation.places.whose import Namespace


class Content(Place):
    """The content of a cell."""

    def __init__(self, now: CellType, turns: dict[int, Turns]) -> None:
        super().__init__(now, CellType())
        if not _empty(now):
            self.was.cell_contents = now.cell_contents
        self._turns = turns_of(now.cell_contents, turns) if not _empty(now) and takes(now.cell_contents) else None

    def same(self) -> bool:
        if _empty(self.now) or _empty(self.was):
            return _empty(self.now) and _empty(self.was)
        return alike(self.now.cell_contents, self.was.cell_contents) and (self._turns is None or self._turns.same())

    def put_back(self) -> None:
        if self._turns is not None:
            self.was.cell_contents = self._turns.put_back()
        if not _empty(self.was):
            self.now.cell_contents = self.was.cell_contents
        elif not _empty(self.now):
            del self.now.cell_contents


def _empty(cell: CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return True
    return False


class Value(Place):
    """What is in a slot."""

    def __init__(self, slot: Slot, turns: dict[int, Turns]) -> None:
        super().__init__(slot, held_by(slot))
        self._turns = turns_of(self.was, turns) if takes(self.was) else None

    def same(self) -> bool:
        return alike(held_by(self.now), self.was) and (self._turns is None or self._turns.same())

    def put_back(self) -> None:
        if self._turns is not None:
            self.was = self._turns.put_back()
        if held_by(self.now) is self.was:
            return
        if self.was is NOTHING:
            self.now.place.__delete__(self.now.owner)
        else:
            self.now.place.__set__(self.now.owner, self.was)

    def content(self) -> Any:
        held = held_by(self.now)
        return () if held is NOTHING else (held,)


class Given(Place):
    """The default arguments of a function, and the arguments of a partial, if there are iterators among them."""

    def __init__(self, now: Any, turns: dict[int, Turns]) -> None:
        super().__init__(now, _given(now))
        self._turning = Turning(enumerate(self.was), turns)

    def same(self) -> bool:
        return self._turning.same() and all(map(alike, _given(self.now), self.was))

    def put_back(self) -> None:
        was = list(self.was)
        self._turning.put_back(was)
        self.was = tuple(was)
        if isinstance(self.now, FunctionType):
            self.now.__defaults__ = self.was
        else:
            function, _, *more = self.now.__reduce__()[2]
            self.now.__setstate__((function, self.was, *more))

    def content(self) -> Any:
        return _given(self.now)


def _given(holder: Any) -> tuple[Any, ...]:
    made: tuple[Any, ...] = (holder.__defaults__ if isinstance(holder, FunctionType) else holder.args) or ()
    return made


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


class State(Place):
    """What an object made in C holds, in a form that nobody changes. `take`, `put`: see `states.state_of`."""

    def __init__(self, now: Any, take: Take, put: Put) -> None:
        self._take, self._put = take, put
        super().__init__(now, take(now))

    def same(self) -> bool:
        return bool(self._take(self.now) == self.was)

    def put_back(self) -> None:
        if not self.same():
            self._put(self.now, self.was)

    def content(self) -> Any:
        return self._take(self.now)


class Leaving(Place):
    """What a stack of contexts will leave at its end. What a run has entered is left, if that can be done at once: nobody else will."""

    def __init__(self, now: Any) -> None:
        super().__init__(now, list(now._exit_callbacks))

    def same(self) -> bool:
        return len(self.now._exit_callbacks) == len(self.was) and all(map(alike, self.now._exit_callbacks, self.was))

    def put_back(self) -> None:
        if self.same():
            return
        stack = ExitStack()
        stack._exit_callbacks.extend(each for each in self.now._exit_callbacks if each[0] and each not in self.was)  # type: ignore[attr-defined]
        self.now._exit_callbacks.clear()
        self.now._exit_callbacks.extend(self.was)
        with suppress(Exception):
            stack.close()

    def content(self) -> Any:
        return list(self.now._exit_callbacks)


class Unseen(Place):
    """What cannot be put back, nor compared: it is taken to have changed."""

    def __init__(self, now: Any) -> None:
        super().__init__(now, None)

    def same(self) -> bool:
        return False

    def put_back(self) -> None:
        pass


_HOLDERS: tuple[tuple[Any, Callable[[Any, dict[int, Turns]], Place]], ...] = (
    (Slot, Value),
    (CellType, Content),
    ((FunctionType, partial), Given),
    (dict, Items),
    (type, Attributes),
    ((list, deque), Elements),
)
_OTHERS: tuple[tuple[Any, Callable[[Any], Place]], ...] = (
    (set, Members),
    (_lru_cache_wrapper, Answers),
    (STACKS, Leaving),
    (object, Unseen),
)


def place_of(thing: Any, turns: dict[int, Turns]) -> Place:
    """The place that `thing` is, one of those that `reachable` gives. `turns`: all iterators that take turns, by identity."""
    kind = type(thing)
    if kind is Namespace:
        return Names(thing.names, turns) if thing.owner is None else Instance(thing.owner, thing.names, turns)
    if (state := state_of(kind)) is not None:
        return State(thing, *state)
    for kinds, place in _HOLDERS:
        if issubclass(kind, kinds):
            return place(thing, turns)
    return next(place for kinds, place in _OTHERS if issubclass(kind, kinds))(thing)
