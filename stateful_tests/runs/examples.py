"""Failing runs in the example database that Hypothesis's settings name, if they name one: they are tried first in the next run."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from subwarden.stateful_tests.runs.replay import BadReplay

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

R = TypeVar("R")


class ExampleRuns(Generic[R]):
    """The runs that are kept under `key`. `read` reads one, and raises BadReplay for one that is damaged or another version's."""

    def __init__(self, key: str, read: Callable[[str], R]) -> None:
        from hypothesis import settings  # noqa: PLC0415  # it takes long to import, and a search needs it at its end only

        default = settings.default
        self._database: ExampleDatabase | None = None if default is None else default.database
        self._key = f"subwarden {key}".encode()
        self._read = read

    def runs(self) -> list[R]:
        """The runs, in an order that does not depend on the database."""
        return [run for _, run in self.coded()]

    def coded(self) -> Iterator[tuple[str, R]]:
        """The runs, each after its string. Those that cannot be read are forgotten."""
        for value in sorted(self._database.fetch(self._key)) if self._database is not None else ():
            try:
                text = value.decode()
                yield text, self._read(text)
            except (BadReplay, UnicodeDecodeError):
                assert self._database is not None
                self._database.delete(self._key, value)

    def keep(self, found: Iterable[str], mended: Iterable[str]) -> None:
        """Add the strings of runs that failed, and forget those that do not fail any more."""
        if self._database is None:
            return
        for text in mended:
            self._database.delete(self._key, text.encode())
        for text in found:
            self._database.save(self._key, text.encode())
