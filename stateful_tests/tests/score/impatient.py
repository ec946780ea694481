"""The worker of a score with a short limit: a process of another module than the test's, which pytest imports under a name of its own."""

from typing import Any

from subwarden.stateful_tests.score import worker


def work(*arguments: Any) -> None:
    worker.LIMIT = worker.LOOK_EVERY = 0.5
    worker.work(*arguments)
