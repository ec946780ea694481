"""Claimants say what a script of plain asyncio can assert of the run of a finding.

A script has no model and no judge. So a claimant listens to the run beside the judge, and turns the judge's evidence into values that a
script can compare. Each level has its own (`subjects.*.claim`); `stateful_tests.script` writes and runs the script.
"""

from collections.abc import Callable
from typing import Any

from subwarden.stateful_tests.exploring.observers import Observer


class NoScript(Exception):
    """A script cannot show this finding; the message says why."""


class Claimant(Observer):
    """Observes the run of a finding, in the order `fifo`. Ask for `plain` when the run has ended."""

    def plain(self, subject: str) -> dict[str, Any]:
        """The data from which the level writes the script, as JSON. `subject` is the subject's name. Raises NoScript."""
        raise NotImplementedError


class Refusal(Claimant):
    """Of a finding that no script can show, however its run goes."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def plain(self, subject: str) -> dict[str, Any]:
        raise NoScript(self._reason)


class Foregone(Claimant):
    """Of a finding whose claim follows from its cause alone; `make` makes the data for a subject's name."""

    def __init__(self, make: Callable[[str], dict[str, Any]]) -> None:
        self._make = make

    def plain(self, subject: str) -> dict[str, Any]:
        return self._make(subject)
