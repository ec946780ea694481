"""Names the difference between an observation and every possible state of the model, and decides whether the run can be followed on."""

from collections.abc import Sequence
from typing import NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.configuration import Configuration, Judged, acting
from subwarden.checking.manager.pending import PendingCall
from subwarden.model.manager.operations import RemoveConnection
from subwarden.model.manager.projection import View


class Differs(NamedTuple):
    """A difference. `configuration`: where judging continues; None: nowhere. `acted`: the operation that ran has taken effect there."""

    cause: Cause
    judged: Judged
    configuration: Configuration | None = None
    acted: bool = False


def difference(
    configurations: Sequence[Configuration],
    judged: Judged,
    task: int | None,
    pending: PendingCall | None,
    observed: View,
    *,
    returning: bool,
) -> Differs:
    """Name the difference between `observed`, after a step of `task`, and the views of all `configurations`.

    `returning`: the operation of `task` is about to return.
    """
    model = configurations[0]  # all have the same view
    if pending is None or task is None:
        after: list[Configuration] = []
    elif model.overtaken(pending):
        return Differs(_name(model, pending, observed), judged)
    else:
        after = [configuration.acts(task, edge) for configuration, edge in acting(configurations, task, pending)]
    raw = causes.RAW_NOT_OWN if returning else causes.RAW_HALF_DONE
    less: list[tuple[Judged, Cause]] = []
    if judged.raw:
        less.append((judged._replace(raw=False), raw))
    if judged.turn:
        less.append((judged._replace(turn=False), causes.FOREIGN_TURN))
    for fewer, cause in less:
        seen = fewer.part(observed)
        for configuration in (*after, *configurations):  # `after` first: where both match, the operation has taken effect
            if fewer.looks(configuration.node) == seen:
                return Differs(cause, fewer, configuration, acted=configuration not in configurations)
    return Differs(causes.wrong_state("a task of the manager's own") if pending is None else _name(model, pending, observed), judged)


def _name(configuration: Configuration, pending: PendingCall, observed: View) -> Cause:
    model = configuration.node.state
    live = model.live if observed.live is None else observed.live
    if observed.live is not None and observed.live & model.closed:
        return causes.REVIVED
    if any(c not in live for _, c in observed.links - model.links()):
        return causes.SUBSCRIBED_DEAD
    operation = pending.operation
    if isinstance(operation, RemoveConnection) and any(c == operation.connection for _, c in observed.links):
        return causes.OUTLIVES
    stale = configuration.overtaken(pending) or configuration.given_the_next_life(pending)
    return causes.REAPPEARS if stale else causes.wrong_state(operation.name)
