"""Each client's side: which answers have told it that it is subscribed or not, and whether it is sent what it must be (P4, P7 to P10).

The rules are the model's: of events (`model.server.deliveries`), of approvals and of broadcasts.

Long because it has one method for each thing that can happen to a client.
"""

from collections import Counter
from collections.abc import Collection, Iterator

from subwarden.checking import causes
from subwarden.checking.server.at_stake import APPROVALS, EVENTS, OF_CLIENT, OF_THREAD, SUBSCRIBERS, AtStake
from subwarden.checking.server.evidence import (
    Evidence,
    Found,
    LostEvents,
    NotApproved,
    SentAfter,
    SentAgain,
    SentOften,
    Unsent,
    WrongHistory,
    WrongNotice,
)
from subwarden.checking.server.requests import AcceptedRequest
from subwarden.model.server import requests as rq
from subwarden.model.server.approvals import Approval, Approvals
from subwarden.model.server.broadcasts import Broadcasts
from subwarden.model.server.deliveries import Deliveries, Owed, Pair, Wrong
from subwarden.model.server.requests import (
    AnswerSent,
    Asks,
    Closed,
    EngineEvent,
    EventKind,
    Message,
    Notice,
    Reply,
    Request,
    Resolved,
    Started,
)
from subwarden.model.server.stakes import Stake
from subwarden.model.server.state import ServerState, pair_of
from subwarden.model.server.words import say_message


class Clients:
    """All clients of one run."""

    def __init__(self, stakes: AtStake) -> None:
        self._stakes = stakes
        self.deliveries = Deliveries()
        self.approvals = Approvals()
        self.broadcasts = Broadcasts()
        self._sent: Counter[tuple[int, type[Message], Message]] = Counter()  # equal numbers make messages of two kinds equal
        self.lost_approvals: set[Approval] = set()  # that no listener can know of
        self._emitted: dict[int, int] = {}  # by conversation: the last event
        self._void: dict[int, int] = {}  # by conversation: the last event before an interrupt
        self._lossy: set[int] = set()  # conversations that have lost an event
        self._ended_by: dict[Pair, frozenset[int]] = {}  # requests that may have ended a subscription of the pair, or an id of it
        self._told: dict[Pair, str] = {}  # the request whose answer was the last to say that the client is subscribed
        self._unsubscribed: dict[Pair, str] = {}  # the unsubscribe that was answered last

    def told(self, thread: int, connection: int) -> str | None:
        """The request whose answer was the last to tell the client that it is subscribed."""
        return self._told.get((thread, connection))

    # --- what happens

    def wants(self, request: Request) -> None:
        """The client asks to be subscribed."""
        pair = pair_of(request)
        self.deliveries.wants(pair)
        self.approvals.wants(pair)
        if isinstance(request, rq.Start | rq.Fork):
            self.broadcasts.asked(pair[0])

    def wants_end(self, pair: Pair) -> None:
        """The client asks for the end of its subscription, or that has ended."""
        self.may_end(pair)
        self.approvals.forget(pair)

    def may_end(self, pair: Pair) -> None:
        """An id of the client's subscription is to be removed: it ends if it has no other reason."""
        self.deliveries.wants_end(pair)
        self.approvals.may_end(pair)
        self._stakes.lapse(SUBSCRIBERS, *pair)

    def gone(self, connection: int) -> None:
        """The client has gone away."""
        self.deliveries.gone(connection)
        self.approvals.gone(connection)
        self.broadcasts.gone(connection)
        self._stakes.lapse(OF_CLIENT, client=connection)

    def ending(self, thread: int, *, dying: bool = False) -> None:
        """The thread is unloaded, closing, or its conversation is `dying`, that has ended by itself: its clients are owed nothing more."""
        self.deliveries.unloaded(thread)
        self._stakes.arises(Stake.CLOSED)
        self._stakes.lapse(OF_THREAD, thread)
        self.approvals.unloaded(thread, dying=dying)
        self.broadcasts.ending(thread)

    def lost(self, thread: int, conversation: int, event: EngineEvent) -> None:
        """The engine has lost an event: nobody is owed it, and everybody the events that follow."""
        self._lossy.add(conversation)
        if event.kind is EventKind.APPROVAL:
            self.lost_approvals.add(Approval(thread, conversation, event.number))

    def emitted(self, conversation: int, event: EngineEvent) -> None:
        """The engine reports an event."""
        self._emitted[conversation] = event.number

    def interrupted(self, thread: int, conversation: int) -> None:
        """The engine is told of an interrupt: it does not wait for approvals any more that it has asked for."""
        self._void[conversation] = self._emitted.get(conversation, 0)
        self._stakes.lapse(APPROVALS, thread)

    def taken(self, thread: int, conversation: int, event: EngineEvent, state: ServerState) -> None:
        """A listener has taken `event`."""
        told = self.deliveries.subscribers(thread)
        if told:
            self._stakes.arises(Stake.DELIVERED)
            if conversation in self._lossy:
                self._stakes.arises(Stake.AFTER_LOSS)
        self.deliveries.taken(thread, conversation, event)
        if event.kind is EventKind.APPROVAL:
            if told:
                self._stakes.arises(Stake.ASKED)
            requests = (f.request for _, f in state.flight if isinstance(f.request, rq.SUBSCRIBES))
            asking = Counter(request.connection for request in requests if pair_of(request)[0] == thread)
            linked = {c for t, c, _ in state.grants if t == thread}
            approval = Approval(thread, conversation, event.number)
            self.approvals.opened(approval, told, linked, asking)
        elif event.kind in (EventKind.TURN_COMPLETE, EventKind.TURN_ABORTED):
            self.approvals.over(conversation)

    def gives(self, connection: int, approval: Approval, granted: bool, state: ServerState) -> None:
        """The client gives an approval, or refuses it."""
        thread = approval.thread
        self._stakes.arises(Stake.HEARD if granted else Stake.DENIED)
        leaving = self._ended_by.get((thread, connection), frozenset())
        still = state.linked(thread, connection) or any(number in leaving for number, _ in state.flight)
        self.approvals.given(connection, approval, granted=granted, subscribed=still)

    def ended(self, pair: Pair, subscription: int, state: ServerState) -> None:
        """The pair's subscription, or its id `subscription`, has ended: by one of these requests, which may not have done all of its work
        until it is answered."""
        by = {n for n, f in state.flight if _ends(f.request, pair, subscription)}
        self._ended_by[pair] = self._ended_by.get(pair, frozenset()) | by

    # --- answers

    def answered(self, asked: AcceptedRequest, reply: Reply) -> None:
        """An answer is on its way. Called before the answer is judged, and before the changes that show with it."""
        if isinstance(asked.request, rq.SUBSCRIBES):
            if reply is Reply.OK:
                self._told[pair_of(asked.request)] = asked.name
        elif isinstance(asked.request, rq.Unsubscribe):
            self._unsubscribed[pair_of(asked.request)] = asked.name
        elif isinstance(asked.request, rq.Initialize) and reply is Reply.OK:
            self.broadcasts.live(asked.request.connection)

    def subscription_answered(self, asked: AcceptedRequest, message: AnswerSent, state: ServerState) -> Found | None:
        """What an answer to a subscribe or an unsubscribe begins or ends. `state`: the model's, after the answer."""
        request = asked.request
        pair = pair_of(request)
        if isinstance(request, rq.SUBSCRIBES):
            if message.reply is Reply.OK and state.running(pair[0]):
                found = self._history(asked, message, state) if isinstance(request, rq.Resume) else None
                there = state.linked(*pair) or pair in state.owed  # else it has ended before it was told of
                if there and not _in_flight(state, rq.Unsubscribe, pair):  # else it is about to end, and nothing is owed any more
                    self._begins(pair, state)
                if isinstance(request, rq.Start | rq.Fork):
                    self.broadcasts.started(pair[0])
                    self._stakes.arises(Stake.STARTED)
                return found
        elif isinstance(request, rq.Unsubscribe) and message.reply in rq.UNSUBSCRIBED:
            again = any(_in_flight(state, kind, pair) for kind in rq.SUBSCRIBES)
            if not again:
                self.deliveries.ends(pair)
                self.approvals.forget(pair)
        return None

    def _begins(self, pair: Pair, state: ServerState) -> None:
        self.deliveries.begins(pair)
        loaded = state.thread(pair[0])
        if loaded is not None:
            self.approvals.begins(pair, loaded.conversation)

    def _history(self, asked: AcceptedRequest, message: AnswerSent, state: ServerState) -> Found | None:
        loaded = state.thread(pair_of(asked.request)[0])
        wrong = None if loaded is None else self.deliveries.told(loaded.conversation, message.open_turn)
        if loaded is not None:
            self.deliveries.has_history(asked.request.connection, loaded.conversation)
        if loaded is None or wrong is None:
            return None
        return Found(causes.wrong_delivery(wrong), "", WrongHistory(asked.name, loaded.conversation))

    def sent(self, connection: int, message: Message) -> Found | None:
        """A message that is no answer is on its way."""
        if isinstance(message, Closed):
            return self._closed(connection, message)
        if isinstance(message, Notice):
            lossy = message.conversation in self._lossy
            if lossy or not self._stakes.may_break(Stake.DELIVERED):
                pair = message.thread, connection
                if self.deliveries.owes(pair, message.conversation, message.event.number):
                    self._stakes.shows(EVENTS, *pair)
                    self._stakes.met(Stake.DELIVERED, *pair)
                    if lossy:
                        self._stakes.met(Stake.AFTER_LOSS, *pair)
            wrong = self.deliveries.sent((message.thread, connection), message.conversation, message.event.number, raw=message.raw)
            if wrong is None:
                return None
            detail = f"c{connection}: {message.event.kind.value} of v{message.conversation}"
            return Found(causes.wrong_delivery(wrong), detail, self._wrong_notice(wrong, connection, message))
        if isinstance(message, Asks | Resolved | Started):
            wrong, evidence = self._judge(connection, message)
            self._sent[connection, type(message), message] += 1
            return None if wrong is None else Found(causes.wrong_delivery(wrong), f"c{connection}: {say_message(message)}", evidence)
        return None

    def _closed(self, connection: int, message: Closed) -> Found | None:
        if self.broadcasts.owes_closed(connection, message.thread):
            self._stakes.met(Stake.CLOSED, message.thread, connection)
        wrong = self.broadcasts.told_closed(connection, message.thread)
        pair, detail = (message.thread, connection), f"c{connection}: t{message.thread}"
        if wrong is not None:
            often = SentOften(connection, message, self.broadcasts.unloads(message.thread))
            return Found(causes.wrong_delivery(wrong), detail, often)
        if not self.deliveries.knows(pair):
            return None
        return Found(causes.FALSE_CLOSE, detail, SentAfter(connection, message.thread, self.told(*pair)))

    def _judge(self, connection: int, message: Asks | Resolved | Started) -> tuple[Wrong | None, Evidence]:
        """The fault of a message that is no event and no answer, and its evidence."""
        often = SentOften(connection, message, self._sent[connection, type(message), message])
        match message:
            case Asks():
                wrong = self.deliveries.asked((message.thread, connection))
                if wrong is not None:
                    return wrong, self._sent_after_end(connection, message.thread)
                self._stakes.arises(Stake.SETTLED)
                waits = message.number > self._void.get(message.conversation, 0)
                if waits and self.approvals.owes(connection, Approval(*message)):
                    self._stakes.met(Stake.ASKED, message.thread, connection)
                return self.approvals.sent(connection, Approval(*message)), often
            case Resolved():
                if self.approvals.must_settle(connection, Approval(*message)):
                    self._stakes.met(Stake.SETTLED, message.thread, connection)
                return self.approvals.settled(connection, Approval(*message)), often
            case Started():
                if self.broadcasts.owes_started(connection, message.thread):
                    self._stakes.met(Stake.STARTED, message.thread, connection)
                return self.broadcasts.told_started(connection, message.thread), often

    def _wrong_notice(self, wrong: Wrong, connection: int, notice: Notice) -> Evidence:
        match wrong:
            case Wrong.AFTER_END:
                return self._sent_after_end(connection, notice.thread)
            case Wrong.LOST:
                return self._lost((notice.thread, connection), self.deliveries.lost, at_rest=False)
            case Wrong.STRANGER | Wrong.UNSUBSCRIBED | Wrong.FORMER:
                return SentOften(connection, notice, 0)
            case Wrong.IN_ANSWER:
                return SentAgain(connection, notice, self.told(notice.thread, connection))
        return WrongNotice(connection, notice)

    def _sent_after_end(self, connection: int, thread: int) -> SentAfter:
        return SentAfter(connection, thread, self._unsubscribed.get((thread, connection)))

    def _lost(self, pair: Pair, missing: list[Owed], *, at_rest: bool) -> LostEvents:
        """Of the first conversation that events are missing of."""
        conversation = missing[0].conversation
        numbers = tuple(owed.number for owed in missing if owed.conversation == conversation)
        return LostEvents(pair[1], conversation, numbers, self.told(*pair), at_rest)

    def at_rest(self, asking: Collection[Approval]) -> Iterator[Found]:
        """Nothing more will be sent, and conversations still wait for the approvals `asking`."""
        missing = self.deliveries.missing()
        if missing is not None:
            yield Found(causes.wrong_delivery(Wrong.LOST), "", self._lost(*missing, at_rest=True))
        for wrong, approval, client in self.approvals.at_rest(asking):
            if client is None:
                detail, evidence = f"event {approval.number} of v{approval.conversation}", NotApproved(*approval[1:])
                yield Found(causes.wrong_delivery(wrong), detail, evidence)
            else:
                message = Asks(*approval) if wrong is Wrong.NOT_ASKED else Resolved(*approval)
                yield Found(causes.wrong_delivery(wrong), f"c{client}: {say_message(message)}", Unsent(client, message, 1))
        for wrong, client, thread, right in self.broadcasts.at_rest():
            told = Started(thread) if wrong is Wrong.NOT_STARTED else Closed(thread)
            yield Found(causes.wrong_delivery(wrong), f"c{client}: t{thread}", Unsent(client, told, right))


def _ends(request: Request, pair: Pair, subscription: int) -> bool:
    """Whether the request may end the pair's subscription, or its id `subscription`; an id that is added elsewhere moves there."""
    if isinstance(request, rq.RemoveListener | rq.AddListener):
        return request.subscription == subscription
    return isinstance(request, rq.Unsubscribe) and pair_of(request) == pair


def _in_flight(state: ServerState, kind: type[Request], pair: Pair) -> bool:
    return any(pair_of(f.request) == pair for _, f in state.of(kind))
