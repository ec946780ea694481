"""The loading of a subject of somebody else's: it may neither wait nor end the process, and what it prints is told once."""

import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from subwarden.checking.bad_observation import BadObservation
from subwarden.checking.place import origin, told
from subwarden.processes.signals import noticing, was_interrupted
from subwarden.reports.printable import printable
from subwarden.scheduling.isolation.entry_points import loading
from subwarden.scheduling.isolation.kept import put_all_back
from subwarden.scheduling.isolation.printed import captured, lines_of
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.uncontrolled import UncontrolledSource
from subwarden.scheduling.watchdog import WATCHDOG, Blocked, runs_a_loop

PATIENCE = 10.0  # seconds of wall clock for an import: that of a framework takes long on a busy machine
WAITS = "importing it or calling its factory blocks at {}; neither may wait"
SERVES = 'importing it runs an event loop, at {}, and does not end; put that below `if __name__ == "__main__":`'
_TOLD: set[str] = set()  # subjects whose text has been told


class BadSubject(Exception):
    """A subject that cannot be checked; the message says why and how to mend it."""


@contextmanager
def watching_load(name: str, loop: ControlledLoop) -> Iterator[None]:
    """Around the loading of subject `name`: it may neither wait nor end the process, and the text that it prints is told once. Raises
    BadSubject.
    """
    put_all_back()  # one that was loaded before may share its modules
    WATCHDOG.watch(loop)
    try:
        with noticing(), WATCHDOG.guarded(PATIENCE), captured(), loading(loop):
            yield
    except Blocked as blocked:
        why = SERVES if runs_a_loop(blocked) else WAITS
        raise BadSubject(f"subject {name}: {why.format(blocked)}") from None
    except (BadSubject, BadObservation, UncontrolledSource):
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        if origin(error) is None or was_interrupted():
            raise
        raise BadSubject(f"subject {name}: loading it raised {told(error)}; fix that first") from None  # such as from its `__getattr__`
    finally:
        _tell_printed(name, loop)
        if loop.refusal is not None:  # also where the subject swallowed it, or made another error of it
            raise BadSubject(f"subject {name}: {loop.refusal()}") from None


def _tell_printed(name: str, loop: ControlledLoop) -> None:
    """Write on standard error, once, the text that a subject printed while it was loaded; workers load it again, and say nothing."""
    lines = lines_of(loop)
    if lines and name not in _TOLD and multiprocessing.parent_process() is None:
        _TOLD.add(name)
        sys.stderr.write(f"subject {name} prints while it is loaded:\n" + "".join(f"  {printable(line)}\n" for line in lines))
