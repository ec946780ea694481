"""The moment at which the loop notices something outside: a socket that is ready, a job that has ended.

As with stock asyncio's selector, the loop notices between two batches of steps, and the callback that waits there then joins the ready
queue. So in `fifo` the scheduler chooses between which two batches, and nothing else.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from subwarden.scheduling.events import Event

if TYPE_CHECKING:
    from subwarden.world.jobs import JobLoop


class Arrival(Event):
    """An outside event that is offered while it may happen. `optional`: it need not happen, and is offered as a fault. `about`: the
    arguments of `said` and `happen`. `offered`: it is among the loop's arrivals.
    """

    __slots__ = ("_about", "_happen", "_loop", "_said", "offered", "optional", "place")
    place: tuple[str, str] | None

    def __init__(
        self,
        loop: "JobLoop",
        said: Callable[..., str],
        happen: Callable[..., object],
        optional: bool = False,
        about: tuple[Any, ...] = (),
    ) -> None:
        self._loop = loop
        self._said = said
        self._happen = happen
        self._about = about
        self.optional = optional
        self.offered = False
        self.place = None

    @property
    def label(self) -> str:  # type: ignore[override]  # it is never set; worded when a schedule or report asks for it
        return self._said(*self._about)

    def deliver(self) -> None:
        self.offer(False)
        self._happen(*self._about)

    def offer(self, possible: bool) -> None:
        """Let it be a candidate if it is `possible`, and not otherwise."""
        if possible is self.offered:
            return
        self.offered = possible
        loop = self._loop
        arrivals = loop.arrivals
        if possible:
            arrivals.append(self)
            if loop.rest is not None:
                loop.rest.hide()
            if loop.batch_end is not None:
                loop.hidden = True
            elif self.optional:  # as `show`
                loop.faults.append(self)
            else:
                loop.events.insert(len(loop.events) - loop.late, self)
        elif self in arrivals:  # else the run is over
            arrivals.remove(self)
            shown = loop.faults if self.optional else loop.events  # as `hide`
            if self in shown:
                shown.remove(self)
            if loop.rest is not None:
                loop.rest.offer()

    def show(self) -> None:
        """Be among the candidates."""
        loop = self._loop
        if self.optional:
            if self not in loop.faults:
                loop.faults.append(self)
        elif self not in loop.events:
            loop.offer(self)

    def hide(self) -> None:
        """Be none of the candidates."""
        shown = self._loop.faults if self.optional else self._loop.events
        if self in shown:
            shown.remove(self)

    def let_go(self) -> None:
        """The run is over: lead to none of its objects any more."""
        self._about = ()


NEVER: Any = Arrival(None, lambda: "never", lambda: None)  # type: ignore[arg-type]  # in the place of one that has not been possible yet
