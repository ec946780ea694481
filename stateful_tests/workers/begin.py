"""How every worker process begins, whatever it works for."""

import signal

from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.stateful_tests.workers.crash import CrashNote
from subwarden.stateful_tests.workers.lifeline import go_with_parent
from subwarden.stateful_tests.workers.signals import ENDING


def begin(note: CrashNote, memory: tuple[int | None, int] | None = None) -> None:
    """Leave signals to the parent, go when it goes, note a crash, and bound the memory, where it is given: bytes, None for half of the
    machine's, and how many processes share them.
    """
    for number in ENDING:  # all processes of a group get them; the parent decides how to end
        signal.signal(number, signal.SIG_IGN)
    go_with_parent()
    note.listen()
    if memory is not None:
        MEMORY.allow(*memory)
        MEMORY.bound_single_requests()
