"""subwarden as a contender: without checks, and with the model and the properties checked at every step."""

from random import Random

from subwarden.benchmarks.checked_speed import PROGRAM as MANAGER_PROGRAM
from subwarden.benchmarks.peers.contender import Contender
from subwarden.benchmarks.peers.workloads import BUGGY, CROWDED, FIXED, MANAGER, SUSPENDING, Workload, workload
from subwarden.impl.manager.manager import Manager
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import Order
from subwarden.scheduling.run import run
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.scheduling.strategies.strategy import Strategy
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.specimens.races import split_lock_shown as subject
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL
from subwarden.stateful_tests.subjects.manager.program import ManagerProgram

JUDGED: dict[str, tuple[Factory, ManagerProgram]] = {
    FIXED: (subject.FixedSplitLock, subject.PROGRAM),
    SUSPENDING: (subject.FixedSplitLock, subject.PROGRAM),  # under the order `any` acquiring a lock always suspends
    BUGGY: (subject.ShownSplitLock, subject.PROGRAM),
    CROWDED: (subject.ShownSplitLock, subject.CROWDED),
    MANAGER: (Manager, MANAGER_PROGRAM),
}
_RUNNERS: dict[str, Runner] = {}
_WALK = RandomWalk(Random(1))


def _unchecked_run(made: Workload, strategy: Strategy) -> bool:
    loop = ControlledLoop()
    with loop.entered():
        choose = strategy.begin(LoopCandidates(loop, Order.ANY))
        assert choose is not None
        state = made.start()
        for task in made.tasks:
            loop.create_task(task(state))
        _, choices, steps = run(loop, Order.ANY, choose, None, every_choice=strategy.every_choice)
        strategy.end(choices, steps)
        well = made.ended_well(state)
    loop.abandon()
    return well


def _unchecked(name: str, count: int) -> int:
    made = workload(name)
    for _ in range(count):
        _unchecked_run(made, _WALK)
    return count


def _unchecked_find(name: str, seed: int, limit: int) -> int | None:
    made, strategy = workload(name), Portfolio(Random(seed))
    return next((number for number in range(1, limit + 1) if not _unchecked_run(made, strategy)), None)


def _checked(name: str, count: int) -> int:
    factory, program = JUDGED[name]
    runner = _RUNNERS.setdefault(name, Runner(MANAGER_LEVEL, factory, Order.ANY))
    for _ in range(count):
        result = runner.run(program, _WALK.begin)
        if result.violations:
            raise AssertionError(f"{name} is said to break {list(result.violations)}")
    WATCHDOG.watch(None)  # the next question may take long to come
    return count


def _checked_find(name: str, seed: int, limit: int) -> int | None:
    factory, program = JUDGED[name]
    runner, strategy = Runner(MANAGER_LEVEL, factory, Order.ANY), Portfolio(Random(seed))
    found: int | None = None
    for number in range(1, limit + 1):
        result = runner.run_strategy(program, strategy)
        if result is not None and result.violations:
            found = number
            break
    WATCHDOG.watch(None)
    return found


CONTENDERS = {
    "subwarden, nothing checked": Contender(_unchecked, _unchecked_find, 50, around=running),
    "subwarden, every step checked": Contender(_checked, _checked_find, 50, around=running),
}
