"""Histories for `check`: lines that are no lines of a history, calls without an end, and numbers that no clock shows."""

import json
from typing import Any

from subwarden.stateful_tests.tests.hostile.rows import DEEP, LONG, NASTY, Odd, Row, Text, changed, spread
from subwarden.stateful_tests.tests.paths import DATA

HEAD = {"history": 1, "model": "core"}
CALL = {"call": 1, "task": "A", "op": ["connect", "c1"], "at": 1}
WHOLE = [json.loads(line) for line in (DATA / "histories" / "in_order.jsonl").read_text(encoding="utf-8").splitlines()]
OPS: list[Any] = [["connect", None], ["connect", 1.5], ["connect", []], ["connect", {}], ["connect", True]]
MODEL = """
class Model:
    initial = 0
    def step(self, state, operation): return state, None
"""


def lines_of(*lines: Any) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def heads() -> list[Row]:
    wrong: list[Any] = [None, 0, "x", [], {}, CALL, {"history": 99}, {"history": "x"}, {"history": 1.0}, {"history": True}]
    models: list[Any] = ["\x1b[2J", 3, "", "nothing", [], "core ", "CORE", "x" * 5_000]
    wrong += [{**HEAD, "model": model} for model in models]
    wrong += [{**HEAD, "reconnects": value} for value in (1, "yes", None)] + [{**HEAD, "more": 1}]
    wrong += [{"history": 1, "model": "manager", "reconnects": True}]
    return [Row("history, head", ("check", "log.jsonl"), {"log.jsonl": lines_of(head, CALL)}) for head in wrong]


def lines() -> list[Row]:
    wrong: list[Any] = [
        None,
        0,
        "x",
        [],
        {},
        {"call": None},
        {"return": 1},
        {"cancel": 1, "at": 1},
        {**CALL, "call": {}},
        {**CALL, "op": 3},
    ]
    wrong += [
        {**CALL, "op": op} for op in ([], ["\ud800"], ["connect"], ["connect", "c1", "c2"], ["fly", "c1"], [["connect"], "c1"], "connect")
    ]
    wrong += [
        {**CALL, "task": 3.5},
        {**CALL, "at": None},
        {**CALL, "at": "1"},
        {**CALL, "at": True},
        {**CALL, "at": [1]},
        {**CALL, "more": 1},
    ]
    wrong += [{**CALL, "return": 1}, {"deliver": "c1", "message": "m", "at": 1}, {"deliver": "c1", "at": 1}, {"deliver": None}]
    made = [lines_of(HEAD, line) for line in wrong]
    made += [lines_of(HEAD, CALL, CALL), lines_of(HEAD, CALL, {"return": 1, "at": 0}), lines_of(HEAD, CALL, {"return": 2, "at": 2})]
    made += [lines_of(HEAD, {**CALL, "op": op}) for op in OPS]
    made += [lines_of(HEAD) + text for text in ('{"call": 1e400}', '{"call": NaN}', "{", "}", DEEP, "\0", "'", "[" + LONG, '{"call": 1,}')]
    return [Row("history, line", ("check", "log.jsonl"), {"log.jsonl": text}) for text in made]


def texts() -> list[Row]:
    made: list[Text] = ["", "\n", "{", "}", DEEP, "\0", b"\xff\xfe\n", "{}" * 3, "{'call': 1}", "[" + LONG, "\x1b]0;x\x07", *Odd]
    made.append(lines_of(HEAD).encode("utf-16"))
    rows = [Row("history, text", ("check", "log.jsonl"), {"log.jsonl": text}) for text in made]
    rows += [Row("history, stdin", ("check", "-"), {}, 3, "", text) for text in made if not isinstance(text, Odd)]
    return rows


def changed_ones() -> list[Row]:
    """A history that holds, changed in one place: it may hold still, be violated, or be no history any more."""
    made = ["\n".join(map(json.dumps, lines)) + "\n" for lines in changed(WHOLE)]
    return [Row("history, changed", ("check", "log.jsonl"), {"log.jsonl": text}, None, lines=30) for text in spread(made, 150)]


def whole_ones() -> list[Row]:
    good = lines_of(*WHOLE)
    rows = [
        Row("history, whole", ("check", "log.jsonl"), {"log.jsonl": text}, 0)
        for text in (good, "\ufeff" + good, good.replace("\n", "\r\n"), lines_of(HEAD))
    ]
    rows += [
        Row("history, whole", ("check", "-"), {}, 0, "", good),
        Row("history, whole", ("check", "log.jsonl"), {"log.jsonl": good[:-1]}, 0),
    ]
    crowd = [{"call": n, "op": ["connect", f"c{n}"], "at": 1} for n in range(40)]
    rows.append(Row("history, whole", ("check", "log.jsonl"), {"log.jsonl": lines_of(HEAD, *crowd)}, None))
    return rows


def models() -> list[Row]:
    given = ("own.py:Model", "own.py:Nothing", "own.py:", "none.py:Model", ":", "own.py", "bad.py:Model", "own.py:number", *NASTY)
    files: dict[str, Text] = {"log.jsonl": lines_of(HEAD, CALL), "own.py": MODEL + "number = 3\n", "bad.py": "1 / 0"}
    return [
        Row("history, model", ("check", "log.jsonl", "--model", model), files, None if model == "own.py:Model" else 3)
        for model in given
        if model[:1] != "-"
    ]


def rows() -> list[Row]:
    return [*heads(), *lines(), *texts(), *changed_ones(), *whole_ones(), *models()]
