"""The rules of what the engine is told (P8): a monitor of one run that counts the turns, interrupts and rollbacks of each thread.

The engine is told of no more than clients have asked for, and of every turn before its `turn/start` is answered OK. Requests of one kind
for one thread cannot be told apart by the engine, so their numbers are compared.
"""

from collections import Counter
from collections.abc import Hashable

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply

Asked = rq.TurnStart | rq.TurnInterrupt | rq.Rollback
ASKS_FOR = (rq.TurnStart, rq.TurnInterrupt, rq.Rollback)  # requests that the engine hears of
TOLD = (Reply.OK, Reply.CANCELLED)  # answers after which it may have heard


class Submissions:
    """See above."""

    def __init__(self) -> None:
        self._asked: Counter[Hashable] = Counter()  # requests that may still be submitted, or were
        self._made: Counter[Hashable] = Counter()
        self._answered: Counter[Hashable] = Counter()  # with OK

    def asked(self, request: Asked) -> None:
        """A request arrives."""
        self._asked[_key(request)] += 1

    def made(self, request: Asked) -> bool:
        """The engine is told of such a request. Whether a client has asked for that."""
        key = _key(request)
        self._made[key] += 1
        return self._made[key] <= self._asked[key]

    def answered(self, request: Asked, reply: Reply) -> bool:
        """A request was answered. Whether the engine was told before, if it must have been."""
        key = _key(request)
        if reply not in TOLD:
            self._asked[key] -= 1
        if not isinstance(request, rq.TurnStart) or reply is not Reply.OK:
            return True
        self._answered[key] += 1
        return self._made[key] >= self._answered[key]

    def count(self, request: Asked) -> int:
        """How often the engine was told of such a request."""
        return self._made[_key(request)]


def _key(request: Asked) -> Hashable:
    """Equal for requests that the engine cannot tell apart."""
    return type(request), request.thread, getattr(request, "asks", False)
