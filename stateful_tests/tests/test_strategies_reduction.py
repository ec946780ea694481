"""Partial-order reduction: the same outcomes as brute force, steps called independent really commute, and nothing escapes in silence."""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from random import Random

import pytest

from scheduling.events import Event
from scheduling.locks import controlled_locks
from scheduling.loop import ControlledLoop
from scheduling.order import Order
from scheduling.run import run
from scheduling.schedule import Follower, Recorder
from scheduling.strategies.declared import declare
from scheduling.strategies.dpor import Dpor
from scheduling.strategies.exhaustive import Exhaustive
from scheduling.strategies.footprints import MissingFootprint, conflict
from scheduling.strategies.primitives import recording
from scheduling.strategies.random_walk import RandomWalk
from scheduling.strategies.strategy import Redundant, Strategy
from stateful_tests.races import random_programs
from stateful_tests.races.catalogue import races
from stateful_tests.races.race import Race, attempt

Start = Callable[[ControlledLoop], Callable[[], Hashable]]
BRUTE_LIMIT = 1_000


@pytest.fixture(autouse=True)
def _recorded() -> Iterator[None]:
    with recording(), controlled_locks():
        yield


def outcomes(strategy: Strategy, start: Start, limit: int, suspend: bool) -> set[Hashable] | None:
    """Every outcome the strategy comes to; None if that takes more runs than the limit."""
    found: set[Hashable] = set()
    for _ in range(limit):
        loop = ControlledLoop(suspend_free_locks=suspend)
        with loop.entered():
            choose = strategy.begin(loop, Order.ANY)
            if choose is None:
                return found
            outcome = start(loop)
            try:
                _, choices, steps = run(loop, Order.ANY, choose, lambda: None, every_choice=strategy.every_choice)
            except Redundant:
                strategy.end([], 0)
            else:
                strategy.end(choices, steps)
                found.add(outcome())
            loop.abandon()
    return None


def same_as_brute_force(program: random_programs.Program, suspend: bool) -> bool:
    """Compare; False if brute force takes too long to be compared with."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        return random_programs.start(loop, program)

    brute = outcomes(Exhaustive(), start, BRUTE_LIMIT, suspend)
    if brute is None:
        return False
    strategy = Dpor()
    assert outcomes(strategy, start, BRUTE_LIMIT, suspend) == brute
    assert strategy.complete
    return True


@pytest.mark.parametrize("part", range(4))
def test_random_programs_have_the_outcomes_of_brute_force(part: int) -> None:
    random = Random(part)
    compared = sum(
        same_as_brute_force(random_programs.random_program(random, random.choice((2, 2, 3)), random.randrange(3, 8)), random.random() < 0.5)
        for _ in range(60)
    )
    assert compared >= 40, "too few were small enough to mean anything"


@pytest.mark.parametrize(
    "program",
    [
        [[("park", 1)], [("tick", 0)], [("cancel_next", 1)]],  # an event that a cancelled task takes back is in no run that went this way
        [[("scan", 0)], [("spawn", 1)], [("cancel_next", 1), ("resolve", 1)]],  # a task cancelled before it starts touches less
        [[("add", 1), ("resolve", 1), ("scan", 0)], [("locked", 1), ("scan", 0)], [("cancel_next", 0)]],
        [[("discard", 1), ("cancel_next", 1)], [("put_key", 1), ("locked", 0)], [("add", 1), ("drop_key", 1)]],
    ],
)
@pytest.mark.parametrize("suspend", [False, True])
def test_programs_that_an_earlier_version_got_wrong(program: random_programs.Program, suspend: bool) -> None:
    assert same_as_brute_force(program, suspend)


def test_timers_and_events_race_as_brute_force_says() -> None:
    assert same_as_brute_force([[("sleep", 0), ("write_x", 0)], [("park", 0), ("write_x", 1)], [("sleep", 1), ("read_x", 0)]], False)


class _Kept(Dpor):
    """Keeps what was recorded of one run."""

    def end(self, choices: list[int], steps: int) -> None:
        self._finish_step(len(self._nodes) - 1)
        self.steps = [(list(node.candidates), node.thing, node.chain, node.footprint) for node in self._nodes]


@pytest.mark.parametrize("seed", range(6))
def test_steps_called_independent_commute(seed: int) -> None:
    """Swap two neighbouring steps whose footprints do not conflict: the rest can go on as before, and ends alike."""
    random = Random(seed)
    swapped = 0
    kinds = [kind for kind in random_programs.OPERATIONS if kind not in {"spawn", "gather"}]  # children are named in order of birth
    for _ in range(40):
        program = [[(random.choice(kinds), random.randrange(2)) for _ in range(4)] for _ in range(3)]
        suspend = random.random() < 0.5
        loop = ControlledLoop(suspend_free_locks=suspend)
        with loop.entered():
            kept = _Kept()
            choose = kept.begin(loop, Order.ANY)
            assert choose is not None
            outcome = random_programs.start(loop, program)
            run(loop, Order.ANY, choose, lambda: None, every_choice=True)
            kept.end([], 0)
            ended = outcome()
            loop.abandon()
        names = _names_of(program, suspend, kept)
        for at in range(len(names) - 1):
            (candidates, _, chain, footprint), (_, thing, other, second) = kept.steps[at], kept.steps[at + 1]
            if chain is other or thing not in candidates or conflict(footprint, second) or "@" in names[at] + names[at + 1]:
                continue
            order = [*names[:at], names[at + 1], names[at], *names[at + 2 :]]
            assert _follow(program, suspend, order) == ended, f"{names[at]} and {names[at + 1]} do not commute in {program}"
            swapped += 1
    assert swapped > 50


def _names_of(program: random_programs.Program, suspend: bool, kept: _Kept) -> list[str]:
    picks = iter([candidates.index(thing) for candidates, thing, _, _ in kept.steps if len(candidates) > 1])
    loop = ControlledLoop(suspend_free_locks=suspend)
    with loop.entered():
        recorder = Recorder(loop, Order.ANY, lambda _: next(picks))
        random_programs.start(loop, program)
        run(loop, Order.ANY, recorder, lambda: None, every_choice=True)
        loop.abandon()
    return recorder.names


def _follow(program: random_programs.Program, suspend: bool, names: list[str]) -> Hashable:
    loop = ControlledLoop(suspend_free_locks=suspend)
    with loop.entered():
        follower = Follower(loop, Order.ANY, names)
        outcome = random_programs.start(loop, program)
        run(loop, Order.ANY, follower, lambda: None, every_choice=True)
        follower.finish()
        ended = outcome()
        loop.abandon()
    return ended


def _race(name: str) -> Race:
    return next(program for program in races() if program.name == name)


def test_the_repaired_program_of_two_locks_is_proved_in_few_runs() -> None:
    """Of its hundreds of thousands of schedules, a few hundred differ; see docs/strategies.md for the time."""
    program = _race("phantom_between_two_locks")
    strategy = Dpor()

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        return program.start(loop, True)

    assert outcomes(strategy, start, 1_000, False) == {None}
    assert strategy.complete
    assert 150 <= strategy.runs + strategy.redundant <= 250

    def broken(loop: ControlledLoop) -> Callable[[], Hashable]:
        return program.start(loop, False)

    assert outcomes(Dpor(), broken, 1_000, False) == {None, "a phantom subscriber"}


PROVABLE = [
    program
    for program in races()
    if program.order is Order.ANY and not program.cancel and program.name not in {"among_many", "phantom_between_two_locks_in_a_crowd"}
]


@pytest.mark.parametrize("program", PROVABLE, ids=lambda program: program.name)
def test_repaired_race_programs_are_proved_and_broken_ones_refuted(program: Race) -> None:
    """In the order `any` a lock's free acquire suspends, which makes more of them than with stock locks."""
    for fixed in (True, False):
        strategy = Dpor()
        wrong = set()
        for _ in range(3_000):
            made = attempt(program.start, strategy, Order.ANY, fixed=fixed)
            if made is None:
                break
            wrong.add(made.wrong)
        assert strategy.complete
        assert (wrong - {None} == set()) is fixed


def test_it_refuses_what_it_cannot_reduce() -> None:
    with pytest.raises(ValueError, match="fifo"):
        Dpor().begin(ControlledLoop(), Order.FIFO)
    loop = ControlledLoop()
    with loop.entered():
        choose = Dpor().begin(loop, Order.ANY)
        assert choose is not None
        loop.faults.append(Event("f", lambda: None))
        with pytest.raises(ValueError, match="faults"):
            choose(2)


class _Box:
    def __init__(self) -> None:
        self.items: list[int] = []
        self.number = 0


def _one_run(start: Callable[[ControlledLoop], object]) -> None:
    loop = ControlledLoop()
    strategy = Dpor()
    with loop.entered():
        choose = strategy.begin(loop, Order.ANY)
        assert choose is not None
        start(loop)
        try:
            _, choices, steps = run(loop, Order.ANY, choose, lambda: None, every_choice=True)
            strategy.end(choices, steps)
        finally:
            loop.abandon()


def test_a_change_past_the_tracked_methods_fails_loudly() -> None:
    def through_another_name(loop: ControlledLoop) -> None:
        box = _Box()
        items = box.items
        declare(box)

        async def task() -> None:
            items.append(1)

        loop.create_task(task())

    def past_the_attribute(loop: ControlledLoop) -> None:
        box = declare(_Box())

        async def task() -> None:
            vars(box)["number"] = 1

        loop.create_task(task())

    for start in (through_another_name, past_the_attribute):
        with pytest.raises(MissingFootprint):
            _one_run(start)


def test_what_is_awaited_untracked_fails_loudly() -> None:
    def start(loop: ControlledLoop) -> None:
        future: asyncio.Future[None] = asyncio.Future()

        async def task() -> None:
            await future

        loop.create_task(task())

    with pytest.raises(MissingFootprint, match="create_future"):
        _one_run(start)


def test_a_primitive_from_before_the_run_fails_loudly() -> None:
    lock = asyncio.Lock()

    def start(loop: ControlledLoop) -> None:
        async def task() -> None:
            async with lock:
                pass

        loop.create_task(task())

    with pytest.raises(MissingFootprint, match="before the run"):
        _one_run(start)


class _Slotted:
    __slots__ = ("value",)


class _Opaque:
    def __init__(self) -> None:
        self.counters: list[Counter[str]] = [Counter()]


def test_what_cannot_be_tracked_is_refused_and_what_is_opaque_is_written_by_who_reads_it() -> None:
    def slotted(loop: ControlledLoop) -> None:
        box = _Box()
        box.items = [_Slotted()]  # type: ignore[list-item]
        declare(box)

    with pytest.raises(TypeError, match="__slots__"):
        _one_run(slotted)

    def opaque(loop: ControlledLoop) -> Callable[[], Hashable]:
        state = declare(_Opaque())

        async def count(key: str) -> None:
            seen.append((key, dict(state.counters[0])))
            state.counters[0][key] += 1

        seen: list[tuple[str, dict[str, int]]] = []
        for key in "ab":
            loop.create_task(count(key), name=key)
        return lambda: repr(seen)

    assert outcomes(Dpor(), opaque, 10, False) == outcomes(Exhaustive(), opaque, 10, False)


def test_declared_state_behaves_as_before() -> None:
    """The same random run on declared state, and on the same state when nobody records, ends alike."""
    random = Random(11)
    for seed in range(60):
        program = random_programs.random_program(random, 3, 12)
        ended: list[Hashable] = []
        for strategy in (RandomWalk(Random(seed)), RandomWalk(Random(seed))):
            loop = ControlledLoop()
            with loop.entered():
                choose = Dpor().begin(loop, Order.ANY) if ended else None  # starts the recording
                assert choose is not None or not ended
                picks = strategy.begin(loop, Order.ANY)
                outcome = random_programs.start(loop, program)
                run(loop, Order.ANY, picks, lambda: None)
                ended.append(outcome())
                loop.abandon()
        assert ended[0] == ended[1]
