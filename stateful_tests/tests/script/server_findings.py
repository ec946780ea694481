"""Programs and failing runs of servers for tests of scripts: random ones, and known hazards with their runs."""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.model.properties import Property
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Wrong
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.findings.claimant import NoScript
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.tests.subjects.server_play import Scripted, server

REAL = time.monotonic, time.perf_counter


def random_program(random: Random) -> ServerProgram:
    requests: list[Any] = [rq.Initialize(1), rq.Initialize(2)]
    for _ in range(random.randint(3, 8)):
        kind: Any = random.choice((*rq.REQUESTS, rq.Resume, rq.Unsubscribe))
        values = {"thread": random.choice((1, 1, 2, 3)), "fork": 4, "raw": random.random() < 0.3, "asks": random.random() < 0.5}
        values |= {"connection": random.randint(1, 2), "subscription": random.randint(1, 2)}
        requests.append(kind(*(values[field] for field in kind.__match_args__)))
    faults = [
        ServerFault(kind, at)
        for at, r in enumerate(requests)
        for kind in FaultKind
        if random.random() < 0.08 and not isinstance(r, rq.Close)
    ]
    requests += [rq.Resume(1, 1), rq.Unsubscribe(1, 1)]
    return ServerProgram(tuple((request,) for request in requests), tuple(faults))


def let_go(space: dict[str, Any]) -> None:
    """Cancel the tasks that a script leaves waiting on a loop of its own, quietly."""
    time.monotonic, time.perf_counter = REAL  # a script that steps the clock replaces them
    if "loop" in space:
        loop = space["loop"]
        loop.call_soon = super(type(loop), loop).call_soon  # without counting steps
        loop.queued = loop.left = 1_000_000
        loop.set_exception_handler(lambda *_: None)
        if "environment" in space:
            vars(space["environment"].server)["listens"] = lambda *_: None  # no successor of a cancelled listener
        for _ in range(20):  # a processor goes on to the next request that has arrived
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def told_of(run: FailingRun) -> dict[str, Any]:
    broken = Property.P11 if run.program.faults else run.cause.property
    tasks = [{"name": task_name(at)} for at in range(len(run.program.tasks))]
    return {"property": broken.name, "title": broken.title, "said": run.cause.said(), "tasks": tasks}


def failing_run(
    factory: Factory, program: ServerProgram, cause: Cause, *, slow: Sequence[str] = (), schedule: Sequence[str] = (), seen: bool = False
) -> FailingRun:
    """A run that shows `cause`, without a slow step; `seen`: so that a script can show it. The first try is the run along `schedule`, or
    without one the plain run in which the `slow` events happen when nothing else can."""
    runner, strategy = Runner(SERVER_LEVEL, factory, Order.FIFO), Portfolio(Random(0))
    with running():
        if schedule:
            result, names = runner.guided(program, schedule)
        else:
            result, names = runner.record(program, lambda candidates: Scripted(candidates, (), slow))
        for _ in range(1_000):
            shown = next((each for each in result.violations if each.broad() == cause), cause)
            run = FailingRun(Order.FIFO, program, names, shown)
            if shown in result.violations and EARLY not in names and (not seen or can_show(factory, run)):
                return run
            other = runner.run_strategy(program, strategy)
            assert other is not None
            if cause in (each.broad() for each in other.violations):
                choose = fixed(other.choices)
                result, names = runner.record(program, lambda *_: choose)  # noqa: B023  # it is used at once
    raise AssertionError("it was not found")


def plain_of(factory: Factory, run: FailingRun, subject: str = "manager") -> dict[str, Any]:
    """The data of the script of `run`. Raises NoScript."""
    claimant = SERVER_LEVEL.claimant(run)
    with running():
        Runner(SERVER_LEVEL, factory, run.order).follow(run.program, run.names, [claimant])
    return claimant.plain(subject)


def can_show(factory: Factory, run: FailingRun) -> bool:
    try:
        plain_of(factory, run)
    except NoScript:
        return False
    return True


def clients(*requests: rq.Request, fault: FaultKind | None = None) -> ServerProgram:
    """Two clients, and these requests; `fault`: the fault of the last one."""
    made = (rq.Initialize(1), rq.Initialize(2), *requests)
    return ServerProgram(tuple((request,) for request in made), () if fault is None else (ServerFault(fault, len(made) - 1),))


class Hazard(NamedTuple):
    """A known hazard of the source server in fifo order. `slow` and `schedule` as for `failing_run`."""

    cause: Cause
    program: ServerProgram
    slow: Sequence[str] = ()
    schedule: str = ""


# the last subscriber leaves while the same client resumes: one run with two causes
LAST_LEAVES = ServerProgram(((rq.Initialize(1),), (rq.Resume(1, 1),), (rq.Resume(1, 1),), (rq.Unsubscribe(1, 1),)))
AS_SOMEBODY_COMES = (
    "processor | +start A | processor | request A | processor | +c1 reads | +start B | processor | request B | +engine "
    "loads t1 | request B | listener v1 | +start C | processor | +start D | request C | listener v1 | processor | request D "
    "| closing v1 | +c1 reads | listener v1 | +v1 shuts down | shield.<locals>._inner_done_callback | "
    "shield.<locals>._outer_done_callback | closing v1 | +c1 reads | request D | processor | +c1 reads | closing v1 | +c1 "
    "reads"
)
HAZARDS = {
    "interrupt without a turn": Hazard(causes.never_answered("turn_interrupt"), clients(rq.Resume(1, 1), rq.TurnInterrupt(2, 1))),
    "resume, and the last other subscriber leaves": Hazard(
        causes.never_answered("thread_resume"),
        clients(rq.Resume(1, 1), rq.TurnStart(1, 1, False), rq.Resume(2, 1), rq.Unsubscribe(1, 1)),
        slow=("+c1 reads",),
    ),
    "unsubscribe while an event is being sent": Hazard(
        causes.wrong_delivery(Wrong.AFTER_END),
        clients(rq.Resume(1, 1), rq.Resume(2, 1), rq.TurnStart(1, 1, False), rq.Unsubscribe(2, 1)),
        slow=("+c1 reads",),
    ),
    "an explicit id": Hazard(causes.ID_ENDS_ALL, clients(rq.Resume(1, 1), rq.AddListener(1, 1, 1, False), rq.RemoveListener(2, 1))),
    "a handler is cancelled": Hazard(causes.CANCELLED_UNANSWERED, clients(rq.Resume(1, 1), fault=FaultKind.CANCELLED)),
    "a conversation ends by itself": Hazard(causes.UNSERVED, clients(rq.Resume(1, 1), fault=FaultKind.ENDS)),
    "a listener that does not know of the teardown": Hazard(causes.REVIVED_ENTRY, LAST_LEAVES, schedule=AS_SOMEBODY_COMES),
    "a resume that subscribes last": Hazard(causes.LATE_LINK, LAST_LEAVES, schedule=AS_SOMEBODY_COMES),
}


def run_of(name: str) -> FailingRun:
    hazard = HAZARDS[name]
    schedule = hazard.schedule.split(" | ") if hazard.schedule else ()
    return failing_run(server("source"), hazard.program, hazard.cause, slow=hazard.slow, schedule=schedule)
