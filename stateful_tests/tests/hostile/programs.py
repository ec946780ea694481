"""Programs that people write for `play`: broken lines, odd names, too much of everything, and none at all."""

from subwarden.stateful_tests.tests.hostile.rows import LONG, NASTY, Odd, Row, Text
from subwarden.stateful_tests.tests.hostile.subjects import FILES, GOOD

COMMAND = ("play", "program.txt", "--schedules", "3", "--subject")
BROKEN: tuple[Text, ...] = (
    "",
    "\n\n",
    " ",
    "\t\t\n",
    "A",
    "A:",
    "A connect",
    "A connect(",
    "A connect)",
    "A connect()",
    "A connect(c1",
    "A connect(c1))",
    "A connect((c1))",
    "A connect(c1),",
    "A connect(c1), then",
    "A connect(c1) then subscribe(c1, t1)",
    "A connect(c1) and subscribe(c1, t1)",
    "A then connect(c1)",
    "A , then connect(c1)",
    "A connect(c1), then, then connect(c2)",
    "A fly(c1)",
    "A CONNECT(c1)",
    "A connect.now(c1)",
    "A await connect(c1)",
    "A connect(c1, c2)",
    "A subscribe(c1)",
    "A subscribe(c1, t1, t2)",
    "A publish()",
    "A connect(None)",
    "A connect(True)\nB connect(1)",
    "A connect(c1)\0",
    "A connect(c1) (may be canceled)",
    "A connect(c1) (may be cancelled) (may be cancelled)",
    "(may be cancelled)",
    "A connect(c1); B connect(c1)",
    "A connect(c1)\nB\n",
    "A connect(c1)\r\nB connect\r\n",
    "# nothing",
    "then",
    "import os; os.abort()",
    "A __import__('os').abort()",
    "A connect(__import__('os'))",
    '{"tasks": []}',
    '{"tasks": [[["connect", "c1"]]], "faults": []}',
    "<html>",
    "PK\x03\x04",
    "A connect(c1)" + LONG,
    LONG,
    "(" * 5_000,
    "A connect(" + "(" * 5_000,
    b"\xff",
    b"\xff\xfeA\0 \0",
    b"\x89PNG\r\n\x1a\n",
    "\ufeff\ufeffA",
    *Odd,
)
ODD = (
    "A connect(t1)",
    "A subscribe(t1, c1)",
    "1 connect(c1)",
    "A connect(c1)\nA connect(c1)",
    "A connect(\x1b[31m)",
    "A connect(\uff43)",
    "A connect(c99999999999999999999)",
    "A connect(c-1)",
    "A connect('')",
    "A connect('a\"b')",
    "A connect([bold])",
    "A: connect(c1); subscribe(c1, t1)",
    "A connect(c1)   # (may be cancelled)",
    "A connect(c1) (may be cancelled)\nB disconnect(c1) (may be cancelled)",
    "A connect(c1)\r\nB disconnect(c1)\r\n",
    "\n".join(f"T{number} connect(c{number})" for number in range(60)),
    "A " + ", then ".join(["connect(c1)", "disconnect(c1)"] * 60),
    "A " + "connect(c1), then " * 3_000 + "connect(c1)",
    "A teardown(t1)",
    "A publish(t1)",
    GOOD,
)


def rows() -> list[Row]:
    made = [Row("program, broken", (*COMMAND, "good.py:Good"), {"program.txt": text, **FILES}) for text in BROKEN]
    made += [Row("program, odd", (*COMMAND, "good.py:Good"), {"program.txt": text, **FILES}, 0) for text in ODD]
    made += [Row("program, stdin", ("play", "-", *COMMAND[2:], "good.py:Good"), FILES, 3, "", text) for text in ("", "A", b"\xff", "\0")]
    made.append(Row("program, stdin", ("play", "-", *COMMAND[2:], "good.py:Good"), FILES, 0, "", GOOD))
    names = ["good.py:", "none.py:X", "manager:", "good.py", "good:Good:Good", "good.py:Good.Bad", "good.py:Good()", "program.txt:Good"]
    return made + [
        Row("program, subject", (*COMMAND, name), {"program.txt": GOOD, **FILES}) for name in (*names, *NASTY) if name[:1] != "-"
    ]
