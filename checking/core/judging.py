"""Judges one connection: each function takes its possible states through one event, and returns the violation that shows, if any.

They say what is right, and work it out anew each time. `checking.frozen_states` remembers the results.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.checking.core.blame import Ended, calls_of, latest
from subwarden.checking.core.configurations import CLOSES, Connection
from subwarden.model.core.step import CoreOperation, Id, Subscribe, Teardown
from subwarden.model.core.words import say_answer


class Violation(NamedTuple):
    """A violation of one connection: its cause, the detail in words, and plain data that shows it."""

    cause: Cause
    detail: str
    evidence: tuple[object, ...] = ()


def judge_return(connection: Connection, call: int, operation: CoreOperation, answer: object) -> tuple[frozenset[str], Violation | None]:
    """`call` of `operation` returned `answer`. Returns the possible kinds of its transition, and the violation."""
    explained, kinds = connection.returned(call, answer)
    violation = None
    if not explained and not connection.excused and not connection.lost:
        connection.lost = True
        phantom = isinstance(operation, Subscribe) and answer is True and not connection.may_live
        cause = (causes.REVIVED if connection.closed else causes.SUBSCRIBED_DEAD) if phantom else causes.wrong_answer(operation.name)
        right = "" if phantom or not isinstance(answer, bool) else f"; the model allows {say_answer(not answer)}"
        violation = Violation(cause, f"{connection.name}: returned {say_answer(answer)}{right}", ("answer", answer))
    if connection.renewed_by(operation) and not connection.forgiving:
        connection.excused = False
    return kinds, violation


class Difference(NamedTuple):
    """No state of a connection explains its maps: the topics that differ, those of them that show and should not, and plain data."""

    name: Id
    topics: frozenset[Id]
    extra: frozenset[Id]
    may_live: bool
    evidence: tuple[object, ...]

    def violation(self, ended: Ended) -> Violation:
        """The violation, which depends on the calls of the run that have `ended`."""
        cause, said = self._cause(*calls_of(ended)), f"{self.name} on {_listed(self.topics)}"
        if cause.mechanism.endswith(causes.WRONG_STATE) and self.evidence:  # the other causes say by themselves which it is
            said += ": observe() shows it, and should not" if self.extra else ": observe() does not show it, and should"
        return Violation(cause, said, self.evidence)

    def _cause(self, unconfirmed: Sequence[CoreOperation], every: Sequence[CoreOperation]) -> Cause:
        blamed = latest(unconfirmed, self.topics)
        if self.extra and not self.may_live:
            return causes.OUTLIVES if isinstance(blamed, CLOSES) else causes.SUBSCRIBED_DEAD
        if self.extra and isinstance(latest(every, self.extra), Teardown):
            return core_causes.RESURRECTED
        if blamed is not None:
            return causes.wrong_state(blamed.name)
        return core_causes.APPEARS if self.extra else core_causes.VANISHES


def judge_shown(connection: Connection, maps: Mapping[str, frozenset[Id]]) -> Violation | Difference | None:
    """The maps show the topics of the connection as `maps` says; there is at least one map."""
    touched = connection.touched()
    if touched is None or connection.lost:
        return None
    topics = next(iter(maps.values()))
    for name, other in maps.items():
        if other - touched != topics - touched:
            connection.lost = True
            at = min((topics ^ other) - touched, key=str)
            has, lacks = (next(iter(maps)), name) if at in topics else (name, next(iter(maps)))
            said = f"{connection.name} on {at}: {has} has it, {lacks} does not"
            return Violation(causes.MAPS_DISAGREE, said, ("maps", connection.name, at))
    before = connection.configurations
    if connection.showed(topics, touched):
        return None
    connection.lost = True
    seen, expected = topics - touched, [node.topics - touched for node, _ in before]
    extra, missing = seen.difference(*expected), frozenset.intersection(*expected) - seen
    evidence: tuple[object, ...] = ()
    for what, wrong in (("missing", missing), ("extra", extra)):
        if wrong:
            evidence = (what, connection.name, min(wrong, key=str))
    differing = extra or missing or seen ^ min(expected, key=_listed)  # the last: each topic by itself can be explained, not all together
    return Difference(connection.name, differing, extra, connection.may_live, evidence)


def _listed(topics: Iterable[Id]) -> str:
    return ", ".join(map(str, sorted(topics, key=str)))
