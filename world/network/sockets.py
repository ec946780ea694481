"""What stream and datagram sockets have in common: options, addresses, and the callbacks that the loop keeps for them.

A simulated socket has the methods of `socket.socket` that asyncio calls. It never blocks, and it is not a file: its number is its own.
"""

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from subwarden.world.arrival import Arrival
from subwarden.world.network.hosts import ANY, LOOPBACK, current, family_of
from subwarden.world.network.waiting import Waiting

if TYPE_CHECKING:
    from subwarden.world.network.network import Network

_FAMILIES = {int(family): family for family in socket.AddressFamily}
Address = Any  # (host, port), with two more numbers in IPv6; a path for Unix sockets


def fails(number: int) -> NoReturn:
    """Raise the OSError of `number`, as the system would."""
    raise OSError(number, os.strerror(number))


class SimulatedSocket:
    """A socket of one run's network."""

    __slots__ = (  # a socket has more attributes than Python keeps in an object without a dictionary
        *("arrivals", "bound", "cleans_up", "closed", "family", "host", "name", "network", "number"),
        *("options", "proto", "reader", "writer", "__weakref__"),
    )
    type = socket.SOCK_STREAM

    def __init__(self, network: "Network", family: int, proto: int) -> None:
        self.network = network
        self.family = _FAMILIES[family or socket.AF_INET]
        self.proto = proto
        self.host = current.get()
        self.name = ""
        self.bound: tuple[str, int] | str | None = None
        self.options: dict[tuple[int, int], Any] = {}
        self.closed = False
        self.cleans_up = False  # of a Unix socket: its path is gone once it is closed
        self.number = network.add(self)
        self.reader, self.writer = Waiting("", self.changed), Waiting("", self.changed)
        self.arrivals: list[Arrival] = []

    def call_me(self, name: str) -> None:
        """The name of this socket in schedules and reports."""
        self.name = name
        self.reader.call(f"{name} reads")
        self.writer.call(f"{name} sends")

    def arrival(self, said: Callable[..., str], happen: Callable[..., object]) -> Arrival:
        """An outside event that this socket offers from time to time. Both functions are called with this socket."""
        made = Arrival(self.network.loop, said, happen, about=(self,))
        self.arrivals.append(made)
        return made

    def say_room(self) -> str:
        """The name of the outside event that this socket can send."""
        return f"{self.name} has room to send"

    def use_room(self) -> None:
        """And what it does."""
        self.writer.queue()

    def let_go(self) -> None:
        """The run is over: lead to none of its objects any more, so that all go at once, without a collection of garbage."""
        for each in self.arrivals:
            each.let_go()
        self.reader.let_go()
        self.writer.let_go()

    def changed(self) -> None:
        """Something has happened that may make this socket ready, or no longer ready: offer the outside events that are possible now."""

    # --- as `socket.socket`

    def fileno(self) -> int:
        return -1 if self.closed else self.number

    def setblocking(self, flag: bool) -> None:
        if flag:
            raise ValueError("a simulated socket never blocks: await the methods of the event loop")

    def settimeout(self, value: float | None) -> None:
        self.setblocking(value != 0)

    def gettimeout(self) -> float:
        return 0.0

    def getblocking(self) -> bool:
        return False

    def setsockopt(self, level: int, name: int, value: Any, *_: int) -> None:
        self.options[level, name] = value

    def getsockopt(self, level: int, name: int, *_: int) -> Any:
        if (level, name) == (socket.SOL_SOCKET, socket.SO_ERROR):
            return self.take_error()
        return self.options.get((level, name), 0)

    def take_error(self) -> int:
        """The error that the last outside event left, once."""
        return 0

    def bind(self, address: Address) -> None:
        if self.family == socket.AF_UNIX:
            self.bound = str(address)
        else:
            host, port = address[:2]
            hosts = self.network.hosts
            name = hosts.name(hosts.address(host))
            if host not in ANY:
                self.host = name
            self.bound = (host or "0.0.0.0", port or self.network.free_port())
        self.network.bind(self)
        if not self.name:
            self.call_me(self.bound if isinstance(self.bound, str) else f"{self.host}:{self.bound[1]}")

    def getsockname(self) -> Address:
        if self.family == socket.AF_UNIX:
            return self.bound or ""
        if not isinstance(self.bound, tuple):
            return ("0.0.0.0", 0) if self.family == socket.AF_INET else ("::", 0, 0, 0)
        return self.bound if self.family == socket.AF_INET else (*self.bound, 0, 0)

    def take_port(self, to: str) -> None:
        """Be bound to a free port, on the way to the host `to`, unless this socket is bound."""
        if self.bound is None and self.family != socket.AF_UNIX:
            address = LOOPBACK if to == self.host else self.network.hosts.outward(self.host)
            if family_of(address) != self.family:
                address = "::1"
            self.bound = (address, self.network.free_port())

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.reader.drop()
            self.writer.drop()
            self.closing()
            self.changed()
            self.network.remove(self)

    def closing(self) -> None:
        """This socket is being closed."""

    def detach(self) -> int:
        raise NotImplementedError("a simulated socket has no file to detach")

    def __enter__(self) -> "SimulatedSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<simulated socket {self.name or self.number}>"
