"""A process that does portions of an exploration. Its only tie is a pipe, so it can be killed at any moment: its portion is done again."""

from multiprocessing.connection import Connection
from typing import Any

from subwarden.stateful_tests.explore.searching.portions import Portion, PortionRunner
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.budget import UNLIMITED
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario, load_scenario
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.workers.asked import answered, asked, until_stopped
from subwarden.stateful_tests.workers.begin import begin
from subwarden.stateful_tests.workers.crash import CrashNote
from subwarden.stateful_tests.workers.process import failure


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
    for portion, noted in asked(pipe, idle):
        try:
            made = made or _made(name, leave)
            if noted:
                BLACK_BOX.open(note.black_box)
            with running():
                answer: tuple[str, object] = ("done", made.do(portion, until_stopped(pipe)))
        except (BadScenario, BadSubject) as bad:
            answer = ("bad", str(bad))
        except Exception as error:
            answer = failure(error)
        BLACK_BOX.close()
        if not answered(pipe, answer) or answer[0] != "done":
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
