"""Portions of an exploration, as a Dask task. They are done in a process beside the Dask worker, which stays for the next ones.

A task whose future is cancelled, by an exploration that has ended or a client that has died, ends its process within a second. One that
nobody sends anything any more ends by itself.
"""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from distributed import get_worker

from subwarden.stateful_tests.cluster import identity
from subwarden.stateful_tests.cluster.beside import Beside
from subwarden.stateful_tests.cluster.luggage import Luggage, other_subject, unpack
from subwarden.stateful_tests.explore.searching.portions import Portion

Answer = tuple[str, Any]

_folders: dict[str, Path | str] = {}  # by topic: where its files are, or why this worker is refused
_idle: dict[str, list[Beside]] = {}  # by topic: processes beside this worker that have nothing to do


@dataclass(frozen=True, slots=True)
class ExploringTask:
    """The task. `topic`: names the exploration; `noted`: whether runs are written down; `versions`: those of the client; `memory`: bytes
    that the scenario may take on one machine, None for half of it.
    """

    key: str
    topic: str
    portions: tuple[Portion, ...]
    noted: bool
    leave: frozenset[str]
    hash_seed: int
    luggage: Luggage
    versions: dict[str, str]
    memory: int | None


def explore_portions(task: ExploringTask) -> tuple[list[Answer], float]:
    """Do them, in a thread of a Dask worker. Returns the answers to them, and the seconds that they took.

    An answer is what the worker of an exploration says, ("lost", Death) of a process that died, ("refused", (address, why)), or
    ("unwanted", None). After one that is no outcome the rest of the portions is not begun.
    """
    host = get_worker()
    host.log_event(task.topic, {"key": task.key, "begun": host.address})
    folder = _folder(task)
    if isinstance(folder, str):
        return [("refused", (host.address, folder))], 0.0
    for topic in [topic for topic in _idle if topic != task.topic]:
        for process in _idle.pop(topic, []):
            process.close()  # of an exploration that is over
    idle = _idle.setdefault(task.topic, [])
    process = idle.pop() if idle else _process(task, folder, host)
    answers: list[Answer] = []
    began = monotonic()
    for portion in task.portions:
        process.send(("do", (portion, task.noted)))
        answers.append(next(process.said(host, task.key), ("unwanted", None)))
        if answers[-1][0] != "done":
            process.close()
            break
    else:
        idle.append(process)
    return answers, monotonic() - began


def prepare(task: ExploringTask, dask_worker: Any) -> None:
    """In a Dask worker: start the processes that will be needed, so that they load the scenario at once. `dask_worker` is named by Dask."""
    folder = _folder(task)
    if not isinstance(folder, str) and task.topic not in _idle:
        _idle[task.topic] = [_process(task, folder, dask_worker) for _ in range(dask_worker.state.nthreads)]


def folder_of(topic: str, versions: dict[str, str], luggage: Luggage) -> Path | str:
    """Where the files of a search are on this worker, or why it is refused."""
    folder = _folders.get(topic)
    if folder is None:
        differs = identity.difference(identity.here(), versions) or other_subject(luggage)
        folder = _folders[topic] = differs or unpack(luggage)
    return folder


def _folder(task: ExploringTask) -> Path | str:
    return folder_of(task.topic, task.versions, task.luggage)


def _process(task: ExploringTask, folder: Path, host: Any) -> Beside:
    first = task.luggage.subject, task.leave, (task.memory, host.state.nthreads)
    return Beside("serve_exploring", folder, task.hash_seed, first)
