"""A simulated datagram socket. Between hosts a datagram may be lost, or overtaken by the next one; on one host neither happens."""

import errno
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

from subwarden.world.arrival import Arrival
from subwarden.world.network.sockets import Address, SimulatedSocket, fails

if TYPE_CHECKING:
    from subwarden.world.network.network import Network

MOST = 65_507  # bytes that one datagram can carry


class DatagramSocket(SimulatedSocket):
    """`inbox`: the datagrams that have arrived and that nobody has read."""

    __slots__ = ("_reads", "_sends", "error", "inbox", "peer", "sent")
    type = socket.SOCK_DGRAM

    def __init__(self, network: "Network", family: int, proto: int) -> None:
        super().__init__(network, family, proto)
        self.inbox: deque[tuple[bytes, Address]] = deque()
        self.peer: Address = None
        self.error = 0
        self.sent: deque[Datagram] = deque()  # those on their way, in order
        self._reads = self.arrival(lambda of: f"{of.name} reads a datagram", lambda of: of.reader.queue())
        self._sends = self.arrival(DatagramSocket.say_room, DatagramSocket.use_room)

    def changed(self) -> None:
        self._reads.offer(not self.closed and self.reader.idle and bool(self.inbox or self.error))
        self._sends.offer(not self.closed and self.writer.idle)
        paths = set()
        for each in self.sent:
            each.offer(each.path not in paths and self.network.hosts.reach(self.host, each.to))
            paths.add(each.path)

    # --- as `socket.socket`

    def bind(self, address: Address) -> None:
        super().bind(address)

    def _prepare(self, to: str) -> None:
        if self.bound is None:
            self.take_port(to)
            self.network.bind(self)
        if not self.name:
            self.call_me(self.network.client_name())

    def connect(self, address: Address) -> None:
        self._prepare(self.network.host_of(self, address))
        self.peer = address

    def getpeername(self) -> Address:
        if self.peer is None:
            fails(errno.ENOTCONN)
        return self.peer

    def take_error(self) -> int:
        error, self.error = self.error, 0
        return error

    def send(self, data: Any, _flags: int = 0) -> int:
        if self.peer is None:
            fails(errno.EDESTADDRREQ)
        return self.sendto(data, self.peer)

    def sendto(self, data: Any, *flags_and_address: Any) -> int:
        address = flags_and_address[-1]
        if error := self.take_error():
            fails(error)
        sent = bytes(data)
        if len(sent) > MOST:
            fails(errno.EMSGSIZE)
        to = self.network.host_of(self, address)
        self._prepare(to)
        self.sent.append(Datagram(self, sent, address, to))
        self.network.sent += 1
        self.changed()
        return len(sent)

    def recvfrom(self, most: int, _flags: int = 0) -> tuple[bytes, Address]:
        if error := self.take_error():
            fails(error)
        if not self.inbox:
            fails(errno.EAGAIN)
        data, sender = self.inbox.popleft()
        return data[:most], sender

    def recv(self, most: int, flags: int = 0) -> bytes:
        return self.recvfrom(most, flags)[0]

    def recvfrom_into(self, buffer: Any, most: int = 0, flags: int = 0) -> tuple[int, Address]:
        view = memoryview(buffer).cast("B")
        data, sender = self.recvfrom(most or len(view), flags)
        view[: len(data)] = data
        return len(data), sender

    def closing(self) -> None:
        self.inbox.clear()

    def let_go(self) -> None:
        super().let_go()
        self.sent.clear()


class Datagram:
    """One datagram on its way."""

    def __init__(self, sender: DatagramSocket, data: bytes, address: Address, to: str) -> None:
        self._sender, self._data, self._address, self.to = sender, data, address, to
        self.path = (sender.host, to)
        loop = sender.network.loop
        self._offered = [Arrival(loop, lambda: self._say("delivers"), self._deliver)]
        if sender.host != to:
            self._offered.append(Arrival(loop, lambda: self._say("loses"), self._gone, optional=True))
            self._offered.append(Arrival(loop, lambda: self._say("delays"), self._delay, optional=True))

    def _say(self, verb: str) -> str:
        address = self._address
        to = address if isinstance(address, str) else f"{self.to}:{address[1]}"
        count = len(self._data)
        return f"{self._sender.name} {verb} a datagram of {count} byte{'' if count == 1 else 's'} to {to}"

    def offer(self, possible: bool) -> None:
        """Let it arrive, or be lost or delayed, if that is `possible` now."""
        for each in self._offered:
            each.offer(possible)

    def _gone(self) -> None:
        self.offer(False)
        self._sender.sent.remove(self)
        self._sender.changed()

    def _deliver(self) -> None:
        self._gone()
        sender = self._sender
        receiver = sender.network.datagram_socket(sender, self._address)
        if receiver is not None:
            receiver.inbox.append((self._data, sender.getsockname()))
            receiver.reader.queue()
            receiver.changed()
        elif sender.peer is not None and not sender.closed:  # only a connected socket is told
            sender.error = errno.ECONNREFUSED
            sender.reader.queue()
            sender.changed()

    def _delay(self) -> None:
        """Let the next one on the same path overtake it."""
        self.offer(False)
        sent = self._sender.sent
        behind = [each for each in sent if each.path == self.path and each is not self]
        if behind:
            sent.remove(self)
            sent.insert(sent.index(behind[0]) + 1, self)
        self._sender.changed()
