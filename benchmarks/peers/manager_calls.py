"""A workload of the manager: 3 tasks with 3 operations each, every operation one section under the manager's lock."""

import asyncio

from subwarden.impl.manager.manager import Manager
from subwarden.model.manager import operations as op

CHAINS: list[tuple[op.ManagerOperation, ...]] = [
    (op.ConnectionInitialized(1), op.TryAddConnectionToThread(1, 1), op.RemoveConnection(1)),
    (op.ConnectionInitialized(2), op.SetListener(1, 1, 2, True), op.RemoveListener(1)),
    (op.HasSubscribers(1), op.UnsubscribeConnectionFromThread(1, 1), op.RemoveThreadState(1)),
]


async def calls(manager: Manager, chain: tuple[op.ManagerOperation, ...], *, suspend: bool) -> None:
    """Call the operations of `chain`, one after another; `suspend` before each, as acquiring a free lock does under the order `any`."""
    for operation in chain:
        if suspend:
            await asyncio.sleep(0)
        await getattr(manager, operation.name)(*[getattr(operation, name) for name in operation.__match_args__])
