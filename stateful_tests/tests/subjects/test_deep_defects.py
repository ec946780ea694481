"""The thirty deep defects are defects: each shows in a program of six to ten operations, and none in the hub without it."""

from random import Random

import pytest

from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Subscribe, Teardown, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.specimens import deep_defects
from subwarden.stateful_tests.specimens.deep_defects import DEFECTS, Crowded, Hub, Lingering, Recycled
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_level import factory_of

RUNS = 2_000
HERE = Subscribe("c1", "t1")
PAIRS = (HERE, Subscribe("c2", "t1"), Subscribe("c2", "t2"), Subscribe("c1", "t2"))
RACES: dict[str, tuple[tuple[CoreOperation, ...], ...]] = {
    "subscribe": ((HERE,), (Disconnect("c1"),)),
    "unsubscribe": ((Unsubscribe("c1", "t1"),), (Unsubscribe("c1", "t1"),)),
    "disconnect": ((Disconnect("c1"),), (Subscribe("c1", "t2"),)),
    "teardown": ((Teardown("t1"), HERE),),
}


def program_of(name: str) -> CoreProgram:
    """A program that shows the defect."""
    made = DEFECTS[name]
    given, both = made.keywords, ((Connect("c1"), Connect("c2")),)
    if made.func is Crowded:
        return CoreProgram((*both, PAIRS[: given["crowd"]], *RACES[given["hasty"]]), ())
    if made.func is Recycled:
        ends: CoreOperation = Unsubscribe("c1", "t1") if given["of"] == "unsubscribe" else Teardown("t1")
        return CoreProgram(((Connect("c1"), *(HERE, ends) * (given["lives"] + 1), HERE),), ())
    assert made.func is Lingering
    return CoreProgram((*both, PAIRS[:2], (Unsubscribe("c1", "t1"),), (Unsubscribe("c2", "t1"),), (HERE,)), ())


def shows(factory: object, program: CoreProgram) -> bool:
    runner, strategy = Runner(CORE_LEVEL, factory_of(factory), Order.FIFO), Portfolio(Random(1))  # type: ignore[arg-type]  # a class or a partial
    with running():
        for _ in range(RUNS):
            result = runner.run_strategy(program, strategy)
            if result is None or result.violations:
                return result is not None
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFECTS)
def test_each_shows_in_fifo_in_a_program_of_six_to_ten_operations(name: str) -> None:
    program = program_of(name)
    assert 6 <= program.operations() <= 10
    assert shows(getattr(deep_defects, name), program)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DEFECTS if name.startswith("Parked")])
def test_the_hub_without_a_defect_holds(name: str) -> None:
    def hub(env: object) -> Hub:
        return Hub(env, parks=True)

    assert not shows(hub, program_of(name))
