"""What tests of adapters with a model of their own share."""

from collections.abc import Callable
from functools import partial
from typing import Any

from checking.own.model import OwnOperation
from scheduling.loop import ControlledLoop
from scheduling.order import Order
from stateful_tests.core.environment import Environment
from stateful_tests.exploring.check import Check, Explorer
from stateful_tests.exploring.runner import Result, Runner, running
from stateful_tests.own.adapter import OwnAdapter, OwnKind
from stateful_tests.own.level import OWN
from stateful_tests.own.program import OwnProgram
from stateful_tests.tests.core_level import PROFILE


def factory_of(make: Callable[..., Any]) -> Callable[[], OwnAdapter]:
    """What `load` makes of an adapter's factory."""
    kind, loop = OwnKind(make), ControlledLoop()
    with loop.entered():
        kind.learn(kind.make(Environment(loop)))
        OwnAdapter(kind).look_once(Environment(loop))
    return partial(OwnAdapter, kind)


def explored(make: Callable[..., Any], order: Order = Order.FIFO, *, cancellation: bool = False, rounds: int = 2) -> Explorer:
    """A short check, done."""
    explorer = Explorer(Check(order, cancellation, OWN.name), factory_of(make), PROFILE, lambda: False, lambda _: None)
    with running():
        for number in range(rounds):
            explorer.round(number, PROFILE.examples)
    return explorer


def program(*tasks: str, faults: tuple[int, ...] = ()) -> OwnProgram:
    """A program from words: each task's calls are separated by semicolons, and a call's arguments by spaces."""

    def call(said: str) -> OwnOperation:
        name, *arguments = said.split()
        return OwnOperation(name, tuple(arguments))

    return OwnProgram(tuple(tuple(call(each) for each in task.split(";")) for task in tasks), faults)


def play(make: Callable[..., Any], played: OwnProgram, order: Order = Order.FIFO, choices: tuple[int, ...] = ()) -> Result:
    """One run: the given choices, then always the first."""
    left = iter(choices)
    with running():
        return Runner(OWN, factory_of(make), order).run(played, lambda *_: lambda n: min(next(left, 0), n - 1))
