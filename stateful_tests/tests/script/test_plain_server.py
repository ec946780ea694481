"""Scripts of plain asyncio for servers: they play the controlled run, their assertions are true, and a sound server passes them.

The first test is the base of the others: random fifo runs of both request layers, with faults, played by their scripts on the stock loop
of the running Python. `SUBWARDEN_REFRESH=1` writes the golden scripts anew.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.cli.main import main
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.server.engine import Engine
from subwarden.impl.server.environment import Environment
from subwarden.impl.server.owning_server import OwningServer
from subwarden.impl.server.server import Server
from subwarden.impl.server.source_server import SourceServer
from subwarden.impl.server.transcript import Transcript
from subwarden.model.properties import Property
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Wrong
from subwarden.model.server.requests import Reply
from subwarden.reports.script.driver import is_step
from subwarden.reports.script.server import write
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import EARLY, TIMER, Order
from subwarden.scheduling.run import run as run_loop
from subwarden.scheduling.schedule import fixed
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.findings.claimant import NoScript
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.level import Factory, FailingRun
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.script.run import doubt, scripted
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import Defect
from subwarden.stateful_tests.subjects.manager.claim import ENDLESS
from subwarden.stateful_tests.subjects.server import script as plain
from subwarden.stateful_tests.subjects.server.claim import AT_END, claimant
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.play import ServerPlay, prepare
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.tests.paths import GOLDEN
from subwarden.stateful_tests.tests.subjects.server_play import Scripted, server

RUNS = 80  # of each subject
HOLDS = "the script does not fail on the stock event loop"


# --- the runs of scripts


class Overheard(Transcript, Observer):
    """A transcript of a controlled run."""


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


def seen(transcript: Transcript, of: Server) -> tuple[object, ...]:
    """Everything that can be observed of a run: messages, events taken, and the maps at the end."""
    return transcript.sent, transcript.events, of.manager.show(), of.show()


def controlled(
    subject: str, program: ServerProgram, random: Random, *, calm: bool, slow: bool
) -> tuple[list[str], list[int], tuple[object, ...]]:
    """A random fifo run: its schedule, the numbers of steps after which nothing could move, and the observations. `calm`: outside events
    happen when nothing else can move; `slow`: and all timers before them."""
    names: list[str] = []
    rests: list[int] = []
    loop, transcript = ControlledLoop(), Overheard()
    with loop.entered():
        play = ServerPlay(server(subject), prepare(program), loop, SERVER_LEVEL.new_graph(), set(), [transcript])
        choose = RandomWalk(random).begin(LoopCandidates(loop, Order.FIFO))
        assert choose is not None

        def noting(n: int) -> int:
            pick = choose(n) if n > 1 and not (calm and loop.ready) else 0
            if not loop.ready:
                rests.append(sum(map(is_step, names)))
            can = LoopCandidates(loop, Order.FIFO).names()
            if slow and TIMER in can:
                pick = can.index(TIMER)
            names.append(can[pick])
            return pick

        run_loop(loop, Order.FIFO, noting, play.judge.stepped, every_choice=True)
        last = seen(transcript, play.server)
        loop.abandon()
    play.let_go()
    return names, rests, last


def played(script: str, subject: str) -> tuple[object, ...]:
    """The observations of a script, played in this process on the stock loop."""
    made: list[tuple[Environment, Server]] = []
    last: list[tuple[object, ...]] = []

    def make(environment: Environment) -> Server:
        made.append((environment, server(subject)(environment.engine)))
        return made[0][1]

    def look() -> None:
        environment, of = made[0]
        assert isinstance(environment.observer, Transcript)
        last.append(seen(environment.observer.copy(), of))

    space: dict[str, Any] = {"make": make, "look": look, "__name__": "script"}
    try:
        exec(compile(script, "script", "exec"), space)
    except SystemExit as end:
        assert end.code is None
    look()
    let_go(space)
    return last[0]


def let_go(space: dict[str, Any]) -> None:
    """Cancel the tasks that a script that counts steps leaves waiting, quietly."""
    if "loop" in space:
        loop = space["loop"]
        loop.call_soon = space["stock_call_soon"]
        loop.set_exception_handler(lambda *_: None)
        for _ in range(3):
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def one_step_late(script: str) -> Iterator[str]:
    """The script with each of its waits in turn one step longer."""
    for found in re.finditer(r"yield (\d+)  # step", script):
        yield f"{script[: found.start()]}yield {int(found[1]) + 1}  # step{script[found.end() :]}"


def moods(program: ServerProgram) -> dict[str, list[int]]:
    prepared = prepare(program)
    threads = {"failing": prepared.failing, "late": prepared.late, "ending": prepared.ending}
    return {mood: sorted(some) for mood, some in threads.items() if some}


@pytest.mark.parametrize("subject", ["source", "manager"])
def test_a_script_plays_the_controlled_run_on_the_stock_loop(subject: str) -> None:
    runs = []
    with running():
        for number in range(RUNS):
            random = Random(f"{subject} {number}")
            program = random_program(random)
            names, rests, last = controlled(subject, program, random, calm=number % 2 == 0, slow=number % 4 == 0)
            runs.append((program, names, rests, last))
    assert sum(TIMER in names for _, names, *_ in runs) > 0, "some wait for a timer"
    between = noticed = messages = 0
    for program, names, rests, last in runs:
        plain_ = {
            "subject": {"modules": [], "setup": [], "imports": [], "make": "make(environment)"},
            "program": program.encode(),
            "engine": moods(program),
            "schedule": names,
            "rests": [],
            "claim": {"kind": "nothing", "at": None},
        }
        told = {"property": "P", "title": "", "mechanism": "", "tasks": [{"name": task_name(at)} for at in range(len(program.tasks))]}
        counting = write({**told, "plain": plain_})
        assert "stock_call_soon" in counting
        assert played(counting, subject) == last, counting
        messages += len(last[0])  # type: ignore[arg-type]
        if not noticed:
            noticed += any(played(late, subject) != last for late in one_step_late(counting))
        resting = write({**told, "plain": {**plain_, "rests": rests}})
        if "stock_call_soon" in resting:
            between += 1
        else:
            assert played(resting.replace("    await rest()\n\n\nsys", "    await rest()\n    look()\n\n\nsys"), subject) == last, resting
    assert messages > RUNS * 3, "the runs have something to observe"
    assert RUNS // 4 < between < len(runs), "much of it comes between two steps, and some does not"
    assert noticed, "and one step more or less would show"


# --- the assertions of scripts


def told_of(run: FailingRun) -> dict[str, Any]:
    broken = Property.P11 if run.program.faults else run.cause.property
    tasks = [{"name": task_name(at)} for at in range(len(run.program.tasks))]
    return {"property": broken.name, "title": broken.title, "mechanism": run.cause.mechanism, "tasks": tasks}


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
        for _ in range(300):
            run = FailingRun(Order.FIFO, program, names, cause)
            if cause in result.violations and EARLY not in names and (not seen or can_show(factory, run)):
                return run
            other = runner.run_strategy(program, strategy)
            assert other is not None
            if cause in other.violations:
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


@pytest.mark.parametrize("name", HAZARDS)
def test_the_script_of_a_source_hazard_fails_on_the_stock_loop_and_passes_with_our_server(name: str) -> None:
    run = run_of(name)
    told = told_of(run)
    made: Any = scripted(SERVER_LEVEL, told, "source", server("source"), run)
    assert made["script_confirmed"], made["script_doubt"]
    assert doubt(write({**told, "plain": {**made["plain"], "subject": plain.served("manager")}}), told["mechanism"]) == HOLDS
    lines = [line for line in made["script"].splitlines() if line.strip()]
    assert 25 <= len(lines) <= 100
    imported = [line for line in lines if line.startswith(("import", "from"))]
    assert not any(room in line for line in imported for room in ("scheduling", "checking", "stateful_tests", "reports", "cli"))
    assert max(map(len, lines)) <= 180


PLANTED = [defect for defect in DEFECTS if defect.order is Order.FIFO]
UNSEEN = {"ClosingBeforeItKnows": "middle of a step"}  # defects that no script can show, with the reason


def ended(script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The error of a script that is run in this process; empty if it does not fail."""
    monkeypatch.setattr(os, "_exit", sys.exit)
    space: dict[str, Any] = {"__name__": "script"}
    word: object = None
    try:
        exec(compile(script, "script", "exec"), space)
    except SystemExit as end:
        word = end.code
    let_go(space)
    said = capsys.readouterr().err
    return word if isinstance(word, str) else said if word else ""


@pytest.mark.parametrize("defect", PLANTED, ids=lambda d: d.name)
def test_the_script_of_a_planted_defect_fails_and_passes_with_the_sound_server(
    defect: Defect, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = defect.name not in UNSEEN
    run = failing_run(defect.factory, defect.program, defect.cause, slow=defect.slow, seen=seen)
    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(defect.server, defect.manager))
    if not seen:
        with pytest.raises(NoScript, match=UNSEEN[defect.name]):
            plain_of(defect.factory, run)
        return
    fails_alone(run, defect.factory, monkeypatch, capsys)


def fails_alone(run: FailingRun, factory: Factory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Check that the script of a run fails in the words of its finding, and passes with our server."""
    told = told_of(run)
    made = plain_of(factory, run)
    said = ended(write({**told, "plain": made}), monkeypatch, capsys)
    assert said.startswith(f"{told['property']} {told['title']}: {told['mechanism']}: ")
    sound = plain.made_of(OwningServer, Manager)
    assert not ended(write({**told, "plain": {**made, "subject": sound}}), monkeypatch, capsys)


class LooksLongAgo(SourceManager):
    """Its answer about subscribers is outdated."""

    async def has_subscribers(self, thread_id: int) -> bool:
        found = await super().has_subscribers(thread_id)
        for _ in range(8):
            await asyncio.sleep(0)
        return found


def test_the_script_of_a_thread_torn_down_under_a_subscriber(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def factory(engine: Engine) -> SourceServer:
        return SourceServer(LooksLongAgo(), engine)

    schedule = (
        "processor | +start A | +start C | processor | request A | processor | request C | +start B | +c1 reads | +start D | +start E | "
        "+engine loads t1 | request C | listener v1 | processor | request B | processor | request D | +c2 reads | request D | processor | "
        "request E | listener v1 | processor | +start F | processor | request F | request F | +c1 reads | request F | request F | "
        "request F | request F | request F | request F | +c2 reads | request F | listener v1 | closing v1"
    ).split(" | ")
    program = clients(rq.Resume(1, 1), rq.ListLoaded(2), rq.Resume(2, 1), rq.Unsubscribe(1, 1))
    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(SourceServer, LooksLongAgo))
    run = failing_run(factory, program, causes.TORN_FROM_UNDER, schedule=schedule, seen=True)
    assert plain_of(factory, run)["claim"]["kind"] == "torn"
    fails_alone(run, factory, monkeypatch, capsys)


class ListsAThreadTooMany(OwningServer):
    """The list of loaded threads has one that was never loaded."""

    async def answer(
        self, request_id: ConnectionRequestId, reply: Reply, *, open_turn: int | None = None, threads: tuple[int, ...] | None = None
    ) -> None:
        wrong = None if threads is None else (*threads, 9)
        await super().answer(request_id, reply, open_turn=open_turn, threads=wrong)


def test_the_script_of_a_wrong_list_says_which_lists_were_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def factory(engine: Engine) -> ListsAThreadTooMany:
        return ListsAThreadTooMany(Manager(), engine)

    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(ListsAThreadTooMany, Manager))
    run = failing_run(factory, clients(rq.Resume(1, 1), rq.ListLoaded(1)), causes.wrong_answer("thread_loaded_list"))
    claim = plain_of(factory, run)["claim"]
    assert claim["kind"] == "list"
    assert claim["allowed"] in ([[]], [[1]], [[], [1]])
    fails_alone(run, factory, monkeypatch, capsys)


def test_claims_at_the_end_have_their_own_kinds() -> None:
    kinds = [*AT_END.values(), *ENDLESS.values()]
    assert set(kinds) == {
        "unserved", "unhandled", "two", "unreachable", "entries", "task", "lock", "unretrieved", "restless", "blocked"
    }  # fmt: skip
    shown = {defect.cause for defect in PLANTED} | {hazard.cause for hazard in HAZARDS.values()}
    assert {*AT_END} - shown <= {causes.DEADLOCK}  # which has the claim of a lock that is still held


def test_the_script_of_a_random_finding_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    runs: list[FailingRun] = []
    with running():
        for number in range(150):
            random = Random(f"whatever {number}")
            program = random_program(random)
            result, names = Runner(SERVER_LEVEL, server("source"), Order.FIFO).record(program, RandomWalk(random).begin)
            runs += [FailingRun(Order.FIFO, program, names, cause) for cause in result.violations if EARLY not in names]
    kinds: list[str] = []
    for run in runs:
        if can_show(server("source"), run):
            told = told_of(run)
            made = plain_of(server("source"), run, "source")
            said = ended(write({**told, "plain": made}), monkeypatch, capsys)
            assert said.startswith(f"{told['property']} {told['title']}: {told['mechanism']}: "), (run.program, made["claim"])
            kinds.append(made["claim"]["kind"])
    assert len(kinds) > len(runs) * 3 // 4
    assert len(set(kinds)) >= 3


# --- runs without a claim


def test_a_run_with_a_slow_step_has_no_script() -> None:
    with pytest.raises(NoScript, match="so slow that a timer is due"):
        claimant(FailingRun(Order.FIFO, clients(rq.Resume(1, 1)), ["processor", EARLY], causes.UNSERVED)).plain("source")


def test_the_order_any_has_no_script() -> None:
    run = FailingRun(Order.ANY, clients(rq.Resume(1, 1)), ["processor"], causes.UNSERVED)
    assert set(scripted(SERVER_LEVEL, told_of(run), "source", server("source"), run).values()) == {None}


def test_a_run_that_does_not_fail_has_no_claim() -> None:
    run = run_of("interrupt without a turn")
    with running():
        names = Runner(SERVER_LEVEL, server("manager"), Order.FIFO).guided(run.program, run.names)[1]
    made: Any = scripted(SERVER_LEVEL, told_of(run), "manager", server("manager"), run._replace(names=names))
    assert made["script"] is None
    assert made["script_doubt"] == "what is wrong with it is known to the model alone, and not to be seen from outside"


# --- the scripts themselves


@pytest.mark.parametrize("name", ["interrupt without a turn", "a resume that subscribes last"])
def test_golden_scripts(name: str) -> None:
    run = run_of(name)
    told = told_of(run)
    made: Any = scripted(SERVER_LEVEL, told, "source", server("source"), run)
    golden = GOLDEN / f"script_{run.cause.slug()}.txt"
    if os.environ.get("SUBWARDEN_REFRESH"):
        golden.write_text(made["script"], encoding="utf-8")
    assert made["script"] == golden.read_text(encoding="utf-8")


def test_replay_writes_the_script_and_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, file = run_of("unsubscribe while an event is being sent"), tmp_path / "script.py"
    replay = Replay("source", Order.FIFO, run.program, tuple(run.names), run.cause.slug(), SERVER_LEVEL.name)
    assert main(["replay", replay.string(), "--script", str(file)]) == 1
    assert "fails on the stock event loop of Python" in " ".join(capsys.readouterr().out.split())
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert re.fullmatch(rf"P8 .*: {run.cause.mechanism}: c2 is sent \d+ after F\n", done.stderr)


# --- the environment


def test_an_offered_event_happens_by_its_label_and_place() -> None:
    environment, happened = Environment(), list[str]()
    for word in ("first", "second"):
        environment.offer("x", lambda word=word: happened.append(word))  # type: ignore[misc]  # the usual way to bind it
    environment.offer("last", lambda: happened.append("last"), late=True)
    environment.may("x", lambda: happened.append("a fault"))
    assert not environment.happens("y")
    assert environment.happens("x", 3)
    assert environment.happens("x", 2)
    assert environment.something_happens()
    assert environment.something_happens()
    assert not environment.something_happens()
    assert not environment.happens("x")
    assert happened == ["a fault", "second", "first", "last"]
