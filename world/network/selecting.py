"""The part of a selector on the controlled loop: which callback waits for which socket."""

from collections.abc import Callable
from typing import Any

from subwarden.scheduling.handles import Handle
from subwarden.scheduling.loop import close_coroutine
from subwarden.world.jobs import JobLoop
from subwarden.world.network.network import Network
from subwarden.world.network.sockets import SimulatedSocket
from subwarden.world.network.twins import Twins
from subwarden.world.network.waiting import Waiting


class _NoSelector:
    """asyncio's transports ask a selector when they are printed."""

    def get_key(self, fd: int) -> Any:
        raise KeyError(fd)


class SelectingLoop(JobLoop):
    """See `scheduling.loop.ControlledLoop`. `network` is the network of this run."""

    _selector = _NoSelector()
    _network: Network | None = None
    _transports: dict[int, Any]
    _twins: Twins
    made: list[Any]  # every transport of this run
    crashed: list[Any]  # the coroutines of tasks on hosts that have crashed

    @property
    def network(self) -> Network:
        """The network of this run, made when it is first asked for."""
        if self._network is None:
            self._network = Network(self)
            self._transports = {}
            self.made = []
            self.crashed = []
            self._twins = Twins(self._network)
            self.prompt = True
        return self._network

    def connections(self) -> list[str]:
        """See `scheduling.loop`."""
        if self._network is None:
            return []
        return [each._sock.name for each in self._transports.values() if each._sock is not None]

    def refused(self) -> list[str]:
        """See `scheduling.loop`."""
        network = self._network
        return [] if network is None else network.refused

    def traffic(self) -> list[str]:
        """What listens, and what is under way on each connection, in words."""
        return [] if self._network is None else self._network.traffic()

    def abandon(self) -> None:
        if self._network is None:
            super().abandon()
            return
        self._let_go()
        with self.entered():
            for coroutine in self.crashed:
                close_coroutine(coroutine)
        super().abandon()
        self._let_go()  # a coroutine that is closed may have made another
        self._network.let_go()
        self.crashed.clear()
        for transport in self.made:
            for method in ("_read_ready_cb", "_write_ready"):  # of its own: a circle, where Python leaves it there
                vars(transport).pop(method, None)
        self.made.clear()
        for name in ("_network", "_twins", "_control"):  # they lead back to the loop, in a circle
            self.__dict__.pop(name, None)

    def _let_go(self) -> None:
        for transport in self._transports.values():
            transport._closing = True  # nobody is to be warned of what a run that is given up leaves open
            transport._sock = None
        self._transports.clear()

    # --- a selector's part

    def _waiting(self, fd: Any, writes: bool) -> tuple[SimulatedSocket | None, Waiting | None]:
        found = (self._network or self.network).sockets.get(fd if isinstance(fd, int) else fd.fileno())
        if found is None:
            return None, None
        return found, found.writer if writes else found.reader

    def _register(self, fd: Any, writes: bool, callback: Callable[..., object], args: tuple[Any, ...]) -> Handle:
        found, waiting = self._waiting(fd, writes)
        if found is None or waiting is None:
            raise self.refuse("add_writer" if writes else "add_reader")
        handle = waiting.set(self, callback, args)
        found.changed()
        return handle

    def _unregister(self, fd: Any, writes: bool) -> bool:
        found, waiting = self._waiting(fd, writes)
        if found is None or waiting is None or not waiting.drop():
            return False
        found.changed()
        return True

    def _add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:
        return self._register(fd, False, callback, args)

    def _add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:
        return self._register(fd, True, callback, args)

    def _remove_reader(self, fd: Any) -> bool:
        return self._unregister(fd, False)

    def _remove_writer(self, fd: Any) -> bool:
        return self._unregister(fd, True)

    add_reader, add_writer, remove_reader, remove_writer = _add_reader, _add_writer, _remove_reader, _remove_writer
