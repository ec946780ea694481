"""python-socketio: scripts of plain asyncio show the defects of its rooms, and a mended version has none of them."""

import asyncio
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped]  # it has no types

from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe, Teardown, Unsubscribe
from subwarden.reports.script.core import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.script.run import SOUND, doubt
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.paths import module_of
from subwarden.stateful_tests.tests.subjects.held import example, shown, told

SUBJECT = "examples/socketio_rooms.py:Adapter"
Adapter: Any = example("socketio_rooms").Adapter
THERE = (Connect("c1"), Subscribe("c1", "t1"))

LEAVES_WHILE_ASKED = CoreProgram((THERE, (Disconnect("c1"),)))
STORE_FAILS = CoreProgram(((*THERE, Disconnect("c1")),))
ASKING_CANCELLED = CoreProgram((THERE,), (0,))


class KeepsUp(socketio.AsyncManager):  # type: ignore[misc]  # the same
    """A session that ended while its handler awaited the store is not started again."""

    async def connect(self, sid: str, namespace: str) -> str:
        return await super().connect(sid, namespace) if self.is_pre_connected(sid, namespace) else sid


class Mended(socketio.AsyncServer):  # type: ignore[misc]  # the same
    """A client that closes leaves all rooms, whatever the handlers do; a cancelled handler admits no client."""

    def __init__(self, **options: Any) -> None:
        super().__init__(client_manager=KeepsUp(), **options)

    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: Any = None) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        try:
            await super()._handle_disconnect(eio_sid, namespace, reason)
        finally:
            if sid is not None:
                await self.manager.disconnect(sid, namespace)

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        if event != "connect":
            return await super()._trigger_event(event, namespace, *args)
        try:
            return await self.handlers[namespace][event](*args)
        except asyncio.CancelledError:
            return False


class MendedAdapter(Adapter):  # type: ignore[misc]  # an example is not typed
    server = Mended

    async def connect(self, client: Any) -> None:
        await super().connect(client)
        caller = asyncio.current_task()
        assert caller is not None
        if client not in self.sids and (caller.cancelling() or not self.env.closed(client)):  # it was refused
            raise asyncio.CancelledError

    async def disconnect(self, client: Any) -> None:
        await super().disconnect(client)
        caller = asyncio.current_task()
        assert caller is not None
        if caller.cancelling():  # socketio and engineio both swallow the cancellation of a handler
            raise asyncio.CancelledError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "cause", "cancellation"),
    [
        (LEAVES_WHILE_ASKED, "P2-a-closed-connection-is-live-again", False),
        (STORE_FAILS, "P2-a-subscription-outlives-its-connection", False),
        (ASKING_CANCELLED, "P8-subscribe-answers-what-the-model-does-not", True),
    ],
)
def test_a_script_shows_the_finding_and_the_mended_version_lacks_it(program: CoreProgram, cause: str, cancellation: bool) -> None:
    found = {each.broad().slug(): finding for each, finding in shown(Adapter, program).items()}
    assert (found[cause].order, found[cause].cancellation) == (Order.FIFO, cancellation)
    record: Any = told(SUBJECT, found[cause])
    assert not shown(MendedAdapter, program)
    record["plain"]["subject"] = imports(f"{module_of(__file__)}:MendedAdapter")
    assert str(doubt(write(record), "")).startswith(SOUND)


@pytest.mark.slow
def test_exactly_these_causes_are_found_and_none_in_the_mended_version() -> None:
    found = {cause.broad().slug() for cause in shown(Adapter)}
    # while a connect of the client is open, a subscription that outlives its connection shows so; short checks seldom draw that
    assert found - {"P2-a-connection-that-is-not-live-is-subscribed"} == {
        "P2-a-closed-connection-is-live-again",
        "P2-a-subscription-outlives-its-connection",
        "P8-subscribe-answers-what-the-model-does-not",
        "P11-a-call-that-was-cancelled-while-it-waited-goes-on-and-answers",
    }
    assert not shown(MendedAdapter)


class LeavingForgets(KeepsUp):
    async def leave_room(self, sid: str, namespace: str, room: str) -> None:
        pass


class ClosingKeepsOne(KeepsUp):
    async def close_room(self, room: str, namespace: str) -> None:
        for sid, _ in list(self.get_participants(namespace, room))[1:]:
            self.basic_leave_room(sid, namespace, room)


class SendsTwice(KeepsUp):
    async def emit(self, event: str, data: Any, namespace: str, **options: Any) -> None:
        await super().emit(event, data, namespace, **options)
        await super().emit(event, data, namespace, **options)


class DisconnectingKeepsRooms(KeepsUp):
    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        for room in (None, sid):
            self.basic_leave_room(sid, namespace, room)


@pytest.mark.parametrize(
    ("manager", "program", "cause"),
    [
        (LeavingForgets, CoreProgram(((*THERE, Unsubscribe("c1", "t1")),)), "P8-unsubscribe-does-what-the-model-does-not"),
        (ClosingKeepsOne, CoreProgram(((*THERE, Teardown("t1")),)), "P6-a-subscription-outlives-the-teardown-of-its-topic"),
        (SendsTwice, CoreProgram(((*THERE, Publish("t1")),)), "D1-a-message-reaches-a-subscriber-twice"),
        (DisconnectingKeepsRooms, CoreProgram(((*THERE, Disconnect("c1")),)), "P2-a-subscription-outlives-its-connection"),
    ],
)
def test_a_defect_planted_in_the_package_is_found(manager: Any, program: CoreProgram, cause: str) -> None:
    class Planted(Mended):
        def __init__(self, **options: Any) -> None:
            socketio.AsyncServer.__init__(self, client_manager=manager(), **options)

    class PlantedAdapter(MendedAdapter):
        server = Planted

    assert {each.broad().slug() for each in shown(PlantedAdapter, program)} == {cause}
