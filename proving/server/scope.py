"""The bounds of a proof at level server: connections, threads, ids, requests in flight, and the extras that take part.

Any number of requests may come one after the other; only those in flight together are bounded. A thread is loaded again and again:
its conversations take turns at two numbers, which is exact, since a number is used again only when nothing mentions it any more.
It refuses to say when something happens (`proving.server.steps`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.model.words import counted

EXTRAS = {  # what can take part beside the core: name -> what a proof without it leaves out
    "lists": "thread_loaded_list",
    "strangers": "requests of connections that are not initialized yet",
    "forks": "thread_fork",
    "turns": "turns: turn_start, turn_interrupt, thread_rollback",
    "cancels": "handlers that are cancelled",
    "deaths": "conversations that end by themselves",
}


@dataclass(frozen=True, slots=True)
class ServerScope:
    """Everything is counted from 1. The core always takes part: initialize, close, start, resume, unsubscribe, archive, and an engine that
    brings conversations or fails."""

    level: ClassVar[str] = "server"
    connections: int = 1
    threads: int = 1
    subscriptions: int = 0
    in_flight: int = 2
    extras: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, least in (("connections", 1), ("threads", 1), ("subscriptions", 0), ("in_flight", 1)):
            if getattr(self, name) < least:
                said = "requests" if name == "in_flight" else name
                raise ValueError(f"{said} is at least {least} at level server, not {getattr(self, name)}")
        unknown = [extra for extra in self.extras if extra not in EXTRAS]
        if unknown:
            raise ValueError(f"unknown extra {unknown[0]!r}; known: {', '.join(EXTRAS)}")
        if "forks" in self.extras and self.threads < 2:
            raise ValueError("forks need 2 threads at least: one to fork, one to make")

    def requests(self) -> Iterator[Request]:
        """Every request with every argument that the scope has, in a fixed order."""
        for c in range(1, self.connections + 1):
            yield rq.Initialize(c)
            if "lists" in self.extras:
                yield rq.ListLoaded(c)
            for t in range(1, self.threads + 1):
                yield from self._on_thread(c, t)
            for s in range(1, self.subscriptions + 1):
                yield rq.RemoveListener(c, s)

    def _on_thread(self, c: int, t: int) -> Iterator[Request]:
        yield from (rq.Start(c, t, raw=False), rq.Resume(c, t), rq.Unsubscribe(c, t), rq.Archive(c, t))
        if "forks" in self.extras:
            yield from (rq.Fork(c, t, fork) for fork in range(1, self.threads + 1) if fork != t)
        if "turns" in self.extras:
            yield from (rq.TurnStart(c, t, asks=False), rq.TurnInterrupt(c, t), rq.Rollback(c, t))
        yield from (rq.AddListener(c, s, t, raw=False) for s in range(1, self.subscriptions + 1))

    def left_out(self) -> list[str]:
        """The limits of a proof of this scope, in words."""
        found = [
            "more connections, threads or requests in flight than these",
            "the events that clients are sent (judged on runs, by model/server/deliveries.py), raw events, approvals",
            *(what for extra, what in EXTRAS.items() if extra not in self.extras),
        ]
        return found if self.subscriptions else [*found, "the old explicit ids: add_listener, remove_listener"]

    def describe(self) -> str:
        """The scope in one line."""
        counts = [
            counted(self.connections, "connection"),
            counted(self.threads, "thread"),
            f"{counted(self.in_flight, 'request')} in flight",
        ]
        ids = [counted(self.subscriptions, "id")] if self.subscriptions else []
        return ", ".join([*counts, *ids, *self.extras])
