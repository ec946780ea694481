"""Grows programs: those whose runs reached states that no other program of the round reached are kept, and varied.

The feedback of coverage-guided fuzzing (AFL: Zalewski, 2013), on programs. Its sign of progress is the state of the subject itself, as
`exploring.coverage.inner_states` looks at it: a counter that has gone up is progress, even if nothing else shows yet. Each round begins
without programs, so that the same round is the same in every process.
"""

from dataclasses import replace
from random import Random
from typing import Any

from subwarden.stateful_tests.exploring.drawing.varied import Vocabulary, varied

PATIENCE = 24  # runs of a program in a row that may reach nothing new
CANCELLING = 72  # the same where tasks are cancelled: each in its turn
LATE = 12  # the programs kept last are varied more than the others
TRIES = 20  # to make a program that is not known


class Growth:
    """The kept programs of a round. `patience`: runs in a row that may reach nothing new before a program is left."""

    def __init__(self, vocabulary: Vocabulary, patience: int = PATIENCE) -> None:
        self._vocabulary = vocabulary
        self._patience = patience
        self.begin()

    def begin(self) -> None:
        """A round begins."""
        self._kept: list[Any] = []
        self._known: set[object] = set()  # states that the programs so far reached
        self._driven: set[object] = set()  # the tasks of all programs so far
        self._new = False  # whether the present program was the first to reach some state
        self._idle = 0  # its runs since then
        self._driving = False  # else a program that somebody wrote is run, which is to have all its runs

    def drives(self, program: Any) -> None:
        """The runs of `program` are next."""
        self._driven.add(program.tasks)
        self._driving = True
        self._new, self._idle = False, 0

    def reached(self, state: object) -> None:
        """A run of the present program reached `state`."""
        self._idle += 1
        if state not in self._known:
            self._known.add(state)
            self._new, self._idle = True, 0

    @property
    def settled(self) -> bool:
        """Whether the present program is not worth more runs."""
        return self._driving and self._idle >= self._patience

    def driven(self, program: Any) -> None:
        """All runs of `program` have been made: keep it if they showed something new."""
        self._driving = False
        if self._new:
            self._kept.append(program)

    def next(self, random: Random) -> Any:
        """A variation of a kept program; None if there is none."""
        for _ in range(TRIES if self._kept else 0):
            among = self._kept[-LATE:] if random.random() < 0.75 else self._kept
            program = random.choice(among)
            tasks = varied(program.tasks, self._vocabulary, random)
            if tasks and tasks not in self._driven:
                return replace(program, tasks=tasks, faults=())
        return None
