"""Varies a program of chains by a few operations: a call that meets another joins it, or one is replaced, dropped or done again.

Whether a variation is worth its runs is up to `exploring.drawing.growth`.
"""

from collections.abc import Callable, Hashable
from random import Random
from typing import Any, Protocol

Tasks = tuple[tuple[Any, ...], ...]

OPERATIONS = 12  # of a program at most; with more calls open at once there are too many possible states to keep
TASKS = 10
AGAIN = 4  # operations that are done again at a time, at most


class Vocabulary(Protocol):
    """The operations of one subject, as its level draws them."""

    kinds: tuple[str, ...]  # the names of the operations
    program: Callable[[Tasks], Any]  # makes a program of tasks, without faults

    def fresh(self, random: Random) -> Any:
        """An operation."""

    def meets(self, operation: Any, random: Random) -> Any:
        """An operation that meets `operation`: the same again, its undoing, or the same of another client."""

    def walk(self, kinds: tuple[str, ...], length: int, random: Random) -> Tasks:
        """A walk (`exploring.drawing.growth`): about `length` calls beside those at its ends, each a task of its own, mostly of `kinds`."""

    def key(self, tasks: Tasks) -> Hashable:
        """Equal for tasks that differ in names only: to whom they give no meaning, one stands for all."""

    def mended(self, tasks: Tasks) -> Tasks:
        """`tasks`, in which a variation may have broken what the level expects of a program."""


def varied(tasks: Tasks, vocabulary: Vocabulary, random: Random) -> Tasks:
    """`tasks` with one to three changes."""
    for _ in range(random.choice((1, 1, 2, 3))):
        changed = random.choice(CHANGES)(tasks, vocabulary, random)
        if changed and sum(map(len, changed)) <= OPERATIONS and len(changed) <= TASKS:
            tasks = changed
    return vocabulary.mended(tasks)


def _met(tasks: Tasks, vocabulary: Vocabulary, random: Random) -> Any:
    """An operation that meets one of the last."""
    last = [operation for chain in tasks for operation in chain][-4:]
    return vocabulary.meets(random.choice(last), random) if random.random() < 0.75 else vocabulary.fresh(random)


def _comes(tasks: Tasks, vocabulary: Vocabulary, random: Random) -> Tasks:
    """Another task comes at the end."""
    return (*tasks, (_met(tasks, vocabulary, random),))


def _goes_on(tasks: Tasks, vocabulary: Vocabulary, random: Random) -> Tasks:
    """A task goes on with another operation."""
    at = random.randrange(len(tasks))
    return (*tasks[:at], (*tasks[at], vocabulary.meets(tasks[at][-1], random)), *tasks[at + 1 :])


def _replaced(tasks: Tasks, vocabulary: Vocabulary, random: Random) -> Tasks:
    """One operation is replaced."""
    at = random.randrange(len(tasks))
    chain = tasks[at]
    which = random.randrange(len(chain))
    other = vocabulary.meets(chain[which], random) if random.random() < 0.5 else vocabulary.fresh(random)
    return (*tasks[:at], (*chain[:which], other, *chain[which + 1 :]), *tasks[at + 1 :])


def _dropped(tasks: Tasks, _vocabulary: Vocabulary, random: Random) -> Tasks:
    """One operation is left out."""
    at = random.randrange(len(tasks))
    chain = tasks[at]
    which = random.randrange(len(chain))
    left = (*chain[:which], *chain[which + 1 :])
    return (*tasks[:at], *([left] if left else []), *tasks[at + 1 :])


def _again(tasks: Tasks, _vocabulary: Vocabulary, random: Random) -> Tasks:
    """The last operations are done again, each by a task of its own or all by one."""
    last = [operation for chain in tasks for operation in chain][-random.randint(1, AGAIN) :]
    return (*tasks, *((operation,) for operation in last)) if random.random() < 0.5 else (*tasks, tuple(last))


def _joined(tasks: Tasks, _vocabulary: Vocabulary, random: Random) -> Tasks:
    """The first tasks become one, after which the others come: what they lead to is there in most schedules."""
    if len(tasks) < 2:
        return ()
    first = random.randint(2, len(tasks))
    return (tuple(operation for chain in tasks[:first] for operation in chain), *tasks[first:])


def _parted(tasks: Tasks, _vocabulary: Vocabulary, random: Random) -> Tasks:
    """A task becomes two, whose operations may overlap."""
    long = [at for at, chain in enumerate(tasks) if len(chain) > 1]
    if not long:
        return ()
    at = random.choice(long)
    cut = random.randrange(1, len(tasks[at]))
    return (*tasks[:at], tasks[at][:cut], tasks[at][cut:], *tasks[at + 1 :])


CHANGES: tuple[Callable[[Tasks, Vocabulary, Random], Tasks], ...] = (
    *(_comes, _comes, _comes, _goes_on, _replaced, _replaced, _dropped),
    *(_again, _again, _joined, _parted),
)
