"""The engine object that a listener drains, as the bookkeeping knows it: an identity, held weakly.

It refuses to have equality by number: one thread can be loaded again as a new conversation, and telling those two apart by identity
is the whole point of `ThreadState.listener_matches`.
"""


class Conversation:
    """One loaded conversation. `number` only names it in reports. Whoever loads it keeps it alive; a thread state does not."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"Conversation({self.number})"
