"""Why a run of a scenario fails, in words: the title of the finding, and the evidence line by line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from subwarden.checking.place import shortened
from subwarden.checking.scenario.failure import Failure, FailureKind
from subwarden.checking.scenario.judge import ScenarioJudge
from subwarden.checking.scenario.names import Names
from subwarden.checking.scenario.places import Spot, cause_of, innermost, raised_at, raised_in, said, stands_at
from subwarden.checking.scenario.waits import Wait, cycle, needed_by, waits
from subwarden.scheduling.isolation.installed import own
from subwarden.scheduling.loop import ControlledLoop

Taken = Mapping[int, tuple[Any, Spot | None, int]]
FRAMES = 4  # of a traceback that are shown, the innermost ones


class Woken(NamedTuple):
    """A call of `set` or `notify` of `thing` by task `who`, while `waiting` tasks were waiting."""

    call: str
    thing: Any
    waiting: int
    who: str
    spot: Spot | None
    row: int


class Ended(NamedTuple):
    """A run at its end, while its objects are there. `taken`: the last task that took each lock, where, in which row; `last`: the last line
    of the user's that ran.
    """

    failure: Failure
    error: BaseException | None
    loop: ControlledLoop
    names: Names
    judge: ScenarioJudge
    taken: Taken
    woken: Sequence[Woken]
    last: Spot | None = None

    @property
    def left(self) -> list[Any]:
        """The tasks that have not ended."""
        return [task for task in self.loop.tasks if not task.done() and not self.judge.may_stay(task)]


Told = tuple[str, list[str]]


def explain(run: Ended) -> Told:
    """The title and the evidence."""
    teller = _TELLERS.get(run.failure.kind)
    return (run.failure.kind.value, []) if teller is None else teller(run)


def words(wait: Wait, names: Names) -> str:
    """`waits for lock Hub.lock, held by worker`."""
    if wait.kind == "lock":
        held = f", held by {_names(wait.on, names)}" if wait.on else ""
        return f"waits for lock {names.thing(wait.thing)}{held}"
    if wait.kind == "tasks":
        return f"waits for {', '.join(names.task(task) for task in wait.on)}"
    if wait.kind == "timer":
        return "sleeps, again and again"
    return f"waits for {_KINDS[wait.kind]} {names.thing(wait.thing)}" if wait.kind in _KINDS else "waits for a future that nobody resolves"


_KINDS = {
    "queue": "an item of queue",
    "room": "room in queue",
    "join": "the end of the work of queue",
    "event": "event",
    "condition": "condition",
    "semaphore": "semaphore",
    "barrier": "barrier",
}


def _raised(run: Ended) -> Told:
    error = run.error
    if error is None:
        return run.failure.kind.value, []
    lines = [_at(spot) for spot in raised_in(error)[-FRAMES:]]
    title = said(error)
    ends = isinstance(error, (SystemExit, KeyboardInterrupt))
    if run.failure.kind is FailureKind.TASK_RAISED:
        tasks = [task for task in run.loop.tasks if task.done() and not task.cancelled() and task.exception() is error]
        title = f"{title}, in {_names(tasks, run.names) or 'a task'}{'' if ends else ', and nobody retrieves it'}"
    elif run.failure.kind is FailureKind.CALLBACK_RAISED:
        title += _told_to_handler(run) or ", in a callback"
    if ends:
        lines.append("asyncio lets it through: it ends the event loop, and with it the program")
    refused = run.loop.refused()
    if refused and _was_refused(error):
        lines.append(_nobody_listens(refused[-1], run.loop))
    cause = cause_of(error)
    if cause is not None:
        spots = raised_at(cause)
        lines.append(f"after {said(cause)}" + (f", raised at {spots[-1].at()}" if spots else ""))
    return title, lines


def _nobody_listens(target: str, loop: Any) -> str:
    begun = any(own(task.get_coro().cr_code.co_filename) for task in loop.tasks[1:] if not task.done())  # one may be about to listen
    if not begun or not target.rpartition(":")[2].isdigit():
        return f"nothing listens at {target} in this run: its network is simulated, so the scenario must start the server, too"
    host, _, port = target.rpartition(":")
    said = port if host == "localhost" else f"{port}, {host!r}"
    return f"nothing listens at {target} yet, or any more; a server that is starting: await subwarden.network().listens({said})"


def _told_to_handler(run: Ended) -> str:
    """What code has told the loop's exception handler with the error, if it was no callback that raised it."""
    message = next((each.get("message") for each in run.loop.unhandled if each.get("exception") is run.error), None)
    if message is None or message.lower().startswith("exception in "):
        return ""
    return f", told to the loop's exception handler: {message}"


def _cancelled(run: Ended) -> Told:
    return run.failure.kind.value, [] if run.error is None else [_at(spot) for spot in raised_at(run.error)[-FRAMES:]]


def _cancelled_child(run: Ended) -> Told:
    child = next(task for task in run.loop.dropped if own(task.get_coro().cr_code.co_filename))
    error = child._make_cancelled_error()
    title = f"{run.names.task(child)} ends cancelled in a task group, and nobody has cancelled it"
    why = "what it awaited was cancelled, and the group drops it in silence; await what others share by asyncio.shield"
    return title, [*(_at(spot) for spot in raised_at(error)[-FRAMES:]), why]


def _was_refused(error: BaseException | None) -> bool:
    """Whether `error`, or the error behind it, says that a connection was refused."""
    while error is not None:
        if isinstance(innermost(error), ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _always(run: Ended) -> Told:
    raised = "" if run.error is None else f": it raises {said(run.error)}"
    return f"always({run.failure.about!r}) does not hold{raised}", _after(run)


def _sometimes(run: Ended) -> Told:
    assert run.error is not None
    return f"sometimes({run.failure.about!r}) raises {said(run.error)}", _after(run)


def _after(run: Ended) -> list[str]:
    at = run.last
    return [] if at is None else [f"first after {at.at()} in {at.function}:  {at.source().strip()}"]


def _deadlock(run: Ended) -> Told:
    every = waits(run.loop)
    found = cycle(every)
    members = [run.names.task(wait.task) for wait in found]
    lines = [_blocked(wait, run) for wait in [*found, *(wait for wait in every if wait not in found)]]
    return f"deadlock: {' -> '.join([*members, members[0]])} (each waits for the next)", [*lines, *_failed(run)]


def _swallowed(run: Ended) -> list[str]:
    """The tasks that go on although they were cancelled."""
    left = [task for task in run.left if task.cancelling()]
    return [f"{run.names.task(task)} was cancelled and goes on: some code in it catches CancelledError" for task in left]


def _failed(run: Ended) -> list[str]:
    """The tasks that have failed, and whose exception nobody has read: one of them may be who should have gone on."""
    lines = []
    for task in run.loop.tasks:
        error = task._exception
        if error is not None and task._log_traceback:  # CPython's own mark of an exception unread
            spots = raised_at(error)
            at = f", raised at {spots[-1].at()}" if spots else ""
            lines.append(f"{run.names.task(task)} has failed, and nobody has noticed: {said(error)}{at}")
    return lines


def _stuck(run: Ended) -> Told:
    found = waits(run.loop)
    needed = needed_by(run.judge.main, found)
    roots = [wait for wait in found if wait.kind not in ("tasks", "timer")] or found
    roots.sort(key=lambda wait: wait not in needed)
    blamed = [wait for wait in roots if wait in needed] or roots
    lines: list[str] = []
    lost = False
    for wait in roots:
        lines.append(_blocked(wait, run))
        missed = [call for call in run.woken if call.thing is wait.thing and not call.waiting]
        why = _free(wait)
        if missed:
            where = "" if missed[-1].spot is None else f" at {missed[-1].spot.at()}"
            why = f"{missed[-1].who} called {missed[-1].call}(){where}, in step {missed[-1].row}, when nobody was waiting yet"
        if why is not None:
            lost = True
            blamed += [wait] if wait not in blamed else []
            lines.append(f"  {why}")
    lines += [_blocked(wait, run) for wait in found if wait not in roots]
    lines += [*_swallowed(run), *_failed(run)]
    several = len({wait.task for wait in blamed}) > 1
    what = "a lost wake-up" if lost else f"nobody is left to wake {'them' if several else 'it'}"
    return f"{_names([wait.task for wait in blamed], run.names)} wait{'' if several else 's'} for ever: {what}", lines


def _free(wait: Wait) -> str | None:
    """Why `wait` should have ended, if the thing that it waits for is there."""
    thing = wait.thing
    if wait.kind == "event":
        free = thing.is_set()
    elif wait.kind == "lock":
        free = not thing.locked()
    elif wait.kind == "semaphore":
        free = thing._value > 0
    elif wait.kind in ("queue", "room"):
        free = not (thing.empty() if wait.kind == "queue" else thing.full())
    else:
        free = False
    return f"the {wait.kind} is there, and nobody has woken the first who waits" if free else None


def _left_task(run: Ended) -> Told:
    title = f"the scenario has ended, and {_names(run.left, run.names)} is left behind"
    return title, [*_stand(run), *_swallowed(run), "cancel and await it, or allow it: leave=[...], --leave NAME"]


def _left_lock(run: Ended) -> Told:
    names = run.names
    lines = [f"{names.thing(lock)} was taken by {_took(lock, run)} and never released" for _, lock in run.loop.holding]
    return f"the scenario has ended, and lock {names.thing(run.loop.holding[0][1])} is still held", lines


def _left_connection(run: Ended) -> Told:
    name = run.failure.about
    count = len(run.loop.connections())
    more = f", and {count - 1} more" if count > 1 else ""
    title = f"the scenario has ended, and a connection of {name} is left open{more}"
    return title, ["close it, with `writer.close()` or an `async with`, or allow it: leave=[...], --leave NAME"]


def _restless(run: Ended) -> Told:
    return "the run does not come to rest", [*_stand(run), *_swallowed(run)]


def _blocks(run: Ended) -> Told:
    return f"a step blocks the event loop at {shortened(run.failure.at)}", ["no other task can run meanwhile; await instead"]


_TELLERS: dict[FailureKind, Callable[[Ended], Told]] = {
    FailureKind.RAISED: _raised,
    FailureKind.CANCELLED: _cancelled,
    FailureKind.SOMETIMES: _sometimes,
    FailureKind.TASK_RAISED: _raised,
    FailureKind.CALLBACK_RAISED: _raised,
    FailureKind.CANCELLED_CHILD: _cancelled_child,
    FailureKind.ALWAYS: _always,
    FailureKind.DEADLOCK: _deadlock,
    FailureKind.STUCK: _stuck,
    FailureKind.RESTLESS: _restless,
    FailureKind.BLOCKED: _blocks,
    FailureKind.LEFT_TASK: _left_task,
    FailureKind.LEFT_LOCK: _left_lock,
    FailureKind.LEFT_CONNECTION: _left_connection,
}


def _blocked(wait: Wait, run: Ended) -> str:
    text = f"{run.names.task(wait.task)} {words(wait, run.names)}"
    at = wait.at or stands_at(wait.task.get_coro())
    if at is not None:
        text += f"  ({at.at()}  {at.source().strip()})"
    spot = run.taken[id(wait.thing)][1] if wait.kind == "lock" and wait.on and id(wait.thing) in run.taken else None
    return text if spot is None else f"{text}; taken at {spot.at()}"


def _took(lock: Any, run: Ended) -> str:
    task, spot, row = run.taken.get(id(lock), (None, None, 0))
    who = "somebody" if task is None else run.names.task(task)
    return who if spot is None else f"{who} at {spot.at()}, in step {row},"


def _stand(run: Ended) -> list[str]:
    """Where each task that is left is suspended."""
    spots = [(run.names.task(task), stands_at(task.get_coro())) for task in run.left]
    return [f"{name} stands {'somewhere' if spot is None else _at(spot)}" for name, spot in spots]


def _at(spot: Spot) -> str:
    return f"at {spot.at()} in {spot.function}:  {spot.source().strip()}"


def _names(tasks: Sequence[Any], names: Names) -> str:
    return " and ".join(dict.fromkeys(names.task(task) for task in tasks))
