"""A model as level exec asks it. All share the protocol's messages; operations, answers and visible states are the model's own."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from subwarden.checking.linearizability.history import Moment
from subwarden.checking.linearizability.verdict import Judgement
from subwarden.reports.html.trace_record import ModelMovesRecord, StateRecord

if TYPE_CHECKING:
    from subwarden.stateful_tests.exec.messages import Hello
    from subwarden.stateful_tests.exec.play import ExecPlay, ExecRun
    from subwarden.stateful_tests.exec.program import ExecProgram
    from subwarden.stateful_tests.exec.session import Session

Operation = Any  # one of the model's: it has a name
Shown = Any  # a visible state, as the model reads it


class ExecModel(Protocol):
    """One model. `named`: the model in the words of the command line, empty for the core model; `specification` reads and says calls and
    answers (`checking.linearizability.specification`).
    """

    named: str
    specification: Any

    def of(self, hello: "Hello") -> "ExecModel":
        """This model, as a process with this hello is judged. Raises Garbled."""

    def offered(self, names: Sequence[str]) -> tuple[str, ...]:
        """The operations that a process offers by these names. Raises Garbled."""

    def shown(self, result: object) -> Shown | None:
        """The answer to observe; None if the process is in the middle of a change. Raises Garbled."""

    def draw(self, random: Random, offered: Sequence[str]) -> "ExecProgram":
        """A small program of the operations offered."""

    def kinds(self, offered: Sequence[str]) -> frozenset[str]:
        """The kinds of transition that a pass must have seen."""

    def play(self, session: "Session", program: "ExecProgram") -> "ExecPlay":
        """A run of `program`, judged by this model."""

    def judged(self, history: Iterable[Moment]) -> Judgement:
        """The judgement of a run's history, as `subwarden check` gives it."""

    def pictured(self, run: "ExecRun") -> "Pictured":
        """For pages: `run` beside the model."""


class Pictured(Protocol):
    """The model's side of one run, for pages. `followed`: whether the model explains the run as far as it was asked for."""

    followed: bool

    def before(self) -> StateRecord:
        """The first moment, before the process has shown anything."""

    def after(self, time: int, shown: Shown | None, *, visible: bool) -> StateRecord:
        """The states after all events up to `time`, beside `shown`, the last visible state. Times never go back."""

    def moves(self) -> ModelMovesRecord | None:
        """The model's states to which the run's program may lead, in words as the moments have them; None if they are too many."""
