"""The file that holds a subject, found by its name alone: nothing is imported or run."""

import sys
from hashlib import sha256
from pathlib import Path

from subwarden.impl.subjects import SUBJECTS, canonical

DIGITS = 16  # of a digest


def digest_of(subject: str) -> str:
    """A digest of the file that holds `subject`; empty for a built-in subject, a command, and one that is not found."""
    file = None if canonical(subject) in SUBJECTS else file_of(subject)
    try:
        return "" if file is None else sha256(file.read_bytes()).hexdigest()[:DIGITS]
    except OSError:
        return ""


def file_of(subject: str) -> Path | None:
    """The file that holds `subject`, found without importing anything; None if there is none, or it is a command."""
    where, colon, _ = subject.rpartition(":")
    if not colon or subject.startswith("exec:") or "\0" in where:
        return None
    if where.endswith(".py"):
        return Path(where).resolve() if Path(where).is_file() else None
    for folder in ("", *sys.path):
        base = Path(folder, *where.split("."))
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if path.is_file():
                return path.resolve()
    return None
