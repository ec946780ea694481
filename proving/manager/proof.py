"""A proof of one scope: search, liveness, and what together they allow to be said.

It refuses to say "holds" of a property that was not judged, and says of each why not.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from subwarden.model.manager.step import step as model_step
from subwarden.model.properties import Property
from subwarden.proving.manager.invariants import JUDGED, LIVENESS, NOT_HERE
from subwarden.proving.manager.liveness import Liveness, check_liveness, has_no_way_out
from subwarden.proving.manager.open_calls import Step
from subwarden.proving.manager.scope import Scope
from subwarden.proving.manager.system import ManagerSystem
from subwarden.proving.search import CounterExample, Progress, SearchVerdict, StateGraphSearch, run_to, search
from subwarden.proving.server.liveness import ServerLiveness
from subwarden.proving.server.scope import ServerScope
from subwarden.proving.symmetry.column_order import ColumnOrder
from subwarden.proving.symmetry.renaming import EveryRenaming
from subwarden.proving.transition_system import Symmetry

FORMAT = 1  # raised whenever the meaning of `as_data` changes
LIVENESS_STATES = 50_000  # components need every step of every state by itself, which costs ten times the search


@dataclass
class Proof:
    """What is known of a scope, of either level."""

    scope: Scope | ServerScope
    symmetric: bool
    search: StateGraphSearch
    liveness: Liveness | ServerLiveness | None
    counter_examples: list[CounterExample]
    unjudged: dict[Property, str]  # why nothing is said of a property

    @property
    def verdict(self) -> SearchVerdict:
        """As of the search; a stuck call violates P7."""
        if self.counter_examples:
            return SearchVerdict.VIOLATED
        return SearchVerdict.INCONCLUSIVE if self.liveness_skipped else self.search.verdict

    @property
    def liveness_skipped(self) -> bool:
        """Whether there were calls in flight whose answers were not judged."""
        return self.scope.in_flight > 0 and self.liveness is None

    def verdict_of(self, prop: Property) -> SearchVerdict | None:
        """The verdict on one property; None if it is not judged."""
        if prop in self.unjudged:
            return None
        if any(c.property is prop for c in self.counter_examples):
            return SearchVerdict.VIOLATED
        # a counter-example ends the search, so of the other properties only its depth is known
        return SearchVerdict.INCONCLUSIVE if self.search.stopped is not None or self.search.counter_examples else SearchVerdict.HOLDS

    def as_data(self) -> dict[str, object]:
        """The proof as plain data, for JSON."""
        s = self.search
        return {
            "format": FORMAT,
            "level": self.scope.level,
            "scope": {field.name: getattr(self.scope, field.name) for field in fields(self.scope)},
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
    return EveryRenaming(system.encoding) if system.scope.in_flight else ColumnOrder(system.encoding)


def prove(
    scope: Scope,
    symmetric: bool = True,
    max_states: int | None = None,
    liveness_states: int = LIVENESS_STATES,
    progress: Callable[[Progress], bool] | None = None,
    step: Step = model_step,
) -> Proof:
    """Search `scope` whole and judge every property that level manager can decide. `progress` as for `search`; `step` may be defective."""
    system = ManagerSystem(scope, step)
    symmetry = symmetry_of(system) if symmetric else None
    found = search(system, symmetry, max_states, progress)
    counter_examples = list(found.counter_examples)
    liveness = None
    unjudged = dict(NOT_HERE)
    if not scope.in_flight:
        unjudged |= dict.fromkeys(LIVENESS, "nothing is in flight in this scope (--in-flight 0)")
    elif found.stopped is not None or counter_examples or found.stored > liveness_states:
        more = f"; more than {liveness_states} states" if found.stored > liveness_states else ""
        unjudged |= dict.fromkeys(LIVENESS, f"components are looked for when every state is known and fine{more}")
    else:
        liveness = check_liveness(system, list(found.states()), symmetry)
        counter_examples += _never_answered(system, symmetry, found, liveness)
    assert set(unjudged) | set(JUDGED) == set(Property), "every property is judged or said not to be"
    return Proof(scope, symmetric, found, liveness, counter_examples, unjudged)


def _never_answered(system: ManagerSystem, symmetry: Symmetry | None, found: StateGraphSearch, liveness: Liveness) -> list[CounterExample]:
    """The shortest run to a stuck call, in words."""
    for stuck in liveness.stuck:
        depth = next(d for d, layer in enumerate(found.layers) if stuck.state in layer)
        run, _ = run_to(system, symmetry, found, stuck.state, depth)
        never = has_no_way_out(system, stuck, symmetry)
        ever = "can never be" if never else "is not, unless others happen to help,"
        what = f"the call of caller {stuck.caller + 1} {ever} answered: the rest can go round {stuck.component} states without it"
        # a call that nothing can ever release is a deadlock, however much else can move
        return [CounterExample(prop, what, tuple(run)) for prop in LIVENESS[: 1 + never]]
    return []
