"""What a model must say so that a history can be judged by it, and when two of its operations commute.

The search for a linearization knows no model; it sees worlds (a model's state and what calls have bound), steps and footprints.
It refuses to compare footprints cleverly: a pair is called commuting only if no key of one meets a key of the other in modes that
clash, whatever the state. That claim is held against the models by a property test.
"""

from collections.abc import Hashable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

Operation = Any  # a model's own operation: hashable, opaque here
Configuration = Any  # a model's own state, with what pending calls have bound: hashable, opaque here


class Mode(IntEnum):
    """How an operation touches a key. Two touches clash unless both are READ or both are JOIN."""

    READ = 0
    JOIN = 1  # a change that does not mind others of its kind: adding different elements, creating what all of them create
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
    """What a call does to a world. `changed` is false where the world is as before, apart from the call's own binding."""

    world: Configuration
    answer: object
    kind: str
    changed: bool


class Asked(NamedTuple):
    """A call as a model sees it: `slot` names it among those pending, `answer` is what it must answer (`UNJUDGED`: whatever).

    `must`: it was answered, so it took effect; otherwise it may have or not.
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


UNJUDGED = Unjudged()  # no answer was recorded, or nobody got one: any will do


class Specification(Protocol):
    """A model as the search sees it. Worlds are canonical: what no continuation can tell apart is equal."""

    name: str

    def decode(self, data: object) -> Operation:
        """The operation written as plain data. Raises ValueError, saying what is wrong."""

    def decode_answer(self, operation: Operation, data: object) -> object:
        """The answer written as plain data. Raises ValueError where no call of `operation` can be answered so."""

    def encode_answer(self, answer: object) -> object:
        """The answer as plain data."""

    def initial(self) -> Configuration:
        """The world before the first call."""

    def needs_state(self, operation: Operation) -> bool:
        """Whether `operation` acts on what an earlier call of its task was answered."""

    def gives_state(self, answer: object) -> bool:
        """Whether this answer gives its task something to act on."""

    def binds(self, operation: Operation) -> bool:
        """Whether it matters which world the call saw when it was made."""

    def bind(self, world: Configuration, asked: Asked) -> Configuration:
        """The call is made now: it sees `world`."""

    def bind_touches(self, world: Configuration, asked: Asked) -> Footprint:
        """What may run before the call is made, and give it a binding that is any better than this world's."""

    def forget(self, world: Configuration, slot: int) -> Configuration:
        """The call will not take effect any more."""

    def step(self, world: Configuration, asked: Asked) -> CallEffect:
        """The call takes effect. A world's answer fits where `fits` says so."""

    def fits(self, answer: object, wanted: object) -> bool:
        """Whether the model's answer is the wanted one."""

    def inert(self, asked: Asked) -> bool:
        """Whether a call that answers so changes nothing, in whichever world it does."""

    def touches(self, operation: Operation) -> Footprint:
        """What `operation` reads and changes, in any world."""

    def needs(self, world: Configuration, asked: Asked) -> Footprint | None:
        """In a world in which the call cannot answer as wanted: something that must be changed first. None: cannot say."""

    def describe(self, operation: Operation) -> str:
        """The operation in the model's words."""

    def describe_answer(self, operation: Operation, answer: object) -> str:
        """The answer in the model's words."""

    def describe_world(self, world: Configuration) -> str:
        """The state in the model's words, in one line."""
