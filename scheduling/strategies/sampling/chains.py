"""Which chain each candidate belongs to, and where it stands: what threads and their next events are to the papers on scheduling.

In the order `any` a task is a chain, and so is each callback without a task. In `fifo` the ready queue as a whole is one chain: the
order of its steps is not ours to choose. Each outside event is a chain of its own, and the clock is one.

Strategies that learn from run to run know a chain by its name, and a step, before it is made, by its *site*: the place in the code where
the task is suspended. Both are the same in every run of a program; objects are not.
"""

from collections.abc import Hashable
from typing import Any

from subwarden.scheduling.handles import Handle, label, owner
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order

QUEUE = "the ready queue"
CLOCK = "the clock"

Site = Hashable


def chains(loop: ControlledLoop, order: Order) -> list[object]:
    """The chain of every candidate that is not optional (a fault, an early timer), in the order of choices; compared by identity."""
    ready = loop.ready
    found: list[object] = [QUEUE] if ready else []
    if order is Order.ANY:
        found = [owner(handle) or handle for handle in ready]
    found += loop.events
    if not ready and loop.has_timers():
        found.append(CLOCK)
    return found


def names(loop: ControlledLoop, order: Order) -> list[str]:
    """The chains as `chains` gives them, by name. Equal names are one chain: an event that is offered again, a callback that returns."""
    ready = loop.ready
    found = [QUEUE] if ready else []
    if order is Order.ANY:
        found = [label(handle) for handle in ready]
    found += [f"+{event.label}" for event in loop.events]
    if not ready and loop.has_timers():
        found.append(CLOCK)
    return found


def sites(loop: ControlledLoop, order: Order) -> list[Site]:
    """Where each candidate that is not optional will go on, in the order of choices."""
    ready = loop.ready
    found = [site(handle) for handle in (ready if order is Order.ANY else ready[:1])]
    found += [event.label for event in loop.events]
    if not ready and loop.has_timers():
        found.append(CLOCK)
    return found


def site(handle: Handle) -> Site:
    """Where the task is suspended, in each coroutine that awaits the next; a bare callback's name.

    The innermost place alone says little: half of all tasks stand in `asyncio.sleep` or in a lock.
    """
    known: Site = getattr(handle, "site", None)  # who has a step ready stands still, and is asked about at every choice until it is made
    if known is None:
        known = handle.site = _site(handle)
    return known


def _site(handle: Handle) -> Site:
    task = owner(handle)
    if task is None:
        return label(handle)
    place: list[object] = []
    awaiting: Any = task.get_coro()
    while (frame := getattr(awaiting, "cr_frame", None)) is not None:
        place += frame.f_code.co_qualname, frame.f_lasti
        awaiting = awaiting.cr_await
    return tuple(place)
