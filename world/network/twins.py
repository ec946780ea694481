"""Real sockets that a program hands to the loop, such as aiohttp before it connects: each is replaced by a simulated one.

The real one is closed at once. It must be fresh: one that is connected carries bytes that nobody can schedule.
"""

import socket
from typing import TYPE_CHECKING, Any

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
        return twin


def _connected(real: socket.socket) -> bool:
    try:
        real.getpeername()
    except OSError:
        return False
    return True
