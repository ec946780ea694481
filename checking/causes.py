"""Causes: a broken property and the mechanism that broke it.

Findings are deduplicated by cause. So a cause is fine enough to tell two defects apart, and coarse enough that one defect has one
name. The mechanisms are identities: reports, saved runs and file names contain them, so their texts do not change.
"""

import re
from pathlib import PurePath
from typing import NamedTuple

from subwarden.checking.place import origin, text_of_error
from subwarden.model.properties import CoreProperty, Property
from subwarden.model.server.deliveries import Wrong

WRONG_ANSWER = "answers what the model does not"
WRONG_STATE = "does what the model does not"
NAMES = re.compile(  # of clients, topics, messages (mA, mB2), objects, numbers
    r"'[^']*'|\"[^\"]*\"|<[^<>]*>|0x[0-9a-fA-F]+|[0-9a-fA-F-]{8,}|\b[a-zA-Z]?\d+\w*|\bm[A-Z]\d*\b"
)
LONGEST = 60  # characters of an exception's text
PLAINER = {WRONG_ANSWER: "returned a wrong answer", WRONG_STATE: "had a wrong effect"}


class Cause(NamedTuple):
    """A broken property and a mechanism, in words that do not depend on the run."""

    property: Property | CoreProperty
    mechanism: str
    where: str = ""  # of an exception: the line that raised it, and its text; two that differ here are two causes

    def slug(self) -> str:
        """The cause's short name, the same in every run: `P2-a-closed-connection-is-live-again`."""
        words = "".join(ch if ch.isalnum() else " " for ch in f"{self.mechanism} {self.where}".lower()).split()
        return "-".join([self.property.name, *words])

    def broad(self) -> "Cause":
        """The cause without the line and the text of its exception, which change when the code is edited."""
        return self._replace(where="")

    def said(self) -> str:
        """The mechanism as reports print it: plainer where the identity is hard to read."""
        for identity, plainer in PLAINER.items():
            if self.mechanism.endswith(identity):
                return self.mechanism.removesuffix(identity) + plainer
        return self.mechanism


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
SWALLOWED = Cause(Property.P11, "a call that was cancelled while it waited goes on and answers")
LEAKED_TASK = Cause(Property.P12, "a task is left behind")
LEAKED_LOCK = Cause(Property.P12, "a lock is still held at rest")
UNRETRIEVED = Cause(Property.P12, "an exception that nobody retrieves")
DEADLOCK = Cause(Property.P13, "nothing can move and an operation has not returned")
LOCK_CYCLE = Cause(Property.P13, "locks are taken in both orders")
HELD_OUTSIDE = Cause(Property.P13, "the manager lock is held while all wait for something outside")
REVIVED_ENTRY = Cause(Property.P6, "an entry is there again after its teardown")
LATE_LINK = Cause(Property.P6, "a subscription is made on a thread that is torn down")
TORN_FROM_UNDER = Cause(Property.P8, "a thread is torn down under a subscriber")
UNASKED_LINK = Cause(Property.P8, "a subscription appears that nobody asked for")
UNASKED_END = Cause(Property.P8, "a subscription ends that nobody ended")
OUTLIVES_ID = Cause(Property.P8, "a subscription stays when its last id is removed")
ID_ENDS_ALL = Cause(Property.P8, "removing an explicit id ends another subscription")
FALSE_CLOSE = Cause(Property.P8, "a client is told that a thread was closed to which it has been subscribed since")
NEVER_LINKED = Cause(Property.P8, "a client was told that it is subscribed, and never is")
RELOADED = Cause(Property.P4, "a thread is loaded in the place of one that is loaded")
UNASKED_UNLOAD = Cause(Property.P8, "a thread is unloaded that nobody gave up")
TWO_AT_ONCE = Cause(Property.P4, "two listeners run for one conversation")
BY_NOBODY = Cause(Property.P4, "events that no listener handles")
OUT_OF_REACH = Cause(Property.P3, "a listener runs that nothing can reach")
UNSERVED = Cause(Property.P5, "a loaded thread with subscribers has no listener")
STAYS_LOADED = Cause(Property.P12, "a thread stays loaded that is to be unloaded")
NOT_DROPPED = Cause(Property.P7, "a client that does not read holds up others for ever")
FALSE_DROP = Cause(Property.P7, "a client is dropped that reads")
NOT_TOLD = Cause(Property.P7, "an interrupt or a rollback waits, and the engine is not told of it")
NOT_SUBMITTED = Cause(Property.P8, "a turn is confirmed of which the engine never hears")
TOO_EARLY = Cause(Property.P8, "an interrupt or a rollback is confirmed before the engine has done it")
UNASKED_SUBMISSION = Cause(Property.P8, "the engine is asked for what no client asked for")
LEFT_ENTRY = Cause(Property.P12, "an entry is left of a thread that is not loaded")
WAITS_FOR_START = Cause(Property.P14, "a request waits for somebody's start")
WAITS_FOR_ENGINE = Cause(Property.P14, "a request waits for work of the engine that is not its own")
BLOCKED = Cause(Property.P13, "a step blocks the loop for real")
RESTLESS = Cause(Property.P13, "the run does not come to rest")


def wrong_state(operation: str) -> Cause:
    """The state after `operation` is one that the model reaches in no order of the calls."""
    return Cause(Property.P8, f"{operation} {WRONG_STATE}")


def wrong_answer(operation: str) -> Cause:
    """`operation` returned an answer that the model gives in no order of the calls."""
    return Cause(Property.P8, f"{operation} {WRONG_ANSWER}")


def never_answered(request: str) -> Cause:
    """`request` was accepted, and no task is left that could answer it."""
    return Cause(Property.P7, f"{request} is never answered")


CANCELLED_UNANSWERED = Cause(Property.P7, "a request whose handler was cancelled is never answered")


def answered_twice(request: str) -> Cause:
    """`request` was answered a second time."""
    return Cause(Property.P7, f"{request} is answered twice")


def wrong_delivery(wrong: Wrong) -> Cause:
    """A client receives a message that it must not, or misses one that it must."""
    return Cause(_OF_DELIVERIES[wrong], wrong.value)


_OF_DELIVERIES = {
    Wrong.AFTER_END: Property.P8,
    Wrong.TWICE: Property.P4,
    Wrong.LOST: Property.P4,
    Wrong.FOREIGN_HISTORY: Property.P9,
    Wrong.RAW_FORCED: Property.P10,
    Wrong.RAW_LOST: Property.P10,
    Wrong.STRANGER: Property.P8,
    Wrong.UNSUBSCRIBED: Property.P8,
    Wrong.FORMER: Property.P8,
    Wrong.IN_ANSWER: Property.P4,
    Wrong.NOT_ASKED: Property.P7,
    Wrong.ASKED_AGAIN: Property.P7,
    Wrong.ASKED_OTHER: Property.P8,
    Wrong.APPROVAL_LOST: Property.P7,
    Wrong.APPROVED_BY_NOBODY: Property.P8,
    Wrong.NOT_GIVEN: Property.P8,
    Wrong.MISHEARD: Property.P8,
    Wrong.NOT_SETTLED: Property.P7,
    Wrong.SETTLED_OTHER: Property.P8,
    Wrong.NOT_STARTED: Property.P8,
    Wrong.STARTED_AGAIN: Property.P8,
    Wrong.NOT_CLOSED: Property.P8,
    Wrong.CLOSED_AGAIN: Property.P8,
}


def raised(operation: str, error: BaseException) -> Cause:
    """`operation` raised instead of answering."""
    return Cause(Property.P8, f"{operation} raises {type(error).__name__}", source(error))


def unretrieved(error: BaseException | None) -> Cause:
    """`error` ended a task or a callback, and nobody read it. None: a message of asyncio's without an exception."""
    return UNRETRIEVED if error is None else UNRETRIEVED._replace(where=f"{type(error).__name__} {source(error)}".strip())


def source(error: BaseException) -> str:
    """What tells `error` from others of its type: the line of the subject that raised it, and its text without what differs by run."""
    found = origin(error)
    path = PurePath(found[0]) if found is not None else None
    name = "" if path is None else path.name if path.stem != "__init__" else f"{path.parent.name}/{path.name}"
    line = f"{name}:{found[1]}" if found is not None else ""
    return f"{line} {_without_names(text_of_error(error))}".strip()


def _without_names(text: str) -> str:
    return " ".join(NAMES.sub(" ", text).split())[:LONGEST]
