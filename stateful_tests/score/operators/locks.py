"""Faults in sections under a lock: not held at all, held for less, let go in between.

A lock under which nothing ever waits keeps nobody out: on one event loop, its sections are atomic without it.
"""

import ast
from collections.abc import Iterator

from subwarden.stateful_tests.score.operators.fault import Fault, fault
from subwarden.stateful_tests.score.source import Edit, Place, Source, With, is_guard, waits


def locks(source: Source, place: Place) -> Iterator[Fault]:
    """The faults of one section."""
    section = place.statement
    if not isinstance(section, With) or not any(source.is_lock(item.context_expr) for item in section.items):
        return
    needed = any(source.keeps_out(item.context_expr) for item in section.items)
    if needed:
        yield from _not_held(source, place, section)
    body = section.body
    if len(section.items) > 1 or section.lineno == body[0].lineno or not all(source.alone(statement) for statement in body):
        return
    if len(body) > 1:
        if needed:
            yield from _later(source, place, section)
        yield from _earlier(source, place, section)
        yield from _let_go(source, place, section)


def _not_held(source: Source, place: Place, section: With) -> Iterator[Fault]:
    """ConMAn: remove synchronized block."""
    others = [item for item in section.items if not source.is_lock(item.context_expr)]
    if any(item.optional_vars is not None for item in section.items if item not in others):
        return
    first, last = section.items[0].context_expr, section.items[-1].optional_vars or section.items[-1].context_expr
    if others:
        edit = source.replaced(first, ", ".join(_of(source, item) for item in others), last)
    else:
        edit = Edit(source.start(section), header_end(source, section), "if True:")
    yield fault("no-lock", "the lock is not held here", place, edit, (section.lineno, section.body[0].end_lineno))


def _of(source: Source, item: ast.withitem) -> str:
    return source.of(item.context_expr) + (f" as {source.of(item.optional_vars)}" if item.optional_vars is not None else "")


def header_end(source: Source, section: With) -> int:
    """Behind the colon."""
    last = section.items[-1].optional_vars or section.items[-1].context_expr
    return source.text.index(":", source.end(last)) + 1


def _later(source: Source, place: Place, section: With) -> Iterator[Fault]:
    """ConMAn: shift critical region. The first line comes before the lock is taken."""
    first = section.body[0]
    moved = source.dedented(first, _by(source, section))
    if moved is None or not _looks(first):
        return
    header = source.text[source.start(section) : source.line_start(first.lineno)].rstrip()
    edit = Edit(source.start(section), source.end(first), f"{moved.lstrip()}\n{source.indent(section)}{header}")
    said = f"the lock is taken after this {'check' if is_guard(first) else 'line'}"
    yield fault("late-lock", said, place, edit, (section.lineno, first.end_lineno))


def _earlier(source: Source, place: Place, section: With) -> Iterator[Fault]:
    """ConMAn: shrink critical region. The last line comes after the lock is released: of no consequence if it never waits."""
    last = section.body[-1]
    moved = source.dedented(last, _by(source, section))
    if moved is None or not waits(last):
        return
    edit = Edit(source.line_start(last.lineno), source.end(last), moved)
    yield fault("early-release", "the lock is released before this line", place, edit, (section.lineno, last.end_lineno), at=last)


def _let_go(source: Source, place: Place, section: With) -> Iterator[Fault]:
    """ConMAn: split critical region. Behind a first line that never waits, it would be the same as taking the lock later, and
    before a `return` it changes nothing that others see.
    """
    header = source.text[source.start(section) : header_end(source, section)]
    if "\n" in header:
        return
    for index in range(1, len(section.body)):
        before, after = section.body[index - 1], section.body[index]
        harmless = (index == 1 and not waits(before)) or (isinstance(after, ast.Return) and not waits(after))
        if harmless or not _looks(before) or not _looks(after):
            continue
        at = source.line_start(after.lineno)
        edit = Edit(at, at, f"{source.indent(section)}{header}\n")
        yield fault(
            "split-lock",
            "the lock is let go between these two lines, and taken again",
            place,
            edit,
            (before.lineno, after.end_lineno),
            at=after,
        )


def _by(source: Source, section: With) -> int:
    return len(source.indent(section.body[0])) - len(source.indent(section))


def _looks(statement: ast.stmt) -> bool:
    """Whether it looks at or changes what others can see."""
    return any(isinstance(node, ast.Attribute | ast.Call | ast.Subscript) for node in ast.walk(statement))
