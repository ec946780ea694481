"""Outboxes: bounded and in order; a message no longer wanted is not queued; a close frees every waiting sender."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from subwarden.impl.server.outbox import Outbox, always
from subwarden.model.server.requests import Closed, Message
from subwarden.scheduling.loop import ControlledLoop

Sends = Callable[..., "asyncio.Task[bool]"]
Played = Callable[[Outbox, list[Message], Sends], Coroutine[Any, Any, None]]


def message(number: int) -> Message:
    return Closed(number)


async def tick() -> None:
    """Let every task move as far as it can."""
    for _ in range(3):
        await asyncio.sleep(0)


def playing(capacity: int, body: Played) -> None:
    """Run `body` with an outbox, the list of queued messages, and a function that starts a sender; no sender may be left waiting."""

    async def run() -> None:
        queued: list[Message] = []
        outbox = Outbox(capacity, queued.append)

        def send(number: int, wanted: Callable[[], bool] = always) -> "asyncio.Task[bool]":
            return asyncio.get_running_loop().create_task(outbox.send(message(number), wanted))

        await body(outbox, queued, send)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_messages_are_queued_while_there_is_room_and_the_next_sender_waits() -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        senders = [send(number) for number in (1, 2, 3)]
        await tick()
        assert [sender.done() for sender in senders] == [True, True, False]
        assert (len(outbox), queued) == (2, [message(1), message(2)])
        assert outbox.take() == message(1)
        assert queued == [message(1), message(2), message(3)]  # as soon as there is room, not when its sender runs again
        await tick()
        assert [await sender for sender in senders] == [True, True, True]
        assert [outbox.take(), outbox.take(), outbox.take()] == [message(2), message(3), None]

    playing(2, body)


def test_no_sender_overtakes_a_waiting_one_when_there_is_room_again() -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        send(1)
        first, second = send(2), send(3)
        await tick()
        first.cancel()  # it keeps its place in the queue until the outbox looks
        late = send(4)
        await tick()
        outbox.take()
        assert queued == [message(1), message(3)]
        outbox.take()
        await tick()
        assert queued == [message(1), message(3), message(4)]
        assert first.cancelled()
        assert await second
        assert await late

    playing(1, body)


def test_a_cancelled_sender_has_queued_nothing() -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        send(1)
        sender = send(2)
        await tick()
        sender.cancel()
        await tick()
        assert outbox.take() == message(1)
        assert outbox.take() is None
        assert queued == [message(1)]

    playing(1, body)


def test_a_sender_cancelled_after_its_message_is_queued_has_sent_it() -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        send(1)
        sender = send(2)
        await tick()
        outbox.take()
        sender.cancel()
        await tick()
        assert sender.cancelled()
        assert queued == [message(1), message(2)]

    playing(1, body)


def test_wanted_is_asked_again_when_there_is_room() -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        wanted = {2: True, 3: True, 4: False}
        assert not await send(4, lambda: wanted[4])  # nor at once
        send(1)
        no, yes = send(2, lambda: wanted[2]), send(3, lambda: wanted[3])
        await tick()
        wanted[2] = False
        outbox.take()
        assert queued == [message(1), message(3)]  # the next one takes its place
        assert not await no
        assert await yes

    playing(1, body)


def test_a_close_frees_all_waiting_senders_and_nothing_more_is_sent() -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        send(1)
        waiting = [send(2), send(3)]
        await tick()
        waiting[0].cancel()
        outbox.close()
        await tick()
        assert waiting[0].cancelled()
        assert not await waiting[1]
        assert not await send(4)
        assert queued == [message(1)]
        assert (outbox.closed, len(outbox), outbox.take()) == (True, 0, None)

    playing(1, body)


def test_a_client_is_overdue_when_it_has_read_nothing_while_a_message_waits() -> None:
    """On the controlled loop, whose clock moves at once."""
    loop, overdue = ControlledLoop(), list[float]()
    with loop.entered():
        outbox = Outbox(1, lambda _: None, patience=10.0)
        outbox.overdue = lambda: overdue.append(loop.time())
        assert [outbox.post(message(1)), loop.has_timers()] == [None, False], "nobody waits"
        rooms = [outbox.post(message(number)) for number in (2, 3)]
        loop.call_later(6.0, outbox.take)
        while loop.has_timers() or loop.ready:
            _ = loop.run_step(0) if loop.ready else loop.advance()
        assert (overdue, outbox.waits()) == ([16.0], True), "ten seconds after the last read"
        assert [room is not None and room.done() for room in rooms] == [True, False]
        outbox.drop()
        assert (outbox.closed, outbox.waits(), loop.has_timers()) == (True, False, False)
        loop.abandon()


@given(capacity=st.integers(1, 3), moves=st.lists(st.sampled_from("send take cancel unwanted".split()), max_size=30))
def test_the_queue_has_all_messages_in_order_but_those_given_up(capacity: int, moves: list[str]) -> None:
    async def body(outbox: Outbox, queued: list[Message], send: Sends) -> None:
        senders: list[asyncio.Task[bool]] = []
        unwanted: set[int] = set()
        taken: list[Message | None] = []

        def start() -> None:
            number = len(senders)
            senders.append(send(number, lambda: number not in unwanted))

        for move in moves:
            waiting = [number for number, sender in enumerate(senders) if not sender.done()]
            if move == "send":
                start()
            elif move == "take":
                taken.append(outbox.take())
            elif waiting and move == "cancel":
                senders[waiting[0]].cancel()
            elif waiting:
                unwanted.add(waiting[-1])
            await tick()
            assert len(outbox) <= capacity
            assert all(sender.done() for sender in senders) or len(outbox) == capacity
        while (left := outbox.take()) is not None:
            taken.append(left)
            await tick()
        kept = [number for number, sender in enumerate(senders) if not sender.cancelled() and sender.result()]
        assert queued == [message(number) for number in kept]
        assert [m for m in taken if m is not None] == queued
        assert not {number for number in unwanted if number in kept}

    playing(capacity, body)
