"""The built-in subjects by name: the managers that can be checked without an adapter.

Subjects given as a file or an import path are loaded by the harness, not here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from subwarden.impl.manager.api import ManagerApi
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.manager.split_lock import SplitLockManager
from subwarden.impl.server.engine import Engine
from subwarden.impl.server.owning_server import OwningServer
from subwarden.impl.server.server import Server
from subwarden.impl.server.source_server import SourceServer


@dataclass(frozen=True, slots=True)
class RequestLayer:
    """Makes servers, each with its own manager."""

    server: Callable[[Any, Engine], Server]
    manager: Callable[[], ManagerApi]

    def __call__(self, engine: Engine) -> Server:
        """A fresh server on `engine`."""
        return self.server(self.manager(), engine)


class BuiltInSubject(NamedTuple):
    """A manager to check. `factory` and `server` make a fresh one for each run."""

    name: str
    factory: Callable[[], ManagerApi]
    description: str
    server: RequestLayer | None = None  # for the server level; None: the subject has no request layer


DEFAULT = "manager"
ALIASES = {"seed": "source"}  # former names, still read in commands and saved runs

SUBJECTS: dict[str, BuiltInSubject] = {
    subject.name: subject
    for subject in (
        BuiltInSubject(
            DEFAULT,
            Manager,
            "ours: every operation one section under one lock; all properties hold",
            RequestLayer(OwningServer, Manager),
        ),
        BuiltInSubject(
            "source",
            SourceManager,
            "the source document's manager as it is: the manager lock, then the thread's lock",
            RequestLayer(SourceServer, SourceManager),
        ),
        BuiltInSubject("split-lock", SplitLockManager, "the design before it: subscribers under the thread's lock, an index beside"),
    )
}


def canonical(name: str) -> str:
    """The present name of a subject; `name` may be a former one."""
    return ALIASES.get(name, name)
