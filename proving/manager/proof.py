"""A proof of one scope: the search, liveness, and a verdict for each property.

A property that was not judged never "holds"; the proof gives the reason.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial

from subwarden.model.manager.step import step as model_step
from subwarden.model.properties import Property
from subwarden.proving.manager.invariants import JUDGED, LIVENESS, NOT_HERE
from subwarden.proving.manager.liveness import Liveness, check_liveness, has_no_way_out
from subwarden.proving.manager.open_calls import Step
from subwarden.proving.manager.scope import Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search.breadth_first import ALONE, search, while_liveness
from subwarden.proving.search.counter_examples import run_to_found
from subwarden.proving.search.crew import Means
from subwarden.proving.search.result import CounterExample, LivenessInterrupted, Progress, SearchVerdict, StateGraphSearch
from subwarden.proving.server.liveness import ServerLiveness
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.symmetry.column_order import ColumnOrder
from subwarden.proving.symmetry.renaming import EveryRenaming, renamings
from subwarden.proving.transition_system import Symmetry

FORMAT = 1  # raised whenever the meaning of `as_data` changes
INTERRUPTED = "the check of liveness was interrupted"
LIVENESS_STATES = 50_000  # components need the successors of each state by itself, which costs ten times the search


@dataclass
class Proof:
    """The proof of a scope of the manager or of the server level."""

    scope: Scope | ServerScope
    symmetric: bool
    search: StateGraphSearch
    liveness: Liveness | ServerLiveness | None
    counter_examples: list[CounterExample]
    unjudged: dict[Property, str]  # the properties that were not judged, with the reason

    @property
    def verdict(self) -> SearchVerdict:
        """The search's verdict, or violated if a call is stuck (P7), or inconclusive if liveness was skipped."""
        if self.counter_examples:
            return SearchVerdict.VIOLATED
        return SearchVerdict.INCONCLUSIVE if self.liveness_skipped else self.search.verdict

    @property
    def liveness_skipped(self) -> bool:
        """Whether the scope has calls in flight and P7 was not judged."""
        return self.scope.in_flight > 0 and self.liveness is None

    def verdict_of(self, prop: Property) -> SearchVerdict | None:
        """The verdict on one property; None if it is not judged."""
        if prop in self.unjudged:
            return None
        if any(c.property is prop for c in self.counter_examples):
            return SearchVerdict.VIOLATED
        # a counterexample ends the search, so the other properties are judged only up to its depth
        return SearchVerdict.INCONCLUSIVE if self.search.stopped is not None or self.search.counter_examples else SearchVerdict.HOLDS

    def as_data(self) -> dict[str, object]:
        """The proof as plain data, for JSON."""
        s = self.search
        return {
            "format": FORMAT,
            "level": self.scope.level,
            "scope": {field.name: getattr(self.scope, field.name) for field in fields(self.scope)},
            "scope_in_words": self.scope.describe(),
            "left_out": self.scope.left_out(),
            "symmetry": self.symmetric,
            "verdict": self.verdict.value,
            "stopped": s.stopped,
            "distinct_states": s.distinct,
            "stored_states": s.stored,
            "expanded_states": s.expanded,
            "depth": s.depth,
            "layers": [len(layer) for layer in s.layers],
            "transitions": s.transitions,
            "transitions_by_kind": {kind: s.kinds[kind] for kind in sorted(s.kinds)},
            "expected_kinds": list(s.expected_kinds),
            "never_enabled": s.never_enabled,
            "sometimes": s.met,
            "properties": {
                p.name: {"title": p.title, "verdict": None if v is None else v.value, "why": self.unjudged.get(p)}
                for p in Property
                for v in [self.verdict_of(p)]
            },
            "counter_examples": [
                {"property": c.property.name, "what": c.what, "run": [step._asdict() for step in c.run]} for c in self.counter_examples
            ],
            "liveness": None
            if self.liveness is None
            else {
                "states_with_open_calls": self.liveness.states_with_open_calls,
                "components": self.liveness.components,
                "largest_component": self.liveness.largest,
                "stuck": len(self.liveness.stuck),
            },
        }


def symmetry_of(system: ManagerSystem) -> Symmetry:
    """The fastest exact symmetry that the system's scope allows."""
    return EveryRenaming(renamings(system.encoding)) if system.scope.in_flight else ColumnOrder(system.encoding)


def searched(scope: Scope, symmetric: bool, step: Step) -> tuple[ManagerSystem, Symmetry | None]:
    """What is searched: the system, and its symmetry."""
    system = ManagerSystem(scope, step)
    return system, symmetry_of(system) if symmetric else None


def prove(
    scope: Scope,
    symmetric: bool = True,
    max_states: int | None = None,
    liveness_states: int = LIVENESS_STATES,
    progress: Callable[[Progress], bool] | None = None,
    step: Step = model_step,
    means: Means = ALONE,
) -> Proof:
    """Search `scope` and judge every property that the manager level can decide.

    In: `max_states`, `progress` and `means` as for `search`; liveness is judged up to `liveness_states` states, by this process alone;
    `step` may be a planted defect.
    """
    recipe = partial(searched, scope, symmetric, step)
    system, symmetry = recipe()
    found = search(system, symmetry, max_states, progress, means, recipe)
    proof = Proof(scope, symmetric, found, None, list(found.counter_examples), dict(NOT_HERE))
    if scope.in_flight:

        def judge() -> tuple[Liveness, list[CounterExample]]:
            liveness = check_liveness(system, list(found.states()), symmetry, while_liveness(found, progress))
            return liveness, _never_answered(system, symmetry, found, liveness)

        judge_liveness(proof, LIVENESS, liveness_states, "liveness needs a complete search without a violation", judge)
    else:
        proof.unjudged |= dict.fromkeys(LIVENESS, "nothing is in flight in this scope (--in-flight 0)")
    assert set(proof.unjudged) | set(JUDGED) == set(Property), "every property is judged, or unjudged with a reason"
    return proof


def judge_liveness(
    proof: Proof,
    properties: Iterable[Property],
    most_states: int,
    needs: str,
    judge: Callable[[], tuple[Liveness | ServerLiveness, list[CounterExample]]],
) -> None:
    """Add to `proof` the result of `judge`, or the reason why `properties` are not judged: `needs`, if the search is incomplete, found a
    violation, or has more than `most_states` states."""
    found = proof.search
    if found.stopped is not None or proof.counter_examples or found.stored > most_states:
        more = f"; more than {most_states} states" if found.stored > most_states else ""
        proof.unjudged |= dict.fromkeys(properties, needs + more)
        return
    try:
        proof.liveness, told = judge()
    except LivenessInterrupted:
        proof.unjudged |= dict.fromkeys(properties, INTERRUPTED)
    else:
        proof.counter_examples += told


def _never_answered(system: ManagerSystem, symmetry: Symmetry | None, found: StateGraphSearch, liveness: Liveness) -> list[CounterExample]:
    """A shortest run to a stuck call, as a counterexample."""
    for stuck in liveness.stuck:
        run = run_to_found(system, symmetry, found, stuck.state)
        never = has_no_way_out(system, stuck, symmetry)
        ever = "can never be" if never else "need not be"
        what = f"the call of caller {stuck.caller + 1} {ever} answered: the others can cycle through {stuck.component} states without it"
        # a call that no continuation answers is a deadlock, even while others can move
        return [CounterExample(prop, what, run) for prop in LIVENESS[: 1 + never]]
    return []
