"""Runs a program on a process that schedules itself: all tasks call at once, and each again as soon as it is answered.

The process decides the interleaving; it cannot be chosen or replayed. Sound all the same are the order of calls and answers as seen here,
and the relation shown at quiescence.
"""

from subwarden.stateful_tests.exec import causes as own
from subwarden.stateful_tests.exec.play import ExecPlay, ExecRun
from subwarden.stateful_tests.exec.process import Ended, Silent
from subwarden.stateful_tests.exec.program import FIRST, LAST, AnyOperation, ExecProgram
from subwarden.stateful_tests.exec.session import Session

GRACE = 0.02  # seconds for an answer that the model does not allow yet
WAIT = 0.3  # seconds for one that it may allow


def run(session: Session, program: ExecProgram, reset: bool = True) -> ExecRun:
    """Run `program` to rest, or to the first thing wrong. `reset`: from a fresh start. Raises BadProcess."""
    if reset:
        session.reset()
    play = session.model.play(session, program)
    spoiled = False
    try:
        for operation in program.first:
            _one(play, FIRST, operation)
        _all_at_once(play)
        if session.hello.observe:
            shown = session.observe()
            play.row("at rest")
            play.at_rest(shown)
        for operation in play.last_calls():
            _one(play, LAST, operation)
    except Silent:
        play.wrong(own.NEVER_ANSWERED, session.stuck(play.unanswered()))
        spoiled = True
    except Ended as error:
        if not play.open:
            raise session.bad(f"{error}, with nothing to do; fix that first") from None
        play.wrong(own.ENDS, str(error))
        spoiled = True
    made = play.end()
    made.spoiled = spoiled
    return made


def _one(play: ExecPlay, task: str, operation: AnyOperation) -> None:
    play.row(task)
    play.perform([(task, operation)])
    while play.open:
        if _receive(play) is None:
            return


def _all_at_once(play: ExecPlay) -> None:
    left = {task.name: list(task.operations) for task in play.program.tasks}
    due = list(left)
    while True:
        calls = [(task, left[task].pop(0)) for task in due if left.get(task)]  # a call of `first` may have waited until now
        if calls:
            play.perform(calls)
        if not play.open:
            return
        answered = _receive(play)
        if answered is None:
            return
        due = answered


def _receive(play: ExecPlay) -> list[str] | None:
    """The tasks that are answered next; None where the model lets all open calls wait, and nothing comes. Raises Silent, Ended."""
    if not play.may_wait():
        return play.take(play.session.receive(patient=True))
    came = play.session.receive_soon(GRACE if play.must_wait() else WAIT)
    return play.take(came) if came else None
