"""Steps that block the loop: by `time.sleep`, or by a wait for another thread (`queue.Queue.get`, `Future.result`), which is never there.

Both are told at once, so that a run that blocks takes no time. A job of an executor may sleep: it ends when the scheduler says so, however
long it takes. If it waits for somebody it is refused, since it runs on the loop's own thread here, and nobody could wake it. What this
refuses to see: waits in C, such as for a lock of `threading`; `scheduling.watchdog` ends those.
"""

import sys
import threading
import time
from threading import get_ident

from subwarden.scheduling.loop import ENTERED
from subwarden.scheduling.uncontrolled import WAITS, caller_outside
from subwarden.scheduling.watchdog import BLOCKS, block

sleeps, waits = time.sleep, threading.Condition.wait


def sleep(seconds: float) -> None:
    """In the place of `time.sleep`."""
    loop = ENTERED.get(get_ident())
    if loop is None or not seconds >= 0:
        return sleeps(seconds)  # also the error of a negative number
    if not loop.is_running():
        return None
    if seconds >= BLOCKS and not loop.may_block:
        raise block(loop, sys._getframe(1))
    return sleeps(seconds)


def wait(self: threading.Condition, timeout: float | None = None) -> bool:
    """In the place of `threading.Condition.wait`, by which the other primitives of `threading` and `queue` wait."""
    loop = ENTERED.get(get_ident())
    if loop is None:
        return waits(self, timeout)
    if not loop.is_running():
        raise loop.refuse(WAITS)
    if (timeout is None or timeout >= BLOCKS) and not loop.may_block:
        raise block(loop, caller_outside() or sys._getframe(1))
    return waits(self, timeout)


sleep.__name__, wait.__name__ = sleeps.__name__, waits.__name__
