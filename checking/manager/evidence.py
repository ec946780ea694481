"""The facts behind each cause that the judge of a manager records: claims read them, so nobody has to run the model beside the judge.

Plain values, taken when the judge first recorded the cause. Views have only the parts that were judged then. A cause that the end of the
run shows (a listener that still runs, a lock that is held) needs no evidence.
"""

from typing import NamedTuple

from subwarden.checking.manager.configuration import acting
from subwarden.checking.manager.graph import ManagerNode
from subwarden.checking.manager.pending import NO_ANSWER_YET, PendingCall
from subwarden.checking.manager.possible_states import ManagerStates
from subwarden.model.manager.operations import Operation
from subwarden.model.manager.projection import Shown, View, project


class WrongMaps(NamedTuple):
    """An invariant does not hold in `shown`. `closed`: the connections that have closed; `dead`: those subscribed that are not live."""

    shown: Shown
    closed: frozenset[int]
    dead: frozenset[int]


class WrongView(NamedTuple):
    """The manager shows `seen`. `allowed`: the views of all states that the model may be in after the step."""

    seen: View
    allowed: frozenset[View]


class WrongReturn(NamedTuple):
    """A call returned `answer` while the manager showed `seen` (None: it could not be observed).

    `allowed`: the answer and the view after each way in which the call may have taken effect.
    """

    answer: object
    seen: View | None
    allowed: tuple[tuple[object, View], ...]
    operation: Operation


Evidence = WrongMaps | WrongView | WrongReturn


def wrong_view(at: ManagerStates, task: int | None, call: PendingCall | None, shown: Shown, *, due: bool) -> WrongView:
    """A step of `task`, whose open call is `call`, has changed the maps to `shown`; the model may have been in the states `at` before.

    `due`: the call has returned, so it must have taken effect.
    """
    looks = at.judged.looks
    if due and call is not None and not call.silent:
        before = [each for each in at.configurations if each.answer(task) is not NO_ANSWER_YET]
    else:
        before = list(at.configurations)
    allowed = {looks(node) for node in (*(each.node for each in before), *_after(at, task, call))}
    return WrongView(at.judged.part(project(shown)), frozenset(allowed))


def wrong_return(at: ManagerStates, task: int, call: PendingCall, answer: object, shown: Shown | None) -> WrongReturn:
    """The open call `call` of `task` returned `answer`; the model may be in the states `at`, and `shown` was observed last."""
    looks = at.judged.looks
    allowed: list[tuple[object, View]] = []
    for configuration in at.configurations:
        owed = configuration.answer(task)
        if owed is not NO_ANSWER_YET:
            allowed.append((owed, looks(configuration.node)))
        else:
            allowed += [(edge.answer, looks(configuration.node)) for edge in call.silent]
    allowed += [(edge.answer, looks(edge.node)) for _, edge in acting(at.configurations, task, call)]
    return WrongReturn(answer, None if shown is None else at.judged.part(project(shown)), tuple(allowed), call.operation)


def wrong_maps(at: ManagerStates, task: int | None, call: PendingCall | None, shown: Shown, closed: frozenset[int]) -> WrongMaps:
    """As `wrong_view`, where an invariant is broken. `closed`: the connections whose close has returned."""
    states = [] if at.judged.lost else [node.state for node in (*(each.node for each in at.configurations), *_after(at, task, call))]
    subscribed = frozenset[int]().union(*shown.subscribers.values())
    dead = subscribed & closed
    if shown.live is not None:
        dead = subscribed - shown.live
    elif states:
        dead |= subscribed.difference(*(state.live for state in states))
    return WrongMaps(shown, closed.union(*(state.closed for state in states)), dead)


def _after(at: ManagerStates, task: int | None, call: PendingCall | None) -> list[ManagerNode]:
    """The model's states in which `call` has just taken effect."""
    return [] if task is None or call is None else [edge.node for _, edge in acting(at.configurations, task, call)]
