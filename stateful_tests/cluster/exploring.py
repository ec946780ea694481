"""A portion of an exploration, as a Dask task. It is done in a process beside the Dask worker, which stays for the next one.

A task whose future is cancelled, by an exploration that has ended or a client that has died, ends its process within a second. One that
nobody sends anything any more ends by itself.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Any

from distributed import get_worker

from subwarden.stateful_tests.cluster import identity
from subwarden.stateful_tests.cluster.beside import Beside
from subwarden.stateful_tests.cluster.luggage import Luggage, other_subject, unpack
from subwarden.stateful_tests.explore.searching.portions import Portion

_folders: dict[str, Path | str] = {}  # by topic: where its files are, or why this worker is refused
_processes: dict[tuple[str, int], Beside] = {}  # by topic and thread of the Dask worker


@dataclass(frozen=True, slots=True)
class ExploringTask:
    """The task. `topic`: names the exploration; `noted`: whether runs are written down; `versions`: those of the client; `memory`: bytes
    that the scenario may take on one machine, None for half of it.
    """

    key: str
    topic: str
    portion: Portion
    noted: bool
    leave: frozenset[str]
    hash_seed: int
    luggage: Luggage
    versions: dict[str, str]
    memory: int | None


def explore_portion(task: ExploringTask) -> tuple[str, Any]:
    """Do it, in a thread of a Dask worker. Returns what the worker of an exploration says, ("lost", Death) of a process that died,
    ("refused", (address, why)), or ("unwanted", None).
    """
    host = get_worker()
    host.log_event(task.topic, {"key": task.key, "begun": host.address})
    folder = _folders.get(task.topic)
    if folder is None:
        differs = identity.difference(identity.here(), task.versions) or other_subject(task.luggage)
        folder = _folders[task.topic] = differs or unpack(task.luggage)
    if isinstance(folder, str):
        return "refused", (host.address, folder)
    for topic, thread in list(_processes):
        if topic != task.topic and thread == get_ident():
            _processes.pop((topic, thread)).close()  # of an exploration that is over
    mine = task.topic, get_ident()
    process = _processes.get(mine)
    if process is None:
        first = task.luggage.subject, task.leave, (task.memory, host.state.nthreads)
        process = _processes[mine] = Beside("serve_exploring", folder, task.hash_seed, first)
    process.send(("do", (task.portion, task.noted)))
    answer = next(process.said(host, task.key), ("unwanted", None))
    if answer[0] in ("lost", "unwanted"):
        _processes.pop(mine).close()
    return answer
