"""Judges one run of a server: holds every visible change and every message against the model as it happens.

The judge looks after each step, and right before each message is queued, so that an answer is judged by the maps as they are when it is
given. Its parts keep what is known: the `course` through the model, `requests`, what is `visible`, `clients`, the engine and its work, the
choices of raw events, the ends that are owed.

Long because it hears every event of a run, each in a method of two or three lines.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.invariants import Invariants
from subwarden.checking.recording import Recording
from subwarden.checking.server import quiescence
from subwarden.checking.server.at_stake import AtStake
from subwarden.checking.server.changes import refused
from subwarden.checking.server.clients import Clients
from subwarden.checking.server.course import Course
from subwarden.checking.server.endings import Endings
from subwarden.checking.server.engine import EngineSide
from subwarden.checking.server.engine_work import EngineWork
from subwarden.checking.server.evidence import AnsweredTwice, Evidence, Found, RefusedChange, WrongList, WrongMaps, WrongReply
from subwarden.checking.server.graph import ServerGraph
from subwarden.checking.server.raw_choices import RawChoices
from subwarden.checking.server.requests import AcceptedRequest, Requests
from subwarden.checking.server.visible import HIDDEN, Seen, Serving, Visible
from subwarden.model.server import requests as rq
from subwarden.model.server.approvals import Approval
from subwarden.model.server.deliveries import Pair, Wrong
from subwarden.model.server.order import Order
from subwarden.model.server.reading import Reading
from subwarden.model.server.requests import AnswerSent, EngineEvent, EventKind, Message, Reply, Request
from subwarden.model.server.stakes import Stake
from subwarden.model.server.state import Change, ChangeKind, ServerState, pair_of, target
from subwarden.model.server.submissions import Asked
from subwarden.model.server.words import say_change
from subwarden.scheduling.loop import ControlledLoop

BREAKS = {  # the duty that each cause shows to be broken
    causes.STAYS_LOADED: Stake.UNLOADED,
    causes.NOT_SUBMITTED: Stake.SUBMITTED,
    causes.NOT_DROPPED: Stake.DROPPED,
    causes.CANCELLED_UNANSWERED: Stake.CANCELLED,
    causes.wrong_delivery(Wrong.LOST): Stake.DELIVERED,
    causes.wrong_delivery(Wrong.NOT_ASKED): Stake.ASKED,
    causes.wrong_delivery(Wrong.NOT_SETTLED): Stake.SETTLED,
    causes.wrong_delivery(Wrong.NOT_STARTED): Stake.STARTED,
    causes.wrong_delivery(Wrong.NOT_CLOSED): Stake.CLOSED,
}
KEEPS_OR_ENDS = (*rq.SUBSCRIBES, rq.Archive)  # requests that keep a thread loaded that was left, or unload it themselves
RELATION = {ChangeKind.LINKED, ChangeKind.NAMED, ChangeKind.UNNAMED, ChangeKind.UNLINKED, ChangeKind.DEAD}  # changes of who is subscribed


class ServerJudge(Recording):
    """One run's judge.

    `stored`: the threads that are in the store; `fired` is told the name of every kind of change and answer that happens; `name_of` gives
    the name by which answers call the request of a task.
    """

    shows_by = "show"

    def __init__(
        self,
        loop: ControlledLoop,
        server: Serving,
        stored: frozenset[int],
        graph: ServerGraph,
        fired: Callable[[str], object],
        name_of: Callable[[int], str],
    ) -> None:
        self._fired = fired
        self.violations: dict[Cause, int] = {}
        self.details: dict[Cause, str] = {}
        self.evidence: dict[Cause, Evidence] = {}
        self.steps = 0
        self.show_raised: Exception | None = None
        self.requests = Requests()
        self.visible = Visible(server)
        self.stakes = AtStake(fired)
        self.clients = Clients(self.stakes)
        self.deliveries = self.clients.deliveries
        self._raw_choices = RawChoices(self.requests)
        self._invariants = Invariants()
        self._engine = EngineSide(self.clients.approvals, self.stakes)
        self._work = EngineWork(loop, self.stakes)
        self._endings = Endings(self.stakes)
        self._reading = Reading()
        self._order = Order()
        self._course = Course(graph.initial(ServerState(stored=stored)), self.stakes)
        self._loop = loop
        self._name_of = name_of

    @property
    def state(self) -> ServerState:
        """The model's state now, by the attribution that was thought of first."""
        return self._course.node.state

    def let_go(self) -> None:
        """The run is over."""
        self._course.let_go()

    # --- from outside

    def called(self, task: int, operation: Request) -> None:
        """The request of `task` has arrived. A close is one that nobody answers."""
        self.look()
        if isinstance(operation, rq.Close):
            self._gone(operation.connection)
        else:
            self._accept(task, operation)

    def _gone(self, connection: int) -> None:
        self._begin(self._order.gone(connection))
        self._course.outside("close", connection)
        self.clients.gone(connection)
        self._engine.gone(connection)
        self._reading.gone(connection)

    def reads(self, connection: int) -> None:
        """A client reads a message."""
        self._reading.reads(connection, self._loop.time())

    def deaf(self, connection: int) -> None:
        """A client reads no more."""
        self._reading.goes_deaf(connection)

    def dropped(self, connection: int) -> None:
        """The server gives a client up: from now on it is as one that has closed."""
        self.look()
        if self._reading.may_be_dropped(connection, self._loop.time()):
            self.stakes.breakable(Stake.DROPPED)
        else:
            self.violated(causes.FALSE_DROP, f"c{connection}")
        self._gone(connection)

    def _accept(self, number: int, request: Request) -> None:
        self.requests.accept(number, self._name_of(number), request)
        self._work.arrives(number)
        begun = self._order.arrives(number, request)
        if not begun:
            self.requests.queues(number)
        self._begin(begun)

    def _begin(self, begun: Iterable[tuple[int, Request]]) -> None:
        """These requests are in flight from now on: the requests before them do not hold them up any more."""
        for number, request in begun:
            self.requests.begins(number)
            self._begins(number, request)

    def _begins(self, number: int, request: Request) -> None:
        self._course.accepts(number, request)
        self._engine.accepted(number, request)
        if isinstance(request, KEEPS_OR_ENDS):
            self.stakes.lapse((Stake.UNLOADED,), target(request))
        if isinstance(request, rq.SUBSCRIBES):
            self.clients.wants(request)
            self._choose(pair_of(request))
        elif isinstance(request, rq.Unsubscribe):
            self.clients.wants_end(pair_of(request))
        elif isinstance(request, rq.RemoveListener):
            for t, c, s in sorted(self.state.grants):
                if s == request.subscription:
                    self.clients.may_end((t, c))
        elif isinstance(request, rq.ListLoaded):
            self.requests.lists[number] = {self.visible.threads()}

    def cancelled(self, task: int, operation: Request) -> None:
        """The handler of the request of `task` is cancelled, or another task that does it."""
        if not self.requests.cancelled(task):
            self.stakes.arises(Stake.CANCELLED)
        self._course.outside("cancel", task)
        self._begin(self._order.ends(task, operation.connection))

    def unheard(self, thread: int, conversation: int) -> None:
        """The listener of a conversation is cancelled. Nothing may change by that."""
        if self.state.running(thread):
            self._endings.unheard(thread, conversation)

    def brought(self, thread: int, conversation: int | None) -> None:
        """The engine has brought a conversation; None: it could not."""
        self._course.brought(thread, conversation)
        self._work.brought(thread, conversation)
        if conversation is not None:
            self.clients.broadcasts.brought(thread)

    def archived(self, thread: int) -> None:
        """A thread was taken out of the store."""
        self._course.archived(thread)

    def emitted(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine reports an event."""
        self._engine.emitted(thread, conversation, event)
        self.clients.emitted(conversation, event)
        if event.kind is EventKind.TURN_STARTED:
            self._course.outside("turn", thread, conversation, True)
        elif event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            self._course.outside("turn", thread, conversation, False)
        elif event.kind is EventKind.ROLLED_BACK:
            self._course.outside("rolled_back", thread)

    def lost(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine has lost an event that it has reported."""
        self.clients.lost(thread, conversation, event)

    def stopped(self, connections: list[int]) -> None:
        """The server stops, and these clients have gone: it owes nothing but the end of every thread."""
        self.look()
        self._endings.stopped = True
        for connection in connections:
            self._gone(connection)
        for thread, loaded in self.state.loaded:
            self._must_end(thread, loaded.conversation)

    def _must_end(self, thread: int, conversation: int) -> None:
        """The thread is to be unloaded, as if its conversation had ended."""
        self._endings.must_end()
        self._over(thread, conversation)

    def died(self, thread: int, conversation: int) -> None:
        """A conversation has ended by itself."""
        loaded = self.state.thread(thread)
        if loaded is not None and loaded.conversation == conversation and loaded.turn:
            self._endings.died(conversation)
        self._over(thread, conversation)

    def _over(self, thread: int, conversation: int) -> None:
        self.stakes.lapse((Stake.UNLOADED,), thread)
        self._course.outside("died", thread, conversation)
        self._ending(thread, dying=True)

    def taken(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """A listener has taken an event."""
        self.look()
        self._engine.taken(conversation, event)
        self._endings.taken(thread, conversation)
        self.clients.taken(thread, conversation, event, self.state)

    def approves(self, connection: int, thread: int, conversation: int, number: int, granted: bool) -> None:
        """A client gives the approval that event `number` of a conversation asks for, or refuses it."""
        self.look()
        self.clients.gives(connection, Approval(thread, conversation, number), granted, self.state)

    def approved(self, thread: int, conversation: int, number: int, granted: bool) -> None:
        """The engine hears that an approval is given, or refused."""
        self._record(self._engine.approved(Approval(thread, conversation, number), granted))

    def submitted(self, request: Asked, conversation: int, turn: int) -> None:
        """A conversation is asked for a turn, an interrupt or a rollback."""
        self.look()
        self._record(self._engine.submitted(request, conversation, turn, self.state))
        if isinstance(request, rq.TurnInterrupt):
            self.clients.interrupted(request.thread, conversation)

    def refused(self, thread: int) -> None:
        """The thread's conversation has refused a turn, an interrupt or a rollback."""
        self._course.outside("refused", thread)

    def _ending(self, thread: int, *, dying: bool = False) -> None:
        self.clients.ending(thread, dying=dying)
        self._engine.ending(thread)

    # --- messages to clients

    def delivered(self, connection: int, message: Message) -> None:
        """A message is on its way, and can no longer be held back."""
        self._reading.queued(connection, self._loop.time())
        if isinstance(message, AnswerSent):
            asked = self.requests.named(message.request)
            self.clients.answered(asked, message.reply)
            self.look()
            self._answer(asked, message)
            self._begin(self._order.ends(asked.number, connection))
            return
        self.look()
        self._record(self.clients.sent(connection, message))

    def _answer(self, asked: AcceptedRequest, message: AnswerSent) -> None:
        number, request, reply = asked.number, asked.request, message.reply
        if asked.answered is not None:
            self.violated(causes.answered_twice(request.name), "", AnsweredTwice(asked.name))
            return
        asked.answered = self.requests.moment()
        asked.done = reply is Reply.OK
        self._fired(f"{request.name}: {reply.value}")
        if asked.cancelled:
            self.stakes.met(Stake.CANCELLED, client=request.connection)
        self._work.answered(number)
        before = self._course.node
        if not self._course.answered(number, reply):
            # an effect, the answer to another, or the order of the requests leaves it no choice: no claim of its own
            once = asked.queued or self._course.was_right(number, reply)
            evidence = None if once else WrongReply(asked.name, reply, before.may().get(number, frozenset()))
            self.violated(causes.wrong_answer(request.name), f"answered {reply.value}", evidence)
        for found in self._engine.answered(asked, reply):
            self._record(found)
        if isinstance(request, rq.ListLoaded) and message.threads is not None:
            allowed_lists = self.requests.lists.pop(number)
            if message.threads not in allowed_lists:
                detail = "a list that was right at no moment"
                self.violated(causes.wrong_answer(request.name), detail, WrongList(asked.name, frozenset(allowed_lists)))
        if isinstance(request, rq.SUBSCRIBES):
            self._choose(pair_of(request))
        self._record(self.clients.subscription_answered(asked, message, self.state))

    def _choose(self, pair: Pair) -> None:
        """The choice of raw events may be another from now on."""
        self.deliveries.may_be_raw(pair, self._raw_choices.right_for(pair, self.state, self.visible.shown.raw))

    # --- looking

    def stepped(self) -> bool:
        """A step has run. Never asks to stop: a run is judged to its end."""
        self.steps += 1
        seen = self.visible.look()  # not `self.look`, which would be one more call in every step
        if seen is not None:
            self._explain(seen)
        if not self._loop.ready:
            self.waits(self.steps)
        return False

    def look(self) -> None:
        """Explain the changes since the last look."""
        if (seen := self.visible.look()) is not None:
            self._explain(seen)

    def _explain(self, seen: Seen) -> None:
        if seen.raised is not None:
            self.show_raised = self.show_raised or seen.raised
            return
        if seen is HIDDEN:
            if not self._loop.ready:
                self.violated(causes.HELD_OUTSIDE)
            return
        if seen.before is not None:
            for cause in self._invariants.broken(seen.before, self.visible.shown):
                self._broken_maps(cause)
        for change in seen.changes:
            self._explain_change(change)
        if seen.before is not None and any(change.kind in RELATION for change in seen.changes):
            self._compare(seen.changes)

    def _explain_change(self, change: Change) -> None:
        kind, thread, connection, other = change
        before = self._course.state
        explained = self._course.changed(change)
        if explained:
            self._fired(f"change {kind.value}")
            self._at_stake(change, before)
        else:
            self._unexplained(change, before)
        if kind in (ChangeKind.CLOSING, ChangeKind.UNLOADED):
            self._ending(thread)
            if kind is ChangeKind.UNLOADED:
                self._endings.unloaded(other)
                self.clients.broadcasts.unloaded(thread, owed=explained)
        elif kind is ChangeKind.DEAD:
            for cause in self._invariants.connection_closed(connection, self.visible.shown):
                self._broken_maps(cause)
        elif kind in RELATION:
            self._subscription_changes(change, before)
        elif kind is ChangeKind.LOADED and self._endings.stopped:  # by a request that was under way
            self._must_end(thread, other)
        if kind in (ChangeKind.LOADED, ChangeKind.UNLOADED):
            for may in self.requests.lists.values():
                may.add(self.visible.threads())

    def _subscription_changes(self, change: Change, before: ServerState) -> None:
        pair = change.thread, change.connection
        if change.kind in (ChangeKind.UNNAMED, ChangeKind.UNLINKED):
            self.clients.ended(pair, change.other, before)
        if change.kind is not ChangeKind.UNNAMED:
            self._choose(pair)
        if change.kind is ChangeKind.LINKED:
            self.deliveries.linked(pair)
        elif change.kind is ChangeKind.UNLINKED:
            self._unlinked(pair)

    def _at_stake(self, change: Change, before: ServerState) -> None:
        """Whether a change has left a duty."""
        if change.kind in (ChangeKind.UNLINKED, ChangeKind.CLOSING):
            loaded = (self.state if change.kind is ChangeKind.UNLINKED else before).thread(change.thread)
            if loaded is not None and loaded.left:
                self.stakes.arises(Stake.UNLOADED)
                under_way = [f.request for _, f in before.flight if not f.done]
                asked = any(isinstance(request, KEEPS_OR_ENDS) and target(request) == change.thread for request in under_way)
                if change.kind is ChangeKind.CLOSING and not asked:
                    self.stakes.met(Stake.UNLOADED, change.thread)

    def _unlinked(self, pair: Pair) -> None:
        """A subscription has ended: whoever ended it, nothing is owed any more."""
        self._raw_choices.end(pair)
        self.deliveries.unlinked(pair)
        self.clients.wants_end(pair)

    def _unexplained(self, change: Change, state: ServerState) -> None:
        cause = refused(state, change)
        if cause is not None:
            thread = change.thread
            under = {c for t, c, *_ in (*state.grants, *state.owed) if t == thread}
            told = ((c, request) for c in sorted(under) if (request := self.clients.told(thread, c)) is not None)
            self.violated(cause, say_change(change), RefusedChange(change, state, tuple(told)))

    def _broken_maps(self, cause: Cause) -> None:
        self.violated(cause, "", WrongMaps(self.visible.shown, self.state.closed))

    def _compare(self, changes: list[Change]) -> None:
        """Hold the subscriptions that show, after these `changes`, against each state."""
        shown = self.visible.shown
        links = frozenset((t, c) for t, connections in shown.subscribers.items() for c in connections)
        ids = frozenset((*pair, s) for s, pair in shown.ids.items())
        before = self.state
        if not self._course.shows(links, ids) and not self.violations:
            stays = links - {grant[:2] for grant in before.grants}
            for change in changes:
                if change.kind is ChangeKind.UNNAMED and change[1:3] in stays:
                    self.violated(causes.OUTLIVES_ID, say_change(change), RefusedChange(change, before, ()))

    def waits(self, step: int | None) -> None:
        """After `step`, or when a request has arrived, no step can run: every request in flight waits for an event."""
        if not self.state.flight:
            return
        left, readers = self._work.left()
        if left:
            self.stakes.shows((Stake.SERVED,))
            may = self._course.node.may()
            self.requests.wait_for_engine(self.state, left, readers | self._reading.holding_up(), self._engine.told, may, step)

    # --- the end

    def at_rest(
        self,
        running: list[tuple[int, int]],
        unread: AbstractSet[int],
        asking: AbstractSet[Approval],
        silent: AbstractSet[int] = frozenset(),
        holding_up: AbstractSet[int] = frozenset(),
    ) -> None:
        """Nothing can move any more. `running`: thread and conversation of each listener; `unread`: conversations with events that nobody
        has taken; `asking`: the approvals that conversations wait for; `silent`: clients that give none;
        `holding_up`: clients that read no more, and for which messages wait."""
        self.look()
        state, visible = self.state, self.visible
        if any(state.running(thread) for thread in self._endings.unheard_threads()):
            self.stakes.breakable(Stake.LISTENED)
        asked = [each for each in asking if each not in self.clients.lost_approvals]  # nobody knows of the others
        unapproved = {each.thread for each in asking} - {
            thread for thread, *_ in asked if visible.shown.subscribers.get(thread, frozenset()) - silent
        }
        for found in (
            *quiescence.answers(self.requests, state.closed, unapproved),
            *quiescence.drops(holding_up),
            *quiescence.services(visible, state.closed, running, unread),
            *quiescence.links(self._course.node.states, self.clients),
            *quiescence.unloads(self._course.node.states),
            *self.clients.at_rest(asking),
        ):
            self._record(found)
        self.stakes.at_rest()

    def _record(self, found: Found | None) -> None:
        if found is not None:
            if found.cause in BREAKS:
                self.stakes.breakable(BREAKS[found.cause])
            self.violated(*found)
