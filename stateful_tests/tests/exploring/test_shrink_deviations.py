"""A run that needs more than three deviations from fifo keeps no other: each is dropped here, one at a time.

Such a run is out of reach of the searches that begin with the fewest deviations and preemptions, so what is left of it is what a random
walk came by, made plainer.
"""

import asyncio
from random import Random

import pytest

from subwarden.checking.causes import Cause
from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.operations import HasSubscribers
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.scheduling.strategies.systematic.preemption_bounded import PreemptionBounded
from subwarden.stateful_tests.exploring.findings.investigate import FAR, PREEMPTIONS, find, investigate
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

STEPS = 12
TURNS = 5
TWO_ASK = ManagerProgram(((HasSubscribers(1),), (HasSubscribers(1),)))


class Overtaken(Manager):
    """Answers wrongly if two who ask have taken the lead from each other five times in all."""

    def __init__(self) -> None:
        super().__init__()
        self.askers = 0
        self.lead = 0
        self.turns = 0

    async def has_subscribers(self, thread_id: int) -> bool:
        step = 1 if self.askers == 0 else -1
        self.askers += 1
        for _ in range(STEPS):
            self.lead += step
            if self.lead == (1 if self.turns % 2 == 0 else -1):
                self.turns += 1
            await asyncio.sleep(0)
        return await super().has_subscribers(thread_id) or self.turns >= TURNS


def failing(seed: int) -> tuple[Cause, list[str]]:
    """The first run of a random walk that shows it."""
    runner, strategy = Runner(MANAGER_LEVEL, Overtaken, Order.ANY), RandomWalk(Random(seed))
    while True:
        result, names = runner.record(TWO_ASK, strategy.begin)
        if result.violations:
            return next(iter(result.violations)), names


@pytest.mark.parametrize("seed", [0, 1, 2, 58])  # of 58, one deviation can be dropped only when a later one has been
def test_no_single_deviation_can_be_dropped_where_many_are_needed(seed: int) -> None:
    with running():
        cause, names = failing(seed)
        finding = investigate(Runner(MANAGER_LEVEL, Overtaken, Order.ANY), cause, TWO_ASK, names)
        runner = Runner(MANAGER_LEVEL, Overtaken, Order.ANY)
        assert find(runner, cause, finding.program, FAR, DelayBounded(3)) is None
        assert find(runner, cause, finding.program, FAR, PreemptionBounded(PREEMPTIONS)) is None
        result = runner.follow(finding.program, finding.names)
        assert cause in result.violations
        deviations = [at for at, choice in enumerate(result.choices) if choice]
        assert len(deviations) > 3
        for at in deviations:
            plain = fixed([*result.choices[:at], 0, *result.choices[at + 1 :]])
            less = runner.run(finding.program, lambda _candidates, plain=plain: plain)  # type: ignore[misc]
            assert cause not in less.violations, (result.choices, at)
