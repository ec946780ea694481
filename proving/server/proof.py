"""A proof of one scope at level server: the search, liveness, and the verdict of both (as `proving.manager.proof` at level manager)."""

from collections.abc import Callable

from subwarden.model.properties import Property
from subwarden.proving.manager.proof import LIVENESS_STATES, Proof
from subwarden.proving.search import CounterExample, Progress, StateGraphSearch, run_to, search
from subwarden.proving.server.liveness import ServerLiveness, check_server_liveness
from subwarden.proving.server.properties import unjudged
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.server.steps import RequestRules
from subwarden.proving.server.system import ServerSystem

LIVENESS = (Property.P7, Property.P14)


def prove_server(
    scope: ServerScope,
    max_states: int | None = None,
    liveness_states: int = LIVENESS_STATES,
    progress: Callable[[Progress], bool] | None = None,
    rules: RequestRules | None = None,
) -> Proof:
    """Search `scope` exhaustively and judge all that level server can decide. `progress` as for `search`; `rules` may have a defect."""
    system = ServerSystem(scope, rules)
    found = search(system, None, max_states, progress)
    counter_examples = list(found.counter_examples)
    liveness = None
    not_judged = unjudged(scope)
    if found.stopped is not None or counter_examples or found.stored > liveness_states:
        more = f"; more than {liveness_states} states" if found.stored > liveness_states else ""
        not_judged |= dict.fromkeys(LIVENESS, f"components are looked for when every state is known and fine{more}")
    else:
        liveness = check_server_liveness(list(found.states()), system.configuration, system.successors, system.rules)
        counter_examples += _never_answered(system, found, liveness)
    return Proof(scope, False, found, liveness, counter_examples, not_judged)


def _never_answered(system: ServerSystem, found: StateGraphSearch, liveness: ServerLiveness) -> list[CounterExample]:
    """The shortest runs to a request without a guaranteed answer, and to one that waits for another's start."""
    told = []
    for stuck in liveness.stuck[:1]:
        ever = "can never be" if stuck.never else "need not be"
        what = f"request {stuck.at.number} {ever} answered: the rest can go round {stuck.component} states without it"
        told.append(_run(system, found, stuck.at.state, Property.P7, what))
    for at in liveness.behind_a_start[:1]:
        told.append(_run(system, found, at.state, Property.P14, f"request {at.number} cannot be answered while the start is pending"))
    return told


def _run(system: ServerSystem, found: StateGraphSearch, state: int, prop: Property, what: str) -> CounterExample:
    depth = next(d for d, layer in enumerate(found.layers) if state in layer)
    run, _ = run_to(system, None, found, state, depth)
    return CounterExample(prop, what, tuple(run))
