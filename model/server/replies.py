"""The answers to a request in flight that are right in a state: each is a point at which the request may silently take effect.

An answer is right if it was so at some moment since the request could begin (`model.server.order`), up to the answer;
`model.server.transitions` keeps those of every request in flight.
"""

from collections.abc import Callable

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import InFlight, ServerState, target


def replies(state: ServerState, flight: InFlight) -> set[Reply]:
    """The answers that are right for a request in flight in this state, as if it silently took effect now."""
    request = flight.request
    right = _RIGHT[type(request)](state, flight)
    if request.connection not in state.live and type(request) is not rq.Initialize and not flight.done:
        right.add(Reply.UNINITIALIZED)
    if flight.failed and not flight.done:
        right.add(Reply.FAILED)
    return right


def archives(state: ServerState, thread: int) -> bool:
    """Whether a request to archive the thread is in flight."""
    return any(target(f.request) == thread for _, f in state.of(rq.Archive))


def _there(state: ServerState, thread: int) -> bool:
    return state.thread(thread) is not None or thread in state.stored


def _has_gone(state: ServerState, flight: InFlight) -> bool:
    """Whether the conversation that the engine has brought was unloaded, or must not be loaded. One on its way into the registry has
    not."""
    thread = target(flight.request)
    kept = state.thread(thread) is not None or thread in state.stored
    return flight.ended or (flight.replied is not None and not kept)


def _closing(state: ServerState, thread: int) -> bool:
    return state.thread(thread) is not None and not state.running(thread)


def _always(_state: ServerState, _flight: InFlight) -> set[Reply]:
    return {Reply.OK}


def _new_thread(state: ServerState, flight: InFlight) -> set[Reply]:
    """A start, or a fork."""
    request, right = flight.request, set[Reply]()
    linked = state.linked(target(request), request.connection)  # by this one, or by another that is in flight
    if flight.done or (flight.replied is not None and linked):
        right.add(Reply.OK)
    elif flight.replied is not None and request.connection in state.closed:
        right |= {Reply.OK, Reply.ENDED}
    elif _has_gone(state, flight):
        right.add(Reply.ENDED)
    closing = flight.replied is not None and _closing(state, target(request))  # its subscription may still show, and is about to end
    if closing or _ended(state, flight):
        right.add(Reply.ENDED)
    if isinstance(request, rq.Fork) and flight.replied is None and not _there(state, request.thread):
        right.add(Reply.NOT_FOUND)
    return right


def _resume(state: ServerState, flight: InFlight) -> set[Reply]:
    thread = target(flight.request)
    right = set[Reply]()
    if state.running(thread):  # it may be told before it shows; then it is owed
        right |= {Reply.OK, Reply.ENDED} if flight.request.connection in state.closed else {Reply.OK}
    elif flight.done:
        right.add(Reply.ENDED)
    elif state.thread(thread) is not None:
        right |= {Reply.CLOSING, Reply.ENDED}
    elif _has_gone(state, flight):
        right |= {Reply.ENDED, Reply.FAILED}
    elif Reply.OK in flight.may:  # it was running when that was asked
        right.add(Reply.ENDED)
    if not flight.done and (not _there(state, thread) or archives(state, thread)):
        right.add(Reply.NOT_FOUND)
    return right | ({Reply.ENDED} if _ended(state, flight) else set())


def _ended(state: ServerState, flight: InFlight) -> bool:
    """Whether the subscription that the request made, or found, may have ended before the answer."""
    return flight.found and not state.linked(target(flight.request), flight.request.connection)


def _unsubscribe(state: ServerState, flight: InFlight) -> set[Reply]:
    thread, connection = target(flight.request), flight.request.connection
    if flight.done:
        return {Reply.OK}
    if state.linked(thread, connection) or (thread, connection) in state.owed:
        return set()
    return {Reply.NOT_LOADED if state.thread(thread) is None else Reply.NOT_SUBSCRIBED}


def _archive(state: ServerState, flight: InFlight) -> set[Reply]:
    thread = target(flight.request)
    right = {Reply.OK} if not state.running(thread) and thread not in state.stored else set()
    return right if flight.done or _there(state, thread) else right | {Reply.NOT_FOUND}


def _add_listener(state: ServerState, flight: InFlight) -> set[Reply]:
    request = flight.request
    assert isinstance(request, rq.AddListener)
    if flight.done:
        return {Reply.OK}
    named = (request.thread, request.connection, request.subscription) in state.grants
    right = {Reply.OK} if named else set()
    others = {c for _, c, s in state.grants if s == request.subscription}
    others |= {f.request.connection for _, f in state.of(rq.AddListener) if getattr(f.request, "subscription", 0) == request.subscription}
    if others - {request.connection}:
        right.add(Reply.BUSY)
    return right if state.running(request.thread) else right | {Reply.NOT_LOADED}


def _remove_listener(state: ServerState, flight: InFlight) -> set[Reply]:
    request = flight.request
    assert isinstance(request, rq.RemoveListener)
    if flight.done:
        return {Reply.OK}
    return set() if any(s == request.subscription for *_, s in state.grants) else {Reply.NOT_FOUND}


def _not_running(state: ServerState, thread: int) -> set[Reply]:
    """The answers to a request for a conversation that is not loaded, or closing, or dead."""
    loaded = state.thread(thread)
    if loaded is None or loaded.closing:
        return {Reply.NOT_LOADED, Reply.FAILED, Reply.ENDED}
    return {Reply.FAILED, Reply.ENDED} if loaded.dead else set()


def _turn_start(state: ServerState, flight: InFlight) -> set[Reply]:
    thread = target(flight.request)
    return _not_running(state, thread) or {Reply.OK}


def _turn_interrupt(state: ServerState, flight: InFlight) -> set[Reply]:
    """Right when no turn is open, or none can open any more."""
    thread = target(flight.request)
    loaded = state.thread(thread)
    return _not_running(state, thread) | (set() if loaded is not None and loaded.turn else {Reply.OK})


def _rollback(state: ServerState, flight: InFlight) -> set[Reply]:
    thread = target(flight.request)
    loaded = state.thread(thread)
    right = _not_running(state, thread)
    if loaded is not None and loaded.rolled_back:
        right.add(Reply.OK)
    if sum(target(f.request) == thread for _, f in state.of(rq.Rollback)) > 1:  # this one, and another
        right.add(Reply.BUSY)
    return right


_RIGHT: dict[type[Request], Callable[[ServerState, InFlight], set[Reply]]] = {
    rq.Initialize: _always,
    rq.Close: _always,
    rq.ListLoaded: _always,
    rq.Start: _new_thread,
    rq.Fork: _new_thread,
    rq.Resume: _resume,
    rq.Unsubscribe: _unsubscribe,
    rq.Archive: _archive,
    rq.AddListener: _add_listener,
    rq.RemoveListener: _remove_listener,
    rq.TurnStart: _turn_start,
    rq.TurnInterrupt: _turn_interrupt,
    rq.Rollback: _rollback,
}
