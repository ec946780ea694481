"""The three managers one call at a time: ours against the model, and where the other two are known to go wrong.

Here a task runs alone, or is overtaken at one place chosen by hand. It refuses to search: finding these hazards unaided, under every
order, is the harness's work, and these tests are what it must not miss.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.listener_commands import ChannelClosed, ResolveServerRequest
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.oneshot import Outcome, Receiver, oneshot
from subwarden.impl.manager.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import GENERATIONS, ThreadState
from subwarden.impl.subjects import DEFAULT, SUBJECTS
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import Shown, disagreements, project, view
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer, Call, begin, step

T = TypeVar("T")
FEW = st.integers(1, 2)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The answer of an operation that has everything to itself. It must not suspend: there is nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        answer: T = stop.value
        return answer
    coroutine.close()
    raise AssertionError("the operation suspended, though every lock was free")


def show(manager: ManagerApi) -> Shown:
    shown = manager.show()
    assert shown is not None, "the manager lock is free"
    return shown


# --- ours against the model


class Held(NamedTuple):
    """What a task got from its last operation that returns a state."""

    state: ThreadState
    thread: int
    incarnation: int


def operation(kind: type[op.Operation]) -> st.SearchStrategy[op.Operation]:
    types: list[type] = [kind.__annotations__[slot] for slot in kind.__match_args__]
    strategies = {int: FEW, bool: st.booleans(), op.TurnEvent: st.sampled_from(op.TurnEvent)}
    return st.builds(kind, *(strategies[wanted] for wanted in types))


# What ends something is drawn less often than the rest, or there would be little to end. HoldState does nothing unless somebody waits.
ENDINGS = (op.RemoveConnection, op.RemoveThreadState)
OPERATIONS = st.one_of([operation(kind) for kind in op.OPERATIONS if kind is not op.HoldState for _ in range(1 if kind in ENDINGS else 3)])


class SideBySide:
    """A manager and the model, given the same calls."""

    def __init__(self, manager: ManagerApi) -> None:
        self.manager = manager
        self.model = State()
        self.held: dict[int, Held] = {}
        self.conversations = {number: Conversation(number) for number in (1, 2)}
        self.receivers: list[Receiver] = []

    def perform(self, task: int, operation: op.Operation) -> None:
        if isinstance(operation, op.StateOperation):
            if task not in self.held:
                return
            held = self.held[task]
            call = Call(operation, held.incarnation, held.thread)
            answer = self.on_state(held.state, operation)
        else:
            call = begin(self.model, operation)
            arguments = (getattr(operation, slot) for slot in operation.__match_args__)
            answer = run(getattr(self.manager, operation.name)(*arguments))
        self.model, expected, kind = step(self.model, call)
        self.compare(operation, answer, expected, kind)
        if expected is Answer.HANDLE and isinstance(operation, op.RETURNS_STATE):
            entry = self.model.entry(operation.thread)
            assert entry is not None
            self.held[task] = Held(answer, operation.thread, entry.incarnation)

    def on_state(self, state: ThreadState, operation: op.StateOperation) -> Any:
        match operation:
            case op.StateSetListener(number):
                cancel, receiver = oneshot()
                self.receivers.append(receiver)
                return run(state_set_listener(state, cancel, self.conversations[number]))
            case op.StateClearListener():
                return run(state_clear_listener(state))
            case op.StateListenerMatches(number):
                return run(state_listener_matches(state, self.conversations[number]))
            case op.StateTrackEvent(event):
                return run(state_track_event(state, event))
            case other:
                raise AssertionError(f"not drawn: {other}")

    def compare(self, operation: op.Operation, answer: Any, expected: object, kind: str) -> None:
        if expected is Answer.HANDLE:
            assert isinstance(answer, ThreadState), f"{operation}: {kind}"
        elif expected is not Answer.ANY:
            wanted = None if expected is Answer.REFUSED else expected
            assert (tuple(answer) if isinstance(answer, list) else answer) == wanted, f"{operation}: {kind}"
        shown = show(self.manager)
        assert disagreements(shown) == []
        assert project(shown) == view(self.model), f"{operation}: {kind}"
        running = sum(receiver.outcome is Outcome.WAITING for receiver in self.receivers)
        followed = sum(entry.conversation is not None for entry in shown.entries.values())
        assert running == followed, f"{operation}: {running} listeners run, {followed} of them on a state in the map (P3)"


# a fixed length: left to itself Hypothesis draws mostly short lists, in which hardly any teardown finds a listener
@settings(max_examples=300)
@given(st.sets(FEW), st.lists(st.tuples(FEW, OPERATIONS), min_size=30, max_size=30))
def test_our_manager_does_what_the_model_does(live: set[int], program: list[tuple[int, op.Operation]]) -> None:
    both = SideBySide(Manager())
    for connection in sorted(live):
        both.perform(1, op.ConnectionInitialized(connection))
    for task, drawn in program:
        both.perform(task, drawn)


# --- hazards: each scenario answers whether the hazard shows

Scenario = Callable[[ManagerApi], Awaitable[bool]]


async def overtaken_at(lock: asyncio.Lock, *calls: Coroutine[Any, Any, object]) -> list[Any]:
    """The answers of `calls`, all of which were made before the first of them got `lock`."""
    await lock.acquire()
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    lock.release()
    return await asyncio.gather(*tasks)


async def cancelled_at(lock: asyncio.Lock, call: Coroutine[Any, Any, object]) -> None:
    """Make `call`, and cancel it where it waits for `lock`."""
    await lock.acquire()
    task = asyncio.create_task(call)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    lock.release()


async def state_of(manager: ManagerApi, thread: int) -> ThreadState:
    state = await manager.thread_state(thread)
    assert state is not None
    return state


async def p1_resumed_subscriber_missing_from_the_index(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    await manager.try_add_connection_to_thread(2, 1)
    return bool(disagreements(show(manager)))


async def p1_moved_id_leaves_its_first_pair_subscribed(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    await manager.set_listener(1, 1, 1, False)
    await manager.set_listener(1, 2, 1, False)
    await manager.remove_listener(1)
    return await manager.has_subscribers(1)


async def p2_dead_subscriber_after_start_resume_disconnect(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    await manager.try_ensure_connection_subscribed(1, 1, False)
    await manager.try_add_connection_to_thread(2, 1)
    await manager.remove_connection(1)
    return await manager.has_subscribers(2)


async def p2_set_listener_for_a_closed_connection(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    await manager.remove_connection(1)
    await manager.set_listener(1, 1, 1, False)
    return await manager.has_subscribers(1)


async def p2_connection_initialised_after_its_close(manager: ManagerApi) -> bool:
    await manager.remove_connection(1)
    await manager.connection_initialized(1)
    return await manager.try_add_connection_to_thread(1, 1)


async def p3_listener_set_on_a_state_that_was_torn_down(manager: ManagerApi) -> bool:
    state = await state_of(manager, 1)
    await manager.remove_thread_state(1)
    cancel, receiver = oneshot()
    await state_set_listener(state, cancel, Conversation(1))
    return receiver.outcome is Outcome.WAITING


async def p6_thread_state_overtaken_by_teardown(manager: ManagerApi) -> bool:
    await state_of(manager, 1)
    await overtaken_at(manager.locks()["M"], manager.remove_thread_state(1), manager.thread_state(1))
    return bool(show(manager).entries)


async def p6_subscription_overtaken_by_teardown(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    await state_of(manager, 1)
    lock = manager.locks()["M"]
    await overtaken_at(lock, manager.remove_thread_state(1), manager.try_ensure_connection_subscribed(1, 1, False))
    return await manager.has_subscribers(1)


async def p8_removed_id_drops_an_implicit_subscription(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    await manager.try_ensure_connection_subscribed(1, 1, False)
    await manager.set_listener(1, 1, 1, False)
    await manager.remove_listener(1)
    return not await manager.has_subscribers(1)


async def p9_turn_shown_for_another_conversation(manager: ManagerApi) -> bool:
    state = await state_of(manager, 1)
    first, second = Conversation(1), Conversation(2)
    await state_set_listener(state, oneshot()[0], first)
    await state_track_event(state, op.TurnEvent.TURN_STARTED)
    await state_set_listener(state, oneshot()[0], second)
    return show(manager).entries[1].turn is not None


async def p9_late_turn_shown_for_the_next_conversation(manager: ManagerApi) -> bool:
    state = await state_of(manager, 1)
    await state_set_listener(state, oneshot()[0], Conversation(1))
    await state_clear_listener(state)
    await state_track_event(state, op.TurnEvent.TURN_STARTED)  # of the listener that was told to stop
    await state_set_listener(state, oneshot()[0], Conversation(2))
    return show(manager).entries[1].turn is not None


async def p10_raw_choice_forced_on_another(manager: ManagerApi) -> bool:
    for connection in (1, 2):
        await manager.connection_initialized(connection)
        await manager.try_ensure_connection_subscribed(1, connection, connection == 1)
    return (1, 2) in show(manager).raw


async def p10_raw_choice_lost_to_another(manager: ManagerApi) -> bool:
    for connection in (1, 2):
        await manager.connection_initialized(connection)
        await manager.set_listener(connection, 1, connection, connection == 1)
    return (1, 1) not in show(manager).raw


async def p10_subscribed_without_its_raw_choice(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    state = await state_of(manager, 1)
    async with state.lock:
        call = asyncio.create_task(manager.try_ensure_connection_subscribed(1, 1, True))
        await asyncio.sleep(0)
        shown = show(manager)
    await call
    return (1, 1) not in shown.raw and 1 in shown.subscribers[1]


async def p11_subscription_cancelled_half_way(manager: ManagerApi) -> bool:
    await manager.connection_initialized(1)
    state = await state_of(manager, 1)
    await cancelled_at(state.lock, manager.set_listener(1, 1, 1, True))
    shown = show(manager)
    return not (shown.ids and shown.raw)


async def p11_teardown_cancelled_half_way(manager: ManagerApi) -> bool:
    state = await state_of(manager, 1)
    cancel, receiver = oneshot()
    await state_set_listener(state, cancel, Conversation(1))
    await cancelled_at(state.lock, manager.remove_thread_state(1))
    return receiver.outcome is Outcome.WAITING and 1 not in show(manager).entries


BOTH = {"source", "split-lock"}
HAZARDS: dict[Scenario, set[str]] = {
    p1_resumed_subscriber_missing_from_the_index: {"split-lock"},
    p1_moved_id_leaves_its_first_pair_subscribed: BOTH,
    p2_dead_subscriber_after_start_resume_disconnect: {"split-lock"},
    p2_set_listener_for_a_closed_connection: BOTH,
    p2_connection_initialised_after_its_close: BOTH,
    p3_listener_set_on_a_state_that_was_torn_down: BOTH,
    p6_thread_state_overtaken_by_teardown: BOTH,
    p6_subscription_overtaken_by_teardown: BOTH,
    p8_removed_id_drops_an_implicit_subscription: BOTH,
    p9_turn_shown_for_another_conversation: BOTH,
    p9_late_turn_shown_for_the_next_conversation: BOTH,
    p10_raw_choice_forced_on_another: BOTH,
    p10_raw_choice_lost_to_another: BOTH,
    # split-lock sets the subscriber and the flag in one section under T, the very thing that the change took apart
    p10_subscribed_without_its_raw_choice: {"source"},
    p11_subscription_cancelled_half_way: BOTH,
    p11_teardown_cancelled_half_way: BOTH,
}


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("scenario", HAZARDS, ids=lambda scenario: scenario.__name__)
def test_hazard(scenario: Scenario, subject: str) -> None:
    async def play() -> bool:
        return await scenario(SUBJECTS[subject].factory())

    assert asyncio.run(play()) is (subject in HAZARDS[scenario])


def test_ours_has_none_of_the_hazards() -> None:
    assert not any(DEFAULT in afflicted for afflicted in HAZARDS.values())


# --- ours where it waits


@pytest.mark.parametrize("kind", op.MANAGER_OPERATIONS, ids=lambda kind: kind.name)
def test_an_operation_of_ours_cancelled_at_its_only_wait_has_not_happened(kind: type[op.ManagerOperation]) -> None:
    async def play() -> tuple[Shown, Shown]:
        manager = Manager()
        for connection in (1, 2):
            await manager.connection_initialized(connection)
        await manager.set_listener(1, 1, 1, False)
        before = show(manager)
        types: list[type] = [kind.__annotations__[slot] for slot in kind.__match_args__]
        arguments = (True if wanted is bool else 1 for wanted in types)
        await cancelled_at(manager.lock, getattr(manager, kind.name)(*arguments))
        return before, show(manager)

    before, after = asyncio.run(play())
    assert before == after


def test_raw_choices_are_read_with_the_subscribers() -> None:
    manager = Manager()
    for connection in (1, 2):
        run(manager.connection_initialized(connection))
        run(manager.try_ensure_connection_subscribed(1, connection, connection == 2))
    assert run(manager.raw_choices(1)) == {1: False, 2: True}
    assert run(manager.raw_choices(9)) == {}


def test_a_connection_that_closes_takes_its_raw_choice_and_ids_with_it() -> None:
    manager = Manager()
    run(manager.connection_initialized(1))
    run(manager.try_ensure_connection_subscribed(1, 1, True))
    run(manager.set_listener(5, 2, 1, True))
    run(manager.remove_connection(1))
    shown = show(manager)
    assert (shown.raw, shown.ids, shown.threads_of, shown.live) == (set(), {}, {}, set())


@pytest.mark.parametrize("subject", SUBJECTS)
def test_locks_have_the_names_of_reports_and_show_is_silent_while_m_is_held(subject: str) -> None:
    manager = SUBJECTS[subject].factory()
    run(manager.thread_state(2))
    assert sorted(manager.locks()) == ["M", "T(t2)"]
    run(manager.locks()["M"].acquire())
    assert manager.show() is None


# --- the state that managers hand out


def test_a_caller_cancelled_while_it_waits_for_t_drops_its_sender() -> None:
    async def play() -> Outcome:
        state, (cancel, receiver) = ThreadState(), oneshot()
        await cancelled_at(state.lock, state_set_listener(state, cancel, Conversation(1)))
        return receiver.outcome

    assert asyncio.run(play()) is Outcome.DROPPED


def test_a_listener_is_told_once_and_wakes_whoever_waits() -> None:
    async def play() -> tuple[Outcome, bool]:
        cancel, receiver = oneshot()
        waiting = asyncio.create_task(receiver.wait())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one receiver"):
            await receiver.wait()
        cancel.send()
        return await waiting, cancel.drop()

    assert asyncio.run(play()) == (Outcome.SENT, False)


def test_the_generation_wraps_as_in_64_bits() -> None:
    state = ThreadState()
    state.listener_generation = GENERATIONS - 1
    assert run(state_set_listener(state, oneshot()[0], Conversation(1))) == 0


def test_a_superseded_listener_gets_the_commands_queued_before_and_then_the_end() -> None:
    async def play() -> None:
        state, conversation = ThreadState(), Conversation(1)
        placed = state.set_listener(oneshot()[0], conversation)
        old = state.listener_command_tx()
        assert placed is not None
        assert old is not None
        command = ResolveServerRequest(1, oneshot()[0])
        assert old.send(command)
        state.set_listener(oneshot()[0], conversation)
        assert not old.send(command)
        assert await placed[0].get() is command
        with pytest.raises(ChannelClosed):
            await placed[0].get()

    asyncio.run(play())


def test_a_closed_receiver_hands_back_what_nobody_received() -> None:
    state = ThreadState()
    placed = state.set_listener(oneshot()[0], Conversation(1))
    channel = state.listener_command_tx()
    assert placed is not None
    assert channel is not None
    command = ResolveServerRequest(1, oneshot()[0])
    channel.send(command)
    assert placed[0].close() == [command]
    assert not channel.send(command)


def test_a_waiting_receiver_is_woken_by_a_command() -> None:
    async def play() -> bool:
        state = ThreadState()
        placed = state.set_listener(oneshot()[0], Conversation(1))
        channel = state.listener_command_tx()
        assert placed is not None
        assert channel is not None
        command = ResolveServerRequest(1, oneshot()[0])
        waiting = asyncio.create_task(placed[0].get())
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
