"""Logs of packages in runs: a server logs each failed request, and thousands of runs would bury the report.

Only Python's handler of last resort is silent, which prints where nobody has set up logging. What a user has set up works as ever.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_logs() -> Iterator[None]:
    """While open, a record that nobody handles is not printed. May be nested."""
    before = logging.lastResort
    logging.lastResort = logging.NullHandler()
    try:
        yield
    finally:
        logging.lastResort = before
