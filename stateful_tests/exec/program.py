"""Small programs of a model's operations, as data: first some one by one, then tasks that call side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from subwarden.checking.custom.model import CustomOperation
from subwarden.model.core.step import CoreOperation, core_decode, core_encode
from subwarden.stateful_tests.subjects.custom.program import CustomProgram

NAMES = "ABC"  # of tasks
AnyOperation = CoreOperation | CustomOperation
FIRST, LAST = "first", "last"  # the callers of the operations before and after the tasks


def encode(operation: AnyOperation) -> list[Any]:
    """The operation's name and its arguments, as plain data."""
    return CustomProgram.encode_operation(operation) if isinstance(operation, CustomOperation) else core_encode(operation)


@dataclass(frozen=True, slots=True)
class ExecTask:
    """One caller: its name, and its operations, one after the other."""

    name: str
    operations: tuple[AnyOperation, ...]


@dataclass(frozen=True, slots=True)
class ExecProgram:
    """`first` is done one by one; then all `tasks` call at once."""

    first: tuple[AnyOperation, ...]
    tasks: tuple[ExecTask, ...]

    def operations(self) -> tuple[AnyOperation, ...]:
        """All of them."""
        return (*self.first, *(operation for task in self.tasks for operation in task.operations))

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {
            "first": [encode(o) for o in self.first],
            "tasks": [{"name": task.name, "operations": [encode(o) for o in task.operations]} for task in self.tasks],
        }

    @staticmethod
    def decode(data: object, *, own: bool = False) -> "ExecProgram":
        """Read the data of `encode`. `own`: the operations are those of a user's model. Raises ValueError."""
        read: Callable[[Any], AnyOperation] = CustomProgram.decode_operation if own else core_decode
        try:
            assert isinstance(data, dict)
            tasks = tuple(ExecTask(str(t["name"]), tuple(map(read, t["operations"]))) for t in data["tasks"])
            return ExecProgram(tuple(map(read, data["first"])), tasks)
        except (AssertionError, KeyError, TypeError):
            raise ValueError("a program has the lists first and tasks, and a task a name and operations") from None


def some(random: Random, offered: Sequence[str]) -> list[str]:
    """Two to four of the operations `offered`, for one program: what meets itself again and again finds more than what has a little of
    everything (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, ISSTA 2012).
    """
    return random.sample(list(offered), random.randint(min(2, len(offered)), min(4, len(offered))))


def drawn(random: Random, first: Iterable[AnyOperation], operation: Callable[[], AnyOperation]) -> ExecProgram:
    """A program that begins with `first`: two or three tasks, of one to three operations each."""
    tasks = [ExecTask(name, tuple(operation() for _ in range(random.randint(1, 3)))) for name in NAMES[: random.randint(2, 3)]]
    return ExecProgram(tuple(first), tuple(tasks))


def simpler(program: ExecProgram) -> Iterator[ExecProgram]:
    """The programs with one operation less, whole tasks first. At least one task is left; tasks keep their names."""
    if len(program.tasks) > 1:
        for task in program.tasks:
            yield replace(program, tasks=tuple(t for t in program.tasks if t is not task))
    for at in range(len(program.first)):
        yield replace(program, first=program.first[:at] + program.first[at + 1 :])
    for task in program.tasks:
        for at in range(len(task.operations) if len(task.operations) > 1 else 0):
            less = ExecTask(task.name, task.operations[:at] + task.operations[at + 1 :])
            yield replace(program, tasks=tuple(less if t is task else t for t in program.tasks))
