"""Whether a subject that a record names may be run. A record that somebody sends is data: to read it runs nothing.

A subject is run if it is built in, if the user has named it on a command line in this folder, or if its file lies below this folder and is,
to the byte, the one that made the run. The names are kept in the user's own folder of states, not beside the records: whoever sends a
record cannot send the permission with it. docs/reports/security.md says what this protects against.
"""

import json
import os
import shlex
from contextlib import suppress
from pathlib import Path

from subwarden.files.bounded import text_of
from subwarden.impl.subjects import SUBJECTS, canonical
from subwarden.reports.printable import printable
from subwarden.stateful_tests.runs.files import digest_of, file_of
from subwarden.stateful_tests.runs.replay import BadReplay

LARGEST = 1_000_000  # characters of names that are kept; older ones are forgotten


class NotTrusted(BadReplay):
    """A record names a subject that it may not make us run; the message says which, why, and how to allow it."""


def allow(subject: str, digest: str, source: str, *, named: bool, mend: str = "") -> None:
    """Remember a subject that the user has `named` on this command line; insist on any other. `mend`: the name to give, if it is another.

    Raises NotTrusted.
    """
    if named:
        remember(subject)
    else:
        insist(subject, digest, source, mend)


def remember(subject: str) -> None:
    """The user has named `subject` in this folder."""
    if canonical(subject) in SUBJECTS or was_named(subject):
        return
    with suppress(OSError, RuntimeError):  # nowhere to keep it: a record will need --subject
        path = _names()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST // 2:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(lines[len(lines) // 2 :]), encoding="utf-8")
        with path.open("a", encoding="utf-8") as names:
            names.write(f"{_line(subject)}\n")


def was_named(subject: str) -> bool:
    """Whether the user has named `subject` in this folder."""
    try:
        return _line(subject) in text_of(_names(), LARGEST).splitlines()
    except (OSError, RuntimeError, ValueError):
        return False


def insist(subject: str, digest: str, source: str, mend: str = "") -> None:
    """Raises NotTrusted unless `subject`, which `source` names, may be run. `digest`: of its file when the run was made; may be empty."""
    if canonical(subject) in SUBJECTS or was_named(subject):
        return
    file = file_of(subject)
    if file is None and subject.rpartition(":")[0].endswith(".py") and not subject.startswith("exec:"):
        return  # there is nothing to run, as loading it will say
    if file is None or not file.is_relative_to(Path.cwd().resolve()):
        why = "which you have not named here and whose code is no file below this folder"
    elif not digest:
        why = "which you have not named here; the record does not say which version of its file made it"
    elif digest_of(subject) != digest:
        why = "which you have not named here, and whose file is not the one that made the run"
    else:
        return
    shown = printable(subject, 200)
    named = shlex.quote(printable(mend, 200) or shown)
    raise NotTrusted(f"{source} wants to run the subject {shown}, {why}; if you trust it, add --subject {named}")


def _line(subject: str) -> str:
    return json.dumps([str(Path.cwd()), subject])


def _names() -> Path:
    states = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(states) / "subwarden" / "named.jsonl"
