"""Planted defects of level server: its model with one thing wrong, to show that a proof would notice.

The TLA+ twin has those of its core, too, by the same names. It refuses to be imported by anything that judges a server.
"""

from subwarden.model.server import requests as rq
from subwarden.model.server import transitions as pr
from subwarden.model.server.requests import Reply
from subwarden.model.server.state import IMPLICIT, Change, ChangeKind, ServerState, pair_of
from subwarden.model.server.transitions import States
from subwarden.proving.server.steps import RequestRules


def _close_keeps(state: ServerState, change: Change) -> States:
    """A connection that has gone keeps its subscriptions."""
    return tuple(after._replace(grants=state.grants) if change.kind is ChangeKind.DEAD else after for after in pr.explain(state, change))


def _links_on_closing(state: ServerState, change: Change) -> States:
    """A resume subscribes to a thread that is closing."""
    after = pr.explain(state, change)
    if after or change.kind is not ChangeKind.LINKED or change.connection in state.gone or state.thread(change.thread) is None:
        return after
    pair = (change.thread, change.connection)
    asked = [number for number, flight in state.of(rq.Resume) if pair_of(flight.request) == pair and not flight.done]
    done = (pr.done(state, number) for number in asked)
    return tuple(pr.settle(each._replace(grants=each.grants | {(*pair, IMPLICIT)})) for each in done)


def _unsubscribe_keeps(state: ServerState, change: Change) -> States:
    """An unsubscribe is answered OK, and its subscription stays."""
    if change.kind is not ChangeKind.UNLINKED:
        return pr.explain(state, change)
    was = dict(state.flight)

    def keeps(after: ServerState) -> ServerState:
        by_request = any(flight.done and not was[number].done for number, flight in after.of(rq.Unsubscribe))
        return pr.settle(after._replace(grants=state.grants)) if by_request else after

    return tuple(map(keeps, pr.explain(state, change)))


def _owed_for_ever(state: ServerState, change: Change) -> States:
    """A subscription that was confirmed before it showed stays owed when another request has made it."""
    if change.kind is not ChangeKind.LINKED:
        return pr.explain(state, change)
    was = dict(state.flight)

    def owes(after: ServerState) -> ServerState:
        by_request = any(flight.done and not was[number].done for number, flight in after.flight)
        return after._replace(owed=state.owed) if by_request else after

    return tuple(map(owes, pr.explain(state, change)))


def _loaded_again(state: ServerState, change: Change) -> States:
    """An unloaded conversation may be loaded again while the request that the engine brought it for is in flight."""
    if change.kind is not ChangeKind.UNLOADED:
        return pr.explain(state, change)
    return tuple(after._replace(flight=tuple((n, f._replace(ended=False)) for n, f in after.flight)) for after in pr.explain(state, change))


def _archive_never(state: ServerState, number: int, reply: Reply) -> States:
    """An archive is never answered."""
    archive = any(n == number for n, _ in state.of(rq.Archive))
    return () if archive else pr.answer(state, number, reply)


def _waits_for_start(state: ServerState, number: int, reply: Reply) -> States:
    """No request is answered while the engine has not finished a start."""
    others = any(n != number and f.replied is None and not f.failed for n, f in state.of(rq.Start))
    return () if others else pr.answer(state, number, reply)


DEFECTS: dict[str, RequestRules] = {
    "close keeps grants": RequestRules(explain=_close_keeps),
    "resume links on a closing thread": RequestRules(explain=_links_on_closing),
    "unsubscribe keeps the grant": RequestRules(explain=_unsubscribe_keeps),
    "a link leaves what is owed": RequestRules(explain=_owed_for_ever),
    "an unloaded conversation is loaded again": RequestRules(explain=_loaded_again),
    "archive never answered": RequestRules(answer=_archive_never),
    "everybody waits for a start": RequestRules(answer=_waits_for_start),
}
