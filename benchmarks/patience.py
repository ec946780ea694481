"""The effect of patience on a hunt's finds: the table of docs/hunting.md. `python -m subwarden.benchmarks patience`.

A hunt leaves a program when its end states repeat. The defects planted here change no end state before they show, so repetition gives no
hint of them. Each of the drawn programs is run to the end of its budget; the benchmark records when the hunt would have left it and when a
defect first shows. From that follow the finds of a hunt that runs any given share of its programs to the end. Runs depend on seeds only.
"""

import asyncio
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from subwarden.impl.manager.manager import Manager
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.good_turing import Tally
from subwarden.stateful_tests.exploring.level import Program
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.hunt.search import LEAST, SCHEDULES, SETTLED, STEPS, Hunter
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL

PROGRAMS = 60
SHARES = (0, 1 / 16, 1 / 8)
NEVER = SCHEDULES + 1


class Deep(Manager):
    """A manager with a deep defect. `reached`: how many of the defect's conditions this run has met."""

    reached = 0

    def __init__(self) -> None:
        super().__init__()
        Deep.reached = 0


class Lead(Deep):
    """The condition: two concurrent calls take the lead from each other once more."""

    def __init__(self) -> None:
        super().__init__()
        self.callers = self.lead = 0

    async def _race(self) -> None:
        step = 1 if self.callers % 2 == 0 else -1
        self.callers += 1
        for _ in range(8):
            self.lead += step
            if self.lead == (1 if Deep.reached % 2 == 0 else -1):
                Deep.reached += 1
            await asyncio.sleep(0)

    async def has_subscribers(self, thread_id: int) -> bool:
        await self._race()
        return await super().has_subscribers(thread_id)

    async def set_listener(self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool) -> Any:
        await self._race()
        return await super().set_listener(subscription_id, thread_id, connection_id, experimental_raw_events)


class Moments(Deep):
    """The condition: a call comes exactly at the next given step of a long call."""

    def __init__(self) -> None:
        super().__init__()
        self.step = 0

    def _come(self) -> None:
        if self.step == 3 + 4 * Deep.reached:
            Deep.reached += 1

    async def thread_state(self, thread_id: int) -> Any:
        self._come()
        if not self.step:
            for _ in range(14):
                self.step += 1
                await asyncio.sleep(0)
        return await super().thread_state(thread_id)

    async def remove_connection(self, connection_id: int) -> None:
        self._come()
        await super().remove_connection(connection_id)

    async def connection_initialized(self, connection_id: int) -> None:
        self._come()
        await super().connection_initialized(connection_id)

    async def set_listener(self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool) -> Any:
        self._come()
        return await super().set_listener(subscription_id, thread_id, connection_id, experimental_raw_events)

    async def has_subscribers(self, thread_id: int) -> bool:
        self._come()
        return await super().has_subscribers(thread_id)


class Driven(NamedTuple):
    """One program: after how many runs the hunt leaves it, the number of its runs, and the first run that met so many conditions."""

    left: int
    runs: int
    first: dict[int, int]


class Drawing(Hunter):
    """Draws programs and runs none."""

    def __init__(self, check: Check, factory: Callable[[], Manager]) -> None:
        super().__init__(check, MANAGER_LEVEL, factory, lambda _: None, lambda _: None)
        self.programs: list[Program] = []

    def _drive_variant(self, program: Program, schedules: int) -> None:
        self.programs.append(program)


def driven(hunter: Hunter, program: Program, seed: int) -> Driven:
    """Run one program to the end of its budget."""
    portfolio, tally, left = Portfolio(Random(seed), SCHEDULES), Tally(), 0
    first: dict[int, int] = {}
    while hunter.explorer.runner.run_strategy(program, portfolio) is not None:
        tally.add(hash(hunter.explorer.runner.end_state))
        for far in range(1, Deep.reached + 1):
            first.setdefault(far, tally.total)
        if not left and tally.total % LEAST == 0 and tally.chance_of_new < SETTLED:
            left = tally.total
    return Driven(left or tally.total, tally.total, first)


def found(programs: list[Driven], far: int, share: float) -> float:
    """The number of finds in 100,000 runs, if `share` of the programs is run to the end."""
    shown = [(program, program.first.get(far, NEVER)) for program in programs]
    finds = sum((1 - share) * (at <= program.left) + share * (at <= program.runs) for program, at in shown)
    return 100_000 * finds / sum((1 - share) * program.left + share * program.runs for program in programs)


def main() -> Iterator[str]:
    """The table."""
    yield f"| defect | how far | within {LEAST} runs | within {SCHEDULES} | found in 100,000 runs: as it is | one in 16 | one in 8 |"
    yield "|---|---|---|---|---|---|---|"
    for factory, order, fars in ((Lead, Order.ANY, (4, 6, 9)), (Moments, Order.ANY, (2, 3)), (Moments, Order.FIFO, (2, 3))):
        with running():
            hunter, number = Drawing(Check(order, False, MANAGER_LEVEL.name), factory), 0
            while len(hunter.programs) < PROGRAMS:
                hunter.round(number, STEPS[number % len(STEPS)])
                number += 1
            programs = [driven(hunter, program, seed) for seed, program in enumerate(hunter.programs[:PROGRAMS])]
        for far in fars:
            within = [sum(program.first.get(far, NEVER) <= runs for program in programs) for runs in (LEAST, SCHEDULES)]
            cells = [*within, *(f"{found(programs, far, share):.0f}" for share in SHARES)]
            yield f"| {factory.__name__}, {order.value} | {far} | " + " | ".join(map(str, cells)) + " |"
        means = [sum((1 - share) * p.left + share * p.runs for p in programs) / PROGRAMS for share in SHARES]
        yield f"runs of a program: {', '.join(f'{mean:.0f}' for mean in means)}"
