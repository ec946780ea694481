"""Planted defects of level server: its model with one thing wrong, to show that a proof would notice.

The TLA+ twin has those of its core, too, by the same names. It refuses to be imported by anything that judges a server.
"""

from subwarden.model.server import requests as rq
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import Reply
from subwarden.model.server.state import IMPLICIT, Change, ChangeKind, ServerState, pair_of, with_flight
from subwarden.proving.server.steps import RequestRules


def _close_keeps(state: ServerState, change: Change) -> ServerState | None:
    """A connection that has gone keeps its subscriptions."""
    after = pr.explain(state, change)
    return after._replace(grants=state.grants) if after is not None and change.kind is ChangeKind.DEAD else after


def _links_on_closing(state: ServerState, change: Change) -> ServerState | None:
    """A resume subscribes to a thread that is closing."""
    after = pr.explain(state, change)
    if after is not None or change.kind is not ChangeKind.LINKED or change.connection in state.gone:
        return after
    pair = (change.thread, change.connection)
    if state.thread(change.thread) is None:
        return None
    for number, flight in state.of(rq.Resume):
        if pair_of(flight.request) == pair and not flight.done:
            done = with_flight(state, number, lambda f: f._replace(done=True))
            return pr.settle(done._replace(grants=done.grants | {(*pair, IMPLICIT)}))
    return None


def _unsubscribe_keeps(state: ServerState, change: Change) -> ServerState | None:
    """An unsubscribe is answered OK, and its subscription stays."""
    after = pr.explain(state, change)
    if after is None or change.kind is not ChangeKind.UNLINKED:
        return after
    was, now = dict(state.flight), dict(after.flight)
    by_request = any(flight.done and not was[number].done for number, flight in now.items())
    return pr.settle(after._replace(grants=state.grants)) if by_request else after


def _owed_for_ever(state: ServerState, change: Change) -> ServerState | None:
    """A subscription that was confirmed before it showed stays owed when another request has made it."""
    after = pr.explain(state, change)
    mine = (change.thread, change.connection)
    by_request = after is not None and change.kind is ChangeKind.LINKED and any(f.done for _, f in after.flight if _is_of(f.request, mine))
    return after._replace(owed=state.owed) if after is not None and by_request else after


def _is_of(request: rq.Request, pair: tuple[int, int]) -> bool:
    return isinstance(request, rq.SUBSCRIBES) and pair_of(request) == pair


def _loaded_again(state: ServerState, change: Change) -> ServerState | None:
    """An unloaded conversation may be loaded again while the request that the engine brought it for is in flight."""
    after = pr.explain(state, change)
    if after is None or change.kind is not ChangeKind.UNLOADED:
        return after
    return after._replace(flight=tuple((n, f._replace(ended=False)) for n, f in after.flight))


def _archive_never(state: ServerState, number: int, reply: Reply) -> ServerState | None:
    """An archive is never answered."""
    archive = any(n == number for n, _ in state.of(rq.Archive))
    return None if archive else pr.answer(state, number, reply)


def _waits_for_start(state: ServerState, number: int, reply: Reply) -> ServerState | None:
    """No request is answered while the engine has not finished a start."""
    others = any(n != number and f.replied is None and not f.failed for n, f in state.of(rq.Start))
    return None if others else pr.answer(state, number, reply)


DEFECTS: dict[str, RequestRules] = {
    "close keeps grants": RequestRules(explain=_close_keeps),
    "resume links on a closing thread": RequestRules(explain=_links_on_closing),
    "unsubscribe keeps the grant": RequestRules(explain=_unsubscribe_keeps),
    "a link leaves what is owed": RequestRules(explain=_owed_for_ever),
    "an unloaded conversation is loaded again": RequestRules(explain=_loaded_again),
    "archive never answered": RequestRules(answer=_archive_never),
    "everybody waits for a start": RequestRules(answer=_waits_for_start),
}
