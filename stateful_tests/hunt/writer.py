"""Writes to the folder of a hunt while it runs. A folder that cannot be written any more, such as on a full disk, ends the hunt as Ctrl-C
does: with its report, which then is all that is left of what was found since.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from subwarden.stateful_tests.hunt.folder import BadFolder, Folder
from subwarden.stateful_tests.hunt.work import Kept, Totals

Written = TypeVar("Written")


class Writer:
    """Writes to `folder`. `failed`: why the first write failed that did."""

    def __init__(self, folder: Folder) -> None:
        self.failed: str | None = None
        self._folder = folder

    def journal(self, line: dict[str, Any]) -> None:
        """See `Journal.add`."""
        self._try(lambda: self._folder.journal.add(line))

    def keep(self, subject: str, kept: Kept) -> Path | None:
        """See `Folder.keep`. None if it failed."""
        return self._try(lambda: self._folder.keep(subject, kept))

    def keep_killing(self, name: str, run: dict[str, Any]) -> Path | None:
        """See `Folder.keep_killing`. None if it failed."""
        return self._try(lambda: self._folder.keep_killing(name, run))

    def keep_end_states(self, totals: Totals) -> None:
        """See `Folder.keep_end_states`."""
        self._try(lambda: self._folder.keep_end_states(totals))

    def _try(self, write: Callable[[], Written]) -> Written | None:
        try:
            return write()
        except BadFolder as error:
            self.failed = self.failed or str(error)
            return None
