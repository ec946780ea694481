"""A process that judges one fault, and ends: no fault can touch another. Its only tie is a pipe, so it can be killed at any moment.

A fault that keeps the process busy for ever, past the guard of its runs, is noticed by that: after so much processor time.
"""

import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from time import monotonic, process_time  # bound now: the clocks of module `time` are others in a run
from typing import Any

from subwarden.reports.records.score import NoticedRecord
from subwarden.stateful_tests.score.judge import judge
from subwarden.stateful_tests.score.task import Judged
from subwarden.stateful_tests.subjects.scenario.scenario import BadScenario
from subwarden.stateful_tests.subjects.watched_load import BadSubject
from subwarden.stateful_tests.workers.asked import answered, asked, until_stopped
from subwarden.stateful_tests.workers.begin import begin
from subwarden.stateful_tests.workers.crash import CrashNote
from subwarden.stateful_tests.workers.process import failure

LIMIT = 60.0  # seconds of processor time for a fault of few schedules
SLOWEST = 50  # schedules a second, below which a subject is busy for ever
WAITS = 20  # times that the clock on the wall may show more: a machine may be busy with other things
LOOK_EVERY = 0.5  # seconds
_exit = os._exit  # bound before `scheduling.isolation` refuses it


def work(pipe: "Connection[Any, Any]", memory: tuple[int | None, int], note: CrashNote, idle: float | None = None) -> None:
    """The process. It is sent ("do", (Judging, whether its runs are written down)); it says ("done", Judged), or ("bad", why), or
    ("failed", traceback). It ends when the pipe is closed, when a message comes meanwhile, or nothing for `idle` seconds.

    `memory`: bytes, None for half of the machine's, and how many processes share them.
    """
    begin(note, memory)
    for task, _ in asked(pipe, idle):
        over = _end_after(max(LIMIT, task.plan.schedules / SLOWEST), pipe)
        try:
            answer: tuple[str, object] = ("done", judge(task, until_stopped(pipe)))
        except (BadSubject, BadScenario) as bad:
            answer = ("bad", str(bad))
        except Exception as error:
            answer = failure(error)
        over()
        if not answered(pipe, answer):
            return


def _end_after(seconds: float, pipe: "Connection[Any, Any]") -> Callable[[], None]:
    """End this process after so many seconds of processor time, with an answer that says so. Returns what calls that off."""
    over = threading.Event()
    began, until = monotonic(), process_time() + seconds

    def watch() -> None:
        while not over.wait(LOOK_EVERY):
            if process_time() >= until or monotonic() - began >= WAITS * seconds:
                noticed: NoticedRecord = {"property": "P13", "said": "never comes to rest", "order": "", "cancellation": False}
                pipe.send(("done", Judged(noticed=noticed)))
                _exit(0)

    threading.Thread(target=watch, name="limit", daemon=True).start()
    return over.set
