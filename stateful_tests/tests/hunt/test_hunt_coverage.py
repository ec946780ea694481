"""Coverage of a hunt: awaits, and operations that overlapped, from the runs that are looked at closely."""

from pathlib import Path

from subwarden.impl.manager import source as seed
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.overlap import Closely, look_closely, overlapping
from subwarden.stateful_tests.exploring.coverage.points import EVENT_BETWEEN, PASSED, Point
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


class Mine(Manager):
    """A user's manager, on top of ours."""

    async def has_subscribers(self, thread_id: int) -> bool:
        return await super().has_subscribers(thread_id)


def test_awaits_and_overlaps_are_seen() -> None:
    """A holder keeps T while another waits for it: both are under way, and the second is suspended at its await."""
    seen = Closely()
    holds = (op.ThreadState(1), op.HoldState())
    with controlled_locks():
        two = ManagerProgram((holds, (op.ThreadState(1), op.StateClearListener())))
        look_closely(Runner(MANAGER_LEVEL, Manager, Order.FIFO), two, [], seen, set())
    assert seen.runs == 1
    assert seen.overlaps == {"hold_state | thread_state", "hold_state | state_clear_listener"}
    assert any(place.startswith("impl/manager/state_operations.py:") for place in seen.awaits)
    assert seen.overlaps <= MANAGER_LEVEL.overlaps(Manager)


def test_operations_that_do_not_overlap_are_not_counted() -> None:
    """One after another, with nothing to wait for: no overlap, no await, nothing out of turn."""
    seen, happened = Closely(), set[Point]()
    one_by_one = ManagerProgram(((op.ConnectionInitialized(1),), (op.HasSubscribers(1),), (op.RemoveConnection(1),)))
    with controlled_locks():
        look_closely(Runner(MANAGER_LEVEL, Manager, Order.FIFO), one_by_one, [], seen, happened)
    assert seen == Closely(1)
    assert not happened


def test_choices_out_of_turn_are_counted() -> None:
    """They are read from the runs themselves: a hunt once reported for whole searches in `any` that no step had passed an older one."""
    happened = set[Point]()
    two = ManagerProgram(((op.ConnectionInitialized(1),), (op.HasSubscribers(1),)))
    with controlled_locks():
        look_closely(Runner(MANAGER_LEVEL, Manager, Order.ANY), two, [0, 1], Closely(), happened)
        assert happened == {EVENT_BETWEEN[Order.ANY]}
        look_closely(Runner(MANAGER_LEVEL, Manager, Order.ANY), two, [0, 1, 1], Closely(), happened)
    assert happened == {EVENT_BETWEEN[Order.ANY], PASSED}


def test_a_pair_has_one_name() -> None:
    assert overlapping("b", "a") == overlapping("a", "b") == "a | b"
    assert len(MANAGER_LEVEL.overlaps(Manager)) == 136


def test_awaits_are_read_from_the_code() -> None:
    lines = Path(seed.__file__).read_text(encoding="utf-8").splitlines()
    places = {place for place in MANAGER_LEVEL.awaits(SourceManager) if place.startswith("impl/manager/source.py:")}
    text = [lines[int(place.split(":")[1]) - 1].strip() for place in places]
    assert len(text) == sum(line.strip().startswith("async with") or "await " in line.split("#")[0] for line in lines if '"""' not in line)
    assert all("async with" in line or "await" in line for line in text)


def test_inherited_awaits_are_the_subjects_too() -> None:
    assert MANAGER_LEVEL.awaits(Manager) < MANAGER_LEVEL.awaits(Mine)
