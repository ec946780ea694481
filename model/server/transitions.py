"""The model of level server: the changes of subscriptions and registry, and the answers, that the requests in flight allow.

A state holds the facts that clients can know (live connections, loaded threads, subscriptions) and the requests in flight with their
progress. It moves by an outside event (`accept`, `close`, `brought`, `turn`, ...), by a visible change (`explain`), or by an answer
(`answer`). Each visible change is one action of one request, or an ending. A request takes effect at the change that it makes, or silently
at any moment between its arrival and its answer at which that answer was right (`replies`); the answers of all these moments are its
`may`. A cancelled request may have happened or not: it may be answered like any other, or CANCELLED.

A conversation is one load of a thread, known by its number; the same thread loaded again is another one. The model refuses to know how
events are delivered (`model.server.deliveries`), and anything of locks, tasks or listeners.

Long because the moves of one automaton are read together, beside their twin.

Its core is written a second time in `model/tla/Server.tla`: change both together; a test compares them.
"""

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

MANY = 2  # ends that a request may have made: so many are counted, and then not any more

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
            state = with_flight(state, number, lambda f: f._replace(replied=conversation, ended=False, failed=conversation is None))
    new = any(isinstance(f.request, rq.Start | rq.Fork) and target(f.request) == thread for _, f in state.flight)
    if conversation is not None and new:
        state = state._replace(stored=state.stored | {thread})
    return settle(state)


def archived(state: ServerState, thread: int) -> ServerState:
    """The thread is taken out of the store."""
    return settle(state._replace(stored=state.stored - {thread}))


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


def stays(state: ServerState, thread: int, connection: int) -> ServerState:
    """The connection still shows as subscribed, though all known grants are gone: another request has subscribed it unseen."""
    return settle(state._replace(grants=state.grants | {(thread, connection, IMPLICIT)}))


# --- visible changes


def explain(state: ServerState, change: Change) -> ServerState | None:
    """The state after `change`, made by the oldest request that may make it; None if the state does not allow the change."""
    after = _EXPLAINED[change.kind](state, change)
    return None if after is None else settle(after)


def _live(state: ServerState, change: Change) -> ServerState | None:
    c = change.connection
    return state._replace(live=state.live | {c}) if c in state.asked - state.gone else None


def _dead(state: ServerState, change: Change) -> ServerState | None:
    c = change.connection
    if c not in state.closed:
        return None
    return state._replace(live=state.live - {c}, gone=state.gone | {c}, grants=frozenset(g for g in state.grants if g[1] != c))


def _load(state: ServerState, change: Change) -> ServerState | None:
    """A conversation that the engine has brought enters the registry, once, and not in another's place."""
    t, v = change.thread, change.other
    if state.thread(t) is not None or not any(f.replied == v and not f.ended for _, f in state.flight):
        return None
    if t not in state.stored and not archives(state, t):  # archived meanwhile, and the archive has been answered
        return None
    return state._replace(loaded=tuple(sorted((*state.loaded, (t, Loaded(v, dead=v in state.dead))))))


def _link(state: ServerState, change: Change) -> ServerState | None:
    """Made by the oldest request that may: if an id shows with it, preferably one that makes an id, else preferably one that does not.

    A request may do it again: of two in flight, the other may have done it before.
    """
    t, c = change.thread, change.connection
    if c in state.gone or not state.running(t):
        return None
    owed = state.owed - {(t, c)}  # the link that was confirmed is there, whichever request made it; a later one is not owed
    asked = [
        (n, f) for n, f in state.flight if f.request.connection == c and target(f.request) == t and isinstance(f.request, rq.SUBSCRIBES)
    ]

    def unlikely(flight: InFlight) -> tuple[bool, bool, bool]:
        other_kind = isinstance(flight.request, rq.AddListener) != bool(change.other)
        return other_kind, flight.done, flight.cancelled  # a cancelled one may never do it

    for number, flight in sorted(asked, key=lambda entry: unlikely(entry[1])):
        request = flight.request
        if isinstance(request, rq.AddListener):
            return state._replace(grants=state.grants | {(t, c, request.subscription)}, owed=owed)
        done = with_flight(state, number, lambda f: f._replace(done=True))
        return done._replace(grants=state.grants | {(t, c, IMPLICIT)}, owed=owed)
    if (t, c) in state.owed:
        return state._replace(grants=state.grants | {(t, c, IMPLICIT)}, owed=owed)
    return None


def _name(state: ServerState, change: Change) -> ServerState | None:
    t, c, s = change.thread, change.connection, change.other
    for number, flight in state.of(rq.AddListener):
        if flight.request == rq.AddListener(c, s, t, getattr(flight.request, "raw", False)) and not flight.done and state.running(t):
            moved = frozenset(g for g in state.grants if g[2] != s)
            return with_flight(state, number, lambda f: f._replace(done=True))._replace(grants=moved | {(t, c, s)})
    return None


def _unname(state: ServerState, change: Change) -> ServerState | None:
    t, c, s = change.thread, change.connection, change.other
    without = state._replace(grants=state.grants - {(t, c, s)})
    asked = [n for n, f in state.of(rq.RemoveListener) if f.request == rq.RemoveListener(f.request.connection, s) and not f.done]
    named = rq.AddListener(c, s, t, False), rq.AddListener(c, s, t, True)  # a request that has put the id here does not take it away
    adds = [f for _, f in state.of(rq.AddListener) if not (f.done and f.request in named)]
    moved = any(isinstance(f.request, rq.AddListener) and f.request.subscription == s for f in adds)
    others = moved or _ends(state, t, c) is not None
    if len(asked) == 1 and not others:
        return with_flight(without, asked[0], lambda f: f._replace(done=True))
    # any of them, or another request, which leaves them nothing to do
    return _may_have(without, asked, alone=not others) if asked or others else None


def _unlink(state: ServerState, change: Change) -> ServerState | None:
    t, c = change.thread, change.connection
    after = _ends(state, t, c)
    if state.linked(t, c):
        return None if after is None else after._replace(grants=frozenset(g for g in after.grants if g[:2] != (t, c)))
    if after is None:
        return state  # its last id went a moment ago
    removed = any(f.done or f.claims for _, f in state.of(rq.RemoveListener))
    moved = any(f.request.connection == c and target(f.request) != t for _, f in state.of(rq.AddListener))
    return (
        _may_have(state, _unsubscribes(state, t, c)) if removed or moved else after
    )  # by the one that took the id away, or an unsubscribe


def _closing(state: ServerState, change: Change) -> ServerState | None:
    """Caused by the last unsubscribe, while no other connection is subscribed; by an archive; or by the end of the conversation."""
    t = change.thread
    loaded = state.thread(t)
    if loaded is None:
        return None
    left = any((f.done or f.claims) and target(f.request) == t for _, f in state.of(rq.Unsubscribe)) and not state.subscribed(t)
    if not left and not loaded.dead and not archives(state, t):
        return None
    closing = with_loaded(state, t, lambda known: known._replace(closing=True, turn=False))
    return closing._replace(owed=frozenset(o for o in state.owed if o[0] != t))


def _unload(state: ServerState, change: Change) -> ServerState | None:
    t = change.thread
    loaded = state.thread(t)
    if loaded is None or not (loaded.closing or loaded.dead or archives(state, t)):
        return None
    for number, flight in state.flight:
        rollback = isinstance(flight.request, rq.Rollback) and flight.request.thread == t
        if flight.replied == loaded.conversation or rollback:
            state = with_flight(state, number, lambda f: f._replace(ended=True))
    return state._replace(
        loaded=tuple(entry for entry in state.loaded if entry[0] != t), owed=frozenset(o for o in state.owed if o[0] != t)
    )


_EXPLAINED = {
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


def _ends(state: ServerState, thread: int, connection: int) -> ServerState | None:
    """The state in which a request has ended every grant of `connection` on `thread`; None: no request could have."""
    asked = _unsubscribes(state, thread, connection)
    loaded = state.thread(thread)
    by_itself = connection in state.closed or not state.running(thread) or archives(state, thread)
    if by_itself or (loaded is not None and loaded.dead):  # an unsubscribe may have done it, and has then nothing left to do
        return _may_have(state, asked)
    if len(asked) == 1:
        return with_flight(state, asked[0], lambda f: f._replace(done=True))
    return _may_have(state, asked, alone=True) if asked else None


def _unsubscribes(state: ServerState, thread: int, connection: int) -> list[int]:
    """The unsubscribes in flight that may still end the pair's subscription."""
    return [number for number, f in state.of(rq.Unsubscribe) if f.request == rq.Unsubscribe(connection, thread) and not f.done]


def _may_have(state: ServerState, numbers: list[int], *, alone: bool = False) -> ServerState:
    """The state in which one of these requests may have made the end that shows; `alone`: it has, since nothing else can have."""
    for number in numbers:
        state = with_flight(state, number, lambda f: f._replace(claims=min(f.claims + 1, MANY), owes=f.owes or alone))
    return state


def _claimed(state: ServerState, flight: InFlight, reply: Reply) -> ServerState:
    """The state after an answer to a request that might have made an end: at most one request is told of it, and one of those that owe is.

    The end that an OK reports is the first of those that the request may have made: each later one suits every other request as well.
    """
    request = flight.request
    others = [(n, f) for n, f in state.flight if isinstance(f.request, rq.ENDS) and _ends_the_same(f.request, request) and not f.done]
    owing = [n for n, f in others if f.owes]
    for number, other in others:
        if reply is Reply.OK and flight.claims <= other.claims < MANY:
            state = with_flight(state, number, lambda f: f._replace(claims=f.claims - 1))
        if reply in (Reply.OK, Reply.CANCELLED):  # it may be the one that owed
            state = with_flight(state, number, lambda f: f._replace(owes=False))
        elif flight.owes and owing == [number]:
            state = with_flight(state, number, lambda f: f._replace(done=True, may=f.may & {Reply.CANCELLED}))
    return state


def _ends_the_same(request: Request, other: Request) -> bool:
    if isinstance(request, rq.RemoveListener):
        return isinstance(other, rq.RemoveListener) and request.subscription == other.subscription
    return request == other


# --- answers


def settle(state: ServerState) -> ServerState:
    """The state in which every request in flight may, from now on, also be answered with the replies that are right here."""
    flight = []
    changed = False
    for number, known in state.flight:
        right = replies(state, known)
        request = known.request
        may = known.may
        if Reply.OK in may and Reply.OK not in right and isinstance(request, rq.ENDS):  # another was told of the end
            may -= {Reply.OK}
        finds = not known.found and isinstance(request, rq.ASKS_ENGINE) and state.linked(target(request), request.connection)
        if right <= may and may is known.may and not finds:
            flight.append((number, known))
        else:
            changed = True
            flight.append((number, known._replace(may=may | right, found=known.found or finds)))
    return state._replace(flight=tuple(flight)) if changed else state


def answer(state: ServerState, number: int, reply: Reply) -> ServerState | None:
    """The state after request `number` was answered `reply`; None if that was right at no moment since the request arrived."""
    flight = next((f for n, f in state.flight if n == number), None)
    if flight is None or reply not in flight.may:
        return None
    state = state._replace(flight=tuple(entry for entry in state.flight if entry[0] != number))
    request = flight.request
    if flight.claims and not flight.done:
        state = _claimed(state, flight, reply)
    if isinstance(request, rq.Rollback) and reply is Reply.OK and not flight.ended:  # if so, it was for a conversation that is gone
        loaded = state.thread(request.thread)
        if loaded is not None and not loaded.rolled_back:  # there was one, and the answer to another request has reported it
            return None
        state = with_loaded(state, request.thread, lambda known: known._replace(rolled_back=known.rolled_back - 1))
    if isinstance(request, rq.Resume) and reply is Reply.OK and not flight.done and request.connection not in state.closed:
        pair = (request.thread, request.connection)
        if not state.linked(*pair) and state.running(request.thread):
            state = state._replace(owed=state.owed | {pair})
    return settle(state)
