"""Defects of effects (P8, P12): a request does one thing and is answered another, or an end takes more or less than it must."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.owned_state import OwnedThreadState
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import (
    AddListener,
    AnswerSent,
    Archive,
    Message,
    RemoveListener,
    Reply,
    Request,
    Resume,
    Start,
    Unsubscribe,
)
from subwarden.stateful_tests.specimens.server_defects.defect import BOTH, A, B, Defect, program


class _ByAnEarlierLook(OwningServer):
    """A request of one kind is carried out a step after a look, and answered by that look: what it has done is denied."""

    denies: type[Request]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._denied: dict[int | str, Reply] = {}

    def look(self, request: Any) -> Reply | None:
        """The answer if there is nothing to do; None: there is."""
        raise NotImplementedError

    async def dispatch(self, request_id: ConnectionRequestId, request: Request) -> None:
        if isinstance(request, self.denies) and request.connection in self.initialized:
            nothing = self.look(request)
            await asyncio.sleep(0)
            if nothing is not None:
                self._denied[request_id.request_id] = nothing
        await super().dispatch(request_id, request)

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        if isinstance(message, AnswerSent) and message.request in self._denied:
            message = AnswerSent(message.request, self._denied[message.request])
        return await super().send(connection, message, wanted)


class DeniesItsEnd(_ByAnEarlierLook):
    """An unsubscribe ends a subscription that was made after its look, and says that there was none."""

    denies = Unsubscribe

    def look(self, request: Unsubscribe) -> Reply | None:
        record = self.records.get(request.thread)
        if record is None:
            return Reply.NOT_LOADED
        return None if request.connection in record.members else Reply.NOT_SUBSCRIBED


class DeniesItsArchive(_ByAnEarlierLook):
    """An archive unloads a thread that was started after its look, and says that there was none."""

    denies = Archive

    def look(self, request: Archive) -> Reply | None:
        return None if request.thread in self.records or self.engine.stored(request.thread) else Reply.NOT_FOUND


class DeniesItsResume(_ByAnEarlierLook):
    """A resume subscribes to a thread that was started after its look, and says that there was none."""

    denies = Resume

    def look(self, request: Resume) -> Reply | None:
        return None if request.thread in self.records or self.engine.stored(request.thread) else Reply.NOT_FOUND


class DeniesItsListener(_ByAnEarlierLook):
    """A subscription under an id is made on a thread that was loaded after a look, and denied."""

    denies = AddListener

    def look(self, request: AddListener) -> Reply | None:
        return None if request.thread in self.records else Reply.NOT_LOADED


class DeniesItsRemoval(_ByAnEarlierLook):
    """An id that was added after a look is removed, and that is denied."""

    denies = RemoveListener

    def look(self, request: RemoveListener) -> Reply | None:
        return None if request.subscription in self.manager.index.ids else Reply.NOT_FOUND


class RefusedTakesTheId(OwningServer):
    """A request for an id of another client is refused, and takes the id away."""

    async def add_listener(self, request_id: ConnectionRequestId, request: AddListener) -> None:
        known = self.manager.index.ids.get(request.subscription)
        if request.thread in self.records and known is not None and known[1] != request.connection:
            await self.manager.remove_listener(request.subscription)
            await self.answer(request_id, Reply.BUSY)
        else:
            await super().add_listener(request_id, request)


class ResumeOnAnId(Manager):
    """A resume of a client that is subscribed under an id adds no reason of its own: the subscription ends with the id."""

    async def try_ensure_connection_subscribed(
        self, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        entry = self.threads.get(thread_id)
        ids = {pair for pair in self.index.ids.values() if pair == (thread_id, connection_id)}
        if entry is None or not ids:
            return await super().try_ensure_connection_subscribed(thread_id, connection_id, experimental_raw_events)
        async with self.lock:
            return entry.state


class SubscribesAgain(OwningServer):
    """A resume subscribes a second time, after its answer."""

    async def thread_resume(self, request_id: ConnectionRequestId, request: Resume) -> None:
        await super().thread_resume(request_id, request)
        await asyncio.sleep(0)
        await self.manager.try_ensure_connection_subscribed(request.thread, request.connection, False)


class OutlivesItsId(Manager):
    """A subscription under an id stays when the id is removed."""

    async def set_listener(
        self, subscription_id: int, thread_id: int, connection_id: int, experimental_raw_events: bool
    ) -> OwnedThreadState | None:
        state = await super().set_listener(subscription_id, thread_id, connection_id, experimental_raw_events)
        if state is not None:
            self._grant(thread_id, connection_id, None)
        return state


class StaysLoadedBesideAnId(OwningServer):
    """The last subscriber's unsubscribe unloads nothing while a request about an id is open."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: Counter[int] = Counter()

    async def dispatch(self, request_id: ConnectionRequestId, request: Request) -> None:
        about_an_id = isinstance(request, AddListener | RemoveListener)
        self._open[request.connection] += about_an_id
        await super().dispatch(request_id, request)
        self._open[request.connection] -= about_an_id

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        record = self.records.get(request.thread)
        if record is None or record.closing or not self._open.total():
            await super().thread_unsubscribe(request_id, request)
            return
        async with record.gate:
            was = await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            record.members.pop(request.connection, None)
        await self.answer(request_id, Reply.OK if was else Reply.NOT_SUBSCRIBED)


UNDER_AN_ID = (A, B, Resume(2, 1), AddListener(1, 1, 1, False))
DENYING = (DeniesItsEnd, DeniesItsArchive, DeniesItsResume, DeniesItsListener, DeniesItsRemoval)
DENIED = {kind: causes.wrong_answer(kind.denies.name) for kind in DENYING}

DEFECTS = (
    Defect(DeniesItsEnd, DENIED[DeniesItsEnd], program(A, Start(1, 3, False), Unsubscribe(1, 3)), slow=("+engine starts t3",)),
    Defect(DeniesItsArchive, DENIED[DeniesItsArchive], program(A, B, Start(1, 3, False), Archive(2, 3)), slow=("+engine starts t3",)),
    Defect(DeniesItsResume, DENIED[DeniesItsResume], program(A, B, Start(1, 3, False), Resume(2, 3)), slow=("+engine starts t3",)),
    Defect(
        DeniesItsListener, DENIED[DeniesItsListener], program(A, B, Resume(1, 1), AddListener(2, 1, 1, False)), slow=("+engine loads t1",)
    ),
    Defect(DeniesItsRemoval, DENIED[DeniesItsRemoval], program(*UNDER_AN_ID, RemoveListener(2, 1)), slow=("+c1 reads",)),
    Defect(RefusedTakesTheId, causes.UNASKED_END, program(*BOTH, AddListener(1, 1, 1, False), AddListener(2, 1, 1, False))),
    Defect(OwningServer, causes.ID_ENDS_ALL, program(*UNDER_AN_ID, Resume(1, 1), RemoveListener(1, 1)), ResumeOnAnId),
    Defect(
        SubscribesAgain,
        causes.UNASKED_LINK,
        program(A, B, Resume(2, 1), Resume(1, 1), Unsubscribe(1, 1)),
        also=(causes.LATE_LINK, causes.REVIVED_ENTRY),
    ),
    Defect(OwningServer, causes.OUTLIVES_ID, program(*UNDER_AN_ID, RemoveListener(1, 1)), OutlivesItsId),
    Defect(
        StaysLoadedBesideAnId,
        causes.STAYS_LOADED,
        program(A, B, Resume(1, 1), RemoveListener(2, 1), Unsubscribe(1, 1)),
        slow=("+c2 reads",),
    ),
)
