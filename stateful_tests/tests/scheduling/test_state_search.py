"""The search of states: the outcomes and the number of schedules of brute force, and a digest from which nothing may be left out."""

import asyncio
import gc
import sys
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import pytest

from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import Handle
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.state_search.digest import Digest
from subwarden.scheduling.state_search.objects import Objects, unchanging
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.scheduling.strategies.strategy import Redundant, Strategy
from subwarden.scheduling.strategies.systematic.exhaustive import Exhaustive
from subwarden.stateful_tests.specimens.races import random_programs
from subwarden.stateful_tests.specimens.races.catalogue import races
from subwarden.stateful_tests.specimens.races.race import Race, attempt, may_cancel, tick

Start = Callable[[ControlledLoop], Callable[[], Hashable]]
LIMIT = 600


def outcomes(strategy: Strategy, start: Start, order: Order = Order.ANY, *, suspend: bool = False) -> Counter[Hashable] | None:
    """How many runs the strategy made to each outcome; None if it needs too many."""
    found: Counter[Hashable] = Counter()
    with controlled_locks():
        for _ in range(LIMIT):
            loop = ControlledLoop(suspend_free_locks=suspend)
            with loop.entered():
                choose = strategy.begin(loop, order)
                if choose is None:
                    return found
                outcome = start(loop)
                if loop.observer is None:
                    loop.observer = outcome
                stepped = getattr(loop.observer, "stepped", None)
                try:
                    _, choices, steps = run(loop, order, choose, stepped, every_choice=strategy.every_choice, limit=200)
                except Redundant:
                    strategy.end([], 0)
                else:
                    strategy.end(choices, steps)
                    found[outcome()] += 1
                loop.abandon()
    return None


def same_as_brute_force(start: Start, order: Order, *, suspend: bool = False) -> bool:
    """Compare; False if brute force takes too long to be compared with."""
    brute = outcomes(Exhaustive(), start, order, suspend=suspend)
    if brute is None:
        return False
    search = StateSearch()
    found = outcomes(search, start, order, suspend=suspend)
    assert search.complete
    assert search.indigestible is None
    assert found is not None
    assert found.keys() == brute.keys()
    assert search.schedules == brute.total()
    assert search.runs <= brute.total() + 1
    return True


# --- equal to brute force


@pytest.mark.parametrize("order", list(Order))
def test_random_programs_have_the_outcomes_and_the_number_of_schedules_of_brute_force(order: Order) -> None:
    random = Random(17)
    compared = 0
    for _ in range(36):
        program = random_programs.random_program(random, random.choice((2, 2, 3)), random.randrange(3, 8))
        cancel = random.random() < 0.3

        def start(loop: ControlledLoop, program: random_programs.Program = program, cancel: bool = cancel) -> Callable[[], Hashable]:
            outcome = random_programs.start(loop, program)
            if cancel:
                may_cancel(loop, loop.tasks[-1])
            return outcome

        compared += same_as_brute_force(start, order, suspend=random.random() < 0.5)
    assert compared >= 24, "too few were small enough to mean anything"


def _all_of(program: Race, strategy: Strategy, order: Order, fixed: bool) -> Counter[str | None] | None:
    found: Counter[str | None] = Counter()
    for _ in range(200):
        made = attempt(program.start, strategy, order, fixed=fixed)
        if made is None:
            return found
        if not made.redundant:
            found[made.wrong] += 1
    return None


@pytest.mark.parametrize("order", list(Order))
def test_race_programs_fail_as_brute_force_says(order: Order) -> None:
    compared = 0
    for program in races():
        for fixed in (False, True):
            brute = _all_of(program, Exhaustive(), order, fixed)
            if brute is None:
                continue
            search = StateSearch()
            found = _all_of(program, search, order, fixed)
            assert search.indigestible is None, program.name
            assert found is not None, program.name
            assert found.keys() == brute.keys(), program.name
            assert search.schedules == brute.total(), program.name
            compared += 1
    assert compared >= 30


# --- a digest that leaves something out is noticed


class Box:
    """What tasks share."""

    def __init__(self) -> None:
        self.x = 0
        self.said: list[object] = []


def _awaited(suspended: Any) -> object:
    return suspended.cr_await if hasattr(suspended, "cr_await") else suspended.gi_yieldfrom


class NoStack(Digest):
    """Sees the variables of a frame and not what the interpreter keeps on its stack."""

    def frame(self, suspended: Any, frame: Any) -> None:
        self.out.append(frame.f_lasti)
        for name, value in sorted(frame.f_locals.items()):
            self.name(name)
            self.add(value)
        self.add(_awaited(suspended))


def stack(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def nothing() -> int:
        await tick()
        return 0

    async def add() -> None:
        box.x = box.x * 3 + await nothing()

    async def put() -> None:
        box.x = 1
        await tick()

    loop.create_task(add(), name="add")
    loop.create_task(put(), name="put")
    return lambda: box.x


class NoVariables(Digest):
    """Sees where a coroutine is suspended, and what it awaits, alone."""

    def frame(self, suspended: Any, frame: Any) -> None:
        self.out.append(frame.f_lasti)
        self.add(_awaited(suspended))


def variables(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def add() -> None:
        value = box.x
        await tick()
        box.x = value * 3

    async def put() -> None:
        box.x = 1
        await tick()

    loop.create_task(add(), name="add")
    loop.create_task(put(), name="put")
    return lambda: box.x


class NoPlace(Digest):
    """Sees what frames hold, and not where they are suspended."""

    def frame(self, suspended: Any, frame: Any) -> None:
        self.constant(frame.f_code)
        for name, value in sorted(frame.f_locals.items()):
            self.name(name)
            self.add(value)


def place(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def late() -> None:
        await tick()
        await tick()
        box.x = 1

    async def look() -> None:
        box.said.append(box.x)

    loop.create_task(late(), name="late")
    loop.create_task(look(), name="look")
    return lambda: tuple(box.said)


class NoQueue(Digest):
    """Takes the ready queue for a bag in `fifo` as well."""

    def ready(self, ready: list[Handle]) -> list[Handle]:
        self._any = True
        return list(super().ready(ready))


def _offer(loop: ControlledLoop, name: str, happen: Callable[[], object]) -> None:
    loop.events.append(Event(name, happen))


def queue(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def say(name: str) -> None:
        box.said.append((name, box.x))

    def come(name: str) -> None:
        box.x += 1
        loop.create_task(say(name), name=name)

    for name in "ab":
        _offer(loop, name, partial(come, name))
    return lambda: tuple(box.said)


class NoWaiters(Digest):
    """Does not see in which order tasks wait for a lock."""

    def lock(self, lock: Any) -> None:
        if not self.known(lock):
            self.name(lock.locked())


def waiters(loop: ControlledLoop) -> Callable[[], Hashable]:
    box, lock = Box(), asyncio.Lock()

    async def hold() -> None:
        async with lock:
            await tick(2)

    async def take(name: str) -> None:
        late = lock.locked()
        async with lock:
            box.said.append((name, late))

    for name in "ab":
        loop.create_task(take(name), name=name)
    loop.create_task(hold(), name="hold")
    return lambda: tuple(box.said)


class NoCallbacks(Digest):
    """Does not see in which order a future tells those who wait."""

    def callbacks(self, future: Any) -> None:
        self.name(len(future._callbacks or ()))


def callbacks(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()
    future: asyncio.Future[None] = loop.create_future()

    async def wait(name: str) -> None:
        early = not future.done()
        await future
        box.said.append((name, early))

    for name in "ab":
        _offer(loop, name, lambda name=name: loop.create_task(wait(name), name=name))  # type: ignore[misc]
    _offer(loop, "now", lambda: future.set_result(None))
    return lambda: tuple(box.said)


class NoEvents(Digest):
    """Sees the names of outside events, and not what they will do."""

    def events(self, events: list[Event]) -> None:
        self.name(tuple(sorted(event.label for event in events)))


def events(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def ask() -> None:
        _offer(loop, "reply", partial(box.said.append, box.x))
        await tick()

    async def put() -> None:
        box.x = 1

    loop.create_task(ask(), name="ask")
    loop.create_task(put(), name="put")
    return lambda: tuple(box.said)


class NoTimers(Digest):
    """Sees no timers."""

    def timers(self, loop: ControlledLoop) -> None:
        self.name(len(loop.timers))


def timers(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def wait() -> None:
        loop.call_later(1 + box.x, box.said.append, "wait")

    async def put() -> None:
        box.x = 1

    loop.call_later(1.5, box.said.append, "mean")
    loop.create_task(wait(), name="wait")
    loop.create_task(put(), name="put")
    return lambda: tuple(box.said)


class NoCancellation(Digest):
    """Does not see that a task that was woken has since been cancelled."""

    def task(self, task: Any) -> None:
        self.add(task.get_coro() if not task.done() else None)


def cancellation(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def victim() -> None:
        box.said.append("is born")
        await tick()
        box.said.append("lives")

    async def flag() -> None:
        box.x = 1
        await tick()
        box.x = 0

    async def strike() -> None:
        if box.x:
            task.cancel()

    task = loop.create_task(victim(), name="victim")
    loop.create_task(strike(), name="strike")
    loop.create_task(flag(), name="flag")
    return lambda: tuple(box.said)


class NoObserver(Digest):
    """Does not see who judges the run."""

    def observer(self, loop: ControlledLoop) -> None:
        pass


class Lead:
    """Judges steps: how far was one task ahead of the other, at most."""

    def __init__(self, done: list[int]) -> None:
        self.done = done
        self.most = 0
        self.also: object = None

    def stepped(self) -> bool:
        self.most = max(self.most, self.done[0] - self.done[1])
        return False


def observer(loop: ControlledLoop) -> Callable[[], Hashable]:
    done = [0, 0]
    lead = loop.observer = Lead(done)

    async def count(number: int) -> None:
        for _ in range(2):
            done[number] += 1
            await tick()

    for number in range(2):
        loop.create_task(count(number), name=str(number))
    return lambda: lead.most


class NoBirths(Digest):
    """Never tells tasks apart by which is older."""

    births = property(lambda _: False, lambda *_: None)


def births(loop: ControlledLoop) -> Callable[[], Hashable]:
    box = Box()

    async def stay(name: str) -> None:
        try:
            await loop.create_future()
        finally:
            box.said.append(name)

    def end() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()

    for name in "ab":
        _offer(loop, name, lambda name=name: loop.create_task(stay(name), name=name))  # type: ignore[misc]
    _offer(loop, "end", end)
    return lambda: tuple(box.said)


@pytest.mark.parametrize(
    ("blind", "start", "order"),
    [
        (NoStack, stack, Order.ANY),
        (NoVariables, variables, Order.ANY),
        (NoPlace, place, Order.ANY),
        (NoQueue, queue, Order.FIFO),
        (NoWaiters, waiters, Order.ANY),
        (NoCallbacks, callbacks, Order.FIFO),
        (NoEvents, events, Order.ANY),
        (NoTimers, timers, Order.ANY),
        (NoCancellation, cancellation, Order.ANY),
        (NoObserver, observer, Order.ANY),
        (NoBirths, births, Order.FIFO),
    ],
)
def test_a_digest_that_leaves_something_out_loses_outcomes(blind: type[Digest], start: Start, order: Order) -> None:
    def with_a_bystander(loop: ControlledLoop) -> Callable[[], Hashable]:
        """So that there is a choice, and the state is looked at, to the end. It notes how things stood when it came."""
        outcome, stood = start(loop), list[Hashable]()
        _offer(loop, "bystander", lambda: stood.append(outcome()))
        if isinstance(loop.observer, Lead):
            loop.observer.also = stood
        return lambda: (outcome(), tuple(stood))

    brute = outcomes(Exhaustive(), with_a_bystander, order)
    assert brute is not None
    assert same_as_brute_force(with_a_bystander, order)
    search = StateSearch(make=blind)
    lost = outcomes(search, with_a_bystander, order)
    assert search.complete
    assert lost is not None
    assert lost.keys() < brute.keys()


# --- what it says of itself


def test_what_cannot_be_digested_is_named_and_nothing_is_pruned() -> None:
    class Guarded:
        def __init__(self) -> None:
            self.guard = threading.Lock()

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        guarded, said = Guarded(), list[int]()

        async def task(number: int) -> None:
            await tick()
            with guarded.guard:
                said.append(number)

        for number in range(3):
            loop.create_task(task(number))
        return lambda: tuple(said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.indigestible is not None
    assert "_thread.lock, in a " in search.indigestible
    assert "Guarded" in search.indigestible
    assert found == outcomes(Exhaustive(), start)
    assert (search.complete, search.redundant, search.states) == (True, 0, 0)


def test_an_async_generator_cannot_be_digested() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        async def numbers() -> Any:
            for number in range(2):
                await tick()
                yield number

        async def task() -> None:
            async for _ in numbers():
                pass

        loop.create_task(task(), name="a")
        loop.create_task(task(), name="b")
        return lambda: None

    search = StateSearch()
    outcomes(search, start)
    assert search.indigestible is not None
    assert search.indigestible.startswith("a async_generator")


def test_a_program_that_need_not_end_has_no_number_of_schedules() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()

        async def spin() -> None:
            while not box.x:
                await tick()

        async def stop() -> None:
            await tick()
            box.x = 1

        loop.create_task(spin(), name="spin")
        loop.create_task(stop(), name="stop")
        return lambda: box.x

    search = StateSearch()
    found = outcomes(search, start)
    assert found is not None
    assert found.keys() == {1}
    assert (search.complete, search.endless, search.schedules) == (True, True, None)


def test_a_state_that_differs_from_run_to_run_is_said_and_nothing_is_pruned() -> None:
    """As where a random number is a name, and decides nothing."""
    runs = iter(range(100))

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()
        box.x = next(runs)

        async def task() -> None:
            await tick()
            box.said.append(len(box.said))

        for name in "ab":
            loop.create_task(task(), name=name)
        return lambda: tuple(box.said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.complete
    assert search.indigestible is not None
    assert search.indigestible.startswith("something that differs from run to run")
    assert found is not None
    assert found == {(0, 1): 7}  # the first run, and all six of them once more
    assert search.schedules == 6


FILLED: set[str] = set()


def _fill(name: str) -> None:
    try:
        if name not in FILLED:
            raise KeyError(name)
    except KeyError:
        FILLED.add(name)


def test_an_exception_that_was_caught_is_over() -> None:
    """As in a cache that only the first run fills: it is no part of the state, though the interpreter keeps a place for it."""
    FILLED.clear()

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        said: list[str] = []

        async def task(name: str) -> None:
            _fill(name)
            await tick()
            said.append(name)
            await tick()

        for name in "abc":
            loop.create_task(task(name), name=name)
        return lambda: tuple(said)

    search = StateSearch()
    found = outcomes(search, start)
    assert search.complete
    assert found is not None
    assert len(found) == 6


def test_an_exception_that_is_being_handled_is_part_of_the_state() -> None:
    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        box = Box()

        async def raises() -> None:
            try:
                raise ValueError(box.x)
            except ValueError:
                await tick()
                box.said.append(str(sys.exc_info()[1]))

        async def put() -> None:
            box.x = 1
            await tick()
            box.x = 0

        loop.create_task(raises(), name="raises")
        loop.create_task(put(), name="put")
        return lambda: tuple(box.said)

    assert same_as_brute_force(start, Order.ANY)


# --- structure


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


def test_structures_are_equal_for_what_is_built_alike_and_different_for_all_else() -> None:
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


def test_only_what_cannot_change_is_told_by_identity_alone() -> None:
    @dataclass(frozen=True)
    class Frozen:
        held: object

    inner, outer = (1, "a"), ((1, "a"), Frozen(None))
    assert unchanging((inner, [inner], outer)) == [inner, *outer, outer]
    assert unchanging(Frozen([])) == []
