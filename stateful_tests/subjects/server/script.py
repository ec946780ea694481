"""The script of a fifo finding of a server: what it imports, and what it asserts."""

from typing import Any

from subwarden.impl.subjects import SUBJECTS
from subwarden.stateful_tests.exploring.level import FailingRun
from subwarden.stateful_tests.script.imports import imports
from subwarden.stateful_tests.subjects.server.play import prepare


def plain_data(subject: str, run: FailingRun, claim: dict[str, Any], rests: list[int]) -> dict[str, Any]:
    """The data of a script of `run`. `rests`: the numbers of steps after which nothing could move but for outside events."""
    prepared = prepare(run.program)
    moods = {
        "failing": prepared.failing,
        "late": prepared.late,
        "ending": prepared.ending,
        "refusing": prepared.refusing,
        "losing": prepared.losing,
        "stopping": prepared.stopping,
        "silent": prepared.silent,
        "denying": prepared.denying,
        "hesitating": prepared.hesitating,
        "deaf": prepared.deaf,
        "slow": prepared.slow,
        "lingering": prepared.lingering,
    }
    return {
        "subject": served(subject),
        "program": run.program.encode(),
        "engine": {mood: sorted(threads) for mood, threads in moods.items() if threads},
        "schedule": list(run.names),
        "claim": claim,
        "rests": rests,
    }


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
