"""Values that are read bit by bit behave as the values themselves, and depend on nothing but what they have read."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.model.server.state import Loaded
from subwarden.proving import decision_tree
from subwarden.proving.decision_tree import DecisionTree, Runs, Table
from subwarden.proving.recorded import Elements, Outside, Reader, RecordedSet, Slot, slots, with_slots

AMONG = ("a", "b", "c", "d")
ELEMENTS = Elements({each: 1 << 2 * at for at, each in enumerate(AMONG)})
SETS = st.frozensets(st.sampled_from(AMONG))
OPERATIONS: list[Callable[[Any, Any], object]] = [
    lambda one, two: one | two,
    lambda one, two: two | one,
    lambda one, two: one & two,
    lambda one, two: two & one,
    lambda one, two: one - two,
    lambda one, two: two - one,
    lambda one, two: one.union(two),
    lambda one, _: one & one,
    lambda one, two: two <= one,
    lambda one, two: one <= two,
    lambda one, two: one == two,
    lambda one, two: one.isdisjoint(two),
    lambda one, _: (one | {"a"}) - one,
    lambda one, two: (one | two) == (one - {"b"}),
    lambda one, two: "a" in one and len(one & two),
    lambda one, _: sorted(one),
    lambda one, _: bool(one),
    lambda one, _: "z" in one,
]


def plain(result: object) -> object:
    """The result without a trace of how it was read."""
    return frozenset(result) if isinstance(result, RecordedSet) else result


@given(SETS, SETS, st.sampled_from(OPERATIONS), st.integers(0, 255))
def test_a_recorded_set_is_a_set(one: frozenset[str], two: frozenset[str], operation: Callable[[Any, Any], object], other: int) -> None:
    """Each operation has its result; and so has it for each state that agrees in the bits that were read."""
    state = ELEMENTS.code(one)
    reader = Reader(state)
    assert plain(operation(RecordedSet(reader, ELEMENTS), two)) == operation(one, two)
    agrees = state & reader.seen | other & ~reader.seen
    assert plain(operation(RecordedSet(Reader(agrees), ELEMENTS), two)) == operation(one, two)


def test_what_is_only_handed_on_is_not_read() -> None:
    """An element is added, and another taken away: nobody has looked which there were."""
    reader = Reader(5)
    changed = (RecordedSet(reader, ELEMENTS) | {"a"}) - {"b"}
    assert reader.seen == 0
    assert "a" in changed
    assert "b" not in changed
    assert reader.seen == 0
    assert changed & changed is changed
    assert reader.seen == 0
    assert "c" not in changed
    assert reader.seen == ELEMENTS["c"]


def test_an_element_that_cannot_be_in_the_set_is_refused() -> None:
    """It has no bit."""
    with pytest.raises(KeyError):
        RecordedSet(Reader(0), ELEMENTS) | {"z"}


def test_a_record_makes_a_field_when_it_is_read_and_hands_it_on_as_it_is() -> None:
    """`_replace` reads nothing, and equal slots need not be read to be equal."""
    made: list[str] = []

    def make(about: str) -> int:
        made.append(about)
        return 7

    slot = Slot(make, "conversation")
    record: Loaded = with_slots(Loaded, [slot, False, False, False, False, 0])
    changed = record._replace(left=True)
    assert slots(changed)[0] is slot
    assert changed != record
    assert made == []
    assert isinstance(changed, Loaded)
    assert (changed.conversation, changed.left, record.left) == (7, True, False)
    assert changed == Loaded(7, left=True)
    assert made == ["conversation"]


def test_records_that_are_seen_to_differ_are_not_read() -> None:
    """Though fields that must be read come before the one that differs, and the records stand in another one."""
    unread = [Slot(pytest.fail, "conversation") for _ in range(4)]
    one, two, three = (with_slots(Loaded, [slot, False, False, False, left, 0]) for slot, left in zip(unread, (0, 1, 1), strict=False))
    assert one != two
    assert with_slots(Loaded, [one, (one, one), False, False, False, 0]) != with_slots(Loaded, [one, (three, two), False, False, False, 0])
    with pytest.raises(pytest.fail.Exception):
        assert two == three


def branching(reader: Reader) -> tuple[int, int]:
    """A function that looks at other bits where its first bit is set."""
    first = reader.read(1)
    return first, reader.read(0b110) if first else reader.read(0b11000)


@pytest.mark.parametrize("kind", ["runs", "flat tree", "deep tree", "table"])
def test_each_look_up_has_the_result_of_the_function(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all states; the function is run once for each different thing that it reads."""
    monkeypatch.setattr(decision_tree, "FEW", 0 if kind == "deep tree" else 32)
    times = 0

    def counted(reader: Reader) -> tuple[int, int]:
        nonlocal times
        times += 1
        return branching(reader)

    states = list(range(64))
    expected = [branching(Reader(state)) for state in states]
    if kind == "runs":
        runs = Runs(counted)
        assert [runs.find(state).result for state in states] == expected
    elif kind != "table":
        tree = DecisionTree(counted)
        for some in (states[:1], states, states, states[::-3]):  # a deep tree gives up looking up all bits at once
            found = [(state, result) for result, same in tree.sort(some) for state in same]
            assert sorted(found) == [(state, expected[state]) for state in sorted(some)]
    else:
        table = Table(DecisionTree(counted).find)
        assert table.of(states) == expected
        assert table.mask == 0b11111
    assert times <= 8 + (0 if kind == "runs" else 5)  # a table begins anew when it needs more bits


def test_a_reader_refuses_bits_that_it_does_not_have() -> None:
    """And says which they were."""
    with pytest.raises(Outside) as refused:
        Reader(7, missing=4).read(6)
    assert refused.value.bits == 6
