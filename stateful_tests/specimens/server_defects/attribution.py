"""Defects of attribution and order (P8, P10): one end is reported to two requests, or to none; a request is handled by the state before the
requests that its client sent first."""

from collections import Counter
from typing import Any

from subwarden.checking import causes
from subwarden.checking.causes import wrong_delivery
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import AddListener, RemoveListener, Reply, Request, Resume, TurnStart, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.specimens.server_defects.defect import BOTH, A, B, Defect, program


class _Pipelined(OwningServer):
    """Knows which unsubscribes arrived while an equal one was not answered."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: dict[Request, list[int | str]] = {}

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        if isinstance(request, Unsubscribe):
            self._open.setdefault(request, []).append(request_id.request_id)
        super().receive(request_id, request)

    async def _twins(self, request_id: ConnectionRequestId, request: Unsubscribe, first: Reply, second: Reply) -> None:
        """Unsubscribe; of two that were open together, the first is answered `first`, and the second `second`."""
        before, after = self._open[request][0] != request_id.request_id, len(self._open[request]) > 1
        if before or not after:
            self._open[request].remove(request_id.request_id)
        record = self.records.get(request.thread)
        if (not before and not after) or record is None:
            await super().thread_unsubscribe(request_id, request)
            return
        async with record.gate:
            await self.manager.unsubscribe_connection_from_thread(request.thread, request.connection)
            record.members.pop(request.connection, None)
        await self.answer(request_id, second if before else first)


class ToldTwice(_Pipelined):
    """Of two unsubscribes that arrive together, both are told that they have ended the subscription."""

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        await self._twins(request_id, request, Reply.OK, Reply.OK)


class ToldToNone(_Pipelined):
    """Of two unsubscribes that arrive together, none is told that it has ended the subscription."""

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        await self._twins(request_id, request, Reply.NOT_SUBSCRIBED, Reply.NOT_SUBSCRIBED)


class RemovedByBoth(OwningServer):
    """Two clients that remove one id at the same time are both told that they have."""

    async def remove_listener(self, request_id: ConnectionRequestId, request: RemoveListener) -> None:
        pair = self.manager.index.ids.get(request.subscription)
        await self.manager.remove_listener(request.subscription)
        await self.answer(request_id, Reply.NOT_FOUND if pair is None else Reply.OK)


class UnsubscribesByALookOnArrival(OwningServer):
    """An unsubscribe that has nothing to end when it arrives does nothing, whatever its client has asked for before."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._nothing: dict[int | str, Reply] = {}

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        if isinstance(request, Unsubscribe):
            record = self.records.get(request.thread)
            if record is None:
                self._nothing[request_id.request_id] = Reply.NOT_LOADED
            elif request.connection not in record.members:
                self._nothing[request_id.request_id] = Reply.NOT_SUBSCRIBED
        super().receive(request_id, request)

    async def thread_unsubscribe(self, request_id: ConnectionRequestId, request: Unsubscribe) -> None:
        if request_id.request_id in self._nothing:
            await self.answer(request_id, self._nothing[request_id.request_id])
        else:
            await super().thread_unsubscribe(request_id, request)


class RemovesByALookOnArrival(OwningServer):
    """An id that is not there when its removal arrives is not removed, although its client has added it before."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._unknown: set[int | str] = set()

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        if isinstance(request, RemoveListener) and request.subscription not in self.manager.index.ids:
            self._unknown.add(request_id.request_id)
        super().receive(request_id, request)

    async def remove_listener(self, request_id: ConnectionRequestId, request: RemoveListener) -> None:
        if request_id.request_id in self._unknown:
            await self.answer(request_id, Reply.NOT_FOUND)
        else:
            await super().remove_listener(request_id, request)


class EarlierChoiceCounts(OwningServer):
    """Of two choices of raw events that a client makes at once, the earlier counts."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: Counter[int] = Counter()
        self._late: dict[int | str, bool] = {}
        self._chosen: dict[int, bool] = {}

    def receive(self, request_id: ConnectionRequestId, request: Request) -> None:
        if isinstance(request, AddListener):
            if self._open[request.connection]:
                self._late[request_id.request_id] = self._chosen[request.connection]
            else:
                self._chosen[request.connection] = request.raw
            self._open[request.connection] += 1
        super().receive(request_id, request)

    async def add_listener(self, request_id: ConnectionRequestId, request: AddListener) -> None:
        raw = self._late.get(request_id.request_id, request.raw)
        chosen = AddListener(request.connection, request.subscription, request.thread, raw)
        await super().add_listener(request_id, chosen)

    async def dispatch(self, request_id: ConnectionRequestId, request: Request) -> None:
        await super().dispatch(request_id, request)
        if isinstance(request, AddListener):
            self._open[request.connection] -= 1


SERVED = (A, B, Resume(2, 1))
TWO_CHOICES = (AddListener(1, 1, 1, False), AddListener(1, 2, 1, True))
SLOW = ("+c1 reads",)

DEFECTS = (
    Defect(
        ToldTwice,
        causes.wrong_answer("thread_unsubscribe"),
        program(*BOTH, *[Unsubscribe(1, 1)] * 2),
        slow=("+c1 reads",),
        also=(causes.STAYS_LOADED,),
    ),
    Defect(
        ToldToNone,
        causes.wrong_answer("thread_unsubscribe"),
        program(*BOTH, *[Unsubscribe(1, 1)] * 2),
        slow=("+c1 reads",),
        also=(causes.STAYS_LOADED,),
    ),
    Defect(
        RemovedByBoth,
        causes.wrong_answer("remove_listener"),
        program(A, B, *BOTH[2:], AddListener(1, 1, 1, False), RemoveListener(1, 1), RemoveListener(2, 1)),
        order=Order.ANY,
    ),
    Defect(
        UnsubscribesByALookOnArrival,
        causes.wrong_answer("thread_unsubscribe"),
        program(*SERVED, AddListener(1, 1, 1, False), Unsubscribe(1, 1)),
        slow=SLOW,
    ),
    Defect(
        RemovesByALookOnArrival,
        causes.wrong_answer("remove_listener"),
        program(*SERVED, AddListener(1, 1, 1, False), RemoveListener(1, 1)),
        slow=SLOW,
    ),
    Defect(
        EarlierChoiceCounts,
        wrong_delivery(Wrong.RAW_LOST),
        program(*SERVED, *TWO_CHOICES, TurnStart(2, 1, False)),
        slow=SLOW,
        also=(wrong_delivery(Wrong.RAW_FORCED),),
    ),
)
