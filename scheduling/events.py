"""Outside events: what happens to a program from without, at a moment that the scheduler chooses.

A request that arrives, a client that vanishes, an engine's reply, the end of a blocked send, a cancellation: each is offered to the
loop once and delivered, at the latest, when nothing else can move.
"""

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from scheduling.loop import ControlledLoop


class Event:
    """Something that may happen now. `label` names it in schedules and reports; `deliver` makes it happen."""

    __slots__ = ("deliver", "label")

    def __init__(self, label: str, deliver: Callable[[], object]) -> None:
        self.label = label
        self.deliver = deliver

    def __repr__(self) -> str:
        return f"<Event {self.label}>"


async def park(loop: "ControlledLoop", label: str) -> None:
    """Suspend the caller until the scheduler delivers the outside event `label`."""
    future: Future[None] = Future(loop=cast(AbstractEventLoop, loop))

    def deliver() -> None:
        if not future.done():
            future.set_result(None)

    event = Event(label, deliver)
    loop.events.append(event)
    try:
        await future
    finally:
        if event in loop.events:  # cancelled while waiting: nobody is left to receive it
            loop.events.remove(event)
