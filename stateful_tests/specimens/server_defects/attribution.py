"""Defects of attribution (P8): one end of a subscription is reported to two requests, or to none."""

from typing import Any

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import AddListener, RemoveListener, Reply, Request, Unsubscribe
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
        if pair is not None:
            await self._leave(*pair)
        await self.answer(request_id, Reply.NOT_FOUND if pair is None else Reply.OK)


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
)
