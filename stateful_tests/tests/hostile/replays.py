"""Replays that were cut, changed or made up: strings and files of runs of every kind of subject."""

import json
from random import Random
from typing import Any

from subwarden.stateful_tests.runs.replay import MARK, read
from subwarden.stateful_tests.tests.cli.refusals import SAVED
from subwarden.stateful_tests.tests.hostile.rows import DEEP, LONG, NASTY, Odd, Row, Text, changed, packed, spread
from subwarden.stateful_tests.tests.paths import CORPUS, DATA, ROOT

SERVER = CORPUS / "source-P7-turn-interrupt-is-never-answered.json"
HUB = DATA / "hub" / "lost.txt"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PROCESS: dict[str, Any] = {
    "schema": "subwarden/exec-run/1",
    "subject": "exec:false",
    "program": {"first": [["connect", "c1"]], "tasks": [{"name": "A", "operations": [["subscribe", "c1", "t1"]]}]},
    "schedule": ["A"],
    "cause": "x",
    "answer_within": 5,
}
SCENARIO = f"{ROOT / 'examples' / 'transfer.py'}:both_ways"


def mangled(whole: str, count: int, seed: int) -> list[str]:
    """`whole` with some of its characters changed, left out, doubled or moved, as mail and terminals do."""
    random, made = Random(seed), []
    for _ in range(count):
        at, to = sorted(random.sample(range(len(whole)), 2))
        part, other = whole[at:to], random.choice(ALPHABET)
        made.append(
            random.choice(
                (
                    whole[:at] + other + whole[at + 1 :],
                    whole[:at] + whole[to:],
                    whole[:to] + part + whole[to:],
                    whole[:at] + part[::-1] + whole[to:],
                    whole[:at] + whole[to] + whole[at + 1 : to] + whole[at] + whole[to + 1 :],
                    whole[:at] + "\n  " + whole[at:],
                )
            )
        )
    return [text for text in made if "".join(text.split()) != whole and text.strip()]


def strings() -> list[Row]:
    run = read(str(SAVED))
    whole, plain = run.string(), run.encode()
    texts = [whole[:at] for at in (0, 1, 4, 5, 20, len(whole) // 2, len(whole) - 1)]
    texts += [whole + end for end in ("A", "=", " ", "\n", "\udc80", "é", "/../x")]
    texts += [whole[:9] + char + whole[10:] for char in "!*\t\x1b"]
    texts += [whole.swapcase(), whole[::-1], MARK + LONG, "sw9-abc", "../" * 2_000]
    texts += [packed(data) for data in (None, 3, "x", [], {}, [plain], {"schema": None})]
    same = {whole, packed(plain)}
    rows = [Row("replay", ("replay", text)) for text in texts if text.strip().rstrip("=") not in same]
    for seed, path in enumerate((SAVED, SERVER, HUB)):
        rows += [Row("replay, mangled", ("replay", text)) for text in mangled(read(str(path)).string(), 50, seed)]
    rows += [Row("replay, mangled", ("explore", SCENARIO, "--replay", text)) for text in NASTY]
    return rows


def structures() -> list[Row]:
    """Well packed, and wrong within: some are as good as they were."""
    rows = []
    for path, count, more in ((SAVED, 90, ()), (SERVER, 60, ()), (HUB, 90, ("--subject", read(str(HUB)).subject))):
        made = [packed(data) for data in changed(read(str(path)).encode())]
        rows += [Row("replay, wrong within", ("replay", text, *more), {}, None) for text in spread(list(dict.fromkeys(made)), count)]
    return rows


def files() -> list[Row]:
    texts: list[Text] = ["", "{", "null", DEEP, '{"schema": 1e999}', "\ufeff{}", b"\xff\xfe", b"\0" * 100, '{"a": NaN}', "{}" * 9, *Odd]
    rows = [Row("replay file", ("replay", "run.json"), {"run.json": text}) for text in texts]
    rows += [Row("replay file", ("replay", name)) for name in NASTY if name.strip() and not name.startswith("-")]
    rows += [Row("replay stdin", ("replay", "-"), {}, 3, "", text) for text in texts if not isinstance(text, Odd)]
    return rows


def of_processes() -> list[Row]:
    """Runs of processes. The command of a run is started by nobody who has not named it."""

    made = [json.dumps(data) for data in spread(list(changed(PROCESS)), 60)]
    return [Row("replay of a process", ("replay", "run.json"), {"run.json": text}) for text in made]


def rows() -> list[Row]:
    return [*strings(), *structures(), *files(), *of_processes()]
