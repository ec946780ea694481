"""What a scenario may do to its network: name hosts, cut and join them, crash and restart them. See `subwarden.network`.

The scheduler decides when the others notice: the task that calls a method here is one among others, and what is on its way is timed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from subwarden.scheduling.loop import ENTERED
from subwarden.world.network.crash import Crashes
from subwarden.world.network.hosts import HERE, current
from subwarden.world.network.selecting import SelectingLoop

MOMENT = 1e-6  # seconds: time stands still while a step is ready
Main = Callable[[], Coroutine[Any, Any, Any]]


class NetworkControl:
    """The network of the run. A host is a name; what is not said to run elsewhere runs on `localhost`."""

    def __init__(self, loop: SelectingLoop) -> None:
        self._loop = loop
        self._network = loop.network
        self._mains: dict[str, Main] = {}
        self._crashes = Crashes(loop)

    @contextmanager
    def host(self, name: str) -> Iterator[None]:
        """Tasks that start inside, and sockets that they make, are on the host `name`. To others its address is its name."""
        self._crashes.watch()
        before = current.set(name)
        try:
            yield
        finally:
            current.reset(before)

    def start(self, host: str, main: Main) -> Any:
        """Run `main()` as a task on `host`, which `restart` runs again. Returns the task."""
        self._mains[host] = main
        with self.host(host):
            return self._loop.create_task(main(), name=host)

    async def listens(self, port: int, host: str = HERE) -> None:
        """Wait until a server listens on `port` of `host`, and no step is ready that may belong to its start. A sleep may be over before,
        where the server is slow to start.
        """
        while not self._network.listens(host, port):
            awaited: asyncio.Future[None] = self._loop.create_future()
            self._network.awaited.append(awaited)
            await awaited
        while self._loop.ready:  # noqa: ASYNC110  # no event says so
            await asyncio.sleep(MOMENT)

    def partition(self, one: str, other: str | None = None) -> None:
        """Let nothing pass between two hosts, or between one and all others. Nothing is lost: it waits for `heal`."""
        self._network.hosts.cut(one, other)
        self._network.changed()

    def heal(self, one: str | None = None, other: str | None = None) -> None:
        """Let everything pass again: between two hosts, between one and all others, or everywhere."""
        self._network.hosts.join(one, other)
        self._network.changed()

    def slow(self, seconds: float) -> None:
        """From now on, the network and steps may be slow by so many seconds: timers that are no longer may come first. At first it is one.

        Raises ValueError for a negative number.
        """
        if not seconds >= 0:
            raise ValueError(f"the network cannot be slow by {seconds!r} seconds; give 0 or more")
        self._loop.slow = self._loop.slow_step = seconds

    def crash(self, host: str) -> None:
        """End everything on `host`, as when its process is killed: no `finally` runs, and the system closes its sockets."""
        self._crashes.crash(host)

    def restart(self, host: str) -> Any:
        """Crash `host`, and run its main function again. Returns the task. Raises ValueError if `start` was never called for it."""
        if host not in self._mains:
            raise ValueError(f"nothing was started on host {host!r}: call network().start({host!r}, main) first")
        self.crash(host)
        return self.start(host, self._mains[host])


def network() -> NetworkControl:
    """The network of the run that is under way. Raises RuntimeError outside of a run."""
    loop = ENTERED.get(get_ident())
    if not isinstance(loop, SelectingLoop):
        raise RuntimeError("subwarden.network() is for code that runs under subwarden: a scenario, a test, an adapter")
    control = loop.__dict__.get("_control")
    if control is None:
        control = loop.__dict__["_control"] = NetworkControl(loop)
    assert isinstance(control, NetworkControl)
    return control
