"""Ordinary asyncio code runs unchanged: context variables, time limits, task groups, queues, callbacks, tasks that it cancels by itself.

Each manager holds, and its twin with one mistake in the use of that feature does not: so the feature has an effect.
"""

import asyncio
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest

from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.held import shown

THERE = (Connect("c1"), Subscribe("c1", "t1"))
PROGRAMS = (
    CoreProgram((THERE, (Publish("t1"), Publish("t1")), (Disconnect("c1"),))),
    CoreProgram((THERE, (Connect("c2"), Subscribe("c2", "t1"), Publish("t1")), (Unsubscribe("c1", "t1"),))),
)
CALLER: ContextVar[str] = ContextVar("caller")


class Plain:
    """Maps, and a store and sockets that take their time."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.live: set[str] = set()
        self.closed: set[str] = set()
        self.topics: dict[str, dict[str, None]] = {}
        self.inbox: dict[str, list[str]] = {}
        self.order = asyncio.Lock()  # of what is published

    async def connect(self, client: str) -> None:
        if client not in self.closed:
            self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        if client in self.live:
            await self.load(client)
        if client not in self.live:
            return False
        self.topics.setdefault(topic, {})[client] = None
        return True

    async def unsubscribe(self, client: str, topic: str) -> None:
        self.topics.get(topic, {}).pop(client, None)

    async def publish(self, topic: str, message: str) -> None:
        async with self.order:
            for client in list(self.topics.get(topic, ())):
                await self.send(client, message)

    async def disconnect(self, client: str) -> None:
        self.closed.add(client)
        self.live.discard(client)
        for clients in self.topics.values():
            clients.pop(client, None)

    async def load(self, client: str) -> None:
        await self.env.park("store")

    async def send(self, client: str, message: str) -> None:
        await self.env.park(f"send to {client}")
        self.inbox.setdefault(client, []).append(message)

    def observe(self) -> Any:
        return {(client, topic) for topic, clients in self.topics.items() for client in clients}

    def delivered(self) -> Any:
        return self.inbox


class Context(Plain):
    """Who calls is known by a context variable, also in tasks and callbacks."""

    async def subscribe(self, client: str, topic: str) -> bool:
        self.is_called_by(client)
        return await super().subscribe(client, topic)

    async def load(self, client: str) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        task = asyncio.create_task(super().load(client))

        def loaded(_: object) -> None:
            if not ready.done():
                ready.set_result(self.caller())

        task.add_done_callback(loaded)
        try:
            if await ready != client or self.caller() != client:
                raise RuntimeError("somebody else's call")
        finally:
            task.cancel()

    def is_called_by(self, client: str) -> None:
        CALLER.set(client)

    def caller(self) -> str:
        return CALLER.get()


class SharedVariable(Context):
    def is_called_by(self, client: str) -> None:
        self.called_by = client

    def caller(self) -> str:
        return self.called_by


class Timeout(Plain):
    """`asyncio.timeout` around the store, again and again until it answers."""

    async def load(self, client: str) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    return await super().load(client)


class WaitFor(Plain):
    """The same with `wait_for`, and with one that is long over."""

    async def load(self, client: str) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0)
        while True:
            with suppress(TimeoutError):
                return await asyncio.wait_for(super().load(client), 5)


class GivesUp(Plain):
    async def subscribe(self, client: str, topic: str) -> bool:
        try:
            return await asyncio.wait_for(super().subscribe(client, topic), 5)
        except TimeoutError:
            return False


class Grouped(Plain):
    """A task group sends to all at once."""

    async def publish(self, topic: str, message: str) -> None:
        async with self.order, asyncio.TaskGroup() as group:
            for client in list(self.topics.get(topic, ())):
                group.create_task(self.send(client, message))


class OneFailureEndsAll(Grouped):
    async def send(self, client: str, message: str) -> None:
        await self.env.park(f"send to {client}", may_fail=ConnectionError)
        self.inbox.setdefault(client, []).append(message)


class Queued(Plain):
    """A queue and a task for each client, made by the running loop and cancelled by the manager; a semaphore bounds the sends."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.sends = asyncio.Semaphore(1)
        self.idle = asyncio.Condition()
        self.queues: dict[str, asyncio.Queue[str]] = {}
        self.workers: dict[str, asyncio.Task[None]] = {}

    async def connect(self, client: str) -> None:
        await super().connect(client)
        if client in self.live and client not in self.workers:
            self.queues[client] = asyncio.Queue()
            self.workers[client] = asyncio.get_running_loop().create_task(self.work(client), name=f"worker of {client}")

    async def work(self, client: str) -> None:
        while True:
            message = await self.queues[client].get()
            async with self.sends:
                await self.send(client, message)
            async with self.idle:
                self.idle.notify_all()

    async def publish(self, topic: str, message: str) -> None:
        for client in list(self.topics.get(topic, ())):
            self.queues[client].put_nowait(message)

    async def disconnect(self, client: str) -> None:
        await super().disconnect(client)
        worker = self.workers.pop(client, None)
        if worker is not None:
            worker.cancel()
            await asyncio.wait([worker])

    async def close(self) -> None:
        workers = list(self.workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


class LeavesItsWorkers(Queued):
    async def disconnect(self, client: str) -> None:
        await Plain.disconnect(self, client)
        self.workers.pop(client, None)


class CallsBack(Plain):
    """Sends by callbacks of the loop, soon and later, one future for each."""

    async def publish(self, topic: str, message: str) -> None:
        async with self.order:
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(self.sent(loop, client, message) for client in list(self.topics.get(topic, ()))))

    def sent(self, loop: asyncio.AbstractEventLoop, client: str, message: str) -> "asyncio.Future[None]":
        done = loop.create_future()

        def send() -> None:
            if not done.done():
                self.inbox.setdefault(client, []).append(message)
                done.set_result(None)

        loop.call_soon(loop.call_later, 1.0, send)
        return done


class CallsTwice(CallsBack):
    def sent(self, loop: asyncio.AbstractEventLoop, client: str, message: str) -> "asyncio.Future[None]":
        super().sent(loop, client, message)
        return super().sent(loop, client, message)


@pytest.mark.parametrize("manager", [Plain, Context, Timeout, WaitFor, Grouped, Queued, CallsBack])
def test_ordinary_asyncio_code_holds(manager: Any) -> None:
    assert not shown(manager, *PROGRAMS)


@pytest.mark.parametrize(
    ("manager", "cause"),
    [
        (SharedVariable, "P8-subscribe-raises-runtimeerror"),
        (GivesUp, "P8-subscribe-answers-what-the-model-does-not"),
        (OneFailureEndsAll, "P8-publish-raises-exceptiongroup"),
        (LeavesItsWorkers, "P12-a-task-is-left-behind"),
        (CallsTwice, "D1-a-message-reaches-a-subscriber-twice"),
    ],
)
def test_a_planted_mistake_in_it_is_found(manager: Any, cause: str) -> None:
    assert cause in {each.broad().slug() for each in shown(manager, *PROGRAMS)}
