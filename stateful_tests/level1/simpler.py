"""Which programs of level 1 are simpler than a given one: fewer operations, fewer faults, plainer arguments."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from model.operations import Operation
from model.words import PREFIX
from stateful_tests.level1.program import Program


def simpler(program: Program) -> Iterator[Program]:
    """In the order in which they should be tried: whole tasks, single operations, faults, then arguments."""
    tasks, faults = program.tasks, program.faults
    for at in range(len(tasks) - 1, -1, -1):
        kept = tuple(f - (f > at) for f in faults if f != at)
        yield Program(tasks[:at] + tasks[at + 1 :], kept)
    for at, chain in enumerate(tasks):
        if len(chain) > 1:
            for drop in range(len(chain) - 1, -1, -1):
                yield Program((*tasks[:at], chain[:drop] + chain[drop + 1 :], *tasks[at + 1 :]), faults)
    for at in range(len(faults)):
        yield Program(tasks, faults[:at] + faults[at + 1 :])
    for at, chain in enumerate(tasks):
        for place, operation in enumerate(chain):
            if getattr(operation, "raw", False):
                changes: dict[str, Any] = {"raw": False}
                plain = replace(operation, **changes)
                yield Program((*tasks[:at], (*chain[:place], plain, *chain[place + 1 :]), *tasks[at + 1 :]), faults)
    renamed = renumbered(program)
    if renamed != program:
        yield renamed


def renumbered(program: Program) -> Program:
    """The same program with connections, threads, ids and conversations numbered in the order of their first use."""
    numbers: dict[str, dict[int, int]] = {kind: {} for kind in PREFIX}

    def renumber(operation: Operation) -> Operation:
        changes: dict[str, Any] = {}
        for field in fields(operation):
            if field.name in PREFIX:
                known = numbers[field.name]
                changes[field.name] = known.setdefault(getattr(operation, field.name), len(known) + 1)
        return replace(operation, **changes)

    return Program(tuple(tuple(renumber(o) for o in chain) for chain in program.tasks), program.faults)
