"""The thread states that managers return: senders, receivers, generations and conversations."""

import asyncio

import pytest

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.listener_commands import ChannelClosed, CommandChannel, CommandReceiver, ResolveServerRequest
from subwarden.impl.manager.oneshot import Outcome, oneshot
from subwarden.impl.manager.state_operations import state_set_listener
from subwarden.impl.manager.thread_state import GENERATIONS, ThreadState
from subwarden.stateful_tests.tests.impl.managers import cancelled_at, run

CONVERSATION = Conversation(1)


def listened() -> tuple[ThreadState, CommandReceiver, CommandChannel, ResolveServerRequest]:
    """A state with a listener, what that receives from, the channel to it, and a command."""
    state = ThreadState()
    placed = state.set_listener(oneshot()[0], CONVERSATION)
    channel = state.listener_command_tx()
    assert placed is not None
    assert channel is not None
    return state, placed[0], channel, ResolveServerRequest(1, oneshot()[0])


def test_a_caller_cancelled_while_it_waits_for_t_drops_its_sender() -> None:
    async def play() -> Outcome:
        state, (cancel, receiver) = ThreadState(), oneshot()
        await cancelled_at(state.lock, state_set_listener(state, cancel, Conversation(1)))
        return receiver.outcome

    assert asyncio.run(play()) is Outcome.DROPPED


def test_a_stopped_listener_is_signalled_once_and_its_waiter_woken() -> None:
    async def play() -> tuple[Outcome, bool]:
        cancel, receiver = oneshot()
        waiting = asyncio.create_task(receiver.wait())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one receiver"):
            await receiver.wait()
        cancel.send()
        return await waiting, cancel.drop()

    assert asyncio.run(play()) == (Outcome.SENT, False)


def test_the_generation_wraps_at_64_bits() -> None:
    state = ThreadState()
    state.listener_generation = GENERATIONS - 1
    assert run(state_set_listener(state, oneshot()[0], Conversation(1))) == 0


def test_a_superseded_listener_gets_earlier_commands_and_then_the_end() -> None:
    async def play() -> None:
        state, receiver, old, command = listened()
        assert old.send(command)
        state.set_listener(oneshot()[0], CONVERSATION)
        assert not old.send(command)
        assert await receiver.get() is command
        with pytest.raises(ChannelClosed):
            await receiver.get()

    asyncio.run(play())


def test_closing_a_receiver_returns_the_commands_not_received() -> None:
    _, receiver, channel, command = listened()
    channel.send(command)
    assert receiver.close() == [command]
    assert not channel.send(command)


def test_a_command_wakes_a_waiting_receiver() -> None:
    async def play() -> bool:
        _, receiver, channel, command = listened()
        waiting = asyncio.create_task(receiver.get())
        await asyncio.sleep(0)
        channel.send(command)
        return await waiting is command

    assert asyncio.run(play())


def test_a_conversation_is_held_weakly() -> None:
    state = ThreadState()
    conversation = Conversation(1)
    state.set_listener(oneshot()[0], conversation)
    assert state.shown().conversation == 1
    del conversation
    assert state.shown().conversation is None
