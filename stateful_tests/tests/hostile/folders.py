"""Folders of hunts, of saved runs and of records: files that are torn, of another program, or no files at all."""

import json
from typing import Any

from subwarden.stateful_tests.runs.replay import read
from subwarden.stateful_tests.tests.cli.refusals import SAVED
from subwarden.stateful_tests.tests.hostile.rows import DEEP, Odd, Row, Text, changed, spread

HEAD: dict[str, Any] = {
    "schema": "subwarden/hunt-journal/2",
    "subject": "manager",
    "seed": 0,
    "order": "fifo",
    "level": "manager",
    "digest": "",
}
DID = {"did": {"seconds": 1.0, "rounds": {"0": 1}, "work": {"manager, fifo": {"programs": 1}}}}
WRONG_HEADS: list[dict[str, Any]] = [{"subject": 3}, {"subject": "none"}, {"seed": "x"}, {"order": []}, {"level": 9}]
WRONG_LINES: list[Any] = [{"did": 3}, {"did": {}}, {"did": {"seconds": "x"}}, 3, None, []]
RESUME = ("hunt", "--resume", "h", "--rounds", "1", "--jobs", "1", "--quiet")
TEXTS: tuple[Text, ...] = ("", "{", "null", "3", "[]", DEEP, b"\xff\xfe", "\0", "{}\n{}\n", *Odd)
GATE = ("gate", "--subject", "source", "--level", "manager", "--saved", "--budget", "0.2", "--jobs", "1", "-x", "--quiet")


def journal(*lines: Any) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def hunts() -> list[Row]:
    made: list[Text] = [*TEXTS, *(journal({"began": head}) for head in changed(HEAD) if head.get("schema") != HEAD["schema"])]
    made += [journal({"began": {**HEAD, **wrong}}) for wrong in WRONG_HEADS]
    made += [journal({"began": HEAD}, line) for line in WRONG_LINES]
    made += [journal({"began": HEAD}, {"did": did}) for did in spread(list(changed(DID["did"], (None, "x", [], -1))), 20)]
    rows = [
        Row("hunt, journal", RESUME, {"h/journal.jsonl": text}, None if isinstance(text, str) and '"did"' in text else 3) for text in made
    ]
    good = journal({"began": HEAD})
    rows += [
        Row("hunt, end states", RESUME, {"h/journal.jsonl": good, "h/ends.json": text}) for text in TEXTS if text not in (Odd.DANGLING,)
    ]
    rows += [Row("hunt, finding", RESUME, {"h/journal.jsonl": good, "h/P2-x.json": text}) for text in TEXTS]
    return rows


def corpora() -> list[Row]:
    """The runs that gates keep: one that cannot be read is named, by the commands that need it."""
    run = read(str(SAVED)).encode()
    texts: list[Text] = [*TEXTS, json.dumps({**run, "subject": "none"}), *(json.dumps(data) for data in spread(list(changed(run)), 12))]
    return [Row("corpus", ("replay", "abcdef"), {".subwarden/corpus/x.json": text}) for text in texts]


def rows() -> list[Row]:
    return [*hunts(), *corpora()]
