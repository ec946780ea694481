"""The configurations of a history's search, and the records around them.

A configuration is a bit mask of the pending calls that have taken effect, and the number of the state that they led to. With states
numbered, everything that the search compares is small integers.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from subwarden.checking.linearizability.history import HistoryCall
from subwarden.checking.linearizability.specification import Asked, CallEffect, Footprint, State

Config = tuple[int, int]  # the mask, and the number of the state (see `StatesByNumber`)
Path = tuple["Path", HistoryCall] | None  # the calls placed, last first
Configs = dict[Config, Path]  # in order of discovery, so that nothing depends on hashes


class OverBudget(Exception):
    """More configurations than the budget at one moment: the verdict is unknown."""


class Impossible(Exception):
    """No configuration explains the end of `call`: the history is not linearizable. Those of `before` explain all before it."""

    def __init__(self, call: HistoryCall, before: Configs) -> None:
        super().__init__(call.id)
        self.call = call
        self.before = before


class Step(NamedTuple):
    """The effect of a call in one state, computed once: whether the answer fits, and the number of the next state."""

    fits: bool
    after: int
    effect: CallEffect


@dataclass(slots=True)
class PendingHistoryCall:
    """A call that has not ended, in its slot. `clashes` masks the pending calls with which it may not commute, `twins` the earlier calls
    that can stand for it: they have the same operation and are never answered either."""

    call: HistoryCall
    asked: Asked
    touches: Footprint
    clashes: int = 0
    twins: int = 0
    steps: dict[int, Step] = field(default_factory=dict)


class StatesByNumber:
    """Gives each state a number."""

    def __init__(self) -> None:
        self.known: list[State] = []
        self._numbers: dict[State, int] = {}

    def number(self, state: State) -> int:
        """The number of `state`."""
        number = self._numbers.setdefault(state, len(self.known))
        if number == len(self.known):
            self.known.append(state)
        return number


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """A configuration in which every candidate is impossible, with the effect that each candidate would have."""

    path: Path
    state: State
    candidates: tuple[tuple[HistoryCall, CallEffect], ...]


def without_dominated(configs: Configs, optional: int) -> Configs:
    """Drop each configuration that differs from another one only by more effects of the `optional` calls, those without an answer."""
    if len(configs) < 2 or not any(done & optional for done, _ in configs):
        return configs
    groups: dict[Config, list[int]] = {}
    for done, state in configs:
        groups.setdefault((done & ~optional, state), []).append(done & optional)
    kept: Configs = {}
    for (done, state), path in configs.items():
        mine = done & optional
        others = groups[done & ~optional, state]
        if not any(other != mine and other & mine == other for other in others):
            kept[done, state] = path
    return kept


def bits(mask: int) -> list[int]:
    """The single bits of `mask`, lowest first."""
    found = []
    while mask:
        found.append(mask & -mask)
        mask &= mask - 1
    return found
