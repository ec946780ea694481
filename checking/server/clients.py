"""Each client's side: which answers have told it that it is subscribed or not, and whether it is sent what it must be (P4, P8, P9, P10).

The rules of delivery are the model's (`model.server.deliveries`).
"""

from subwarden.checking import causes
from subwarden.checking.server.evidence import Evidence, Found, LostEvents, SentAfter, WrongHistory, WrongNotice
from subwarden.checking.server.requests import AcceptedRequest
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Deliveries, Owed, Pair, Wrong
from subwarden.model.server.requests import AnswerSent, Asks, Closed, Message, Notice, Reply, Request
from subwarden.model.server.state import ServerState, pair_of


class Clients:
    """All clients of one run."""

    def __init__(self) -> None:
        self.deliveries = Deliveries()
        self._told: dict[Pair, str] = {}  # the request whose answer was the last to say that the client is subscribed
        self._unsubscribed: dict[Pair, str] = {}  # the unsubscribe that was answered last

    def told(self, thread: int, connection: int) -> str | None:
        """The request whose answer was the last to tell the client that it is subscribed."""
        return self._told.get((thread, connection))

    def answered(self, asked: AcceptedRequest, reply: Reply) -> None:
        """An answer is on its way. Called before the answer is judged, and before the changes that show with it."""
        if isinstance(asked.request, rq.SUBSCRIBES):
            if reply is Reply.OK:
                self._told[pair_of(asked.request)] = asked.name
        elif isinstance(asked.request, rq.Unsubscribe):
            self._unsubscribed[pair_of(asked.request)] = asked.name

    def subscription_answered(self, asked: AcceptedRequest, message: AnswerSent, state: ServerState) -> Found | None:
        """What an answer to a subscribe or an unsubscribe begins or ends. `state`: the model's, after the answer."""
        request = asked.request
        pair = pair_of(request)
        if isinstance(request, rq.SUBSCRIBES):
            if message.reply is Reply.OK and state.running(pair[0]):
                found = self._history(asked, message, state) if isinstance(request, rq.Resume) else None
                there = state.linked(*pair) or pair in state.owed  # else it has ended before it was told of
                if there and not _in_flight(state, rq.Unsubscribe, pair):  # else it is about to end, and nothing is owed any more
                    self.deliveries.begins(pair)
                return found
        elif isinstance(request, rq.Unsubscribe) and message.reply in rq.UNSUBSCRIBED:
            again = any(_in_flight(state, kind, pair) for kind in rq.SUBSCRIBES)
            if not again:
                self.deliveries.ends(pair)
        return None

    def _history(self, asked: AcceptedRequest, message: AnswerSent, state: ServerState) -> Found | None:
        loaded = state.thread(pair_of(asked.request)[0])
        wrong = None if loaded is None else self.deliveries.told(loaded.conversation, message.open_turn)
        if loaded is None or wrong is None:
            return None
        return Found(causes.wrong_delivery(wrong), "", WrongHistory(asked.name, loaded.conversation))

    def sent(self, connection: int, message: Message) -> Found | None:
        """A message that is no answer is on its way."""
        if isinstance(message, Notice):
            wrong = self.deliveries.sent((message.thread, connection), message.conversation, message.event.number, raw=message.raw)
            if wrong is None:
                return None
            detail = f"c{connection}: {message.event.kind.value} of v{message.conversation}"
            return Found(causes.wrong_delivery(wrong), detail, self._wrong_notice(wrong, connection, message))
        if isinstance(message, Closed):
            pair = message.thread, connection
            if not self.deliveries.knows(pair):
                return None
            return Found(causes.FALSE_CLOSE, f"c{connection}: t{message.thread}", SentAfter(connection, message.thread, self.told(*pair)))
        if isinstance(message, Asks):
            wrong = self.deliveries.asked((message.thread, connection))
            if wrong is not None:
                detail = f"c{connection} is asked for an approval of v{message.conversation}"
                return Found(causes.wrong_delivery(wrong), detail, self._sent_after_end(connection, message.thread))
        return None

    def _wrong_notice(self, wrong: Wrong, connection: int, notice: Notice) -> Evidence:
        match wrong:
            case Wrong.AFTER_END:
                return self._sent_after_end(connection, notice.thread)
            case Wrong.LOST:
                return self._lost((notice.thread, connection), self.deliveries.lost, at_rest=False)
        return WrongNotice(connection, notice)

    def _sent_after_end(self, connection: int, thread: int) -> SentAfter:
        return SentAfter(connection, thread, self._unsubscribed.get((thread, connection)))

    def _lost(self, pair: Pair, missing: list[Owed], *, at_rest: bool) -> LostEvents:
        """Of the first conversation that events are missing of."""
        conversation = missing[0].conversation
        numbers = tuple(owed.number for owed in missing if owed.conversation == conversation)
        return LostEvents(pair[1], conversation, numbers, self.told(*pair), at_rest)

    def at_rest(self) -> list[Found]:
        """Nothing more will be sent."""
        missing = self.deliveries.missing()
        return [] if missing is None else [Found(causes.wrong_delivery(Wrong.LOST), "", self._lost(*missing, at_rest=True))]


def _in_flight(state: ServerState, kind: type[Request], pair: Pair) -> bool:
    return any(pair_of(f.request) == pair for _, f in state.of(kind))
