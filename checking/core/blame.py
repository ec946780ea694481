"""Finds the call to blame for a difference between a connection's maps and the model: the latest that has ended and could have made it.

It decides the cause of a violation, never whether there is one. So it is kept for each run, and is no part of the states that all runs
share: they would be many more.
"""

from collections.abc import Sequence

from subwarden.checking.core.configurations import CLOSES, about
from subwarden.model.core.step import Attach, Connect, CoreOperation, Id

Calls = tuple[CoreOperation, ...]
Ended = list[CoreOperation | frozenset[Id]]
"""What happened to a connection in a run, in order: a call has ended, or an observation agreed with the model, apart from the topics in
the set, which open calls touched.
"""


def calls_of(ended: Ended) -> tuple[Calls, Calls]:
    """Of the calls that have ended, those that no observation has confirmed since, and all; the latest first."""
    unconfirmed: Calls = ()
    every: Calls = ()
    for each in ended:
        if isinstance(each, frozenset):
            unconfirmed = tuple(operation for operation in unconfirmed if each and about(operation, each))
        else:
            unconfirmed, every = _with_latest(each, unconfirmed), _with_latest(each, every)
    return unconfirmed, every


def latest(operations: Sequence[CoreOperation], topics: frozenset[Id]) -> CoreOperation | None:
    """The first of `operations`, which begin with the latest, that can change a subscription to one of `topics`."""
    return next((operation for operation in operations if about(operation, topics)), None)


def _with_latest(operation: CoreOperation, ended: Calls) -> Calls:
    """`ended`, which begins with the latest, and `operation` after it; without those that `latest` can no longer find behind it."""
    if isinstance(operation, Connect):
        return ended
    if isinstance(operation, CLOSES | Attach):
        return (operation,)
    topic = getattr(operation, "topic", None)
    return (operation, *(each for each in ended if getattr(each, "topic", None) != topic))
