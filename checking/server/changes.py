"""Visible changes of a server: the difference of two looks, the cause of a change that the model refuses, and the state to go on from.

It refuses to judge: `checking.server.judge` asks the model (`model.server.transitions.explain`) whether a change is right.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.manager.projection import Shown
from subwarden.model.server import requests as rq
from subwarden.model.server import transitions as pr
from subwarden.model.server.state import IMPLICIT, Change, ChangeKind, Loaded, ServerState

Registry = tuple[Mapping[int, Any], AbstractSet[int]]
"""Conversations by thread, which have a `number`, and the threads that will not be loaded for long."""

ORDER = {kind: place for place, kind in enumerate(ChangeKind)}
REFUSED = {  # the cause of a change that the model does not allow
    ChangeKind.LIVE: causes.REVIVED,
    ChangeKind.LOADED: causes.RELOADED,
    ChangeKind.UNNAMED: causes.UNASKED_END,
    ChangeKind.UNLINKED: causes.UNASKED_END,
    ChangeKind.CLOSING: causes.TORN_FROM_UNDER,
    ChangeKind.UNLOADED: causes.UNASKED_UNLOAD,
    ChangeKind.DEAD: causes.UNASKED_END,
}


def in_order(changes: Iterable[Change]) -> list[Change]:
    """The order in which the model is told of changes that show at once: a change that makes others possible comes before them."""
    return sorted(changes, key=lambda change: (ORDER[change.kind], change[1:]))


def of_registry(before: Registry, after: Registry) -> list[Change]:
    """The threads that were loaded, began to be unloaded, and were unloaded."""
    (was_loaded, was_unloading), (loaded, unloading) = before, after
    changes = [Change(ChangeKind.UNLOADED, t, other=c.number) for t, c in was_loaded.items() if loaded.get(t) is not c]
    changes += [Change(ChangeKind.LOADED, t, other=c.number) for t, c in loaded.items() if was_loaded.get(t) is not c]
    changes += [Change(ChangeKind.CLOSING, t) for t in unloading - was_unloading if t in loaded]
    return changes


def of_maps(before: Shown, after: Shown) -> list[Change]:
    """The connections that became live, the pairs and ids that were subscribed, and the ends of these."""
    changes = [Change(ChangeKind.LIVE, connection=c) for c in (after.live or frozenset()) - (before.live or frozenset())]
    changes += [Change(ChangeKind.DEAD, connection=c) for c in (before.live or frozenset()) - (after.live or frozenset())]
    old = {(t, c) for t, cs in before.subscribers.items() for c in cs}
    new = {(t, c) for t, cs in after.subscribers.items() for c in cs}
    named = {pair: s for s, pair in after.ids.items() if before.ids.get(s) != pair}
    changes += [Change(ChangeKind.LINKED, t, c, named.get((t, c), 0)) for t, c in new - old]
    changes += [Change(ChangeKind.UNLINKED, t, c) for t, c in old - new]
    changes += [Change(ChangeKind.UNNAMED, *pair, s) for s, pair in before.ids.items() if after.ids.get(s) != pair]
    changes += [Change(ChangeKind.NAMED, *pair, s) for s, pair in after.ids.items() if before.ids.get(s) != pair]
    return changes


def refused(state: ServerState, change: Change) -> Cause | None:
    """The cause of a `change` that the model does not allow in `state`; None: the invariants say it better."""
    if change.kind in (ChangeKind.LINKED, ChangeKind.NAMED):
        if change.connection in state.gone:
            return None
        return causes.UNASKED_LINK if state.running(change.thread) else causes.LATE_LINK
    ends_an_id = (f.done and f.request.subscription for _, f in state.flight if isinstance(f.request, rq.RemoveListener))
    if change.kind is ChangeKind.UNLINKED and any(ends_an_id):
        return causes.ID_ENDS_ALL
    return REFUSED[change.kind]


def forced(state: ServerState, change: Change) -> ServerState:
    """The state with `change`, which the model does not allow: the judge goes on from there, so that one defect is told once."""
    t, c, s = change[1:]
    match change.kind:
        case ChangeKind.LIVE:
            state = state._replace(live=state.live | {c})
        case ChangeKind.DEAD:
            state = state._replace(live=state.live - {c}, gone=state.gone | {c})
        case ChangeKind.LINKED if not s:  # else the change that names its id follows
            state = state._replace(grants=state.grants | {(t, c, IMPLICIT)})
        case ChangeKind.NAMED:
            state = state._replace(grants=state.grants | {(t, c, s)})
        case ChangeKind.UNNAMED:
            state = state._replace(grants=state.grants - {(t, c, s)})
        case ChangeKind.UNLINKED:
            state = state._replace(grants=frozenset(g for g in state.grants if g[:2] != (t, c)))
        case ChangeKind.LOADED:
            state = state._replace(loaded=tuple(sorted((*(e for e in state.loaded if e[0] != t), (t, Loaded(s))))))
        case ChangeKind.UNLOADED:
            state = state._replace(loaded=tuple(e for e in state.loaded if e[0] != t))
        case ChangeKind.CLOSING:
            state = state._replace(loaded=tuple((k, e._replace(closing=True) if k == t else e) for k, e in state.loaded))
    return pr.settle(state)
