"""The digest of object graphs: equal for graphs built alike, different for all others."""

import gc
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from subwarden.scheduling.state_search.objects import Objects, unchanging
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import Box


class _Node:
    def __init__(self) -> None:
        self.next: object = None


def _ring(length: int) -> _Node:
    first = node = _Node()
    for _ in range(length - 1):
        node.next = node = _Node()
    node.next = first
    return first


def _twice(thing: object, other: object) -> list[object]:
    return [thing, other]


def _shared_list() -> list[object]:
    one: list[int] = []
    return _twice(one, one)


def _half_read(of: Any, read: int) -> Any:
    iterator = iter(of)
    for _ in range(read):
        next(iterator)
    return iterator


def _closure(value: object) -> Callable[[], object]:
    return lambda: value


SENTINEL, OTHER_SENTINEL = object(), object()
MARK, OTHER_MARK = _Node(), _Node()


MADE: list[Callable[[], object]] = [
    lambda: 1,
    lambda: True,
    lambda: 1.0,
    lambda: "1",
    lambda: b"1",
    lambda: None,
    lambda: -0.0,
    lambda: 0.0,
    lambda: (1, (2,)),
    lambda: ((1, 2),),
    lambda: [1, 2],
    lambda: [2, 1],
    lambda: deque([1, 2]),
    lambda: deque([1, 2], 5),
    lambda: {1: 2, 2: 1},
    lambda: {2: 1, 1: 2},
    lambda: OrderedDict({1: 2, 2: 1}),
    lambda: {1, 2},
    lambda: frozenset({1, 2}),
    lambda: {"a", "b"},
    lambda: {"a", ("b", 1)},
    lambda: {_ring(1), _ring(2)},
    _shared_list,
    lambda: _twice([], []),
    lambda: _ring(1),
    lambda: _ring(2),
    lambda: _ring(3),
    lambda: _half_read([1, 2, 3], 1),
    lambda: _half_read([1, 2, 3], 2),
    lambda: _half_read({1: 1, 2: 2, 3: 3}, 1),
    lambda: _half_read({1: 1, 2: 2, 3: 3}, 2),
    lambda: _half_read(range(3), 1),
    lambda: enumerate(_half_read([1, 2, 3], 1)),
    lambda: enumerate(_half_read([1, 2, 3], 1), 5),
    lambda: zip([1], [2], strict=True),
    lambda: _closure(1),
    lambda: _closure(2),
    lambda: _closure([]),
    lambda: partial(_closure, 1),
    lambda: partial(_closure, value=1),
    lambda: [].append,
    lambda: _half_read,
    lambda: SENTINEL,
    lambda: OTHER_SENTINEL,
    lambda: MARK,
    lambda: OTHER_MARK,
    lambda: ValueError("a", 1),
    lambda: OSError(1, "a"),
    lambda: KeyError("a"),
    lambda: Random(1),
    lambda: Random(2),
    lambda: slice(1, 2),
    lambda: range(2),
    lambda: bytearray(b"1"),
    lambda: _Node,
    lambda: Box,
]


def test_structures_are_equal_exactly_for_objects_built_alike() -> None:
    structure = Objects()
    kept = []  # so that addresses differ

    def row(make: Callable[[], object]) -> tuple[int, ...]:
        structure.begin()
        kept.append(make())
        structure.add(kept[-1])
        return tuple(structure.out)

    rows = [row(make) for make in MADE]
    gc.collect()
    assert rows == [row(make) for make in MADE]
    for at, one in enumerate(rows):
        for other in range(at):
            assert one != rows[other], f"{MADE[at]()!r} and {MADE[other]()!r}"


def test_only_unchanging_objects_are_compared_by_identity() -> None:
    @dataclass(frozen=True)
    class Frozen:
        held: object

    inner, outer = (1, "a"), ((1, "a"), Frozen(None))
    assert unchanging((inner, [inner], outer)) == [inner, *outer, outer]
    assert unchanging(Frozen([])) == []
