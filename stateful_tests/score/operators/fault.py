"""A fault that can be planted: where, what is written there, and what that means in words."""

import ast
from dataclasses import dataclass

from subwarden.stateful_tests.score.source import Edit, Place


@dataclass(frozen=True, slots=True)
class Fault:
    """`operator`: the name of its kind; `said`: what is wrong then. `lines`: first and last of those that show it; `line`: that at which
    it is told; `needs`: that of the statement without which it cannot have an effect.
    """

    operator: str
    said: str
    function: str
    top: str
    line: int
    needs: int
    lines: tuple[int, int]
    edit: Edit


def fault(
    operator: str,
    said: str,
    place: Place,
    edit: Edit,
    lines: tuple[int, int | None],
    *,
    at: ast.stmt | None = None,
    needs: ast.stmt | None = None,
) -> Fault:
    """A fault at `place`, or at the statement `at` near it. `needs`: the statement that must run, if it is another."""
    here = place.statement if at is None else at
    return Fault(operator, said, place.function, place.top, here.lineno, (needs or here).lineno, (lines[0], lines[1] or lines[0]), edit)


def all_lines(statement: ast.stmt) -> tuple[int, int | None]:
    """The first and the last line of a statement."""
    return statement.lineno, statement.end_lineno
