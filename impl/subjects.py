"""The built-in subjects by name: what can be held against the model without writing a line.

It refuses to load anything: a subject of somebody else's is the harness's business.
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
    """Makes servers, each with a manager of its own."""

    server: Callable[[Any, Engine], Server]
    manager: Callable[[], ManagerApi]

    def __call__(self, engine: Engine) -> Server:
        """A fresh one."""
        return self.server(self.manager(), engine)


class BuiltInSubject(NamedTuple):
    """A manager to be judged: `factory`, and `server`, make a fresh one for each run."""

    name: str
    factory: Callable[[], ManagerApi]
    description: str
    server: RequestLayer | None = None  # its request layer, if it has one


DEFAULT = "manager"
ALIASES = {"seed": "source"}  # what they were called before, in commands and in saved runs

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
    """The present name of a subject that may be given by an earlier one."""
    return ALIASES.get(name, name)
