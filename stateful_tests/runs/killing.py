"""A saved run that ends the process that runs it: it is played in a process of its own.

A run may end its parent instead. So there is a process between that one and ours, which ends as it does, and in its place.
"""

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from subwarden.processes import child as child_process
from subwarden.processes.lifeline import end_with
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load
from subwarden.stateful_tests.workers.begin import begin
from subwarden.stateful_tests.workers.crash import CrashNote, Death
from subwarden.stateful_tests.workers.process import Process

_exit, _fork = os._exit, os.fork  # bound before `scheduling.isolation` refuses them while a subject is loaded
ENDS_THE_PROCESS = "ends-the-process"  # what the run was recorded for, in the place of a cause


def killed_by(replay: Replay) -> Death | None:
    """How the process dies that plays `replay`, as far as its names go; None: it does not any more. Raises BadSubject."""
    return dying(replay.hash_seed or 0, _play, replay)


def dying(hash_seed: int, function: Callable[..., object], *arguments: object, noted: bool = False) -> Death | None:
    """How a process dies that calls `function`; None: it lives. What the function raises is raised here. `noted`: its runs are written
    down, so that the death has the last one.
    """
    process = Process(_called, function, arguments, noted, hash_seed=hash_seed)
    try:
        error: Exception | None = process.pipe.recv()
    except EOFError:
        return process.died()
    finally:
        process.end()
    if error is not None:
        raise error
    return None


def _called(
    pipe: "Connection[Any, Any]", function: Callable[..., object], arguments: tuple[object, ...], noted: bool, note: CrashNote
) -> None:
    between = os.getpid()
    if child := _fork():
        child_process.begin()
        _end_as(child)
    begin(note, parent=between)
    if noted:
        BLACK_BOX.open(note.black_box, between)
    answer: Exception | None = None
    try:
        function(*arguments)
    except Exception as error:
        answer = error
    end_with(between)
    pipe.send(answer)
    _exit(0)  # the rest of the way out is that of the process between


def _end_as(child: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0 and -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    if code < 0:
        os.kill(os.getpid(), -code)
    _exit(code)


def _play(replay: Replay) -> None:
    with blaming(replay.subject), running():
        Runner(LEVELS[replay.level], load(replay.subject, replay.level), replay.order).guided(replay.program, replay.names)
