"""How every worker process that runs a subject begins."""

from subwarden.processes import child
from subwarden.scheduling.isolation.memory import MEMORY
from subwarden.stateful_tests.workers.crash import CrashNote


def begin(note: CrashNote, memory: tuple[int | None, int] | None = None, parent: int | None = None) -> None:
    """Begin as any child, of `parent`, note a crash, and bound the memory, where it is given: bytes, None for half of the machine's, and
    how many processes share them.
    """
    child.begin(parent)
    note.listen()
    if memory is not None:
        MEMORY.allow(*memory)
        MEMORY.bound_single_requests()
