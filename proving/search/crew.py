"""Who does the work of a search: this process alone, or several that share the frontier (`proving.search.workers`)."""

import gc
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from subwarden.proving.search.folder import SearchFolder
from subwarden.proving.search.partition import LayerReport, Partition
from subwarden.proving.search.state_file import Layer
from subwarden.proving.search.visited import Ceiling, Place, capacity_of
from subwarden.proving.transition_system import Symmetry, TransitionSystem

Recipe = Callable[[], tuple[TransitionSystem, Symmetry | None]]  # makes the system in another process; can be pickled


@dataclass(frozen=True)
class Means:
    """What a search may use: `memory` in bytes for states (None: no bound), `jobs` processes, a `folder` in which its states are kept.
    `ceiling`: bytes that each process may take in all, as `used` counts them there."""

    memory: int | None = None
    jobs: int = 1
    folder: SearchFolder | None = None
    ceiling: int | None = None
    used: Callable[[], int] | None = None

    def new_ceiling(self) -> Ceiling | None:
        """The ceiling of this process."""
        return None if self.ceiling is None or self.used is None else Ceiling(self.ceiling, self.used)

    @property
    def path(self) -> Path | None:
        """The folder of the states that are kept."""
        return None if self.folder is None else self.folder.path


@contextmanager
def uncollected() -> Iterator[None]:
    """Garbage is not collected meanwhile: a search leaves no circles, and its states are many to look through."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Tick(NamedTuple):
    """How far a layer is."""

    left: int  # states that are not expanded yet
    found: int  # of the next layer, and known to be new
    on_disk: int


class Crew(Protocol):
    """Expands a search's states, layer by layer."""

    held: object  # temporary files go with it

    def start(self, initial: int) -> LayerReport:
        """Begin with the layer that has the initial state alone."""

    def resume(self, layers: Sequence[Layer]) -> None:
        """Go on after these layers."""

    def expand(self) -> Generator[Tick, None, None]:
        """Expand the last layer. Tells how far it is before each part of the work; the layer may be left there."""

    def finish(self) -> LayerReport:
        """End the layer."""

    def close(self) -> None:
        """Leave no process behind."""


class Alone:
    """This process alone."""

    def __init__(self, system: TransitionSystem, symmetry: Symmetry | None, means: Means) -> None:
        place = Place(means.path)
        self._partition = Partition(system, symmetry, place, capacity_of(means.memory, system.width), ceiling=means.new_ceiling())
        self.held: object = place

    def start(self, initial: int) -> LayerReport:
        """See `Crew`."""
        self._partition.take([initial])
        return self._partition.finish()

    def resume(self, layers: Sequence[Layer]) -> None:
        """See `Crew`."""
        self._partition.resume(layers)

    def expand(self) -> Generator[Tick, None, None]:
        """See `Crew`."""
        at = self._partition
        while at.left:
            yield Tick(at.left, at.visited.found, at.visited.on_disk)
            at.expand()

    def finish(self) -> LayerReport:
        """See `Crew`."""
        return self._partition.finish()

    def close(self) -> None:
        """See `Crew`."""
