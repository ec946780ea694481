"""The network of one run: its sockets, and the addresses to which they are bound. It has no wire: a socket knows its peer."""

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from subwarden.world.network.datagrams import DatagramSocket
from subwarden.world.network.hosts import ANY, LOOPBACK, Hosts
from subwarden.world.network.sockets import Address, SimulatedSocket, fails
from subwarden.world.network.stream import StreamSocket

if TYPE_CHECKING:
    from subwarden.world.network.selecting import SelectingLoop

FIRST_PORT = 49_152  # of those that the system gives to sockets that name none
FIRST_NUMBER = 1_000_000  # of a socket: no file of the process has it
Key = tuple[int, str, int] | tuple[int, str]


class Network:
    """Made at the first use in a run. `sent` counts what has been sent, for the judgement of whether anything happens at all."""

    def __init__(self, loop: "SelectingLoop") -> None:
        self.loop = loop
        self.hosts = Hosts()
        self.sockets: dict[int, SimulatedSocket] = {}
        self.bound: dict[Key, list[SimulatedSocket]] = {}
        self.sent = 0
        self.refused: list[str] = []  # the targets at which nobody listened
        self.awaited: list[asyncio.Future[None]] = []  # by those who wait for somebody to listen
        self._made: list[SimulatedSocket] = []
        self._clients = self._ports = 0
        self._paths: set[str] = set()

    def make(self, family: int = -1, kind: int = -1, proto: int = -1, fileno: object = None) -> SimulatedSocket:
        """As `socket.socket`."""
        family = socket.AF_INET if family == -1 else family
        if fileno is not None or family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
            fails(errno.EAFNOSUPPORT)
        kinds = {socket.SOCK_STREAM: StreamSocket, -1: StreamSocket, socket.SOCK_DGRAM: DatagramSocket}
        if kind not in kinds:
            fails(errno.ESOCKTNOSUPPORT)
        return kinds[kind](self, family, max(proto, 0))

    def add(self, made: SimulatedSocket) -> int:
        """The number of a new socket."""
        number = FIRST_NUMBER + len(self._made)
        self._made.append(made)
        self.sockets[number] = made
        return number

    def remove(self, closed: SimulatedSocket) -> None:
        """A socket has been closed."""
        if closed.cleans_up:
            self._paths.discard(str(closed.bound))
        self.sockets.pop(closed.number, None)
        for among in self.bound.values():
            if closed in among:
                among.remove(closed)

    def let_go(self) -> None:
        """The run is over: lead to none of its objects any more."""
        for each in self._made:
            each.let_go()
        self._made.clear()
        self.awaited.clear()
        self.sockets.clear()
        self.bound.clear()

    def client_name(self) -> str:
        """The name of the next socket that connects."""
        self._clients += 1
        return f"client{self._clients}"

    def traffic(self) -> list[str]:
        """What listens, and what is under way on each connection, in words."""
        return [said for each in self.sockets.values() if isinstance(each, StreamSocket) and (said := each.describe())]

    def free_port(self) -> int:
        """A port that nobody else has."""
        self._ports += 1
        return FIRST_PORT + self._ports - 1

    def changed(self) -> None:
        """Paths have been cut or joined."""
        for each in [*self.sockets.values()]:
            each.changed()
            peer = getattr(each, "peer", None)
            if isinstance(peer, StreamSocket):
                peer.changed()

    # --- addresses

    def bind(self, bound: SimulatedSocket) -> None:
        """Give a socket the address that it has chosen. Raises OSError if another has it."""
        key = _key(bound.type, bound.host, bound.bound)
        among = self.bound.setdefault(key, [])
        if any(each.bound == bound.bound for each in among):
            bound.bound = None
            fails(errno.EADDRINUSE)
        among.append(bound)
        if isinstance(bound.bound, str):
            self._paths.add(bound.bound)

    def known(self, path: str) -> bool:
        """Whether a Unix socket has been bound to `path`."""
        return path in self._paths

    def host_of(self, sender: SimulatedSocket, address: Address) -> str:
        """The host that `address` means to `sender`."""
        return sender.host if isinstance(address, str) else self._host(sender, address[0])

    def _host(self, sender: SimulatedSocket, address: str) -> str:
        return sender.host if _local(address) else self.hosts.name(address)

    def _find(self, sender: SimulatedSocket, address: Address) -> SimulatedSocket | None:
        if isinstance(address, str):
            among = self.bound.get(_key(sender.type, sender.host, address), [])
            return among[0] if among else None
        host = self._host(sender, address[0])
        for each in self.bound.get((sender.type, host, address[1]), []):
            assert isinstance(each.bound, tuple)
            at = each.bound[0]
            if at in ANY or at == address[0] or _local(at) <= (sender.host == host):
                return each
        return None

    def listener(self, connecting: StreamSocket) -> StreamSocket | None:
        """The socket that listens at the target of `connecting`."""
        found = self._find(connecting, connecting.target)
        return found if isinstance(found, StreamSocket) and found.queue is not None else None

    def listens(self, host: str, port: int) -> bool:
        """Whether somebody listens on `port` of `host`."""
        among = self.bound.get((socket.SOCK_STREAM, host, port), [])
        return any(isinstance(each, StreamSocket) and each.queue is not None for each in among)

    def somebody_listens(self) -> None:
        """Wake those who wait for that."""
        for each in self.awaited:
            if not each.done():
                each.set_result(None)
        self.awaited.clear()

    def datagram_socket(self, sender: DatagramSocket, address: Address) -> DatagramSocket | None:
        """The socket that is bound to `address`, as `sender` means it."""
        found = self._find(sender, address)
        return found if isinstance(found, DatagramSocket) else None


def _local(address: str) -> bool:
    return address in (*ANY, LOOPBACK, "::1") or address.startswith("127.")


def _key(kind: int, host: str, bound: Address) -> Key:
    return (kind, host) if bound is None else (kind, bound) if isinstance(bound, str) else (kind, host, bound[1])
