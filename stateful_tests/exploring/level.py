"""The protocol of a level: a vocabulary of operations with a model and a judge.

The code that all levels share (exploring, shrinking, narrating, replaying) knows a level by this protocol only, and is handed the levels
that it needs.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple, Protocol

from subwarden.checking.causes import Cause
from subwarden.reports.html.trace_record import StateRecord
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.coverage.points import Point
from subwarden.stateful_tests.exploring.drawing.varied import Vocabulary
from subwarden.stateful_tests.exploring.findings.claimant import Claimant
from subwarden.stateful_tests.exploring.findings.pictured.model_moves import ModelMoves
from subwarden.stateful_tests.exploring.observers import Observer

Names = list[str]
Factory = Callable[..., Any]  # makes a fresh subject; its arguments are the level's business
# given a program, and the schedule and the violations of its run; None: the run was given up before its end
Drawn = Callable[[Any, Names, dict[Cause, int] | None], object]


class Program(Protocol):
    """Pure data that a schedule plays: tasks, each a chain of operations, and the faults that may happen."""

    @property
    def tasks(self) -> tuple[tuple[Any, ...], ...]:
        """The operations of each task, in order; an operation has a `name`."""

    @property
    def faults(self) -> tuple[Any, ...]:
        """The faults that may happen in a run, each at most once."""

    def operations(self) -> int:
        """The number of operations in all tasks."""

    def encode(self) -> dict[str, object]:
        """As plain data."""


class RunJudge(Protocol):
    """Judges a run after every step, and keeps the violations."""

    violations: dict[Cause, int]
    details: dict[Cause, str]
    steps: int
    show_raised: Exception | None
    shows_by: str  # the name of the subject's method that shows its maps

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

    def state(self) -> StateRecord:
        """The subject's state beside the model's, now."""

    def moves(self) -> ModelMoves | None:
        """The model alone, to go through the states that a program may lead to; None where calls do not say what it does next."""

    def explain(self, cause: Cause) -> str:
        """The judge's evidence of `cause`: what the subject did, and what the model allows; empty where the cause says it all."""


class Play(Protocol):
    """One run of a program on a subject. It is played by scheduling its loop."""

    loop: ControlledLoop
    happened: set[Point]  # points of coverage that only the play sees

    @property
    def at_stake(self) -> Iterable[tuple[str, bool]]:
        """The duties that were at stake so far, and again with True those that the subject could have broken."""

    audience: Any  # the judge, or the judge and all observers (`exploring.observers.audience_of`); the driver of the run tells it `stepped`

    @property
    def subject(self) -> object:
        """The object under test."""

    @property
    def judge(self) -> RunJudge:
        """Its judge."""

    def finish(self) -> None:
        """The run is quiescent: judge what must hold then."""

    def let_go(self) -> None:
        """Forget the tasks: a cancelled task keeps its frames, and these keep the play, in a circle."""

    def digest(self) -> Hashable:
        """The end state that shows: equal for states that nobody could tell apart, and with the same `repr` in every process."""

    def lock_name(self, lock: Any) -> str:
        """The name of `lock` in reports."""

    def lock_kind(self, lock: Any) -> str:
        """The kind of `lock`, for the order of locks (P13)."""

    def narrator(self) -> Narrator:
        """The narrator of this run; asked for before its first step."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The task of a rule machine: the subject, order and faults to draw for, and the sets that collect coverage. Once `enough()`,
    examples are empty. `graph` gives the level's `new_graph()` with what the judges of other runs have worked out.
    """

    factory: Factory
    order: Order
    cancel: bool
    drawn: Drawn
    enough: Callable[[], bool]
    fired: set[str]
    rules: set[str]
    happened: set[Point]
    transitions: set[Any]
    graph: Callable[[], Any]


class FailingRun(NamedTuple):
    """The run that a finding is about."""

    order: Order
    program: Any
    names: Sequence[str]
    cause: Cause


class Level(Protocol):
    """One level. It has no state: the graph that runs share (`new_graph`) belongs to their runner."""

    name: str
    code: int | str  # the level in a replay
    drawn_as: str  # seeds the draws, beside order and number: another name would draw other programs
    scope: str  # names its points of coverage among those of other levels; empty for level manager
    loop_class: type[ControlledLoop]  # of the loops on which it is played
    share: float  # of a profile's schedules: levels with longer runs make fewer
    windows: bool  # programs are long, and in some runs only a part of them is to race

    def new_graph(self) -> Any:
        """The graph of the model's states, which the runs of one runner share."""

    def prepare(self, program: Any) -> Any:
        """`program`, made ready for many runs."""

    def play(
        self, factory: Factory, prepared: Any, loop: ControlledLoop, graph: Any, fired: set[str], observers: Sequence[Observer] = ()
    ) -> Play:
        """A run, ready to be scheduled; `observers` hear of it. `fired` is given the kinds of the model's transitions that happen."""

    def machine(self, drawing: Drawing) -> Any:
        """A class of rule machines that draw programs."""

    def vocabulary(self, factory: Factory) -> Vocabulary | None:
        """The subject's operations, by which programs are varied; None: they are not."""

    def variants(self, program: Any, cancellation: bool, random: Random) -> list[Any]:
        """The variants of `program`: without faults or, with `cancellation`, with each choice of faults. One that is there twice has two
        shares.
        """

    def with_faults(self, program: Any, times: int) -> Any:
        """`program` with each of its possible faults `times` times; 0: without faults."""

    def simpler(self, program: Any, names: Names) -> Iterator[tuple[Any, Names]]:
        """Simpler programs, in the order in which to try them, each with its schedule in the names of its own tasks."""

    def expected(self, order: Order, cancellation: bool) -> set[Point]:
        """The points of coverage that must fire in some check for a pass not to be vacuous, beside those that every level expects."""

    def scenes(self) -> Sequence[Any]:
        """Programs that a gate plays whatever is drawn: a drawing may leave some of them out."""

    def sure_of(self, order: Order) -> Mapping[Point, Any]:
        """Programs whose first schedule covers these expected points. A gate plays them where no drawn program did."""

    def brings(self, factory: Factory) -> set[Point]:
        """The points of coverage that must fire as well, because the subject brings them."""

    def absent(self, factory: Factory) -> set[Point]:
        """The expected points of coverage that the subject cannot reach."""

    def fired(self, kinds: Iterable[str]) -> set[Point]:
        """The points of coverage of these kinds of the model's transitions."""

    def overlaps(self, factory: Factory) -> frozenset[str]:
        """The pairs of the subject's operations that may overlap, as `coverage.overlap` names them."""

    def awaits(self, factory: Factory) -> set[str]:
        """path:line of every place in the subject's code where a task may be suspended."""

    def decode(self, data: object) -> Any:
        """The program that its `encode` wrote as `data`. Raises ValueError with the reason."""

    def claimant(self, run: FailingRun) -> Claimant:
        """An observer of `run` that afterwards gives the claims which a script of plain asyncio can assert."""

    def write_script(self, record: dict[str, Any]) -> str:
        """The text of the script, from a finding's record with the claimant's data as `plain`."""

    def say_operation(self, operation: Any) -> str:
        """`operation` in words."""

    def cancels(self, program: Any) -> bool:
        """Whether something may be cancelled: a violation that needs a cancellation breaks P11, beside its own property."""

    def say_fault(self, program: Any, place: int) -> str:
        """The faults that the task at `place` may meet, in words; empty: none."""
