"""Work that others do in any order, whose outcomes are given out in the order of the work."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, TypeVar

Work = TypeVar("Work")
Outcome = TypeVar("Outcome")
Take = Callable[[], Work | None]  # the next; None: there is none, or none before another outcome was given out


class InOrder(Generic[Work, Outcome]):
    """Pieces of work, which have numbers, and their outcomes."""

    def __init__(self, take: Take[Work]) -> None:
        self._take = take
        self._taken = self._given = 0
        self._waiting: deque[int] = deque()
        self._work: dict[int, Work] = {}  # whose outcomes are not known
        self._done: dict[int, Outcome] = {}

    @property
    def open(self) -> int:
        """Pieces that have been taken, and whose outcomes are not known."""
        return len(self._work)

    def waiting(self, most: int) -> int:
        """Pieces that nobody does, if there are so many; at most `most`."""
        while len(self._waiting) < most and (work := self._take()) is not None:
            self._work[self._taken] = work
            self._waiting.append(self._taken)
            self._taken += 1
        return min(most, len(self._waiting))

    @property
    def next(self) -> int:
        """The first that waits."""
        return self._waiting[0]

    def piece(self, number: int) -> Work:
        """That with this number."""
        return self._work[number]

    def begin(self) -> tuple[int, Work]:
        """Somebody does the first that waits."""
        number = self._waiting.popleft()
        return number, self._work[number]

    def again(self, numbers: Sequence[int]) -> None:
        """Nobody does these any more."""
        self._waiting.extendleft(reversed(numbers))

    def done(self, number: int, outcome: Outcome) -> None:
        """It has this outcome."""
        del self._work[number]
        self._done[number] = outcome

    def ready(self) -> Iterator[Outcome]:
        """The outcomes that nothing is missing before."""
        while self._given in self._done:
            self._given += 1
            yield self._done.pop(self._given - 1)


def each(work: Iterable[Work]) -> Take[Work]:
    """Takes `work`, one after the other."""
    return partial(next, iter(work), None)
