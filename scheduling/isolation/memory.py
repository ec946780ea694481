"""The memory that a process of the harness may take: a subject that takes more, in one run or little by little, must end in a clear line,
and not take the machine with it.

The watchdog's timer looks from time to time (`scheduling.watchdog`). A single request for very much is refused by the system, where that
can do so (`bound_single_requests`), and then shows as the subject's MemoryError.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
SHARE = 1 / 2  # of the machine's memory, for all processes together, where the user does not say
UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def machine() -> int | None:
    """The bytes of memory that this machine, or the container, has; None where the system does not say."""
    try:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (ValueError, OSError, AttributeError):
        return None
    for path in CGROUPS:
        with suppress(OSError, ValueError):
            found.append(int(path.read_text()))
    return min(found)


def of_process(process: int | str) -> int | None:
    """The bytes of memory that a process has now; None where the system does not say."""
    try:
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def used() -> int:
    """The bytes of memory that this process has now; where the system does not say, the most that it has had."""
    now = of_process("self")
    if now is not None:
        return now
    import resource  # noqa: PLC0415  # not on Windows, where no watchdog asks

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def said(size: int) -> str:
    """`size` in words, such as 1.9 GiB."""
    unit, name = next((each for each in UNITS if size >= each[0]), UNITS[-1])
    number = size / unit
    return f"{number:,.0f} {name}" if number >= 1000 else f"{number:.3g} {name}"  # not 1e+03


class Memory:
    """The limit of this process in bytes; None: half of the machine's memory. `processes`: so many share it."""

    def __init__(self) -> None:
        self._limit: int | None = None
        self.processes = 1

    def allow(self, limit: int | None, processes: int = 1) -> None:
        """From now on this process may take its share of `limit`."""
        self._limit, self.processes = limit, processes

    def limit(self) -> int | None:
        """The bytes that this process may take; None where nobody knows."""
        whole = self._limit
        if whole is None:
            there = machine()
            whole = None if there is None else int(there * SHARE)
        return None if whole is None else whole // self.processes

    def bound_single_requests(self) -> None:
        """Let the system refuse what is far beyond the limit. For a process that is ours alone: nothing takes it back."""
        self.bound(0, 2)

    def bound(self, process: int, times: int = 1) -> None:
        """Let the system refuse `process` (0: this one) and its children more than so many times the limit, where it can."""
        limit = self.limit()
        if limit is None or not sys.platform.startswith("linux"):
            return
        import resource  # noqa: PLC0415  # not on Windows

        with suppress(ValueError, OSError):  # another user's, or one that has ended
            hard = resource.prlimit(process, resource.RLIMIT_DATA)[1]
            wanted = times * limit if hard == resource.RLIM_INFINITY else min(times * limit, hard)
            resource.prlimit(process, resource.RLIMIT_DATA, (wanted, hard))


MEMORY = Memory()
