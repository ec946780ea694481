"""What it means that a manager shows what no state of the model does: its name, and whether the model can still be followed."""

from collections.abc import Sequence
from typing import NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.configuration import Configuration, Judged, acting
from subwarden.checking.manager.pending import PendingCall
from subwarden.model.manager.operations import RemoveConnection
from subwarden.model.manager.projection import View


class Differs(NamedTuple):
    """A difference. `world`: where the run is judged on; None: the model is lost. `acted`: the operation that ran has acted there."""

    cause: Cause
    judged: Judged
    world: Configuration | None = None
    acted: bool = False


def difference(
    worlds: Sequence[Configuration], judged: Judged, task: int | None, pending: PendingCall | None, observed: View, *, returning: bool
) -> Differs:
    """Name the difference between `observed`, after a step of `task`, and what any of `worlds` would show then."""
    model = worlds[0]  # the others look the same
    if pending is None or task is None:
        after: list[Configuration] = []
    elif model.overtaken(pending):
        return Differs(_name(model, pending, observed), judged)
    else:
        after = [world.acts(task, edge) for world, edge in acting(worlds, task, pending)]
    raw = causes.RAW_NOT_OWN if returning else causes.RAW_HALF_DONE
    less: list[tuple[Judged, Cause]] = []
    if judged.raw:
        less.append((judged._replace(raw=False), raw))
    if judged.turn:
        less.append((judged._replace(turn=False), causes.FOREIGN_TURN))
    for fewer, cause in less:
        seen = fewer.part(observed)
        for world in (*after, *worlds):  # first: where both would do, the operation that ran has acted
            if fewer.looks(world.node) == seen:
                return Differs(cause, fewer, world, acted=world not in worlds)
    return Differs(causes.wrong_state("a task of the manager's own") if pending is None else _name(model, pending, observed), judged)


def _name(world: Configuration, pending: PendingCall, observed: View) -> Cause:
    model = world.node.state
    live = model.live if observed.live is None else observed.live
    if observed.live is not None and observed.live & model.closed:
        return causes.REVIVED
    if any(c not in live for _, c in observed.links - model.links()):
        return causes.SUBSCRIBED_DEAD
    operation = pending.operation
    if isinstance(operation, RemoveConnection) and any(c == operation.connection for _, c in observed.links):
        return causes.OUTLIVES
    stale = world.overtaken(pending) or world.given_the_next_life(pending)
    return causes.REAPPEARS if stale else causes.wrong_state(operation.name)
