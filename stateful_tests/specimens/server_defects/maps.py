"""Defects of P1, P2 and P6: wrong subscriptions, wrong live connections, and leftovers of a teardown."""

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import IMPLICIT, Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.impl.server.loaded_thread import LoadedThread
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import Close, Initialize, Resume, Start, Unsubscribe
from subwarden.stateful_tests.specimens.server_defects.defect import RESUMED, Defect, program
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault


class ForgetsOneMap(Manager):
    """An unsubscribe leaves the thread in the map of the connection's threads."""

    def _unlink(self, thread_id: int, connection_id: int) -> None:
        super()._unlink(thread_id, connection_id)
        self.index.link(thread_id, connection_id)


class RevivesClosed(Manager):
    """An initialize does not check whether its connection has closed meanwhile."""

    async def connection_initialized(self, connection_id: int) -> None:
        async with self.lock:
            self.live_connections.add(connection_id)


class SubscribesClosed(Manager):
    """A subscription does not check whether its connection is live."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        async with self.lock:
            return self._grant(thread_id, connection_id, IMPLICIT).state


class CloseKeepsSubscriptions(Manager):
    """A close ends that the connection is live, and leaves its subscriptions."""

    async def remove_connection(self, connection_id: int) -> None:
        async with self.lock:
            self.live_connections.discard(connection_id)
            self.closed_connections.add(connection_id)


class ShutdownLooksUpTheEntry(OwningServer):
    """The slow tail of an unload asks for the thread's state, which creates an entry."""

    async def _unload(self, record: LoadedThread) -> None:
        await self.manager.thread_state(record.thread)
        await super()._unload(record)


class SubscribesBeforeItLooks(OwningServer):
    """A resume subscribes before it checks whether the thread is closing."""

    async def _subscribe(self, record: LoadedThread, request_id: ConnectionRequestId, raw: bool):  # type: ignore[no-untyped-def]
        await self.manager.try_ensure_connection_subscribed(record.thread, request_id.connection_id, raw)
        return await super()._subscribe(record, request_id, raw)


class EntryBeforeConversation(OwningServer):
    """A resume creates the entry before the engine has brought a conversation, which may fail."""

    async def thread_resume(self, request_id: ConnectionRequestId, request: Resume) -> None:
        await self.manager.thread_state(request.thread)
        await super().thread_resume(request_id, request)


DEFECTS = (
    Defect(OwningServer, causes.MAPS_DISAGREE, program(*RESUMED, Initialize(2), Resume(2, 1), Unsubscribe(2, 1)), ForgetsOneMap),
    Defect(OwningServer, causes.REVIVED, program(Initialize(1), Close(1)), RevivesClosed),
    Defect(OwningServer, causes.SUBSCRIBED_DEAD, program(Initialize(1), Start(1, 3, False), Close(1)), SubscribesClosed),
    Defect(OwningServer, causes.OUTLIVES, program(*RESUMED, Close(1)), CloseKeepsSubscriptions),
    Defect(ShutdownLooksUpTheEntry, causes.REVIVED_ENTRY, program(*RESUMED, Unsubscribe(1, 1))),
    Defect(SubscribesBeforeItLooks, causes.LATE_LINK, program(*RESUMED, Unsubscribe(1, 1), Resume(1, 1)), also=(causes.REVIVED_ENTRY,)),
    Defect(EntryBeforeConversation, causes.LEFT_ENTRY, program(*RESUMED, faults=(ServerFault(FaultKind.FAILS, 1),))),
)
