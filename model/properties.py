"""The properties: number, title, when each must hold, and one sentence. No other file states them.

`Property` lists P1 to P14, for the manager and the server. `CoreProperty` adds two for managers of the core operations
(`model.core.step`).
"""

from enum import Enum


class Property(Enum):
    """P1 to P14. An `always` property must hold whenever the manager lock is free, the others at quiescence."""

    P1 = "maps agree", "always", "entries' subscribers, connection -> threads and subscription ids describe one relation"
    P2 = "no phantom subscriber", "always", "every subscriber is a live connection, and nothing revives a closed one"
    P3 = "no phantom listener", "quiescence", "a running listener's state is the one in the map"
    P4 = "one listener per conversation", "always", "never two listeners run for one conversation"
    P5 = "served", "quiescence", "a loaded thread with subscribers has a running listener for its current conversation"
    P6 = "no resurrection", "always", "after a teardown nothing of that incarnation reappears"
    P7 = "answered", "quiescence", "every accepted request is answered exactly once"
    P8 = "last word wins", "always", "some one-at-a-time order of the calls explains every answer and every state shown"
    P9 = "history belongs", "always", "the active turn shown is of the conversation that the listener follows"
    P10 = "flags belong", "always", "one connection's raw choice is neither lost nor forced on another"
    P11 = "cancellation is clean", "quiescence", "a cancelled operation has happened wholly or not at all"
    P12 = "nothing leaks", "quiescence", "no task, entry, id, queue or lock holder remains that no live thing needs"
    P13 = "no deadlock", "always", "something can always move, locks are taken in one order, none is held while waiting outside"
    P14 = "start never blocks", "always", "while a start is pending every other request completes"

    def __init__(self, title: str, when: str, sentence: str) -> None:
        self.title = title
        self.when = when
        self.sentence = sentence


class CoreProperty(Enum):
    """Properties of a manager of the core operations, beside P1, P2, P6, P8, P11, P12 and P13."""

    D1 = (
        "delivered once",
        "quiescence",
        "a message published while a connection is subscribed reaches it exactly once, each publisher's in order",
    )
    OWN = "custom invariant", "always", "every invariant that the adapter declares holds for the state that it shows"

    def __init__(self, title: str, when: str, sentence: str) -> None:
        self.title = title
        self.when = when
        self.sentence = sentence


def property_named(name: str) -> Property | CoreProperty:
    """The property that records call `name`. Raises KeyError."""
    return CoreProperty[name] if name in CoreProperty.__members__ else Property[name]
