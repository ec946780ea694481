"""How a run of a scenario fails: a closed set of kinds."""

from dataclasses import dataclass, field
from enum import Enum


class FailureKind(Enum):
    """The value is the kind's title in reports."""

    RAISED = "the scenario raises an exception"
    CANCELLED = "the scenario is cancelled, and nobody asked for that"
    CANCELLED_CHILD = "a task of a group ends cancelled, and nobody has cancelled it"
    ALWAYS = "a condition does not hold after every step"
    SOMETIMES = "a condition of `sometimes` raises an exception"
    TASK_RAISED = "a task raises an exception that nobody retrieves"
    CALLBACK_RAISED = "a callback raises an exception"
    DEADLOCK = "deadlock"
    STUCK = "the scenario waits for ever"
    RESTLESS = "the run does not come to rest"
    BLOCKED = "a step blocks the event loop"
    LEFT_TASK = "a task is left behind"
    LEFT_LOCK = "a lock is left held"
    LEFT_CONNECTION = "a connection is left open"


@dataclass(frozen=True, slots=True)
class Failure:
    """`about` tells failures of one kind apart: an exception's class and place, a condition's name. Equal failures are one finding.
    `at`: where a step blocks. It tells none apart: of an endless loop, a clock decides which line that is.
    """

    kind: FailureKind
    about: str = ""
    at: str = field(default="", compare=False)
