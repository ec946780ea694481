"""Random programs of level manager, for tests that need many and do not shrink them."""

from random import Random
from typing import Any

from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import MANAGER_OPERATIONS, STATE_OPERATIONS, Operation, TurnEvent
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram


def random_operation(random: Random, kinds: tuple[type[Operation], ...]) -> Operation:
    kind: Any = random.choice(kinds)
    values: dict[Any, Any] = {
        bool: lambda: random.random() < 0.5,
        int: lambda: random.randint(1, 2),
        TurnEvent: lambda: random.choice(list(TurnEvent)),
    }
    made: Operation = kind(*(values[kind.__annotations__[field]]() for field in kind.__match_args__))
    return made


def random_program(random: Random) -> ManagerProgram:
    tasks: list[tuple[Operation, ...]] = []
    for _ in range(random.randint(2, 5)):
        chain = [random_operation(random, MANAGER_OPERATIONS) for _ in range(random.randint(1, 2))]
        if isinstance(chain[-1], op.RETURNS_STATE):
            chain += [random_operation(random, STATE_OPERATIONS) for _ in range(random.randint(0, 3))]
        tasks.append(tuple(chain))
    faults = tuple(sorted(random.choice(range(len(tasks))) for _ in range(random.randint(0, 2))))
    return ManagerProgram(tuple(tasks), faults)
