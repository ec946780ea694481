"""Option `patterns`: a subscription may name a pattern, and gets the messages of every topic that matches it.

`checking.core.options.option.subscribed` says who is subscribed. A client whose subscriptions overlap gets a message once, or once for
each of them: servers differ, and both are right.
"""

from subwarden.checking.core.deliveries import Followed
from subwarden.checking.core.options.option import Allowed, Message, Option, Run
from subwarden.model.core.step import Subscribe

MATCHED = "patterns: a pattern matches"


def _names(run: Run, connection: Followed, message: Message) -> set[object]:
    """The topics and patterns by which `connection` has ever asked for the topic of `message`."""
    named = {call.operation.topic for call in run.journal.of(Subscribe, connection.name)}  # type: ignore[union-attr]  # of this kind
    return {name for name in named if run.options.reaches(name, message.published.topic)}


class Patterns(Option):
    """See the module."""

    kinds = (MATCHED,)

    def allowed(self, run: Run, connection: Followed, message: Message, allowed: Allowed) -> Allowed:
        return Allowed(allowed.least, len(_names(run, connection, message)) if allowed.most else 0)

    def fired(self, run: Run) -> set[str]:
        return {
            MATCHED
            for connection in run.connections
            for message in run.messages
            if connection.name in message.published.must and message.published.topic not in _names(run, connection, message)
        }
