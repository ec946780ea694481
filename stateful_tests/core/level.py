"""The core level, as what is common to all levels sees it."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from checking.core.worlds import Graph
from model.core import CORE_BY_NAME, CORE_KINDS, CoreOperation
from scheduling.loop import ControlledLoop
from scheduling.order import Order
from stateful_tests.core.adapter import Adapter
from stateful_tests.core.machine import CoreMachine
from stateful_tests.core.play import Play
from stateful_tests.core.program import Prepared, Program, prepare, say_operation
from stateful_tests.core.script import scripted
from stateful_tests.core.simpler import simpler
from stateful_tests.exploring.level import Drawing, Factory, Names, Run
from stateful_tests.exploring.machine import bound
from stateful_tests.exploring.overlap import pairs
from stateful_tests.level1.awaits import awaits_in, modules_of

RULES = (*CORE_BY_NAME, "advance", "settle", "cancel")
OVERLAPS = pairs(CORE_BY_NAME)


class Core:
    """See `stateful_tests.exploring.level.Level`."""

    name = "core"
    number: int | str = "core"
    prefix = "core: "
    share = 1.0

    def new_graph(self) -> Graph:
        """The model's states that runs have in common."""
        return Graph()

    def prepare(self, program: Program) -> Prepared:
        """Its tasks, compiled."""
        return prepare(program)

    def play(self, factory: Factory, prepared: Prepared, loop: ControlledLoop, graph: Graph, fired: set[str]) -> Play:
        """A run that is ready to be scheduled."""
        return Play(factory, prepared, loop, graph, fired)

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draws programs."""
        return bound(CoreMachine, drawing)

    def variants(self, program: Program, cancellation: bool, random: Random) -> list[Program]:
        """The program with nothing cancelled or, with `cancellation`, with each task in turn and some pairs."""
        tasks = range(len(program.tasks))
        if not cancellation:
            return [self.with_faults(program, 0)]
        singles = [Program(program.tasks, (at,)) for at in tasks]
        drawn = [Program(program.tasks, tuple(sorted(random.sample(tasks, 2)))) for _ in tasks] if len(tasks) > 1 else []
        return singles + drawn

    def with_faults(self, program: Program, times: int) -> Program:
        """The program in which each task may be cancelled `times` times. What the environment may do to it is not counted."""
        return Program(program.tasks, tuple(at for at in range(len(program.tasks)) for _ in range(times)))

    def simpler(self, program: Program, names: Names) -> Iterator[tuple[Program, Names]]:
        """See `stateful_tests.core.simpler`."""
        return simpler(program, names)

    def expected(self, order: Order, cancellation: bool) -> set[str]:
        """Every rule, operation and kind of transition, and with `cancellation` that there was one."""
        expected = {f"rule {rule}" for rule in RULES if rule != "cancel" or cancellation}
        expected |= {f"operation {name}" for name in CORE_BY_NAME} | {f"transition {kind}" for kind in CORE_KINDS}
        return expected | ({"cancellation while about to run"} if cancellation else set())

    def absent(self, factory: Factory) -> set[str]:
        """What of that an adapter does not have."""
        adapter: Adapter = factory()
        return set(adapter.absent)

    def fired(self, kinds: Iterable[str]) -> set[str]:
        """Kinds of transitions, and their operations, by the names that `expected` gives them."""
        return {name for kind in kinds if kind for name in (f"transition {kind}", f"operation {kind.split(':')[0]}")}

    def overlaps(self) -> frozenset[str]:
        """All pairs of operations."""
        return OVERLAPS

    def awaits(self, factory: Factory) -> set[str]:
        """See `stateful_tests.level1.awaits`; those of the adapter's own module, not of what that imports."""
        adapter: Adapter = factory()
        return awaits_in(modules_of(adapter.kind.type))

    def decode(self, data: object) -> Program:
        """What `Program.encode` wrote."""
        return Program.decode(data)

    def scripted(self, told: dict[str, Any], subject: str, factory: Factory, run: Run) -> dict[str, Any]:
        """See `stateful_tests.core.script`."""
        return scripted(told, subject, factory, run)

    def say_operation(self, operation: CoreOperation) -> str:
        """In words."""
        return say_operation(operation)

    def cancels(self, program: Program) -> bool:
        """Whether some task may be cancelled."""
        return bool(program.faults)

    def say_fault(self, program: Program, place: int) -> str:
        """Whether the task at `place` may be cancelled."""
        return "may be cancelled" if place in program.faults else ""


CORE = Core()
