"""Every kind of transition of the model, and the scopes in which it is possible.

A search that never took a kind that its scope allows has shown less than it seems to, so the proof is inconclusive. A test compares
this list with the model's transitions from every conceivable state of a small scope.
"""

from collections.abc import Callable

from subwarden.proving.manager import open_calls
from subwarden.proving.manager.scope import Scope


def _always(_: Scope) -> bool:
    return True


def _open(scope: Scope) -> bool:
    return scope.in_flight > 0


def _ids(scope: Scope) -> bool:
    return scope.subscriptions > 0


def _listeners(scope: Scope) -> bool:
    return scope.conversations > 0


def _turns(scope: Scope) -> bool:
    return scope.items is not None


def _both(*conditions: Callable[[Scope], bool]) -> Callable[[Scope], bool]:
    return lambda scope: all(condition(scope) for condition in conditions)


KINDS: dict[str, Callable[[Scope], bool]] = {
    "connection_initialized: becomes live": _always,
    "connection_initialized: again": _always,
    "connection_initialized: after its close": _always,
    "remove_connection: last word": _always,
    "remove_connection: not live": _always,
    "subscribed_connection_ids: some": _always,
    "subscribed_connection_ids: none": _always,
    "has_subscribers: yes": _always,
    "has_subscribers: no": _always,
    "thread_state: found": _always,
    "thread_state: created": _always,
    "thread_state: overtaken by teardown": _open,
    "try_ensure_connection_subscribed: linked": _always,
    "try_ensure_connection_subscribed: again": _always,
    "try_ensure_connection_subscribed: not live": _always,
    "try_ensure_connection_subscribed: overtaken by teardown": _open,
    "try_add_connection_to_thread: linked": _always,
    "try_add_connection_to_thread: again": _always,
    "try_add_connection_to_thread: not live": _always,
    "try_add_connection_to_thread: overtaken by teardown": _open,
    "set_listener: recorded": _ids,
    "set_listener: again": _ids,
    "set_listener: moved": _both(_ids, lambda scope: scope.pairs > 1),
    "set_listener: not live": _ids,
    "set_listener: overtaken by teardown": _both(_ids, _open),
    "remove_listener: unknown id": _ids,
    "remove_listener: unlinked": _ids,
    "remove_listener: still linked": _ids,
    "unsubscribe_connection_from_thread: unlinked": _always,
    "unsubscribe_connection_from_thread: not linked": _always,
    "remove_thread_state: no entry": _always,
    "remove_thread_state: with a listener": _listeners,
    "remove_thread_state: without a listener": _always,
    "state_set_listener: first": _listeners,
    "state_set_listener: superseded": _listeners,
    "state_set_listener: state torn down": _both(_listeners, _open),
    "state_clear_listener: cleared": _listeners,
    "state_clear_listener: no listener": _listeners,
    "state_clear_listener: state torn down": _both(_listeners, _open),
    "state_listener_matches: yes": _listeners,
    "state_listener_matches: no": _listeners,
    "state_listener_matches: state torn down": _both(_listeners, _open),
    "state_track_event: turn_started": _turns,
    "state_track_event: turn_started, no turn": _turns,
    "state_track_event: item": _turns,
    "state_track_event: item, no turn": _turns,
    "state_track_event: turn_complete": _turns,
    "state_track_event: turn_complete, no turn": _turns,
    "state_track_event: state torn down": _both(_turns, _open),
    "hold_state: held": _always,
    "hold_state: state torn down": _open,
    open_calls.BEGUN: _open,
    open_calls.RETURNED: _open,
    open_calls.CANCELLED_BEFORE: _open,
    open_calls.CANCELLED_AFTER: _open,
}


def expected(scope: Scope) -> list[str]:
    """The kinds of transition that a search of `scope` must meet."""
    return [kind for kind, condition in KINDS.items() if condition(scope)]
