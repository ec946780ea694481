"""Shrinks programs of the core level: fewer operations, fewer faults, fewer clients and topics."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from subwarden.model.core.options import PATTERN
from subwarden.model.core.step import CoreOperation, Id
from subwarden.stateful_tests.exploring.findings.shrink_passes import fewer, fewer_faults
from subwarden.stateful_tests.exploring.level import Names
from subwarden.stateful_tests.subjects.core.program import CoreProgram

LETTERS = {"connection": "c", "topic": "t", "socket": "s"}


def simpler(program: CoreProgram, names: Names) -> Iterator[tuple[CoreProgram, Names]]:
    """Simpler programs, in the order in which to try them: fewer tasks, operations and faults first, then fewer clients and topics."""
    yield from fewer(program, names)
    yield from fewer_faults(program, names)
    for kind, letter in LETTERS.items():
        used = sorted(_in_order_of_use(program, kind), key=str)
        for at in range(len(used) - 1, 0, -1) if kind != "socket" else ():  # each socket opens once
            yield _renamed(program, kind, {used[at]: used[0]}), names
        numbered = {name: f"{letter}{number}" for number, name in enumerate(_in_order_of_use(program, kind), 1)}
        renamed = _renamed(program, kind, numbered)
        if renamed != program:
            yield renamed, names


def _in_order_of_use(program: CoreProgram, kind: str) -> list[Id]:
    used = dict.fromkeys(getattr(o, kind) for chain in program.tasks for o in chain if hasattr(o, kind))
    return [name for name in used if name != PATTERN]


def _renamed(program: CoreProgram, kind: str, renaming: dict[Any, Any]) -> CoreProgram:
    def rename(operation: CoreOperation) -> CoreOperation:
        if not any(field.name == kind for field in fields(operation)):
            return operation
        old = getattr(operation, kind)
        changes: dict[str, Any] = {kind: renaming.get(old, old)}
        return replace(operation, **changes)

    return replace(program, tasks=tuple(tuple(rename(o) for o in chain) for chain in program.tasks))
