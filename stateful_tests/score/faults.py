"""All faults of a module, and the code that a fault makes of it. Faults that do not compile or change nothing are left out."""

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from hashlib import sha256
from itertools import groupby
from types import CodeType
from typing import Any

from subwarden.stateful_tests.score.operators.control import control
from subwarden.stateful_tests.score.operators.effects import effects
from subwarden.stateful_tests.score.operators.fault import Fault
from subwarden.stateful_tests.score.operators.locks import locks
from subwarden.stateful_tests.score.operators.order import order
from subwarden.stateful_tests.score.source import Edit, Source

OPERATORS = (locks, order, effects, control)
MOST_LINES = 9  # that are shown of a fault
AT_ENDS = 4  # of a long change, before and behind the lines that are left out
OMITTED = "  ..."


def faults_of(text: str, apart: Collection[str] = ()) -> tuple[list[Fault], Counter[str]]:
    """The faults of a module, in the order of their lines, without those in its definitions `apart`; and how many others there were, by
    what is the matter with them. Raises SyntaxError.
    """
    source = Source(text)
    known: set[tuple[int, str]] = set()
    found: list[Fault] = []
    others = Counter[str]()
    for place in source.places:
        if place.top in apart:
            continue
        first, last = place.body
        start, end = source.line_start(first), source.line_start(last + 1)
        if (first, "") not in known:
            known |= {(first, ""), (first, _digest(text[start:end]))}
        for operator in OPERATORS:
            for fault in operator(source, place):
                try:
                    made = first, _digest(fault.edit.of(text)[start : end + fault.edit.longer])
                except SyntaxError:
                    others["does not compile"] += 1
                    continue
                if made in known:
                    others["the same code"] += 1
                    continue
                known.add(made)
                found.append(fault)
    return sorted(found, key=lambda fault: fault.line), others


def compiled(text: str, edit: Edit | None, file: str = "<mutant>") -> CodeType:
    """The code of a module with an edit. Every line behind the edit keeps its number. Raises SyntaxError."""
    if edit is None:
        return compile(text, file, "exec", dont_inherit=True)
    tree = ast.parse(edit.of(text))
    last = text.count("\n", 0, edit.end) + 1  # line of the end of the edit, before
    more = edit.text.count("\n") - text.count("\n", edit.start, edit.end)
    for node in ast.walk(tree) if more else ():
        for name in ("lineno", "end_lineno"):
            line = getattr(node, name, None)
            if line is not None:
                setattr(node, name, line - more if line - more >= last else min(line, last))
    return compile(tree, file, "exec", dont_inherit=True)


def shown(text: str, fault: Fault) -> list[str]:
    """The lines that a fault changes, as a difference: `- ` before, `+ ` with it, `  ` both."""
    first, last = fault.lines
    lines = text.split("\n")
    more = fault.edit.text.count("\n") - text.count("\n", fault.edit.start, fault.edit.end)
    before, after = lines[first - 1 : last], fault.edit.of(text).split("\n")[first - 1 : last + more]
    least = min((len(line) - len(line.lstrip()) for line in (*before, *after) if line.strip()), default=0)
    told: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        told += [f"  {line[least:]}" for line in before[a:b]] if tag == "equal" else []
        told += [f"- {line[least:]}" for line in before[a:b]] if tag != "equal" else []
        told += [f"+ {line[least:]}" for line in after[c:d]] if tag != "equal" else []
    return _short(told)


def _short(told: list[str]) -> list[str]:
    """No more lines than a reader takes in: of those that stay the same, the ones beside a change; of a long change, both ends."""
    kept = list(told)
    if len(kept) > MOST_LINES:
        changed = [at for at, line in enumerate(told) if not line.startswith("  ")]
        near = {at + step for at in changed for step in (-1, 0, 1)}
        kept = [line if at in near else OMITTED for at, line in enumerate(told)]
    runs = [(tag, list(lines)) for tag, lines in groupby(kept, key=lambda line: line if line == OMITTED else line[:2])]
    return [line for tag, lines in runs for line in ([OMITTED] if tag == OMITTED else _ends(lines))]


def _ends(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MOST_LINES else [*lines[:AT_ENDS], OMITTED, *lines[-AT_ENDS:]]


def _digest(function: str) -> str:
    """The same for the texts of functions that do the same, whatever their lines are: that of the bytecode. Raises SyntaxError."""
    code = compile(f"if True:\n{function}" if function[:1].isspace() else function, "<fault>", "exec", dont_inherit=True)
    return sha256(repr(list(_parts(code))).encode()).hexdigest()


def _parts(code: CodeType) -> Iterator[Any]:
    yield code.co_name, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags
    yield code.co_argcount, code.co_kwonlyargcount, code.co_exceptiontable
    for constant in code.co_consts:
        yield list(_parts(constant)) if isinstance(constant, CodeType) else (type(constant).__name__, constant)
