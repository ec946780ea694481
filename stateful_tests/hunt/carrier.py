"""The seam between a hunt and whoever carries its work: processes of this machine, or a cluster. A hunt knows no more of them than this.

A carrier is given assignments, one for each lane of the hunt, and hands back what their workers say. `worker` is the number of a lane.
"""

from collections.abc import Collection, Iterable
from typing import Any, Protocol

from subwarden.stateful_tests.hunt.worker import Assignment

LAST_WORDS = ("done", "bad", "failed", "paused")  # after which an assignment has ended, and is not lost
Heard = tuple[int, str, Any]  # the lane, the message, and what it is about


class Carrier(Protocol):
    """Carries assignments out."""

    gone: str | None  # why nothing can be carried any more, such as a scheduler that has died
    patience: float  # seconds that it needs, at most, until the last word of a worker is heard

    def start(self, worker: int, assignment: Assignment, hash_seed: int) -> int | str:
        """Begin `assignment`, which is that of no other worker any more. Returns its process, or its task."""

    def running(self) -> Collection[int]:
        """The lanes whose assignments have not ended."""

    def heard(self, timeout: float) -> Iterable[Heard]:
        """The messages since the last time, in order for each lane; waits up to `timeout` seconds for the first.

        Beside the messages of `worker.work`: ("lost", how) of a worker that was killed, whose work is to be done again; ("early", Kept),
        a finding that is told once more; ("poisoned", how) of work that killed every worker; ("retried", how) of work that another has
        taken; ("said", line).
        """

    def send(self, message: tuple[str, Any]) -> None:
        """Tell all that run: ("stop", None), or ("known", (Cause, Rank)), which may come late or never."""

    def close(self) -> None:
        """End all that runs."""
