"""Shrinks programs of level custom: fewer operations, fewer faults, fewer clients and topics."""

from collections.abc import Iterator
from dataclasses import replace

from subwarden.checking.custom.model import CustomOperation, Value
from subwarden.stateful_tests.exploring.findings.shrink_passes import fewer, fewer_faults
from subwarden.stateful_tests.exploring.level import Names
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS
from subwarden.stateful_tests.subjects.custom.program import CustomProgram


def simpler(program: CustomProgram, names: Names) -> Iterator[tuple[CustomProgram, Names]]:
    """Simpler programs, in the order in which to try them: fewer tasks, operations and faults first, then fewer clients and topics."""
    yield from fewer(program, names)
    yield from fewer_faults(program, names)
    for known in (CLIENTS, TOPICS):
        used = [value for value in known if any(value in o.arguments for chain in program.tasks for o in chain)]
        for at in range(len(used) - 1, 0, -1):
            yield _renamed(program, {used[at]: used[0]}), names
        in_order = dict.fromkeys(a for chain in program.tasks for o in chain for a in o.arguments if isinstance(a, str) and a in known)
        renamed = _renamed(program, dict(zip(in_order, known, strict=False)))
        if renamed != program:
            yield renamed, names


def _renamed(program: CustomProgram, renaming: dict[str, str]) -> CustomProgram:
    def rename(value: Value) -> Value:
        return renaming.get(value, value) if isinstance(value, str) else value

    def renamed(operation: CustomOperation) -> CustomOperation:
        return replace(operation, arguments=tuple(map(rename, operation.arguments)))

    return replace(program, tasks=tuple(tuple(map(renamed, chain)) for chain in program.tasks))
