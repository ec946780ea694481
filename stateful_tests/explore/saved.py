"""Failing runs of a scenario, kept in Hypothesis's example database: they are tried first in the next run."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from subwarden.stateful_tests.explore.code import Coded, decode
from subwarden.stateful_tests.explore.exploration import Exploring
from subwarden.stateful_tests.runs.replay import BadReplay

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase


class SavedRuns:
    """The failing runs that are kept under `key`, if Hypothesis's settings name a database."""

    def __init__(self, key: str) -> None:
        from hypothesis import settings  # noqa: PLC0415  # it takes long to import, and a search needs it at its end only

        default = settings.default
        self._database: ExampleDatabase | None = None if default is None else default.database
        self._key = f"subwarden scenario {key}".encode()

    def runs(self) -> list[Coded]:
        """The runs, in an order that does not depend on the database. Damaged ones are forgotten."""
        return [coded for _, coded in self._read()]

    def update(self, exploring: Exploring) -> None:
        """Keep the failing runs of `exploring`; forget those of its orders that do not fail any more."""
        if self._database is None:
            return
        tried = {check["order"] for check in exploring.record["checks"]}
        found = [finding["replay"].encode() for finding in exploring.record["findings"]]
        for value, coded in self._read():
            if coded.rules.order.value in tried and value not in found:
                self._database.delete(self._key, value)
        for value in found:
            self._database.save(self._key, value)

    def _read(self) -> Iterable[tuple[bytes, Coded]]:
        for value in sorted(self._database.fetch(self._key)) if self._database is not None else ():
            try:
                yield value, decode(value.decode())
            except (BadReplay, UnicodeDecodeError):
                assert self._database is not None
                self._database.delete(self._key, value)
