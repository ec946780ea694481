"""The options of the core model: features that some subscription managers have, each switched on by a capability of the adapter.

Pure: what an option means, without a judge. `checking.core.options` judges runs by it, and `stateful_tests.specimens.delivering` says which
messages each connection gets if calls are made one after another. Sources: MQTT 5 (retained messages, shared subscriptions, topic filters,
session take-over, acknowledgements); Phoenix's presence; NATS (slow consumers).
"""

from collections.abc import Set
from fnmatch import fnmatchcase
from typing import NamedTuple

from subwarden.model.core.step import Id

LAST, ALL = "last", "all"
PATTERN = "t*"  # the pattern that programs subscribe to; it matches both of their topics


class CoreOptions(NamedTuple):
    """The options of one manager."""

    takes_over: bool = False  # `attach(client, socket)` takes the place of the client's socket before it
    resumes: bool = False  # and its subscriptions go on
    retains: str = ""  # a new subscriber gets the topic's last message (`LAST`), or every message (`ALL`), then what follows
    patterns: bool = False  # a subscription may name a pattern (`matches`)
    presence: bool = False  # subscribers are told who joins and leaves
    acks: bool = False  # a message that is not acknowledged is sent again on request
    bounded: int | None = None  # so many messages wait for a client; further ones may be lost, refused, or cost it its place
    shares: Set[Id] | None = frozenset()  # the topics of which each message reaches one subscriber; None: all topics

    def shared(self, topic: Id) -> bool:
        """Whether the subscribers of `topic` share its messages."""
        return self.shares is None or topic in self.shares

    def reaches(self, subscribed: Id, topic: Id) -> bool:
        """Whether a subscription to `subscribed` gets the messages of `topic`."""
        return subscribed == topic or (self.patterns and matches(subscribed, topic))


PLAIN = CoreOptions()


def matches(pattern: Id, topic: Id) -> bool:
    """Whether `topic` is one of the topics that `pattern` names: `*` stands for any text."""
    return isinstance(pattern, str) and "*" in pattern and fnmatchcase(str(topic), pattern)
