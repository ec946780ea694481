"""The monitor of deliveries: events for strangers, and events that the history in an answer has."""

from subwarden.model.server.deliveries import Deliveries, Wrong
from subwarden.model.server.requests import EngineEvent, EventKind

PAIR, V1 = (1, 1), 1


def monitor(*kinds: EventKind) -> Deliveries:
    """Client 1 has asked for thread 1, and a listener has taken these events."""
    made = Deliveries()
    made.wants(PAIR)
    for number, kind in enumerate(kinds, 1):
        made.taken(1, V1, EngineEvent(kind, number))
    return made


def test_a_client_that_never_asked_is_sent_nothing() -> None:
    made = monitor(EventKind.TURN_STARTED)
    assert made.sent((1, 3), V1, 1, raw=False) is Wrong.STRANGER
    assert made.sent(PAIR, V1, 1, raw=False) is Wrong.UNSUBSCRIBED


def test_an_event_is_sent_to_those_who_were_subscribed_when_it_was_taken_or_since() -> None:
    made = monitor(EventKind.TURN_STARTED)
    made.linked(PAIR)
    assert made.sent(PAIR, V1, 1, raw=False) is None  # chosen late
    made.taken(1, V1, EngineEvent(EventKind.ITEM, 2))
    made.unlinked(PAIR)
    assert made.sent(PAIR, V1, 2, raw=False) is None  # until the answer to its unsubscribe


def test_an_event_of_a_former_subscription_is_not_sent_to_the_next() -> None:
    made = monitor()
    made.linked(PAIR)
    made.taken(1, V1, EngineEvent(EventKind.TURN_STARTED, 1))
    made.linked(PAIR)  # under an id as well
    made.taken(1, V1, EngineEvent(EventKind.ITEM, 2))
    assert made.sent(PAIR, V1, 1, raw=False) is None
    made.unlinked(PAIR)
    made.linked(PAIR)
    assert made.sent(PAIR, V1, 2, raw=False) is Wrong.FORMER


def test_an_event_in_an_answer_is_not_sent_again() -> None:
    made = monitor(EventKind.TURN_STARTED, EventKind.ITEM)
    made.has_history(1, V1)
    made.begins(PAIR)
    made.taken(1, V1, EngineEvent(EventKind.TURN_COMPLETE, 3))
    assert made.sent(PAIR, V1, 2, raw=False) is Wrong.IN_ANSWER
    assert made.sent(PAIR, V1, 3, raw=False) is None


def test_a_rollback_is_no_part_of_a_history() -> None:
    made = monitor(EventKind.TURN_STARTED, EventKind.TURN_COMPLETE, EventKind.ROLLED_BACK)
    made.has_history(1, V1)
    made.begins(PAIR)
    assert made.sent(PAIR, V1, 3, raw=False) is None


def test_an_event_that_is_owed_may_come_after_an_answer_that_has_it() -> None:
    made = monitor()
    made.begins(PAIR)
    made.taken(1, V1, EngineEvent(EventKind.TURN_STARTED, 1))
    made.has_history(1, V1)  # a second resume
    assert made.sent(PAIR, V1, 1, raw=False) is None
