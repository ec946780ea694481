"""The regression corpus: saved runs that once failed, replayed on a subject before anything new is tried.

Committed runs lie in `stateful_tests/corpus/`, named by the cause that they showed. Runs that fail are saved to `.subwarden/corpus/` in
the folder where the gate is run; profiles that are not derandomised replay those too.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from subwarden.stateful_tests.runs.replay import Replay, read
from subwarden.stateful_tests.runs.whole_file import write_whole

COMMITTED = Path(__file__).parents[1] / "corpus"
SAVED = Path(".subwarden") / "corpus"


def saved_runs(*, committed_only: bool, subject: str | None = None) -> Iterator[tuple[str, Replay]]:
    """(name, run) in the order of names. Raises BadReplay, naming the file, for one that cannot be read.

    `subject`: leave out the runs that others than this one left in the current folder; committed runs are for all subjects.
    """
    for folder in (COMMITTED,) if committed_only else (COMMITTED, SAVED):
        for path in sorted(folder.glob("*.json")):
            replay = read(str(path))
            if folder is COMMITTED or subject in (None, replay.subject):
                yield path.stem, replay


def save(replay: Replay) -> Path:
    """Write a run that failed; the same run twice is one file."""
    subject = "".join(ch if ch.isalnum() else "-" for ch in replay.subject)
    SAVED.mkdir(parents=True, exist_ok=True)
    path = SAVED / f"{subject}-{replay.cause}.json"
    write_whole(path, json.dumps(replay.encode(), indent=1, sort_keys=True) + "\n")
    return path
