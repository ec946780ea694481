"""The interface between a model and the search for a linearization, and the rule by which two operations commute.

The search knows no model; it sees states (a model's state with the bindings of calls), steps and footprints. Two operations count as
commuting only if no key of one meets a key of the other in clashing modes, in any state. A property test checks that against the models.
"""

from collections.abc import Hashable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

Operation = Any  # a model's own operation: hashable, opaque here
State = Any  # a model's own state, with the bindings of pending calls: hashable, opaque here


class Mode(IntEnum):
    """How an operation touches a key. Two modes clash unless both are READ or both are JOIN."""

    READ = 0
    JOIN = 1  # a change that commutes with its kind: adding different elements, creating the same thing
    WRITE = 2


Footprint = Mapping[Hashable, Mode]


def clash(one: Footprint, other: Footprint) -> bool:
    """Whether two operations with these footprints may fail to commute."""
    if len(other) < len(one):
        one, other = other, one
    for key, mode in one.items():
        against = other.get(key)
        if against is not None and (against is not mode or mode is Mode.WRITE):
            return True
    return False


class CallEffect(NamedTuple):
    """The effect of a call on a state. `changed` is False if the next state differs at most in the call's own binding."""

    state: State
    answer: object
    kind: str
    changed: bool


class Asked(NamedTuple):
    """A call as a model sees it. `slot`: its name among the pending calls; `answer`: the answer it must give (`UNJUDGED`: any).

    `must`: it was answered, so it took effect; otherwise it may never have.
    """

    slot: int
    operation: Operation
    task: str | None
    answer: object
    must: bool = True


class Unjudged:
    """The type of `UNJUDGED`."""

    def __repr__(self) -> str:
        return "UNJUDGED"


UNJUDGED = Unjudged()  # no answer was recorded, or none was given: any answer fits


class Specification(Protocol):
    """A model as the search sees it. States are canonical: states that no continuation can tell apart are equal."""

    name: str

    def decode(self, data: object) -> Operation:
        """The operation written as plain data. Raises ValueError with the reason."""

    def decode_answer(self, operation: Operation, data: object) -> object:
        """The answer written as plain data. Raises ValueError if `operation` has no such answer."""

    def encode_answer(self, answer: object) -> object:
        """The answer as plain data."""

    def initial(self) -> State:
        """The state before the first call."""

    def needs_state(self, operation: Operation) -> bool:
        """Whether `operation` acts on the answer of an earlier call of its task."""

    def gives_state(self, answer: object) -> bool:
        """Whether this answer gives its task a state to act on."""

    def binds(self, operation: Operation) -> bool:
        """Whether the effect depends on the state at the moment of the call."""

    def bind(self, state: State, asked: Asked) -> State:
        """The state after the call is made in `state`."""

    def bind_touches(self, state: State, asked: Asked) -> Footprint:
        """The keys whose change before the call is made may give it a binding with more possible answers than this state's."""

    def forget(self, state: State, slot: int) -> State:
        """The state without the binding of a call that will never take effect."""

    def step(self, state: State, asked: Asked) -> CallEffect:
        """The effect of the call on `state`; whether its answer is right is decided by `fits`."""

    def fits(self, answer: object, wanted: object) -> bool:
        """Whether the model's `answer` agrees with the history's `wanted`."""

    def inert(self, asked: Asked) -> bool:
        """Whether the call changes nothing in any state in which it gives its answer."""

    def touches(self, operation: Operation) -> Footprint:
        """The keys that `operation` reads and changes, in any state."""

    def needs(self, state: State, asked: Asked) -> Footprint | None:
        """For a state in which the call cannot give its answer: keys of which one must change first. None: not known."""

    def describe(self, operation: Operation) -> str:
        """The operation in the model's words."""

    def describe_answer(self, operation: Operation, answer: object) -> str:
        """The answer in the model's words."""

    def describe_state(self, state: State) -> str:
        """The state in the model's words, in one line."""
