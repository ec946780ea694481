"""What may be true of a model, as far as calls, their answers and what showed leave it open: linearizability, one moment after another.

A call takes effect once, at any moment between its call and its return. Every order of the open calls that explains the answers so far is
kept, as a *world*: a state, and what those calls have done that have acted and not returned. (The just-in-time linearization of Lowe,
"Testing for linearizability", 2017, for calls whose answers are not known beforehand.) It is exact: a world is dropped when an answer or
an observation contradicts it, and no sooner.

A call that was cancelled, or that raised, stays open without a caller until it is `settled`: it has acted, or not, or somebody finishes it
later.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

Operation = Any


class CallOutcome:
    """What a call did, as its caller sees it. One object for each, made by `Nodes`: equal ones are the same."""

    __slots__ = ("answer", "key", "kind")

    def __init__(self, key: Hashable, answer: object, kind: str) -> None:
        self.key = key, kind  # tells it from others
        self.answer = answer
        self.kind = kind


class CallEdge(NamedTuple):
    """One thing that a call may do at a node."""

    node: Any
    outcome: CallOutcome


class Node(Protocol):
    """A state of a model."""

    @property
    def state(self) -> Hashable:
        """It."""

    def steps(self, operation: Operation) -> tuple[CallEdge, ...]:
        """Everything that `operation` may do here; empty: it cannot take effect yet."""


class Outcomes:
    """The one object for each outcome."""

    def __init__(self) -> None:
        self._known: dict[Hashable, CallOutcome] = {}

    def of(self, key: Hashable, answer: object, kind: str) -> CallOutcome:
        """That of `answer`, which is told from others by `key`."""
        known = self._known.get((key, kind))
        if known is None:
            known = self._known[key, kind] = CallOutcome(key, answer, kind)
        return known


AnyNode = TypeVar("AnyNode", bound=Node)
Acted = tuple[tuple[int, CallOutcome], ...]  # calls that have acted and not returned, by number


class PossibleStates(Generic[AnyNode]):
    """Everything that may be true."""

    def __init__(self, node: AnyNode) -> None:
        self.worlds: tuple[tuple[AnyNode, Acted], ...] = ((node, ()),)
        self.open: dict[int, Operation] = {}

    def digested(self, name: Mapping[int, Hashable]) -> Hashable:
        """What of this decides what is judged from now on, by value. `name`: what the open calls are called, whatever their numbers."""
        worlds = tuple((node.state, tuple((name[call], did.key) for call, did in acted)) for node, acted in self.worlds)
        return worlds, tuple((name[call], operation) for call, operation in self.open.items())

    def answered(self, call: int, fits: Callable[[CallOutcome], bool]) -> tuple[list[CallOutcome], list[CallOutcome]]:
        """`call` returned, having done what `fits`: what that may have been, and all that it may have done.

        The first is empty where no world explains the answer; then all worlds are kept.
        """
        acted = self._acted(call)
        fitting = [each for each in acted if fits(each[2])]
        del self.open[call]
        self.worlds = tuple(dict.fromkeys((node, others) for node, others, _ in fitting or acted))
        return [outcome for _, _, outcome in fitting], [outcome for _, _, outcome in acted]

    def _acted(self, call: int) -> list[tuple[AnyNode, Acted, CallOutcome]]:
        """The worlds in which `call` has acted, before or just now, without it, and what it did there.

        Others that are open act before it if they must; what acts after it is not decided before it has to be.
        """
        found: list[tuple[AnyNode, Acted, CallOutcome]] = []
        for node, acted in self._closure(but=call):
            done = next((outcome for number, outcome in acted if number == call), None)
            if done is None:
                found += [(after, acted, outcome) for after, outcome in node.steps(self.open[call])]
            else:
                found.append((node, tuple(each for each in acted if each[0] != call), done))
        return found

    def _closure(self, but: int | None) -> list[tuple[AnyNode, Acted]]:
        """All worlds in which open calls may have acted by now, call `but` only where it has before."""
        others = [(number, operation) for number, operation in self.open.items() if number != but]
        worlds = list(self.worlds)
        if not others:
            return worlds
        seen = set(worlds)
        for node, acted in worlds:  # grows
            done = {number for number, _ in acted}
            if but in done:  # then it needs nobody to act before it
                continue
            for number, operation in others:
                if number not in done:
                    for after, outcome in node.steps(operation):
                        world = (after, tuple(sorted((*acted, (number, outcome)), key=lambda each: each[0])))
                        if world not in seen:
                            seen.add(world)
                            worlds.append(world)
        return worlds

    def settled(self, calls: Iterable[int]) -> None:
        """Nobody is left who could finish `calls`: each has acted, or will not."""
        gone = set(calls) & self.open.keys()
        if not gone:
            return
        worlds = self._closure(None)
        for call in gone:
            del self.open[call]
        self.worlds = tuple(dict.fromkeys((node, tuple(each for each in acted if each[0] not in gone)) for node, acted in worlds))

    def may_all_wait(self) -> bool:
        """Whether every open call may have to wait, since there is a world in which none has acted that has not returned, and none can."""
        return any(not any(node.steps(operation) for operation in self.open.values()) for node, acted in self._closure(None) if not acted)
