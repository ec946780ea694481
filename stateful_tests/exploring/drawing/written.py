"""Programs as people write them: a line a task, as reports print them.

    # a client leaves while it is let in
    A  connect(c1), then subscribe(c1, t1)
    B  disconnect(c1)  (may be cancelled)

The name is for the reader; tasks are called A, B, ... in the order of their lines. Arguments are texts, numbers, True, False or None.
"""

import ast
import re
from typing import Any

from subwarden.stateful_tests.exploring.level import Level

LINE = re.compile(r"\w+:?\s+(?P<calls>\S.*?)(?P<cancelled>\s*\(may be cancelled\))?")
CALL = re.compile(r"(?P<name>[A-Za-z_]\w*)\((?P<arguments>[^()]*)\)")
SHAPE = "a line is a task: `A  connect(c1), then subscribe(c1, t1)`, with `(may be cancelled)` at its end where it may be"
LARGEST = 100_000  # characters of a file


class BadProgram(Exception):
    """A program that cannot be played; the message says which line, why, and how to mend it."""


def program_of(text: str, source: str, level: Level) -> Any:
    """The program that `text`, of `source`, describes in the operations of `level`. Raises BadProgram."""
    if len(text) > LARGEST:
        raise BadProgram(f"{source} is longer than {LARGEST:,} characters; write a program of a few lines")
    tasks: list[list[list[object]]] = []
    faults: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        match = LINE.fullmatch(said)
        calls = re.split(r"\s*(?:,\s*then\s+|;)\s*", match["calls"]) if match else []
        found = [CALL.fullmatch(call.strip()) for call in calls]
        if match is None or not all(found):
            raise BadProgram(f"{source}:{number}: {said[:80]!r} is no task; {SHAPE}")
        tasks.append([[call["name"], *_arguments(call["arguments"])] for call in found if call is not None])
        faults += [len(tasks) - 1] if match["cancelled"] else []
        _decoded(level, {"tasks": tasks[-1:], "faults": []}, f"{source}:{number}")
    if not tasks:
        raise BadProgram(f"{source} has no task; {SHAPE}")
    return _decoded(level, {"tasks": tasks, "faults": faults}, source)


def _arguments(text: str) -> list[object]:
    return [_value(part.strip()) for part in text.split(",")] if text.strip() else []


def _value(text: str) -> object:
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # of a text that is nested deeply, too
        return text
    return value if isinstance(value, str | int | bool | type(None)) else text


def _decoded(level: Level, data: object, source: str) -> Any:
    try:
        return level.decode(data)
    except ValueError as error:
        raise BadProgram(f"{source}: {error}") from None
