"""What a level has to say so that its programs can be explored, made smaller, told and replayed.

A level is a vocabulary of operations with a model and a judge. What is common to all is written once, beside this file, and knows a
level only by this protocol; `stateful_tests.subjects.levels` has them by name.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple, Protocol

from subwarden.checking.causes import Cause
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.points import Point
from subwarden.stateful_tests.exploring.findings.claimant import Claimant
from subwarden.stateful_tests.exploring.observers import Observer

Names = list[str]
Factory = Callable[..., Any]  # a fresh subject; what it is given is the level's business
# given a program, the schedule that was played, and what was broken; None: the run was given up before its end
Drawn = Callable[[Any, Names, dict[Cause, int] | None], object]


class Program(Protocol):
    """Pure data that a schedule plays: tasks, each a chain of operations, and the faults that may happen."""

    @property
    def tasks(self) -> tuple[tuple[Any, ...], ...]:
        """What each task does; operations have a `name`."""

    @property
    def faults(self) -> tuple[Any, ...]:
        """What may go wrong in a run, each at most once."""

    def operations(self) -> int:
        """How many operations there are in all."""

    def encode(self) -> dict[str, object]:
        """As plain data."""


class RunJudge(Protocol):
    """Looks after every step, and keeps what was wrong."""

    violations: dict[Cause, int]
    details: dict[Cause, str]
    steps: int
    show_raised: Exception | None
    shows_by: str  # the subject's method that shows its maps

    def stepped(self) -> bool:
        """A step has run."""

    def violated(self, cause: Cause, detail: str = "") -> None:
        """Record `cause` at the present step."""


class Narrator(Protocol):
    """Puts one run into words, once a step has run."""

    def lock(self, verb: str, lock: Any) -> str:
        """A task `takes`, `releases` or `waits for` a lock."""

    def call(self, verb: str, operation: Any) -> str:
        """A task `calls` an operation, `is cancelled in` it or `raises ... in` it."""

    def answer(self, operation: Any, answer: Any) -> str:
        """The call of an operation returned."""

    def message(self, client: Any, message: Any) -> str:
        """A message is on its way to a client."""

    def changes(self) -> list[str]:
        """The differences between the maps now and at the last call of this method."""


class Play(Protocol):
    """One run of a program on a subject: whatever schedules its loop plays it."""

    loop: ControlledLoop
    happened: set[Point]  # points of coverage that only the play sees
    audience: Any  # the judge, or the judge and all observers (`exploring.observers.audience_of`); the driver of the run tells it `stepped`

    @property
    def judge(self) -> RunJudge:
        """Its judge."""

    def finish(self) -> None:
        """The run is quiescent: judge what must hold then."""

    def let_go(self) -> None:
        """Forget the tasks: a cancelled one keeps its frames, and those keep this, in a circle."""

    def digest(self) -> Hashable:
        """What shows at the end; equal for ends that nobody could tell apart, and with the same `repr` in every process."""

    def lock_name(self, lock: Any) -> str:
        """What reports call `lock`."""

    def lock_kind(self, lock: Any) -> str:
        """Which kind of lock it is, for the order of locks (P13)."""

    def narrator(self) -> Narrator:
        """The narrator of this run; asked for before its first step."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a rule machine is to draw for, and where it says what happened. Once `enough()`, examples are empty."""

    factory: Factory
    order: Order
    cancel: bool
    drawn: Drawn
    enough: Callable[[], bool]
    fired: set[str]
    rules: set[str]
    happened: set[Point]
    transitions: set[Any]


class FailingRun(NamedTuple):
    """The run that a finding is about."""

    order: Order
    program: Any
    names: Sequence[str]
    cause: Cause


class Level(Protocol):
    """One level. Stateless: what runs share (`new_graph`) belongs to their runner."""

    name: str
    code: int | str  # what a replay says
    drawn_as: str  # what draws are seeded by, beside their order and number: another name would draw other programs
    scope: str  # names its points of coverage among those of other levels; empty for level manager
    share: float  # of a profile's schedules: of longer runs there are fewer

    def new_graph(self) -> Any:
        """What runs of one runner share, so that the model's work is done once."""

    def prepare(self, program: Any) -> Any:
        """What would be worked out in every run of `program` again."""

    def play(
        self, factory: Factory, prepared: Any, loop: ControlledLoop, graph: Any, fired: set[str], observers: Sequence[Observer] = ()
    ) -> Play:
        """A run, ready to be scheduled; `observers` hear of it. `fired` is given the kinds of the model's transitions that happen."""

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draws programs."""

    def variants(self, program: Any, cancellation: bool, random: Random) -> list[Any]:
        """The program with nothing going wrong or, with `cancellation`, each way it may. What comes twice has two shares."""

    def with_faults(self, program: Any, times: int) -> Any:
        """The program in which each thing that may go wrong may do so, `times` times; 0: nothing may."""

    def simpler(self, program: Any, names: Names) -> Iterator[tuple[Any, Names]]:
        """Simpler programs, in the order in which they should be tried, each with the schedule in its own names."""

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """The points of coverage that must fire in some check for a pass not to be vacuous, beside those that every level expects."""

    def brings(self, factory: Factory) -> set[Point]:
        """The points of coverage that must fire as well, because the subject brings them."""

    def absent(self, factory: Factory) -> set[Point]:
        """The expected points of coverage that the subject cannot reach."""

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The points of coverage of these kinds of the model's transitions."""

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """Which pairs of operations of what `factory` makes may be under way at once, as `exploring.overlap` names them."""

    def awaits(self, factory: Factory) -> set[str]:
        """module:line of every place in the code of what `factory` makes where a task may be suspended."""

    def decode(self, data: object) -> Any:
        """A program that can be played, from what its `encode` wrote. Raises ValueError, saying what is wrong."""

    def claimant(self, run: FailingRun) -> Claimant:
        """An observer that says, when it has heard of `run`, what a script of plain asyncio can assert of it."""

    def write_script(self, record: dict[str, Any]) -> str:
        """The text of the script, from a finding's record whose `plain` is what a claimant said."""

    def say_operation(self, operation: Any) -> str:
        """In words."""

    def cancels(self, program: Any) -> bool:
        """Whether something may be cancelled: what fails only then breaks P11, whatever else it breaks."""

    def say_fault(self, program: Any, place: int) -> str:
        """What may go wrong with the task at `place`, in words; empty: nothing."""
