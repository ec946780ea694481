"""The model of level 2: which changes of subscriptions and of the registry, and which answers, the requests in flight allow.

A state has what clients can know (who is live, what is loaded, who is subscribed by what) and the requests in flight with what they
have done. Three things happen to it: something from outside (`accept`, `close`, `started`, `turn`, ...), a visible change (`explain`),
an answer (`answer`). Each visible change is one action of one request or the end of something: a request takes effect at the change it
makes, or silently at any moment between its arrival and its answer at which the answer was right (`replies`); the sum of those moments
is its `may`. A request that was cancelled may have happened or not, and may be answered as any other, or CANCELLED.

A conversation is one load of a thread, known by its number; the same thread loaded again is another. It refuses to know how events are
delivered (`model.deliveries`), and anything of locks, tasks or listeners.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from model import requests as rq
from model.requests import Reply, Request

IMPLICIT = 0  # the grant of a subscription that no explicit id stands for; ids count from 1


class Loaded(NamedTuple):
    """A thread in the registry."""

    conversation: int
    closing: bool = False
    turn: bool = False  # as the engine sees it
    dead: bool = False  # its stream has ended by itself


class InFlight(NamedTuple):
    """A request that is accepted and not answered. `may`: the answers that were right at some moment since."""

    request: Request
    may: frozenset[Reply] = frozenset()
    done: bool = False  # its change was made
    replied: int | None = None  # the conversation that the engine has brought for it
    failed: bool = False  # the engine could not
    cancelled: bool = False


class Change(NamedTuple):
    """A visible change. `what` and the numbers it is about: a thread, a connection, an id, a conversation."""

    what: "What"
    thread: int = 0
    connection: int = 0
    other: int = 0  # an id, or a conversation


class What(Enum):
    """In the order in which the changes of one step are explained."""

    LIVE = "is live"
    LOADED = "is loaded"
    LINKED = "is subscribed"
    NAMED = "is subscribed under an id"
    UNNAMED = "has an id no more"
    UNLINKED = "is subscribed no more"
    CLOSING = "is being unloaded"
    UNLOADED = "is unloaded"
    DEAD = "is not live any more"


class State(NamedTuple):
    """One state."""

    live: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()  # to be initialized: whose connection may be live at any moment from then on
    gone: frozenset[int] = frozenset()  # are live no more, for ever
    closed: frozenset[int] = frozenset()
    stored: frozenset[int] = frozenset()
    loaded: tuple[tuple[int, Loaded], ...] = ()
    grants: frozenset[tuple[int, int, int]] = frozenset()  # (thread, connection, IMPLICIT or id)
    owed: frozenset[tuple[int, int]] = frozenset()  # (thread, connection): answered as subscribed, and not linked yet
    flight: tuple[tuple[int, InFlight], ...] = ()  # by number, which is the order of arrival

    def thread(self, thread: int) -> Loaded | None:
        """What is loaded as `thread`."""
        return next((loaded for t, loaded in self.loaded if t == thread), None)

    def linked(self, thread: int, connection: int) -> bool:
        """Whether the connection is subscribed, by whatever."""
        return any(t == thread and c == connection for t, c, _ in self.grants)

    def subscribed(self, thread: int) -> bool:
        """Whether anybody is, or has been told so."""
        return any(t == thread for t, *_ in (*self.grants, *self.owed))

    def running(self, thread: int) -> bool:
        """Whether the thread is loaded, and not about to be unloaded."""
        loaded = self.thread(thread)
        return loaded is not None and not loaded.closing

    def of(self, kind: type[Request]) -> Iterator[tuple[int, InFlight]]:
        """The requests in flight of a kind."""
        return ((n, f) for n, f in self.flight if type(f.request) is kind)


# --- from outside


def accept(state: State, number: int, request: Request) -> State:
    """A request arrives."""
    if isinstance(request, rq.SUBSCRIBES):
        state = state._replace(owed=state.owed - {(target(request), request.connection)})
    if isinstance(request, rq.Initialize):
        state = state._replace(asked=state.asked | {request.connection})
    return settle(state._replace(flight=(*state.flight, (number, InFlight(request)))))


def close(state: State, connection: int) -> State:
    """A client has gone: nobody waits for the answers to its requests, which may still do what they were about to."""
    return settle(state._replace(closed=state.closed | {connection}, owed=frozenset((t, c) for t, c in state.owed if c != connection)))


def cancel(state: State, number: int) -> State:
    """The handler of a request was cancelled."""
    return _with(state, number, lambda f: f._replace(cancelled=True, may=f.may | {Reply.CANCELLED}))


def brought(state: State, thread: int, conversation: int | None) -> State:
    """The engine has brought the conversation of `thread`, or None: it could not. For whoever asked for it, and whoever waits for that."""
    for number, flight in state.flight:
        asks = isinstance(flight.request, rq.ASKS_ENGINE) and target(flight.request) == thread
        if asks:
            state = _with(state, number, lambda f: f._replace(replied=conversation, failed=conversation is None))
    if conversation is not None:
        state = state._replace(stored=state.stored | {thread})
    return settle(state)


def archived(state: State, thread: int) -> State:
    """The thread is taken out of the store."""
    return settle(state._replace(stored=state.stored - {thread}))


def turn(state: State, thread: int, conversation: int, is_open: bool) -> State:
    """The engine says that a turn begins or ends."""
    return settle(_loaded(state, thread, lambda known: known._replace(turn=is_open) if known.conversation == conversation else known))


def rolled_back(state: State, thread: int) -> State:
    """The engine has done a rollback: the oldest that waits may be answered."""
    for number, flight in state.of(rq.Rollback):
        if target(flight.request) == thread and not flight.done:
            return _with(state, number, lambda f: f._replace(done=True, may=f.may | {Reply.OK}))
    return state


def died(state: State, thread: int, conversation: int) -> State:
    """A conversation's stream has ended by itself."""
    return settle(
        _loaded(state, thread, lambda known: known._replace(dead=True, turn=False) if known.conversation == conversation else known)
    )


# --- visible changes


def explain(state: State, change: Change) -> State | None:
    """The state after `change`, by the oldest request that may make it; None if nothing allows it."""
    after = _EXPLAINED[change.what](state, change)
    return None if after is None else settle(after)


def _live(state: State, change: Change) -> State | None:
    c = change.connection
    return state._replace(live=state.live | {c}) if c in state.asked - state.gone else None


def _dead(state: State, change: Change) -> State | None:
    c = change.connection
    if c not in state.closed:
        return None
    return state._replace(live=state.live - {c}, gone=state.gone | {c}, grants=frozenset(g for g in state.grants if g[1] != c))


def _load(state: State, change: Change) -> State | None:
    """A conversation that the engine has brought is in the registry, in nobody's place."""
    t, v = change.thread, change.other
    if state.thread(t) is not None or not any(f.replied == v for _, f in state.flight):
        return None
    return state._replace(loaded=tuple(sorted((*state.loaded, (t, Loaded(v))))))


def _link(state: State, change: Change) -> State | None:
    t, c = change.thread, change.connection
    if c in state.gone or not state.running(t):
        return None
    for number, flight in state.flight:
        request = flight.request
        if request.connection != c or flight.done or target(request) != t:
            continue
        if isinstance(request, rq.Start | rq.Resume | rq.Fork):
            done = _with(state, number, lambda f: f._replace(done=True))
            return done._replace(grants=state.grants | {(t, c, IMPLICIT)})
        if isinstance(request, rq.AddListener):
            return state._replace(grants=state.grants | {(t, c, request.subscription)})
    if (t, c) in state.owed:
        return state._replace(grants=state.grants | {(t, c, IMPLICIT)}, owed=state.owed - {(t, c)})
    return None


def _name(state: State, change: Change) -> State | None:
    t, c, s = change.thread, change.connection, change.other
    for number, flight in state.of(rq.AddListener):
        if flight.request == rq.AddListener(c, s, t, getattr(flight.request, "raw", False)) and not flight.done and state.running(t):
            moved = frozenset(g for g in state.grants if g[2] != s)
            return _with(state, number, lambda f: f._replace(done=True))._replace(grants=moved | {(t, c, s)})
    return None


def _unname(state: State, change: Change) -> State | None:
    t, c, s = change.thread, change.connection, change.other
    without = state._replace(grants=state.grants - {(t, c, s)})
    for number, flight in state.of(rq.RemoveListener):
        if flight.request == rq.RemoveListener(flight.request.connection, s) and not flight.done:
            return _with(without, number, lambda f: f._replace(done=True))
    moved = any(f.request.subscription == s for _, f in state.of(rq.AddListener) if isinstance(f.request, rq.AddListener))
    return without if moved or _may_end(state, t, c) is not None else None


def _unlink(state: State, change: Change) -> State | None:
    t, c = change.thread, change.connection
    number = _may_end(state, t, c)
    if number is None:
        return None if state.linked(t, c) else state  # its last id went a moment ago
    ended = state._replace(grants=frozenset(g for g in state.grants if g[:2] != (t, c)))
    return ended if number < 0 else _with(ended, number, lambda f: f._replace(done=True))


def _closing(state: State, change: Change) -> State | None:
    """By the last one who unsubscribed, while nobody else is subscribed; by an archive; because the conversation has ended."""
    t = change.thread
    loaded = state.thread(t)
    if loaded is None:
        return None
    left = any(f.done and target(f.request) == t for _, f in state.of(rq.Unsubscribe)) and not state.subscribed(t)
    if not left and not loaded.dead and not _archives(state, t):
        return None
    closing = _loaded(state, t, lambda known: known._replace(closing=True, turn=False))
    return closing._replace(owed=frozenset(o for o in state.owed if o[0] != t))


def _unload(state: State, change: Change) -> State | None:
    t = change.thread
    loaded = state.thread(t)
    if loaded is None or not (loaded.closing or loaded.dead or _archives(state, t)):
        return None
    return state._replace(
        loaded=tuple(entry for entry in state.loaded if entry[0] != t), owed=frozenset(o for o in state.owed if o[0] != t)
    )


_EXPLAINED = {
    What.LIVE: _live,
    What.LOADED: _load,
    What.LINKED: _link,
    What.NAMED: _name,
    What.UNNAMED: _unname,
    What.UNLINKED: _unlink,
    What.CLOSING: _closing,
    What.UNLOADED: _unload,
    What.DEAD: _dead,
}


def _may_end(state: State, thread: int, connection: int) -> int | None:
    """Who may end all that subscribes `connection` to `thread`: the number of its request, -1 for an end of something, None: nobody."""
    for number, flight in state.of(rq.Unsubscribe):
        if flight.request == rq.Unsubscribe(connection, thread) and not flight.done:
            return number
    if connection in state.closed or not state.running(thread) or _archives(state, thread):
        return -1
    loaded = state.thread(thread)
    return -1 if loaded is not None and loaded.dead else None


def _archives(state: State, thread: int) -> bool:
    return any(target(f.request) == thread for _, f in state.of(rq.Archive))


# --- answers


def replies(state: State, flight: InFlight) -> set[Reply]:
    """The answers that are right in this state, for a request that is in flight: what happens silently happens now."""
    request = flight.request
    right = {Reply.UNINITIALIZED} if request.connection not in state.live and type(request) is not rq.Initialize else set()
    if isinstance(request, rq.Initialize):
        return {Reply.OK}
    if isinstance(request, rq.ListLoaded):
        return right | {Reply.OK}
    if isinstance(request, rq.RemoveListener):
        known = any(s == request.subscription for *_, s in state.grants)
        return right | ({Reply.OK} if flight.done else set() if known else {Reply.NOT_FOUND})
    t = target(request)
    loaded = state.thread(t)
    running = state.running(t)
    there = loaded is not None or t in state.stored
    match request:
        case rq.Start() | rq.Fork():
            if flight.done or (flight.replied is not None and request.connection in state.closed):
                right.add(Reply.OK)
            elif flight.replied is not None and not running:
                right.add(Reply.ENDED)
            if isinstance(request, rq.Fork) and state.thread(request.thread) is None and request.thread not in state.stored:
                right.add(Reply.NOT_FOUND)
        case rq.Resume():
            if running:  # it may be told before it shows; then it is owed
                right.add(Reply.OK)
            elif loaded is not None:
                right |= {Reply.CLOSING, Reply.ENDED}
            elif flight.done or flight.replied is not None:
                right.add(Reply.ENDED)
            if not there or _archives(state, t):
                right.add(Reply.NOT_FOUND)
        case rq.Unsubscribe():
            if flight.done:
                right.add(Reply.OK)
            elif not state.linked(t, request.connection) and (t, request.connection) not in state.owed:
                right.add(Reply.NOT_LOADED if loaded is None else Reply.NOT_SUBSCRIBED)
        case rq.Archive():
            if not running and t not in state.stored:
                right.add(Reply.OK)
            if not there:
                right.add(Reply.NOT_FOUND)
        case rq.AddListener():
            if flight.done or (t, request.connection, request.subscription) in state.grants:
                right.add(Reply.OK)
            if not running:
                right.add(Reply.NOT_LOADED)
        case rq.TurnStart() | rq.TurnInterrupt() | rq.Rollback():
            right |= _of_a_turn(state, request, loaded)
    if flight.failed:
        right.add(Reply.FAILED)
    return right


def _of_a_turn(state: State, request: Request, loaded: Loaded | None) -> set[Reply]:
    """What can be answered to a request that the conversation itself has to do."""
    if loaded is None or loaded.closing:
        return {Reply.NOT_LOADED, Reply.FAILED, Reply.ENDED, *([Reply.OK] if isinstance(request, rq.TurnInterrupt) else [])}
    right = {Reply.FAILED, Reply.ENDED} if loaded.dead else set()
    if isinstance(request, rq.TurnStart) and not loaded.dead:
        right.add(Reply.OK)
    if isinstance(request, rq.TurnInterrupt) and not loaded.turn:
        right.add(Reply.OK)
    others = [f for _, f in state.of(rq.Rollback) if f.request is not request and target(f.request) == target(request)]
    if isinstance(request, rq.Rollback) and others:
        right.add(Reply.BUSY)
    return right


def settle(state: State) -> State:
    """Every request in flight may be answered what is right in this state, from now on."""
    flight = []
    changed = False
    for number, known in state.flight:
        right = replies(state, known)
        if right <= known.may:
            flight.append((number, known))
        else:
            changed = True
            flight.append((number, known._replace(may=known.may | right)))
    return state._replace(flight=tuple(flight)) if changed else state


def answer(state: State, number: int, reply: Reply) -> State | None:
    """The state after request `number` was answered so; None if that was right at no moment since it arrived."""
    flight = next((f for n, f in state.flight if n == number), None)
    if flight is None or reply not in flight.may:
        return None
    state = state._replace(flight=tuple(entry for entry in state.flight if entry[0] != number))
    request = flight.request
    if isinstance(request, rq.Resume) and reply is Reply.OK and not flight.done and request.connection not in state.closed:
        pair = (request.thread, request.connection)
        if not state.linked(*pair) and state.running(request.thread):
            state = state._replace(owed=state.owed | {pair})
    return settle(state)


# --- small change


def target(request: Request) -> int:
    """The thread that a request is about; for a fork, the one that it makes."""
    return request.fork if isinstance(request, rq.Fork) else getattr(request, "thread", 0)


def _with(state: State, number: int, change: Callable[[InFlight], InFlight]) -> State:
    return state._replace(flight=tuple((n, change(f) if n == number else f) for n, f in state.flight))


def _loaded(state: State, thread: int, change: Callable[[Loaded], Loaded]) -> State:
    return state._replace(loaded=tuple((t, change(known) if t == thread else known) for t, known in state.loaded))
