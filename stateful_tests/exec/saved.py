"""Runs and histories on disk: a finding's files, which `subwarden replay` and `subwarden check` read again."""

import json
from dataclasses import dataclass
from pathlib import Path

from subwarden.files.bounded import object_of
from subwarden.files.whole_file import write_whole
from subwarden.scheduling import string_hash
from subwarden.stateful_tests.exec.finding import ExecFinding
from subwarden.stateful_tests.exec.process import PREFIX
from subwarden.stateful_tests.exec.program import ExecProgram
from subwarden.stateful_tests.runs.files import digest_of
from subwarden.stateful_tests.runs.found.kept import SHORT, identity_of
from subwarden.stateful_tests.runs.replay import LARGEST, BadReplay

FOLDER = Path(".subwarden") / "exec"
SCHEMA = "subwarden/exec-run/1"
LONGEST_ANSWER = 3_600  # seconds
AGAIN = f"make a new one with `subwarden gate --subject {PREFIX}COMMAND`"


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run to play again. `schedule` is None if the process schedules itself; `cause` is the slug of the cause that it showed.

    `limit`: seconds that any answer may take. `hash_seed`: of the string hash that a program in Python inherits.
    `model`: the user's own model, as the command line names it, and the `digest` of its file; empty for the core model.
    """

    command: str
    program: ExecProgram
    schedule: tuple[str, ...] | None
    cause: str
    limit: float
    hash_seed: int = 0
    model: str = ""
    digest: str = ""


def save(command: str, limit: float, finding: ExecFinding, model: str = "") -> tuple[Path, Path, str]:
    """Write a finding's run and its history; the two files, and the short name of the run. The same cause again replaces them."""
    words = "".join(ch if ch.isalnum() else " " for ch in command[-60:]).split()
    name = "-".join([*words, finding.cause.slug()])
    run, history = FOLDER / f"{name}.json", FOLDER / f"{name}.jsonl"
    made, hash_seed = finding.run, string_hash.current() or 0
    data = _encode(
        SavedRun(command, made.program, made.names, finding.cause.slug(), limit, hash_seed, model, digest_of(model) if model else "")
    )
    _write(run, data)
    write_whole(history, finding.run.recording.text())
    return run, history, identity_of(data)[:SHORT]


def keep(saved: SavedRun) -> Path:
    """Write a run by its short name, beside those of findings; the file."""
    data = _encode(saved)
    path = FOLDER / f"{identity_of(data)[:SHORT]}.json"
    _write(path, data)
    return path


def _encode(saved: SavedRun) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "subject": PREFIX + saved.command,
        "program": saved.program.encode(),
        "schedule": None if saved.schedule is None else list(saved.schedule),
        "cause": saved.cause,
        "answer_within": saved.limit,
        "hash_seed": saved.hash_seed,
        **({"model": saved.model, "digest": saved.digest} if saved.model else {}),
    }


def _write(path: Path, data: dict[str, object]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(data, indent=1, sort_keys=True) + "\n")


def read(text: str) -> SavedRun | None:
    """The run in the file `text`; None if there is no such file, or it holds something else. Raises BadReplay for a damaged one."""
    data = object_of(Path(text), LARGEST)
    if data is None or data.get("schema") != SCHEMA:
        return None  # a replay of another kind, or none at all: the reader of those says so
    try:
        subject, schedule, cause = data.get("subject"), data.get("schedule"), data.get("cause")
        if not isinstance(subject, str) or not subject.startswith(PREFIX) or not isinstance(cause, str):
            raise ValueError("its subject and its cause must be strings")
        if schedule is not None and not (isinstance(schedule, list) and all(isinstance(name, str) for name in schedule)):
            raise ValueError("its schedule is neither null nor a list of names")
        limit = data.get("answer_within")
        if not isinstance(limit, int | float) or isinstance(limit, bool) or not 0 < limit <= LONGEST_ANSWER:
            raise ValueError(f"its answer_within is not a number of seconds up to {LONGEST_ANSWER:,}")
        hash_seed = data.get("hash_seed", 0)
        if type(hash_seed) is not int or not 0 <= hash_seed <= string_hash.LARGEST:
            raise ValueError(f"its hash_seed is a whole number up to {string_hash.LARGEST}, not {hash_seed!r}")
        model, digest = data.get("model", ""), data.get("digest", "")
        if not isinstance(model, str) or not isinstance(digest, str):
            raise ValueError("its model and the digest of that must be strings")
        program = ExecProgram.decode(data.get("program"), own=bool(model))
    except ValueError as error:
        raise BadReplay(f"{text} is not a replay: {error}; {AGAIN}") from None
    followed = None if schedule is None else tuple(schedule)
    return SavedRun(subject.removeprefix(PREFIX), program, followed, cause, limit, hash_seed, model, digest)
