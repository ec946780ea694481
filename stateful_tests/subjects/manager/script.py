"""The script of a fifo finding of a manager: its imports, its claim, and whether it has failed on the stock event loop."""

from typing import Any

from subwarden.reports.script.manager import write
from subwarden.stateful_tests.exploring.level import Factory, FailingRun
from subwarden.stateful_tests.script.run import confirmed, imports
from subwarden.stateful_tests.subjects.manager.claim import claim_of


def scripted(told: dict[str, Any], subject: str, factory: Factory, run: FailingRun) -> dict[str, Any]:
    """The script in the record of a manager's finding, of which `told` is the rest; see `stateful_tests.script.run.confirmed`."""

    def make() -> dict[str, Any]:
        followed = claim_of(factory, run.program, run.names, run.cause)
        return {"subject": imports(subject), "program": run.program.encode(), "schedule": list(run.names), **followed._asdict()}

    return confirmed(told, run, make, write)
