"""Finds the run to view in a file: a saved run, or one finding of a record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from subwarden.files.bounded import object_of
from subwarden.reports.records.exploration import EXPLORE_SCHEMA
from subwarden.stateful_tests.exec.saved import SCHEMA as PROCESS_RUN
from subwarden.stateful_tests.runs.replay import ANY_MARK

LARGEST = 200_000_000  # characters of a record


class BadView(Exception):
    """What is given cannot be viewed; the message says why and how to mend it."""


class Found(NamedTuple):
    """A run: `replay` is its string or its file. `scenario`: the one that it is of."""

    replay: str
    scenario: str | None = None


def run_in(text: str, finding: str | None) -> Found:
    """The run in the file `text`; `text` itself if it is a string, or no file of ours: its reader says so. Raises BadView."""
    record = None if ANY_MARK.match(text) else _record(text)
    if record is None:
        if finding is not None:
            raise BadView(f"{text[:80]} is one run; --finding is for a record that --json wrote")
        return Found(text)
    if isinstance(record.get("replay"), str):  # of a replay
        return Found(record["replay"])
    findings = record.get("findings")
    if not isinstance(findings, list) or not findings or not all(isinstance(each, Mapping) and "replay" in each for each in findings):
        raise BadView(f"{text} has no finding; give a record of a gate, a hunt or an exploration that found something, or a saved run")
    chosen = _chosen(findings, finding, text)
    replay = str(chosen["replay"])
    if record.get("schema") != EXPLORE_SCHEMA:
        return Found(replay)
    return Found(replay, str(record.get("scenario")))


def _record(path: str) -> dict[str, Any] | None:
    """The record in the file; None if it holds a run, something else, or cannot be read."""
    data = object_of(Path(path), LARGEST)
    is_record = data is not None and isinstance(data.get("schema"), str) and data["schema"] != PROCESS_RUN
    return data if is_record else None


def _chosen(findings: Sequence[Mapping[str, Any]], wanted: str | None, text: str) -> Mapping[str, Any]:
    names = [str(each.get("short") or each.get("id") or each.get("kind")) for each in findings]
    if wanted is None:
        return findings[0]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(findings):
        return findings[int(wanted) - 1]
    for each, name in zip(findings, names, strict=True):
        if wanted in (name, each.get("id")):
            return each
    has = ", ".join(f"{number} ({name})" for number, name in enumerate(names[:8], 1))
    raise BadView(f"{text} has no finding {wanted!r}; it has {has}")
