"""Requests that meet another: the same again, its undoing, the same of another client, a use of its thread or id, or a second id.

Drawn apart, requests seldom meet: a choice of raw events beside another's, an id that two clients want, a resume in the middle of a turn.
It refuses to know the state of the server: a request that meets another need not be of any effect.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from subwarden.impl.server.simulated_engine import STORED
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.model.server.state import target

UNDONE: dict[type[Request], Callable[[Any, bool], Request]] = {  # given the request, and a choice of raw events
    rq.Initialize: lambda request, _: rq.Close(request.connection),
    rq.Close: lambda request, _: rq.Initialize(3 if request.connection == 2 else 2),  # one that has closed never comes back
    rq.Start: lambda request, _: rq.Unsubscribe(request.connection, request.thread),
    rq.Resume: lambda request, _: rq.Unsubscribe(request.connection, request.thread),
    rq.Fork: lambda request, _: rq.Unsubscribe(request.connection, request.fork),
    rq.Unsubscribe: lambda request, _: rq.Resume(request.connection, request.thread),
    rq.Archive: lambda request, _: rq.Resume(request.connection, request.thread),
    rq.ListLoaded: lambda request, _: request,
    rq.TurnStart: lambda request, _: rq.TurnInterrupt(request.connection, request.thread),
    rq.TurnInterrupt: lambda request, _: rq.TurnStart(request.connection, request.thread, False),
    rq.Rollback: lambda request, _: rq.TurnStart(request.connection, request.thread, False),
    rq.AddListener: lambda request, _: rq.RemoveListener(request.connection, request.subscription),
    rq.RemoveListener: lambda request, raw: rq.AddListener(request.connection, request.subscription, STORED[0], raw),
}
HOW = ("again", "undo", "undo", "another's", "another's", "use", "use")
BESIDE = ("again", "use")  # a subscription under an id may meet one under the other id, with another choice: of its client, or of another


def met(request: Request, how: str, make: Callable[[], int], *, asks: bool, raw: bool) -> Request:
    """The request that meets `request`. `make`: the number of a new thread; `asks`, `raw`: of a turn and a choice that it may bring."""
    other = 2 if request.connection == 1 else 1
    if isinstance(request, rq.AddListener) and raw and how in BESIDE:
        return rq.AddListener(request.connection if how == "again" else other, 3 - request.subscription, request.thread, not request.raw)
    if how == "again":
        return _anew(request, request.connection, make)
    if how == "undo":
        return UNDONE[type(request)](request, raw)
    if how == "another's" or not target(request):
        return _anew(request, other, make)
    if isinstance(request, rq.TurnStart | rq.Rollback):
        return rq.Resume(other, request.thread)  # which reads its history
    return rq.TurnStart(request.connection, target(request), asks)


def _anew(request: Request, connection: int, make: Callable[[], int]) -> Request:
    """The same request of a client, or of another client: it joins where the first has made a thread."""
    if isinstance(request, rq.Start | rq.Fork) and connection != request.connection:
        return rq.Resume(connection, target(request))
    if isinstance(request, rq.Start):
        return rq.Start(connection, make(), not request.raw)
    if isinstance(request, rq.Fork):
        return rq.Fork(connection, request.thread, make())
    return replace(request, connection=connection)
