"""A saved run that ends the process that runs it: it is played in a process of its own."""

import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exploring.black_box import BLACK_BOX
from subwarden.stateful_tests.exploring.crash import CrashNote, Death
from subwarden.stateful_tests.exploring.lifeline import go_with_parent
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.exploring.signals import ENDING
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import blaming, load

ENDS_THE_PROCESS = "ends-the-process"  # what the run was recorded for, in the place of a cause


def killed_by(replay: Replay) -> Death | None:
    """How the process dies that plays `replay`, as far as its names go; None: it does not any more. Raises BadSubject."""
    return dying(replay.hash_seed or 0, _play, replay)


def dying(hash_seed: int, function: Callable[..., object], *arguments: object, noted: bool = False) -> Death | None:
    """How a process dies that calls `function`; None: it lives. What the function raises is raised here. `noted`: its runs are written
    down, so that the death has the last one.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    note = CrashNote()
    process = context.Process(target=_called, args=(function, arguments, theirs, note, noted), daemon=True)
    with string_hash.of_children(hash_seed):
        process.start()
    theirs.close()
    try:
        error: Exception | None = ours.recv()
    except EOFError:
        return note.of_child(process)
    finally:
        process.kill()
        process.join()
        note.close()
    if error is not None:
        raise error
    return None


def _called(
    function: Callable[..., object], arguments: tuple[object, ...], pipe: "Connection[Any, Any]", note: CrashNote, noted: bool
) -> None:
    for number in ENDING:  # the process that waits for this one decides how to end
        signal.signal(number, signal.SIG_IGN)
    go_with_parent()
    note.listen()
    if noted:
        BLACK_BOX.open(note.black_box)
    try:
        function(*arguments)
    except Exception as error:
        pipe.send(error)
    else:
        pipe.send(None)


def _play(replay: Replay) -> None:
    with blaming(replay.subject), running():
        Runner(LEVELS[replay.level], load(replay.subject, replay.level), replay.order).guided(replay.program, replay.names)
