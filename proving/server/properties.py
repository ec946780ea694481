"""P1 to P14, as far as the model of level server can decide them, and the `sometimes` properties that a search must meet.

A predicate returns the fault in words, or None. `NOT_AT_LEVEL_SERVER` lists the properties that cannot be decided here; they never count
as holding. `proving.server.liveness` judges P7 and P14.
"""

from collections.abc import Callable
from typing import NamedTuple

from subwarden.model.properties import Property
from subwarden.model.server import requests as rq
from subwarden.model.server.replies import archives
from subwarden.model.server.requests import Reply
from subwarden.model.server.state import ChangeKind, target
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import Answers, Arrives, Brings, Cancels, RequestMoved, ServerConfiguration, Shows, subscribers


class StateProperty(NamedTuple):
    """`broken` returns the fault of a configuration in words, or None."""

    property: Property
    broken: Callable[[ServerConfiguration], str | None]


class ServerStepProperty(NamedTuple):
    """`broken` returns the fault of a step in words, or None."""

    property: Property
    broken: Callable[[ServerConfiguration, RequestMoved], str | None]


def _no_phantom_subscriber(configuration: ServerConfiguration) -> str | None:
    state = configuration.state
    phantoms = sorted(pair for pair in subscribers(state) if pair[1] in state.gone)
    if phantoms:
        return f"c{phantoms[0][1]} is subscribed to t{phantoms[0][0]} and gone"
    revived = sorted(state.live & state.gone)
    return f"c{revived[0]} is live after it was gone" if revived else None


def _one_conversation(configuration: ServerConfiguration) -> str | None:
    threads = [t for t, _ in configuration.state.loaded]
    twice = [t for t in threads if threads.count(t) > 1]
    if twice:
        return f"t{twice[0]} is loaded as two conversations"
    conversations = [loaded.conversation for _, loaded in configuration.state.loaded]
    shared = [v for v in conversations if conversations.count(v) > 1]
    return f"v{shared[0]} is loaded as two threads" if shared else None


def _no_resurrection(configuration: ServerConfiguration) -> str | None:
    back = [(t, loaded) for t, loaded in configuration.state.loaded if loaded.conversation in configuration.past]
    if back:
        return f"v{back[0][1].conversation} is loaded as t{back[0][0]} again, though it was unloaded"
    late = sorted(pair for pair in configuration.state.owed if not configuration.state.running(pair[0]))
    return f"c{late[0][1]} is still to be subscribed to t{late[0][0]}, which is not running" if late else None


def _no_late_grant(before: ServerConfiguration, moved: RequestMoved) -> str | None:
    new = moved.configuration.state.grants - before.state.grants
    late = sorted(grant for grant in new if not before.state.running(grant[0]))
    return f"c{late[0][1]} is subscribed to t{late[0][0]}, which is not running" if late else None


def _last_word_wins(configuration: ServerConfiguration) -> str | None:
    linked = sorted(subscribers(configuration.state) & configuration.barred)
    if linked:
        return f"c{linked[0][1]} is subscribed to t{linked[0][0]} after its unsubscribe was answered"
    owed = sorted(configuration.state.owed & configuration.barred)
    return f"c{owed[0][1]} is still to be subscribed to t{owed[0][0]} after its unsubscribe was answered" if owed else None


def _cancellation_is_clean(before: ServerConfiguration, moved: RequestMoved) -> str | None:
    if not isinstance(moved.action, Cancels):
        return None
    was, now = before.state, moved.configuration.state
    same = was._replace(flight=()) == now._replace(flight=()) and len(was.flight) == len(now.flight)
    return None if same else "a cancellation changed more than what is known of its request"


def _nothing_leaks(configuration: ServerConfiguration) -> str | None:
    kept = sorted(pair for pair in configuration.state.owed if pair[1] in configuration.state.closed)
    return f"c{kept[0][1]}, which has closed, is still to be subscribed to t{kept[0][0]}" if kept else None


STATE_PROPERTIES: tuple[StateProperty, ...] = (
    StateProperty(Property.P2, _no_phantom_subscriber),
    StateProperty(Property.P4, _one_conversation),
    StateProperty(Property.P6, _no_resurrection),
    StateProperty(Property.P8, _last_word_wins),
    StateProperty(Property.P12, _nothing_leaks),
)
STEP_PROPERTIES: tuple[ServerStepProperty, ...] = (
    ServerStepProperty(Property.P6, _no_late_grant),
    ServerStepProperty(Property.P11, _cancellation_is_clean),
)
NOT_AT_LEVEL_SERVER: dict[Property, str] = {
    Property.P1: "the server's model keeps one relation, not several maps (level manager)",
    Property.P3: "the server's model has no listeners: they are judged on runs",
    Property.P5: "the server's model has no listeners: they are judged on runs",
    Property.P9: "histories and events are judged on runs (model/server/deliveries.py)",
    Property.P10: "raw events are judged on runs (model/server/deliveries.py)",
    Property.P13: "the server's model has no locks (level manager)",
}


def unjudged(scope: ServerScope) -> dict[Property, str]:
    """The properties that a search of `scope` cannot judge, each with the reason."""
    found = dict(NOT_AT_LEVEL_SERVER)
    if "cancels" not in scope.extras:
        found[Property.P11] = "nothing is cancelled in this scope (--extras cancels)"
    if scope.in_flight == 1:
        found[Property.P14] = "nothing can wait beside a start in this scope (--requests 1)"
    return found


# --- sometimes


class ServerSometimes(NamedTuple):
    """`met` judges one step; `possible` says whether the scope is large enough."""

    name: str
    possible: Callable[[ServerScope], bool]
    met: Callable[[ServerConfiguration, RequestMoved], bool]


def _answered(before: ServerConfiguration, moved: RequestMoved, kind: type[rq.Request], reply: Reply) -> bool:
    action = moved.action
    return isinstance(action, Answers) and action.reply is reply and type(before.state.flight[action.number - 1][1].request) is kind


def _shown_late(before: ServerConfiguration, moved: RequestMoved) -> bool:
    return _answered(before, moved, rq.Resume, Reply.OK) and bool(moved.configuration.state.owed - before.state.owed)


def _last_unsubscribe(before: ServerConfiguration, moved: RequestMoved) -> bool:
    action = moved.action
    if not isinstance(action, Shows) or action.change.kind is not ChangeKind.CLOSING:
        return False
    loaded = before.state.thread(action.change.thread)
    return loaded is not None and not loaded.dead and not archives(before.state, action.change.thread)


def _loaded_from_store(before: ServerConfiguration, moved: RequestMoved) -> bool:
    action = moved.action
    if not isinstance(action, Shows) or action.change.kind is not ChangeKind.LOADED:
        return False
    makers = (f.request for _, f in before.state.flight if isinstance(f.request, rq.Start | rq.Fork))
    return all(target(request) != action.change.thread for request in makers)


def _loaded_twice(before: ServerConfiguration, moved: RequestMoved) -> bool:
    """The engine brings a second conversation, while a request of the same thread still knows the first, unloaded one."""
    action = moved.action
    if not isinstance(action, Brings) or action.conversation is None:
        return False
    return any(f.replied in before.past for _, f in before.state.flight if target(f.request) == action.thread)


def _after_archive(before: ServerConfiguration, moved: RequestMoved) -> bool:
    """An unsubscribe is answered OK: its thread was still there when it arrived."""
    action = moved.action
    if not isinstance(action, Answers):
        return False
    request = before.state.flight[action.number - 1][1].request
    gone = request.connection in before.state.live and target(request) not in before.state.stored
    return gone and isinstance(request, rq.Unsubscribe) and action.reply is Reply.OK


def _two_subscribers(_: ServerConfiguration, moved: RequestMoved) -> bool:
    pairs = subscribers(moved.configuration.state)
    return len({t for t, _ in pairs}) < len(pairs)


def _linked_after_close(before: ServerConfiguration, moved: RequestMoved) -> bool:
    action = moved.action
    return isinstance(action, Shows) and action.change.kind is ChangeKind.LINKED and action.change.connection in before.state.closed


def _served_beside_a_start(before: ServerConfiguration, moved: RequestMoved) -> bool:
    if not isinstance(moved.action, Answers):
        return False
    number = moved.action.number
    return any(n != number and f.replied is None and not f.failed for n, f in before.state.of(rq.Start))


def _asked_again_at_once(before: ServerConfiguration, moved: RequestMoved) -> bool:
    action = moved.action
    if not isinstance(action, Arrives) or not isinstance(action.request, rq.Resume):
        return False
    return any(target(f.request) == action.request.thread for _, f in before.state.of(rq.Unsubscribe))


def _two_in_flight(scope: ServerScope) -> bool:
    return scope.in_flight > 1


SOMETIMES: tuple[ServerSometimes, ...] = (
    ServerSometimes("a resume answered before it shows", lambda _: True, _shown_late),
    ServerSometimes("the last unsubscribe begins to unload", lambda _: True, _last_unsubscribe),
    ServerSometimes(
        "a resume refused because the thread is closing", lambda _: True, lambda b, m: _answered(b, m, rq.Resume, Reply.CLOSING)
    ),
    ServerSometimes("a thread loaded from the store", lambda _: True, _loaded_from_store),
    ServerSometimes("a thread loaded twice as two conversations, known to one request", _two_in_flight, _loaded_twice),
    ServerSometimes("an unsubscribe answered after the thread was archived", _two_in_flight, _after_archive),
    ServerSometimes("a start overtaken by an archive", _two_in_flight, lambda b, m: _answered(b, m, rq.Start, Reply.ENDED)),
    ServerSometimes("a subscription of a client that has closed, before its close is carried out", lambda _: True, _linked_after_close),
    ServerSometimes("a request answered while a start is pending", _two_in_flight, _served_beside_a_start),
    ServerSometimes("a resume that meets an unsubscribe", _two_in_flight, _asked_again_at_once),
    ServerSometimes("two subscribers of one thread", lambda s: s.connections > 1, _two_subscribers),
)
