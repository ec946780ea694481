"""Requests of the server to its clients: the pending approvals, and the clients that were asked for each.

An approval stays pending until one client answers or its thread is unloaded; a client that resumes the thread meanwhile is asked too.
It refuses to send anything: subjects differ in when they may.
"""

from collections.abc import Iterable

from subwarden.model.server.approvals import Approval


class Approvals:
    """The pending approvals, oldest first."""

    def __init__(self) -> None:
        self._pending: dict[Approval, set[int]] = {}  # with the clients that were asked

    def ask(self, approval: Approval, connections: Iterable[int]) -> None:
        """The approval is pending from now on; `connections` are asked."""
        self._pending[approval] = set(connections)

    def of_thread(self, thread: int) -> list[Approval]:
        """The pending approvals of `thread`, for a client that resumes it."""
        return [approval for approval in self._pending if approval.thread == thread]

    def also_asked(self, approval: Approval, connection: int) -> bool:
        """`connection` is asked as well. False if the approval is settled by now."""
        if approval not in self._pending:
            return False
        self._pending[approval].add(connection)
        return True

    def settle(self, approval: Approval, connection: int) -> bool:
        """`connection` answers. False if it was not asked, or another client answered before."""
        if connection not in self._pending.get(approval, ()):
            return False
        del self._pending[approval]
        return True

    def cancel(self, thread: int) -> None:
        """The thread is unloaded, or its turn over: no client need answer any more."""
        for approval in self.of_thread(thread):
            del self._pending[approval]

    def __len__(self) -> int:
        return len(self._pending)
