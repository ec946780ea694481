"""The judge's memo saves work and changes nothing: a judge with a memo and a fresh one judge a run alike."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from subwarden.checking.manager import graph as known_graph
from subwarden.checking.manager import possible_states
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
# the names are part of the random draws, so the source manager keeps its former name
SUBJECTS: dict[str, Factory] = {"manager": Manager, "seed": SourceManager, **{d.name: d.factory for d in DEFECTS}}


def random_programs(random: Random, count: int) -> list[ManagerProgram]:
    programs = [random_program(random) for _ in range(count)]
    return [replace(program, tasks=(*program.tasks, (op.ConnectionInitialized(1),))) for program in programs]


def judged(runner: Runner, program: ManagerProgram, make: Any) -> tuple[Result, set[str]]:
    runner.fired = set()
    result = runner.run(program, make)
    return result, runner.fired


def differing(factory: Factory, programs: list[ManagerProgram], order: Order) -> tuple[int, int]:
    """How many runs a judge without a memo judges differently, and how many runs violate a property."""
    wrong = differ = 0
    runner = Runner(MANAGER_LEVEL, factory, order)
    strategies = [Portfolio(Random(at)) for at in range(len(programs))]
    for _ in range(RUNS):
        for program, strategy in zip(programs, strategies, strict=True):  # in turn, so that they share the memo
            choose: Any = strategy.begin
            result, fired = judged(runner, program, choose)
            strategy.end(result.choices, result.steps)
            fresh, fired_fresh = judged(
                Runner(MANAGER_LEVEL, factory, order), program, lambda _candidates, made=result: fixed(made.choices)
            )
            wrong += bool(result.violations)
            differ += result != fresh or fired != fired_fresh
    return differ, wrong


@pytest.mark.slow
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_judge_with_a_memo_judges_like_a_fresh_one(subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_graph, "MOVES", 400)  # so that the memo is dropped several times
    random = Random(f"programs for {subject}")
    wrong = 0
    with running():
        for order in Order:
            differ, found = differing(SUBJECTS[subject], random_programs(random, PROGRAMS), order)
            assert not differ
            wrong += found
    assert not (wrong and subject == "manager")


def test_the_memo_is_exact_for_a_manager_that_hides_live_connections() -> None:
    with running():
        for kind in (split_lock_shown.ShownSplitLock, split_lock_shown.FixedSplitLock):
            differ, wrong = differing(kind, [split_lock_shown.PROGRAM, split_lock_shown.CROWDED], Order.ANY)
            assert not differ
            assert bool(wrong) is (kind is split_lock_shown.ShownSplitLock)


# Both programs leave connection 2 on thread 1 without an id. Task E is then owed True after the first, and 1 (the thread) after the second.
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


def test_owed_answers_1_and_true_are_kept_apart() -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, Manager, Order.ANY)
        assert not runner.run(OWED_TRUE, lambda *_: lambda _n: 0).violations
        assert not runner.follow(OWED_ONE, SO).violations


def test_a_memo_that_ignores_the_judged_parts_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(graph: ManagerGraph, configurations: tuple[Configuration, ...], judged: Judged) -> possible_states.ManagerStates:
        known: possible_states.ManagerStates = graph.manager_states.setdefault(
            configurations, possible_states.ManagerStates(graph, configurations, judged)
        )
        return known

    monkeypatch.setattr(possible_states, "manager_states", mixed)
    random = Random("programs for seed")
    with running():
        programs = random_programs(random, 3 * PROGRAMS)
        assert differing(SourceManager, programs, Order.ANY)[0]


def test_the_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_graph, "MOVES", 400)
    random = Random("bounded")
    runner = Runner(MANAGER_LEVEL, Manager, Order.ANY)
    most = 0
    with running():
        for program in random_programs(random, 40):
            strategy = Portfolio(Random(1))
            for _ in range(5):
                runner.run_strategy(program, strategy)
                most = max(most, len(runner.graph.manager_states) + len(runner.graph.pending))
    assert 0 < most < 1_000
