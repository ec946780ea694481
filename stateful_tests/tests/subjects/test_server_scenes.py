"""The beginnings of programs put every duty at stake that needs no fault, and can be played."""

from collections import Counter
from random import Random

import pytest

from subwarden.model.server import requests as rq
from subwarden.model.server.stakes import Stake
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.check import Check, checks_of
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.gate.tasks import SHARDS
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.subjects.server.scenes import SCENES
from subwarden.stateful_tests.tests.subjects.server_play import play, program, server

NEED_FAULTS = {Stake.DENIED, Stake.AFTER_LOSS, Stake.STOPPED, Stake.DROPPED, Stake.ENDED, Stake.CANCELLED, Stake.LISTENED}


@pytest.mark.slow
def test_every_duty_that_needs_no_fault_is_at_stake_in_some_scene() -> None:
    breakable = Counter[str]()
    for scene in SCENES.values():
        runner = Runner(SERVER_LEVEL, server("manager"), Order.FIFO)
        portfolio = Portfolio(Random(0), windows=True)
        with running():
            for _ in range(30):
                result = runner.run_strategy(program(*scene), portfolio)
                assert result is not None
                assert not result.violations
        breakable.update({name for name, could in runner.stakes if could})
    assert {stake.value for stake in set(Stake) - NEED_FAULTS} <= breakable.keys()


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_of_clients_that_are_there(name: str) -> None:
    came: set[int] = set()
    for request in SCENES[name]:
        came |= {request.connection} if isinstance(request, rq.Initialize) else set()
        assert request.connection in came


def test_a_slow_client_reads_after_all_else() -> None:
    """Its first message waits until the thread is loaded and the other client has its answers."""
    requests = (rq.Initialize(1), rq.Initialize(2), rq.Resume(2, 1), rq.TurnStart(2, 1, False))
    slow = play(server("manager"), program(*requests, faults=(ServerFault(FaultKind.SLOW, 0),)))
    plain = play(server("manager"), program(*requests))
    assert slow.timeline.index("+c1 reads") > slow.timeline.index("+v1 turn complete") > plain.timeline.index("+c1 reads")
    assert not slow.violations


def test_a_lingering_conversation_begins_a_turn_and_ends_it_after_all_requests() -> None:
    requests = (rq.Initialize(1), rq.Resume(1, 1), rq.TurnStart(1, 1, False), rq.TurnInterrupt(1, 1))
    lingers = play(server("manager"), program(*requests, faults=(ServerFault(FaultKind.LINGERS, 1),)))
    plain = play(server("manager"), program(*requests))
    assert lingers.timeline.index("+v1 turn started") < lingers.timeline.index("+start D") < lingers.timeline.index("+v1 turn aborted")
    assert plain.timeline.index("+v1 turn complete") < plain.timeline.index("+start D")
    assert not lingers.violations


def test_a_client_that_hesitates_approves_after_all_requests() -> None:
    requests = (rq.Initialize(1), rq.Resume(1, 1), rq.TurnStart(1, 1, True), rq.ListLoaded(1))
    hesitates = play(server("manager"), program(*requests, faults=(ServerFault(FaultKind.HESITATES, 1),)))
    plain = play(server("manager"), program(*requests))
    assert hesitates.timeline.index("+c1 approves v1") > hesitates.timeline.index("+start D")
    assert plain.timeline.index("+c1 approves v1") < plain.timeline.index("+start D")
    assert not hesitates.violations


def test_a_slow_client_is_one_of_the_variants() -> None:
    drawn = ServerProgram(((rq.Initialize(1),), (rq.ListLoaded(1),)))
    assert ServerProgram(drawn.tasks, (ServerFault(FaultKind.SLOW, 0),)) in SERVER_LEVEL.variants(drawn, False, Random(0))


@pytest.mark.parametrize("cancellation", [False, True])
def test_where_clients_are_asked_one_refuses_or_all_hesitate(cancellation: bool) -> None:
    drawn = program(rq.Initialize(1), rq.Initialize(2), rq.Resume(1, 1), rq.Resume(2, 1), rq.TurnStart(1, 1, True))
    faults = [variant.faults for variant in SERVER_LEVEL.variants(drawn, cancellation, Random(0))]
    assert any((ServerFault(FaultKind.DENIES, place),) in faults for place in (2, 3))
    assert (ServerFault(FaultKind.HESITATES, 2), ServerFault(FaultKind.HESITATES, 3)) in faults


def test_a_lingering_conversation_that_ends_often_does_so_in_a_turn() -> None:
    requests = (rq.Initialize(1), rq.Resume(1, 1), rq.TurnStart(1, 1, False))
    runner, portfolio = Runner(SERVER_LEVEL, server("manager"), Order.FIFO), Portfolio(Random(0), windows=True)
    with running():
        for _ in range(20):
            faults = (ServerFault(FaultKind.ENDS, 1), ServerFault(FaultKind.LINGERS, 1))
            result = runner.run_strategy(program(*requests, faults=faults), portfolio)
            assert result is not None
            assert not result.violations
    assert runner.stakes[Stake.ENDED.value, True] >= 8


@pytest.mark.parametrize("check", checks_of("server"), ids=lambda check: check.name)
def test_a_gate_plays_every_scene(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    driven: list[ServerProgram] = []
    monkeypatch.setattr(GateSearch, "_drive", lambda _self, drawn, _names, _violations: driven.append(drawn))
    with running():
        for number in range(SHARDS):
            GateSearch(check, SERVER_LEVEL, server("manager"), PROFILES["ci"]).round(number, 2 * len(SCENES) + 4)
    assert {scene.tasks for scene in SERVER_LEVEL.scenes()} <= {each.tasks for each in driven}
