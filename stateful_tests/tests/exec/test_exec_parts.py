"""The parts of level exec: invariants of the core, programs as data, kinds of operations."""

from random import Random

import pytest

from subwarden.checking import causes
from subwarden.checking.core.invariants import broken
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import CORE_BY_NAME
from subwarden.stateful_tests.exec.models.core import draw, kinds
from subwarden.stateful_tests.exec.program import ExecProgram, simpler


@pytest.mark.parametrize(
    ("before", "shown", "closed", "expected"),
    [
        (None, Relation(frozenset(), frozenset()), set(), []),
        (None, Relation(frozenset({"c1"}), frozenset({("t1", "c1")}), frozenset({("t1", "c1")})), set(), []),
        (None, Relation(None, frozenset({("t1", "c1")})), set(), []),
        (None, Relation(frozenset({"c1"}), frozenset({("t1", "c1")}), frozenset()), set(), [causes.MAPS_DISAGREE]),
        (None, Relation(frozenset({"c1"}), frozenset()), {"c1"}, [causes.REVIVED]),
        (None, Relation(frozenset(), frozenset({("t1", "c1")})), set(), [causes.SUBSCRIBED_DEAD]),
        (None, Relation(None, frozenset({("t1", "c1")})), {"c1"}, [causes.SUBSCRIBED_DEAD]),
        (Relation(None, frozenset({("t1", "c1")})), Relation(None, frozenset({("t1", "c1")})), {"c1"}, [causes.OUTLIVES]),
    ],
)
def test_invariants_of_the_core(before: Relation | None, shown: Relation, closed: set[str], expected: list[object]) -> None:
    assert broken(before, shown, closed) == expected


def test_programs_survive_their_encoding_and_become_smaller() -> None:
    random = Random(0)
    for _ in range(100):
        program = draw(random, tuple(CORE_BY_NAME))
        assert ExecProgram.decode(program.encode()) == program
        for less in simpler(program):
            assert less.tasks
            assert set(less.operations()) <= set(program.operations())
            assert len(less.operations()) < len(program.operations())


def test_kinds_are_those_of_the_operations_offered() -> None:
    assert kinds(("connect", "subscribe")) == {
        "connect: becomes live",
        "connect: again",
        "subscribe: not live",
        "subscribe: linked",
        "subscribe: again",
    }
    assert {kind.partition(":")[0] for kind in kinds(tuple(CORE_BY_NAME))} == set(CORE_BY_NAME)
