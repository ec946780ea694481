"""The gate: every check of a subject, on all cores.

The outcome of a derandomized profile depends on the subject and the versions alone: shards are seeded by their check and number, and
merged in that order. The other profiles draw other programs each time.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any

from subwarden.checking import causes
from subwarden.stateful_tests.exploring.budget import Budget, lasting
from subwarden.stateful_tests.exploring.check import Check
from subwarden.stateful_tests.exploring.coverage.points import Point
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.exploring.explorer import fired
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.exploring.signals import CTRL_C, ignoring
from subwarden.stateful_tests.gate.outcome import CheckOutcome, unfinished
from subwarden.stateful_tests.gate.search import GateSearch
from subwarden.stateful_tests.runs import saved as corpus
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import BadSubject, blaming, load

SHARDS = 2  # of every check; a fixed number, so that the result does not depend on how many cores there are
ROUNDS_A_SEED = 1 << 20  # more than any gate draws, so that two seeds share none
MORE_ROUNDS = 2  # another version of Hypothesis draws other programs; one of them may reach the points that the last one reached
TICK = 0.5  # seconds between two reports of progress

Progress = Callable[[int, int, int], object]


class WorkerDied(Exception):
    """A worker process was killed; the findings of the others are lost with it."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a check, as a worker gets it. `seconds`: how long it may take, None for the profile's number of examples."""

    subject: str
    check: Check
    number: int
    profile: Profile
    seconds: float | None


_stop: Any = None
_done: Any = None


def _begin_worker(stop: Any, done: Any) -> None:
    global _stop, _done  # the only way to hand a process pool's workers something shared
    _stop, _done = stop, done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides how to end


def _progress(schedules: int) -> None:
    with _done.get_lock():
        _done.value += schedules


def _run_shard(shard: Shard) -> CheckOutcome:
    began, check, profile = monotonic(), shard.check, shard.profile
    time = lasting(shard.seconds)
    budget = Budget(lambda: _stop.is_set() or time.spent())
    try:
        with blaming(shard.subject), running():
            search = GateSearch(check, LEVELS[check.level], load(shard.subject, check.level), profile, budget, _progress)
            number = shard.number
            while not budget.spent():
                search.round(number, profile.examples // SHARDS)
                number += SHARDS
                if shard.seconds is None:
                    break
    except KeyboardInterrupt:  # not the user's, whose Ctrl-C workers ignore
        raise BadSubject(f"subject {shard.subject}: an operation raised KeyboardInterrupt; it must return, or raise an Exception") from None
    outcome = search.finish()
    outcome.seconds = monotonic() - began
    return outcome


def explore(
    subject: str,
    checks: Sequence[Check],
    profile: Profile,
    *,
    seed: int,
    budget: float | None,
    jobs: int,
    covered: set[Point],
    progress: Progress,
) -> tuple[list[CheckOutcome], bool]:
    """Run all `checks`; their outcomes in order, and whether Ctrl-C cut them short. Raises BadSubject, WorkerDied.

    `seed`: the same seed draws the same programs. `budget`: seconds for all checks together, instead of the profile's fixed number of
    examples. `covered`: points of coverage that have fired already. Where nothing was found and an expected point never fired, further
    rounds are drawn of the checks that expect it, at most `MORE_ROUNDS`. `progress(schedules, shards done, shards in all)`, of the round,
    is called twice a second.
    """
    each = SHARDS if budget is None else min(SHARDS, jobs)  # a shard begins with the simplest programs: better few than short ones
    seconds = None if budget is None else max(0.5, budget * jobs / (len(checks) * each))
    outcomes = {check: CheckOutcome(check.name) for check in checks}
    context = multiprocessing.get_context("spawn")
    stop, done = context.Event(), context.Value("q", 0)
    blocked = False
    first = seed * ROUNDS_A_SEED
    rounds = 1 if budget is not None else 1 + MORE_ROUNDS
    left: Sequence[Check] = checks
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_worker, initargs=(stop, done)) as pool:
        for number in range(first, first + rounds * SHARDS, SHARDS):
            shards = [Shard(subject, check, number + at, profile, seconds) for at in range(each) for check in left]
            with _ignoring_ctrl_c():  # inherited by the workers, which must not die of it before they can ignore it themselves
                futures = [pool.submit(_run_shard, shard) for shard in shards]
            try:
                if _wait(futures, lambda finished, total: progress(done.value, finished, total)):
                    blocked = True
                    stop.set()
                    pool.shutdown(wait=True, cancel_futures=True)
            except KeyboardInterrupt:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
            except BrokenProcessPool:
                raise WorkerDied("a worker process died (killed, or out of memory); run again with --jobs 1 to see where") from None
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
            for shard, future in zip(shards, futures, strict=True):
                if future.done() and not future.cancelled() and future.exception() is None:
                    outcomes[shard.check].merge(future.result())
            left = unfinished(outcomes, LEVELS, covered)
            if stop.is_set() or any(outcome.findings for outcome in outcomes.values()) or not left:
                break
    return list(outcomes.values()), stop.is_set() and not blocked


def _ignoring_ctrl_c() -> AbstractContextManager[None]:
    return ignoring(CTRL_C) if threading.current_thread() is threading.main_thread() else nullcontext()


def _wait(futures: list[Future[CheckOutcome]], report: Callable[[int, int], object]) -> bool:
    """Wait for all; True as soon as one has found that the subject blocks: each further run would cost seconds and bring nothing."""
    left = set(futures)
    while left:
        finished, left = wait(left, timeout=TICK, return_when=FIRST_COMPLETED)
        if any(causes.BLOCKED in future.result().findings for future in finished):
            return True
        report(len(futures) - len(left), len(futures))
    return False


def replay_corpus(subject: str, levels: Sequence[str], *, committed_only: bool) -> CheckOutcome:
    """Play every run of the regression corpus of these `levels` on the subject, as far as it can be followed."""
    outcome = CheckOutcome("regression corpus", replays=True)
    began = monotonic()
    with running():
        for _, replay in corpus.saved_runs(committed_only=committed_only):
            if replay.level not in levels:
                continue
            runner = Runner(LEVELS[replay.level], load(subject, replay.level), replay.order)
            result, names = runner.guided(replay.program, replay.names)
            outcome.programs += 1
            outcome.schedules += 1
            outcome.steps += result.steps
            outcome.fired |= fired(runner)
            outcome.look_into(runner, replay.program, names, result.violations)
    outcome.seconds = monotonic() - began
    return outcome
