"""A minimal run: no single operation, fault or deviation from fifo can be dropped.

Judged with the effort that the shrinking itself has. A global minimum is not claimed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from subwarden.checking.causes import Cause
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exploring.findings.investigate import FAR, NEAR, find
from subwarden.stateful_tests.exploring.findings.shrink_passes import arranged
from subwarden.stateful_tests.exploring.level import Factory, Level
from subwarden.stateful_tests.exploring.runner import Runner


def one_less(program: Any, names: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """The program without each single operation and each single fault. Written here anew: the shrinking would not miss a pass that it
    lacks.
    """
    tasks, faults = program.tasks, program.faults
    for at, chain in enumerate(tasks):
        for drop in range(len(chain)):
            left = chain[:drop] + chain[drop + 1 :]
            if left:
                yield replace(program, tasks=(*tasks[:at], left, *tasks[at + 1 :])), names
            elif len(tasks) > 1:
                yield arranged(program, names, [place for place in range(len(tasks)) if place != at])
    for at in range(len(faults)):
        yield replace(program, faults=faults[:at] + faults[at + 1 :]), names


def assert_minimal(level: Level, factory: Factory, order: Order, cause: Cause, program: Any, names: list[str]) -> None:
    """Assert that `program` along `names`, which shows `cause`, is minimal, and shows it in no weaker order."""
    runner = Runner(level, factory, order)
    tried = set()
    for candidate, near in (*one_less(program, names), *level.simpler(program, names)):
        less = candidate.operations() < program.operations() or len(candidate.faults) < len(program.faults)
        if less and candidate not in tried:
            tried.add(candidate)
            assert cause not in runner.guided(candidate, near)[0].violations, candidate
            assert find(runner, cause, candidate, NEAR) is None, candidate
    choices = runner.follow(program, names).choices
    for at, choice in enumerate(choices):
        if choice:
            plain = fixed([*choices[:at], 0, *choices[at + 1 :]])
            assert cause not in runner.run(program, lambda _candidates, plain=plain: plain).violations, (choices, at)  # type: ignore[misc]
    if order is Order.ANY:
        assert find(Runner(level, factory, Order.FIFO), cause, program, FAR) is None
