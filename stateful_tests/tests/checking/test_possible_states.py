"""What a judge remembers of earlier runs saves work and changes nothing: a run is judged the same by one that has seen nothing before."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from subwarden.checking.manager import graph as nodes
from subwarden.checking.manager import possible_states as belief
from subwarden.checking.manager.configuration import Configuration, Judged
from subwarden.checking.manager.graph import ManagerGraph
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.model.manager import operations as op
from subwarden.scheduling.order import Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Result, Runner, running
from subwarden.stateful_tests.specimens.manager_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.races import split_lock_shown
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.tests.subjects.manager_programs import random_program

PROGRAMS, RUNS = 5, 30
SUBJECTS: dict[str, Factory] = {"manager": Manager, "seed": SourceManager, **{d.name: d.factory for d in DEFECTS}}


def random_programs(random: Random, count: int) -> list[ManagerProgram]:
    programs = [random_program(random) for _ in range(count)]
    return [replace(program, tasks=(*program.tasks, (op.ConnectionInitialized(1),))) for program in programs]


def judged(runner: Runner, program: ManagerProgram, make: Any) -> tuple[Result, set[str]]:
    runner.fired = set()
    result = runner.run(program, make)
    return result, runner.fired


def differing(factory: Factory, programs: list[ManagerProgram], order: Order) -> tuple[int, int]:
    """How many runs are judged otherwise by a judge without a memory, and how many are found wrong."""
    wrong = differ = 0
    runner = Runner(MANAGER_LEVEL, factory, order)
    strategies = [Portfolio(Random(at)) for at in range(len(programs))]
    for _ in range(RUNS):
        for program, strategy in zip(programs, strategies, strict=True):  # in turn, so that they share what is remembered
            choose: Any = strategy.begin
            result, fired = judged(runner, program, choose)
            strategy.end(result.choices, result.steps)
            fresh, fired_fresh = judged(
                Runner(MANAGER_LEVEL, factory, order), program, lambda _candidates, made=result: fixed(made.choices)
            )
            wrong += bool(result.violations)
            differ += result != fresh or fired != fired_fresh
    return differ, wrong


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_judge_with_a_memory_judges_as_one_without(subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOVES", 400)  # it forgets as well, several times
    random = Random(f"programs for {subject}")
    wrong = 0
    with running():
        for order in Order:
            differ, found = differing(SUBJECTS[subject], random_programs(random, PROGRAMS), order)
            assert not differ
            wrong += found
    assert not (wrong and subject == "manager")


def test_so_does_one_of_a_manager_that_hides_who_is_connected() -> None:
    with running():
        for kind in (split_lock_shown.ShownSplitLock, split_lock_shown.FixedSplitLock):
            differ, wrong = differing(kind, [split_lock_shown.PROGRAM, split_lock_shown.CROWDED], Order.ANY)
            assert not differ
            assert bool(wrong) is (kind is split_lock_shown.ShownSplitLock)


# after the first, connection 2 is on thread 1 without an id and task E is owed True; after the second the same, and E is owed 1, the thread
OWED_TRUE = ManagerProgram(
    (
        (op.RemoveConnection(1),),
        *((op.HasSubscribers(9),) for _ in range(3)),
        (op.ConnectionInitialized(2), op.TryAddConnectionToThread(1, 2)),
    )
)
OWED_ONE = ManagerProgram(
    (
        (op.RemoveThreadState(1),),
        (op.RemoveConnection(1),),
        (op.RemoveThreadState(1),),
        (op.SetListener(1, 2, 1, False),),
        (op.RemoveListener(1),),
        (op.TryAddConnectionToThread(1, 2),),
        (op.TryAddConnectionToThread(1, 2),),
        (op.SetListener(1, 1, 2, False),),
        (op.ConnectionInitialized(2),),
    )
)
SO = "+start A|A|A|+start B|B|B|+start C|+start H|C|H|C|+start I|I|I|+start D|+start F|+start G|F|H|G|D|F|G|D|+start E|E|E".split("|")


def test_one_and_true_are_not_the_same_answer_to_be_owed() -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, Manager, Order.ANY)
        assert not runner.run(OWED_TRUE, lambda *_: lambda _n: 0).violations
        assert not runner.follow(OWED_ONE, SO).violations


def test_a_memory_that_mixes_up_what_is_judged_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(graph: ManagerGraph, worlds: tuple[Configuration, ...], judged: Judged) -> belief.ManagerStates:
        known: belief.ManagerStates = graph.beliefs.setdefault(worlds, belief.ManagerStates(graph, worlds, judged))
        return known

    monkeypatch.setattr(belief, "belief", mixed)
    random = Random("programs for seed")
    with running():
        programs = random_programs(random, 3 * PROGRAMS)
        assert differing(SourceManager, programs, Order.ANY)[0]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOVES", 400)
    random = Random("bounded")
    runner = Runner(MANAGER_LEVEL, Manager, Order.ANY)
    most = 0
    with running():
        for program in random_programs(random, 40):
            strategy = Portfolio(Random(1))
            for _ in range(5):
                runner.run_strategy(program, strategy)
                most = max(most, len(runner.graph.beliefs) + len(runner.graph.pending))
    assert 0 < most < 1_000
