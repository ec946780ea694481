"""The known hazards of the three managers: ours has none, each of the other two has some.

Here a task runs alone, or is overtaken at one place chosen by hand. The harness must find the same hazards by its own search.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.oneshot import Outcome, oneshot
from subwarden.impl.manager.state_operations import state_clear_listener, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.impl.subjects import DEFAULT, SUBJECTS
from subwarden.model.manager import operations as op
from subwarden.model.manager.projection import Shown, disagreements
from subwarden.stateful_tests.tests.impl.managers import cancelled_at, run, show

Scenario = Callable[[ManagerApi], Awaitable[bool]]


async def overtaken_at(lock: asyncio.Lock, *calls: Coroutine[Any, Any, object]) -> list[Any]:
    """The answers of `calls`, all made before the first of them gets `lock`."""
    await lock.acquire()
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    lock.release()
    return await asyncio.gather(*tasks)


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
    await state_track_event(state, op.TurnEvent.TURN_STARTED)  # a late event of the listener that was stopped
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
    # split-lock sets the subscriber and the flag in one section under T; the source document's change split that section
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


def test_our_manager_has_none_of_the_hazards() -> None:
    assert not any(DEFAULT in afflicted for afflicted in HAZARDS.values())


@pytest.mark.parametrize("kind", op.MANAGER_OPERATIONS, ids=lambda kind: kind.name)
def test_an_operation_of_our_manager_cancelled_at_its_only_await_has_not_happened(kind: type[op.ManagerOperation]) -> None:
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
    assert manager.raw_choices(1) == {1: False, 2: True}
    assert manager.raw_choices(9) == {}


def test_a_close_drops_the_connections_raw_choice_and_ids() -> None:
    manager = Manager()
    run(manager.connection_initialized(1))
    run(manager.try_ensure_connection_subscribed(1, 1, True))
    run(manager.set_listener(5, 2, 1, True))
    run(manager.remove_connection(1))
    shown = show(manager)
    assert (shown.raw, shown.ids, shown.threads_of, shown.live) == (set(), {}, {}, set())


@pytest.mark.parametrize("subject", SUBJECTS)
def test_locks_have_report_names_and_show_returns_none_while_m_is_held(subject: str) -> None:
    manager = SUBJECTS[subject].factory()
    run(manager.thread_state(2))
    assert sorted(manager.locks()) == ["M", "T(t2)"]
    run(manager.locks()["M"].acquire())
    assert manager.show() is None
