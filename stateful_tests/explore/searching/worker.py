"""A process that does portions of an exploration. Its only tie is a pipe, so it can be killed at any moment: its portion is done again."""

from multiprocessing.connection import Connection
from time import monotonic
from typing import Any

from subwarden.stateful_tests.explore.searching.portions import Portion, PortionRunner
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.budget import UNLIMITED, Budget
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.loading import BadSubject
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario, load_scenario
from subwarden.stateful_tests.workers.begin import begin
from subwarden.stateful_tests.workers.crash import CrashNote
from subwarden.stateful_tests.workers.process import failure

LISTEN_EVERY = 0.05  # seconds between two looks into the pipe: whether to stop is asked between runs


def work(
    pipe: "Connection[Any, Any]",
    name: str,
    leave: frozenset[str],
    memory: tuple[int | None, int],
    note: CrashNote,
    idle: float | None = None,
) -> None:
    """The process. It is sent ("do", (Portion, whether its runs are written down)) and ("stop", None), which ends a portion; it says
    ("done", Done), and after ("bad", why) or ("failed", traceback) it ends. So it does when the pipe is closed, or nothing comes for `idle`
    seconds.

    `memory`: bytes, None for half of the machine's, and how many processes share them.
    """
    begin(note, memory)
    made: PortionRunner | None = None
    while pipe.poll(idle):
        try:
            message, about = pipe.recv()
        except (EOFError, OSError):
            return
        if message != "do":
            continue  # a stop that came after the portion was done
        portion, noted = about
        try:
            made = made or _made(name, leave)
            if noted:
                BLACK_BOX.open(note.black_box)
            with running():
                answer: tuple[str, object] = ("done", made.do(portion, _until_stopped(pipe)))
        except (BadScenario, BadSubject) as bad:
            answer = ("bad", str(bad))
        except Exception as error:
            answer = failure(error)
        BLACK_BOX.close()
        try:
            pipe.send(answer)
        except OSError:  # nobody is there any more
            return
        if answer[0] != "done":
            return


def rehearse(name: str, leave: frozenset[str], portion: Portion) -> None:
    """Do a portion for nobody, in a process that may die of it."""
    with running():
        _made(name, leave).do(portion, UNLIMITED)


def _made(name: str, leave: frozenset[str]) -> PortionRunner:
    scenario = load_scenario(name)
    met: dict[str, bool] = {}

    def runner_of(rules: Rules) -> ScenarioRunner:
        return ScenarioRunner(scenario, rules, leave, met)

    return PortionRunner(runner_of)


def _until_stopped(pipe: "Connection[Any, Any]") -> Budget:
    listened, stopped = monotonic(), False

    def spent() -> bool:
        nonlocal listened, stopped
        now = monotonic()
        if now - listened >= LISTEN_EVERY:
            listened = now
            if pipe.poll():
                stopped = True  # only a stop is sent to a process that is at work; or nobody is there any more
        return stopped

    return Budget(spent)
