"""Small seeded programs of the core model's operations: first some one by one, then tasks that call side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from random import Random
from typing import Any

from subwarden.model.core.step import (
    CORE_BY_NAME,
    Connect,
    CoreOperation,
    CoreState,
    Id,
    Subscribe,
    core_decode,
    core_encode,
    core_step,
    in_order,
)

CONNECTIONS = ("c1", "c2")
TOPICS = ("t1", "t2")
NAMES = "ABC"  # of tasks
FIRST, LAST = "first", "last"  # the callers of the operations before and after the tasks


@dataclass(frozen=True, slots=True)
class ExecTask:
    """One caller: its name, and its operations, one after the other."""

    name: str
    operations: tuple[CoreOperation, ...]


@dataclass(frozen=True, slots=True)
class ExecProgram:
    """`first` is done one by one; then all `tasks` call at once."""

    first: tuple[CoreOperation, ...]
    tasks: tuple[ExecTask, ...]

    def operations(self) -> tuple[CoreOperation, ...]:
        """All of them."""
        return (*self.first, *(operation for task in self.tasks for operation in task.operations))

    def topics(self) -> tuple[Id, ...]:
        """The topics that any operation names, in order."""
        return in_order({topic for o in self.operations() if (topic := getattr(o, "topic", None)) is not None})

    def encode(self) -> dict[str, object]:
        """As plain data."""
        return {
            "first": [core_encode(o) for o in self.first],
            "tasks": [{"name": task.name, "operations": [core_encode(o) for o in task.operations]} for task in self.tasks],
        }

    @staticmethod
    def decode(data: object) -> "ExecProgram":
        """Read the data of `encode`. Raises ValueError."""
        try:
            assert isinstance(data, dict)
            tasks = tuple(ExecTask(str(t["name"]), tuple(map(core_decode, t["operations"]))) for t in data["tasks"])
            return ExecProgram(tuple(map(core_decode, data["first"])), tasks)
        except (AssertionError, KeyError, TypeError):
            raise ValueError("a program has the lists first and tasks, and a task a name and operations") from None


def draw(random: Random, offered: Sequence[str]) -> ExecProgram:
    """A program of operations that the subject offers: two or three tasks, of one to three operations each.

    Each program keeps to some of the operations, connections and topics: what meets itself again and again finds more than what has
    a little of everything (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, ISSTA 2012).
    """
    names = random.sample(list(offered), random.randint(min(2, len(offered)), min(4, len(offered))))
    connections = CONNECTIONS[: random.choice((1, 1, 2))]
    topics = TOPICS[: random.choice((1, 1, 2))]

    def operation() -> CoreOperation:
        kind: Any = CORE_BY_NAME[random.choice(names)]  # each has arguments of its own
        made: CoreOperation = kind(*(random.choice(connections if f == "connection" else topics) for f in kind.__match_args__))
        return made

    first: list[CoreOperation] = [Connect(c) for c in connections if random.random() < 0.8]
    first += [Subscribe(c, t) for c in connections for t in topics if random.random() < 0.3]
    if random.random() < 0.3:
        first.append(operation())
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


@cache
def kinds(offered: Sequence[str]) -> frozenset[str]:
    """All kinds of transition that programs of the operations `offered` can show, by walking the model's whole graph.

    A kind that never fired makes a pass worth less.
    """
    operations: list[Any] = []
    for name in offered:
        made: Any = CORE_BY_NAME[name]
        operations += [made(*ids) for ids in product(*(CONNECTIONS if f == "connection" else TOPICS for f in made.__match_args__))]
    found: set[str] = set()
    seen, todo = {CoreState()}, [CoreState()]
    while todo:
        state = todo.pop()
        for operation in operations:
            after, _, kind = core_step(state, operation)
            found.add(kind)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return frozenset(found)
