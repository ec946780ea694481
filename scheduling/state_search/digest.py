"""The digest of a run's state: everything that decides how the run may continue, so that equal digests mean equal futures.

It covers every task with the frames it is suspended in, the ready queue, outside events and faults with their effects, timers and the
clock, locks held, errors so far, what globals and the like hold that they did not before the run, the judge of the run
(`ControlledLoop.observer`), and all objects that can be reached from there (`scheduling.state_search.structure`). In the order `any` the
ready queue is a bag, since any of it may be next, unless a task sets the pace; in `fifo` it is a queue. The age of tasks is left out until
it matters: see `WatchedTask`.

The digest is 128 bits of a hash of all that (as TLC keeps 64, and SPIN's hash-compact search a few words: Wolper and Leroy, CAV 1993). Two
of n different states get the same one with a chance of n*n/2**129.
"""

from array import array
from collections.abc import Iterable
from hashlib import blake2b

from subwarden.scheduling.events import Event
from subwarden.scheduling.handles import Handle, label, name_of
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.structure import NO_HASH, Indigestible
from subwarden.scheduling.state_search.suspended import Suspended


class Digest(Suspended):
    """Digests states of runs of one program in one order, between steps."""

    def __init__(self, order: Order, shared: Iterable[object] = ()) -> None:
        super().__init__(shared)
        self._any = order is Order.ANY

    def of(self, loop: ControlledLoop) -> bytes:
        """The digest of the state of `loop`. Raises Indigestible if it contains an object that cannot be looked into."""
        self.begin()
        try:
            self.state(loop)
        except RecursionError:
            raise Indigestible("something nested too deeply") from None
        except TypeError as error:
            if NO_HASH not in str(error):
                raise
            raise Indigestible("an object whose class has no hash") from None
        return blake2b(array("q", self.out).tobytes(), digest_size=16).digest()

    def state(self, loop: ControlledLoop) -> None:
        """Write down the state of `loop`."""
        if loop.prompt:
            raise Indigestible("a simulated network or executor")
        self._row("tasks", sorted(loop.tasks, key=name_of))
        self._row("ready", self.ready(loop.ready) if loop.pace is None else loop.ready)
        self._row("turns", loop.turns)
        self.timers(loop)
        if loop.early_timers and not self._any:
            self.batch(loop)
        self.events(loop.events)
        self.events(loop.faults)
        self._row("held", (thing for pair in loop.holding for thing in pair))
        self._row("nested", (lock for pair in dict.fromkeys(loop.nested) for lock in pair))
        said = (loop.time(), loop.unhandled, loop.uncontrolled, loop.blocked, loop.get_exception_handler(), loop.get_task_factory())
        self._row("loop", said)
        self.observer(loop)
        if loop.kept is not None:
            self._row("kept", (part for place in loop.kept.changed() for part in place))

    # --- a subclass can leave out each of these, too

    def observer(self, loop: ControlledLoop) -> None:
        """The judge of the run, and so its judgements so far."""
        self._row("observer", (loop.observer,))

    def timers(self, loop: ControlledLoop) -> None:
        """The timers, in the order in which they will fire."""
        self._row("timers", sorted(timer for timer in loop.timers if not timer._cancelled))
        self._row("promised", sorted(loop.promised or ()))

    def batch(self, loop: ControlledLoop) -> None:
        """The number of steps before the next moment at which a timer may fire."""
        self._row("batch", (0 if loop.batch_end is None else loop.ready.index(loop.batch_end) + 1,))

    def ready(self, ready: list[Handle]) -> Iterable[Handle]:
        """The ready handles, in the order `any` sorted by name; handles of one name keep their order."""
        return sorted(ready, key=label) if self._any else ready

    def events(self, events: list[Event]) -> None:
        """Outside events or faults. Their order in the list decides nothing."""
        self._row("events", sorted(events, key=lambda event: event.label))
