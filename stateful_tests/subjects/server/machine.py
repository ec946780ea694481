"""The rule machine of level server: Hypothesis draws the clients' requests while they are played.

One rule lets a request arrive, another takes a chosen step or lets the environment move, another cancels a handler. The machine draws the
program and plays one schedule of it; the explorer plays many more.
"""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from subwarden.impl.server.simulated_engine import STORED
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.scheduling.events import Event
from subwarden.stateful_tests.exploring.drawing.machine import Machine
from subwarden.stateful_tests.subjects.server.meeting import HOW, met
from subwarden.stateful_tests.subjects.server.play import ServerPlay, prepare, prepare_task
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.subjects.server.scenes import SCENES

CONNECTIONS = st.sampled_from((1, 2, 1, 2, 3))
PLACES = st.integers(0, 5)  # index of a thread among those that exist; the first is the most likely
SUBSCRIPTIONS = st.sampled_from((1, 1, 2))
MEETINGS = st.lists(st.sampled_from(HOW), min_size=1, max_size=3)


class ServerMachine(Machine):
    """See `stateful_tests.exploring.drawing.machine`."""

    limit = 5_000

    def __init__(self) -> None:
        super().__init__()
        self.program = ServerProgram(())
        self.made: list[int] = []
        with self.loop.entered():
            self.play = ServerPlay(self.factory, prepare(self.program), self.loop, self.graph(), self.fired)

    # --- used by the rules

    def start(self, request: Request) -> None:
        """The request arrives."""
        if not self.over and not type(self).enough():
            self.arrive(request.name, prepare_task(len(self.program.tasks), request, ()), (request,))

    def cancellation(self, place: int) -> tuple[ServerFault, Event]:
        """The cancellation of a request's handler."""
        fault = ServerFault(FaultKind.CANCELLED, place)
        return fault, self.play.fault(prepare_task(place, self.program.tasks[place][0], (fault,)))

    def _thread(self, place: int) -> int:
        known = [STORED[0], *self.made, STORED[0], *STORED]
        return known[place % len(known)]

    def _make(self) -> int:
        self.made.append(max(STORED) + 1 + len(self.made))
        return self.made[-1]

    # --- the rules

    @initialize(
        scene=st.sampled_from((*[()] * len(SCENES), *SCENES.values())),
        connections=st.sampled_from(((1, 2), (1, 2), (1,), (1, 2, 3))),
        resumed=st.sampled_from(((1, 2), (1,), ())),
    )
    def connected(self, scene: tuple[Request, ...], connections: tuple[int, ...], resumed: tuple[int, ...]) -> None:
        """A scene, or clients of a thread."""
        for request in scene:
            if isinstance(request, rq.Start | rq.Fork):
                self._make()
            self.start(request)
        if scene:
            return
        for connection in connections:
            self.start(rq.Initialize(connection))
            self.rest()
        for connection in resumed:
            if connection in connections:
                self.start(rq.Resume(connection, STORED[0]))
                self.rest()

    @precondition(lambda self: self.program.tasks)
    @rule(hows=MEETINGS, pick=st.integers(0, 3), asks=st.booleans(), raw=st.booleans())
    def meet(self, hows: list[str], pick: int, asks: bool, raw: bool) -> None:
        """Requests, each of which meets the one before it, and the first a late one."""
        late = self.program.tasks[-4:]
        request = late[-1 - pick % len(late)][0]
        for how in hows:
            request = met(request, how, self._make, asks=asks, raw=raw)
            self.start(request)

    @rule(c=CONNECTIONS)
    def initialize_connection(self, c: int) -> None:
        self.start(rq.Initialize(c))

    @rule(c=CONNECTIONS)
    def close(self, c: int) -> None:
        self.start(rq.Close(c))

    @rule(c=CONNECTIONS, raw=st.booleans())
    def thread_start(self, c: int, raw: bool) -> None:
        self.start(rq.Start(c, self._make(), raw))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_resume(self, c: int, place: int) -> None:
        self.start(rq.Resume(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def resume_again(self, c: int, place: int) -> None:
        """The same rule again: resumes matter most."""
        self.start(rq.Resume(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_fork(self, c: int, place: int) -> None:
        self.start(rq.Fork(c, self._thread(place), self._make()))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_unsubscribe(self, c: int, place: int) -> None:
        self.start(rq.Unsubscribe(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def unsubscribe_again(self, c: int, place: int) -> None:
        """The same rule again: unsubscribes, too."""
        self.start(rq.Unsubscribe(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_archive(self, c: int, place: int) -> None:
        self.start(rq.Archive(c, self._thread(place)))

    @rule(c=CONNECTIONS)
    def thread_loaded_list(self, c: int) -> None:
        self.start(rq.ListLoaded(c))

    @rule(c=CONNECTIONS, place=PLACES, asks=st.booleans())
    def turn_start(self, c: int, place: int, asks: bool) -> None:
        self.start(rq.TurnStart(c, self._thread(place), asks))

    @rule(c=CONNECTIONS, place=PLACES)
    def turn_interrupt(self, c: int, place: int) -> None:
        self.start(rq.TurnInterrupt(c, self._thread(place)))

    @rule(c=CONNECTIONS, place=PLACES)
    def thread_rollback(self, c: int, place: int) -> None:
        self.start(rq.Rollback(c, self._thread(place)))

    @rule(c=CONNECTIONS, s=SUBSCRIPTIONS, place=PLACES, raw=st.booleans())
    def add_listener(self, c: int, s: int, place: int, raw: bool) -> None:
        self.start(rq.AddListener(c, s, self._thread(place), raw))

    @rule(c=CONNECTIONS, s=SUBSCRIPTIONS)
    def remove_listener(self, c: int, s: int) -> None:
        self.start(rq.RemoveListener(c, s))
