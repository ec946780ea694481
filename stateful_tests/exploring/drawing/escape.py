"""Errors on their way out through Hypothesis, which would take them for a failing example.

Hypothesis would play that example again, and where it does not fail in the same way twice, report that something is flaky instead of the
error. It takes pytest's failures, which are no `Exception`, for failing examples too: pytest-timeout raises one wherever the test is.
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
    """`call`, for Hypothesis to run: its errors get out as they are, if `let_out` is around."""

    @wraps(call)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            return call(*args, **kwargs)
        except (KeyboardInterrupt, Escape):
            raise
        except BaseException as error:
            raise Escape(error) from None

    return called


@contextmanager
def let_out() -> Iterator[None]:
    """Around Hypothesis: the errors inside are raised here."""
    try:
        yield
    except Escape as escape:
        raise escape.error from None
    except ExceptionGroup as flaky:  # an alarm rang in code of Hypothesis, which has tried whether it rings again
        raised = [each.__cause__ for each in flaky.exceptions if each.__cause__ is not None and not isinstance(each.__cause__, Exception)]
        if raised:
            raise raised[0] from None
        raise
