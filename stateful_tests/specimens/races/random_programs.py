"""Small random programs over everything that tasks share: searches called complete are compared with brute force on them.

A program is a list of tasks, a task a list of operations. Everything that an operation observes is written to its task's account. So two
runs with equal outcomes agree in every observation and in the final state, not only in whether an error occurred.
"""

import asyncio
from collections.abc import Callable, Hashable
from random import Random

from subwarden.scheduling.events import park
from subwarden.scheduling.loop import ControlledLoop

Operation = tuple[str, int]
Program = list[list[Operation]]
Outcome = Callable[[], Hashable]

OPERATIONS = (
    "tick read_x write_x read_y write_y put_key drop_key look_key add discard contains append scan locked locked_other set_event "
    "clear_event wait_event put get resolve await_result cancel_next spawn sleep park gather limit"
).split()


class Shared:
    """One of each kind of thing that tasks share."""

    def __init__(self, loop: ControlledLoop) -> None:
        self.x = 0
        self.y = 0
        self.table: dict[int, int] = {}
        self.members: set[int] = set()
        self.row: list[int] = []
        self.lock = asyncio.Lock()
        self.other = asyncio.Lock()
        self.event = asyncio.Event()
        self.queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)
        self.result: asyncio.Future[int] = loop.create_future()
        self.slots = asyncio.Semaphore(1)


def random_program(random: Random, tasks: int, operations: int) -> Program:
    """A program of so many tasks and operations in all, each task having at least one."""
    program: Program = [[_operation(random)] for _ in range(tasks)]
    for _ in range(operations - tasks):
        random.choice(program).append(_operation(random))
    return program


def _operation(random: Random) -> Operation:
    return random.choice(OPERATIONS), random.randrange(2)


def start(loop: ControlledLoop, program: Program) -> Outcome:
    """Start the program; call the result for the outcome once it rests."""
    shared = Shared(loop)
    accounts: list[list[object]] = [[] for _ in program]
    tasks: list[asyncio.Task[None]] = []
    for number, operations in enumerate(program):
        tasks.append(loop.create_task(_task(loop, shared, operations, accounts[number], tasks, number), name=f"t{number}"))

    def outcome() -> Hashable:
        ended = tuple("cancelled" if task.cancelled() else "done" if task.done() else "stuck" for task in tasks)
        state = (shared.x, shared.y, tuple(shared.table.items()), frozenset(shared.members), tuple(shared.row), shared.queue.qsize())
        return ended, state, tuple(map(tuple, accounts))

    loop.observer = outcome  # the outcome is a part of the state
    return outcome


async def _task(
    loop: ControlledLoop,
    shared: Shared,
    operations: list[Operation],
    account: list[object],
    tasks: "list[asyncio.Task[None]]",
    number: int,
) -> None:
    for kind, argument in operations:
        try:
            await _perform(loop, shared, kind, argument, account, tasks, number)
        except asyncio.CancelledError:
            account.append("cancelled")
            raise
        except (asyncio.InvalidStateError, KeyError, RuntimeError) as error:
            account.append(type(error).__name__)


async def _perform(  # noqa: PLR0912, PLR0915  # one case for each operation
    loop: ControlledLoop, shared: Shared, kind: str, argument: int, account: list[object], tasks: "list[asyncio.Task[None]]", number: int
) -> None:
    match kind:
        case "tick":
            await asyncio.sleep(0)
        case "read_x":
            account.append(shared.x)
            await asyncio.sleep(0)
        case "write_x":
            shared.x = shared.x * 3 + number + argument
            await asyncio.sleep(0)
        case "read_y":
            account.append(shared.y)
        case "write_y":
            value = shared.y
            await asyncio.sleep(0)
            shared.y = value * 3 + number + 1
        case "put_key":
            shared.table[argument] = number
            await asyncio.sleep(0)
        case "drop_key":
            del shared.table[argument]
        case "look_key":
            account.append(shared.table.get(argument))
        case "add":
            shared.members.add(argument)
            await asyncio.sleep(0)
        case "discard":
            shared.members.discard(argument)
            await asyncio.sleep(0)
        case "contains":
            account.append(argument in shared.members)
        case "append":
            shared.row.append(number)
        case "scan":
            account.append((tuple(shared.table), len(shared.members), tuple(shared.row)))
        case "locked":
            async with shared.lock:
                shared.row.append(number)
                await asyncio.sleep(0)
        case "locked_other":
            async with shared.other:
                if argument:
                    await asyncio.sleep(0)
        case "set_event":
            shared.event.set()
        case "clear_event":
            shared.event.clear()
        case "wait_event":
            account.append(await shared.event.wait())
        case "put":
            await shared.queue.put(number)
        case "get":
            account.append(await shared.queue.get())
        case "resolve":
            shared.result.set_result(number)
        case "await_result":
            account.append(await asyncio.shield(shared.result))
        case "cancel_next":
            account.append(tasks[(number + 1) % len(tasks)].cancel())
            await asyncio.sleep(0)
        case "spawn":

            async def child() -> None:
                account.append(shared.x)
                shared.members.add(10 + number)

            task = loop.create_task(child())
            if argument:
                await task
        case "sleep":
            await asyncio.sleep(1 + argument)
        case "park":
            await park(loop, f"event {number}")
        case "gather":

            async def half(n: int) -> int:
                await asyncio.sleep(0)
                return shared.x + n

            account.append(tuple(await asyncio.gather(half(1), half(2))))
        case "limit":
            async with shared.slots:
                account.append(shared.y)
                await asyncio.sleep(0)
        case _:
            raise ValueError(kind)
