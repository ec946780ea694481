"""Faults in the order of what is done: an await between two lines that nothing came between, two lines the other way round."""

import ast
from collections.abc import Iterator

from subwarden.stateful_tests.score.operators.fault import Fault, fault
from subwarden.stateful_tests.score.source import Edit, Place, Source, change, is_guard, names, waits

SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)


def order(source: Source, place: Place) -> Iterator[Fault]:
    """The faults between one statement and the next."""
    first, second = place.statement, place.next
    if second is None or not source.alone(first) or not source.alone(second):
        return
    yield from _await_between(source, place, first, second)
    yield from _swapped(source, place, first, second)


def _await_between(source: Source, place: Place, first: ast.stmt, second: ast.stmt) -> Iterator[Fault]:
    """Between two changes, or a check and a change. Under a lock others wait all the same."""
    if not place.is_async or place.held or place.makes or waits(first) or waits(second) or not change(second):
        return
    if not change(first) and not is_guard(first):
        return
    what = "the check and this line" if is_guard(first) else "these two lines"
    start = source.start(second)
    edit = Edit(start, start, f"await {source.asyncio}.sleep(0)\n{source.indent(second)}")
    yield fault("await-between", f"an await comes between {what}", place, edit, (first.lineno, second.end_lineno), at=second)


def _swapped(source: Source, place: Place, first: ast.stmt, second: ast.stmt) -> Iterator[Fault]:
    """Two lines of which one waits, and neither needs the other's names. Without an await nobody can see which came first."""
    if not isinstance(first, SIMPLE) or not isinstance(second, SIMPLE) or not (waits(first) or waits(second)):
        return
    if not all(waits(each) or change(each) for each in (first, second)):
        return
    bound = (names(first, stored=True), names(second, stored=True))
    if bound[0] & (bound[1] | names(second, stored=False)) or bound[1] & names(first, stored=False):
        return
    between = source.text[source.end(first) : source.start(second)]
    edit = source.replaced(first, source.of(second) + between + source.of(first), second)
    yield fault("swapped", "these two lines are the other way round", place, edit, (first.lineno, second.end_lineno))
