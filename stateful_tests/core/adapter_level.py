"""What the levels of adapters have in common, whichever model an adapter is held against.

A task of their programs is a chain of calls, and what may go wrong is that it is cancelled.
"""

from dataclasses import replace
from random import Random

from stateful_tests.core.adapter import Adapter
from stateful_tests.core.program import Program
from stateful_tests.exploring.level import Factory
from stateful_tests.level1.awaits import awaits_in, modules_of


class AdapterLevel:
    """See `stateful_tests.exploring.level.Level`, of which this is a part."""

    share = 1.0

    def variants(self, program: Program, cancellation: bool, random: Random) -> list[Program]:
        """The program with nothing cancelled or, with `cancellation`, with each task in turn and some pairs."""
        tasks = range(len(program.tasks))
        if not cancellation:
            return [self.with_faults(program, 0)]
        singles = [replace(program, faults=(at,)) for at in tasks]
        drawn = [replace(program, faults=tuple(sorted(random.sample(tasks, 2)))) for _ in tasks] if len(tasks) > 1 else []
        return singles + drawn

    def with_faults(self, program: Program, times: int) -> Program:
        """The program in which each task may be cancelled `times` times. What the environment may do to it is not counted."""
        return replace(program, faults=tuple(at for at in range(len(program.tasks)) for _ in range(times)))

    def absent(self, factory: Factory) -> set[str]:
        """What of that an adapter does not have."""
        adapter: Adapter = factory()
        return set(adapter.absent)

    def awaits(self, factory: Factory) -> set[str]:
        """See `stateful_tests.level1.awaits`; those of the adapter's own module, not of what that imports."""
        adapter: Adapter = factory()
        return awaits_in(modules_of(adapter.kind.type))

    def cancels(self, program: Program) -> bool:
        """Whether some task may be cancelled."""
        return bool(program.faults)

    def say_fault(self, program: Program, place: int) -> str:
        """Whether the task at `place` may be cancelled."""
        return "may be cancelled" if place in program.faults else ""
