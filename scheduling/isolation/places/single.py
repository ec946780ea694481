"""Places that hold a few things: cells, slots, the state of an object made in C, caches, what a stack of contexts has still to leave."""

from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import _lru_cache_wrapper, partial
from types import CellType, FunctionType
from typing import Any

from subwarden.scheduling.isolation.places.holding import (
    Attributes,
    Elements,
    Instance,
    Items,
    Members,
    Names,
    Ordered,
    Place,
)
from subwarden.scheduling.isolation.places.reachable import NOTHING, STACKS, Slots, answers_of, tables_of
from subwarden.scheduling.isolation.places.roots import content_of
from subwarden.scheduling.isolation.places.states import Put, Take, state_of
from subwarden.scheduling.isolation.places.turns import Known
from subwarden.scheduling.isolation.places.whose import Namespace, bases_of


class Content(Place):
    """The content of a cell."""

    def __init__(self, now: CellType, turns: Known) -> None:
        self.watched = (now,)
        super().__init__(now, turns)

    def content(self) -> list[Any]:
        return content_of(self.now)

    def fill(self) -> None:
        if self.was:
            self.now.cell_contents = self.was[0]
        else:
            del self.now.cell_contents


class Values(Place):
    """What is in the slots of an object."""

    def __init__(self, slots: Slots, turns: Known) -> None:
        self.watched = (slots.owner,)
        super().__init__(slots, turns)
        if any(each is NOTHING for each in self.was):  # then it cannot be said which is empty
            self.watched = ()

    def content(self) -> list[Any]:
        held: list[Any] = self.now.held()
        return held

    def fill(self) -> None:
        owner, places = self.now
        for place, held, was in zip(places, self.content(), self.was, strict=True):
            if held is not was:
                if was is NOTHING:
                    place.__delete__(owner)
                else:
                    place.__set__(owner, was)


class Given(Place):
    """The default arguments of a function, and the arguments of a partial, if there are iterators among them."""

    def content(self) -> list[Any]:
        return [*((self.now.__defaults__ if isinstance(self.now, FunctionType) else self.now.args) or ())]

    def fill(self) -> None:
        if isinstance(self.now, FunctionType):
            self.now.__defaults__ = (*self.was,)
        else:
            kind: Any = partial
            function, _, *more = kind.__reduce__(self.now)[2]
            kind.__setstate__(self.now, (function, (*self.was,), *more))


class Answers(Place):
    """What `functools.lru_cache` knows. A cache of limited size that knew something when the runs began cannot be put back: it stays as it
    is. What one without a limit knows is in a dictionary, which is a place of its own.
    """

    def __init__(self, now: Any, turns: Known) -> None:
        self.watched = (now, *tables_of(now))
        self._knew = now.cache_info().currsize
        super().__init__(now, turns)

    def content(self) -> list[Any]:
        return answers_of(self.now)

    def fill(self) -> None:
        if not self._knew:
            self.now.cache_clear()


class State(Place):
    """What an object made in C holds, in a form that nobody changes. `take`, `put`: see `states.state_of`."""

    def __init__(self, now: Any, take: Take, put: Put) -> None:
        self._take, self._put = take, put
        super().__init__(now, {})

    def content(self) -> Any:
        return [self._take(self.now)]

    def equal(self, content: list[Any]) -> bool:
        return bool(content == self.was)

    def fill(self) -> None:
        if not self.same():
            self._put(self.now, self.was[0])


class Raised(Place):
    """What an exception carries. One that is made with a module gets another traceback wherever it is raised."""

    _parts = tuple(BaseException.__dict__[name] for name in "args __traceback__ __context__ __cause__ __suppress_context__".split())

    def __init__(self, now: BaseException, turns: Known) -> None:
        self.watched = (now,)
        super().__init__(now, turns)

    def content(self) -> list[Any]:
        return [each.__get__(self.now) for each in self._parts]

    def fill(self) -> None:
        for each, was in zip(self._parts, self.was, strict=True):
            each.__set__(self.now, was)


class Environment(Place):
    """The variables of the process: `os.environ`."""

    def content(self) -> dict[Any, Any]:
        return {**self.now._data}

    def equal(self, content: dict[Any, Any]) -> bool:
        return bool(content == self.was)

    def fill(self) -> None:
        now = self.now
        if now._data != self.was:
            before = {now.decodekey(key): now.decodevalue(value) for key, value in self.was.items()}
            now.clear()
            now.update(before)


class Leaving(Place):
    """What a stack of contexts will leave at its end. What a run has entered is left, if that can be done at once: nobody else will."""

    def content(self) -> list[Any]:
        return [*self.now._exit_callbacks]

    def fill(self) -> None:
        if self.same():
            return
        stack = ExitStack()
        stack._exit_callbacks.extend(each for each in self.now._exit_callbacks if each[0] and each not in self.was)  # type: ignore[attr-defined]
        self.now._exit_callbacks.clear()
        self.now._exit_callbacks.extend(self.was)
        with suppress(Exception):
            stack.close()


class Unseen(Place):
    """What cannot be put back, nor compared: it is taken to have changed."""

    def content(self) -> list[Any]:
        return [self.now]

    def same(self) -> bool:
        return False

    def fill(self) -> None:
        pass


def _of_namespace(space: Namespace, turns: Known) -> Place:
    return Names(space.names, turns) if space.owner is None else Instance(space.owner, space.names, turns)


_PLACES: dict[int, Callable[[Any, Known], Place]] = {
    **dict.fromkeys(STACKS, Leaving),
    id(Namespace): _of_namespace,
    id(Slots): Values,
    id(CellType): Content,
    id(FunctionType): Given,
    id(partial): Given,
    id(OrderedDict): Ordered,
    id(dict): Items,
    id(type): Attributes,
    id(list): Elements,
    id(deque): Elements,
    id(set): Members,
    id(BaseException): Raised,
    id(_lru_cache_wrapper): Answers,
    id(object): Unseen,
}


def place_of(thing: Any, turns: Known) -> Place:
    """The place that `thing` is, one of those that `reachable` gives. `turns`: all iterators that take turns, by identity."""
    if (state := state_of(type(thing))) is not None:
        return State(thing, *state)
    return next(_PLACES[id(each)] for each in bases_of(type(thing)) if id(each) in _PLACES)(thing, turns)
