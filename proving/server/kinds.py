"""Every kind of step at level server, and the scopes in which a search can meet it (as `proving.manager.kinds` at level manager).

A search that never took one of them has shown less than it seems to. The answers repeat those of `model.server.replies` on purpose: else
nobody would miss an answer that the model has lost.
"""

from collections.abc import Iterator

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import ChangeKind
from subwarden.proving.server.scope import ServerScope

WAITS = (Reply.OK, Reply.NOT_LOADED, Reply.FAILED, Reply.ENDED, Reply.UNINITIALIZED)  # to requests that the conversation itself carries out
ANSWERS: dict[type[Request], tuple[Reply, ...]] = {
    rq.Initialize: (Reply.OK,),
    rq.Start: (Reply.OK, Reply.FAILED, Reply.ENDED, Reply.UNINITIALIZED),
    rq.Resume: (Reply.OK, Reply.NOT_FOUND, Reply.CLOSING, Reply.FAILED, Reply.ENDED, Reply.UNINITIALIZED),
    rq.Fork: (Reply.OK, Reply.NOT_FOUND, Reply.FAILED, Reply.ENDED, Reply.UNINITIALIZED),
    rq.Unsubscribe: (Reply.OK, Reply.NOT_LOADED, Reply.NOT_SUBSCRIBED, Reply.UNINITIALIZED),
    rq.Archive: (Reply.OK, Reply.NOT_FOUND, Reply.UNINITIALIZED),
    rq.ListLoaded: (Reply.OK, Reply.UNINITIALIZED),
    rq.TurnStart: WAITS,
    rq.TurnInterrupt: WAITS,
    rq.Rollback: WAITS,
    rq.AddListener: (Reply.OK, Reply.NOT_LOADED, Reply.UNINITIALIZED),
    rq.RemoveListener: (Reply.OK, Reply.NOT_FOUND, Reply.UNINITIALIZED),
}


def expected(scope: ServerScope) -> list[str]:
    """The kinds that a search of `scope` must meet."""
    return list(_expected(scope))


def _expected(scope: ServerScope) -> Iterator[str]:
    yield from ("a client goes", "the engine brings", "the engine fails", "the store drops a thread")
    if "turns" in scope.extras:
        yield from ("the engine begins a turn", "the engine ends a turn", "the engine rolls back")
    if "cancels" in scope.extras:
        yield "a handler is cancelled"
    if "deaths" in scope.extras:
        yield "a conversation ends by itself"
    for shown in ChangeKind:
        if scope.subscriptions or shown not in (ChangeKind.NAMED, ChangeKind.UNNAMED):
            yield f"change: {shown.value}"
    offered = {request.name for request in scope.requests()}
    for kind in (kind for kind in ANSWERS if kind.name in offered):
        yield f"{kind.name}: arrives"
        yield from (f"{kind.name}: {reply.value}" for reply in ANSWERS[kind])
        if "cancels" in scope.extras:
            yield f"{kind.name}: {Reply.CANCELLED.value}"
        if (kind is rq.Rollback and scope.in_flight > 1) or (kind is rq.AddListener and scope.connections > 1):
            yield f"{kind.name}: {Reply.BUSY.value}"
