"""How long a server waits for a client that reads nothing (P7): the rule of the one drop that no client asks for.

A client that has something to read, and has read nothing for `PATIENCE` seconds, may be dropped: from then on it is as one that has closed.
It must be dropped if a message waits for room in its outbox, since others wait behind that. No other client may be dropped.
"""

PATIENCE = 30.0  # seconds


class Reading:
    """The clients of one run, and since when each has had something to read and read nothing. Told in order of what happens."""

    def __init__(self) -> None:
        self._unread: dict[int, int] = {}  # the number of messages that wait for a client
        self._since: dict[int, float] = {}  # of a client with any
        self._deaf: set[int] = set()

    def queued(self, connection: int, now: float) -> None:
        """A message for the client is on its way."""
        unread = self._unread.get(connection, 0)
        self._unread[connection] = unread + 1
        if not unread:
            self._since[connection] = now

    def reads(self, connection: int, now: float) -> None:
        """The client reads one."""
        self._unread[connection] -= 1
        self._since[connection] = now

    def goes_deaf(self, connection: int) -> None:
        """The client reads no more."""
        self._deaf.add(connection)

    def gone(self, connection: int) -> None:
        """The client has gone."""
        self._unread.pop(connection, None)
        self._deaf.discard(connection)

    def may_be_dropped(self, connection: int, now: float) -> bool:
        """Whether the server may give the client up."""
        return bool(self._unread.get(connection)) and now - self._since[connection] >= PATIENCE

    def holding_up(self) -> set[int]:
        """The clients that read no more, and for which somebody may wait until they are dropped."""
        return {connection for connection in self._deaf if self._unread.get(connection)}
