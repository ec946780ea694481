"""Inputs that are wrong, odd or hostile, by kind: each row is a command, and the files that it reads. Every one is to be answered well."""

import json
from base64 import urlsafe_b64encode
from typing import Any, NamedTuple
from zlib import compress

from subwarden.stateful_tests.runs.replay import MARK, read
from subwarden.stateful_tests.tests.cli.refusals import SAVED

DEEP = "[" * 50_000
LONG = "x" * 1_000_000
GOOD = "A connect(c1), then subscribe(c1, t1)\nB disconnect(c1)\n"
ADAPTER = """
class Good:
    def __init__(self, env): self.pairs, self.live, self.gone = set(), set(), set()
    async def connect(self, client):
        if client not in self.gone: self.live.add(client)
    async def subscribe(self, client, topic):
        if client in self.live: self.pairs.add((client, topic))
        return client in self.live
    async def disconnect(self, client):
        self.gone.add(client)
        self.live.discard(client)
        self.pairs = {pair for pair in self.pairs if pair[0] != client}
    def observe(self): return self.pairs
"""


class Row(NamedTuple):
    """A command and its files. `code`: the exit code that it must have, None for any documented one."""

    kind: str
    arguments: tuple[str, ...]
    files: dict[str, str | bytes] = {}  # noqa: RUF012  # no row changes it
    code: int | None = 3


def packed(data: Any) -> str:
    """A replay string of `data`."""
    return MARK + urlsafe_b64encode(compress(json.dumps(data).encode(), 9)).decode().rstrip("=")


def replays() -> list[Row]:
    run = read(str(SAVED))
    whole, plain = run.string(), run.encode()
    strings = [whole[:at] for at in (0, 1, 4, 5, 20, len(whole) // 2, len(whole) - 1)]
    strings += [whole + end for end in ("A", "=", " ", "\n", "\0", "\udc80", "é", "/../x")]
    strings += [whole[:9] + char + whole[10:] for char in "!*\t\x1b"] + [
        whole.swapcase(),
        whole[::-1],
        MARK + LONG,
        "sw9-abc",
        "../" * 2_000,
    ]
    strings += [packed(data) for data in (None, 3, "x", [], {}, [plain], {"schema": None})]
    wrongs: tuple[Any, ...] = (None, -1, "\ud800", {"a": []}, [[]], 1e99)
    changed = [packed({**plain, key: wrong}) for key in sorted(plain) for wrong in wrongs]
    changed += [packed({name: value for name, value in plain.items() if name != key}) for key in sorted(plain)]
    same = {whole, packed(plain)}
    rows = [Row("replay", ("replay", string)) for string in strings if string.strip().rstrip("=") not in same and "\0" not in string]
    rows += [Row("replay", ("replay", string), {}, None) for string in changed]  # some are as good as they were
    texts: list[str | bytes] = ["", "{", "null", DEEP, '{"schema": 1e999}', "\ufeff{}", b"\xff\xfe", b"\0" * 100, '{"a": NaN}', "{}" * 9]
    return [*rows, *(Row("replay file", ("replay", "run.json"), {"run.json": text}) for text in texts)]


def programs() -> list[Row]:
    texts: list[str | bytes] = [
        "",
        "\n\n",
        "A",
        "A connect",
        "A connect(",
        "A connect()",
        "A connect(c1",
        "A connect(c1))",
        "A connect(c1),",
    ]
    texts += ["A connect(c1) then subscribe(c1, t1)", "A fly(c1)", "A connect(c1, c2)", "A connect(c1)\0", b"\xff", "\ufeff\ufeffA"]
    texts += [
        "# nothing",
        "A connect(c1), then",
        "then",
        "A , then connect(c1)",
        "A connect(c1)" + LONG,
        "(" * 5_000,
        "A connect(" + "(" * 5_000,
    ]
    texts += ["A connect(c1); B connect(c1)"]
    odd = [
        "A connect(t1)",
        "A subscribe(t1, c1)",
        "1 connect(c1)",
        "A connect(c1)\nA connect(c1)",
        "A connect(\x1b[31m)",
        "A connect(\uff43)",
    ]
    odd += ["A connect(c99999999999999999999)", "A connect(c-1)", "A teardown(t1)", GOOD]
    command, good = ("play", "program.txt", "--schedules", "3", "--subject"), {"good.py": ADAPTER}
    rows = [Row("program", (*command, "good.py:Good"), {"program.txt": text, **good}) for text in texts]
    rows += [Row("program", (*command, "good.py:Good"), {"program.txt": text, **good}, 0) for text in odd]
    return rows + [Row("program", (*command, name), {"program.txt": GOOD, **good}) for name in ("good.py:", "none.py:X", "manager:")]


def histories() -> list[Row]:
    call = {"call": 1, "task": "A", "op": ["connect", "c1"]}
    lines: list[Any] = [None, 0, "x", [], {}, {"call": None}, {"return": 1}, {**call, "call": {}}, {**call, "op": "connect"}]
    lines += [{**call, "op": []}, {**call, "op": ["\ud800"]}, {**call, "op": ["connect"]}, {**call, "op": ["connect", "c1", "c2"]}]
    lines += [{**call, "task": 3.5}, {"history": 99}, {"history": "x"}, {"history": 1, "model": "\x1b[2J"}, {"history": 1, "model": 3}]
    texts: list[str | bytes] = [json.dumps(line) + "\n" for line in lines]
    texts += ["{", "}", DEEP, "\0", b"\xff\xfe\n", "{}" * 3, "{'call': 1}", "[" + LONG, '{"call": 1e400}', '{"call": NaN}', "\x1b]0;x\x07"]
    return [Row("history", ("check", "log.jsonl"), {"log.jsonl": text}) for text in texts]


def flags() -> list[Row]:
    given = {
        "gate": "--jobs 0|--jobs -1|--jobs x|--jobs 1.5|--seed -1|--seed x|--seed \u0661x|--budget 0|--budget -1|--budget 1d|--budget nan"
        "|--budget inf|--maxfail 0|--profile fast|--level 9|--json .|--json no/such/f|--html no/such/f|--format xml|--subject|--nothing"
        "|extra|--jobs= |--max-memory x",
        "hunt": "--rounds 0|--rounds x|--budget 1 --rounds 1|--order all2|--resume nowhere|--resume .|--dir good.py|--seed 1.0",
        "replay": "|--script|x y|manager|--subject manager|good.py",
        "explore": "|x|:|x:|:x|good.py:|good.py:None|good.py:Good|none.py:x|--replay sx1-|good.py:Good --schedules 0",
        "prove": "--threads x|--nothing|x",
        "tour": "--subject good.py:Good|--subject none|x",
        "check": "|nowhere.jsonl|.|--budget 0 good.py|--model none good.py|good.py",
        "play": "|nowhere.txt|good.py|good.py --subject|nowhere.txt --subject good.py:Good|. --subject good.py:Good",
        "report": "|nowhere.json|good.py|.|--format none good.py",
        "new": "|good.py|.|no/such/x.py|x.txt|/dev/null",
        "conform": "|nosuchcommand|''",
        "view": "nowhere|good.py|",
        "help": "nothing|a b",
        "completion": "|ksh",
        "": "frob|--frob|gat",
    }
    rows = []
    for verb, alternatives in given.items():
        for words in alternatives.split("|"):
            arguments = tuple(word for word in (verb, *words.split(" ")) if word)
            rows.append(Row("flags", arguments, {"good.py": ADAPTER}))
    rows += [Row("flags", ("conform", command), {}, 1) for command in ("false", "true", "echo hello", "cat /dev/null", "sh -c 'exit 3'")]
    return rows


def adapters() -> list[Row]:
    bodies = {
        "raise at import": "1 / 0",
        "syntax": "def",
        "null bytes": "\0",
        "deep": "x = " + "(" * 5_000,
        "exit": "raise SystemExit(0)",
        "os exit": "import os\nos._exit(0)",
        "abort": "import os\nos.abort()",
        "exec": "import os\nos.execv('/bin/true', ['true'])",
        "base exception": "raise BaseException('odd')",
        "group": "raise ExceptionGroup('many', [ValueError('x'), OSError()])",
        "long message": "raise ValueError('x' * 1_000_000)",
        "control characters": "raise ValueError('\\x1b[31m\\udc80\\n\\nsecond')",
        "text that raises": "class E(Exception):\n    def __str__(self): raise ValueError('no')\nraise E()",
        "missing module": "import no_such_module_at_all",
        "relative import": "from . import x",
        "encoding": "# coding: nothing\n",
        "not there": "x = 1",
        "number": "Mine = 3",
        "lambda": "Mine = lambda: None",
        "coroutine": "async def Mine(env): pass",
        "generator": "def Mine(env): yield 1",
        "class without methods": "class Mine: pass",
        "two arguments": "class Mine:\n    def __init__(self, a, b): pass",
        "init raises": "class Mine:\n    def __init__(self, env): raise ValueError('x' * 1_000_000)",
        "init exits": "class Mine:\n    def __init__(self, env): raise SystemExit(0)",
        "init os exit": "import os\nclass Mine:\n    def __init__(self, env): os._exit(0)",
        "metaclass": "class M(type):\n    def __call__(cls, *a): raise LookupError('x')\nclass Mine(metaclass=M): pass",
        "getattr raises": "class Mine:\n    def __init__(self, env): pass\n    def __getattr__(self, name): raise OSError(name)",
        "getattr gives all": "class Mine:\n    def __init__(self, env): pass\n    def __getattr__(self, name): return 3",
        "sync methods": ADAPTER.replace("Good", "Mine").replace("async ", ""),
        "observe raises": ADAPTER.replace("Good", "Mine").replace("return self.pairs\n", "raise KeyError('k')\n"),
        "observe int": ADAPTER.replace("Good", "Mine").replace("return self.pairs\n", "return 3\n"),
        "observe coroutine": ADAPTER.replace("Good", "Mine").replace("def observe", "async def observe"),
        "observe exits": ADAPTER.replace("Good", "Mine").replace("return self.pairs\n", "raise SystemExit(0)\n"),
        "wrong arguments": ADAPTER.replace("Good", "Mine").replace("client, topic", "client"),
        "repr raises": ADAPTER.replace("Good", "Mine").replace("return self.pairs\n", "return X()\n")
        + "\nclass X:\n    def __repr__(self): raise OSError\n",
    }
    files: dict[str, dict[str, str | bytes]] = {name: {"mine.py": body, "p.txt": GOOD} for name, body in bodies.items()}
    command = ("play", "p.txt", "--schedules", "3", "--subject", "mine.py:Mine")
    return [Row(f"adapter, {name}", command, given, 0 if name == "sync methods" else 3) for name, given in files.items()]


def defaults() -> list[Row]:
    texts: list[str | bytes] = ["[", "[tool]\nsubwarden = 3", "[tool.subwarden]\nseed = -1", "[tool.subwarden]\nbudget = []", b"\xff", "\0"]
    texts += ['[tool.subwarden]\nprofile = "\\u001b"', '[tool.subwarden]\n"" = 1', "tool = 3", "[[tool]]", "[tool.subwarden]\njobs = 1e400"]
    return [Row("defaults", ("gate",), {"pyproject.toml": text}) for text in texts]


def records() -> list[Row]:
    texts: list[str | bytes] = [
        "",
        "{",
        "[]",
        "null",
        DEEP,
        b"\xff",
        '{"schema": "subwarden/gate/1"}',
        '{"schema": 3}',
        '{"schema": "x\\u001b"}',
    ]
    texts += ['{"schema": "subwarden/replay/1", "verdict": "fine"}', '{"schema": "subwarden/explore/1", "findings": 3}']
    return [Row("record", ("report", "r.json", "--html", "r.html"), {"r.json": text}) for text in texts]


ROWS = [row for rows in (replays, programs, histories, flags, adapters, defaults, records) for row in rows()]
