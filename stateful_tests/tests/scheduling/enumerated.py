"""Small programs, and every run of each by brute force: recorded, followed and guided by names."""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

from subwarden.scheduling.events import Event, park
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import Choose, run
from subwarden.scheduling.schedule import Follower, Guide, Recorder, fixed

Program = Callable[[ControlledLoop, list[str]], None]


class Done(NamedTuple):
    """The result of one run."""

    log: list[str]
    names: list[str]
    choices: list[int]
    steps: int


def play(
    program: Program, order: Order, choose: Callable[[ControlledLoop], Choose], *, limit: int = 10_000
) -> tuple[list[str], list[int], int]:
    """One run of `program`: its log, its choices and its number of steps."""
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
    """Follow `names` to the end; the program's log."""
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
