"""A run that cannot be repeated is told with the step, the names that differ, and the likely source."""

import asyncio
import itertools
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from subwarden.model.core.step import Connect, Subscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.findings.unrepeatable import parting, why
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import in_hand

PROGRAM = CoreProgram(((Connect("c1"), Subscribe("c1", "t1")),))
NUMBERS = (number for number in itertools.count(1))  # a generator, which no run puts back


def _draws() -> Iterator[int]:
    generator, drawn = random.Random(), -1
    while True:
        while (number := generator.randrange(50)) == drawn:
            pass
        drawn = number
        yield number


DRAWS = _draws()


class Named:
    """Starts a task with a name of its own."""

    async def work(self) -> None:
        """Nothing to do."""

    def connect(self, client: str) -> None:
        """Nothing to do."""

    async def subscribe(self, client: str, topic: str) -> bool:
        await asyncio.create_task(self.work(), name="worker")
        return True

    def observe(self) -> None:
        """Nothing to show."""


class Turns(Named):
    """Does it in another order in every second run."""

    async def subscribe(self, client: str, topic: str) -> bool:
        names = ("left", "right") if next(NUMBERS) % 2 else ("right", "left")
        await asyncio.gather(*(asyncio.create_task(self.work(), name=name) for name in names))
        return True


class Answers(Named):
    """Answers otherwise in every second run."""

    async def subscribe(self, client: str, topic: str) -> bool:
        return next(NUMBERS) % 2 == 0


class Draws(Named):
    """Takes as many steps as a generator of before the run says, another number each time."""

    async def subscribe(self, client: str, topic: str) -> bool:
        for _ in range(next(DRAWS)):
            await asyncio.sleep(0)
        return True


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("worker-7", "worker-8", "'worker-<number>' has another number in each run: likely a counter"),
        ("job 3f2a9c1d", "job 9c1d3f2a", "'job <token>' has another token in each run: likely a uuid"),
        ("at 1764420000.123", "at 1764420001.456", "'at <time>' has another time in each run: likely a clock"),
        ("B", "C", "one run goes on with 'B', another with 'C': likely the order of a set"),
    ],
)
def test_the_step_the_name_and_the_source_are_told(one: str, other: str, said: str) -> None:
    assert parting(["A", one], ["A", other]).startswith(f"at step 2 {said}")


def test_steps_that_come_in_another_order_are_found() -> None:
    told = of(Turns)
    assert told.startswith("at step 3 one run goes on with '")
    assert "left" in told
    assert "right" in told


def test_answers_that_differ_though_the_steps_do_not_are_found() -> None:
    assert of(Answers).startswith("the steps are the same, and what the calls answer or show is not")


def test_the_line_that_asks_for_chance_is_named() -> None:
    assert re.search(r"; the real clock or chance: a random\.Random of before the run at \S*test_unrepeatable\.py:\d+$", of(Draws))


def test_a_run_that_repeats_has_no_reason() -> None:
    assert of(Named) == ""


def test_a_run_that_is_longer_is_told() -> None:
    assert parting(["A"], ["A", "B"]).startswith("one run ends after step 1, another goes on with 'B'")


def of(manager: Any) -> str:
    with running():
        return why(Runner(CORE_LEVEL, in_hand("a test", manager)[1], Order.FIFO), PROGRAM)
