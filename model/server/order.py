"""The order of one connection's requests (P8): a monitor of one run, told of arrivals, answers, cancellations and ends of connections.

A server handles the requests of a connection one after the other. One that its handler answers itself (`ANSWERS_FIRST`) has been answered
before the next begins, so the next can have looked at nothing from before that answer. The handlers of the others may end before they are
answered: what they wait for is not to hold up the connection (`model.server.waits`). Nor is anything known of the handlers of a connection
that is gone, whose answers nobody hears, or of a cancelled one, whose request may be carried out beside the next.
"""

from collections import deque

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request

ANSWERS_FIRST = (rq.Initialize, rq.Unsubscribe, rq.ListLoaded, rq.TurnStart, rq.AddListener, rq.RemoveListener)


class Order:
    """Its methods return the requests that may begin now, in their order."""

    def __init__(self) -> None:
        self._queued: dict[int, deque[tuple[int, Request]]] = {}  # by connection: those that cannot have begun
        self._first: dict[int, int] = {}  # by connection: the request that the next ones wait for

    def arrives(self, number: int, request: Request) -> list[tuple[int, Request]]:
        """Request `number` arrives."""
        queued = self._queued.setdefault(request.connection, deque())
        queued.append((number, request))
        return self._begun(request.connection, queued)

    def ends(self, number: int, connection: int) -> list[tuple[int, Request]]:
        """The request was answered, or its handler cancelled."""
        if self._first.get(connection) != number:
            return []
        del self._first[connection]
        return self._begun(connection, self._queued[connection])

    def gone(self, connection: int) -> list[tuple[int, Request]]:
        """The client has gone."""
        self._first.pop(connection, None)
        return list(self._queued.pop(connection, ()))

    def _begun(self, connection: int, queued: deque[tuple[int, Request]]) -> list[tuple[int, Request]]:
        begun = []
        while queued and connection not in self._first:
            number, request = queued.popleft()
            begun.append((number, request))
            if isinstance(request, ANSWERS_FIRST):
                self._first[connection] = number
        return begun
