"""A hub on anyio holds, and defects planted in it are found: anyio's scopes, locks, streams and task groups run unmodified."""

from typing import Any

import anyio
import pytest

from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.held import example, shown

EXAMPLE = example("anyio_hub")
THERE = (Connect("c1"), Subscribe("c1", "t1"))

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # a run that is over leaves anyio's streams open


@pytest.mark.slow
def test_the_hub_holds() -> None:
    assert not shown(EXAMPLE.Adapter)


class Outlives(EXAMPLE.Hub):  # type: ignore[name-defined,misc]  # an example is not typed
    """The task of a client that has gone is shielded: it is neither ended nor awaited."""

    async def _serve(self, client: Any, messages: Any, scope: Any, ended: Any) -> None:
        ended.set()
        with scope, messages, anyio.CancelScope(shield=True):
            await anyio.Event().wait()


class Loses(EXAMPLE.Hub):  # type: ignore[name-defined,misc]  # an example is not typed
    """A client that is too slow loses the message."""

    async def _deliver(self, client: Any, message: Any) -> None:
        with anyio.move_on_after(10):
            await self._send(client, message)


class FailsTogether(EXAMPLE.Hub):  # type: ignore[name-defined,misc]  # an example is not typed
    """It sends in a task group, in which one failure cancels the other sends."""

    async def publish(self, topic: Any, message: Any) -> None:
        async with self._lock:
            clients = list(self._topics.get(topic, ()))
        async with anyio.create_task_group() as group:
            for client in clients:
                group.start_soon(self._send, client, message)


class ForgetsTheLock(EXAMPLE.Hub):  # type: ignore[name-defined,misc]  # an example is not typed
    """It looks a client up before it takes the lock."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        if client not in self._clients:
            return False
        async with self._lock:
            self._topics.setdefault(topic, {})[client] = None
            return True


@pytest.mark.parametrize(
    ("hub", "program", "cause"),
    [
        (Outlives, CoreProgram(((*THERE, Disconnect("c1")),)), "P12-a-task-is-left-behind"),
        (Loses, CoreProgram(((*THERE, Publish("t1")),)), "D1-a-message-does-not-reach-a-subscriber"),
        (FailsTogether, CoreProgram(((*THERE, Publish("t1")),)), "P8-publish-raises-exceptiongroup"),
        (ForgetsTheLock, CoreProgram((THERE, (Disconnect("c1"),))), "P2-a-subscription-outlives-its-connection"),
    ],
)
def test_a_defect_planted_in_the_hub_is_found(hub: Any, program: CoreProgram, cause: str) -> None:
    class Planted(EXAMPLE.Adapter):  # type: ignore[name-defined,misc]  # an example is not typed
        pass

    Planted.hub = hub
    assert cause in {each.broad().slug() for each in shown(Planted, program)}
