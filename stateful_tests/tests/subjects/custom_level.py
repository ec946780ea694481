"""What tests of adapters with a model of their own share."""

from collections.abc import Callable
from functools import partial
from typing import Any

from subwarden.checking.custom.model import OwnOperation
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.check import Check, Explorer
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.custom.adapter import OwnAdapter, OwnKind
from subwarden.stateful_tests.subjects.custom.level import OWN
from subwarden.stateful_tests.subjects.custom.program import OwnProgram
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE


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
