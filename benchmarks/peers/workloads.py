"""The workloads that every tool runs: the state of a run, its concurrent coroutines, and the check at its end."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import Any, NamedTuple

from subwarden.stateful_tests.specimens.races import split_lock
from subwarden.stateful_tests.specimens.races.split_lock import SplitLock
from subwarden.stateful_tests.specimens.races.stream_chat import chat

CROWD = 3  # additional tasks in a crowded workload

Task = Callable[[Any], Coroutine[Any, Any, Any]]


class Workload(NamedTuple):
    """`start` makes a run's state, `tasks` the coroutines on it; `ended_well` checks the state after all have ended."""

    start: Callable[[], Any]
    tasks: tuple[Task, ...]
    ended_well: Callable[[Any], bool]


def _split_lock(*, fixed: bool, crowd: int = 0, suspend: bool = False) -> Workload:
    many = len(split_lock.CALLS) + crowd
    return Workload(
        partial(SplitLock, fixed, suspend=suspend),
        tuple(partial(split_lock.call, at) for at in range(many)),
        lambda manager: not manager.phantoms(),
    )


def _manager() -> Workload:
    from subwarden.benchmarks.peers.manager_calls import CHAINS, calls  # noqa: PLC0415  # some tools pay for all loaded modules in every run
    from subwarden.impl.manager.manager import Manager  # noqa: PLC0415  # as above

    return Workload(Manager, tuple(partial(calls, chain=chain, suspend=True) for chain in CHAINS), lambda _: True)


FIXED, BUGGY, CROWDED, MANAGER = "split lock, fixed", "split lock", "split lock and three more tasks", "manager, 3 x 3 operations"
CROWDED_FIXED = "split lock and three more tasks, fixed"
SUSPENDING = "split lock, fixed, a free lock suspends"
_MADE: dict[str, Callable[[], Workload]] = {
    FIXED: partial(_split_lock, fixed=True),
    SUSPENDING: partial(_split_lock, fixed=True, suspend=True),
    BUGGY: partial(_split_lock, fixed=False),
    CROWDED: partial(_split_lock, fixed=False, crowd=CROWD),
    CROWDED_FIXED: partial(_split_lock, fixed=True, crowd=CROWD),
    MANAGER: _manager,
}


CHAT_FIXED, CHAT = "chat over streams, fixed", "chat over streams"  # these need a network, and are one coroutine


@cache
def workload(name: str) -> Workload:
    """The workload called `name`. Raises LookupError for one that needs a network."""
    if name not in _MADE:
        raise LookupError("it has no network")
    return _MADE[name]()


def main_of(name: str, host: str = "localhost") -> Callable[[], Coroutine[Any, Any, None]]:
    """The workload `name` as one coroutine function, which raises AssertionError unless it ends well. `host`: where a server is."""
    if name in (CHAT, CHAT_FIXED):
        return partial(chat, name == CHAT_FIXED, host)
    made = workload(name)

    async def main() -> None:
        state = made.start()
        await asyncio.gather(*(task(state) for task in made.tasks))
        if not made.ended_well(state):
            raise AssertionError("it did not end well")

    return main
