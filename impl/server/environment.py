"""The environment of a server: clients and an engine, each of whose moves is an event that its user lets happen.

An event is offered in a list as soon as it may happen, before the requests that have not arrived yet: left alone, the environment answers
promptly, and a request arrives when everything before it has been dealt with. A harness hands over the list that its scheduler picks from;
a script lets events happen by their labels. It refuses to be random: the outcome depends on the requests, and on the order of the events.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.outbox import Outbox
from subwarden.impl.server.server import Server
from subwarden.impl.server.simulated_engine import SimulatedConversation, SimulatedEngine
from subwarden.model.server import requests as rq
from subwarden.model.server.reading import PATIENCE
from subwarden.model.server.requests import Asks, EngineEvent, Message, Request

ROOM = 1  # messages that a client's outbox holds


class Offer:
    """An event that may happen now. `label` names it; `deliver` makes it happen."""

    __slots__ = ("deliver", "label")

    def __init__(self, label: str, deliver: Callable[[], object]) -> None:
        self.label = label
        self.deliver = deliver


class Observer(Protocol):
    """Is told of every message to a client and every act of the engine, at that moment."""

    def delivered(self, connection: int, message: Message) -> None:
        """A message is on its way, and can no longer be held back."""

    def brought(self, thread: int, conversation: int | None) -> None:
        """The engine has brought a conversation; None: it could not."""

    def archived(self, thread: int) -> None:
        """A thread was taken out of the store."""

    def emitted(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine reports an event."""

    def lost(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine has lost an event that it has reported: no listener can take it."""

    def stopped(self, connections: list[int]) -> None:
        """The server stops, and these clients have gone."""

    def reads(self, connection: int) -> None:
        """A client reads a message."""

    def deaf(self, connection: int) -> None:
        """A client reads no more."""

    def dropped(self, connection: int) -> None:
        """The server gives a client up: it has gone."""

    def taken(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """A listener has taken an event."""

    def died(self, thread: int, conversation: int) -> None:
        """A conversation has ended by itself."""

    def submitted(self, request: rq.TurnStart | rq.TurnInterrupt | rq.Rollback, conversation: int, turn: int) -> None:
        """A conversation is asked for what `request` says, by the server, which is connection 0. `turn`: the number of its turn that is
        open or will be; 0: there is none."""

    def refused(self, thread: int) -> None:
        """A conversation of the thread has refused a turn, an interrupt or a rollback."""

    def approves(self, connection: int, thread: int, conversation: int, number: int, granted: bool) -> None:
        """A client gives the approval that event `number` of a conversation asked for, or refuses it."""

    def approved(self, thread: int, conversation: int, number: int, granted: bool) -> None:
        """The engine hears of an approval that it waited for, or of its refusal."""


class Environment:
    """The environment of one run. The engine cannot bring the conversations of the threads `failing`, brings those of `late` after
    everything else, those of `ending` may end by themselves, those of `refusing` may take no more requests from some moment on, and those
    of `losing` may lose one event. Those of `lingering` do their work after everything else, but begin a turn as soon as any; those of them
    that are `ending` as well end once their first turn has begun, before the rest of it unless the schedule says otherwise. With any thread
    in `stopping`, the server stops. The clients `silent` give no approvals, those `denying` refuse them, those `hesitating` answer for them
    after everything else, those `slow` read after everything else, and those `deaf` may read no more from some moment on.

    `events` must happen at some time, `faults` need not; `make` makes the entries of both lists from a label and a function.
    """

    def __init__(
        self,
        *,
        events: list[Any] | None = None,
        faults: list[Any] | None = None,
        make: Callable[[str, Callable[[], object]], Any] = Offer,
        failing: Collection[int] = (),
        late: Collection[int] = (),
        ending: Collection[int] = (),
        refusing: Collection[int] = (),
        losing: Collection[int] = (),
        stopping: Collection[int] = (),
        silent: Collection[int] = (),
        denying: Collection[int] = (),
        hesitating: Collection[int] = (),
        deaf: Collection[int] = (),
        slow: Collection[int] = (),
        lingering: Collection[int] = (),
    ) -> None:
        self.observer: Observer
        self.server: Server
        self.engine = SimulatedEngine(self)
        self.conversations: list[SimulatedConversation] = []
        self.failing = failing
        self.late = late
        self.ending = frozenset(ending)
        self.refusing = refusing
        self.losing = losing
        self.lingering = frozenset(lingering)
        self._stops = bool(stopping)
        self._stopped = False
        self.silent = frozenset(silent)
        self.denying = frozenset(denying)
        self.hesitating = frozenset(hesitating)
        self.deaf = frozenset(deaf)
        self.slow = frozenset(slow)
        self.clients: dict[int, Client] = {}  # that have not gone
        self._events: list[Any] = [] if events is None else events
        self._faults: list[Any] = [] if faults is None else faults
        self._make = make
        self._prompt = 0  # the number of events that are the environment's: they stand first
        self._connected: set[int] = set()
        self._closed: set[int] = set()

    def serve(self, server: Server, observer: Observer) -> None:
        """Clients talk to `server` from now on, and `observer` is told."""
        self.server, self.observer = server, observer
        if self._stops:
            self.offer("server stops", self._stop, late=True)

    # --- events

    def offer(self, label: str, happens: Callable[[], object], *, late: bool = False) -> Any:
        """Offer an event of the environment. `late`: behind all others in the list."""
        if late:
            event = self._make(label, happens)
            self._events.append(event)
            return event

        def deliver() -> None:
            self._prompt -= 1
            happens()

        event = self._make(label, deliver)
        self._events.insert(self._prompt, event)
        self._prompt += 1
        return event

    def may(self, label: str, happens: Callable[[], object]) -> None:
        """Offer an event that need not happen."""
        self._faults.append(self._make(label, happens))

    def take_back(self, event: Any) -> None:
        """Withdraw an event, unless it has happened."""
        if event in self._events:
            if self._events.index(event) < self._prompt:
                self._prompt -= 1
            self._events.remove(event)

    def happens(self, label: str, which: int = 1) -> bool:
        """Let the event offered as `label` happen, the `which`-th of several. False, and nothing happens, if it is not offered."""
        for offered in (self._events, self._faults):
            for at, event in enumerate(offered):
                which -= event.label == label
                if not which:
                    offered.pop(at).deliver()
                    return True
        return False

    def something_happens(self) -> bool:
        """Let the first event in the list happen. False if there is none."""
        if not self._events:
            return False
        self._events.pop(0).deliver()
        return True

    # --- clients

    def gone(self, connection: int) -> bool:
        """Whether a client has gone away, or nobody can come any more."""
        return self._stopped or connection in self._closed

    def arrives(self, name: str, request: Request) -> None:
        """A client's request arrives, which answers call `name`; the first connects the client. Nothing arrives after its close."""
        connection = request.connection
        if self.gone(connection):
            return
        if connection not in self._connected:
            self._connected.add(connection)
            self.clients[connection] = Client(self, connection)
        if isinstance(request, rq.Close):
            self._close(connection)
        else:
            self.server.receive(ConnectionRequestId(connection, name), request)

    def dropped(self, connection: int) -> None:
        """The server gives the client up."""
        self._closed.add(connection)
        del self.clients[connection]
        self.observer.dropped(connection)

    def _close(self, connection: int) -> None:
        self._closed.add(connection)
        del self.clients[connection]
        self.server.outboxes[connection].close()
        self.server.close(connection)

    def _stop(self) -> None:
        """The server stops: all connections close, and no other is made."""
        self._stopped = True
        connections = sorted(self.clients)
        self.observer.stopped(connections)
        for connection in connections:
            self._close(connection)
        self.server.stop()

    def cancel(self, name: str) -> bool:
        """Cancel the handler of request `name`, or the server's task of that name. False if that has ended."""
        task = self.server.handlers.get(name) or self.server.tasks.get(name)
        if task is None or task.done():
            return False
        task.cancel()
        return True


class Client:
    """One client: reads its messages, one at a time, and gives every approval that it is asked for, unless it is silent or denying. Only
    those that may go deaf are ever waited for too long."""

    def __init__(self, environment: Environment, connection: int) -> None:
        self._environment = environment
        self._connection = connection
        self._reading: Any = None
        self.deaf = False
        may_go_deaf = connection in environment.deaf
        self.outbox = Outbox(ROOM, self._queued, self._dropped, PATIENCE if may_go_deaf else None)
        environment.server.open(connection, self.outbox)
        if may_go_deaf:
            environment.may(f"c{connection} reads no more", self._goes_deaf)

    def _goes_deaf(self) -> None:
        self.deaf = True
        if self._reading is not None:
            self._environment.take_back(self._reading)
            self._reading = None
        if not self.outbox.closed:
            self._environment.observer.deaf(self._connection)

    def _dropped(self) -> None:
        self._environment.dropped(self._connection)

    def _queued(self, message: Message) -> None:
        self._environment.observer.delivered(self._connection, message)
        if self._reading is None and not self.deaf:
            self._may_read()

    def _may_read(self) -> None:
        slow = self._connection in self._environment.slow
        self._reading = self._environment.offer(f"c{self._connection} reads", self._read, late=slow)

    def _read(self) -> None:
        self._reading = None
        message = self.outbox.take()
        if message is None or self.outbox.closed:
            return
        self._environment.observer.reads(self._connection)
        if len(self.outbox) and self._reading is None:
            self._may_read()
        if isinstance(message, Asks) and self._connection not in self._environment.silent:
            asks = message
            does = "denies" if self._connection in self._environment.denying else "approves"
            last = self._connection in self._environment.hesitating
            label = f"c{self._connection} {does} v{asks.conversation}"
            self._environment.offer(label, lambda: self._approve(asks, does == "approves"), late=last)

    def _approve(self, asks: Asks, granted: bool) -> None:
        if not self.outbox.closed:
            environment = self._environment
            environment.observer.approves(self._connection, asks.thread, asks.conversation, asks.number, granted)
            answer = environment.server.approve if granted else environment.server.deny
            answer(self._connection, asks.thread, asks.conversation, asks.number)
