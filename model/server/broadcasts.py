"""The rules of broadcasts (P8): `thread/started` once for each new thread, `thread/closed` once for each unload, to every live client.

A monitor of one run. A client that becomes live, or goes, while a broadcast is under way may be told or not; and nobody need be told of
the start of a thread that has ended meanwhile.
"""

from collections import Counter
from collections.abc import Iterator

from subwarden.model.server.deliveries import Wrong

Told = tuple[int, int]  # (client, thread)


class Broadcasts:
    """See above. Methods are called as things happen; those that judge return the fault, or None."""

    def __init__(self) -> None:
        self._live: set[int] = set()  # clients that know that they are
        self._new: set[int] = set()  # threads that somebody asked to start or fork, and the engine has brought
        self._asked: set[int] = set()
        self._unloads: Counter[int] = Counter()  # how often each thread was unloaded
        self._started: set[Told] = set()
        self._closed: Counter[Told] = Counter()
        self._owed_started: set[Told] = set()
        self._owed_closed: Counter[Told] = Counter()  # all that were ever owed

    def live(self, client: int) -> None:
        """The client was told that it is live."""
        self._live.add(client)

    def gone(self, client: int) -> None:
        """The client has gone: it is told nothing."""
        self._live.discard(client)

    def asked(self, thread: int) -> None:
        """A client asks for a new thread."""
        self._asked.add(thread)

    def brought(self, thread: int) -> None:
        """The engine has brought a conversation of a thread."""
        self._new |= {thread} & self._asked

    def started(self, thread: int) -> None:
        """The start of a thread was answered, and the thread runs."""
        self._owed_started |= {(client, thread) for client in self._live}

    def ending(self, thread: int) -> None:
        """The thread is about to be unloaded."""
        self._owed_started = {told for told in self._owed_started if told[1] != thread}

    def unloaded(self, thread: int, *, owed: bool) -> None:
        """The thread was unloaded; nothing is `owed` for an unload that the model does not allow."""
        self._unloads[thread] += 1
        if owed:
            self._owed_closed.update((client, thread) for client in self._live)

    def owes_started(self, client: int, thread: int) -> bool:
        """Whether the client must still be told that the thread was started."""
        return client in self._live and (client, thread) in self._owed_started and (client, thread) not in self._started

    def owes_closed(self, client: int, thread: int) -> bool:
        """Whether the client must still be told that the thread was unloaded."""
        return client in self._live and self._closed[client, thread] < self._owed_closed[client, thread]

    def told_started(self, client: int, thread: int) -> Wrong | None:
        """The client is told that a thread was started."""
        if thread not in self._new or (client, thread) in self._started:
            return Wrong.STARTED_AGAIN
        self._started.add((client, thread))
        return None

    def told_closed(self, client: int, thread: int) -> Wrong | None:
        """The client is told that a thread was unloaded."""
        self._closed[client, thread] += 1
        return Wrong.CLOSED_AGAIN if self._closed[client, thread] > self._unloads[thread] else None

    def unloads(self, thread: int) -> int:
        """How often the thread was unloaded."""
        return self._unloads[thread]

    def at_rest(self) -> Iterator[tuple[Wrong, int, int, int]]:
        """Nothing can move any more. The faults, each with its client, its thread, and the number of times that would be right."""
        for client, thread in sorted(self._owed_started - self._started):
            if client in self._live:
                yield Wrong.NOT_STARTED, client, thread, 1
        for (client, thread), owed in sorted(self._owed_closed.items()):
            if client in self._live and self._closed[client, thread] < owed:
                yield Wrong.NOT_CLOSED, client, thread, owed
