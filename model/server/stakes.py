"""The obligations and attributions of level server that a run can put at stake: a check in which one never was says nothing about it."""

from enum import Enum


class Stake(Enum):
    """What a server could have broken in a run."""

    ASKED = "a subscriber must be asked for an approval"
    HEARD = "an approval that was given must reach the engine"
    DENIED = "an approval that was refused must reach the engine as refused"
    SETTLED = "a client that was asked must be told that an approval is settled"
    STARTED = "a client must be told that a thread was started"
    CLOSED = "a client must be told that a thread was closed"
    SUBMITTED = "a turn must reach the engine"
    TURN_ENDS = "an interrupt must wait for the end of its turn"
    ROLLED_BACK = "a rollback must wait for its event"
    DELIVERED = "an event must be sent to a subscriber"
    AFTER_LOSS = "an event must be sent to a subscriber though the engine has lost one before"
    UNLOADED = "a thread that its last subscriber left must be unloaded"
    ENDED = "a thread whose conversation has ended in the middle of a turn must be unloaded"
    STOPPED = "a thread must be unloaded when the server stops"
    DROPPED = "a client that reads no more must be dropped, since others wait for it"
    CANCELLED = "a request must be answered though a task that did it is cancelled"
    LISTENED = "another listener must go on where a cancelled one was"
    CLAIMED = "one of several requests must be told of an end"  # of a subscription, an id, or a thread in the store
    JOINED = "one of several requests must have made a subscription, and the others are still to"
    SERVED = "a request must not wait for the engine's work for others"
