"""Real sockets that a program hands to the loop, such as aiohttp before it connects: each is replaced by a simulated one.

The real one is closed at once, and what the program asks of it from then on is done to its twin. It must be fresh: one that is connected
carries bytes that nobody can schedule.
"""

import socket
from threading import get_ident
from typing import TYPE_CHECKING, Any

from subwarden.scheduling.loop import ENTERED
from subwarden.scheduling.uncontrolled import CONNECTED
from subwarden.world.network.sockets import SimulatedSocket

if TYPE_CHECKING:
    from subwarden.world.network.network import Network


class Twins:
    """The simulated sockets that stand for real ones."""

    def __init__(self, network: "Network") -> None:
        self._network = network
        self._twins: dict[int, tuple[Any, SimulatedSocket]] = {}  # by the real one's id; kept, so that no other takes its id

    def of(self, real: Any) -> Any:
        """The twin of a real socket; anything else is returned as it is. Raises UncontrolledSource."""
        if not isinstance(real, socket.socket):
            return real
        known = self._twins.get(id(real))
        if known is not None:
            return known[1]
        if _connected(real):
            raise self._network.loop.refuse(CONNECTED)
        twin = self._network.make(real.family, real.type, real.proto)
        address = real.getsockname()
        if isinstance(address, tuple) and address[1]:
            twin.bind(address)
        self._twins[id(real)] = real, twin
        real.close()
        if type(real) is socket.socket:
            real.__class__ = HandedOver
        return twin

    def known(self, real: Any) -> SimulatedSocket | None:
        """The twin that `real` has already."""
        known = self._twins.get(id(real))
        return None if known is None else known[1]


class HandedOver(socket.socket):
    """A real socket whose twin is in use: the end of one is the end of the other."""

    __slots__ = ()

    def close(self) -> None:
        twin = _twin(self)
        if twin is not None:
            twin.close()
        super().close()

    def shutdown(self, how: int) -> None:
        twin = _twin(self)
        if twin is None:
            super().shutdown(how)
        else:
            twin.shutdown(how)


def _twin(real: socket.socket) -> Any:
    twins: Twins | None = getattr(ENTERED.get(get_ident()), "_twins", None)
    return None if twins is None else twins.known(real)


def _connected(real: socket.socket) -> bool:
    try:
        real.getpeername()
    except OSError:
        return False
    return True
