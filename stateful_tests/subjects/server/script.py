"""The script of a fifo finding of a server: what it imports, what it asserts, and whether it has failed on the stock loop."""

from typing import Any

from subwarden.impl.subjects import SUBJECTS
from subwarden.reports.script.server import write
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.script.run import confirmed, imports
from subwarden.stateful_tests.subjects.server.claim import claim_of
from subwarden.stateful_tests.subjects.server.play import Factory, prepare


def scripted(told: dict[str, Any], subject: str, factory: Factory, run: FailingRun) -> dict[str, Any]:
    """What a finding's record, of which `told` is the rest, has of its script; see `stateful_tests.script.run.confirmed`."""

    def make() -> dict[str, Any]:
        followed = claim_of(factory, run.program, run.names, run.cause)
        prepared = prepare(run.program)
        moods = {"failing": prepared.failing, "late": prepared.late, "ending": prepared.ending}
        return {
            "subject": served(subject),
            "program": run.program.encode(),
            "engine": {mood: sorted(threads) for mood, threads in moods.items() if threads},
            "schedule": list(run.names),
            **followed._asdict(),
        }

    return confirmed(told, run, make, write)


def served(subject: str) -> dict[str, Any]:
    """How a script gets at the server of `subject`, and makes one for the engine of its `environment`."""
    layer = SUBJECTS[subject].server if subject in SUBJECTS else None
    if layer is None:  # a factory of servers, of somebody else's
        found = imports(subject)
        return {**found, "make": f"{found['make']}(environment.engine)"}
    return made_of(layer.server, layer.manager)


def made_of(server: Any, manager: Any) -> dict[str, Any]:
    """The same for a server class around a manager class."""
    return {
        "modules": [],
        "setup": [],
        "imports": [f"from {part.__module__} import {part.__qualname__}" for part in (server, manager)],
        "make": f"{server.__qualname__}({manager.__qualname__}(), environment.engine)",
    }
