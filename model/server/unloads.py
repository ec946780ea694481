"""The rule of unloading (P12): a thread that its last subscriber left by an unsubscribe is unloaded, as is one whose conversation ended.

A monitor of one run. A close of the last subscriber's connection unloads nothing: the client may come back. Where another request or a
close may have ended the last subscription just as well, nothing is owed.
"""

from subwarden.model.server import requests as rq
from subwarden.model.server.replies import archives
from subwarden.model.server.state import ServerState, pair_of


class Unloads:
    """See above."""

    def __init__(self) -> None:
        self._left: dict[int, int] = {}  # thread -> its conversation at that time

    def joined(self, thread: int) -> None:
        """A client is subscribed to the thread."""
        self._left.pop(thread, None)

    def left(self, thread: int, connection: int, before: ServerState, after: ServerState) -> None:
        """The subscription of a client has ended, between these states."""
        loaded = after.thread(thread)
        if loaded is None or after.subscribed(thread) or not before.running(thread) or loaded.dead or archives(before, thread):
            return
        unsubscribed = any(pair_of(f.request) == (thread, connection) for _, f in before.of(rq.Unsubscribe))
        otherwise = any(isinstance(f.request, rq.RemoveListener | rq.AddListener) for _, f in before.flight)
        if unsubscribed and not otherwise and connection not in before.closed:
            self._left[thread] = loaded.conversation

    def at_rest(self, state: ServerState) -> list[tuple[int, int]]:
        """Nothing can move any more: each thread, with its conversation, that is loaded and must not be."""
        overdue = []
        for thread, loaded in state.loaded:
            left = self._left.get(thread) == loaded.conversation and not state.subscribed(thread)
            if loaded.closing or loaded.dead or left:
                overdue.append((thread, loaded.conversation))
        return overdue
