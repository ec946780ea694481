"""The built-in subjects by name: what can be held against the model without writing a line.

It refuses to load anything: a subject of somebody else's is the harness's business.
"""

from collections.abc import Callable
from typing import NamedTuple

from impl.manager import Manager
from impl.manager_api import ManagerApi
from impl.protocol.engine import Engine
from impl.protocol.owning_server import OwningServer
from impl.protocol.seed_server import SeedServer
from impl.protocol.server import Server
from impl.seed import SeedManager
from impl.split_lock import SplitLockManager


class Subject(NamedTuple):
    """A manager to be judged: `factory`, and `server`, make a fresh one for each run."""

    name: str
    factory: Callable[[], ManagerApi]
    description: str
    server: Callable[[Engine], Server] | None = None  # its request layer, if it has one


DEFAULT = "manager"

SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        Subject(
            DEFAULT,
            Manager,
            "ours: every operation one section under one lock; all properties hold",
            lambda engine: OwningServer(Manager(), engine),
        ),
        Subject(
            "seed",
            SeedManager,
            "the source document's manager as it is: the manager lock, then the thread's lock",
            lambda engine: SeedServer(SeedManager(), engine),
        ),
        Subject("split-lock", SplitLockManager, "the design before it: subscribers under the thread's lock, an index beside"),
    )
}
