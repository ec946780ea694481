"""The engine object that a listener drains. To the bookkeeping it is an identity, held weakly.

Conversations are compared by identity, not by number: one thread can be loaded again as a new conversation, and
`ThreadState.listener_matches` must tell the two apart.
"""


class Conversation:
    """One loaded conversation. `number` only names it in reports. Its loader keeps it alive; a thread state does not."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"Conversation({self.number})"
