"""Iterators of Python's own that give numbers or turns: `itertools.count` and `cycle`, those over a sequence, and what is made of them.

None can be set back for certain. Each that somebody has taken from is replaced by another that will give the same, in all places that hold
it.
"""

import ast
import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from subwarden.scheduling.isolation.places.whose import attributes_of, bases_of, kinds

_MADE_OF_OTHERS: tuple[type, ...] = (itertools.cycle, itertools.islice, enumerate, zip, map, filter)
_ITERATED: tuple[Any, ...] = ([], (), range(0), range(2**70), "", "é", b"", {}, {}.items(), {}.values())
_OVER = tuple(type(iter(each)) for each in _ITERATED)
_OF_OTHERS = kinds(*_MADE_OF_OTHERS)
TURNING = kinds(itertools.count, *_OVER, *_MADE_OF_OTHERS, reversed, type(reversed([])))
_NEXT: Any = type(itertools.count().__next__)


def takes(value: Any) -> bool:
    """Whether `value` is such an iterator, or its method `__next__`, or a tuple with one."""
    kind: Any = type(value)
    if issubclass(kind, tuple):
        return any(map(takes, tuple.__iter__(value)))
    return id(kind) in TURNING or (kind is _NEXT and id(type(value.__self__)) in TURNING and value.__name__ == "__next__")


class Turns:
    """Such an iterator, and one that will give the same."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._at = _position(value)
        self._again = _another(value)

    def same(self) -> bool:
        """Whether nobody has taken anything."""
        return _position(self.value) == self._at

    def put_back(self) -> Any:
        """What is to be used from now on."""
        if not self.same() and self._again is not None:
            self.value, self._again = self._again, _another(self._again)
            self._at = _position(self.value)
        return self.value


class Around:
    """A method `__next__`, or a tuple, and the iterators that it holds."""

    def __init__(self, value: Any, known: "Known") -> None:
        self.value = value
        self._turning = [(at, turns_of(each, known)) for at, each in enumerate(_held(value)) if takes(each)]

    def same(self) -> bool:
        """Whether nobody has taken anything."""
        return all(each.same() for _, each in self._turning)

    def put_back(self) -> Any:
        """What is to be used from now on."""
        held = [*_held(self.value)]
        for at, each in self._turning:
            held[at] = each.put_back()
        if any(each is not before for each, before in zip(held, _held(self.value), strict=True)):
            self.value = held[0].__next__ if type(self.value) is _NEXT else tuple.__new__(type(self.value), held)
        return self.value


Known = dict[int, Turns | Around]  # by identity


def turns_of(value: Any, known: Known) -> Turns | Around:
    """Of `value`: the same for all places that share it."""
    found = known.get(id(value))
    if found is None:
        found = known[id(value)] = Turns(value) if id(type(value)) in TURNING else Around(value, known)
    return found


def _held(value: Any) -> tuple[Any, ...]:
    return (value.__self__,) if type(value) is _NEXT else (*tuple.__iter__(value),)


@contextmanager
def _quietly() -> Iterator[None]:
    """Around the making of copies: from 3.12 on, Python warns that its iterators will not have them any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _position(value: Any) -> object:
    """Equal as long as nobody takes anything from `value`."""
    kind = type(value)
    if kind is itertools.count:
        return repr(value)
    if id(kind) not in _OF_OTHERS:
        hint: int = value.__length_hint__()
        return hint
    try:
        with _quietly():
            _, inner, *state = value.__reduce__()
    except (TypeError, RuntimeError):
        return object()  # it cannot be told
    if any(_gives(each) and id(type(each)) not in TURNING for each in inner):
        return object()
    said = [len(each) if isinstance(each, list) else each for each in (state[0] if state and isinstance(state[0], tuple) else state)]
    return [_position(each) for each in inner if id(type(each)) in TURNING], said


def _gives(value: Any) -> bool:
    return any("__next__" in attributes_of(each) for each in bases_of(type(value)))


def _another(value: Any) -> Any:
    """One that will give the same as `value`; None where that cannot be made."""
    if type(value) is itertools.count:
        try:
            read = ast.literal_eval(repr(value).removeprefix("count"))
        except (ValueError, SyntaxError):  # it counts in somebody's own numbers
            return None
        return itertools.count(*read) if isinstance(read, tuple) else itertools.count(read)
    try:
        with _quietly():
            make, inner, *state = value.__reduce__()
            made = make(*map(_copied, inner))
            if state and state[0] is not None:
                made.__setstate__(tuple(map(_copied, state[0])) if isinstance(state[0], tuple) else state[0])
    except (TypeError, RuntimeError):
        return None
    return made


def _copied(part: Any) -> Any:
    """A part of how an iterator is made again: another iterator, the list of what a cycle has given, or something that stays. Raises
    TypeError: the part cannot be made again.
    """
    if _gives(part):
        another = _another(part) if id(type(part)) in TURNING else None
        if another is None:
            raise TypeError
        return another
    return list(part) if type(part) is list else part
