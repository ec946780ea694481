"""Grows programs: those whose runs reached states that no other program of the round reached are kept, and varied.

The feedback of coverage-guided fuzzing (AFL: Zalewski, 2013), on programs. Its sign of progress is the state of the subject itself, as
`exploring.coverage.inner_states` looks at it: a counter that has gone up is progress, even if nothing else shows yet. Each round begins
without programs, so that the same round is the same in every process.

The programs to begin with are *walks* through the model: calls in the order in which they would be made one at a time, most of which change
something there. In half of them most calls are of two kinds, and all pairs of kinds have their turn: programs with few features go
deeper (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, ISSTA 2012).
"""

from collections.abc import Hashable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement
from random import Random
from typing import Any

from subwarden.stateful_tests.exploring.drawing.varied import Vocabulary, varied

PATIENCE = 12  # runs of a program in a row that may reach nothing new
CANCELLING = 36  # the same where tasks are cancelled: each in its turn
LATE = 12  # the programs kept last are varied more than the others
TRIES = 20  # to make a program that is not known
WALKS = 1 / 2  # of that patience, for walks: another one is as likely to show something
MOST = 4  # of that, runs of a walk at most: where states are rich, as those of a client with buffers, each run reaches a new one
GLANCE = 1 / 4  # of that patience, runs of each walk before any has more, where tasks are cancelled
SHORTEST, LONGEST = 2, 8  # calls of a walk


class Growth:
    """The kept programs of a round. `patience`: runs in a row that may reach nothing new before a program is left."""

    def __init__(self, vocabulary: Vocabulary, patience: int = PATIENCE) -> None:
        self._vocabulary = vocabulary
        self._patience = patience
        self.glance = int(GLANCE * patience)
        self.begin()

    def begin(self) -> None:
        """A round begins."""
        self._kept: list[Any] = []
        self._pairs: list[tuple[str, str]] = []  # of kinds of operations, whose turn comes
        self._known: set[object] = set()  # states that the programs so far reached
        self._driven: set[Hashable] = set()  # the keys of all programs so far
        self._walked: set[Hashable] = set()  # the tasks of all walks so far
        self.walking = False  # whether the present program is a walk
        self._patient = self._patience  # with the present program
        self._new = False  # whether the present program was the first to reach some state
        self._idle = 0  # its runs since then
        self._runs = 0  # its runs in all
        self._driving = False  # else a program that somebody wrote is run, which is to have all its runs

    def drives(self, program: Any) -> None:
        """The runs of `program` are next."""
        self._driven.add(self._vocabulary.key(program.tasks))
        self._driving = True
        self._new, self._idle, self._runs = False, 0, 0
        self.walking = program.tasks in self._walked
        self._patient = int(WALKS * self._patience) if self.walking else self._patience

    def reached(self, state: object) -> None:
        """A run of the present program reached `state`."""
        self._idle += 1
        self._runs += 1
        if state not in self._known:
            self._known.add(state)
            self._new, self._idle = True, 0

    def swept(self) -> None:
        """Faults were injected into one schedule of the present program; its runs under other schedules are still to show something."""
        self._idle = self._runs = 0

    @property
    def settled(self) -> bool:
        """Whether the present program is not worth more runs."""
        return self._driving and (self._idle >= self._patient or (self.walking and self._runs >= MOST * self._patient))

    def driven(self, program: Any) -> None:
        """The runs of `program` have been made: keep it if they showed something new."""
        self._driving = False
        if self._new and program not in self._kept:
            self._kept.append(program)

    def walks(self, most: int, random: Random) -> Iterator[Any]:
        """Up to `most` walks that are new. Each is about two kinds of operations, all pairs of which have their turn."""
        vocabulary = self._vocabulary
        for _ in range(most):
            if not self._pairs:
                self._pairs = list(combinations_with_replacement(vocabulary.kinds, 2))
                random.shuffle(self._pairs)
            kinds = self._pairs.pop()
            length = random.randint(SHORTEST, LONGEST)
            for _try in range(TRIES):
                tasks = vocabulary.walk(kinds, length, random)
                key = vocabulary.key(tasks)
                if tasks and key not in self._driven:
                    self._driven.add(key)
                    self._walked.add(tasks)
                    yield vocabulary.program(tasks)
                    break

    def next(self, random: Random) -> Any:
        """A variation of a kept program; None if there is none."""
        for _ in range(TRIES if self._kept else 0):
            among = self._kept[-LATE:] if random.random() < 0.75 else self._kept
            program = random.choice(among)
            tasks = varied(program.tasks, self._vocabulary, random)
            if tasks and self._vocabulary.key(tasks) not in self._driven:
                return replace(program, tasks=tasks, faults=())
        return None
