"""Planted faults of servers are found from outside, by programs of a few calls; their correct twins hold, whichever way clients leave."""

import asyncio
import contextlib
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

import subwarden
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.overlap import Overlap
from subwarden.scheduling.strategies.sampling.pct import Pct
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.strategies.systematic.delay_bounded import DelayBounded
from subwarden.stateful_tests.exploring.budget import Budget
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.end_states import EndStateRunner
from subwarden.stateful_tests.exploring.coverage.inner_states import InnerStates
from subwarden.stateful_tests.exploring.drawing.profiles import PROFILES
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.specimens.hubs import asgi_apps, broadcasters, line_servers
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_level import factory_of

ONE = (Connect("c1"), Subscribe("c1", "t1"))
TWO = (Connect("c1"), Connect("c2"), Subscribe("c1", "t1"), Subscribe("c2", "t1"))
SHOWS: dict[str, tuple[tuple[CoreOperation, ...], ...]] = {
    "keeps who leaves": ((*ONE, Unsubscribe("c1", "t1"), Publish("t1")),),
    "joins twice": ((*ONE, Subscribe("c1", "t1"), Publish("t1")),),
    "leaves once": ((*ONE, Subscribe("c1", "t1"), Unsubscribe("c1", "t1"), Publish("t1")),),
    "acknowledges early": ((*ONE, Publish("t1")),),
    "acknowledges a leave early": ((*ONE, Unsubscribe("c1", "t1"), Publish("t1")),),
    "stops at a broken client": (TWO, (Disconnect("c1"),), (Publish("t1"),)),
    "forgets on reset": ((*TWO, Disconnect("c1"), Publish("t1")),),
    "ends all at a reset": ((*TWO, Disconnect("c1"), Publish("t1")),),
    "forgets a second topic": ((*ONE, Subscribe("c1", "t2"), Publish("t1")),),
    "walks the live list": (TWO, (Unsubscribe("c1", "t1"),), (Publish("t1"),)),
}
SCHEDULES = 200
KINDS = {"on the network": line_servers, "by ASGI": asgi_apps}
EACH = [pytest.param(kind, fault, id=f"{fault}, {name}") for name, kind in KINDS.items() for fault in kind.FAULTS]


def results(make: Any, tasks: tuple[tuple[CoreOperation, ...], ...], schedules: int, order: Order = Order.FIFO) -> Iterator[Any]:
    """Runs of a program."""
    runner, strategy, program = Runner(CORE_LEVEL, factory_of(make), order), Overlap(Random(0)), CoreProgram(tasks)
    with running():
        for _ in range(schedules):
            yield runner.run_strategy(program, strategy)


@pytest.mark.parametrize(("kind", "fault"), EACH)
def test_a_planted_fault_is_found(kind: Any, fault: str) -> None:
    assert any(result.violations for result in results(kind.hub(fault), SHOWS[fault], SCHEDULES))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_correct_server_holds(kind: Any, order: Order) -> None:
    for tasks in dict.fromkeys(SHOWS.values()):
        for result in results(kind.hub(), tasks, 20, order):
            assert not result.violations, (tasks, result.violations)


def searched(make: Any, check: Check, most: int, seed: int = 2 << 20) -> GateSearch:
    """A check of the gate, until it has found something or has run so many schedules."""
    searches: list[GateSearch] = []
    budget = Budget(lambda: bool(searches) and searches[0].explorer.runner.schedules >= most)
    search = GateSearch(check, CORE_LEVEL, factory_of(make), PROFILES["dev"], budget, make=lambda *found: found, most=1)  # type: ignore[arg-type]  # it is not made small
    searches.append(search)
    with running():
        while not search.over():
            search.round(seed, PROFILES["dev"].examples // 2)
            seed += 1
    return search


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "fault"), EACH)
def test_a_gate_finds_a_planted_fault(kind: Any, fault: str) -> None:
    """Each of three searches. By the first walks and schedules, three of these took more than 2,000 schedules in most searches."""
    for seed in range(3):
        assert searched(kind.hub(fault), Check(Order.FIFO, False, CORE_LEVEL.name), 1_500, seed << 20).outcome.findings, seed


@pytest.mark.slow
@pytest.mark.parametrize("cancellation", [False, True], ids=["calm", "cancelled"])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_gate_finds_nothing_in_a_correct_server(kind: Any, order: Order, cancellation: bool) -> None:
    outcome = searched(kind.hub(), Check(order, cancellation, CORE_LEVEL.name), 2_500).outcome
    assert not outcome.findings, outcome.findings


BROADCASTS = {
    "stops at a broken client": SHOWS["stops at a broken client"],
    "ends all": ((*TWO, Unsubscribe("c1", "t1"), Publish("t1")),),
    "tells twice": ((*ONE, Publish("t1")),),
}
TO_ALL = {"on the network": broadcasters.on_the_network, "by ASGI": broadcasters.by_asgi}


@pytest.mark.parametrize("hub", TO_ALL.values(), ids=TO_ALL)
@pytest.mark.parametrize("fault", broadcasters.FAULTS)
def test_a_planted_fault_of_a_server_without_topics_is_found(hub: Any, fault: str) -> None:
    """Each client gets every message, and it counts for the subscriptions to its topic alone."""
    assert any(result.violations for result in results(hub(fault), BROADCASTS[fault], SCHEDULES))


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("hub", TO_ALL.values(), ids=TO_ALL)
def test_a_correct_server_without_topics_holds(hub: Any, order: Order) -> None:
    two = ((*TWO, Subscribe("c1", "t2"), Publish("t1")), (Publish("t2"), Unsubscribe("c1", "t2")))
    for tasks in (*BROADCASTS.values(), two):
        for result in results(hub(), tasks, 20, order):
            assert not result.violations, (tasks, result.violations)


def test_a_correct_server_that_does_not_answer_holds() -> None:
    for result in results(line_servers.hub(answered=None), SHOWS["stops at a broken client"], 60):
        assert not result.violations


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_clients_break_off_or_close_and_either_is_named(kind: Any) -> None:
    runner, strategy, said = Runner(CORE_LEVEL, factory_of(kind.hub()), Order.FIFO), RandomWalk(Random(0)), set[str]()
    with running():
        for _ in range(20):
            said.update(runner.record(CoreProgram(((*ONE, Disconnect("c1")),)), strategy.begin)[1])
    assert {"+c1 breaks off", "+c1 closes"} <= said


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_clients_that_are_not_to_break_off_close(kind: Any) -> None:
    hub = kind.hub("ends all at a reset")
    hub.breaks_off = False
    assert not any(result.violations for result in results(hub, SHOWS["ends all at a reset"], SCHEDULES))


@pytest.mark.parametrize("calls", [(Publish("t1"), Disconnect("c1")), (Disconnect("c1"), Publish("t1"))], ids=["before", "after"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_message_meets_a_client_that_breaks_off(kind: Any, calls: tuple[CoreOperation, ...]) -> None:
    """Whichever of both comes first. By ASGI, a send to a client that has broken off waits until the server has noticed; before, it came
    to nothing."""
    tasks = (TWO, *((each,) for each in calls))
    assert sum(bool(result.violations) for result in results(kind.hub("stops at a broken client"), tasks, SCHEDULES)) > 1


def test_a_search_takes_messages_for_progress_and_not_connections() -> None:
    """Bytes and buffers are other ones in each schedule: a search would stay with its first programs."""
    states: set[object] = set()
    look = InnerStates()
    runner = EndStateRunner(CORE_LEVEL, factory_of(line_servers.hub()), Order.FIFO)
    runner.look = lambda subject: states.add(look.of(subject))
    strategy, program = Overlap(Random(0)), CoreProgram((TWO, (Publish("t1"),), (Disconnect("c1"),)))
    with running():
        for _ in range(60):
            runner.run_strategy(program, strategy)
    assert 2 <= len(states) <= 4


def test_what_a_server_keeps_in_a_closure_does_not_outlive_a_run() -> None:
    """Before, each run met what earlier ones had left; a fault that leaves something behind was found, and did not repeat."""
    begun: list[str] = []

    async def serve() -> Any:
        begun.append("serve")
        async for _ in line_servers.Server().serve():
            yield

    hub = line_servers.hub()
    hub.serve = serve
    for _ in results(hub, (ONE,), 3):
        assert begun == ["serve"]


class HandsOn(asgi_apps.App):
    """A task receives, and hands each message to the handler by a queue, as Quart does for its applications."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        messages: asyncio.Queue[Any] = asyncio.Queue()

        async def takes() -> None:
            message = await receive()
            messages.put_nowait(message)
            while message["type"] != "websocket.disconnect":
                message = await receive()
                messages.put_nowait(message)

        async def deals() -> Any:
            message = await messages.get()
            await asyncio.sleep(asgi_apps.STORING)  # it asks a store first
            return message

        taking = asyncio.create_task(takes())
        try:
            await super().__call__(scope, deals, send)
        finally:
            taking.cancel()


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("fault", ["", "keeps who leaves"])
def test_a_call_whose_message_is_handed_on_is_answered_when_the_handler_has_dealt_with_it(fault: str, order: Order) -> None:
    hub = asgi_apps.hub()
    hub.app = lambda: HandsOn(fault)
    found = [bool(result.violations) for tasks in SHOWS.values() for result in results(hub, tasks, 25, order)]
    assert any(found) is bool(fault)


@pytest.mark.parametrize("order", Order)
def test_a_server_that_ticks_while_its_pings_are_under_way_comes_to_rest(order: Order) -> None:
    """As uvicorn does with pings of websockets: at some ticks a ping is under way, and tasks stand elsewhere than at the others."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def pings() -> None:
            while True:
                await asyncio.sleep(20)
                writer.write(b"ping\n")

        pinging = asyncio.create_task(pings())
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                if line == b"join\n":
                    writer.write(b"ok\n")
        pinging.cancel()
        writer.close()

    async def ticks() -> None:
        while True:  # noqa: ASYNC110  # a server that looks at a flag
            await asyncio.sleep(0.1)

    async def serve() -> Any:
        ticking = asyncio.create_task(ticks())
        async with await asyncio.start_server(handle, "localhost", 7000):
            yield
        ticking.cancel()

    class Client:
        def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.reader, self.writer, self.close = reader, writer, writer.close

        async def send(self, text: str) -> None:
            self.writer.write(f"{text}\n".encode())

        async def receive(self) -> str:
            while (line := await self.reader.readline()) == b"ping\n":
                await asyncio.sleep(0.05)
                self.writer.write(b"pong\n")
            if not line:
                raise ConnectionResetError
            return line.decode().strip()

    async def connect(client: str) -> Client:
        return Client(*await asyncio.open_connection("localhost", 7000))

    hub = subwarden.SocketHub(
        serve, connect=connect, subscribe=lambda topic: "join", publish=lambda *_: "say", received=lambda _: None, answered=lambda _: True
    )
    strategies: list[Strategy] = [DelayBounded(0), *(Pct(Random(seed), 3) for seed in range(12))]
    runner = Runner(CORE_LEVEL, factory_of(hub), order)
    with running():
        for strategy in strategies:
            result = runner.run_strategy(CoreProgram((ONE, (Disconnect("c1"),))), strategy)
            assert result is not None
            assert not result.violations
