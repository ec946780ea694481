"""Level server, as the explorer sees it: its answer to each question of `exploring.level.Level`."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from subwarden.checking.server.graph import ServerGraph
from subwarden.impl.server.server import Server
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import BY_NAME, REQUESTS, Reply
from subwarden.model.server.stakes import Stake
from subwarden.model.server.state import ChangeKind, target
from subwarden.model.server.words import say_request
from subwarden.reports.script.server import write
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.awaits import awaits_in, modules_of
from subwarden.stateful_tests.exploring.coverage.overlap import pairs
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind, parse, points
from subwarden.stateful_tests.exploring.drawing.machine import bound
from subwarden.stateful_tests.exploring.level import Drawing
from subwarden.stateful_tests.subjects.server.claim import claimant
from subwarden.stateful_tests.subjects.server.machine import ServerMachine
from subwarden.stateful_tests.subjects.server.play import (
    OF_A_HANDLER,
    OF_A_LISTENER,
    OF_A_START,
    OF_A_WORKER,
    Factory,
    ServerPlay,
    prepare,
)
from subwarden.stateful_tests.subjects.server.program import CANCELS, FaultKind, ServerFault, ServerProgram, in_order
from subwarden.stateful_tests.subjects.server.scenes import SCENES
from subwarden.stateful_tests.subjects.server.simpler import simpler

OVERLAPS = pairs(r.name for r in REQUESTS if r is not rq.Close)
# the answers to each request, apart from those that need a failing engine or a cancellation
ANSWERS = {
    rq.Initialize.name: (Reply.OK,),
    rq.Start.name: (Reply.OK, Reply.UNINITIALIZED),
    rq.Resume.name: (Reply.OK, Reply.CLOSING, Reply.NOT_FOUND),
    rq.Fork.name: (Reply.OK, Reply.NOT_FOUND),
    rq.Unsubscribe.name: (Reply.OK, Reply.NOT_SUBSCRIBED, Reply.NOT_LOADED),
    rq.Archive.name: (Reply.OK, Reply.NOT_FOUND),
    rq.ListLoaded.name: (Reply.OK,),
    rq.TurnStart.name: (Reply.OK, Reply.NOT_LOADED),
    rq.TurnInterrupt.name: (Reply.OK, Reply.NOT_LOADED),
    rq.Rollback.name: (Reply.OK, Reply.NOT_LOADED, Reply.BUSY),
    rq.AddListener.name: (Reply.OK, Reply.NOT_LOADED),
    rq.RemoveListener.name: (Reply.OK, Reply.NOT_FOUND),
}
SAYS = {
    FaultKind.CANCELLED: "its handler may be cancelled",
    FaultKind.WORKER: "its worker may be cancelled",
    FaultKind.START: "the body of its start may be cancelled",
    FaultKind.LISTENER: "the listener may be cancelled",
    FaultKind.FAILS: "the engine fails",
    FaultKind.LATE: "the engine is late",
    FaultKind.ENDS: "the conversation may end by itself",
    FaultKind.REFUSES: "the conversation may refuse requests",
    FaultKind.LOSES: "the conversation may lose an event",
    FaultKind.STOPS: "the server stops",
    FaultKind.SILENT: "its client gives no approvals",
    FaultKind.HESITATES: "its client answers approvals last",
    FaultKind.LINGERS: "the conversation ends its turns last",
    FaultKind.SLOW: "its client reads last",
    FaultKind.DEAF: "its client may read no more",
    FaultKind.DENIES: "its client refuses approvals",
}
FAILING = (rq.Start.name, rq.Resume.name, rq.Fork.name)

BESIDE = (f"{PointKind.CHANGE.value} ", f"{PointKind.STAKE.value} ")  # begin the kinds that the judge counts beside answers


class ServerLevel:
    """See `stateful_tests.exploring.level.Level`."""

    name = "server"
    code: int | str = 2
    drawn_as = "level 2"
    scope = "server"
    share = 0.34
    windows = True
    loop_class: type[ControlledLoop] = ControlledLoop
    new_graph = ServerGraph
    play = ServerPlay
    prepare = staticmethod(prepare)
    simpler = staticmethod(simpler)
    decode = staticmethod(ServerProgram.decode)
    claimant = staticmethod(claimant)
    write_script = staticmethod(write)
    say_operation = staticmethod(say_request)

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draw programs."""
        return bound(ServerMachine, drawing)

    def vocabulary(self, _factory: object) -> None:
        """None: programs are not varied."""

    def variants(self, program: ServerProgram, cancellation: bool, random: Random) -> list[ServerProgram]:
        """The program without faults, with a late and a lingering conversation, with a slow client, with one that refuses
        approvals, and with clients that hesitate, of which one may be slow; with `cancellation`: with a sample of single faults (a handler,
        a worker, a start or a listener is cancelled, the engine fails, a conversation lingers, ends by itself, refuses or loses an event,
        the server stops, a client is slow, reads no more, refuses approvals, hesitates or is silent) and of pairs. Where a turn is
        started, a listener is cancelled beside a slow client."""
        tasks = program.tasks
        brings = [place for place, (request,) in enumerate(tasks) if isinstance(request, rq.ASKS_ENGINE)]
        comes = [place for place, (request,) in enumerate(tasks) if isinstance(request, rq.Initialize)]
        slow = [ServerFault(FaultKind.SLOW, place) for place in comes]
        asks = any(isinstance(request, rq.TurnStart) and request.asks for (request,) in tasks)  # else nobody is asked for an approval
        asked = {request.connection: place for place, (request,) in enumerate(tasks) if asks and isinstance(request, rq.SUBSCRIBES)}
        silent, denies, hesitate = (
            [ServerFault(kind, place) for place in sorted(asked.values())]
            for kind in (FaultKind.SILENT, FaultKind.DENIES, FaultKind.HESITATES)
        )
        if not cancellation:
            late = [ServerFault(kind, random.choice(brings)) for kind in (FaultKind.LATE, FaultKind.LINGERS) if brings]
            late += random.sample(slow, min(len(slow), 1))
            late += random.sample(denies, min(len(denies), 1))
            faults: list[tuple[ServerFault, ...]] = [(), (), *((fault,) for fault in late)]
            if hesitate:
                faults += [tuple(hesitate), *([in_order((*hesitate, random.choice(slow)))] if slow else ())]
            return [ServerProgram(tasks, each) for each in faults]
        single = list(self.with_faults(program, 1).faults)
        single += [
            ServerFault(kind, place) for place in brings for kind in (FaultKind.FAILS, FaultKind.ENDS, FaultKind.REFUSES, FaultKind.LINGERS)
        ]
        turns = {request.thread for (request,) in tasks if isinstance(request, rq.TurnStart)}  # no others have events to lose
        loses = [ServerFault(FaultKind.LOSES, place) for place in brings if target(tasks[place][0]) in turns]
        stops = [ServerFault(FaultKind.STOPS, place) for place in brings[:1]]  # the same at any place
        deaf = [ServerFault(FaultKind.DEAF, place) for place in brings]
        workers = [ServerFault(FaultKind.WORKER, place) for _, place in self.with_faults(program, 1).faults]
        starts = [ServerFault(FaultKind.START, place) for place in brings if not isinstance(tasks[place][0], rq.Resume)]
        listeners = [ServerFault(FaultKind.LISTENER, place) for place in brings]
        single += loses + stops + deaf + workers + starts + listeners + slow
        single += silent + denies + hesitate
        chosen = random.sample(single, min(len(single), 8))
        if loses and not set(loses) & set(chosen):
            chosen.append(random.choice(loses))
        for must in (deaf, workers, starts, listeners, denies):
            if must and not set(must) & set(chosen):
                chosen.append(random.choice(must))
        chosen += [fault for fault in stops if fault not in chosen]
        variants = [ServerProgram(tasks, (fault,)) for fault in chosen]
        if loses:  # a conversation with turns: one of them is open for long, and may end in the middle, or its beginning may be lost
            place = random.choice(loses).place
            for kind in (FaultKind.ENDS, FaultKind.LOSES):
                variants.append(ServerProgram(tasks, in_order((ServerFault(kind, place), ServerFault(FaultKind.LINGERS, place)))))
            if slow:  # its listener waits for a client in the middle of an event, and may be cancelled there
                variants.append(ServerProgram(tasks, in_order((ServerFault(FaultKind.LISTENER, place), random.choice(slow)))))
        if len(single) > 1:
            variants += [ServerProgram(tasks, in_order(random.sample(single, 2))) for _ in range(4)]
        if hesitate:
            variants.append(ServerProgram(tasks, tuple(hesitate)))
        return variants

    def with_faults(self, program: ServerProgram, times: int) -> ServerProgram:
        """The program in which each handler may be cancelled, once: a cancelled handler ends."""
        handled = [place for place, (request,) in enumerate(program.tasks) if not isinstance(request, rq.Close)]
        return ServerProgram(program.tasks, tuple(ServerFault(FaultKind.CANCELLED, place) for place in handled if times))

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """Every rule, every request with each of its answers, every kind of change, and every obligation at stake."""
        expected = points(PointKind.RULE, (*BY_NAME, "advance", "settle", *["cancel"] * cancellation))
        expected |= points(PointKind.ANSWER, (f"{name}: {reply.value}" for name, replies in ANSWERS.items() for reply in replies))
        expected |= points(PointKind.CHANGE, (kind.value for kind in ChangeKind))
        expected |= points(PointKind.STAKE, (stake.value for stake in Stake))
        if cancellation:
            expected |= {
                OF_A_HANDLER,
                OF_A_LISTENER,
                OF_A_WORKER,
                OF_A_START,
                *points(PointKind.ANSWER, (f"{name}: {Reply.FAILED.value}" for name in FAILING)),
            }
        return expected

    def absent(self, factory: Factory) -> set[Point]:
        """Every server has every request, and not every one has workers."""
        return set() if self._server(factory).has_workers else {OF_A_WORKER}

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The kinds of changes and answers by the names that `expected` gives them."""
        return {parse(kind) if kind.startswith(BESIDE) else Point(PointKind.ANSWER, kind) for kind in kinds}

    def scenes(self) -> Sequence[ServerProgram]:
        """Those with which half of the drawn programs begin: Hypothesis draws some of them often, and others not at all."""
        return [ServerProgram(tuple((request,) for request in scene)) for scene in SCENES.values()]

    def sure_of(self, order: Order) -> Mapping[Point, Any]:
        """No program: drawn ones cover all."""
        return {}

    def brings(self, factory: Factory) -> set[Point]:
        """Nothing: the same is expected of every server."""
        return set()

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """All pairs of requests."""
        return OVERLAPS

    def awaits(self, factory: Factory) -> set[str]:
        """Every await in the request layer, its listener, and the manager under it."""
        server = self._server(factory)
        return awaits_in([*modules_of(type(server)), *modules_of(type(server.manager)), *server.listening()])

    def _server(self, factory: Factory) -> Server:
        """A server of the subject, to look at."""
        loop = ControlledLoop()
        with loop.entered():
            server = ServerPlay(factory, prepare(ServerProgram(())), loop, ServerGraph(), set()).server
        loop.abandon()
        return server

    def cancels(self, program: ServerProgram) -> bool:
        """Whether a task of the server may be cancelled: an engine that fails is no cancellation."""
        return any(fault.kind in CANCELS for fault in program.faults)

    def say_fault(self, program: ServerProgram, place: int) -> str:
        """The faults of the request at `place`, in words."""
        return ", ".join(SAYS[fault.kind] for fault in program.faults if fault.place == place)


SERVER_LEVEL = ServerLevel()
