"""The orders: which choices a schedule may make. Stated here and nowhere else.

- `fifo`: the scheduler chooses when outside events arrive; ready steps stay first in, first out, as asyncio documents `call_soon`.
  A failure happens on stock asyncio.
- `any`: the scheduler also chooses which ready step runs next, and a free lock's acquire suspends (`scheduling.locks`). A failure happens
  on other loops, or on a multi-threaded runtime. No loop passes a ready step over for ever, so after
  `scheduling.run.STARVATION_BOUND` others in a row the oldest is next. Callbacks that code gives to `call_soon` keep their order among
  themselves where the outside is simulated (`ControlledLoop.in_turns`): every loop documents it. So do the callbacks of one future, and a
  task that awaits it runs after those that were added before (`scheduling.handles.BeforeOthers`).

With either, faults (cancellations, calls that fail) may be delivered at any await; they are outside events too, but need not happen. At
every choice the candidates are, in this order: ready steps (in `fifo` only the first), outside events, the next timer, faults. Choice 0 is
the choice of stock asyncio if steps took no time and the world outside were slow. Calls of an adapter that have not arrived are the last of
the outside events (`ControlledLoop.offer`): callers are slower than what they wait for.

Timers fire by deadline, and equal ones in the order of their creation, always. When nothing is ready, the next may fire: early, or late,
after outside events. While steps are ready, time stands still, unless the loop has `early_timers`: then a step may have taken so long that
the next timer is due. It is put behind all ready steps. In `fifo` that may happen where stock asyncio checks its timers: before a batch,
that is, the steps that were ready at the end of the batch before (`ControlledLoop.batch_end`); in `any` before any step. Such a failure
in `fifo` happens on stock asyncio if a step is slow; its schedule says `timer (slow step)`. Like a fault it need not happen, and sampled
runs see few of either. With `timers_in_turn` the callback of one timer runs before the next fires: every loop runs them by deadline, and
a time-out does not lose to a longer sleep.

With a simulated network (`ControlledLoop.prompt`), a timer may also come before something that is on its way: `timer (slow network)`. It
need not happen either. There, steps and the network are slow by at most a second (`ControlledLoop.slow`): no handshake of ten seconds runs
out of time. Neither are the steps of a scenario without a network (`ControlledLoop.slow_step`).

A task may set the pace (`ControlledLoop.pace`): that of a test which was written for stock asyncio, and sleeps until others have done
something. In `any`, it overtakes nothing that was ready before it, and nothing overtakes it; nor is a task overtaken that has not begun.
The others between two of its steps are free among themselves, and may be as slow as they like while it waits for them. A free lock does not
suspend, since each step more would break the count of those that the test has seen. No step is slow, nor is the outside.

A parked call may promise that it ends within so many seconds (`ControlledLoop.promised`): no timer of that moment or later fires before it
has ended.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial
from heapq import heappop
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import Any

from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import FIRST_STEP, Handle, owner
from subwarden.scheduling.loop import ControlledLoop

TIMER = "timer"
EARLY = "timer (slow step)"
LATE = "timer (slow network)"


class Order(Enum):
    """Which choices a scheduler may make."""

    FIFO = "fifo"
    ANY = "any"


def loop_for(order: Order, *, early_timers: bool = True, make: type[ControlledLoop] = ControlledLoop) -> ControlledLoop:
    """A loop on which schedules of `order` can be run. `make`: its class, such as one with a simulated outside."""
    return make(suspend_free_locks=order is Order.ANY, early_timers=early_timers)


def timer_may_fire(loop: ControlledLoop, order: Order) -> bool:
    """Whether the next timer is a candidate."""
    if loop.ready and not (loop.early_timers and (order is Order.ANY or loop.batch_end is None)):
        return False
    if loop.tired:
        return False
    if loop.timers_in_turn and loop.fired is not None and loop.fired in loop.ready:
        return False
    timers = loop.timers
    while timers and timers[0]._cancelled:
        heappop(timers)
    if not timers:
        return False
    when = timers[0]._when
    if loop.promised and when >= min(loop.promised):
        return False
    pending, most = (loop.ready or loop.arrivals, loop.slow) if loop.prompt else (loop.ready, loop.slow_step)
    return not pending or when - loop._now <= most


def width(loop: ControlledLoop, order: Order) -> int:
    """How many ready steps are candidates."""
    return reach(loop) if order is Order.ANY else min(len(loop.ready), 1)


def reach(loop: ControlledLoop) -> int:
    """How many ready steps may be next in the order `any`: those before the first that keeps its place, or that one alone."""
    if loop.pace is not None:
        for at, handle in enumerate(loop.ready):
            if _keeps_its_place(handle, loop.pace):
                return at or 1
    return len(loop.ready)


def _keeps_its_place(handle: Handle, pace: Any) -> bool:
    """Whether `handle` is a step of the task `pace`, ends what that awaits (as the timer of its sleep does), or begins a task."""
    task = owner(handle)
    if task is pace or (task is not None and type(handle._callback) is FIRST_STEP and _has_not_begun(task.get_coro())):
        return True
    awaited = pace._fut_waiter  # CPython's own, in C and Python
    return awaited is not None and len(handle._args) > 0 and handle._args[0] is awaited


def _has_not_begun(coroutine: Any) -> bool:
    """Also after `sleep(0)`, a task's step is called in the way of its first."""
    return iscoroutine(coroutine) and getcoroutinestate(coroutine) == CORO_CREATED


def happen(loop: ControlledLoop, order: Order, pick: int) -> bool:
    """Let candidate `pick` happen, alone; True if it was a step. The loop must be the running one. `scheduling.run` inlines this."""
    steps = width(loop, order)
    if pick < steps:
        loop.run_step(pick)
        return True
    outside: list[Callable[[], object]] = [partial(_deliver, loop.events, at) for at in range(len(loop.events))]
    if timer_may_fire(loop, order):
        outside.append(loop.advance)
    outside += [partial(_deliver, loop.faults, at) for at in range(len(loop.faults))]
    outside[pick - steps]()
    return False


def _deliver(events: list[Event], at: int) -> None:
    events.pop(at).deliver()
