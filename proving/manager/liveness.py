"""Liveness: under a fair scheduler every call in flight is answered (P7), and no call is stuck in every continuation (P13).

A run in which a call is never answered goes on forever among states in which the call is open. From some point on it stays in one
strongly connected component of the graph without the caller's own steps. Weak fairness rules that out exactly if the caller's next step
is enabled in every state of the component. (Tarjan 1972 for the components; Lichtenstein, Pnueli 1985 for the argument.) A cancellation
comes from the environment, so it does not count as an answer.

A symmetry does not rename callers, so the argument holds on representatives too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from subwarden.proving.footprints import spread
from subwarden.proving.manager.open_calls import ManagerConfiguration, Return, TakeEffect, move
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.transition_system import Symmetry

Successors = Callable[[int], Iterable[int]]


class Stuck(NamedTuple):
    """A state in which an open call cannot proceed, in a component in which a fair run can stay."""

    caller: int
    state: int
    component: int  # how many states the component has


class Liveness(NamedTuple):
    """The result: how many components there are without the callers' own steps, the largest one's size, and the stuck calls."""

    states_with_open_calls: int
    components: int
    largest: int
    stuck: tuple[Stuck, ...]


def check_liveness(
    system: ManagerSystem, states: Sequence[int], symmetry: Symmetry | None = None, tick: Callable[[], object] = lambda: None
) -> Liveness:
    """Judge the open calls of every caller. `states`: all reachable states (or representatives), nearest first. `tick` is called for each
    state whose successors are asked for."""
    met_at = {state: number for number, state in enumerate(states)}
    open_states = components = largest = 0
    stuck: list[Stuck] = []
    for k in range(system.scope.in_flight):
        mask = system.encoding.caller(k)
        waiting = {state for state in states if state & mask}
        open_states += len(waiting)
        for component in strong_components(waiting, _others(system, k, symmetry, tick)):
            components += 1
            largest = max(largest, len(component))
            unable = [state for state in component if not can_go_on(system.encoding.decode(state), k, system)]
            if unable:
                stuck.append(Stuck(k, min(unable, key=met_at.__getitem__), len(component)))
    return Liveness(open_states, components, largest, tuple(sorted(stuck, key=lambda s: (met_at[s.state], s.caller))))


def can_go_on(configuration: ManagerConfiguration, caller: int, system: ManagerSystem) -> bool:
    """Whether the caller's next step, taking effect or returning, is enabled."""
    return any(move(configuration, action, system.step) is not None for action in (TakeEffect(caller), Return(caller)))


def has_no_way_out(system: ManagerSystem, stuck: Stuck, symmetry: Symmetry | None = None) -> bool:
    """Whether no continuation from `stuck` answers the call: a deadlock, rather than a run that can avoid the answer forever."""
    seen, todo = {stuck.state}, [stuck.state]
    successors = _others(system, stuck.caller, symmetry)
    while todo:
        state = todo.pop()
        if can_go_on(system.encoding.decode(state), stuck.caller, system):
            return False
        new = set(successors(state)) - seen
        seen |= new
        todo += new
    return True


def _others(system: ManagerSystem, caller: int, symmetry: Symmetry | None, tick: Callable[[], object] = lambda: None) -> Successors:
    """The steps of all callers but `caller`, and of the environment."""
    nodes = [*system.environment, *(node for k, some in enumerate(system.by_caller) if k != caller for node in some)]

    def successors(state: int) -> Iterable[int]:
        tick()
        reached = spread(nodes, [state])
        return reached if symmetry is None else map(symmetry.canonical, reached)

    return successors


def strong_components(states: Collection[int], successors: Successors) -> Iterator[list[int]]:
    """Tarjan's strongly connected components of the graph on `states`, without recursion; steps out of `states` are left out."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for root in states:
        if root in number:
            continue
        work: list[tuple[int, Iterator[int]]] = []
        following: int | None = root
        while work or following is not None:
            if following is not None:
                number[following] = low[following] = len(number)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(successors(following))))
                following = None
            state, rest = work[-1]
            for target in rest:
                if target not in states:
                    continue
                if target not in number:
                    following = target
                    break
                if target in on_stack:
                    low[state] = min(low[state], number[target])
            if following is not None:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[state])
            if low[state] == number[state]:
                yield _pop(stack, on_stack, state)


def _pop(stack: list[int], on_stack: set[int], root: int) -> list[int]:
    component: list[int] = []
    while not component or component[-1] != root:
        component.append(stack.pop())
        on_stack.discard(component[-1])
    return component
