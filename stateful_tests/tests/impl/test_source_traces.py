"""The subject `source` is faithful to the source document's manager: it replays every schedule recorded from the original.

Each recorded action is one poll of one task, and after each one every observation of the original must be the same here. An action that
cannot be played, or an observation without a counterpart, fails the test.
"""

import asyncio
import gzip
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from subwarden.impl.manager.conversation import Conversation
from subwarden.impl.manager.oneshot import Outcome, Receiver, oneshot
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.manager.state_operations import state_clear_listener, state_listener_matches, state_set_listener, state_track_event
from subwarden.impl.manager.thread_state import ThreadState
from subwarden.model.manager.operations import TurnEvent
from subwarden.scheduling.handles import owner
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.tests.paths import DATA

RECORDED = DATA / "source_traces"
CANCELLED = {Outcome.SENT: "cancelled", Outcome.DROPPED: "dropped"}

Json = dict[str, Any]


def taken(lock: asyncio.Lock) -> bool:
    """Whether the original would find `lock` taken. The original passes a released lock to its next waiter, asyncio only wakes the waiter.
    The waiters get the lock in the same order, but an observer sees a difference in between."""
    return lock.locked() or any(not waiter.cancelled() for waiter in lock._waiters or ())


def show_state(state: ThreadState) -> Json | None:
    if taken(state.lock):
        return None
    turn = state.active_turn_snapshot()
    return {
        "active_turn": None if turn is None else {"id": turn.id, "items": list(turn.items)},
        "generation": state.listener_generation,
        "has_cancel": state.cancel_tx is not None,
        "has_command_channel": state.listener_command_tx() is not None,
        "has_conversation": state.shown().conversation is not None,
        "raw": state.experimental_raw_events,
    }


def show_manager(manager: SourceManager) -> Json | None:
    if taken(manager.lock):
        return None
    shown = manager.show()
    assert shown is not None
    return {
        "live": sorted(shown.live or ()),
        "subscriptions": {str(s): list(pair) for s, pair in shown.ids.items()},
        "threads": {
            str(t): {"connections": sorted(shown.subscribers[t]), "state": show_state(entry.state)} for t, entry in manager.threads.items()
        },
        "threads_by_connection": {str(c): sorted(threads) for c, threads in shown.threads_of.items()},
    }


class Replay:
    """One schedule, played on a fresh manager."""

    def __init__(self, loop: ControlledLoop) -> None:
        self.loop = loop
        self.manager = SourceManager()
        self.tasks: dict[int, asyncio.Task[Any]] = {}
        self.ids: dict[asyncio.Task[Any], int] = {}
        self.releases: dict[int, asyncio.Event] = {}
        self.handles: dict[int, ThreadState] = {}
        self.receivers: dict[int, Receiver] = {}
        self.conversations: dict[int, Conversation] = {}

    def play(self, action: Json) -> Json:
        """Play one action, and return the observations after it."""
        task_id = action["id"]
        done = None
        match action["act"]:
            case "spawn":
                self.tasks[task_id] = task = self.loop.create_task(self.body(action))
                self.ids[task] = task_id
                done = self.poll(task_id)
            case "poll":
                done = self.poll(task_id)
            case "release":
                self.releases[task_id].set()
            case "drop":
                self.tasks[task_id].cancel()
                self.poll(task_id)
                assert self.tasks[task_id].cancelled(), f"task {task_id} outlived its drop"
            case unknown:
                pytest.fail(f"no such action: {unknown}")
        return {
            "done": done,
            "pending": sorted(i for i, task in self.tasks.items() if not task.done()),
            "woken": sorted(self.ids[woken] for handle in self.loop.ready if (woken := owner(handle)) is not None),
            "snapshot": show_manager(self.manager),
            "handles": {str(i): show_state(state) for i, state in self.handles.items()},
            "cancelled": {str(i): CANCELLED[r.outcome] for i, r in self.receivers.items() if r.outcome is not Outcome.WAITING},
        }

    def poll(self, task_id: int) -> Json | None:
        task = self.tasks[task_id]
        index = next((i for i, handle in enumerate(self.loop.ready) if owner(handle) is task), None)
        assert index is not None, f"task {task_id} cannot be polled: nothing has woken it"
        self.loop.run_step(index)
        return {"result": task.result()} if task.done() and not task.cancelled() else None

    def body(self, action: Json) -> Coroutine[Any, Any, object]:
        operation = action["op"]
        if operation.startswith(("state_", "hold_")):
            act: Callable[[Json], Coroutine[Any, Any, object]] = getattr(self, operation)
            return act(action)
        arguments = ("subscription", "thread", "connection", "raw")
        return self.manager_operation(action["id"], operation, *(action[name] for name in arguments if name in action))

    async def manager_operation(self, task_id: int, operation: str, *arguments: int) -> object:
        answer = await getattr(self.manager, operation)(*arguments)
        if isinstance(answer, ThreadState):
            self.handles[task_id] = answer
            return "handle"
        return answer

    async def hold(self, task_id: int, lock: asyncio.Lock) -> None:
        self.releases[task_id] = asyncio.Event()
        async with lock:
            await self.releases[task_id].wait()

    async def hold_inner(self, action: Json) -> None:
        await self.hold(action["id"], self.manager.lock)

    async def hold_state(self, action: Json) -> None:
        await self.hold(action["id"], self.handles[action["handle"]].lock)

    def conversation(self, number: int) -> Conversation:
        return self.conversations.setdefault(number, Conversation(number))

    async def state_set_listener(self, action: Json) -> int | None:
        cancel, receiver = oneshot()
        generation = await state_set_listener(self.handles[action["handle"]], cancel, self.conversation(action["conversation"]))
        self.receivers[action["id"]] = receiver
        return generation

    async def state_clear_listener(self, action: Json) -> None:
        await state_clear_listener(self.handles[action["handle"]])

    async def state_listener_matches(self, action: Json) -> bool:
        return await state_listener_matches(self.handles[action["handle"]], self.conversation(action["conversation"]))

    async def state_track_event(self, action: Json) -> str | None:
        state = self.handles[action["handle"]]
        await state_track_event(state, TurnEvent(action["event"]), action["turn"])
        turn = state.active_turn_snapshot()  # no suspension since T was released, so this is the turn that the section left
        return None if turn is None else turn.id


@contextmanager
def replaying() -> Iterator[Replay]:
    loop = ControlledLoop()
    with closing(loop), loop.entered():
        yield Replay(loop)


def replay(schedule: Json) -> int:
    """Play a recorded schedule to its end. Returns the number of actions played."""
    with replaying() as run:
        for number, step in enumerate(schedule["steps"], 1):
            where = f"seed {schedule['seed']}, action {number} {json.dumps(step['action'])}"
            try:
                observed = run.play(step["action"])
            except AssertionError as error:
                raise AssertionError(f"{where}: {error}") from error
            for part, expected in step["observed"].items():
                assert observed.pop(part) == expected, f"{where}: {part} differs"
            assert not observed, f"{where}: the recording does not speak of {', '.join(observed)}"
        assert not run.loop.unhandled, f"seed {schedule['seed']}: {run.loop.unhandled}"
    return len(schedule["steps"])


@pytest.mark.parametrize(
    ("name", "schedules", "actions"),
    [("schedules.jsonl.gz", 300, 12019), ("schedules_with_drops.jsonl.gz", 100, 3902)],
)
def test_the_source_replays_every_recorded_schedule(name: str, schedules: int, actions: int) -> None:
    with gzip.open(RECORDED / name, "rt", encoding="utf-8") as lines:
        played = [replay(json.loads(line)) for line in lines]
    assert (len(played), sum(played)) == (schedules, actions)


def test_a_wrong_recording_fails_at_its_action() -> None:
    """With one subscriber too many in the recording, the error names the schedule's seed, the action and the part."""
    with gzip.open(RECORDED / "schedules.jsonl.gz", "rt", encoding="utf-8") as lines:
        schedule = json.loads(next(lines))
    schedule["steps"][7]["observed"]["snapshot"]["threads"]["2"]["connections"].append(9)
    with pytest.raises(AssertionError, match=rf"seed {schedule['seed']}, action 8 .*: snapshot differs"):
        replay(schedule)
