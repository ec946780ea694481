"""Errors on their way out through Hypothesis, which would take them for a failing example.

It would make that example again and make it smaller, and where the subject does not fail in the same way twice, say that something is
flaky instead of what is wrong. It lets a BaseException pass.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Escape(BaseException):
    """Carries `error`."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


def escaping(call: Callable[Given, Made]) -> Callable[Given, Made]:
    """`call`, for where Hypothesis runs it: whatever it raises gets out as it is, if `let_out` is around."""

    @wraps(call)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            return call(*args, **kwargs)
        except (Exception, SystemExit) as error:
            raise Escape(error) from None

    return called


@contextmanager
def let_out() -> Iterator[None]:
    """Around Hypothesis: what was raised inside is raised here."""
    try:
        yield
    except Escape as escape:
        raise escape.error from None
