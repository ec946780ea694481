"""The records of a proof and of a tour of the model."""

from typing import Any, Final, NotRequired, TypedDict

from subwarden.reports.records.finding import VerdictName

TOUR_SCHEMA: Final = "subwarden/tour/1"


class DifferenceRecord(TypedDict):
    """A transition on which a manager differs from the model: `request`, called in `state`. `part` differs, and `said` has both sides."""

    kind: str
    request: str
    state: str
    part: str
    said: str


class LayerMoveRecord(TypedDict):
    """The transitions from one layer to another, or within one: those that agreed, those that differed, and those that were not played or
    lie behind a difference.
    """

    source: int
    target: int
    agreed: int
    differed: int
    missed: int


class LayersRecord(TypedDict):
    """The model's reachable graph by layers: `states` has the number of states that so many calls lead to at the least."""

    states: list[int]
    moves: list[LayerMoveRecord]


class TourRecord(TypedDict):
    """A tour of the model's reachable graph. `agreed`, `differed` and `unreachable` count transitions by kind; `differences` has each that
    differed, in the order of the tour. `stopped`: it was cut short by hand, so the rest of the `transitions` was not played."""

    schema: str
    subject: str
    verdict: VerdictName
    scope: str
    states: int
    transitions: int
    runs: int
    calls: int
    compared: int
    agreed: dict[str, int]
    differed: dict[str, int]
    unreachable: dict[str, int]
    differences: list[DifferenceRecord]
    layers: NotRequired[LayersRecord]
    stopped: bool
    seconds: float


class JudgedRecord(TypedDict):
    """The verdict of a proof on one property; None if it is not judged, and then `why`."""

    title: str
    verdict: VerdictName | None
    why: str | None


class ModelStepRecord(TypedDict):
    """A step of the model: the action, its kind, the answer that a caller sees, and the state after it; in words."""

    action: str
    kind: str
    answer: str
    state: str


class CounterExampleRecord(TypedDict):
    """A shortest run that violates a property; `what` is wrong at its end."""

    property: str
    what: str
    run: list[ModelStepRecord]


class LivenessRecord(TypedDict):
    """Strongly connected components of the states with an open call, and the calls that are `stuck` in one."""

    states_with_open_calls: int
    components: int
    largest_component: int
    stuck: int


class ProofRecord(TypedDict):
    """A proof of a scope, as `subwarden.proving` makes it. `sometimes`: whether each of these properties was met."""

    format: int
    level: str
    scope: dict[str, Any]
    scope_in_words: str
    left_out: list[str]
    symmetry: bool
    verdict: VerdictName
    stopped: str | None
    distinct_states: int
    stored_states: int
    expanded_states: int
    depth: int
    layers: list[int]
    transitions: int
    transitions_by_kind: dict[str, int]
    expected_kinds: list[str]
    never_enabled: list[str]
    sometimes: dict[str, bool]
    properties: dict[str, JudgedRecord]
    counter_examples: list[CounterExampleRecord]
    liveness: LivenessRecord | None
