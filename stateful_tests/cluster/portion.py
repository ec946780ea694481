"""A portion of a hunt, as a Dask task: some rounds of one lane, done in a process of its own beside the Dask worker.

Its result is all that the process said, merged so that it is small. A finding is told at once as well, as an event: the result repeats it.
A task whose future is cancelled, by a hunt that stops or a client that has died, ends its process within a second.
"""

import pickle
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from distributed import get_worker

from subwarden.stateful_tests.cluster import identity
from subwarden.stateful_tests.cluster.beside import Beside
from subwarden.stateful_tests.cluster.luggage import Luggage, other_subject, unpack
from subwarden.stateful_tests.hunt.carrier import LAST_WORDS
from subwarden.stateful_tests.hunt.work import Work
from subwarden.stateful_tests.hunt.worker import Assignment

Messages = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Portion:
    """The task. `topic`: of its events. `versions`: those of the hunt. `prefix`: of places in this package there.
    `memory`: bytes that the subject may take on one machine, None for half of it.

    The deadline of `assignment` is in seconds from its start.
    """

    key: str
    topic: str
    assignment: Assignment
    hash_seed: int
    luggage: Luggage
    versions: dict[str, str]
    prefix: str
    memory: int | None


def carry(portion: Portion) -> Messages:
    """Do a portion, in a thread of a Dask worker. The last message is one of `LAST_WORDS`, or tells a loss or a refusal."""
    assignment, left = portion.assignment, portion.assignment.deadline
    if left is not None:
        assignment = replace(assignment, deadline=monotonic() + left)
    host = get_worker()
    host.log_event(portion.topic, {"key": portion.key, "begun": host.address})
    differs = identity.difference(identity.here(), portion.versions)
    if differs is None:
        folder = unpack(portion.luggage)
        differs = other_subject(portion.luggage)
    if differs is not None:
        return [("refused", (host.address, differs))]

    process = Beside("serve", folder, portion.hash_seed, (assignment, portion.prefix, (portion.memory, host.state.nthreads)))
    said: Messages = []
    try:
        for message, about in process.said(host, portion.key):
            said.append((message, about))
            if message == "found":
                host.log_event(portion.topic, {"key": portion.key, "found": pickle.dumps(about)})
            if message in (*LAST_WORDS, "lost"):
                break
    finally:
        process.close()
    return _merged(said)


def _merged(said: Messages) -> Messages:
    """The same, with the work of each round in one message, and without what the last word repeats."""
    merged: Messages = []
    done: dict[str, Work] = {}
    for message, about in said:
        if message != "work":
            if message != "found" and done:
                merged.append(("work", done))
                done = {}
            merged.append((message, about))
            continue
        for check, work in about.items():
            into = done.setdefault(check, Work())
            into.merge(work)
            into.end_states += work.end_states
    return [*merged, ("work", done)] if done else merged
