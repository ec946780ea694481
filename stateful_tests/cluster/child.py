"""A process beside a Dask worker, which does a task: a subject needs the main thread, a string hash of its own, and may die."""

import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from subwarden.checking.place import path_of
from subwarden.processes.lifeline import go_with_parent
from subwarden.stateful_tests.explore.searching.worker import work as explore
from subwarden.stateful_tests.hunt.worker import work
from subwarden.stateful_tests.score.worker import work as judge
from subwarden.stateful_tests.subjects.loading import ARRIVAL

IDLE = 60.0  # seconds without a portion, after which an exploration is over: its client may have died


def serve(fd: int, parent: int) -> None:
    """Do the assignment that comes from `fd`, and say there what `worker.work` says."""
    go_with_parent(parent)
    pipe: Connection[Any, Any] = Connection(fd)
    sys.path[:], assignment, prefix, memory, note = pipe.recv()
    ARRIVAL.arrived = True
    work(_Renaming(pipe, our_prefix(), prefix), assignment, memory, note)  # type: ignore[arg-type]  # it has what a worker calls


def serve_exploring(fd: int, parent: int) -> None:
    """Do the portions of an exploration that come from `fd`, until nobody sends one any more."""
    go_with_parent(parent)
    pipe: Connection[Any, Any] = Connection(fd)
    sys.path[:], scenario, leave, memory, note = pipe.recv()
    ARRIVAL.arrived = True
    explore(pipe, scenario, leave, memory, note, IDLE)


def serve_scoring(fd: int, parent: int) -> None:
    """Judge the fault that comes from `fd`."""
    go_with_parent(parent)
    pipe: Connection[Any, Any] = Connection(fd)
    sys.path[:], memory, note = pipe.recv()
    ARRIVAL.arrived = True
    judge(pipe, memory, note, IDLE)


def our_prefix() -> str:
    """The beginning of the names of places in this package, as they are told from the current folder."""
    return path_of(str(Path(__file__).parents[2] / "x"))[:-1]


class _Renaming:
    """A pipe that tells places in this package by the names that they have where the hunt runs."""

    def __init__(self, pipe: "Connection[Any, Any]", ours: str, theirs: str) -> None:
        self.poll, self.recv = pipe.poll, pipe.recv
        self._pipe = pipe
        self._ours, self._theirs = ours, theirs

    def send(self, message: tuple[str, Any]) -> None:
        """Send a message of a worker."""
        if message[0] == "work":
            for work in message[1].values():
                work.closely.awaits = {self._named(place) for place in work.closely.awaits}
        self._pipe.send(message)

    def _named(self, place: str) -> str:
        return self._theirs + place.removeprefix(self._ours) if place.startswith(self._ours) else place
