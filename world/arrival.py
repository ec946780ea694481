"""The moment at which the loop notices something outside: a socket that is ready, a job that has ended.

As with stock asyncio's selector, the loop notices between two batches of steps, and the callback that waits there then joins the ready
queue. So in `fifo` the scheduler chooses between which two batches, and nothing else.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from subwarden.scheduling.events import Event

if TYPE_CHECKING:
    from subwarden.world.jobs import JobLoop


class Arrival(Event):
    """An outside event that is offered while it may happen. `optional`: it need not happen, and is offered as a fault."""

    __slots__ = ("_loop", "_said", "happen", "optional")

    def __init__(self, loop: "JobLoop", said: Callable[[], str], happen: Callable[[], object], optional: bool = False) -> None:
        self._loop = loop
        self._said = said
        self.happen = happen
        self.optional = optional

    @property
    def label(self) -> str:  # type: ignore[override]  # it is never set; worded when a schedule or report asks for it
        return self._said()

    def deliver(self) -> None:
        self.offer(False)
        self.happen()

    def offer(self, possible: bool) -> None:
        """Let it be a candidate if it is `possible`, and not otherwise."""
        loop = self._loop
        arrivals = loop.arrivals
        if possible is not (self in arrivals):
            if possible:
                arrivals.append(self)
                if loop.batch_end is None:
                    self.show()
            else:
                arrivals.remove(self)
                self.hide()

    def show(self) -> None:
        """Be among the candidates."""
        shown = self._loop.faults if self.optional else self._loop.events
        if self not in shown:
            shown.append(self)

    def hide(self) -> None:
        """Be none of the candidates."""
        shown = self._loop.faults if self.optional else self._loop.events
        if self in shown:
            shown.remove(self)
