"""The subject's files, as they travel: its own file, and what it imports from the folders that it imports from here.

Data files do not travel, nor modules whose name the subject makes up at run time before it has loaded one (`runs.imported`). Installed
packages stay where they are: the worker must have them.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from subwarden.stateful_tests.runs.files import digest_of, file_of
from subwarden.stateful_tests.runs.imported import imported, installed
from subwarden.stateful_tests.subjects.watched_load import BadSubject

LARGEST = 4_000_000  # bytes; it goes with every task


@dataclass(frozen=True, slots=True)
class Luggage:
    """What a worker needs to load `subject`. `files`: by their path below one folder. `digest`: of its file, empty if built in."""

    subject: str
    files: tuple[tuple[str, bytes], ...]
    digest: str

    @property
    def name(self) -> str:
        """Names the files: the same for the same ones."""
        digest = sha256()
        for path, content in self.files:
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:24]


def pack(subject: str) -> Luggage:
    """The luggage of `subject`, which has been loaded here. Raises BadSubject if it is too large."""
    file = file_of(subject)
    if file is None:
        return Luggage(subject, (), "")
    here = Path.cwd().resolve()
    where, _, attribute = subject.rpartition(":")
    by_path = where.endswith(".py")
    if not file.is_relative_to(here) or installed(file.relative_to(here)):
        if not by_path:
            return Luggage(subject, (), digest_of(subject))  # installed: the worker must have it, too
        root, travels_as = file.parent, f"{file.name}:{attribute}"
    else:
        root, travels_as = here, f"{file.relative_to(here)}:{attribute}" if by_path else subject
    names = {file, *imported(file, [str(file.parent), str(root)])}
    files = tuple((str(path.relative_to(root)), path.read_bytes()) for path in sorted(names) if path.is_relative_to(root))
    size = sum(len(content) for _, content in files)
    if size > LARGEST:
        raise BadSubject(f"subject {subject}: it and what it imports from its folder are {size:,} bytes, more than {LARGEST:,}; install it")
    return Luggage(travels_as, files, digest_of(subject))


def unpack(luggage: Luggage) -> Path:
    """The folder from which the subject is loaded as it was packed. Files that are there already are compared, not trusted."""
    base = Path(tempfile.gettempdir()) / f"subwarden-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to somebody else")
    folder = base / luggage.name
    for path, content in luggage.files:
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{path} leaves its folder")
        with suppress(OSError):
            if target.read_bytes() == content:
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f"{target.name}.{uuid4().hex}.new")  # another thread of this worker may write the same
        new.write_bytes(content)
        new.replace(target)
    folder.mkdir(exist_ok=True)
    return folder


def other_subject(luggage: Luggage) -> str | None:
    """On a worker: whether an installed subject is another one here."""
    if luggage.files or not luggage.digest or digest_of(luggage.subject) == luggage.digest:
        return None
    return f"another version of the subject {luggage.subject}, or none"
