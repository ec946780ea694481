"""Runs a program on a process that schedules itself: all tasks call at once, and each again as soon as it is answered.

The process decides the interleaving; it cannot be chosen or replayed. Sound all the same are the order of calls and answers as seen here,
and the relation shown at quiescence.
"""

from subwarden.model.core.step import CoreOperation, Publish
from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.play import ExecPlay, ExecRun
from subwarden.stateful_tests.exec.process import Ended, Silent
from subwarden.stateful_tests.exec.program import FIRST, LAST, ExecProgram
from subwarden.stateful_tests.exec.recording import SPECIFICATION
from subwarden.stateful_tests.exec.session import Session


def run(session: Session, program: ExecProgram, reset: bool = True) -> ExecRun:
    """Run `program` to rest, or to the first thing wrong. `reset`: from a fresh start. Raises BadProcess."""
    if reset:
        session.reset()
    play = ExecPlay(session, program)
    spoiled = False
    try:
        for operation in program.first:
            _one(play, FIRST, operation)
        _all_at_once(play)
        if session.hello.observe:
            shown = session.observe()
            if shown is None:
                raise session.bad("observe answers null, which says mid-change, though every call has been answered; show the relation")
            play.row("at rest")
            play.show(shown)
        if "publish" in session.hello.operations:
            for topic in program.topics():
                _one(play, LAST, Publish(topic))
    except Silent:
        play.wrong(own.NEVER_ANSWERED, _unanswered(play))
        spoiled = True
    except Ended as error:
        if not play.open:
            raise session.bad(f"{error}, with nothing to do; fix that first") from None
        play.wrong(own.ENDS, str(error))
        spoiled = True
    made = play.end()
    made.spoiled = spoiled
    return made


def _one(play: ExecPlay, task: str, operation: CoreOperation) -> None:
    play.row(task)
    play.perform([(task, operation)])
    while play.open:
        play.take(play.session.receive(patient=True))


def _all_at_once(play: ExecPlay) -> None:
    left = {task.name: list(task.operations) for task in play.program.tasks}
    due = list(left)
    while True:
        calls = [(task, left[task].pop(0)) for task in due if left[task]]
        if calls:
            play.perform(calls)
        if not play.open:
            return
        due = play.take(play.session.receive(patient=True))


def _unanswered(play: ExecPlay) -> str:
    return play.session.stuck(", ".join(SPECIFICATION.describe(call.operation) for _, call in play.open.values()))
