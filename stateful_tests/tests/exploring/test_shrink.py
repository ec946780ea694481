"""Minimal runs are minimal, at level manager: every finding that is kept, and the planted defects that come with a program, from amid
noise."""

from collections.abc import Sequence
from random import Random

import pytest

from subwarden.checking.causes import RAW_HALF_DONE, SUBSCRIBED_DEAD, Cause
from subwarden.checking.finding import Finding
from subwarden.checking.shrink import shrink
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.subjects import SUBJECTS
from subwarden.model.manager.operations import (
    ConnectionInitialized,
    HasSubscribers,
    HoldState,
    Operation,
    RemoveConnection,
    RemoveThreadState,
    SetListener,
    StateSetListener,
    StateTrackEvent,
    ThreadState,
    TryAddConnectionToThread,
    TryEnsureConnectionSubscribed,
    TurnEvent,
)
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.systematic.preemption_bounded import PreemptionBounded
from subwarden.stateful_tests.exploring.findings.investigate import FAR, find, investigate
from subwarden.stateful_tests.exploring.findings.shrink_passes import in_order_of_start
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.specimens.defect import Defect
from subwarden.stateful_tests.specimens.manager_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.races.split_lock_shown import CROWDED, FixedSplitLock, ShownSplitLock
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.subjects.manager.simpler import simpler
from subwarden.stateful_tests.tests.exploring.minimality import assert_minimal

RUNS = {name: replay for name, replay in saved_runs(committed_only=True) if replay.level == MANAGER_LEVEL.name}  # longer runs take too long
GIVEN = [defect for defect in DEFECTS if defect.program is not None and defect.name != "NeverAtRest"]  # whose runs are long
# noise around what shows a cause: two connections and threads that have nothing to do with it, some of it in its midst
BEFORE: tuple[tuple[Operation, ...], ...] = ((ConnectionInitialized(7),), (TryEnsureConnectionSubscribed(8, 7, False), StateSetListener(3)))
AFTER: tuple[tuple[Operation, ...], ...] = ((HasSubscribers(8),), (RemoveConnection(7),))


def cause_of(replay: Replay) -> Cause:
    runner = Runner(MANAGER_LEVEL, SUBJECTS[replay.subject].factory, replay.order)
    violations = runner.follow(replay.program, replay.names).violations
    return next(cause for cause in violations if cause.slug() == replay.cause)


@pytest.mark.parametrize("name", RUNS)
def test_nothing_can_be_taken_away_from_a_saved_run(name: str) -> None:
    replay = RUNS[name]
    with running():
        assert_minimal(MANAGER_LEVEL, SUBJECTS[replay.subject].factory, replay.order, cause_of(replay), replay.program, list(replay.names))


def noisy(program: ManagerProgram) -> ManagerProgram:
    faults = tuple(fault + len(BEFORE) for fault in program.faults)
    return ManagerProgram((*BEFORE, *program.tasks, *AFTER), faults)


def found_in_noise(defect: Defect) -> Finding[ManagerProgram]:
    """The finding from a run in which the noise, too, is started, and which deviates more than is needed."""
    assert defect.program is not None
    runner = Runner(MANAGER_LEVEL, defect.factory, defect.order)
    program = noisy(defect.program)
    names = find(runner, defect.cause, program, FAR)
    assert names is not None
    return investigate(runner, defect.cause, program, names)


@pytest.mark.parametrize("defect", GIVEN, ids=lambda d: d.name)
def test_noise_is_shrunk_away_and_the_rest_replays_identically(defect: Defect) -> None:
    with running():
        finding = found_in_noise(defect)
        assert finding.program.operations() <= defect.operations
        assert_minimal(MANAGER_LEVEL, defect.factory, finding.order, finding.cause, finding.program, list(finding.names))
        runner = Runner(MANAGER_LEVEL, defect.factory, finding.order)
        results = [runner.follow(finding.program, finding.names) for _ in range(100)]
    assert results.count(results[0]) == 100
    assert finding.cause in results[0].violations


# --- the weakest order


def test_a_cause_that_needs_more_operations_in_fifo_is_still_reported_in_fifo() -> None:
    """Two operations show it in `any`. In fifo a third has to hold the lock, which was in the program that failed, so fifo it is."""
    holds = (ConnectionInitialized(1), ThreadState(1), HoldState())
    program = ManagerProgram((holds, (SetListener(1, 1, 1, True),)))
    with running():
        runner, walk = Runner(MANAGER_LEVEL, SourceManager, Order.ANY), RandomWalk(Random(1))
        while RAW_HALF_DONE not in (made := runner.record(program, walk.begin))[0].violations:
            pass
        finding = investigate(runner, RAW_HALF_DONE, program, made[1])
        assert finding.order is Order.FIFO
        assert finding.program == program
        assert_minimal(MANAGER_LEVEL, SourceManager, finding.order, finding.cause, finding.program, list(finding.names))


def test_a_cause_not_seen_in_fifo_is_tried_there_again_when_its_run_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subwarden.stateful_tests.exploring.findings.investigate._Search.nearby", lambda *_: None)
    program = noisy(ManagerProgram(((SetListener(1, 1, 1, False),),)))
    with running():
        runner, walk = Runner(MANAGER_LEVEL, SourceManager, Order.ANY), RandomWalk(Random(1))
        while SUBSCRIBED_DEAD not in (made := runner.record(program, walk.begin))[0].violations:
            pass
        finding = investigate(runner, SUBSCRIBED_DEAD, program, made[1])
    assert finding.order is Order.FIFO
    assert finding.program.operations() == 1


# --- where it takes more than three deviations from fifo


def switches(names: Sequence[str]) -> int:
    """The number of switches from one task to another, the first start included."""
    steps = [name for name in names if not name.startswith("+")]
    return sum(name != before for name, before in zip(steps, [None, *steps], strict=False))


def failing(program: ManagerProgram, seed: int) -> tuple[Cause, list[str]]:
    """The first run of a random walk in which the split lock fails."""
    runner, strategy = Runner(MANAGER_LEVEL, ShownSplitLock, Order.ANY), RandomWalk(Random(seed))
    while True:
        result, names = runner.record(program, strategy.begin)
        if result.violations:
            return next(iter(result.violations)), names


@pytest.mark.parametrize("seed", range(5))
def test_a_run_that_deviates_much_from_fifo_is_shrunk_to_the_fewest_switches(seed: int) -> None:
    """Known by brute force of this program: one preemption, and three switches with the first step."""
    with running():
        cause, names = failing(CROWDED, seed)
        finding = investigate(Runner(MANAGER_LEVEL, ShownSplitLock, Order.ANY), cause, CROWDED, names)
        assert finding.program.tasks == ((TryAddConnectionToThread(1, 1),), (RemoveConnection(1),))
        assert switches(finding.names) == 3
        runner = Runner(MANAGER_LEVEL, ShownSplitLock, Order.ANY)
        assert cause in runner.follow(finding.program, finding.names).violations
        assert find(runner, cause, finding.program, FAR, PreemptionBounded(1)) is None


def test_the_split_lock_that_looks_again_holds() -> None:
    """A subject that is not empty at first is held against a model that is not either."""
    runner, strategy = Runner(MANAGER_LEVEL, FixedSplitLock, Order.ANY), RandomWalk(Random(0))
    with running():
        assert all(not runner.run(CROWDED, strategy.begin).violations for _ in range(500))
    assert {"try_add_connection_to_thread: linked", "remove_thread_state: without a listener"} <= runner.fired


# --- the parts


def test_a_task_that_moves_up_keeps_its_place_in_the_schedule() -> None:
    program = ManagerProgram(((HasSubscribers(1),), (ThreadState(1),), (RemoveThreadState(1),)), (2,))
    names = ["+start C", "+start A", "A", "+start B", "C", "+cancel C", "C@2", "+release B", "task-4"]
    without_a = next((p, n) for p, n in simpler(program, names) if p.tasks == program.tasks[1:])
    assert without_a == (ManagerProgram(program.tasks[1:], (1,)), ["+start B", "+start A", "B", "+cancel B", "B@2", "+release A", "task-4"])


def test_tasks_come_in_the_order_of_their_start() -> None:
    program = ManagerProgram(((HasSubscribers(1),), (ThreadState(1),), (RemoveThreadState(1),)), (0,))
    ordered, names = in_order_of_start(program, ["+start C", "+start A", "C", "A", "+cancel A"])
    assert ordered == ManagerProgram(((RemoveThreadState(1),), (HasSubscribers(1),), (ThreadState(1),)), (1,))
    assert names == ["+start A", "+start B", "A", "B", "+cancel B"]
    assert in_order_of_start(ordered, names) == (ordered, names)


def test_simpler_programs_have_fewer_or_plainer_parts() -> None:
    started = StateTrackEvent(TurnEvent.TURN_STARTED)
    program = ManagerProgram(
        ((SetListener(1, 1, 1, True), StateSetListener(2)), (ThreadState(1), started), (TryAddConnectionToThread(1, 2),)), (1,)
    )

    def weight(p: ManagerProgram) -> tuple[int, int, int, int]:
        operations = [o for chain in p.tasks for o in chain]
        plain = sum(not isinstance(o, ThreadState) for o in operations)
        return p.operations(), len(p.faults), plain, sum(bool(getattr(o, "raw", False)) for o in operations)

    candidates = [candidate for candidate, _ in simpler(program, [])]
    assert ManagerProgram(((SetListener(1, 1, 1, True), StateSetListener(2), started), (TryAddConnectionToThread(1, 2),))) in candidates
    assert ManagerProgram(((ThreadState(1), StateSetListener(2)), *program.tasks[1:]), (1,)) in candidates
    for candidate in candidates[:-1]:
        assert weight(candidate) < weight(program), candidate
    assert candidates[-1].tasks[0] == (SetListener(1, 1, 1, True), StateSetListener(1))  # renumbered, of the same size


def test_shrinking_stops_at_a_local_minimum_and_hands_the_schedule_on() -> None:
    """Numbers for programs: 12 is reached by halving, since the caller calls only halves simpler and only multiples of 3 fail."""
    asked: list[int] = []

    def halves(case: int, names: list[str]) -> list[tuple[int, list[str]]]:
        return [(case // 2, [*names, f"from {case}"])] if case % 2 == 0 else []

    def exhibits(case: int, near: list[str]) -> list[str] | None:
        asked.append(case)
        return near if case % 3 == 0 else None

    assert shrink(24, [], halves, exhibits) == (3, ["from 24", "from 12", "from 6"])
    assert shrink(16, ["as it was"], halves, exhibits) == (16, ["as it was"])
    assert asked == [12, 6, 3, 8]
