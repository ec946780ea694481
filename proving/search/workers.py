"""Worker processes that share the frontier of a search (Stern and Dill 1997, "Parallelizing the Murphi Verifier").

Each worker owns the states that `owner_of` gives it: it alone expands and keeps them. Successors that another owns are sent there many at a
time, through this process, which looks into none of them. A layer ends when every worker has expanded all of its part and has received all
that was sent to it. So the layers, and all that is counted, are those of one process. Workers keep their layers in files, so that this
process reads them when a run is to be shown, or liveness to be judged.

Signals are for this process alone.
"""

import pickle
import traceback
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from subwarden.processes.child import Child, begin, speaking
from subwarden.proving.search.crew import Means, Recipe, Tick, uncollected
from subwarden.proving.search.partition import LayerReport, Partition, owner_of
from subwarden.proving.search.state_file import RESUME, CannotKeep, Layer
from subwarden.proving.search.visited import Ceiling, Place, capacity_of

CROWDED = 8_000_000  # bytes that wait for one worker, before those that send to it wait, too


class WorkerLost(Exception):
    """A worker of the search ended; the message is the line to show."""


class Workers:
    """A crew of `means.jobs` processes."""

    def __init__(self, recipe: Recipe, means: Means, width: int) -> None:
        self._jobs = means.jobs
        place = Place(means.path)
        self.held: object = place  # a temporary folder goes with it
        capacity = capacity_of(None if means.memory is None else means.memory // means.jobs, width)
        folder = place.file(0).parent
        self._pending: list[list[bytes]] = [[] for _ in range(self._jobs)]
        self._ticks = [Tick(0, 0, 0)] * self._jobs
        self._workers: list[Child] = []
        for owner in range(self._jobs):
            place_there = Place(folder, owner, self._jobs, safe=means.folder is not None)
            self._workers.append(Child(_work, recipe, place_there, capacity, (owner, self._jobs), means.new_ceiling()))

    # --- the contract of a crew

    def start(self, initial: int) -> LayerReport:
        """See `Crew`."""
        self._pending[owner_of(initial, self._jobs)].append(pickle.dumps([initial]))
        return self.finish()

    def resume(self, layers: Sequence[Layer]) -> None:
        """See `Crew`."""
        for worker in self._workers:
            worker.send(("resume", layers))
        for owner in range(self._jobs):
            self._ticks[owner] = self._received(owner)

    def expand(self) -> Generator[Tick, None, None]:
        """See `Crew`."""
        busy: set[int] = set()
        try:
            while True:
                yield self._tick()
                for owner in set(range(self._jobs)) - busy:
                    if self._pending[owner] or (self._ticks[owner].left and not self._crowded()):
                        self._workers[owner].send(("go", self._take_pending(owner)))
                        busy.add(owner)
                if not busy:
                    return
                for worker in speaking([self._workers[owner] for owner in busy]):
                    owner = self._workers.index(worker)
                    busy.discard(owner)
                    self._hear(owner)
        finally:  # left in the middle: what was begun is heard out
            for owner in busy:
                self._hear(owner)

    def finish(self) -> LayerReport:
        """See `Crew`."""
        for owner, worker in enumerate(self._workers):
            worker.send(("finish", self._take_pending(owner)))
        reports: list[LayerReport] = []
        for owner in range(self._jobs):
            report, self._ticks[owner] = self._received(owner)
            reports.append(report)
        return LayerReport(
            Layer([part for report in reports for part in report.layer.parts]),
            sum(report.expanded for report in reports),
            sum(report.orbits for report in reports),
            set().union(*(report.suspects for report in reports)),
            set().union(*(report.sources for report in reports)),
            sum((report.kinds for report in reports), Counter()),
            {name: any(report.met[name] for report in reports) for name in reports[0].met},
        )

    def close(self) -> None:
        """See `Crew`."""
        for worker in self._workers:
            worker.end()

    # --- pipes

    def _tick(self) -> Tick:
        left, found, on_disk = (sum(numbers) for numbers in zip(*self._ticks, strict=True))
        return Tick(left, found, on_disk)

    def _crowded(self) -> bool:
        return any(sum(map(len, pending)) > CROWDED for pending in self._pending)

    def _take_pending(self, owner: int) -> list[bytes]:
        pending, self._pending[owner] = self._pending[owner], []
        return pending

    def _hear(self, owner: int) -> None:
        self._ticks[owner], batches = self._received(owner)
        for to, batch in batches.items():
            self._pending[to].append(batch)

    def _received(self, owner: int) -> Any:
        try:
            what, about = self._workers[owner].pipe.recv()
        except (EOFError, ConnectionError):
            code = self._workers[owner].exit_code() or 0
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise WorkerLost(f"a worker {how}; if the machine has no memory left, give less --memory or fewer --jobs; {RESUME}") from None
        if what == "cannot keep":
            raise CannotKeep(about)
        if what == "error":
            raise RuntimeError(f"a worker of the search failed\n{about}")
        return about


def _work(
    pipe: "Connection[Any, Any]", recipe: Recipe, place: Place, capacity: int | None, share: tuple[int, int], ceiling: Ceiling | None
) -> None:
    """A worker's life."""
    begin()
    with suppress(EOFError, ConnectionError), uncollected():  # the search has ended
        try:
            system, symmetry = recipe()
            partition = Partition(system, symmetry, place, capacity, *share, ceiling)
            while True:
                pipe.send(("done", _do(partition, *pipe.recv())))
        except CannotKeep as error:
            pipe.send(("cannot keep", str(error)))
        except (EOFError, ConnectionError):
            raise
        except Exception:
            pipe.send(("error", traceback.format_exc()))


def _do(partition: Partition, what: str, about: Any) -> Any:
    if what == "resume":
        partition.resume(about)
        return _tick_of(partition)
    for batch in about:
        partition.take(pickle.loads(batch))
    if what == "finish":
        report = partition.finish()
        return report, _tick_of(partition)
    batches = partition.expand() if partition.left else []
    return _tick_of(partition), {to: pickle.dumps(batch) for to, batch in enumerate(batches) if batch}


def _tick_of(partition: Partition) -> Tick:
    return Tick(partition.left, partition.visited.found, partition.visited.on_disk)
