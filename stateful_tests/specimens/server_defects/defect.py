"""A planted defect of level server: our request layer, wrong in one place, and the cause that the harness must name.

It refuses to say how the defect is found; the tests do.
"""

from collections.abc import Callable
from typing import NamedTuple

from subwarden.checking.causes import Cause
from subwarden.impl.manager.manager import Manager
from subwarden.impl.server.engine import Engine, EngineConversation
from subwarden.impl.server.outbox import always
from subwarden.impl.server.owning_listener import OwningListener
from subwarden.impl.server.owning_server import OwningServer
from subwarden.model.server.requests import Initialize, Message, Request, Resume, TurnStart
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.subjects.server.program import ServerFault, ServerProgram


class Defect(NamedTuple):
    """`server`, around `manager`, breaks `cause` on `program`, in `order` and no weaker one."""

    server: type[OwningServer]
    cause: Cause
    program: ServerProgram
    manager: type[Manager] = Manager
    order: Order = Order.FIFO
    slow: tuple[str, ...] = ()  # events that happen only when nothing else can: the defect needs so slow a client or engine
    also: tuple[Cause, ...] = ()  # other causes of the same defect, in other runs or later in the same one

    @property
    def name(self) -> str:
        """The name of the defective class."""
        return (self.server if self.manager is Manager else self.manager).__qualname__

    def factory(self, engine: Engine) -> OwningServer:
        """A fresh server with the defect."""
        return self.server(self.manager(), engine)


def program(*requests: Request, faults: tuple[ServerFault, ...] = ()) -> ServerProgram:
    """These requests, in this order."""
    return ServerProgram(tuple((request,) for request in requests), faults)


class OtherListener(OwningServer):
    """A server whose listeners are of another kind."""

    kind: type[OwningListener]

    def listen(self, work, thread: int, conversation: EngineConversation):  # type: ignore[no-untyped-def]
        if not isinstance(work.__self__, self.kind):  # else it goes on where it was cancelled
            work = self.kind(self, self.records[thread], self.manager.threads[thread].state).run
        return super().listen(work, thread, conversation)


class Drops(OwningServer):
    """A server that drops some messages."""

    def drops(self, connection: int, message: Message) -> bool:
        """Whether this message is not sent."""
        raise NotImplementedError

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        return not self.drops(connection, message) and await super().send(connection, message, wanted)


class ToAll(OwningServer):
    """A server that sends the messages of one kind to all live clients."""

    told: type[Message]

    async def send(self, connection: int, message: Message, wanted: Callable[[], bool] = always) -> bool:
        if isinstance(message, self.told):
            for other in sorted(self.initialized - {connection}):
                await super().send(other, message, always)
        return await super().send(connection, message, wanted)


A, B = Initialize(1), Initialize(2)
RESUMED: tuple[Request, ...] = (A, Resume(1, 1))
BOTH: tuple[Request, ...] = (A, B, Resume(1, 1), Resume(2, 1))
TURN, ASKING = TurnStart(1, 1, False), TurnStart(1, 1, True)
