"""`subwarden hunt` as a process, and its folder while it runs."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from subwarden.stateful_tests.hunt.folder import Folder

SUBWARDEN = Path(sys.executable).with_name("subwarden")
PATIENCE = 120.0  # seconds until a test gives up; nothing is measured


def journal(folder: Path) -> list[dict[str, Any]]:
    try:
        return Folder(folder)._lines()
    except Exception:
        return []  # it has not begun


def files(folder: Path) -> dict[str, Any]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("P*.json"))}


def wait_for(what: Callable[[], object]) -> None:
    until = monotonic() + PATIENCE
    while not what():
        assert monotonic() < until
        sleep(0.05)


@contextmanager
def hunting(
    folder: Path, *arguments: str, subject: tuple[str, ...] = ("source", "--level", "manager")
) -> Iterator["subprocess.Popen[str]"]:
    """A hunt, of `source` by default, in a process group of its own, as in a terminal."""
    command = [str(SUBWARDEN), "hunt", "--subject", *subject, "--dir", str(folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def found(folder: Path) -> bool:
    return any("found" in line for line in journal(folder))


def workers(folder: Path) -> list[int]:
    """The processes of the workers, later ones last."""
    lines = journal(folder)
    return [pid for line in lines for pid in line.get("workers", [])] + [line["pid"] for line in lines if "again" in line]
