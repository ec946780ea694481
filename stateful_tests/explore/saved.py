"""Failing runs of a scenario, kept in Hypothesis's example database."""

from subwarden.stateful_tests.explore.code import Coded, decode
from subwarden.stateful_tests.explore.exploration import Exploring
from subwarden.stateful_tests.runs.examples import ExampleRuns


class SavedRuns(ExampleRuns[Coded]):
    """The failing runs that are kept under `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"scenario {key}", decode)

    def update(self, exploring: Exploring) -> None:
        """Keep the failing runs of `exploring`; forget those of its orders that do not fail any more."""
        tried = {check["order"] for check in exploring.record["checks"]}
        found = [finding["replay"] for finding in exploring.record["findings"]]
        self.keep(found, [text for text, coded in self.coded() if coded.rules.order.value in tried and text not in found])
