"""A worker goes when its parent goes, however that ends: nobody is left to tell it to stop after a SIGKILL.

A thread asks the system for the parent's number: that works on Linux and macOS, and while the main thread is busy in the subject's code.
"""

import os
import signal
import threading
import time
from multiprocessing import parent_process
from pathlib import Path

EVERY = 0.2  # seconds between two looks
EXITING = 0x4  # PF_EXITING, of a process of Linux
_sleep = time.sleep  # bound before a run of a subject replaces it


def go_with_parent(number: int | None = None) -> None:
    """From now on this process is killed soon after the process that started it has ended.

    `number`: that of the parent, where `multiprocessing` does not know it.
    """
    parent = parent_process()
    number = number or (parent.pid if parent is not None else None)
    if number is not None:
        threading.Thread(target=_watch, args=(number,), name="lifeline", daemon=True).start()


def end_with(parent: int) -> None:
    """Go no further if the parent has ended, or is about to: this process, which goes with it, is killed in a moment."""
    while _ending(parent):
        _sleep(EVERY)


def _ending(parent: int) -> bool:
    """On Linux. A signal that was sent to a process is told there before anything comes of it."""
    if os.getppid() != parent:
        return True
    try:
        status = Path(f"/proc/{parent}/status").read_text(encoding="utf-8").splitlines()
        flags = int(Path(f"/proc/{parent}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[6])
    except OSError:
        return False
    return bool(flags & EXITING) or any(int(line.split()[1], 16) for line in status if line.startswith(("SigPnd", "ShdPnd")))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY)
    os.kill(os.getpid(), signal.SIGKILL)
