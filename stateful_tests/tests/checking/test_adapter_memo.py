"""The memo of the adapters' judges saves work and changes nothing: a judge that works everything out anew judges the same runs alike."""

from random import Random
from typing import Any

import pytest

from subwarden.checking import frozen_states
from subwarden.checking.core.connection_states import ConnectionStates, CoreGraph
from subwarden.checking.custom.configurations import CustomGraph, CustomStates
from subwarden.model.core import step as core
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.budget import UNLIMITED
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.explorer import Explorer
from subwarden.stateful_tests.exploring.level import Factory, Level
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.specimens.core_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.custom.program import CustomProgram
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.subjects import core_level

PROGRAMS, RUNS = 5, 25


class PlainCoreGraph(CoreGraph):
    """Makes a new object for every state, so that nothing is ever looked up."""

    def states(self, now: Any) -> ConnectionStates:
        return ConnectionStates(now, self)

    def seen(self, *given: Any) -> Any:
        self._seen.clear()
        return super().seen(*given)


class PlainCustomGraph(CustomGraph):
    """The same for custom models."""

    def states(self, now: Any) -> CustomStates:
        return CustomStates(now, self)


Forgiving = type("Forgiving", (Adapter,), {"off": {"P2": "whoever asks may subscribe"}})
Reconnecting = type("Reconnecting", (Adapter,), {"reconnects": True})


def core_program(random: Random) -> CoreProgram:
    def operation() -> core.CoreOperation:
        kind = random.choice(core.CORE_OPERATIONS)
        given = {"connection": random.choice(("c1", "c2")), "topic": random.choice(("t1", "t1", "t2"))}
        return kind(**{name: given[name] for name in kind.__match_args__})

    drawn = [tuple(operation() for _ in range(random.choice((1, 1, 2, 3)))) for _ in range(random.choice((2, 3, 4)))]
    tasks = ((core.Connect("c1"), core.Subscribe("c1", "t1")), (core.Connect("c2"),), *drawn)
    return CoreProgram(tasks, tuple(sorted(random.sample(range(len(tasks)), 2))) if random.random() < 0.4 else ())


def seats_program(random: Random) -> CustomProgram:
    calls = list(load("examples/seats.py:Adapter", CUSTOM_LEVEL.name)().kind.model.calls())
    tasks = tuple(tuple(random.choices(calls, k=random.choice((1, 2)))) for _ in range(random.choice((3, 4))))
    return CustomProgram(tasks, (random.randrange(len(tasks)),) if random.random() < 0.4 else ())


def alike(level: Level, factory: Factory, plain_graph: Any, draw: Any, seed: str) -> tuple[int, int]:
    """How many runs the plain judge judges differently, and how many violate a property."""
    differ = wrong = 0
    for order in Order:
        random = Random(f"{seed} {order.value}")
        fast, plain = Runner(level, factory, order), Runner(level, factory, order)
        plain.graph = plain_graph()
        programs = [draw(random) for _ in range(PROGRAMS)]
        strategies = [Portfolio(Random(at)) for at in range(PROGRAMS)]
        for _ in range(RUNS):
            for program, strategy in zip(programs, strategies, strict=True):  # in turn, so that they share the memo
                fast.fired, plain.fired = set(), set()
                begin: Any = strategy.begin
                result = fast.run(program, begin)
                strategy.end(result.choices, result.steps)

                def again(_: object, made: Result = result) -> Any:
                    return fixed(made.choices)

                differ += (plain.run(program, again), plain.fired) != (result, fast.fired)
                wrong += bool(result.violations)
    return differ, wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    "factory",
    [Adapter, Forgiving, Reconnecting, *(defect.factory for defect in DEFECTS[::3])],
    ids=lambda factory: getattr(factory, "__name__", "defect"),
)
def test_a_core_judge_with_a_memo_judges_like_one_without(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_states, "BOUND", 300)  # so that the memo is dropped several times
    with running():
        differ, wrong = alike(CORE_LEVEL, core_level.factory_of(factory), PlainCoreGraph, core_program, "core")
    assert not differ
    assert not (wrong and factory is Adapter)


@pytest.mark.parametrize("name", ["Adapter", "Overbooked"])
def test_a_custom_judge_with_a_memo_judges_like_one_without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_states, "BOUND", 300)
    with running():
        factory = load(f"examples/seats.py:{name}", CUSTOM_LEVEL.name)
        differ, wrong = alike(CUSTOM_LEVEL, factory, PlainCustomGraph, seats_program, "custom")
    assert not differ
    assert bool(wrong) is (name == "Overbooked")


def test_what_one_task_did_is_known_of_another() -> None:
    """Programs that are grown have the same calls in other tasks, and are run a few times each."""
    chain, late = (core.Connect("c1"), core.Subscribe("c1", "t1")), (core.Connect("c2"),)
    with running():
        runner = Runner(CORE_LEVEL, core_level.factory_of(Adapter), Order.FIFO)
        for program in (CoreProgram((chain, late)), CoreProgram((late, late, late, chain))):
            runner.run(program, lambda _: fixed(()))
        known = set(runner.graph._states)
        runner.run(CoreProgram((late, late, late, late, chain)), lambda _: fixed(()))
        assert len(known) > 5
        assert known == set(runner.graph._states)


def test_neither_the_order_of_open_calls_nor_what_ended_before_makes_a_new_state() -> None:
    """Such states would be worked out for each program anew."""
    (first,) = CoreGraph().initial(("c1",), final=True, forgiving=False)
    connect, subscribe = core.Connect("c1"), core.Subscribe("c1", "t1")
    both = first.begin(connect).to.begin(subscribe).to
    assert both is first.begin(subscribe).to.begin(connect).to
    number, after, _ = first.begin(subscribe)
    assert after.after_return(number, subscribe, False).to is first
    twice = after.begin(subscribe)
    assert twice.number != number
    assert twice.to.after_return(number, subscribe, False).to is not after  # an equal call is open, by another number
    assert both.now.open == {number: subscribe, first.begin(connect).number: connect}


@pytest.mark.parametrize(("level", "subject"), [(CORE_LEVEL, "examples/pubsub.py:Adapter"), (CUSTOM_LEVEL, "examples/seats.py:Adapter")])
def test_the_run_in_which_a_program_is_drawn_shares_the_memo(level: Level, subject: str) -> None:
    with running():
        check = Check(Order.ANY, cancellation=False, level=level.name)
        explorer = Explorer(check, level, load(subject, level.name), UNLIMITED, lambda *_: None)
        explorer.round(1, PROFILES["dev"], 6)
        known = set(explorer.runner.graph._states)
        explorer.round(1, PROFILES["dev"], 6)
        assert len(known) > 5
        assert known == set(explorer.runner.graph._states)
