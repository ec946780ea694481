"""The properties that the manager level can decide: predicates on a state, and predicates on a step.

A predicate returns a violation in words, or None. Every state predicate is a conjunction over the pairs, ids or threads that its
`looks_at` names, so it may be evaluated on each of those parts alone; a test compares that with the whole state. `NOT_HERE` gives the
reason for each property that this level cannot decide; none of those counts as holding. `proving.manager.liveness` judges P7 and P13.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Call
from subwarden.model.properties import Property
from subwarden.proving.manager.open_calls import Action, CallMoved, Cancel, ManagerConfiguration


class Part(Enum):
    """The part of a state that one conjunct of a state property reads."""

    PAIR = "a pair: its connection's status, its thread's entry, its grants and raw choice"
    SUBSCRIPTION = "an id: the pairs that it names"
    CONVERSATIONS = "all threads: the conversations that their listeners follow"


class StateProperty(NamedTuple):
    """`broken` returns the violation in a state, or None."""

    property: Property
    looks_at: Part
    broken: Callable[[State], str | None]


class ManagerStepProperty(NamedTuple):
    """`broken` returns the violation in a step, or None."""

    property: Property
    broken: Callable[[ManagerConfiguration, Action, CallMoved], str | None]


def _maps_agree_on_entries(state: State) -> str | None:
    threads = {t for t, _ in state.entries}
    return _first(f"{_grant(g)} is kept, but t{g[0]} has no entry" for g in sorted(state.grants, key=_by_number) if g.thread not in threads)


def _maps_agree_on_ids(state: State) -> str | None:
    named: dict[int, tuple[int, int]] = {}
    for thread, connection, subscription in sorted(state.grants, key=_by_number):
        if subscription is not None and named.setdefault(subscription, (thread, connection)) != (thread, connection):
            other = named[subscription]
            return f"s{subscription} names c{other[1]} on t{other[0]} and c{connection} on t{thread}"
    return None


def _no_phantom_subscriber(state: State) -> str | None:
    dead = [f"c{c} is subscribed to t{t} and not live" for t, c in sorted(state.links()) if c not in state.live]
    return _first([*dead, *(f"c{c} is live after its close" for c in sorted(state.live & state.closed))])


def _one_listener(state: State) -> str | None:
    followed = [e.conversation for _, e in state.entries if e.conversation is not None]
    return _first(f"conversation {c} has two listeners" for c in sorted(followed) if followed.count(c) > 1)


def _flags_belong(state: State) -> str | None:
    links = state.links()
    return _first(f"c{c} keeps a raw choice on t{t} without a subscription" for t, c in sorted(state.raw) if (t, c) not in links)


def _nothing_leaks(state: State) -> str | None:
    threads = {t for t, _ in state.entries}
    kept = sorted(state.links() | state.raw)
    return _first(
        f"t{t} keeps a grant or raw choice of c{c} that nothing can reach" for t, c in kept if t not in threads or c in state.closed
    )


STATE_PROPERTIES: tuple[StateProperty, ...] = (
    StateProperty(Property.P1, Part.PAIR, _maps_agree_on_entries),
    StateProperty(Property.P1, Part.SUBSCRIPTION, _maps_agree_on_ids),
    StateProperty(Property.P2, Part.PAIR, _no_phantom_subscriber),
    StateProperty(Property.P4, Part.CONVERSATIONS, _one_listener),
    StateProperty(Property.P10, Part.PAIR, _flags_belong),
    StateProperty(Property.P12, Part.PAIR, _nothing_leaks),
)


def _torn_down(before: State, call: Call) -> bool:
    """Whether the entry to which the call is bound has been torn down."""
    thread = call.thread if call.thread is not None else getattr(call.operation, "thread", None)
    entry = None if thread is None else before.entry(thread)
    return call.incarnation is not None and (entry is None or entry.incarnation != call.incarnation)


def _late_state_call(before: ManagerConfiguration, _: Action, moved: CallMoved) -> str | None:
    call = moved.call
    if call is None or call.thread is None or not _torn_down(before.state, call) or moved.configuration.state == before.state:
        return None
    return f"{call.operation.name} on a state that was torn down changed t{call.thread}"


def _no_resurrection(before: ManagerConfiguration, _: Action, moved: CallMoved) -> str | None:
    call = moved.call
    if call is None:
        return None
    o = call.operation
    if isinstance(o, op.RemoveThreadState):
        after = moved.configuration.state
        left = after.entry(o.thread) is not None or after.subscribers(o.thread) or any(t == o.thread for t, _ in after.raw)
        return f"the teardown of t{o.thread} left an entry, a grant or a raw choice" if left else None
    creates = isinstance(o, op.ThreadState | op.TryEnsureConnectionSubscribed | op.TryAddConnectionToThread | op.SetListener)
    if creates and _torn_down(before.state, call) and moved.configuration.state != before.state:
        return f"{o.name} brought back an entry that had been torn down"
    return None


def _last_word_wins(before: ManagerConfiguration, _: Action, moved: CallMoved) -> str | None:
    call, after = moved.call, moved.configuration.state
    if call is None:
        return None
    match call.operation:
        case op.UnsubscribeConnectionFromThread(t, c) if (t, c) in after.links():
            return f"c{c} is subscribed to t{t} after its unsubscribe"
        case op.RemoveConnection(c) if any(c == connection for _, connection in after.links()) or c in after.live:
            return f"c{c} is live or subscribed after its close"
        case op.RemoveListener(s):
            expected = frozenset(g for g in before.state.grants if g.subscription != s)
            return None if after.grants == expected else f"removing s{s} did not drop exactly the grant of s{s}"
        case op.SetListener(s, t, c, _) if moved.configuration.state != before.state and after.ids().get(s) != (t, c):
            return f"s{s} does not name c{c} on t{t} after set_listener"
        case _:
            return None


def _history_belongs(before: ManagerConfiguration, _: Action, moved: CallMoved) -> str | None:
    for t, entry in moved.configuration.state.entries:
        was = before.state.entry(t)
        same = was is not None and (was.incarnation, was.conversation) == (entry.incarnation, entry.conversation)
        if entry.turn is not None and not same:  # also a first listener: a turn that no listener followed has no known conversation
            return f"t{t} shows a turn that may belong to another conversation than its listener's"
    return None


def _raw_choices_belong(before: ManagerConfiguration, _: Action, moved: CallMoved) -> str | None:
    call, was, now = moved.call, before.state, moved.configuration.state
    o = None if call is None else call.operation
    mine: tuple[int, int] | None = None
    if isinstance(o, op.TryEnsureConnectionSubscribed | op.SetListener):
        mine = (o.thread, o.connection)
    links = now.links()
    for t, c in sorted(was.raw ^ now.raw):
        lost_with_link = (t, c) in was.raw and (t, c) not in links
        if (t, c) != mine and not lost_with_link:
            return f"a call that may not change the raw choice of c{c} on t{t} changed it"
        if (t, c) == mine and isinstance(o, op.TryEnsureConnectionSubscribed) and (t, c) in was.raw and not lost_with_link:
            return f"try_ensure_connection_subscribed turned off the raw choice of c{c} on t{t}"
    if mine is not None and was != now and mine in links and isinstance(o, op.TryEnsureConnectionSubscribed | op.SetListener):
        wanted = o.raw or (isinstance(o, op.TryEnsureConnectionSubscribed) and mine in was.raw)
        return None if (mine in now.raw) == wanted else f"c{mine[1]}'s raw choice on t{mine[0]} was not kept"
    return None


def _cancellation_is_clean(before: ManagerConfiguration, action: Action, moved: CallMoved) -> str | None:
    if isinstance(action, Cancel) and moved.configuration.state != before.state:
        return "a cancellation changed the state"
    return None


STEP_PROPERTIES: tuple[ManagerStepProperty, ...] = (
    ManagerStepProperty(Property.P3, _late_state_call),
    ManagerStepProperty(Property.P6, _no_resurrection),
    ManagerStepProperty(Property.P8, _last_word_wins),
    ManagerStepProperty(Property.P9, _history_belongs),
    ManagerStepProperty(Property.P10, _raw_choices_belong),
    ManagerStepProperty(Property.P11, _cancellation_is_clean),
)

LIVENESS = (Property.P7, Property.P13)
NOT_HERE: dict[Property, str] = {
    Property.P5: "the manager starts no listeners, its callers do: see --level server",
    Property.P14: "the manager has no start request, its callers do: see --level server",
}
JUDGED: tuple[Property, ...] = tuple(p for p in Property if p not in NOT_HERE)


def _grant(grant: tuple[int, int, int | None]) -> str:
    thread, connection, subscription = grant
    return f"{'a link' if subscription is None else f's{subscription}'} of c{connection} to t{thread}"


def _by_number(grant: tuple[int, int, int | None]) -> tuple[int, int, int]:
    return grant[0], grant[1], grant[2] or 0


def _first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)
