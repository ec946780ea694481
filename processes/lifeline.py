"""A worker goes when its parent goes, however that ends: nobody is left to tell it to stop after a SIGKILL.

A thread asks the system for the parent's number: that works on Linux and macOS, and while the main thread is busy in the subject's code.
"""

import os
import signal
import threading
import time
from multiprocessing import parent_process

EVERY = 0.2  # seconds between two looks


def go_with_parent(number: int | None = None) -> None:
    """From now on this process is killed soon after the process that started it has ended.

    `number`: that of the parent, where `multiprocessing` does not know it.
    """
    parent = parent_process()
    number = number or (parent.pid if parent is not None else None)
    if number is not None:
        threading.Thread(target=_watch, args=(number,), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY)
    os.kill(os.getpid(), signal.SIGKILL)
