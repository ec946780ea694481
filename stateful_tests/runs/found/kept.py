"""Runs by a short name: the first digits of a digest of the run, as in `subwarden replay 7f3a2c`.

A run is found below `.subwarden/` in the current folder, where gates and hunts keep theirs. A name that several runs begin with is refused;
more digits tell them apart.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from subwarden.files.bounded import object_of
from subwarden.stateful_tests.runs.replay import LARGEST, BadReplay, Replay, read
from subwarden.stateful_tests.runs.saved import SAVED

FOLDER = SAVED.parent
KEPT = ("corpus/*.json", "found/*.json", "hunt/*/*.json", "view/*.json")
PROCESSES = "exec/*.json"
SHORT = 6  # digits that are printed
NAME = re.compile(r"[0-9a-f]{4,64}")


def identity(replay: Replay) -> str:
    """The digest of `replay`, in hexadecimal digits: the same wherever it is kept, whichever string hash and version of its
    subject it was recorded under."""
    return identity_of(replay.encode())


def identity_of(encoded: Mapping[str, Any]) -> str:
    """The same of a run as it is kept, be it of a subject in this process or in one of its own (`exec:`)."""
    data = {key: value for key, value in encoded.items() if key not in ("hash_seed", "digest")}
    return hashlib.sha256(json.dumps(data, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def short(replay: Replay) -> str:
    """The name of `replay` in reports."""
    return identity(replay)[:SHORT]


def file_of(text: str) -> str:
    """The file of the run that `text` is the short name of; `text` itself if it is no such name. Raises BadReplay."""
    if NAME.fullmatch(text) is None or Path(text).exists():
        return text
    found = {digest: path for digest, path in _kept() if digest.startswith(text)}
    if not found:
        raise BadReplay(f"no run below {FOLDER} has the name {text}; run this where the gate ran, or give a file or a string (--portable)")
    if len(found) > 1:
        names = sorted(digest[: len(text) + 4] for digest in found)
        raise BadReplay(f"{len(found)} runs below {FOLDER} have names that begin with {text}; give more digits: {', '.join(names[:5])}")
    return str(next(iter(found.values())))


def _kept() -> Iterator[tuple[str, Path]]:
    for pattern in KEPT:
        for path in sorted(FOLDER.glob(pattern)):
            try:
                yield identity(read(str(path))), path
            except BadReplay:  # another kind of file, or of another version
                continue
    for path in sorted(FOLDER.glob(PROCESSES)):
        data = object_of(path, LARGEST)
        if data is not None:
            yield identity_of(data), path
