"""Shrinks programs of level manager: fewer operations, fewer faults, plainer operations and arguments.

Every candidate comes with the failing schedule in the names of its own tasks: a schedule names tasks by letter, and a task that moves up
into a dropped one's place changes its letter.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from subwarden.model.manager.operations import RETURNS_STATE, Operation, ThreadState
from subwarden.model.manager.words import PREFIX
from subwarden.stateful_tests.exploring.findings.shrink_passes import arranged, fewer, fewer_faults, with_chain
from subwarden.stateful_tests.exploring.level import Names
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


def simpler(program: ManagerProgram, names: Names) -> Iterator[tuple[ManagerProgram, Names]]:
    """Simpler programs, in the order in which to try them: fewer tasks, operations and faults first, then plainer operations."""
    yield from fewer(program, names)
    yield from _joined(program, names)
    yield from fewer_faults(program, names)
    for at, chain in enumerate(program.tasks):
        for place, operation in enumerate(chain):
            for plain in _plainer(operation):
                yield with_chain(program, at, (*chain[:place], plain, *chain[place + 1 :])), names
    renamed = renumbered(program)
    if renamed != program:
        yield renamed, names


def _joined(program: ManagerProgram, names: Names) -> Iterator[tuple[ManagerProgram, Names]]:
    """Two tasks that use a state of one thread, joined into one task that asks for the state once."""
    tasks = program.tasks
    for second in range(len(tasks) - 1, 0, -1):
        for first in range(second):
            one, two = tasks[first][0], tasks[second][0]
            if len(tasks[second]) > 1 and isinstance(one, RETURNS_STATE) and isinstance(two, RETURNS_STATE) and one.thread == two.thread:
                joined = with_chain(program, first, tasks[first] + tasks[second][1:])
                yield arranged(joined, names, [place for place in range(len(tasks)) if place != second])


def _plainer(operation: Operation) -> Iterator[Operation]:
    """Operations that do less: the state of a thread without a subscription, a subscription without raw events."""
    if isinstance(operation, RETURNS_STATE) and not isinstance(operation, ThreadState):
        yield ThreadState(operation.thread)
    if getattr(operation, "raw", False):
        changes: dict[str, Any] = {"raw": False}
        yield replace(operation, **changes)


def renumbered(program: ManagerProgram) -> ManagerProgram:
    """The same program with connections, threads, ids and conversations numbered in the order of their first use."""
    numbers: dict[str, dict[int, int]] = {kind: {} for kind in PREFIX}

    def renumber(operation: Operation) -> Operation:
        changes: dict[str, Any] = {}
        for field in fields(operation):
            if field.name in PREFIX:
                known = numbers[field.name]
                changes[field.name] = known.setdefault(getattr(operation, field.name), len(known) + 1)
        return replace(operation, **changes)

    return ManagerProgram(tuple(tuple(renumber(o) for o in chain) for chain in program.tasks), program.faults)
