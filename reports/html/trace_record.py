"""The trace of a run, as plain data: the states, places and locks behind each row of its table, and the nearest run that holds.

It is the part of a run's record that only pictures need. A recorder makes it in one replay of a confirmed finding
(`stateful_tests.exploring.findings.recording`); readers of older records do without it.
"""

from typing import Literal, NotRequired, TypedDict

LaneKind = Literal["task", "listener", "client", "world", "lock"]
ArrowKind = Literal["wakes", "starts", "sends"]
Mark = Literal["cancelled", "failed"]


class LaneRecord(TypedDict):
    """A lane of the timeline: a task, a listener of the subject, a client, another part of the simulated world, or a lock."""

    name: str
    kind: LaneKind


class PlaceRecord(TypedDict):
    """A place in code: `file` (below the working directory, a folder of imports, or our package), `line`, and the text around it from line
    `first` on; no text where the file cannot be read.
    """

    file: str
    line: int
    first: int
    text: list[str]


class LockRecord(TypedDict):
    """A lock that is held or waited for, with the names of the tasks. A task that has ended still counts as its holder."""

    lock: str
    held_by: list[str]
    waited_for_by: list[str]


class ArrowRecord(TypedDict):
    """A row's task wakes or starts another task, or sends a client a message (`said`)."""

    kind: ArrowKind
    to: str
    said: str


class StateRecord(TypedDict):
    """The subject's state beside the model's, as facts in words. Equal facts have equal texts.

    `shown`: the facts that the subject shows. The model has one or more states that explain the run so far: `must` holds in all of them,
    `may` only in some, as a call is open whose effect cannot be seen yet. `compared`: `shown` is compared with them; False where the
    subject or the model does not show its state. `followed`: the run still follows the model; once it does not, the model stays in the
    states from which the run parted. `more`: facts of the subject that the model does not have. `links`: (client, topic) of every
    subscription that the subject shows.
    """

    shown: list[str]
    must: list[str]
    may: list[str]
    compared: bool
    followed: bool
    more: list[str]
    links: list[list[str]]


class MomentRecord(TypedDict):
    """The moment after one row of the run's table; the first is before any. Without a key, that part is as at the moment before.

    `waits`: (task, what it waits for, in words) of a scenario, whose `things` are its queues and events, in words, `network` its
    connections, and `conditions` (what is asserted, how it is).
    `outside`: whether the row is an outside event; without the key, its words say so.
    `used`: the locks that the row's task `takes`, `releases` or `waits for`, each as that verb and the lock; none without the key.
    `worked_at`: the last line of the subject's code that was seen at work in the row, as path:line: at a lock, or else the method that was
    called; none without the key. `suspended`: the place of each suspended task, as a key of `places`.
    """

    arrows: list[ArrowRecord]
    marks: list[Mark]
    outside: NotRequired[bool]
    used: NotRequired[list[list[str]]]
    worked_at: NotRequired[str]
    state: NotRequired[StateRecord]
    suspended: NotRequired[dict[str, str]]
    locks: NotRequired[list[LockRecord]]
    waits: NotRequired[list[list[str]]]
    things: NotRequired[list[str]]
    network: NotRequired[list[str]]
    conditions: NotRequired[list[list[str]]]


class ModelMoveRecord(TypedDict):
    """A move between two states, by any of `calls`, in words."""

    source: int
    target: int
    calls: list[str]


class ModelMovesRecord(TypedDict):
    """The states of the model to which the calls of a program may lead, one after the other in any order: each as its facts, which are
    sorted; the first is the initial one.
    """

    states: list[list[str]]
    moves: list[ModelMoveRecord]


class RunTraceRecord(TypedDict):
    """The trace of one run. `moments` has one entry more than the run has rows."""

    lanes: list[LaneRecord]
    places: dict[str, PlaceRecord]
    moments: list[MomentRecord]


class LostRecord(TypedDict):
    """Where a failing run was lost.

    `lost_at`: the row after which each of `tried` schedules failed, while one that holds goes the same way until just before it; 0: no
    schedule of the program was seen to hold. None: not searched, and `unsearched` says why. `every`: these were all schedules that there
    are from there on.
    """

    lost_at: int | None
    tried: int
    every: bool
    unsearched: NotRequired[str]
