"""The requests that a server has accepted, and their answers.

It refuses to say which answers are right: the model does (`model.server.transitions`), and `checking.server.judge` asks it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.model.server.state import ServerState


@dataclass(slots=True)
class AcceptedRequest:
    """A request, and what has become of it."""

    number: int
    name: str  # as answers name it
    request: Request
    arrived: int  # a moment, see `Requests.moment`
    answered: int | None = None  # as well
    done: bool = False  # it was answered OK
    cancelled: bool = False  # its handler was
    waits_since: int | None = None  # the first step after which nothing but starts of threads was still to come


class Requests:
    """Of one run. `lists`: the lists of threads that each `thread_loaded_list` in flight may answer, by its number."""

    def __init__(self) -> None:
        self.lists: dict[int, set[tuple[int, ...]]] = {}
        self._by_number: dict[int, AcceptedRequest] = {}
        self._by_name: dict[int | str, AcceptedRequest] = {}
        self._moments = 0

    def moment(self) -> int:
        """A new number for something that happens: arrivals, answers and ends of subscriptions are ordered by it."""
        self._moments += 1
        return self._moments

    def accept(self, number: int, name: str, request: Request) -> None:
        """A request arrives."""
        self._by_number[number] = self._by_name[name] = AcceptedRequest(number, name, request, self.moment())

    def named(self, name: int | str) -> AcceptedRequest:
        """The request that answers call `name`."""
        return self._by_name[name]

    def cancelled(self, number: int) -> None:
        """The handler of a request is cancelled."""
        self._by_number[number].cancelled = True

    def wait_for_starts(self, state: ServerState, step: int) -> None:
        """After `step`, nothing can move before the engine starts a thread: all other requests in flight wait for that (P14)."""
        for number, flight in state.flight:
            if not isinstance(flight.request, rq.Start):
                waiting = self._by_number[number]
                if waiting.waits_since is None:
                    waiting.waits_since = step

    def __iter__(self) -> Iterator[AcceptedRequest]:
        """In the order of arrival."""
        return iter(self._by_number.values())
