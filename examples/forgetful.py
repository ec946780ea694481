"""A manager with one defect, for docs/bring-your-own.md: it forgets that a close is final."""

from subwarden.impl.manager.manager import Manager


class Forgetful(Manager):
    """Our manager, but a closed connection can be initialised again."""

    async def connection_initialized(self, connection_id: int) -> None:
        """The connection becomes live, also after its close."""
        async with self.lock:
            self.live_connections.add(connection_id)
