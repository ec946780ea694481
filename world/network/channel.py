"""One direction of a connection: bytes that stay in order, then an end or a reset.

The kernel's part of TCP as its users see it. How packets are made, lost and sent again is not simulated: no program can tell.
"""

import errno
import os

CAPACITY = 64 * 1024  # bytes that are sent and not yet read: then `send` blocks, until the receiver reads


class Channel:
    """The bytes on their way to one socket. `arrived` of them have reached it; what comes after them is still on its way."""

    __slots__ = ("arrived", "broken", "bytes", "closed", "end_arrived", "ended", "error", "reset")

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.arrived = 0
        self.ended = False  # the sender has said that it sends no more
        self.end_arrived = False
        self.reset = False  # the sender has reset the connection, and the receiver does not know yet
        self.broken = False  # and now the receiver knows
        self.closed = False  # the receiver has closed: what arrives is answered by a reset
        self.error = 0  # for the receiver's next call

    def room(self) -> int:
        """How many more bytes may be sent."""
        return max(0, CAPACITY - len(self.bytes))

    def coming(self) -> int:
        """How many bytes are on their way."""
        return len(self.bytes) - self.arrived

    def readable(self) -> bool:
        """Whether the receiver can read something, or will once it has arrived."""
        return bool(self.bytes or self.ended or self.error)

    def arrive(self, but: int = 0) -> None:
        """All bytes on their way arrive, except the last `but`; without any, the end does."""
        if len(self.bytes) != self.arrived:
            self.arrived = len(self.bytes) - but
        elif not self.arrived and self.ended:
            self.end_arrived = True

    def toss(self) -> None:
        """Nobody will read the bytes."""
        self.bytes.clear()
        self.arrived = 0

    def lose(self) -> None:
        """What is on its way never arrives."""
        del self.bytes[self.arrived :]

    def arrive_reset(self) -> None:
        """The reset arrives, and all bytes before it. As in Linux, a receiver that knows of the end is told of a broken pipe."""
        self.arrived = len(self.bytes)
        self.reset = False
        self.error = errno.EPIPE if self.ended else errno.ECONNRESET
        self.ended = self.end_arrived = self.broken = True

    def read(self, most: int) -> bytes:
        """Up to `most` of the bytes that have arrived; none at the end. Raises BlockingIOError, ConnectionResetError."""
        if self.arrived:
            size = min(most, self.arrived)
            if size == len(self.bytes):
                data = bytes(self.bytes)
                self.bytes.clear()
            else:
                data = bytes(self.bytes[:size])
                del self.bytes[:size]
            self.arrived -= size
            return data
        if self.error == errno.ECONNRESET:
            self.raise_error()
        if self.end_arrived:
            return b""
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def raise_error(self) -> None:
        """Raise the error that the receiver has not been told of, if there is one."""
        number, self.error = self.error, 0
        if number:
            raise OSError(number, os.strerror(number))
