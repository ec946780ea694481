"""The requests that a server has accepted, and their answers.

It refuses to say which answers are right: the model does (`model.server.transitions`), and `checking.server.judge` asks it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply, Request
from subwarden.model.server.state import ServerState, target
from subwarden.model.server.waits import Work, WorkKind, at_work, may_wait


@dataclass(slots=True)
class AcceptedRequest:
    """A request, and what has become of it."""

    number: int
    name: str  # as answers name it
    request: Request
    began: int | None = None  # a moment, see `Requests.moment`: before it, its handler cannot have looked at anything
    queued: bool = False  # that was later than its arrival
    among_readers: bool = False  # it was held up while other clients had something to read
    answered: int | None = None  # as well
    done: bool = False  # it was answered OK
    cancelled: bool = False  # its handler was
    held_up: bool = False  # at some moment nothing but work of the engine for others was still to come
    waits_since: int | None = None  # the first step after which that was so; None: it was so only when a request arrived
    waits_for_start: bool = False  # all of that work was starts of threads
    untold: bool = False  # as well: it is an interrupt or a rollback whose conversation was at work, and the engine was not told of it


class Requests:
    """Of one run. `lists`: the lists of threads that each `thread_loaded_list` in flight may answer, by its number."""

    def __init__(self) -> None:
        self.lists: dict[int, set[tuple[int, ...]]] = {}
        self._about: dict[int, frozenset[int]] = {}  # by thread: the clients that have sent a request about it
        self._by_number: dict[int, AcceptedRequest] = {}
        self._by_name: dict[int | str, AcceptedRequest] = {}
        self._moments = 0

    def moment(self) -> int:
        """A new number for something that happens: beginnings, answers and ends of subscriptions are ordered by it."""
        self._moments += 1
        return self._moments

    def accept(self, number: int, name: str, request: Request) -> None:
        """A request arrives."""
        self._by_number[number] = self._by_name[name] = AcceptedRequest(number, name, request)
        if thread := target(request):
            self._about[thread] = self._about.get(thread, frozenset()) | {request.connection}

    def queues(self, number: int) -> None:
        """Requests before it hold it up."""
        self._by_number[number].queued = True

    def begins(self, number: int) -> None:
        """The requests before it do not hold it up any more."""
        self._by_number[number].began = self.moment()

    def named(self, name: int | str) -> AcceptedRequest:
        """The request that answers call `name`."""
        return self._by_name[name]

    def cancelled(self, number: int) -> bool:
        """A task that does a request is cancelled. Whether the request was answered before."""
        known = self._by_number[number]
        known.cancelled = True
        return known.answered is not None

    def wait_for_engine(
        self,
        state: ServerState,
        left: Sequence[Work],
        readers: AbstractSet[int],
        told: Callable[[int, Collection[int]], bool],
        may: Mapping[int, AbstractSet[Reply]],
        step: int | None,
    ) -> None:
        """After `step` (None: when a request has arrived), nothing can move before the engine has done some of the work `left` or one of
        the clients `readers` has read, and all requests in flight wait for that (P14). `told`: whether the engine was told of an interrupt
        or a rollback, if it need not have been told of some others, which wait for a client. `may`: the answers that are right for each
        request as if it had no effect."""
        ahead: dict[int, frozenset[int]] = {}  # the clients for which the requests of each connection so far may wait
        excused: set[int] = set()
        suspects: list[tuple[int, Request]] = []
        for number, flight in state.flight:
            connection = flight.request.connection
            earlier = ahead.get(connection, frozenset())
            ahead[connection] = earlier | {connection} | self._about.get(target(flight.request), frozenset())
            tells = isinstance(flight.request, rq.TurnInterrupt | rq.Rollback) and not may[number]  # there is no answer that could wait
            if (earlier if tells else ahead[connection]) & readers or (connection in readers and self._behind_asked(number, connection)):
                excused.add(number)
            else:
                suspects.append((number, flight.request))
        for number, request in suspects:
            waiting = self._by_number[number]
            if waiting.waits_since is None and not may_wait(request, left) and not told(number, excused):
                waiting.held_up, waiting.waits_since = True, step
                waiting.waits_for_start = all(work.kind is WorkKind.STARTS for work in left)
                waiting.among_readers = bool(readers)
                waiting.untold = isinstance(request, rq.TurnInterrupt | rq.Rollback) and at_work(request.thread, left)

    def _behind_asked(self, number: int, connection: int) -> bool:
        """Whether an earlier request of the connection has subscribed it: its handler may still ask the client for approvals, which wait
        for room, though it is answered."""
        for earlier, known in self._by_number.items():
            if earlier == number:
                return False
            if known.done and known.request.connection == connection and isinstance(known.request, rq.SUBSCRIBES):
                return True
        return False

    def __iter__(self) -> Iterator[AcceptedRequest]:
        """In the order of arrival."""
        return iter(self._by_number.values())
