"""The lanes of a picture, and the locks in it at one moment, as records have them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from subwarden.reports.html.trace_record import LaneKind, LaneRecord, LockRecord
from subwarden.scheduling.locks import held, waiting
from subwarden.scheduling.loop import ControlledLoop

ORDER: list[LaneKind] = ["task", "listener", "client", "world", "lock"]


def lane_records(lanes: Mapping[str, LaneKind]) -> list[LaneRecord]:
    """The lanes, by kind; those of one kind as they appeared."""
    made: list[LaneRecord] = [{"name": name, "kind": kind} for name, kind in lanes.items()]
    return sorted(made, key=lambda lane: ORDER.index(lane["kind"]))


def lock_records(
    loop: ControlledLoop, task_said: "Callable[[asyncio.Task[Any]], str]", lock_said: Callable[[asyncio.Lock], str]
) -> list[LockRecord]:
    """The locks of `loop` that somebody holds or waits for, by name."""
    found: dict[str, LockRecord] = {}

    def record(lock: asyncio.Lock) -> LockRecord:
        name = lock_said(lock)
        return found.setdefault(name, {"lock": name, "held_by": [], "waited_for_by": []})

    for task, locks in held(loop).items():
        for lock in locks:
            record(lock)["held_by"].append("nobody" if task is None else task_said(task))
    for task, lock in waiting(loop).items():
        record(lock)["waited_for_by"].append(task_said(task))
    return [found[name] for name in sorted(found)]
