"""Judges one connection: each function takes its possible states through one event, and returns the violation that shows, if any.

They say what is right, and work it out anew each time. `checking.frozen_states` remembers the results.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.core import causes as core_causes
from subwarden.checking.core.configurations import CLOSES, Connection, about, latest
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
    connection.has_ended(operation)
    return kinds, violation


def judge_shown(connection: Connection, maps: Mapping[str, frozenset[Id]]) -> Violation | None:
    """The maps show the topics of the connection as `maps` says; there is at least one map."""
    touched = connection.touched()
    if touched is None or connection.lost:
        return None
    topics = next(iter(maps.values()))
    for name, other in maps.items():
        if other - touched != topics - touched:
            connection.lost = True
            at = min((topics ^ other) - touched, key=str)
            said = f"{connection.name} on {at}: {next(iter(maps))} and {name}"
            return Violation(causes.MAPS_DISAGREE, said, ("maps", connection.name, at))
    before = connection.configurations
    if connection.showed(topics, touched):
        connection.ended = tuple(operation for operation in connection.ended if touched and about(operation, touched))
        return None
    connection.lost = True
    seen, expected = topics - touched, [node.topics - touched for node, _ in before]
    extra, missing = seen.difference(*expected), frozenset.intersection(*expected) - seen
    evidence: tuple[object, ...] = ()
    for what, wrong in (("missing", missing), ("extra", extra)):
        if wrong:
            evidence = (what, connection.name, min(wrong, key=str))
    differing = extra or missing or seen ^ expected[0]  # the last: each topic by itself can be explained, not all together
    return Violation(_cause(connection, differing, extra), f"{connection.name} on {_listed(differing)}", evidence)


def _cause(connection: Connection, differing: frozenset[Id], extra: frozenset[Id]) -> Cause:
    """The cause of the difference at the topics `differing`, of which `extra` show and should not."""
    blamed = latest(connection.ended, differing)
    if extra and not connection.may_live:
        return causes.OUTLIVES if isinstance(blamed, CLOSES) else causes.SUBSCRIBED_DEAD
    if extra and isinstance(latest(connection.ends, extra), Teardown):
        return core_causes.RESURRECTED
    if blamed is not None:
        return causes.wrong_state(blamed.name)
    return core_causes.APPEARS if extra else core_causes.VANISHES


def _listed(topics: Iterable[Id]) -> str:
    return ", ".join(map(str, sorted(topics, key=str)))
