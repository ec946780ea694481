"""Hypothesis alone: a rule machine on the bare loop, whose rule runs one ready step. Hypothesis draws every scheduling choice."""

import asyncio
from asyncio import events as asyncio_events

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from subwarden.benchmarks.peers.bare import BareLoop
from subwarden.benchmarks.peers.contender import Contender
from subwarden.benchmarks.peers.workloads import Workload, workload

STEPS = 50  # Hypothesis's own default


class _EndedBadly(Exception):
    """The workload failed."""


def _machine(made: Workload, count: list[int]) -> type[RuleBasedStateMachine]:
    class Steps(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.loop = BareLoop()
            self.state = made.start()
            asyncio_events._set_running_loop(self.loop)
            for task in made.tasks:
                asyncio.Task(task(self.state), loop=self.loop)
            asyncio_events._set_running_loop(None)

        def run_one(self, at: int) -> None:
            handle = self.loop.ready[at]
            del self.loop.ready[at]
            asyncio_events._set_running_loop(self.loop)
            handle._run()
            asyncio_events._set_running_loop(None)

        @precondition(lambda self: self.loop.ready)
        @rule(pick=st.integers(0, len(made.tasks) - 1))
        def step(self, pick: int) -> None:
            self.run_one(pick % len(self.loop.ready))

        @precondition(lambda self: not self.loop.ready)
        @rule()
        def over(self) -> None:
            """Hypothesis needs a rule that is enabled at the end."""

        def teardown(self) -> None:
            while self.loop.ready:
                self.run_one(0)
            count[0] += 1
            if not made.ended_well(self.state):
                raise _EndedBadly

    return Steps


def _run(name: str, number: int, limit: int) -> tuple[int, bool]:
    count = [0]
    machine = _machine(workload(name), count)
    chosen = settings(
        max_examples=limit,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seed(number)(machine), settings=chosen)
    except _EndedBadly:
        return count[0], True
    return count[0], False


def _schedules(name: str, count: int) -> int:
    return _run(name, 1, count)[0]


def _find(name: str, number: int, limit: int) -> int | None:
    made, found = _run(name, number, limit)
    return made if found else None


CONTENDERS = {"Hypothesis alone": Contender(_schedules, _find, 20)}
