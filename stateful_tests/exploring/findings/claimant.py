"""Who listens to the run of a finding in order to say what a script of plain asyncio can assert of it.

A script has no model and no judge. So a claimant hears of the run beside the judge, and turns the judge's evidence into values that a
script can compare. Each level has its own (`subjects.*.claim`); `stateful_tests.script` makes the script.
"""

from typing import Any

from subwarden.stateful_tests.exploring.observers import Observer


class NoScript(Exception):
    """A script cannot show this finding; the message says why."""


class Claimant(Observer):
    """Observes one run of a finding in `fifo`; ask it for `plain` when the run has ended."""

    def plain(self, subject: str) -> dict[str, Any]:
        """The data that the level's script is written from, as JSON, for a subject of that name. Raises NoScript."""
        raise NotImplementedError


class Refusal(Claimant):
    """Of a finding that no script can show, however its run goes."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def plain(self, subject: str) -> dict[str, Any]:
        raise NoScript(self._reason)
