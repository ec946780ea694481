"""A saved run that ends the process that runs it: it is played in a process of its own."""

from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exploring.crash import CrashNote, Death
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import Replay
from subwarden.stateful_tests.subjects.levels import LEVELS
from subwarden.stateful_tests.subjects.loading import BadSubject, blaming, load

ENDS_THE_PROCESS = "ends-the-process"  # what the run was recorded for, in the place of a cause


def killed_by(replay: Replay) -> Death | None:
    """How the process dies that plays `replay`, as far as its names go; None: it does not any more. Raises BadSubject."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    note = CrashNote()
    process = context.Process(target=_played, args=(replay, theirs, note), daemon=True)
    with string_hash.of_children(replay.hash_seed or 0):
        process.start()
    theirs.close()
    try:
        why = ours.recv()
    except EOFError:
        return note.of_child(process)
    finally:
        process.kill()
        process.join()
        note.close()
    if why is not None:
        raise BadSubject(why)
    return None


def _played(replay: Replay, pipe: "Connection[Any, Any]", note: CrashNote) -> None:
    note.listen()
    try:
        with blaming(replay.subject), running():
            Runner(LEVELS[replay.level], load(replay.subject, replay.level), replay.order).guided(replay.program, replay.names)
    except BadSubject as bad:
        pipe.send(str(bad))
    else:
        pipe.send(None)
