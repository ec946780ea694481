"""Memory after many runs: it stays flat in a long search, without any garbage to collect.

Garbage in circles is freed when somebody looks for it; what piles up until then stays the size of the process for good.
"""

import gc
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from subwarden.checking import frozen_states
from subwarden.checking.core.configurations import CoreNode
from subwarden.checking.core.connection_states import ConnectionStates
from subwarden.checking.manager import graph as nodes
from subwarden.checking.server import graph as server_graph
from subwarden.impl.subjects import SUBJECTS
from subwarden.model.core import step as core
from subwarden.model.manager import operations as op
from subwarden.model.server.requests import Initialize, Resume, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring import runner
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.specimens.core_defects.reference import Adapter
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.custom.level import CUSTOM_LEVEL
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.tests.subjects.core_level import factory_of
from subwarden.stateful_tests.tests.subjects.server_play import program, server

MANAGER = ManagerProgram(
    ((op.ConnectionInitialized(1), op.TryAddConnectionToThread(1, 1)), (op.RemoveConnection(1),), (op.RemoveThreadState(1),))
)


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """No collection unless the test asks for one."""
    with running():
        yield


def walk(level: Any, factory: Any, programs: list[Any], runs: int) -> None:
    runner, strategy = Runner(level, factory, Order.ANY), RandomWalk(Random(0))
    for number in range(runs):
        runner.run(programs[number % len(programs)], strategy.begin)


CORE = CoreProgram(((core.Connect("c1"), core.Subscribe("c1", "t1")), (core.Connect("c2"),)))


class Asking:
    """An adapter that asks the outside; it is in no circle itself."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.pairs: set[tuple[str, str]] = set()

    async def connect(self, client: str) -> None:
        await self.env.park(f"who is {client}")

    async def subscribe(self, client: str, topic: str) -> None:
        await self.env.park(f"may {client}", may_fail=OSError, client=client)
        self.pairs.add((client, topic))

    def observe(self) -> set[tuple[str, str]]:
        return self.pairs


@pytest.mark.parametrize(
    ("level", "factory", "program"),
    [(MANAGER_LEVEL, SUBJECTS["manager"].factory, MANAGER), (CORE_LEVEL, factory_of(Asking), CORE)],
    ids=["manager", "core"],
)
def test_a_run_leaves_no_circles(level: Any, factory: Any, program: Any) -> None:
    runner, strategy = Runner(level, factory, Order.ANY), RandomWalk(Random(0))
    for _ in range(300):  # the model's graph is made, which stays
        runner.run(program, strategy.begin)
    gc.collect()
    for _ in range(20):
        runner.run(program, strategy.begin)
    assert gc.collect() == 0


def manager_programs(count: int) -> list[Any]:
    return [ManagerProgram(((op.ConnectionInitialized(n),), (op.TryAddConnectionToThread(n, n),))) for n in range(1, count)]


def server_programs(count: int) -> list[Any]:
    return [program(Initialize(n), Resume(n, 99), Unsubscribe(n, 1)) for n in range(1, count)]  # nobody knows thread 99: nothing changes


def core_level(count: int) -> list[Any]:
    return [
        CoreProgram(((core.Connect(f"c{n}"), core.Subscribe(f"c{n}", f"t{n}"), core.Unsubscribe(f"c{n}", f"t{n}")),))
        for n in range(1, count)
    ]


@pytest.mark.parametrize(
    ("level", "factory", "programs", "module", "node", "bound"),
    [
        (MANAGER_LEVEL, SUBJECTS["manager"].factory, manager_programs(40), nodes, nodes.ManagerNode, "BOUND"),
        (SERVER_LEVEL, server("manager"), server_programs(40), server_graph, server_graph.ServerNode, "LARGEST"),
        (CORE_LEVEL, factory_of(Adapter), core_level(40), frozen_states, CoreNode, "BOUND"),
        (CORE_LEVEL, factory_of(Adapter), core_level(40), frozen_states, ConnectionStates, "BOUND"),
    ],
    ids=lambda given: getattr(given, "name", ""),
)
def test_a_model_s_graph_that_is_dropped_is_gone_at_once(
    level: Any, factory: Any, programs: list[Any], module: Any, node: type, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alive(least: int) -> int:
        monkeypatch.setattr(module, bound, least)
        before = sum(type(thing) is node for thing in gc.get_objects())
        walk(level, factory, programs, 2 * len(programs))
        return sum(type(thing) is node for thing in gc.get_objects()) - before

    kept = alive(10**6)
    gc.collect()
    assert alive(20) < kept / 4


BOUND = 3_000  # moves that a graph keeps in the next test


def alive() -> int:
    """How many objects of ours and of the subject there are, and how many tuples, in which states are kept."""
    gc.collect()
    return sum(type(thing) is tuple or type(thing).__module__.startswith("subwarden") for thing in gc.get_objects())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "factory"),
    [(CORE_LEVEL, factory_of(Adapter)), (CUSTOM_LEVEL, load("examples/seats.py:Adapter", "custom"))],
    ids=["core", "custom"],
)
def test_a_long_gate_of_an_adapter_keeps_no_more(level: Any, factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds draw new programs all the time; what is known of their states is dropped now and then, and all else is of one round."""
    monkeypatch.setattr(frozen_states, "BOUND", BOUND)
    search = GateSearch(Check(Order.ANY, False, level.name), level, factory, Profile("memory", 24, 100, 9, derandomized=True))
    runner, most, without, before = search.explorer.runner, 0, [], alive()
    for number in range(24):
        search.round(number, 2)
        most = max(most, alive() - before)
        if number % 8 == 7:
            runner.graph = level.new_graph()
            without.append(alive() - before)
    assert runner.schedules > 5_000
    assert most < 12 * BOUND
    assert max(without) < 3 * BOUND  # the last program, what it grew from, and its calls; one object more for each run would show


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # thawing frees the garbage of earlier tests
@pytest.mark.parametrize("by_others", [False, True])
def test_objects_frozen_before_many_runs_stay_frozen_and_no_others_do(by_others: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted is what is frozen: some of it may go meanwhile."""
    monkeypatch.setattr(runner, "_others_freeze", lambda: by_others)
    gc.unfreeze()
    gc.enable()
    if by_others:
        gc.freeze()
    frozen, more = gc.get_freeze_count(), [[number] for number in range(1_000)]
    for _ in range(2):
        with running(), running():
            assert by_others <= (0 < gc.get_freeze_count() <= frozen), f"{len(more)} objects are not frozen"
            assert by_others or gc.get_freeze_count() > len(more)
    assert (gc.get_freeze_count() > 0) is by_others
    gc.freeze()  # as it was


def test_whether_others_freeze_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python goes through all that is frozen to count it: in a process of many tests that took longer than the tests."""
    asked: list[int] = []

    def count() -> int:
        asked.append(1)
        return 1

    monkeypatch.setattr(gc, "get_freeze_count", count)
    gc.enable()
    for _ in range(3):
        with running():
            pass
    assert len(asked) <= 1
