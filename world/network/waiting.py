"""Callbacks of sockets: one that waits until its socket is ready, as registered with a selector, and some that run in a given order."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from subwarden.scheduling.handles import Handle

if TYPE_CHECKING:
    from subwarden.scheduling.loop import ControlledLoop


class Waiting:
    """A callback that the loop keeps for one socket, to call it whenever the socket is ready: a selector's registration."""

    __slots__ = ("__qualname__", "_callback", "_changed", "handle", "idle")
    _callback: Callable[..., object]

    def __init__(self, name: str, changed: Callable[[], None]) -> None:
        self.__qualname__ = name  # of its step, in schedules
        self.handle: Handle | None = None
        self.idle = False  # a callback is registered that is not among the ready
        self._changed = changed

    def call(self, name: str) -> None:
        """Give its step another name in schedules."""
        self.__qualname__ = name
        if self.handle is not None:
            self.handle.named = None

    def set(self, loop: "ControlledLoop", callback: Callable[..., object], args: tuple[Any, ...]) -> Handle:
        """Register `callback` in the place of the one before."""
        if self.handle is not None:
            self.drop()
        self._callback = callback
        self.idle = True
        handle: Handle = Handle.made(self, args, loop, None)
        self.handle = handle
        return handle

    def drop(self) -> bool:
        """Unregister; whether there was a callback."""
        handle = self.handle
        if handle is None:
            return False
        self.handle = None
        if self.idle:
            self.idle = False
            handle._cancelled = True
        else:
            handle.cancel()
        return True

    def let_go(self) -> None:
        """The run is over: lead to none of its objects any more."""
        self.handle = None
        self.idle = False
        self._callback = self._changed = _nothing

    def queue(self) -> None:
        """Let the callback run, once."""
        if self.idle and self.handle is not None:
            self.idle = False
            self.handle._loop.ready.append(self.handle)

    def __call__(self, *args: Any) -> None:
        """The step: as with a selector, the callback stays registered."""
        self.idle = self.handle is not None
        try:
            self._callback(*args)
        finally:
            self._changed()


def _nothing(*_: object) -> None:
    """The run is over."""
