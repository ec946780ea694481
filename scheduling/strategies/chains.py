"""Which chain each candidate belongs to: what threads are to the papers on scheduling of threads.

In the order `any` a task is a chain, and so is each callback without a task. In `fifo` the ready queue as a whole is one chain: the
order of its steps is not ours to choose. Each outside event is a chain of its own, and the clock is one.
"""

from scheduling.loop import ControlledLoop, owner
from scheduling.order import Order

QUEUE = "the ready queue"
CLOCK = "the clock"


def chains(loop: ControlledLoop, order: Order) -> list[object]:
    """The chain of every candidate that is not a fault, in the order of choices. Chains are compared by identity."""
    ready = loop.ready
    found: list[object] = [QUEUE] if ready else []
    if order is Order.ANY:
        found = [owner(handle) or handle for handle in ready]
    found += loop.events
    if not ready and loop.has_timers():
        found.append(CLOCK)
    return found
