"""Shared by the tests of level core: adapters without a name, and short checks of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from subwarden.model.core.step import core_decode
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.level import Factory, Level
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.subjects.core.adapter import CoreAdapter, CoreKind
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram

PROFILE = Profile("core", examples=12, schedules=40, steps=9, derandomized=True)


def factory_of(make: Callable[..., Any]) -> Callable[[], CoreAdapter]:
    """A factory of adapters, as `load` makes it from a user's factory of managers."""
    kind, loop = CoreKind(make), ControlledLoop()
    with loop.entered():
        kind.learn(kind.make(Environment(loop)))
    loop.abandon()
    return partial(CoreAdapter, kind)


def search_of(make: Callable[..., Any], order: Order, *, cancellation: bool) -> GateSearch:
    """A short check."""
    return GateSearch(Check(order, cancellation, CORE_LEVEL.name), CORE_LEVEL, factory_of(make), PROFILE)


def play(make: Callable[..., Any], program: CoreProgram, order: Order = Order.FIFO, choices: tuple[int, ...] = ()) -> Result:
    """One run of `program` with the given choices, then always choice 0."""
    return run_of(CORE_LEVEL, factory_of(make), program, order, choices)


def run_of(level: Level, factory: Factory, program: Any, order: Order, choices: tuple[int, ...]) -> Result:
    """The same at any level."""
    left = iter(choices)
    with running():
        return Runner(level, factory, order).run(program, lambda *_: lambda n: min(next(left, 0), n - 1))


def program(*tasks: str, faults: tuple[int, ...] = ()) -> CoreProgram:
    """A program in words: semicolons separate the calls of a task, and spaces the arguments of a call."""
    return CoreProgram(tuple(tuple(core_decode(call.split()) for call in task.split(";")) for task in tasks), faults)
