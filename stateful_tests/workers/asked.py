"""What a worker is asked over its pipe: one piece of work after another, and while it is at one, to stop."""

from collections.abc import Iterator
from multiprocessing.connection import Connection
from time import monotonic  # bound now: the clocks of module `time` are others in a run
from typing import Any

from subwarden.stateful_tests.exploring.budget import Budget

LISTEN_EVERY = 0.05  # seconds between two looks into the pipe: whether to stop is asked between runs


def asked(pipe: "Connection[Any, Any]", idle: float | None) -> Iterator[Any]:
    """What each message ("do", ...) holds. It ends when the pipe is closed, or nothing comes for `idle` seconds."""
    while pipe.poll(idle):
        try:
            message, about = pipe.recv()
        except (EOFError, OSError):
            return
        if message == "do":  # else it is a stop that came after the work was done
            yield about


def answered(pipe: "Connection[Any, Any]", answer: tuple[str, object]) -> bool:
    """Send `answer`. Returns whether anybody is there."""
    try:
        pipe.send(answer)
    except OSError:
        return False
    return True


def until_stopped(pipe: "Connection[Any, Any]") -> Budget:
    """A budget that is spent once anything is sent: only a stop is sent to a process that is at work; or nobody is there any more."""
    listened, stopped = monotonic(), False

    def spent() -> bool:
        nonlocal listened, stopped
        now = monotonic()
        if not stopped and now - listened >= LISTEN_EVERY:
            listened = now
            stopped = pipe.poll()
        return stopped

    return Budget(spent)
