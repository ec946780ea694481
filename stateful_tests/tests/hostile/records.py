"""Records for `report`, one by one and as a history: changed, torn, of another program."""

import json
from pathlib import Path
from typing import Any

from subwarden.stateful_tests.tests.hostile.rows import DEEP, Odd, Row, Text, changed, spread
from subwarden.stateful_tests.tests.paths import GOLDEN

PAGE = ("report", "r.json", "--html", "r.html")


def texts() -> list[Row]:
    made: list[Text] = [
        "",
        "{",
        "[]",
        "null",
        DEEP,
        b"\xff",
        '{"schema": "subwarden/gate/1"}',
        '{"schema": 3}',
        '{"schema": "x\\u001b"}',
        *Odd,
    ]
    made += ['{"schema": "subwarden/replay/1", "verdict": "fine"}', '{"schema": "subwarden/explore/1", "findings": 3}']
    made += [
        json.dumps({"schema": f"subwarden/{name}/1"}) for name in ("hunt", "play", "tour", "prove", "check", "conform", "exec", "nothing")
    ]
    rows = [Row("record", PAGE, {"r.json": text}) for text in made]
    rows += [Row("record, history", ("report", "--history", "d"), {"d/r.json": text}) for text in made]
    return rows


def changed_ones() -> list[Row]:
    """A record of a proof, changed in one place, in each form: it is shown, or told to be damaged."""
    whole: Any = json.loads(Path(GOLDEN / "prove_violated.json").read_text(encoding="utf-8"))
    made = spread([json.dumps(data) for data in changed(whole, (None, "\ud800", [], -1, {"a": 1}))], 60)
    forms = ("github", "json", "junit", "mermaid", "sarif")
    rows = [Row("record, changed", PAGE, {"r.json": text}, None) for text in made]
    return rows + [
        Row("record, changed", ("report", "r.json", "--format", forms[n % 5]), {"r.json": text}, None) for n, text in enumerate(made)
    ]


def rows() -> list[Row]:
    return [*texts(), *changed_ones()]
