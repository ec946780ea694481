"""One run of a scenario: as `asyncio.run` makes it but in virtual time, or along a recorded schedule."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from subwarden.checking.scenario.names import Names
from subwarden.checking.scenario.waits import waits
from subwarden.checking.verdict import Verdict
from subwarden.reports.records.exploration import EXPLORE_SCHEMA, ExplorationRecord
from subwarden.scheduling.isolation import entry_points
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run_on
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.string_hash import current
from subwarden.stateful_tests.explore.code import Coded, changed_since, check_of
from subwarden.stateful_tests.explore.exploration import Exploring, finding_record
from subwarden.stateful_tests.explore.searching.minimal import record
from subwarden.stateful_tests.explore.searching.progress import Finding
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.killing import dying
from subwarden.stateful_tests.subjects.scenario.explain import words
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import Scenario, load_scenario
from subwarden.stateful_tests.workers.crash import Death
from subwarden.world.chance import controlled_chance
from subwarden.world.clock import controlled_clocks
from subwarden.world.direct_tasks import directed_tasks
from subwarden.world.loop import WorldLoop

T = TypeVar("T")
ENDLESS = 10**9  # steps: `run` has no bound, as `asyncio.run` has none


class WaitsForEver(RuntimeError):
    """Nothing can move any more, and the coroutine that was to be run has not ended. The message says who waits for what."""

    __module__ = "subwarden"  # by which users know it


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` as `asyncio.run` does, in the order of stock asyncio but in virtual time: sleeps cost nothing. Return its result.

    Raises what `main` raises, WaitsForEver where asyncio would hang, and UncontrolledSource where it opens a socket, starts a thread or the
    like. Tasks that are left are cancelled, as by `asyncio.run`. The clocks of module `time` are virtual, and chance is seeded.
    """
    if not asyncio.iscoroutine(main):
        raise ValueError(f"a coroutine was expected, got {main!r}")
    loop = WorldLoop()
    loop.may_block = True
    loop.waits_on = lambda: True  # as `asyncio.run`, it ends when `main` does
    with controlled_locks(), controlled_clocks(), controlled_chance(), directed_tasks(), entry_points.refused(), loop.entered():
        try:
            task: asyncio.Task[T] = loop.create_task(main)
            _until_done(loop, task)
            if not task.done():
                names = Names(loop)
                raise WaitsForEver("; ".join(f"{names.task(wait.task)} {words(wait, names)}" for wait in waits(loop)))
            left = [each for each in loop.tasks if not each.done()]
            for each in left:
                each.cancel()
            if left:
                _until_done(loop, loop.create_task(_gathered(left)))
            _until_done(loop, loop.create_task(loop.shutdown_asyncgens()))
            if loop.refusal is not None and (task.cancelled() or task.exception() is None):
                raise loop.refusal()  # it was swallowed
            return task.result()
        finally:
            loop.abandon()


def _until_done(loop: ControlledLoop, task: "asyncio.Task[Any]") -> None:
    run_on(loop, Order.FIFO, lambda _: 0, task.done, limit=ENDLESS)


async def _gathered(tasks: "list[asyncio.Task[Any]]") -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def follow(scenario: Scenario, coded: Coded, leave: frozenset[str] = frozenset()) -> Exploring:
    """Play the run that `coded` describes. Where the code has changed since, it follows as far as it can, and says so as a doubt."""

    def runner_of(rules: Rules) -> ScenarioRunner:
        return ScenarioRunner(scenario, rules, leave)

    with running():
        run = record(runner_of(coded.rules), lambda _: fixed(coded.choices))
        findings = [] if run.failure is None else [finding_record(runner_of, scenario, Finding(run.failure, run, 0, True))]
    changed = check_of(run.names) != coded.check
    doubt = f"the scenario takes other steps than when the replay was made: {changed_since(coded)}"
    made: ExplorationRecord = {
        "schema": EXPLORE_SCHEMA,
        "scenario": scenario.name,
        "seed": 0,
        "hash_seed": current(),
        "verdict": (Verdict.VIOLATED if findings else Verdict.INCONCLUSIVE if changed else Verdict.HOLDS).value,
        "stopped": False,
        "checks": [],
        "findings": findings,
        "sometimes": {},
        "doubts": [doubt] if changed else [],
    }
    return Exploring(made, [run])


def killed_by(name: str, coded: Coded, leave: frozenset[str] = frozenset()) -> Death | None:
    """How the process dies that plays the run `coded` of the scenario `name`; None: it lives. Raises BadScenario, BadSubject."""
    return dying(coded.hash_seed or 0, _play, name, coded, leave)


def _play(name: str, coded: Coded, leave: frozenset[str]) -> None:
    with running():
        ScenarioRunner(load_scenario(name), coded.rules, leave).run(lambda _: fixed(coded.choices), every_choice=False)
