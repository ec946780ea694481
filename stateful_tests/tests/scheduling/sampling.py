"""Outcomes of a small program under a sampling strategy."""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from typing import TypeVar

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.strategies.strategy import Strategy

Start = Callable[[ControlledLoop], Callable[[], Hashable]]
Letter = TypeVar("Letter")


def sample(strategy: Strategy, start: Start, runs: int, order: Order = Order.ANY) -> Counter[Hashable]:
    """How often each outcome came."""
    found: Counter[Hashable] = Counter()
    for _ in range(runs):
        loop = ControlledLoop()
        with loop.entered():
            choose = strategy.begin(LoopCandidates(loop, order))
            assert choose is not None
            outcome = start(loop)
            _, choices, steps = run(loop, order, choose, lambda: None, every_choice=strategy.every_choice)
            strategy.end(choices, steps)
            found[outcome()] += 1
    return found


async def write(letter: Letter, times: int, word: list[Letter]) -> None:
    """So many steps, each of which writes `letter`."""
    for step in range(times):
        word.append(letter)
        if step < times - 1:
            await asyncio.sleep(0)


def words(**steps: int) -> Start:
    """Tasks that write their letter so often; the outcome is the word."""

    def start(loop: ControlledLoop) -> Callable[[], Hashable]:
        word: list[str] = []

        for letter, times in steps.items():
            loop.create_task(write(letter, times, word), name=letter)
        return lambda: "".join(word)

    return start
