"""Judges one run of server: every visible change and every message is held against the protocol's model as it happens.

It looks after each step, and right before each message is queued, so that an answer is judged by what shows when it is given. What is
visible of a server is copied only when it has changed.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.invariants import Invariants
from subwarden.checking.observable import Observable, shows_of
from subwarden.checking.server.changes import forced, in_order, of_maps, of_registry, refused, said
from subwarden.checking.server.graph import ServerGraph
from subwarden.model.manager.projection import Shown
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Deliveries
from subwarden.model.server.requests import AnswerSent, Asks, Closed, EngineEvent, EventKind, Message, Notice, Reply, Request
from subwarden.model.server.state import Change, ChangeKind, ServerState, target
from subwarden.scheduling.loop import ControlledLoop

ENDED = (Reply.OK, Reply.NOT_SUBSCRIBED, Reply.NOT_LOADED)  # answers to an unsubscribe by which the client knows that it is not subscribed


CHOOSES = (rq.Start, rq.AddListener)  # requests that say whether raw events are wanted


def _of(request: Request) -> tuple[int, int]:
    """The thread and the connection that it is about."""
    return target(request), request.connection


class Serving(Protocol):
    """What the judge looks at: the registry beside the manager."""

    @property
    def manager(self) -> Observable:
        """Its maps are shown as at level manager."""

    @property
    def loaded(self) -> Mapping[int, Any]:
        """Thread -> conversation, which has a `number`."""

    @property
    def unloading(self) -> AbstractSet[int]:
        """Threads that are loaded, and will not be for long."""

    @property
    def listeners(self) -> Mapping[Any, tuple[int, int]]:
        """Of those that run: thread and conversation."""


class ServerJudge:
    """One run's judge. `violations` has every cause seen, with the number of the step at which it was first seen."""

    shows_by = "show"

    def __init__(
        self, loop: ControlledLoop, server: Serving, stored: frozenset[int], graph: ServerGraph, fired: Callable[[str], object]
    ) -> None:
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.steps = 0
        self.show_raised: Exception | None = None
        self._node = graph.initial(ServerState(stored=stored))
        self.deliveries = Deliveries()
        self.shown: Shown = server.manager.show() or Shown(frozenset(), {}, {}, {}, frozenset(), {})
        self._loop = loop
        self._server = server
        self._shows = shows_of(server.manager)
        self._fired = fired
        self._invariants = Invariants()
        self._loaded: dict[int, Any] = {}
        self._unloading: set[int] = set()
        self._asked: dict[int, Request] = {}  # every request that was accepted
        self._numbers: dict[int | str, int] = {}
        self._answered: set[int] = set()
        self._cancelled: set[int] = set()
        self._done: set[int] = set()  # those that were answered as done
        self._moments = 0  # so many requests have arrived and been answered, and subscriptions ended
        self._arrived: dict[int, int] = {}
        self._told: dict[int, int] = {}
        self._ended: dict[tuple[int, int], int] = {}  # when the subscription of a pair last ended
        self._lists: dict[int, set[tuple[int, ...]]] = {}  # what a list in flight may say
        self._torn_down: set[int] = set()
        self._waited_for_start: set[int] = set()

    @property
    def state(self) -> ServerState:
        """The model's, now."""
        return self._node.state

    # --- from outside

    def accepted(self, number: int, name: str, request: Request) -> None:
        """A request has arrived, which answers call `name`."""
        self.look()
        self._asked[number] = request
        self._numbers[name] = number
        self._arrived[number] = self._moment()
        self._log("calls", number, request)
        self._node = self._node.accept(number, request)
        if isinstance(request, rq.SUBSCRIBES):
            self.deliveries.wants((target(request), request.connection))
            self._choices(request.connection, target(request))
        elif isinstance(request, rq.Unsubscribe):
            self.deliveries.wants_end((request.thread, request.connection))
        elif isinstance(request, rq.RemoveListener):
            for t, c, s in sorted(self.state.grants):
                if s == request.subscription:
                    self.deliveries.wants_end((t, c))
        elif isinstance(request, rq.ListLoaded):
            self._lists[number] = {self._threads()}

    def _moment(self) -> int:
        self._moments += 1
        return self._moments

    def number(self, name: int | str) -> int:
        """The number of the request that answers call `name`."""
        return self._numbers[name]

    def closed(self, connection: int) -> None:
        """A client has gone."""
        self.look()
        self._node = self._node.outside("close", connection)
        self.deliveries.gone(connection)

    def cancelled(self, number: int) -> None:
        """The handler of a request is cancelled."""
        self._cancelled.add(number)
        self._node = self._node.outside("cancel", number)

    def brought(self, thread: int, conversation: int | None) -> None:
        """The engine has brought a conversation, or could not."""
        self._node = self._node.outside("brought", thread, conversation)

    def archived(self, thread: int) -> None:
        """A thread was taken out of the store."""
        self._node = self._node.outside("archived", thread)

    def emitted(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine reports an event."""
        if event.kind is EventKind.TURN_STARTED:
            self._node = self._node.outside("turn", thread, conversation, True)
        elif event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            self._node = self._node.outside("turn", thread, conversation, False)
        elif event.kind is EventKind.ROLLED_BACK:
            self._node = self._node.outside("rolled_back", thread)

    def died(self, thread: int, conversation: int) -> None:
        """A conversation has ended by itself."""
        self._node = self._node.outside("died", thread, conversation)
        self.deliveries.unloaded(thread)

    def taken(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """A listener has taken an event."""
        self.look()
        self.deliveries.taken(thread, conversation, event)

    # --- what clients are sent

    def queued(self, connection: int, message: Message) -> None:
        """A message is on its way, and can no longer be held back."""
        self.look()
        if self._loop.log is not None:
            self._loop.log.append(("sends", (connection, message)))
        if isinstance(message, AnswerSent):
            self._answer(message)
        elif isinstance(message, Notice):
            wrong = self.deliveries.sent((message.thread, connection), message.conversation, message.event.number, raw=message.raw)
            if wrong is not None:
                self.violated(causes.wrong_delivery(wrong), f"c{connection}: {message.event.kind.value} of v{message.conversation}")
        elif isinstance(message, Closed) and self.deliveries.knows((message.thread, connection)):
            self.violated(causes.FALSE_CLOSE, f"c{connection}: t{message.thread}")
        elif isinstance(message, Asks):
            wrong = self.deliveries.asked((message.thread, connection))
            if wrong is not None:
                self.violated(causes.wrong_delivery(wrong), f"c{connection} is asked for an approval of v{message.conversation}")

    def _answer(self, message: AnswerSent) -> None:
        number = self._numbers[message.request]
        request = self._asked[number]
        if number in self._answered:
            self.violated(causes.answered_twice(request.name))
            return
        self._answered.add(number)
        self._told[number] = self._moment()
        if message.reply is Reply.OK:
            self._done.add(number)
        self._fired(f"{request.name}: {message.reply.value}")
        flight = next((f for n, f in self.state.flight if n == number), None)
        after = self._node.answer(number, message.reply)
        if after is None:
            said = f"answered {message.reply.value}"
            self.violated(causes.wrong_answer(request.name), said)
        if after is not None:
            self._node = after
        elif flight is not None:
            self._node = self._node.forced(self.state._replace(flight=tuple(f for f in self.state.flight if f[0] != number)))
        if isinstance(request, rq.ListLoaded) and message.threads is not None and message.threads not in self._lists.pop(number):
            self.violated(causes.wrong_answer(request.name), "a list that was right at no moment")
        self._subscription_answered(request, message)

    def _subscription_answered(self, request: Request, message: AnswerSent) -> None:
        thread = target(request)
        pair = (thread, request.connection)
        if isinstance(request, rq.SUBSCRIBES):
            self._choices(request.connection, thread)
            if message.reply is Reply.OK and self.state.running(thread):
                if isinstance(request, rq.Resume):
                    loaded = self.state.thread(thread)
                    wrong = None if loaded is None else self.deliveries.told(loaded.conversation, message.open_turn)
                    if wrong is not None:
                        self.violated(causes.wrong_delivery(wrong))
                there = self.state.linked(*pair) or pair in self.state.owed  # else it has ended before it was told of
                if there and not self._in_flight(rq.Unsubscribe, pair):  # else it is about to end, and nothing is owed any more
                    self.deliveries.begins(pair)
        elif isinstance(request, rq.Unsubscribe) and message.reply in ENDED:
            again = any(self._in_flight(kind, pair) for kind in rq.SUBSCRIBES)
            if not again:
                self.deliveries.ends(pair)

    def _in_flight(self, kind: type[Request], pair: tuple[int, int]) -> bool:
        return any(_of(f.request) == pair for _, f in self.state.of(kind))

    # --- looking

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        self.look()
        loop = self._loop
        if not loop.ready and self._only_starts_left():
            self._waited_for_start.update(n for n, f in self.state.flight if not isinstance(f.request, rq.Start))
        return False

    def look(self) -> None:
        """Explain what has changed since the last look."""
        server = self._server
        try:
            manager_changed = not self._shows(self.shown)
        except Exception as error:  # not a finding: whoever shows the maps must be able to at any time
            self.show_raised = self.show_raised or error
            return
        registry_changed = server.loaded != self._loaded or server.unloading != self._unloading
        if not manager_changed and not registry_changed:
            return
        changes: list[Change] = []
        if manager_changed:
            shown = server.manager.show()
            if shown is None:
                if not self._loop.ready:
                    self.violated(causes.HELD_OUTSIDE)
                return
            before, self.shown = self.shown, shown
            changes += of_maps(before, shown)
            for cause in self._invariants.broken(before, shown):
                self.violated(cause)
        if registry_changed:
            loaded, unloading = dict(server.loaded), set(server.unloading)
            changes += of_registry((self._loaded, self._unloading), (loaded, unloading))
            self._loaded, self._unloading = loaded, unloading
        for change in in_order(changes):
            self._explain(change)
        if manager_changed:
            self._follow_links()

    def _explain(self, change: Change) -> None:
        what, thread = change.what, change.thread
        after = self._node.explain(change)
        if after is None:
            self._unexplained(change)
            after = self._node.forced(forced(self.state, change))
        else:
            self._fired(f"change {what.value}")
        self._node = after
        if what in (ChangeKind.CLOSING, ChangeKind.UNLOADED):
            self.deliveries.unloaded(thread)
            self._torn_down.add(thread)
        elif what is ChangeKind.LOADED:
            self._torn_down.discard(thread)
        elif what is ChangeKind.DEAD:
            for cause in self._invariants.connection_closed(change.connection, self.shown):
                self.violated(cause)
        elif what in (ChangeKind.LINKED, ChangeKind.NAMED, ChangeKind.UNLINKED):
            self._choices(change.connection, thread)
            if what is ChangeKind.UNLINKED:  # whoever ended it, nothing is owed any more
                self._ended[thread, change.connection] = self._moment()
                self.deliveries.wants_end((thread, change.connection))
        if what in (ChangeKind.LOADED, ChangeKind.UNLOADED):
            for may in self._lists.values():
                may.add(self._threads())

    def _unexplained(self, change: Change) -> None:
        cause = refused(self.state, change)
        if cause is not None:
            self.violated(cause, said(change))

    def _follow_links(self) -> None:
        """Who shows as subscribed is so: where the model has taken it for another's doing, somebody else has done it unseen."""
        for thread, connections in sorted(self.shown.subscribers.items()):
            for connection in sorted(connections):
                if not self.state.linked(thread, connection):
                    self._node = self._node.outside("stays", thread, connection)

    def _threads(self) -> tuple[int, ...]:
        return tuple(sorted(self._server.loaded))

    def _choices(self, connection: int, thread: int) -> None:
        """Whether the client wants raw events, as far as its requests say; both while one that changes it is in flight."""
        pair = (thread, connection)
        said = {f.request.raw for _, f in self.state.flight if isinstance(f.request, CHOOSES) and _of(f.request) == pair}
        self.deliveries.may_be_raw(pair, frozenset(said | {pair in self.shown.raw}) if said else self._may_want_raw(pair))

    def _may_want_raw(self, pair: tuple[int, int]) -> frozenset[bool]:
        """By the last of its requests that said anything about it and was done since it was last not subscribed.

        Of two that were in flight at the same time either may be the last, as may one that was in flight when the subscription ended.
        """
        if not self.state.linked(*pair):
            return frozenset({False})
        ended = self._ended.get(pair, 0)
        done = [
            (self._arrived[n], self._told[n], r.raw)
            for n, r in self._asked.items()
            if isinstance(r, CHOOSES) and _of(r) == pair and n in self._done
        ]
        since = [arrived for arrived, _, _ in done if arrived > ended]
        wants = {raw for _, told, raw in done if told > ended and not any(arrived > told for arrived in since)}
        return frozenset(wants if since else wants | {False})

    def _only_starts_left(self) -> bool:
        events = self._loop.events
        return bool(events) and all(event.label.startswith("engine starts") for event in events)

    # --- the end

    def at_rest(self, running: list[tuple[int, int]], unread: set[int], asking: set[int]) -> None:
        """Nothing can move any more. `running`: the listeners; `unread`: conversations that have events which nobody has taken; `asking`:
        threads whose conversation waits for an approval."""
        self.look()
        self._all_answered({thread for thread in asking if not self.shown.subscribers.get(thread)})
        self._all_served(running, unread)
        state = self.state
        if any(state.running(t) and not state.linked(t, c) for t, c in state.owed):
            self.violated(causes.NEVER_LINKED)
        wrong = self.deliveries.at_rest()
        if wrong is not None:
            self.violated(causes.wrong_delivery(wrong))

    def _all_answered(self, unapproved: set[int]) -> None:
        """P7, P14. A rollback comes after the turn: where nobody is there to give the approval that a turn waits for, it waits too."""
        for number, request in self._asked.items():
            if number in self._answered:
                if number in self._waited_for_start:
                    self.violated(causes.WAITS_FOR_START, request.name)
            elif request.connection not in self.state.closed and not (isinstance(request, rq.Rollback) and request.thread in unapproved):
                self.violated(
                    causes.CANCELLED_UNANSWERED if number in self._cancelled else causes.never_answered(request.name), request.name
                )

    def _all_served(self, running: list[tuple[int, int]], unread: set[int]) -> None:
        """P2 to P6: who is live, which listeners run, which entries are there."""
        state, server = self.state, self._server
        if state.closed & (self.shown.live or frozenset()):
            self.violated(causes.REVIVED)
        following = {t: entry.conversation for t, entry in self.shown.entries.items()}
        for thread, conversation in sorted(running):
            if running.count((thread, conversation)) > 1:
                self.violated(causes.TWO_AT_ONCE, f"v{conversation}")
            elif following.get(thread) != conversation:
                self.violated(causes.OUT_OF_REACH, f"v{conversation}")
        for thread, conversation in sorted(server.loaded.items(), key=lambda item: item[0]):
            served = (thread, conversation.number) in running
            if self.shown.subscribers.get(thread) and not served and thread not in server.unloading:
                self.violated(causes.UNSERVED, f"t{thread}")
            elif conversation.number in unread and not served:
                self.violated(causes.BY_NOBODY, f"v{conversation.number}")
        for thread in sorted(self.shown.entries.keys() - server.loaded.keys()):
            self.violated(causes.REVIVED_ENTRY if thread in self._torn_down else causes.LEFT_ENTRY, f"t{thread}")

    def violated(self, cause: Cause, detail: str = "") -> None:
        """Record `cause`, once, at the present step."""
        if cause not in self.violations:
            self.violations[cause] = self.steps
            self.details[cause] = detail

    def _log(self, what: str, number: int, about: object) -> None:
        if self._loop.log is not None:
            self._loop.log.append((what, (about, number)))
