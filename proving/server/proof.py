"""A proof of one scope at level server: the search, liveness, and the verdict of both (as `proving.manager.proof` at level manager)."""

from collections.abc import Callable, Iterator
from functools import partial

from subwarden.model.properties import Property
from subwarden.proving.manager.proof import Proof, judge_liveness
from subwarden.proving.search.breadth_first import ALONE, search, while_liveness
from subwarden.proving.search.counter_examples import run_to_found
from subwarden.proving.search.crew import Means
from subwarden.proving.search.result import CounterExample, Progress, StateGraphSearch
from subwarden.proving.server.liveness import ServerLiveness, check_server_liveness
from subwarden.proving.server.properties import unjudged
from subwarden.proving.server.renaming import ServerOrbits
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import RequestMoved, RequestRules
from subwarden.proving.server.system import ServerSystem
from subwarden.proving.transition_system import Symmetry

LIVENESS_STATES = 500_000  # their waiting requests and the steps of these are kept, some 200 bytes a state
LIVENESS = (Property.P7, Property.P14)


def searched(scope: ServerScope, symmetric: bool, rules: RequestRules | None) -> tuple[ServerSystem, Symmetry | None]:
    """What is searched: the system, and its symmetry."""
    system = ServerSystem(scope, rules)
    return system, ServerOrbits(system.encoding) if symmetric else None


def prove_server(
    scope: ServerScope,
    symmetric: bool = True,
    max_states: int | None = None,
    liveness_states: int = LIVENESS_STATES,
    progress: Callable[[Progress], bool] | None = None,
    rules: RequestRules | None = None,
    means: Means = ALONE,
) -> Proof:
    """Search `scope` exhaustively and judge all that level server can decide. `progress` and `means` as for `search`; `rules` may have a
    defect. Liveness is judged by this process alone, and in memory."""
    recipe = partial(searched, scope, symmetric, rules)
    system, symmetry = recipe()
    found = search(system, symmetry, max_states, progress, means, recipe)
    proof = Proof(scope, symmetric, found, None, list(found.counter_examples), unjudged(scope))

    def judge() -> tuple[ServerLiveness, list[CounterExample]]:
        states, successors = list(found.states()), partial(_successors, system, symmetry, while_liveness(found, progress))
        liveness = check_server_liveness(states, system.configuration, successors, system.rules)
        return liveness, _never_answered(system, symmetry, found, liveness)

    judge_liveness(proof, LIVENESS, liveness_states, "components are looked for when every state is known and fine", judge)
    return proof


def _successors(
    system: ServerSystem, symmetry: Symmetry | None, tick: Callable[[], None], state: int
) -> Iterator[tuple[RequestMoved, int]]:
    """Every step from `state`, with the state, or the representative of the state, that it leads to."""
    tick()
    steps = system.successors(state)
    return steps if symmetry is None else ((moved, symmetry.canonical(target)) for moved, target in steps)


def _never_answered(
    system: ServerSystem, symmetry: Symmetry | None, found: StateGraphSearch, liveness: ServerLiveness
) -> list[CounterExample]:
    """The shortest runs to a request without a guaranteed answer, and to one that waits for another's start."""
    told = []
    for stuck in liveness.stuck[:1]:
        ever = "can never be" if stuck.never else "need not be"
        what = f"request {stuck.at.number} {ever} answered: the rest can go round {stuck.component} states without it"
        told.append(CounterExample(Property.P7, what, run_to_found(system, symmetry, found, stuck.at.state)))
    for at in liveness.behind_a_start[:1]:
        what = f"request {at.number} cannot be answered while the start is pending"
        told.append(CounterExample(Property.P14, what, run_to_found(system, symmetry, found, at.state)))
    return told
