"""What tests of the core level share: adapters without a name, and short checks of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from scheduling.loop import ControlledLoop
from scheduling.order import Order
from stateful_tests.core.adapter import CoreAdapter, CoreKind
from stateful_tests.core.environment import Environment
from stateful_tests.core.level import CORE
from stateful_tests.core.program import Program
from stateful_tests.exploring.check import Check, Explorer
from stateful_tests.exploring.runner import Result, Runner, running
from stateful_tests.profiles import Profile

PROFILE = Profile("core", examples=12, schedules=40, steps=9, derandomized=True)


def factory_of(make: Callable[..., Any]) -> Callable[[], CoreAdapter]:
    """What `load` makes of an adapter's factory."""
    kind, loop = CoreKind(make), ControlledLoop()
    with loop.entered():
        kind.learn(kind.make(Environment(loop)))
    loop.abandon()
    return partial(CoreAdapter, kind)


def explorer(make: Callable[..., Any], order: Order, *, cancellation: bool) -> Explorer:
    """A short check."""
    return Explorer(Check(order, cancellation, CORE.name), factory_of(make), PROFILE, lambda: False, lambda _: None)


def play(make: Callable[..., Any], program: Program, order: Order = Order.FIFO, choices: tuple[int, ...] = ()) -> Result:
    """One run of `program`: the given choices, then always the first."""
    left = iter(choices)
    with running():
        return Runner(CORE, factory_of(make), order).run(program, lambda *_: lambda n: min(next(left, 0), n - 1))
