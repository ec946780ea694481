"""Programs with fewer tasks, operations or faults, or in another order, each with its schedule in the names of its own tasks.

Knows only that a program has tasks, and faults of which it can say where they are when tasks have moved.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from subwarden.stateful_tests.exploring.findings.task_names import moved, order_of_start, relettered
from subwarden.stateful_tests.exploring.level import Names


def fewer(program: Any, names: Names) -> Iterator[tuple[Any, Names]]:
    """Without one of its tasks, or one operation of a task."""
    tasks = program.tasks
    for at in range(len(tasks) - 1, -1, -1):
        if len(tasks) > 1:
            yield arranged(program, names, [place for place in range(len(tasks)) if place != at])
    for at, chain in enumerate(tasks):
        if len(chain) > 1:
            for drop in range(len(chain) - 1, -1, -1):
                yield with_chain(program, at, chain[:drop] + chain[drop + 1 :]), names


def fewer_faults(program: Any, names: Names) -> Iterator[tuple[Any, Names]]:
    """Without one of its faults."""
    for at in range(len(program.faults)):
        yield replace(program, faults=program.faults[:at] + program.faults[at + 1 :]), names


def in_order_of_start(program: Any, names: Names) -> tuple[Any, Names]:
    """The same program with its tasks in the order in which `names` starts them: no deviation is spent on who comes first."""
    return arranged(program, names, order_of_start(len(program.tasks), names))


def arranged(program: Any, names: Names, kept: Sequence[int]) -> tuple[Any, Names]:
    """The program of the tasks `kept`, in that order, and its schedule in their new names, without the steps of the others."""
    place, letters = moved(len(program.tasks), list(kept))
    made = replace(program, tasks=tuple(program.tasks[old] for old in kept), faults=program.faults_at(place))
    return made, relettered(names, letters)


def with_chain(program: Any, at: int, chain: tuple[Any, ...]) -> Any:
    """`program` with `chain` as the calls of task `at`."""
    return replace(program, tasks=(*program.tasks[:at], chain, *program.tasks[at + 1 :]))
