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
out of time. Steps of a scenario without a network are slow by at most ten (`ControlledLoop.slow_step`): a time-out may be lost to a slow
call, but no hour passes before a task has begun.

A parked call may promise that it ends within so many seconds (`ControlledLoop.promised`): no timer of that moment or later fires before it
has ended.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial
from heapq import heappop

from subwarden.scheduling.events import Event
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
    return len(loop.ready) if order is Order.ANY else min(len(loop.ready), 1)


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
