"""The regression corpus: saved runs that once failed, replayed on a subject before anything new is tried.

Committed runs lie in `stateful_tests/corpus/`, named by the cause that they showed. Runs that fail are saved to `.subwarden/corpus/` in
the folder where the gate is run; profiles that are not derandomised replay those too. There is one for each cause: a later gate, or the
same when it has made the run smaller, replaces it. Each run whose name was printed is in `.subwarden/found/` besides.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from subwarden.files.whole_file import write_whole
from subwarden.reports.records.finding import FindingRecord
from subwarden.stateful_tests.runs.files import file_of
from subwarden.stateful_tests.runs.replay import BadReplay, Replay, read

COMMITTED = Path(__file__).parents[1] / "corpus"
SAVED = Path(".subwarden") / "corpus"
FOUND = Path(".subwarden") / "found"
NAMES = 200  # files in it that outlive the next gate: the newest


def saved_runs(*, committed_only: bool, subject: str | None = None) -> Iterator[tuple[str, Replay]]:
    """(name, run) in the order of names. Raises BadReplay, naming the file, for one that cannot be read.

    `subject`: leave out the runs that others than this one left in the current folder; committed runs are for all subjects.
    """
    for folder in (COMMITTED,) if committed_only else (COMMITTED, SAVED):
        for path in sorted(folder.glob("*.json")):
            replay = read(str(path))
            if folder is COMMITTED or subject is None or _same(subject, replay.subject):
                yield path.stem, replay


def of_subject(subject: str) -> list[Replay]:
    """The runs of `subject` that gates and tests left in the current folder; files that cannot be read are passed over."""
    runs: list[Replay] = []
    for path in sorted(SAVED.glob("*.json")):
        try:
            replay = read(str(path))
        except BadReplay:  # of another version, or no run: the gate says so
            continue
        runs += [replay] * _same(subject, replay.subject)
    return runs


def _same(one: str, other: str) -> bool:
    """Whether two names mean one subject: a module and its file are one."""
    if one == other:
        return True
    return one.rpartition(":")[2] == other.rpartition(":")[2] and (file := file_of(one)) is not None and file == file_of(other)


def keep(findings: Iterable[FindingRecord]) -> bool:
    """Save the runs of `findings`, so that the short names that reports print are found. Returns whether that worked."""
    try:
        for finding in findings:
            for each in (finding, *finding.get("also", ())):
                save(read(each["replay"]))
    except OSError:
        return False
    return True


def forget_oldest() -> None:
    """Bound the runs that are kept by their names alone. For the beginning of a gate, before it prints any: it must not touch its own."""
    with suppress(OSError):
        files = sorted(FOUND.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        for path in files[:-NAMES]:
            path.unlink()


def save_by_name(replay: Replay, name: str) -> None:
    """Write a run that failed and whose `name` is printed: it is found by that also when another has replaced it in the corpus."""
    save(replay)
    FOUND.mkdir(parents=True, exist_ok=True)
    _write(FOUND / f"{name}.json", replay)


def save(replay: Replay) -> Path:
    """Write a run that failed; the same run twice is one file."""
    subject = "".join(ch if ch.isalnum() else "-" for ch in replay.subject)
    SAVED.mkdir(parents=True, exist_ok=True)
    path = SAVED / f"{subject}-{replay.cause}.json"
    _write(path, replay)
    return path


def _write(path: Path, replay: Replay) -> None:
    write_whole(path, json.dumps(replay.encode(), indent=1, sort_keys=True) + "\n")
