"""Causes: what is wrong, told finely enough that two defects differ and coarsely enough that one defect has one name.

A cause is a property and the way in which it was broken. Findings are deduplicated by it.
"""

from typing import NamedTuple

from model.properties import Property


class Cause(NamedTuple):
    """A property and the way it was broken, in words that do not depend on the run."""

    property: Property
    mechanism: str

    def slug(self) -> str:
        """A short name that is the same in every run: `P2-a-closed-connection-is-live-again`."""
        words = "".join(ch if ch.isalnum() else " " for ch in self.mechanism.lower()).split()
        return "-".join([self.property.name, *words])


MAPS_DISAGREE = Cause(Property.P1, "the maps disagree")
REVIVED = Cause(Property.P2, "a closed connection is live again")
SUBSCRIBED_DEAD = Cause(Property.P2, "a connection that is not live is subscribed")
OUTLIVES = Cause(Property.P2, "a subscription outlives its connection")
LATE_LISTENER = Cause(Property.P3, "a listener is put on a state that was torn down")
LEFT_LISTENER = Cause(Property.P3, "a listener outlives the teardown of its state")
TWO_LISTENERS = Cause(Property.P4, "a superseded listener still runs")
REAPPEARS = Cause(Property.P6, "a call that a teardown overtook acts on the thread's next life")
FOREIGN_TURN = Cause(Property.P9, "the turn shown is not the listener's conversation's")
RAW_HALF_DONE = Cause(Property.P10, "a subscription is seen without its raw choice")
RAW_NOT_OWN = Cause(Property.P10, "a connection's raw choice is not what it asked for")
LEAKED_TASK = Cause(Property.P12, "a task is left behind")
LEAKED_LOCK = Cause(Property.P12, "a lock is still held at rest")
UNRETRIEVED = Cause(Property.P12, "an exception that nobody retrieves")
DEADLOCK = Cause(Property.P13, "nothing can move and an operation has not returned")
LOCK_CYCLE = Cause(Property.P13, "locks are taken in both orders")
HELD_OUTSIDE = Cause(Property.P13, "the manager lock is held while all wait for something outside")
BLOCKED = Cause(Property.P13, "a step blocks the loop for real")
RESTLESS = Cause(Property.P13, "the run does not come to rest")


def wrong_state(operation: str) -> Cause:
    """`operation` did what the model does not do in any order of the calls."""
    return Cause(Property.P8, f"{operation} does what the model does not")


def wrong_answer(operation: str) -> Cause:
    """`operation` answered what the model answers in no order of the calls."""
    return Cause(Property.P8, f"{operation} answers what the model does not")


def raised(operation: str, error: BaseException) -> Cause:
    """`operation` raised instead of answering."""
    return Cause(Property.P8, f"{operation} raises {type(error).__name__}")
