"""[tool.subwarden] in `pyproject.toml`: what it cannot set, and a file that is none."""

from subwarden.stateful_tests.tests.hostile.rows import Odd, Row, Text

TABLES = (
    'profile = "\\u001b"',
    'profile = "fast"',
    "profile = 3",
    "profile = []",
    "seed = -1",
    "seed = 1.5",
    'seed = "x"',
    "seed = true",
    "seed = 1979-05-27",
    "budget = []",
    "budget = 0",
    'budget = "soon"',
    "budget = nan",
    "jobs = 0",
    "jobs = 1e400",
    'jobs = "many"',
    "jobs = {a = 1}",
    'subject = ""',
    'subject = "none"',
    'subject = "none.py:X"',
    "subject = 3",
    'subject = "\\u0000"',
    '"" = 1',
    'colour = "red"',
    "Seed = 1",
    'json = "x.json"',
)
FILES: tuple[Text, ...] = (
    "[",
    "[tool]\nsubwarden = 3",
    '[tool]\nsubwarden = "x"',
    "[[tool.subwarden]]\nseed = 1",
    "tool = 3",
    "[[tool]]",
    "seed = \n",
    "[tool.subwarden]\nseed = 1\nseed = 2",
    "a = " + "[" * 50_000,
    b"\xff",
    b"\xff\xfe[\0",
    "\0",
)


GATE = ("gate", "--budget", "0.1", "--jobs", "1", "--level", "manager", "--quiet")
HUNT = ("hunt", "--budget", "0.1", "--jobs", "1", "--level", "manager")


def rows() -> list[Row]:
    texts: list[Text] = [*FILES, *(f"[tool.subwarden]\n{table}\n" for table in TABLES)]
    rows = []
    for command in (GATE, HUNT):  # of which only a gate has profiles
        wrong = [text for text in texts if command is GATE or "profile" not in str(text)]
        rows += [
            Row("settings", command, {"pyproject.toml": text}, 3, "subject" if "subject =" in str(text) else "pyproject.toml")
            for text in wrong
        ]
    return rows + [Row("settings", ("subjects",), {"pyproject.toml": text}, 0) for text in (*texts, *Odd)]
