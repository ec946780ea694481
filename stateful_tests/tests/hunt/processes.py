"""`subwarden hunt` as a process, and its folder while it runs."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from subwarden.stateful_tests.hunt.folder import Folder
from subwarden.stateful_tests.tests.processes import SUBWARDEN, Process, started


def journal(folder: Path) -> list[dict[str, Any]]:
    try:
        return Folder(folder)._lines()
    except Exception:
        return []  # it has not begun


def files(folder: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("P*.json"))}


def hunting(folder: Path, *arguments: str, subject: tuple[str, ...] = ("source", "--level", "manager")) -> AbstractContextManager[Process]:
    """A hunt, of `source` by default."""
    return started(*SUBWARDEN, "hunt", "--subject", *subject, "--dir", str(folder), *arguments)


def found(folder: Path) -> bool:
    return any("found" in line for line in journal(folder))


def workers(folder: Path) -> list[int]:
    """The processes of the workers, later ones last."""
    lines = journal(folder)
    return [pid for line in lines for pid in line.get("workers", [])] + [line["pid"] for line in lines if "again" in line]
