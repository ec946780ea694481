"""Level manager, which checks the manager's own API. See `stateful_tests.exploring.level`."""

from collections.abc import Iterable
from typing import Any

from subwarden.checking.manager.graph import ManagerGraph
from subwarden.impl.manager import state_operations
from subwarden.model.manager.operations import BY_NAME, OPERATIONS, STATE_OPERATIONS, StateListenerMatches, StateSetListener
from subwarden.model.manager.words import say_operation
from subwarden.proving.manager.kinds import KINDS
from subwarden.reports.script.manager import write
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.awaits import awaits_in, modules_of
from subwarden.stateful_tests.exploring.coverage.overlap import pairs
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind, fired, points
from subwarden.stateful_tests.exploring.drawing.chains import ChainLevel
from subwarden.stateful_tests.exploring.drawing.machine import bound
from subwarden.stateful_tests.exploring.level import Drawing, Factory
from subwarden.stateful_tests.subjects.manager.claim import claimant
from subwarden.stateful_tests.subjects.manager.compiled import compile_program
from subwarden.stateful_tests.subjects.manager.machine import ManagerMachine
from subwarden.stateful_tests.subjects.manager.play import CONVERSATIONS, ManagerPlay
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram
from subwarden.stateful_tests.subjects.manager.simpler import simpler

RULES = (*(o.name for o in OPERATIONS if not o.name.startswith(("state_", "hold_"))), "advance", "settle", "cancel")
CANCELLATIONS = ("while waiting for M", "while waiting for T", "while woken already", "while waiting outside")
OVERLAPS = pairs(o.name for o in OPERATIONS)


class ManagerLevel(ChainLevel):
    """See `stateful_tests.exploring.level.Level`."""

    name = "manager"
    code: int | str = 1
    drawn_as = "level 1"
    scope = ""
    share = 0.3
    windows = False
    new_graph = ManagerGraph
    play = ManagerPlay
    prepare = staticmethod(compile_program)
    simpler = staticmethod(simpler)
    claimant = staticmethod(claimant)
    write_script = staticmethod(write)
    say_operation = staticmethod(say_operation)

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draw programs."""
        return bound(ManagerMachine, drawing)

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """Every rule, operation and kind of transition, and every moment at which a task can be cancelled."""
        expected = points(PointKind.RULE, (rule for rule in RULES if rule != "cancel" or cancellation))
        expected |= points(PointKind.OPERATION, (o.name for o in OPERATIONS))
        expected |= points(PointKind.TRANSITION, (kind for kind in KINDS if kind.split(":")[0] in BY_NAME))
        return expected | (points(PointKind.CANCELLATION, CANCELLATIONS) if cancellation else set())

    def absent(self, factory: Factory) -> set[Point]:
        """None: every manager has every operation."""
        return set()

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The points of coverage, named as in `expected`, of the kinds of transitions that fired."""
        return fired(kinds)

    def brings(self, factory: Factory) -> set[Point]:
        """None: the same is expected of every manager."""
        return set()

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """All pairs of operations."""
        return OVERLAPS

    def awaits(self, factory: Factory) -> set[str]:
        """Those in the modules of the manager's class and its bases, and in our operations on a thread's state."""
        return awaits_in([state_operations, *modules_of(type(factory()))])

    def decode(self, data: object) -> ManagerProgram:
        """The program that `data` encodes. Refuses one that makes no sense: it would look like a run that holds, or like a defect."""
        program = ManagerProgram.decode(data)
        if not program.tasks:
            raise ValueError("its program has no tasks")
        for chain in program.tasks:
            if isinstance(chain[0], STATE_OPERATIONS):
                raise ValueError(f"a task starts with {chain[0].name}, before it has a state")
            for operation in chain:
                if isinstance(operation, StateSetListener | StateListenerMatches) and operation.conversation not in CONVERSATIONS:
                    raise ValueError(f"{operation.name}: conversations are numbered from {min(CONVERSATIONS)} to {max(CONVERSATIONS)}")
        return program


MANAGER_LEVEL = ManagerLevel()
