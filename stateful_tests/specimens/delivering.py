"""The messages and events that each connection gets if calls are made one after another: the pure model of the options' deliveries.

Each message arrives before the next call. Where several outcomes are right (which subscriber of a shared topic gets a message, whether a
client with two matching subscriptions gets it twice), this is one of them. Runs whose calls overlap are judged in
`checking.core.options`; a test holds the two together.
"""

from dataclasses import dataclass, replace

from subwarden.model.core.options import ALL, CoreOptions
from subwarden.model.core.step import Acknowledge, CoreOperation, CoreState, Id, Publish, Redeliver, Subscribe, core_step, in_order

Event = tuple[str, Id, object]
EMPTY = CoreState()


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The state of the model, and what has arrived. `retained`: (topic, message), in order; `open`: what is not acknowledged."""

    state: CoreState = EMPTY
    retained: tuple[tuple[Id, object], ...] = ()
    inboxes: tuple[tuple[Id, object], ...] = ()  # (connection, message), in order
    open: tuple[tuple[Id, object], ...] = ()
    events: tuple[tuple[Id, Event], ...] = ()  # (viewer, event), in order

    def inbox(self, connection: Id) -> list[object]:
        """The messages that `connection` has received, in order."""
        return [message for each, message in self.inboxes if each == connection]


def deliver(before: Deliveries, operation: CoreOperation, options: CoreOptions, message: object = None) -> tuple[Deliveries, object]:
    """The result of `operation` (a publish has its `message`), and its answer. Pure: `before` is unchanged."""
    state, answer, _ = core_step(before.state, operation)
    after = replace(before, state=state)
    if isinstance(operation, Publish):
        reached = in_order({c for t, c in state.links if options.reaches(t, operation.topic)})
        sent = tuple((connection, message) for connection in (reached[:1] if options.shared(operation.topic) else reached))
        kept = [each for each in after.retained if options.retains == ALL or each[0] != operation.topic]
        return replace(_received(after, sent), retained=(*kept, (operation.topic, message))), answer
    if isinstance(operation, Subscribe) and options.retains and state.links != before.state.links:
        sent = tuple((operation.connection, m) for t, m in after.retained if options.reaches(operation.topic, t))
        after = _received(after, sent)
    if isinstance(operation, Acknowledge):
        after = replace(after, open=tuple(each for each in after.open if each[0] != operation.connection))
    if isinstance(operation, Redeliver):
        after = replace(after, inboxes=(*after.inboxes, *(each for each in after.open if each[0] == operation.connection)))
    return _told(before, after) if options.presence else after, answer


def _received(before: Deliveries, sent: tuple[tuple[Id, object], ...]) -> Deliveries:
    return replace(before, inboxes=before.inboxes + sent, open=before.open + sent)


def _told(before: Deliveries, after: Deliveries) -> Deliveries:
    """Tell the subscribers who joined and who left; whoever joins gets the whole state."""
    old, new = before.state.links, after.state.links
    events = list(after.events)
    for what, links in (("leave", old - new), ("join", new - old)):
        for topic, connection in sorted(links, key=str):
            events += [(each, (what, connection, topic)) for each in after.state.subscribers(topic) if each != connection]
            if what == "join":
                events.append((connection, ("state", topic, frozenset(after.state.subscribers(topic)))))
    return replace(after, events=tuple(events))
