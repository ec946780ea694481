"""A simulated TCP or Unix socket: it listens, or it is one end of a connection.

Long because it is one state machine: what the outside does to a socket, what the program does, and the names of both.
"""

import errno
import socket
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from subwarden.world.arrival import NEVER, Arrival
from subwarden.world.network.channel import Channel
from subwarden.world.network.sockets import Address, SimulatedSocket, fails

if TYPE_CHECKING:
    from subwarden.world.network.network import Network

Buffer = Any  # bytes, a bytearray or a memoryview
opened: ContextVar["list[StreamSocket] | None"] = ContextVar("opened", default=None)  # where sockets are noted that connect


class _OfStream(Arrival):
    """What it says is kept until its socket changes: it is asked for at every choice by some strategies."""

    __slots__ = ()

    @property
    def label(self) -> str:  # type: ignore[override]  # as `Arrival`'s
        if self.place is None:
            said = super().label
            self.place = f"+{said}", said
        return self.place[1]


class StreamSocket(SimulatedSocket):
    """`inbound` and `outbound` are there once it is connected; `queue`, the connections that nobody has accepted, once it listens."""

    __slots__ = (
        *("accepted_so_far", "connecting", "inbound", "outbound", "peer", "queue", "silent", "target", "to"),
        *("_accepts", "_connects", "_error", "_half", "_most", "_reads", "_sends", "_told"),
    )

    def __init__(self, network: "Network", family: int, proto: int) -> None:
        super().__init__(network, family, proto)
        self.inbound: Channel | None = None
        self.outbound: Channel | None = None
        self.peer: StreamSocket | None = None
        self.target: Address = None  # while it connects, and after that
        self.to = ""  # the host of its target
        self.connecting = False
        self.queue: deque[StreamSocket] | None = None
        self.accepted_so_far = 0  # how many of the queue the loop has noticed
        self.silent = False  # it may send no more
        self._error = 0
        self._told: object = None  # the registration that waited for the connection: it is not called twice
        # the outside events; most sockets need few of them
        self._connects = self._accepts = self._reads = self._half = self._most = self._sends = NEVER

    # --- the outside

    def changed(self) -> None:
        inbound, outbound = self.inbound, self.outbound
        if inbound is None or outbound is None:  # it listens, or it is on its way
            connects = not self.closed and self.connecting and self.writer.idle and self._path_is_open()
            event = self._connects
            event.place = None
            if connects is not event.offered:
                (event if event is not NEVER else self._made("_connects")).offer(connects)
            accepts = not self.closed and bool(self.queue) and self.reader.idle
            event = self._accepts
            event.place = None
            if accepts is not event.offered:
                (event if event is not NEVER else self._made("_accepts")).offer(accepts)
            return
        writer, held = self.writer, inbound.bytes
        reads = self.reader.idle and bool(held or inbound.ended or inbound.error)  # nothing is registered once it has closed
        told = bool(held) if self.closed else inbound.reset  # the former is answered by a reset
        coming = 0
        if reads or told:
            here = self._path_is_open()
            if reads and here:
                coming = len(held) - inbound.arrived
            reads = (here and told) or (reads and (here or bool(inbound.arrived or inbound.end_arrived)))
        event = self._reads
        event.place = None
        if reads is not event.offered:
            (event if event is not NEVER else self._made("_reads")).offer(reads)
        event = self._half
        event.place = None
        if (coming > 2) is not event.offered:
            (event if event is not NEVER else self._made("_half")).offer(coming > 2)
        event = self._most
        event.place = None
        if (coming > 1) is not event.offered:
            (event if event is not NEVER else self._made("_most")).offer(coming > 1)
        sends = writer.idle and writer.handle is not self._told and outbound.room() > 0
        if sends is not (event := self._sends).offered:
            (event if event is not NEVER else self._made("_sends")).offer(sends)

    def _made(self, name: str) -> Arrival:
        """The outside event that the attribute `name` has from now on."""
        said, happen, *more = OUTSIDE[name]
        made = _OfStream(self.network.loop, said, happen, bool(more), (self, *more))
        self.arrivals.append(made)
        setattr(self, name, made)
        return made

    def _path_is_open(self) -> bool:
        hosts = self.network.hosts
        other = self.to or (self.peer.host if self.peer is not None else self.host)
        return not hosts.cuts or hosts.reach(self.host, other)

    def _say_connects(self) -> str:
        return f"{self.name} connects to {self._said_target()}"

    def _said_target(self) -> str:
        return self.target if isinstance(self.target, str) else f"{self.to}:{self.target[1]}"

    def _connect(self) -> None:
        self.connecting = False
        listener = self.network.listener(self)
        if listener is None:
            self._error = errno.ECONNREFUSED
            self.network.refused.append(self._said_target())
        else:
            made = StreamSocket(self.network, self.family, self.proto)
            made.host, made.target, made.to = listener.host, self.getsockname(), self.host
            made.bound = self.target if isinstance(self.target, str) else self.target[:2]
            self.inbound = made.outbound = Channel()
            self.outbound = made.inbound = Channel()
            self.peer, made.peer = made, self
            made.call_me(listener.name)
            assert listener.queue is not None
            listener.queue.append(made)
            listener.changed()
        self._told = self.writer.handle
        self.writer.queue()
        self.changed()

    def _say_accepts(self) -> str:
        assert self.queue is not None
        return f"{self.name} accepts {', '.join(_name(each.peer) for each in self.queue)}"

    def _notice(self) -> None:
        assert self.queue is not None
        self.accepted_so_far = len(self.queue)
        self.reader.queue()

    def _say_reads(self) -> str:
        assert self.inbound is not None
        sender, coming = _name(self.peer), self.inbound.coming()
        if self.inbound.closed:
            return f"{sender} is told that {self.name} has closed"
        if coming and self.reader.idle:
            return f"{sender} delivers {_bytes(coming)} to {self.name}"
        if self.inbound.reset or (self.inbound.error and not self.inbound.arrived):
            return f"{sender} resets the connection to {self.name}"
        if self.inbound.arrived:
            return f"{self.name} reads {_bytes(self.inbound.arrived)} more"
        return f"{sender} delivers its end to {self.name}"

    def _say_part(self, held: Callable[[int], int]) -> str:
        """A part of the bytes on their way arrives; `held` says how many are held back."""
        assert self.inbound is not None
        count = self.inbound.coming()
        return f"{_name(self.peer)} delivers {count - held(count)} of {_bytes(count)} to {self.name}"

    def _arrive_in_part(self, held: Callable[[int], int]) -> None:
        assert self.inbound is not None
        self.inbound.arrive(but=held(self.inbound.coming()))
        self.reader.queue()
        self.changed()

    def _read(self) -> None:
        inbound = self.inbound
        assert inbound is not None
        if inbound.closed:
            self._answer_by_reset()
        elif inbound.reset and not (inbound.coming() and self.reader.idle):
            inbound.arrive_reset()
            self.reader.queue()
            self.writer.queue()
        else:
            inbound.arrive()
            self.reader.queue()
            if inbound.error:  # the connection was reset without a reset on its way (`break_off`)
                self.writer.queue()
        self.changed()

    def _answer_by_reset(self) -> None:
        assert self.inbound is not None
        self.inbound.toss()
        peer = self.peer
        if peer is not None and not peer.closed and peer.inbound is not None and not peer.inbound.broken:
            peer.inbound.reset = True
            peer.changed()

    def describe(self) -> str:
        """How it is, in words; empty: it is of no use yet."""
        if self.queue is not None:
            waiting = f", {len(self.queue)} to be accepted" if self.queue else ""
            return f"{self.name} listens{waiting}"
        if self.connecting:
            return f"{self.name} connects to {self._said_target()}"
        inbound = self.inbound
        if inbound is None:
            return ""
        parts = [f"{_bytes(inbound.coming())} under way"] if inbound.coming() else []
        parts += [f"{_bytes(inbound.arrived)} to be read"] if inbound.arrived else []
        parts += ["reset"] if inbound.reset or inbound.broken else ["the other end has closed"] if inbound.ended else []
        return f"{_name(self.peer)} to {self.name}: {', '.join(parts) or 'open'}"

    def let_go(self) -> None:
        super().let_go()
        self.peer = self._told = None
        if self.queue is not None:
            self.queue.clear()

    # --- as `socket.socket`

    def connect(self, address: Address) -> None:
        if self.connecting:
            fails(errno.EALREADY)
        if self.inbound is not None:
            fails(errno.EISCONN)
        self.target = address
        if self.family == socket.AF_UNIX:
            self.to = self.host
        else:
            self.to = self.network.hosts.name(address[0])
            self.take_port(self.to)
        self.call_me(self.network.client_name())
        made = opened.get()
        if made is not None:
            made.append(self)
        if self.family == socket.AF_UNIX:  # it is local: as in Linux, it connects at once
            if self.network.listener(self) is None:
                fails(errno.ECONNREFUSED if self.network.known(str(address)) else errno.ENOENT)
            self._connect()
            self.writer.drop()
            return
        self.connecting = True
        fails(errno.EINPROGRESS)

    def take_error(self) -> int:
        error, self._error = self._error, 0
        return error

    def call_me(self, name: str) -> None:
        super().call_me(name)
        if self.peer is not None:  # it was accepted: one of many
            self.reader.call(f"{name} reads from {self.peer.name}")
            self.writer.call(f"{name} sends to {self.peer.name}")

    def listen(self, _backlog: int = 100) -> None:
        if self.queue is None:
            self.queue = deque()
            self.reader.call(f"{self.name} accepts")
            self.network.somebody_listens()

    def accept(self) -> "tuple[StreamSocket, Address]":
        if self.queue is None:
            fails(errno.EINVAL)
        if not self.queue or not self.accepted_so_far:
            fails(errno.EAGAIN)
        self.accepted_so_far -= 1
        made = self.queue.popleft()
        return made, made.getpeername()

    def getpeername(self) -> Address:
        if self.inbound is None:
            fails(errno.ENOTCONN)
        if self.family == socket.AF_UNIX:
            return self.target or ""
        return self.target

    def send(self, data: Buffer, _flags: int = 0) -> int:
        if self.outbound is None or self.inbound is None:
            fails(errno.ENOTCONN)
        self.inbound.raise_error()
        if self.silent or self.inbound.broken:
            fails(errno.EPIPE)
        room = self.outbound.room()
        if type(data) is not bytes or len(data) > room:
            view = memoryview(data).cast("B")
            if view and not room:
                fails(errno.EAGAIN)
            data = view[:room]
        self.outbound.bytes += data
        self._sent()
        return len(data)

    def sendmsg(self, buffers: "list[Buffer]", *_: object) -> int:
        return self.send(b"".join(buffers))

    def _sent(self) -> None:
        self.network.sent += 1
        peer = self.peer
        if peer is not None and (peer.reader.idle or peer.inbound is None or peer.inbound.reset or peer.closed):  # else it offers nothing
            peer.changed()

    def recv(self, most: int, _flags: int = 0) -> bytes:
        if self.inbound is None:
            fails(errno.ENOTCONN)
        data = self.inbound.read(most)
        peer = self.peer
        if peer is not None and peer.writer.idle:  # there is room again
            peer.changed()
        return data

    def recv_into(self, buffer: Buffer, most: int = 0, _flags: int = 0) -> int:
        view = memoryview(buffer).cast("B")
        data = self.recv(most or len(view))
        view[: len(data)] = data
        return len(data)

    def break_off(self) -> None:
        """Its program breaks off: what is still on its way to the other end is lost, and the connection is reset.

        The reset is there at once: the other end's next call fails, or the loop notices it before, whenever the scheduler says. (While a
        reset is on its way, nobody can tell that from a program that breaks off later.)
        """
        peer, outbound = self.peer, self.outbound
        if peer is not None and outbound is not None and not (peer.closed or outbound.broken):
            outbound.lose()
            outbound.arrive_reset()
        transport = self.network.loop._transports.get(self.number)
        if transport is not None:
            transport.abort()
        self.close()
        if peer is not None:
            peer.changed()

    def shutdown(self, how: int) -> None:
        if self.outbound is None:
            fails(errno.ENOTCONN)
        if how != socket.SHUT_RD and not self.silent:
            self.silent = self.outbound.ended = True
            self._sent()

    def closing(self) -> None:
        for each in self.queue or ():  # nobody will accept them
            assert each.outbound is not None
            each.outbound.reset = True
            each.close()
        if self.inbound is None or self.outbound is None:
            return
        self.inbound.closed = True
        peer = self.peer
        if peer is None or peer.closed:
            return
        if self.inbound.bytes:  # as in Linux: bytes that nobody will read
            self.outbound.reset = True
        self.inbound.toss()
        self.outbound.ended = self.outbound.ended or not self.outbound.reset
        peer.changed()


#: The outside events: what each says, what it does, and more arguments of these; those that have some are optional.
OUTSIDE: dict[str, tuple[Callable[..., Any], ...]] = {
    "_connects": (StreamSocket._say_connects, StreamSocket._connect),
    "_accepts": (StreamSocket._say_accepts, StreamSocket._notice),
    "_reads": (StreamSocket._say_reads, StreamSocket._read),
    "_half": (StreamSocket._say_part, StreamSocket._arrive_in_part, lambda coming: coming // 2),
    "_most": (StreamSocket._say_part, StreamSocket._arrive_in_part, lambda _: 1),
    "_sends": (StreamSocket.say_room, StreamSocket.use_room),
}


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count:,} bytes"


def _name(end: SimulatedSocket | None) -> str:
    return "nobody" if end is None else end.name
