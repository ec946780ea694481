"""The properties by number and name, in one sentence each: the only place where they are stated.

P1 to P14 are those of the project's own domain; what `CoreProperty` adds holds for managers of the core operations (`model.core.step`).
"""

from enum import Enum


class Property(Enum):
    """A property that must hold. `always` properties hold whenever the manager lock is free, the others at quiescence."""

    P1 = "maps agree", "always", "entries' subscribers, connection -> threads and subscription ids describe one relation"
    P2 = "no phantom subscriber", "always", "every subscriber is a live connection, and nothing revives a closed one"
    P3 = "no phantom listener", "quiescence", "a running listener's state is the one in the map"
    P4 = "one listener per conversation", "always", "never two listeners run for one conversation"
    P5 = "served", "quiescence", "a loaded thread with subscribers has a running listener for its current conversation"
    P6 = "no resurrection", "always", "after a teardown nothing of that incarnation reappears"
    P7 = "answered", "quiescence", "every accepted request is answered exactly once"
    P8 = "last word wins", "always", "what callers see is what some one-at-a-time order of their calls would have shown"
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
    """What is judged of a manager of the core operations beside P1, P2, P6, P8, P11, P12 and P13."""

    D1 = "delivered once", "quiescence", "what is published while a connection is subscribed reaches it once, each publisher's in order"
    OWN = "of the adapter's own", "always", "whatever the adapter says must hold of what it shows"

    def __init__(self, title: str, when: str, sentence: str) -> None:
        self.title = title
        self.when = when
        self.sentence = sentence
