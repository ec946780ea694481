"""The versions that decide what a seed draws and what a schedule does. A worker that differs in one would search something else.

Imports nothing of ours when it is imported: it is sent by value, to workers that may not have this package at all.
"""

import platform
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("model", "impl", "scheduling", "world", "checking", "stateful_tests")  # whose code a run depends on
APART = ("tests", "specimens", "corpus")  # which an installed package does not have


def here() -> dict[str, str]:
    """The versions in this process: of Python, Hypothesis and subwarden, and a digest of its code."""

    def of(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "missing"

    digest, found = sha256(), find_spec("subwarden")
    if found is not None and found.origin is not None:
        root = Path(found.origin).parent
        files = [path for room in ROOMS for path in (root / room).rglob("*.py")]
        for path in sorted(files):
            within = path.relative_to(root)
            if within.parts[1] not in APART:
                digest.update(str(within).encode() + b"\0" + path.read_bytes())
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "subwarden": of("subwarden") if found is not None else "missing",
        "Hypothesis": of("hypothesis"),
        "subwarden's code": digest.hexdigest()[:12],
    }


def difference(theirs: dict[str, str], ours: dict[str, str]) -> str | None:
    """How a worker differs, in words; None if it does not."""
    for what, mine in ours.items():
        other = theirs.get(what, "missing")
        if other != mine:
            return f"{what} {other} (here: {mine})"
    return None
