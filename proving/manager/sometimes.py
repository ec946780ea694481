"""`sometimes` properties (Stateright's term): situations that a proof must have met. If one was never met, the scope is too small or the
model is broken, and "holds" would be vacuous.

Each tests one step, on one thread. Situations that are a kind of transition (`proving.manager.kinds`) are not repeated here.
"""

from collections.abc import Callable
from typing import NamedTuple

from subwarden.model.manager import operations as op
from subwarden.proving.manager.open_calls import CallMoved, ManagerConfiguration
from subwarden.proving.manager.scope import Scope


class ManagerSometimes(NamedTuple):
    """`met` tests one whole operation on a thread; `possible` says whether the scope is large enough."""

    name: str
    possible: Callable[[Scope], bool]
    met: Callable[[ManagerConfiguration, CallMoved, int], bool]


def _last_unsubscribe(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    assert moved.call is not None
    leaves = isinstance(moved.call.operation, op.UnsubscribeConnectionFromThread)
    return leaves and bool(before.state.subscribers(thread)) and not moved.configuration.state.subscribers(thread)


def _listener_outlives(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    entry = moved.configuration.state.entry(thread)
    emptied = before.state.subscribers(thread) and not moved.configuration.state.subscribers(thread)
    return bool(emptied) and entry is not None and entry.conversation is not None


def _other_conversation(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    was, now = before.state.entry(thread), moved.configuration.state.entry(thread)
    if was is None or now is None or was.conversation is None or now.conversation is None:
        return False
    return was.conversation != now.conversation


def _turn_cut(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    was = before.state.entry(thread)
    return _other_conversation(before, moved, thread) and was is not None and was.turn is not None


def _turn_of_nobody_cut(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    was, now = before.state.entry(thread), moved.configuration.state.entry(thread)
    if was is None or now is None:
        return False
    return was.conversation is None and was.turn is not None and now.conversation is not None


def _close_while_subscribed(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    assert moved.call is not None
    o = moved.call.operation
    return isinstance(o, op.RemoveConnection) and o.connection in before.state.subscribers(thread)


def _teardown_under_subscribers(before: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    assert moved.call is not None
    return isinstance(moved.call.operation, op.RemoveThreadState) and bool(before.state.subscribers(thread))


def _different_choices(_: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    return len({(thread, c) in moved.configuration.state.raw for c in moved.configuration.state.subscribers(thread)}) > 1


def _two_ids(_: ManagerConfiguration, moved: CallMoved, thread: int) -> bool:
    pairs = [pair for pair in moved.configuration.state.ids().values() if pair[0] == thread]
    return len(pairs) > len(set(pairs))


SOMETIMES: tuple[ManagerSometimes, ...] = (
    ManagerSometimes("a last unsubscribe", lambda _: True, _last_unsubscribe),
    ManagerSometimes("a listener that outlives the last subscriber", lambda s: s.conversations > 0, _listener_outlives),
    ManagerSometimes("a listener superseded by another conversation's", lambda s: s.conversations > 1, _other_conversation),
    ManagerSometimes("a turn cut short by another conversation", lambda s: s.conversations > 1 and s.items is not None, _turn_cut),
    ManagerSometimes(
        "a turn without a listener cut short by a listener", lambda s: s.conversations > 0 and s.items is not None, _turn_of_nobody_cut
    ),
    ManagerSometimes("a close while subscribed", lambda _: True, _close_while_subscribed),
    ManagerSometimes("a teardown under subscribers", lambda _: True, _teardown_under_subscribers),
    ManagerSometimes("two subscribers with different raw choices", lambda s: s.raw and s.connections > 1, _different_choices),
    ManagerSometimes("two ids for one pair", lambda s: s.subscriptions > 1, _two_ids),
)
