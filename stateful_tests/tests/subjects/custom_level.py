"""Shared by the tests of level custom: adapters without a name, short checks, and programs in words."""

from collections.abc import Callable
from functools import partial
from typing import Any

from subwarden.checking.custom.model import CustomOperation
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.runner import Result, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.custom.adapter import CustomAdapter, CustomKind
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, run_of


def factory_of(make: Callable[..., Any]) -> Callable[[], CustomAdapter]:
    """A factory of adapters, as `load` makes it from a user's factory of managers."""
    kind, loop = CustomKind(make), ControlledLoop()
    with loop.entered():
        kind.learn(kind.make(Environment(loop)))
        CustomAdapter(kind).look_once(Environment(loop), loop)
    return partial(CustomAdapter, kind)


def explored(make: Callable[..., Any], order: Order = Order.FIFO, *, cancellation: bool = False, rounds: int = 2) -> GateSearch:
    """A short check that has been run."""
    search = GateSearch(Check(order, cancellation, CUSTOM_LEVEL.name), CUSTOM_LEVEL, factory_of(make), PROFILE)
    with running():
        for number in range(rounds):
            search.round(number, PROFILE.examples)
    return search


def program(*tasks: str, faults: tuple[int, ...] = ()) -> CustomProgram:
    """A program in words: semicolons separate the calls of a task, and spaces the arguments of a call."""

    def call(said: str) -> CustomOperation:
        name, *arguments = said.split()
        return CustomOperation(name, tuple(arguments))

    return CustomProgram(tuple(tuple(call(each) for each in task.split(";")) for task in tasks), faults)


def play(make: Callable[..., Any], played: CustomProgram, order: Order = Order.FIFO, choices: tuple[int, ...] = ()) -> Result:
    """One run with the given choices, then always choice 0."""
    return run_of(CUSTOM_LEVEL, factory_of(make), played, order, choices)
