"""The model of level server: the changes of subscriptions and registry, and the answers, that the requests in flight allow.

A state holds the facts that clients can know (live connections, loaded threads, subscriptions) and the requests in flight with their
progress. It moves by an outside event (`accept`, `close`, `brought`, `turn`, ...), by a visible change (`explain`), or by an answer
(`answer`). Each visible change is one action of one request, or an ending; where several may have made it, there is a state for each.
A request is one thing with one effect: once it has made its change, only the answers to that are right (`done`). One that changes nothing
that shows takes effect silently, at any moment between its arrival and its answer at which that answer was right (`replies`); the answers
of all these moments are its `may`. A cancelled request may have happened or not: it may be answered like any other, or CANCELLED.

A conversation is one load of a thread, known by its number; the same thread loaded again is another one. The model refuses to know how
events are delivered (`model.server.deliveries`), and anything of locks, tasks or listeners.

Long because the moves of one automaton are read together, beside their twin.

Its core is written a second time in `model/tla/Server.tla`: change both together; a test compares them.
"""

from collections.abc import Callable, Iterator, Mapping

from subwarden.model.server import requests as rq
from subwarden.model.server.replies import archives, replies
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import (
    IMPLICIT,
    Change,
    ChangeKind,
    InFlight,
    Loaded,
    ServerState,
    pair_of,
    target,
    with_flight,
    with_loaded,
)

States = tuple[ServerState, ...]  # that are consistent with what has happened, in the order in which they were thought of

# --- from outside


def accept(state: ServerState, number: int, request: Request) -> ServerState:
    """A request arrives."""
    if isinstance(request, rq.SUBSCRIBES):
        state = state._replace(owed=state.owed - {pair_of(request)})
    if isinstance(request, rq.Initialize):
        state = state._replace(asked=state.asked | {request.connection})
    return settle(state._replace(flight=(*state.flight, (number, InFlight(request)))))


def close(state: ServerState, connection: int) -> ServerState:
    """A client has gone: nobody waits for the answers to its requests, though they may still take effect."""
    return settle(state._replace(closed=state.closed | {connection}, owed=frozenset((t, c) for t, c in state.owed if c != connection)))


def cancel(state: ServerState, number: int) -> ServerState:
    """The handler of a request was cancelled."""
    return with_flight(state, number, lambda f: f._replace(cancelled=True, may=f.may | {Reply.CANCELLED}))


def brought(state: ServerState, thread: int, conversation: int | None) -> ServerState:
    """The engine has brought a conversation of `thread` (None: it could not), for every request that asked for it or waits for it."""
    for number, flight in state.flight:
        asks = isinstance(flight.request, rq.ASKS_ENGINE) and target(flight.request) == thread
        if asks:
            kept = {Reply.CANCELLED} if conversation is not None and not isinstance(flight.request, rq.Resume) else flight.may
            told = flight._replace(replied=conversation, ended=False, failed=conversation is None, may=flight.may & kept)
            state = state._replace(flight=tuple((n, told if n == number else f) for n, f in state.flight))
    new = any(isinstance(f.request, rq.Start | rq.Fork) and target(f.request) == thread for _, f in state.flight)
    if conversation is not None and new:
        state = state._replace(stored=state.stored | {thread})
    return settle(state)


def archived(state: ServerState, thread: int) -> States:
    """The thread is taken out of the store, by one of the archives in flight."""
    without = state._replace(stored=state.stored - {thread})
    by = list(_archived(without, thread)) if thread in state.stored else []
    return tuple(map(settle, by or [without]))


def done(state: ServerState, number: int) -> ServerState:
    """The state in which a request has made its change: the answers that were right before are not any more."""
    return with_flight(state, number, lambda f: f._replace(done=True, may=f.may & {Reply.CANCELLED}))


def turn(state: ServerState, thread: int, conversation: int, is_open: bool) -> ServerState:
    """The engine reports that a turn begins (`is_open`) or ends."""
    return settle(with_loaded(state, thread, lambda known: known._replace(turn=is_open) if known.conversation == conversation else known))


def rolled_back(state: ServerState, thread: int) -> ServerState:
    """The engine has done a rollback: one of the waiting requests may be answered."""
    return settle(with_loaded(state, thread, lambda known: known._replace(rolled_back=known.rolled_back + 1)))


def refused(state: ServerState, thread: int) -> ServerState:
    """A conversation of the thread takes a request no more: those that are waiting may be told that the engine could not do it."""
    for number, flight in state.flight:
        if isinstance(flight.request, rq.TurnStart | rq.TurnInterrupt | rq.Rollback) and flight.request.thread == thread:
            state = with_flight(state, number, lambda f: f._replace(failed=True))
    return settle(state)


def died(state: ServerState, thread: int, conversation: int) -> ServerState:
    """A conversation's stream has ended by itself."""
    state = state._replace(dead=state.dead | {conversation})
    return settle(
        with_loaded(state, thread, lambda known: known._replace(dead=True, turn=False) if known.conversation == conversation else known)
    )


# --- visible changes


def explain(state: ServerState, change: Change) -> States:
    """The states after `change`, one for each request or ending that may have made it; none: the state does not allow the change."""
    return tuple(dict.fromkeys(map(settle, _EXPLAINED[change.kind](state, change))))


def _live(state: ServerState, change: Change) -> Iterator[ServerState]:
    c = change.connection
    if c in state.asked - state.gone:
        yield state._replace(live=state.live | {c})


def _dead(state: ServerState, change: Change) -> Iterator[ServerState]:
    c = change.connection
    if c in state.closed:
        yield state._replace(live=state.live - {c}, gone=state.gone | {c}, grants=frozenset(g for g in state.grants if g[1] != c))


def _load(state: ServerState, change: Change) -> Iterator[ServerState]:
    """A conversation that the engine has brought enters the registry, once, and not in another's place."""
    t, v = change.thread, change.other
    if state.thread(t) is not None or not any(f.replied == v and not f.ended for _, f in state.flight):
        return
    if t in state.stored or archives(state, t):  # else it was archived meanwhile, and the archive has been answered
        yield state._replace(loaded=tuple(sorted((*state.loaded, (t, Loaded(v, dead=v in state.dead))))))


def _link(state: ServerState, change: Change) -> Iterator[ServerState]:
    """Made by one request that has not subscribed the pair yet: by one for the id that shows with it, or by one without an id; or by one
    that was confirmed before. The link that was confirmed is there, whichever request made it."""
    t, c, s = change[1:]
    if c in state.gone or not state.running(t):
        return
    linked = _come(state._replace(owed=state.owed - {(t, c)}), t)
    if s:
        if any(True for _ in _adds(state, t, c, s)):
            yield linked  # the change that names the id makes the grant
        return
    for number in _joins(state, t, c):
        yield _granted(done(linked, number), t, c)
    if (t, c) in state.owed:
        yield _granted(linked, t, c)


def _come(state: ServerState, thread: int) -> ServerState:
    """The state in which somebody has come to the thread, or was told so."""
    return with_loaded(state, thread, lambda known: known._replace(left=False))


def _joins(state: ServerState, thread: int, connection: int) -> list[int]:
    """The requests in flight that may still subscribe the pair without an id."""
    asked = ((n, f) for n, f in state.flight if isinstance(f.request, rq.ASKS_ENGINE) and not f.done)
    return [n for n, f in asked if pair_of(f.request) == (thread, connection)]


def _adds(state: ServerState, thread: int, connection: int, subscription: int) -> Iterator[int]:
    """The requests in flight that may still subscribe the pair under the id."""
    asked = [rq.AddListener(connection, subscription, thread, raw) for raw in (False, True)]
    return (number for number, f in state.of(rq.AddListener) if f.request in asked and not f.done)


def _granted(state: ServerState, thread: int, connection: int) -> ServerState:
    return state._replace(grants=state.grants | {(thread, connection, IMPLICIT)})


def _name(state: ServerState, change: Change) -> Iterator[ServerState]:
    t, c, s = change[1:]
    if state.running(t) and c not in state.gone:
        moved = frozenset(g for g in state.grants if g[2] != s)
        named = _come(state._replace(grants=moved | {(t, c, s)}, owed=state.owed - {(t, c)}), t)
        yield from (done(named, number) for number in _adds(state, t, c, s))


def _unname(state: ServerState, change: Change) -> Iterator[ServerState]:
    """By a request to remove the id, or with the whole subscription."""
    t, c, s = change[1:]
    if (t, c, s) not in state.grants:
        yield state  # it has moved, or went with its subscription, a moment ago
        return
    for number, flight in state.of(rq.RemoveListener):
        if getattr(flight.request, "subscription", 0) == s and not flight.done:
            yield done(state, number)._replace(grants=state.grants - {(t, c, s)})
    yield from _ended(state, t, c)


def _unlink(state: ServerState, change: Change) -> Iterator[ServerState]:
    """By an end of the whole subscription; its last id may have gone a moment ago."""
    t, c = change.thread, change.connection
    if state.linked(t, c):
        yield from _ended(state, t, c)
    else:
        yield state


def _ended(state: ServerState, thread: int, connection: int) -> Iterator[ServerState]:
    """The states in which the connection's subscription has ended: by one unsubscribe that has ended none yet, by an archive, or by itself,
    since its client or its thread goes."""
    without = state._replace(grants=frozenset(g for g in state.grants if g[:2] != (thread, connection)))
    loaded = state.thread(thread)
    if connection in state.closed or loaded is None or loaded.closing or loaded.dead:
        yield without
    else:
        yield from _archived(without, thread)
    for number, flight in state.of(rq.Unsubscribe):
        if pair_of(flight.request) == (thread, connection) and not flight.done:
            after = done(without, number)
            yield after if after.subscribed(thread) else with_loaded(after, thread, lambda known: known._replace(left=True))


def _archived(state: ServerState, thread: int) -> Iterator[ServerState]:
    """The states in which an archive of the thread has done a part of its work. One that has done another part may have done this too, and
    then the others need have done nothing."""
    asked = [(number, f) for number, f in state.of(rq.Archive) if target(f.request) == thread]
    if any(f.done for _, f in asked):
        yield state
    else:
        yield from (done(state, number) for number, _ in asked)


def _closing(state: ServerState, change: Change) -> Iterator[ServerState]:
    """Caused by an unsubscribe, while no other connection is subscribed; by an archive; or by the end of the conversation."""
    t = change.thread
    loaded = state.thread(t)
    if loaded is None:
        return
    closing = with_loaded(state, t, lambda known: known._replace(closing=True, turn=False))
    closing = closing._replace(owed=frozenset(o for o in state.owed if o[0] != t))
    left = any(f.done and target(f.request) == t for _, f in state.of(rq.Unsubscribe)) and not state.subscribed(t)
    if left or loaded.left or loaded.dead:
        yield closing
    else:
        yield from _archived(closing, t)


def _unload(state: ServerState, change: Change) -> Iterator[ServerState]:
    t = change.thread
    loaded = state.thread(t)
    if loaded is None:
        return
    after = state
    for number, flight in state.flight:
        rollback = isinstance(flight.request, rq.Rollback) and flight.request.thread == t
        if flight.replied == loaded.conversation or rollback:
            after = with_flight(after, number, lambda f: f._replace(ended=True))
    after = after._replace(
        loaded=tuple(entry for entry in state.loaded if entry[0] != t), owed=frozenset(o for o in state.owed if o[0] != t)
    )
    if loaded.closing or loaded.dead:
        yield after
    else:
        yield from _archived(after, t)


_EXPLAINED: Mapping[ChangeKind, Callable[[ServerState, Change], Iterator[ServerState]]] = {
    ChangeKind.LIVE: _live,
    ChangeKind.LOADED: _load,
    ChangeKind.LINKED: _link,
    ChangeKind.NAMED: _name,
    ChangeKind.UNNAMED: _unname,
    ChangeKind.UNLINKED: _unlink,
    ChangeKind.CLOSING: _closing,
    ChangeKind.UNLOADED: _unload,
    ChangeKind.DEAD: _dead,
}


def shows(state: ServerState, links: frozenset[tuple[int, int]], ids: frozenset[tuple[int, int, int]]) -> States:
    """The states that the maps can show, which have the subscriptions `links` and the `ids`: the model's, and those of requests that have
    subscribed a pair unseen, while it was subscribed under an id."""
    if ids != {g for g in state.grants if g[2] != IMPLICIT}:
        return ()
    unseen = links - {g[:2] for g in state.grants}
    if len(links) != len(unseen) + len({g[:2] for g in state.grants}):
        return ()
    found = [state]
    for t, c in sorted(unseen):
        found = [after for each in found for after in _has_joined(each, t, c)]
    return tuple(found) if not unseen else tuple(map(settle, found))


def _has_joined(state: ServerState, thread: int, connection: int) -> Iterator[ServerState]:
    """The states in which a request has subscribed the pair, or one that was confirmed has."""
    for number in _joins(state, thread, connection):
        yield _granted(done(state, number), thread, connection)
    if (thread, connection) in state.owed:
        yield _granted(state._replace(owed=state.owed - {(thread, connection)}), thread, connection)


# --- answers


def settle(state: ServerState) -> ServerState:
    """The state in which every request in flight may, from now on, also be answered with the replies that are right here."""
    return state.each_in_flight(settled)


def settled(state: ServerState, known: InFlight) -> InFlight:
    """The request as it is in a state that is settled."""
    right, request = replies(state, known), known.request
    return known.also(right, found=isinstance(request, rq.ASKS_ENGINE) and state.linked(target(request), request.connection))


def answer(state: ServerState, number: int, reply: Reply) -> States:
    """The states after request `number` was answered `reply`; none if the answer is not one of its `may`.

    A request to subscribe that has changed nothing that shows has been done silently if it is confirmed, and may have been if it was
    cancelled.
    """
    flight = next((f for n, f in state.flight if n == number), None)
    if flight is None or reply not in flight.may:
        return ()
    state = state._replace(flight=tuple(entry for entry in state.flight if entry[0] != number))
    request = flight.request
    if isinstance(request, rq.Rollback) and reply is Reply.OK and not flight.ended:  # if so, it was for a conversation that is gone
        loaded = state.thread(request.thread)
        if loaded is not None and not loaded.rolled_back:  # there was one, and the answer to another request has reported it
            return ()
        state = with_loaded(state, request.thread, lambda known: known._replace(rolled_back=known.rolled_back - 1))
    pair = pair_of(request)
    if isinstance(request, rq.ASKS_ENGINE) and not flight.done and reply in (Reply.OK, Reply.CANCELLED):
        if state.linked(*pair) and state.running(pair[0]):  # else it ends with the thread
            silently = settle(_granted(state, *pair))
            return (silently,) if reply is Reply.OK else tuple(dict.fromkeys((settle(state), silently)))
        told = isinstance(request, rq.Resume) and reply is Reply.OK and request.connection not in state.closed
        if told and state.running(request.thread):
            state = _come(state._replace(owed=state.owed | {pair}), request.thread)
    return (settle(state),)
