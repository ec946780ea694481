"""Faults of conditions, of clean-up, and of exceptions and time limits."""

import ast
from collections.abc import Iterator

from subwarden.stateful_tests.score.operators.fault import Fault, all_lines, fault
from subwarden.stateful_tests.score.operators.locks import header_end
from subwarden.stateful_tests.score.source import Edit, Place, Source, With, is_guard, last_name

OF_ARGUMENTS = ("TypeError", "ValueError")  # what they check, a harness does not try: it gives what its adapter's author meant
LIMITS = ("timeout", "timeout_at", "move_on_after", "move_on_at", "fail_after", "fail_at")


def control(source: Source, place: Place) -> Iterator[Fault]:
    """The faults of one statement."""
    match place.statement:
        case ast.If() as statement:
            yield from _condition(source, place, statement)
        case ast.Try() as statement:
            yield from _handlers(source, place, statement)
            yield from _clean_up(source, place, statement)
        case ast.With() | ast.AsyncWith() as statement:
            yield from _context(source, place, statement)


def _condition(source: Source, place: Place, statement: ast.If) -> Iterator[Fault]:
    if is_guard(statement):
        if isinstance(statement.body[-1], ast.Raise) and last_name(statement.body[-1].exc or statement.test) in OF_ARGUMENTS:
            return
        is_elif = source.text.startswith("elif", source.start(statement))
        edit = source.replaced(statement.body[0], "pass", statement.body[-1]) if is_elif else source.replaced(statement, "pass")
        only_looks = not any(isinstance(node, ast.Call | ast.Await) for node in ast.walk(statement.test))
        needs = statement.body[0] if only_looks else None  # a check that never stops anybody can be left out
        yield fault("no-guard", "this check is missing", place, edit, all_lines(statement), needs=needs)
        return
    edit = source.replaced(statement.test, f"not ({source.of(statement.test)})")
    lines = (statement.lineno, statement.test.end_lineno)
    yield fault("negated", "this condition is the other way round", place, edit, lines)


def _handlers(source: Source, place: Place, statement: ast.Try) -> Iterator[Fault]:
    for handler in statement.handlers:
        match handler.body:
            case [ast.Raise(exc=None)]:
                continue
            case [*_, ast.Raise(exc=None)]:
                said = "this clean-up never happens"
            case _:
                said = "this exception is not caught"
        edit = source.replaced(handler.body[0], "raise", handler.body[-1])
        yield fault("no-handler", said, place, edit, (handler.lineno, handler.body[-1].end_lineno), at=handler.body[0])


def _clean_up(source: Source, place: Place, statement: ast.Try) -> Iterator[Fault]:
    last = statement.finalbody
    if all(_changes_nothing(each) for each in last):
        return
    word = source.text.rindex("finally", 0, source.start(last[0]))
    line = source.text.count("\n", 0, word) + 1
    lines = (line, last[-1].end_lineno)
    yield fault("no-cleanup", "this clean-up never happens", place, source.replaced(last[0], "pass", last[-1]), lines, at=last[0])
    if not statement.handlers and not statement.orelse:
        start = source.start(statement)
        edit = Edit(start, word + len("finally"), f"if True{source.text[start + len('try') : word]}if True")
        yield fault("cleanup-on-success", "this clean-up is left out when something fails", place, edit, lines, at=last[0])


def _changes_nothing(statement: ast.stmt) -> bool:
    """Nothing that others see: it only forgets names."""
    match statement:
        case ast.Pass():
            return True
        case ast.Delete(targets=targets):
            return all(isinstance(each, ast.Name) for each in targets)
    return False


def _context(source: Source, place: Place, statement: With) -> Iterator[Fault]:
    """Contexts that catch exceptions or end in time. Locks are told by `locks`; others give what the code inside needs."""
    if len(statement.items) != 1 or statement.items[0].optional_vars is not None:
        return
    name = last_name(statement.items[0].context_expr)
    said = "this exception is not caught" if name == "suppress" else "there is no time limit here" if name in LIMITS else ""
    if said:
        edit = Edit(source.start(statement), header_end(source, statement), "if True:")
        operator = "no-handler" if name == "suppress" else "no-time-limit"
        yield fault(operator, said, place, edit, (statement.lineno, statement.body[0].end_lineno))
