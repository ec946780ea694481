"""Outside events: they reach a program from outside, at a moment that the scheduler chooses.

A request that arrives, a client that vanishes, an engine's reply, the end of a blocked send, a cancellation: each is offered to the
loop once, and delivered when nothing else can move at the latest.
"""

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from subwarden.scheduling.loop import ControlledLoop


class Event:
    """Something that may happen now. `label` names it in schedules and reports; `deliver` makes it happen."""

    __slots__ = ("deliver", "label")
    place: tuple[str, str] | None = None  # its name in schedules and its label, where these are kept (`world.network.stream`)

    def __init__(self, label: str, deliver: Callable[[], object]) -> None:
        self.label = label
        self.deliver = deliver

    def __repr__(self) -> str:
        return f"<Event {self.label}>"


class Alternative(Event):
    """One of several `ways`, of which only one will happen: that one takes back the others."""

    __slots__ = ("ways",)

    def __init__(self, label: str, deliver: Callable[[], object], ways: "list[Alternative]") -> None:
        super().__init__(label, deliver)
        self.ways = ways


async def park(loop: "ControlledLoop", label: str, *, may_fail: Callable[[], Exception] | None = None) -> None:
    """Suspend the caller until the scheduler delivers the outside event `label`.

    `may_fail` (an exception class, or a function that makes an exception): the outside call may fail instead, as the fault `fail LABEL`,
    if the scheduler chooses so; then it raises `may_fail()`.
    """
    future: Future[None] = Future(loop=cast(AbstractEventLoop, loop))

    def take_back() -> None:  # there is one answer, and none to a caller that has gone
        if event in loop.events:
            loop.events.remove(event)
        if failure in loop.faults:
            loop.faults.remove(failure)

    def end(waits: Future[None], error: Callable[[], Exception] | None) -> None:
        take_back()
        if not waits.done():
            if error is None:
                waits.set_result(None)
            else:
                waits.set_exception(error())

    event, failure = Event(label, partial(end, future, None)), Event(f"fail {label}", partial(end, future, may_fail))
    loop.offer(event)
    if may_fail is not None:
        loop.faults.append(failure)
    try:
        await future
    finally:
        take_back()
        event.deliver = failure.deliver = take_back  # else each event is in a circle with itself, and the future's exception with this
        del future
