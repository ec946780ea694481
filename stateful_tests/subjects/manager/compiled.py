"""A program compiled for many runs: names, methods and arguments are computed once."""

from dataclasses import dataclass

from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.stateful_tests.exploring.drawing.chains import Chain
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


@dataclass(frozen=True, slots=True)
class ManagerCall:
    """One operation of one task."""

    operation: Operation
    method: str | None  # the manager's; None for a state operation
    arguments: tuple[object, ...]
    returns_state: bool
    returns_ids: bool
    last: bool  # of its task


def compile_program(program: ManagerProgram) -> tuple[Chain, ...]:
    """The tasks of `program`, in order."""
    return tuple(compile_chain(index, operations, program.faults.count(index)) for index, operations in enumerate(program.tasks))


def compile_chain(index: int, operations: tuple[Operation, ...], faults: int) -> Chain:
    """The task at place `index`, which calls `operations` in turn and may be cancelled up to `faults` times."""
    name = task_name(index)
    last = len(operations) - 1
    sites = tuple(
        ManagerCall(
            operation,
            operation.name if isinstance(operation, op.MANAGER_OPERATIONS) else None,
            tuple(getattr(operation, field) for field in operation.__match_args__),
            isinstance(operation, op.RETURNS_STATE),
            isinstance(operation, op.SubscribedConnectionIds),
            at == last,
        )
        for at, operation in enumerate(operations)
    )
    return Chain(index, name, f"start {name}", f"cancel {name}", sites, faults)
