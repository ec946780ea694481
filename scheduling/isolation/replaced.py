"""Parts of the standard library that a subject has replaced in a run, and the recursion limit: the harness stands on them, too.

They are looked at after each run, and put back. What was replaced before the runs began (by a library that fakes the clock) stays.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from typing import Any

WATCHED: tuple[tuple[Any, str], ...] = (
    *((time, name) for name in "time monotonic perf_counter sleep".split()),
    *((asyncio, name) for name in "Lock Event Condition Semaphore Queue Future Task CancelledError sleep create_task gather wait".split()),
    *((asyncio.Lock, name) for name in ("acquire", "release")),
)
LOOKED_AT = [  # for each owner, after every run: faster than by getattr
    (itemgetter(*(name for each, name in WATCHED if each is owner)), vars(owner)) for owner in dict.fromkeys(each for each, _ in WATCHED)
]


class _State:
    """As things were when the runs began."""

    expected: list[tuple[Any, ...]] | None = None


_state = _State()


def _now() -> list[tuple[Any, ...]]:
    return [values(names) for values, names in LOOKED_AT]


def _alike(expected: list[tuple[Any, ...]]) -> bool:
    try:
        return _now() == expected
    except KeyError:  # one has been deleted
        return False


@contextmanager
def watched() -> Iterator[None]:
    """Around runs."""
    before, _state.expected = _state.expected, _now()
    try:
        yield
    finally:
        put_back(0)
        _state.expected = before


def put_back(limit: int) -> str:
    """Put back what a subject has replaced; a line that says what it was, empty if nothing. `limit`: of recursion, before the run."""
    expected = _state.expected
    if expected is None:
        return ""
    names = []
    if sys.getrecursionlimit() < limit:
        sys.setrecursionlimit(limit)
        names.append("the recursion limit")
    if not _alike(expected):
        for (owner, name), value in zip(WATCHED, chain.from_iterable(expected), strict=True):
            if getattr(owner, name, None) is not value:
                setattr(owner, name, value)
                where = "asyncio.Lock" if owner is WATCHED[-1][0] else owner.__name__
                names.append(f"{where}.{name}")
    return f"it replaces {', '.join(names)}, which the harness and other code need; leave them as they are" if names else ""
