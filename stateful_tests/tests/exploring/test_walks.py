"""Walks of hubs: messages meet clients that leave, and what only a delivery shows is shown."""

from random import Random
from typing import Any

from subwarden.model.core.step import Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.stateful_tests.exploring.drawing.growth import Growth
from subwarden.stateful_tests.subjects.core.drawing.vocabulary import CoreVocabulary

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
