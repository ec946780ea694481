"""The model states consistent with all calls, answers and observations so far: linearizability, checked while the run happens.

A call takes effect once, at one moment between its call and its return. A *configuration* is a state together with the outcomes of the
calls that have taken effect and not returned. The set of configurations represents every order of the open calls that explains the
answers so far (the just-in-time linearization of Lowe, "Testing for linearizability", 2017, for calls whose answers are not known
beforehand). It is exact: a configuration is dropped when an answer or an observation contradicts it, and no sooner.

A call that was cancelled or raised stays open without a caller until it is `settled`: it may have taken effect, may never do so, or
another task may finish it later. A call is named by a number that no other open call has.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

Operation = Any


class CallOutcome:
    """The outcome of a call, as its caller sees it. `Outcomes` makes one object for each, so equal outcomes are identical."""

    __slots__ = ("answer", "key", "kind")

    def __init__(self, key: Hashable, answer: object, kind: str) -> None:
        self.key = key, kind  # equal keys: equal outcomes
        self.answer = answer
        self.kind = kind


class CallEdge(NamedTuple):
    """One possible transition of a call from a node."""

    node: Any
    outcome: CallOutcome


class Node(Protocol):
    """A state of a model."""

    @property
    def state(self) -> Hashable:
        """The state itself."""

    def steps(self, operation: Operation) -> tuple[CallEdge, ...]:
        """Every transition that `operation` may take from here; none: it cannot take effect yet."""


class Outcomes:
    """Interns outcomes."""

    def __init__(self) -> None:
        self._known: dict[Hashable, CallOutcome] = {}

    def of(self, key: Hashable, answer: object, kind: str) -> CallOutcome:
        """The one outcome of this key and kind, made with `answer` if it is new."""
        known = self._known.get((key, kind))
        if known is None:
            known = self._known[key, kind] = CallOutcome(key, answer, kind)
        return known


AnyNode = TypeVar("AnyNode", bound=Node)
Acted = tuple[tuple[int, CallOutcome], ...]  # the calls that have taken effect and not returned, with their outcomes


class PossibleStates(Generic[AnyNode]):
    """The possible configurations of a run, and its open calls."""

    def __init__(self, node: AnyNode) -> None:
        self.configurations: tuple[tuple[AnyNode, Acted], ...] = ((node, ()),)
        self.open: dict[int, Operation] = {}

    def copy(self) -> Self:
        """Another that may be changed."""
        made = object.__new__(type(self))  # `copy.copy` takes three times as long
        vars(made).update(vars(self), open=dict(self.open))
        return made

    def called(self, call: int, operation: Operation) -> None:
        """`call` of `operation` begins."""
        self.open[call] = operation

    def digested(self, tasks: Mapping[int, int]) -> Hashable:
        """The part that decides all later judgements, by value. `tasks`: of the calls, by which runs are compared."""
        configurations = frozenset((node.state, frozenset((tasks[c], did.key) for c, did in acted)) for node, acted in self.configurations)
        return configurations, frozenset((tasks[call], operation) for call, operation in self.open.items())

    def answered(self, call: int, fits: Callable[[CallOutcome], bool]) -> tuple[list[CallOutcome], list[CallOutcome]]:
        """Record that `call` returned. `fits` says whether an outcome matches its answer.

        Returns the outcomes that match, and all outcomes that were possible. If none matches, no configuration explains the answer,
        and all are kept.
        """
        acted = self._acted(call)
        fitting = [each for each in acted if fits(each[2])]
        del self.open[call]
        self.configurations = tuple(dict.fromkeys((node, others) for node, others, _ in fitting or acted))
        return [outcome for _, _, outcome in fitting], [outcome for _, _, outcome in acted]

    def _acted(self, call: int) -> list[tuple[AnyNode, Acted, CallOutcome]]:
        """Each configuration in which `call` has taken effect by now, without that call, and the call's outcome there.

        Other open calls take effect before it where they have to. Those that may take effect after it stay undecided.
        """
        found: list[tuple[AnyNode, Acted, CallOutcome]] = []
        for node, acted in self._closure(but=call):
            done = dict(acted).get(call) if acted else None
            if done is None:
                found += [(after, acted, outcome) for after, outcome in node.steps(self.open[call])]
            else:
                found.append((node, tuple(each for each in acted if each[0] != call), done))
        return found

    def _closure(self, but: int | None) -> list[tuple[AnyNode, Acted]]:
        """All configurations that the open calls can lead to by now; call `but` takes no new effect."""
        others = [(number, operation) for number, operation in self.open.items() if number != but]
        configurations = list(self.configurations)
        if not others:
            return configurations
        seen = set(configurations)
        for node, acted in configurations:  # grows
            done = dict(acted)
            if but in done:  # then no other call has to take effect before it
                continue
            for number, operation in others:
                if number not in done:
                    for after, outcome in node.steps(operation):
                        configuration = (after, tuple(sorted((*acted, (number, outcome)))) if acted else ((number, outcome),))
                        if configuration not in seen:
                            seen.add(configuration)
                            configurations.append(configuration)
        return configurations

    def reachable(self) -> list[tuple[AnyNode, Acted]]:
        """All configurations that the open calls can lead to by now."""
        return self._closure(None)

    def settled(self, calls: Iterable[int]) -> None:
        """No task is left that could finish `calls`: each has taken effect, or never will."""
        gone = set(calls) & self.open.keys()
        if not gone:
            return
        configurations = self._closure(None)
        for call in gone:
            del self.open[call]
        self.configurations = tuple(
            dict.fromkeys((node, tuple(each for each in acted if each[0] not in gone)) for node, acted in configurations)
        )

    def must_all_wait(self) -> bool:
        """Whether every open call has to wait: none of them has taken effect, and none can."""
        return not any(acted or any(node.steps(operation) for operation in self.open.values()) for node, acted in self.configurations)

    def may_all_wait(self) -> bool:
        """Whether every open call may have to wait: in some configuration none of them has taken effect, and none can."""
        return any(not any(node.steps(operation) for operation in self.open.values()) for node, acted in self._closure(None) if not acted)
