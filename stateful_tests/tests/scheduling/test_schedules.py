"""Schedules by name, against brute force: on small programs every run is enumerated, so nothing is offered twice and nothing missed.

The counts are compared with what combinatorics says, not with a second implementation. Each run is then recorded and followed again,
since a finding is only worth something if its schedule leads there every time.
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from math import comb, factorial, perm
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.scheduling.events import Event, park
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose, Ending, run
from subwarden.scheduling.schedule import Divergence, Follower, Guide, Recorder, fixed

Program = Callable[[ControlledLoop, list[str]], None]


class Done(NamedTuple):
    """What one run did."""

    log: list[str]
    names: list[str]
    choices: list[int]
    steps: int


def play(
    program: Program, order: Order, choose: Callable[[ControlledLoop], Choose], *, limit: int = 10_000
) -> tuple[list[str], list[int], int]:
    """One run of `program`; what it logged, the choices and the number of steps."""
    loop, log = ControlledLoop(suspend_free_locks=order is Order.ANY), list[str]()
    with controlled_locks(), loop.entered():
        try:
            program(loop, log)
            _, choices, steps = run(loop, order, choose(loop), lambda: False, every_choice=True, limit=limit)
        finally:
            loop.abandon()
    return log, choices, steps


def record(program: Program, order: Order, choices: list[int]) -> Done:
    """Run with these choices, then always the first; write down the names."""
    recorders: list[Recorder] = []

    def recorder(loop: ControlledLoop) -> Recorder:
        recorders.append(Recorder(LoopCandidates(loop, order), fixed(choices)))
        return recorders[-1]

    log, made, steps = play(program, order, recorder)
    return Done(log, recorders[-1].names, made, steps)


def follow(program: Program, order: Order, names: list[str]) -> list[str]:
    """Follow `names` to the end; what the program logged."""
    followers: list[Follower] = []

    def follower(loop: ControlledLoop) -> Follower:
        followers.append(Follower(LoopCandidates(loop, order), names))
        return followers[-1]

    log, _, _ = play(program, order, follower)
    followers[-1].finish()
    return log


def guide(program: Program, order: Order, names: list[str]) -> list[str]:
    log, _, _ = play(program, order, lambda loop: Guide(LoopCandidates(loop, order), names))
    return log


def every_run(program: Program, order: Order) -> Iterator[Done]:
    """All runs, depth first: each run tells how many candidates there were, and the last choice that can still grow is next."""
    prefix: list[int] = []
    while True:
        widths: list[int] = []

        def counting(_: ControlledLoop, prefix: list[int] = prefix, widths: list[int] = widths) -> Choose:
            choose = fixed(prefix)

            def count(n: int) -> int:
                if n == 1:
                    return 0
                widths.append(n)
                return choose(n)

            return count

        _, choices, _ = play(program, order, counting)
        assert len(choices) == len(widths)
        done = record(program, order, choices)
        assert done.choices == choices, "the same choices make the same run"
        yield done
        while choices and choices[-1] + 1 == widths[len(choices) - 1]:
            choices.pop()
        if not choices:
            return
        prefix = [*choices[:-1], choices[-1] + 1]


# --- programs


def independent(tasks: int, steps: int, *, unnamed: bool = False) -> Program:
    """Tasks that have nothing to do with each other."""

    async def body(name: str, log: list[str]) -> None:
        for step in range(steps):
            log.append(f"{name}{step}")
            if step + 1 < steps:
                await asyncio.sleep(0)

    def program(loop: ControlledLoop, log: list[str]) -> None:
        for at in range(tasks):
            loop.create_task(body("abcd"[at], log), name=None if unnamed else "abcd"[at])

    return program


def with_outside(events: int, steps: int, *, faults: int = 0) -> Program:
    """One task of some steps; events and faults that only say that they happened."""

    def program(loop: ControlledLoop, log: list[str]) -> None:
        independent(1, steps)(loop, log)
        for at in range(events):
            loop.events.append(Event(f"event {at}", lambda at=at: log.append(f"event {at}")))  # type: ignore[misc]
        for at in range(faults):
            loop.faults.append(Event(f"fault {at}", lambda at=at: log.append(f"fault {at}")))  # type: ignore[misc]

    return program


def contended(loop: ControlledLoop, log: list[str]) -> None:
    """A lock, an outside reply, a timer and a cancellation: something of everything."""
    lock = asyncio.Lock()

    async def worker(name: str) -> None:
        async with lock:
            log.append(f"{name} in")
            await park(loop, f"reply to {name}")
            log.append(f"{name} out")

    async def impatient() -> None:
        try:
            async with asyncio.timeout(1), lock:
                log.append("impatient in")
        except TimeoutError:
            log.append("impatient gives up")

    tasks = [loop.create_task(worker(name), name=name) for name in "ab"]
    loop.create_task(impatient(), name="impatient")
    loop.faults.append(Event("cancel b", tasks[1].cancel))


def twins(loop: ControlledLoop, log: list[str]) -> None:
    """Tasks, callbacks and events of equal names: told apart by their place."""
    for at in range(2):
        loop.create_task(asyncio.sleep(0), name="twin").add_done_callback(lambda _, at=at: log.append(f"twin {at}"))  # type: ignore[misc]
        loop.call_soon(log.append, f"callback {at}")
        loop.events.append(Event("bell", lambda at=at: log.append(f"bell {at}")))  # type: ignore[misc]


PROGRAMS: dict[str, tuple[Program, Order]] = {
    "three tasks, any": (independent(3, 2), Order.ANY),
    "unnamed tasks, any": (independent(2, 3, unnamed=True), Order.ANY),
    "outside events, fifo": (with_outside(3, 2), Order.FIFO),
    "outside events and faults, fifo": (with_outside(1, 3, faults=2), Order.FIFO),
    "contended, fifo": (contended, Order.FIFO),
    "twins, fifo": (twins, Order.FIFO),
}


# --- the numbers of runs


@pytest.mark.parametrize(("tasks", "steps"), [(1, 4), (2, 1), (2, 2), (2, 3), (2, 5), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2)])
def test_any_offers_every_interleaving_once(tasks: int, steps: int) -> None:
    logs = [tuple(done.log) for done in every_run(independent(tasks, steps), Order.ANY)]
    assert len(logs) == factorial(tasks * steps) // factorial(steps) ** tasks
    assert len(set(logs)) == len(logs)


@pytest.mark.parametrize(("tasks", "steps"), [(1, 1), (2, 3), (3, 2), (4, 4)])
def test_fifo_without_outside_events_has_one_run(tasks: int, steps: int) -> None:
    (only,) = every_run(independent(tasks, steps), Order.FIFO)
    assert only.choices == []
    assert only.log == [f"{name}{step}" for step in range(steps) for name in "abcd"[:tasks]]


@pytest.mark.parametrize(("events", "steps"), [(0, 3), (1, 1), (1, 4), (2, 1), (2, 3), (3, 2), (4, 1)])
def test_fifo_places_events_everywhere_in_every_order(events: int, steps: int) -> None:
    logs = [tuple(done.log) for done in every_run(with_outside(events, steps), Order.FIFO)]
    assert len(logs) == factorial(steps + events) // factorial(steps)
    assert len(set(logs)) == len(logs)
    assert all(sum(entry.startswith("event") for entry in log) == events for log in logs), "every event happens in every run"


@pytest.mark.parametrize(("faults", "steps"), [(1, 1), (1, 3), (2, 2), (3, 2)])
def test_faults_happen_or_not_but_only_while_something_moves(faults: int, steps: int) -> None:
    """Some of the faults, in some order, each before one of the steps: with f of them, perm(faults, f) * comb(f + steps - 1, f)."""
    logs = [tuple(done.log) for done in every_run(with_outside(0, steps, faults=faults), Order.FIFO)]
    assert len(logs) == sum(perm(faults, f) * comb(f + steps - 1, f) for f in range(faults + 1))
    assert len(set(logs)) == len(logs)
    assert tuple(f"a{step}" for step in range(steps)) in logs
    assert all(log[-1] == f"a{steps - 1}" for log in logs)


def test_events_that_wake_tasks_are_offered_as_they_come() -> None:
    """Two tasks, each waiting for an event of its own. By hand: +a comes after a's first step, +b after b's, and what was woken first
    runs first. +a before b's first step leaves two places for +b; after it, each event may come first, with two places for the other.
    """

    def program(loop: ControlledLoop, log: list[str]) -> None:
        async def body(name: str) -> None:
            log.append(f"{name}1")
            await park(loop, name)
            log.append(f"{name}2")

        for name in "ab":
            loop.create_task(body(name), name=name)

    runs = [" ".join(done.names) for done in every_run(program, Order.FIFO)]
    assert sorted(runs) == [
        "a +a b +b a b",
        "a +a b a +b b",
        "a b +a +b a b",
        "a b +a a +b b",
        "a b +b +a b a",
        "a b +b b +a a",
    ]


def test_fifo_offers_the_first_ready_step_and_the_outside_only() -> None:
    seen: list[list[str]] = []

    def watching(loop: ControlledLoop, *, last: bool) -> Choose:
        def choose(n: int) -> int:
            offered = LoopCandidates(loop, Order.FIFO).names()
            assert len(offered) == n
            assert len(set(offered)) == n, "a name that stands for two things cannot be followed"
            steps = [name for name in offered if not name.startswith("+") and name != "timer"]
            assert len(steps) == min(1, len(loop.ready))
            seen.append(offered)
            return n - 1 if last else 0

        return choose

    for last in (False, True):
        play(contended, Order.FIFO, partial(watching, last=last))
    assert ["a", "+cancel b"] in seen
    assert any("timer" in offered for offered in seen)


def test_any_offers_every_ready_step() -> None:
    offered: list[list[str]] = []

    def watching(loop: ControlledLoop) -> Choose:
        def choose(n: int) -> int:
            offered.append(LoopCandidates(loop, Order.ANY).names())
            assert len(offered[-1]) == n
            return 0

        return choose

    play(independent(3, 1), Order.ANY, watching)
    assert offered == [["a", "b", "c"], ["b", "c"], ["c"]]


# --- recorded, followed, guided


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_run_can_be_followed_and_guided_by_its_names(name: str) -> None:
    program, order = PROGRAMS[name]
    runs = list(every_run(program, order))
    assert len(runs) > 1
    assert len({tuple(done.names) for done in runs}) == len(runs), "different runs have different names"
    for done in runs[:: max(1, len(runs) // 200)]:
        assert follow(program, order, done.names) == done.log
        assert guide(program, order, done.names) == done.log


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_schedule_too_short_or_too_long_is_noticed(name: str) -> None:
    program, order = PROGRAMS[name]
    names = record(program, order, [1, 0, 1]).names
    for cut in range(len(names)):
        with pytest.raises(Divergence) as short:
            follow(program, order, names[:cut])
        assert (short.value.step, short.value.wanted) == (cut + 1, None)
        assert names[cut] in short.value.available
    with pytest.raises(Divergence) as long:
        follow(program, order, [*names, "one more"])
    assert (long.value.step, long.value.wanted, long.value.available) == (len(names) + 1, "one more", [])


@pytest.mark.parametrize("changed", range(4))
def test_a_changed_program_diverges_at_the_very_step(changed: int) -> None:
    """The task is renamed, or ends, right after step `changed`: the next thing cannot be what was recorded."""

    def program(loop: ControlledLoop, log: list[str], *, until: int = 5, rename: int = 5) -> None:
        async def body() -> None:
            for step in range(until):
                log.append(f"step {step}")
                if step == rename:
                    task.set_name("renamed")
                if step + 1 < until:
                    await asyncio.sleep(0)

        task = loop.create_task(body(), name="body")

    names = record(program, Order.FIFO, []).names
    assert names == ["body"] * 5
    with pytest.raises(Divergence) as renamed:
        follow(lambda loop, log: program(loop, log, rename=changed), Order.FIFO, names)
    assert (renamed.value.step, renamed.value.wanted, renamed.value.available) == (changed + 2, "body", ["renamed"])
    assert f"at step {changed + 2} the schedule wants 'body', but what can happen is renamed" in str(renamed.value)
    with pytest.raises(Divergence) as ended:
        follow(lambda loop, log: program(loop, log, until=changed + 1), Order.FIFO, names)
    assert (ended.value.step, ended.value.wanted, ended.value.available) == (changed + 2, "body", [])


def test_a_guide_skips_what_cannot_happen() -> None:
    names = ["c", "nobody", "b", "+nothing", "c", "a"]
    assert guide(independent(3, 2), Order.ANY, names) == ["c0", "b0", "c1", "a0", "b1", "a1"]
    assert guide(independent(3, 2), Order.ANY, []) == record(independent(3, 2), Order.ANY, []).log
    assert guide(independent(2, 2), Order.ANY, names) == ["b0", "a0", "b1", "a1"], "fewer operations, the same order among the rest"


def test_fixed_choices_are_cut_to_what_is_there() -> None:
    assert record(independent(2, 1), Order.ANY, [99]).log == ["b0", "a0"]
    choose = fixed([5, 1])
    assert [choose(3), choose(3), choose(3)] == [2, 1, 0]


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(st.integers(0, 7), max_size=25))
def test_any_choices_give_a_run_that_its_names_repeat(name: str, choices: list[int]) -> None:
    program, order = PROGRAMS[name]
    done = record(program, order, choices)
    assert record(program, order, choices) == done, "the same choices, the same run"
    assert record(program, order, done.choices) == done, "the choices that a run reports are those that it made"
    assert follow(program, order, done.names) == done.log
    assert guide(program, order, done.names) == done.log


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(st.integers(0, 7), max_size=25), st.data())
def test_a_guide_never_fails_on_a_schedule_that_was_damaged(name: str, choices: list[int], data: st.DataObject) -> None:
    program, order = PROGRAMS[name]
    done = record(program, order, choices)
    damaged = data.draw(st.lists(st.sampled_from([*done.names, "nobody", "+nothing", "timer"]), max_size=30))
    log, _, _ = play(program, order, lambda loop: Guide(LoopCandidates(loop, order), damaged))
    assert log, "the program has run"


@given(st.lists(st.integers(0, 7), max_size=40))
def test_in_order_any_too(choices: list[int]) -> None:
    """The contended program has too many runs in `any` to enumerate, so chance picks some."""
    done = record(contended, Order.ANY, choices)
    assert follow(contended, Order.ANY, done.names) == done.log


def test_choices_are_reported_alike_with_and_without_every_choice() -> None:
    for asked in (False, True):
        loop, log = ControlledLoop(), list[str]()
        with loop.entered():
            with_outside(2, 2)(loop, log)
            ending, choices, steps = run(loop, Order.FIFO, fixed([1, 0, 1]), lambda: False, every_choice=asked)
        assert (ending, choices, steps) == (Ending.QUIESCENT, [1, 0, 1], 2)
        assert log == ["event 0", "a0", "event 1", "a1"]


@given(st.lists(st.sampled_from(["x", "x@2", "x@3", "y"]), min_size=1, max_size=6), st.integers(0, 2**32))
def test_names_are_told_apart_whatever_tasks_are_called(called: list[str], seed: int) -> None:
    """Also if somebody is called what the second of a name would be called; and a schedule by these names is followed exactly."""
    logs: list[list[int]] = []
    schedule: list[str] = []
    for again in (False, True):
        loop, log = ControlledLoop(), list[int]()

        async def write(number: int, log: list[int] = log) -> None:
            log.append(number)
            await asyncio.sleep(0)
            log.append(number)

        with loop.entered():
            for number, name in enumerate(called):
                loop.create_task(write(number), name=name)
            names = LoopCandidates(loop, Order.ANY).names()
            assert len(set(names)) == len(names)
            assert [name for name in names if name in called] == list(dict.fromkeys(called))
            random = Random(seed)
            recorder = Recorder(LoopCandidates(loop, Order.ANY), random.randrange)
            run(loop, Order.ANY, Follower(LoopCandidates(loop, Order.ANY), schedule) if again else recorder, None, every_choice=True)
            schedule = schedule or recorder.names
        logs.append(log)
    assert logs[0] == logs[1]
