"""Golden files of reports. `SUBWARDEN_REFRESH=1` writes them anew; look at the difference before committing it."""

import os
from pathlib import Path

from subwarden.stateful_tests.tests.paths import GOLDEN


def golden(name: str, text: str, folder: Path = GOLDEN) -> None:
    path = folder / name
    if os.environ.get("SUBWARDEN_REFRESH"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "SUBWARDEN_REFRESH=1 writes it anew"
