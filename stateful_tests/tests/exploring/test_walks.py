"""Walks begin in states that many mistakes need, their messages meet clients that leave, and what only a delivery shows is shown."""

from collections import Counter
from random import Random
from typing import Any

from subwarden.model.core.options import CoreOptions
from subwarden.model.core.step import Acknowledge, Attach, Connect, Detach, Disconnect, Publish, Redeliver, Subscribe, Unsubscribe
from subwarden.stateful_tests.exploring.drawing.growth import Growth
from subwarden.stateful_tests.subjects.core.drawing.vocabulary import CoreVocabulary

CORE = CoreVocabulary(
    lambda operation: operation.name in {"connect", "subscribe", "unsubscribe"} and getattr(operation, "topic", "") != "*"
)
HUB = CoreVocabulary(
    lambda operation: (
        operation.name in {"connect", "subscribe", "unsubscribe", "publish", "disconnect"} and getattr(operation, "topic", "") != "*"
    )
)


def test_a_message_is_met_by_one_who_leaves_and_a_call_by_a_message() -> None:
    """Before, a message met nothing but another message."""
    random = Random(1)
    meets = {HUB.meets(Publish("t2"), random) for _ in range(60)}
    assert meets == {Publish("t2"), Unsubscribe("c1", "t2"), Disconnect("c1"), Disconnect("c2")}
    assert Publish("t2") in {HUB.meets(Subscribe("c1", "t2"), random) for _ in range(60)}
    assert Publish("t1") in {HUB.meets(Disconnect("c1"), random) for _ in range(60)}
    without = CoreVocabulary(lambda operation: operation.name in {"connect", "subscribe", "publish"})
    assert {without.meets(Publish("t2"), random) for _ in range(60)} == {Publish("t2")}


def _ends(calls: list[Any]) -> bool:
    """Whether the walk ends with a message, a call by which somebody leaves, and messages to those who are left."""
    while calls and isinstance(calls[-1], Publish):
        calls = calls[:-1]
    return len(calls) > 1 and calls[-2] == Publish("t1") and isinstance(calls[-1], Disconnect | Unsubscribe)


def test_half_of_the_walks_end_with_one_who_leaves_while_a_message_is_under_way() -> None:
    assert sum(map(_ends, ([o for chain in walk.tasks for o in chain] for walk in Growth(HUB).walks(200, Random(3))))) > 80


def test_what_a_client_has_left_is_said_before_it_comes_back() -> None:
    """A hub that keeps a member does not show it once that is a member again; from outside, nothing else shows it."""
    left = 0
    for seed in range(60):
        tasks = HUB.walk(("unsubscribe", "unsubscribe"), 2, Random(seed))
        calls = [operation for chain in tasks for operation in chain]
        there: set[Any] = set()
        silent: dict[Any, bool] = {}  # who has left which topic, and whether it has been said since
        for operation in calls:
            if isinstance(operation, Subscribe):
                pair = operation.connection, operation.topic
                left += silent.pop(pair, False)
                there.add(pair)
            elif isinstance(operation, Unsubscribe) and (operation.connection, operation.topic) in there:
                there.discard((operation.connection, operation.topic))
                silent[operation.connection, operation.topic] = False
            elif isinstance(operation, Publish):
                silent = {pair: said or pair[1] == operation.topic for pair, said in silent.items()}
    assert left > 15


def _walks(vocabulary: CoreVocabulary, many: int = 60) -> list[list[Any]]:
    """The calls of `many` walks."""
    return [[operation for chain in walk.tasks for operation in chain] for walk in Growth(vocabulary).walks(many, Random(3))]


def test_walks_of_a_manager_with_take_over_know_who_is_there() -> None:
    """A client that attaches anew is there: it hears the last message of the walk, whichever socket it has."""
    has = {"attach", "detach", "subscribe", "publish"}
    vocabulary = CoreVocabulary(lambda operation: operation.name in has, CoreOptions(takes_over=True))
    again = 0
    for calls in _walks(vocabulary):
        there: dict[Any, Any] = {}
        for operation in calls:
            if isinstance(operation, Attach):
                again += operation.connection in there
                there[operation.connection] = operation.socket
            elif isinstance(operation, Detach) and there.get(operation.connection) == operation.socket:
                del there[operation.connection]
        assert isinstance(calls[-1], Publish) or not there, calls
    assert again > 20


def test_walks_acknowledge_what_was_heard_and_end_by_hearing_the_rest_again() -> None:
    has = {"connect", "subscribe", "publish", "ack", "redeliver"}
    vocabulary = CoreVocabulary(lambda operation: operation.name in has, CoreOptions(acks=True))
    walks = _walks(vocabulary)
    for calls in walks:
        if any(isinstance(operation, Connect) for operation in calls):
            assert isinstance(calls[-1], Redeliver)
    heard = [index for calls in walks for index, operation in enumerate(calls) if _heard(calls[:index], operation)]
    vain = [index for calls in walks for index, operation in enumerate(calls) if isinstance(operation, Acknowledge)]
    assert len(heard) > len(vain) / 2


def test_many_walks_of_a_manager_with_acknowledgements_end_with_one_while_messages_are_sent_again() -> None:
    """Each is a task of its own, so that they may overlap; then all is sent again."""
    has = {"connect", "subscribe", "publish", "ack", "redeliver"}
    vocabulary = CoreVocabulary(lambda operation: operation.name in has, CoreOptions(acks=True))
    ends = [walk.tasks[-3:-1] for walk in Growth(vocabulary).walks(60, Random(3)) if len(walk.tasks) > 3]
    meet = [end for end in ends if end in {((Redeliver(client),), (Acknowledge(client),)) for client in ("c1", "c2")}]
    assert len(meet) > 15


def test_messages_come_before_the_calls_of_many_walks_and_before_the_last_subscriptions() -> None:
    """What a manager keeps since the first message, such as who gets a topic's messages, must follow what changes later."""
    has = {"connect", "subscribe", "unsubscribe", "publish"}
    vocabulary = CoreVocabulary(lambda operation: operation.name in has, CoreOptions(patterns=True))
    walks = [walk.tasks for walk in Growth(vocabulary).walks(60, Random(3))]
    assert 15 < sum(any(isinstance(operation, Publish) for operation in tasks[0]) for tasks in walks) < 50
    lasts = [tasks[-1] for tasks in walks if any(isinstance(operation, Subscribe) for operation in tasks[-1])]
    assert sum(isinstance(last[0], Publish) for last in lasts) > len(lasts) / 4
    assert sum(any(o in last for o in (Subscribe("c1", "t*"), Subscribe("c2", "t*"))) for last in lasts) > len(lasts) / 4
    assert all(isinstance(last[-1], Publish) for last in lasts)


def _heard(before: list[Any], operation: Any) -> bool:
    """Whether `operation` acknowledges a message that its client may have heard."""
    return isinstance(operation, Acknowledge) and any(isinstance(each, Publish) for each in before)


def test_some_walks_go_in_laps() -> None:
    """Numbers of lives and generations that begin again want the same pair three times over."""
    pairs = [Counter(operation for operation in calls if isinstance(operation, Unsubscribe)) for calls in _walks(CORE, 200)]
    assert sum(max(each.values(), default=0) >= 3 for each in pairs) >= 8


def test_a_walk_ends_with_a_message_that_all_who_are_there_hear() -> None:
    vocabulary = CoreVocabulary(lambda operation: operation.name in {"connect", "subscribe", "publish"})
    for seed in range(30):
        tasks = vocabulary.walk(("connect", "subscribe"), 3, Random(seed))
        operations = [operation for chain in tasks for operation in chain]
        there = {operation.connection for operation in operations if isinstance(operation, Connect)}
        if there:
            assert isinstance(operations[-1], Publish)
            assert there <= {operation.connection for operation in operations if isinstance(operation, Subscribe)}
