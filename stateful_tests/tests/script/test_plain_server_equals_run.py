"""A script of plain asyncio plays the controlled run of a server on the stock loop.

Random fifo runs of both request layers, with faults, are played by their scripts and observed alike.
"""

from random import Random
from typing import Any

import pytest

from subwarden.impl.server.environment import Environment
from subwarden.impl.server.server import Server
from subwarden.impl.server.transcript import Transcript
from subwarden.reports.script.driver import is_step
from subwarden.reports.script.server import write
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import EARLY, TIMER, Order
from subwarden.scheduling.run import run as run_loop
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.play import ServerPlay, prepare
from subwarden.stateful_tests.subjects.server.program import ServerProgram
from subwarden.stateful_tests.tests.script.server_findings import let_go, random_program
from subwarden.stateful_tests.tests.script.test_plain_script_equals_run import one_step_late
from subwarden.stateful_tests.tests.subjects.server_play import server

RUNS = 80  # of each subject
FIRST = 200  # the seed of the first; some of these wait for a timer. The script of one below 100 differs, see docs/known-gaps.md


class Overheard(Transcript, Observer):
    """A transcript of a controlled run."""


def seen(transcript: Transcript, of: Server) -> tuple[object, ...]:
    """Everything that can be observed of a run: messages, events taken, and the maps at the end."""
    return transcript.sent, transcript.events, of.manager.show(), of.show()


def controlled(
    subject: str, program: ServerProgram, random: Random, *, calm: bool, slow: bool
) -> tuple[list[str], list[int], tuple[object, ...]]:
    """A random fifo run: its schedule, the numbers of steps after which nothing could move, and the observations. `calm`: outside events
    happen when nothing else can move; `slow`: and all timers before them, after slow steps too."""
    names: list[str] = []
    rests: list[int] = []
    loop, transcript = ControlledLoop(early_timers=True), Overheard()
    with loop.entered():
        play = ServerPlay(server(subject), prepare(program), loop, SERVER_LEVEL.new_graph(), set(), [transcript])
        choose = RandomWalk(random).begin(LoopCandidates(loop, Order.FIFO))
        assert choose is not None

        def noting(n: int) -> int:
            pick = choose(n) if n > 1 and not (calm and loop.ready) else 0
            if not loop.ready:
                rests.append(sum(map(is_step, names)))
            can = LoopCandidates(loop, Order.FIFO).names()
            if slow and (TIMER in can or EARLY in can):
                pick = can.index(TIMER if TIMER in can else EARLY)
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


def moods(program: ServerProgram) -> dict[str, list[int]]:
    prepared = prepare(program)
    threads = {"failing": prepared.failing, "late": prepared.late, "ending": prepared.ending}
    threads |= {"losing": prepared.losing, "stopping": prepared.stopping}
    threads |= {"refusing": prepared.refusing, "silent": prepared.silent, "denying": prepared.denying, "deaf": prepared.deaf}
    return {mood: sorted(some) for mood, some in threads.items() if some}


@pytest.mark.parametrize("subject", ["source", "manager"])
def test_a_script_plays_the_controlled_run_on_the_stock_loop(subject: str) -> None:
    runs = []
    with running():
        for number in range(FIRST, FIRST + RUNS):
            random = Random(f"{subject} {number}")
            program = random_program(random)
            names, rests, last = controlled(subject, program, random, calm=number % 2 == 0, slow=number % 4 < 2)
            runs.append((program, names, rests, last))
    assert any(TIMER in names for _, names, *_ in runs), "some wait for a timer"
    assert any(EARLY in names for _, names, *_ in runs), "which is due after a slow step in some"
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
        told = {"property": "P", "title": "", "said": "", "tasks": [{"name": task_name(at)} for at in range(len(program.tasks))]}
        counting = write({**told, "plain": plain_})
        assert "yield" in counting
        assert played(counting, subject) == last, counting
        messages += len(last[0])  # type: ignore[arg-type]
        if not noticed:
            noticed += any(played(late, subject) != last for late in one_step_late(counting))
        resting = write({**told, "plain": {**plain_, "rests": rests}})
        between += "yield" in resting
        assert "yield" in resting or played(resting, subject) == last, resting
    assert messages > RUNS * 3, "the runs have something to observe"
    assert RUNS // 4 < between < len(runs), "much of it comes between two steps, and some does not"
    assert noticed, "and one step more or less would show"
