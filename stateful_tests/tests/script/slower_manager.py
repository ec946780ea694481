"""The sound manager, whose calls each take a few steps more: as mended code, it answers later than the code of a finding."""

import asyncio
from typing import Any

from subwarden.impl.manager.manager import Manager
from subwarden.model.manager.operations import MANAGER_OPERATIONS

MORE = 5  # steps


class Slower(Manager):
    """See above."""


def _slower(name: str) -> Any:
    async def call(self: Slower, *arguments: Any, **flags: Any) -> Any:
        for _ in range(MORE):
            await asyncio.sleep(0)
        return await getattr(Manager, name)(self, *arguments, **flags)

    return call


for operation in MANAGER_OPERATIONS:
    setattr(Slower, operation.name, _slower(operation.name))
