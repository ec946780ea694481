"""Subjects in other processes: runs and steps a second, beside the bare round trips of a process that only answers.

The cost of a round trip depends on the machine; the ratio of steps to round trips depends on subwarden.
"""

import sys
from collections.abc import Iterator
from time import perf_counter

from subwarden.stateful_tests.exec.gate import Amount, explore
from subwarden.stateful_tests.exec.models.core import CORE
from subwarden.stateful_tests.exec.runner import ExecRunner
from subwarden.stateful_tests.exec.session import Session

SUBJECTS = ("examples/exec/steady.py", "examples/exec/threads.py")
TRIPS = 5_000


def main() -> Iterator[str]:
    """The table."""
    with Session(f"{sys.executable} {SUBJECTS[0]}", 10.0, CORE) as session:
        began = perf_counter()
        for _ in range(TRIPS):
            session.observe()
        bare = TRIPS / (perf_counter() - began)
    yield "| subject | runs/s | steps/s | of bare round trips |"
    yield "|---|---|---|---|"
    yield f"| bare round trips | | {bare:,.0f} | 1.00 |"
    for subject in SUBJECTS:
        with ExecRunner(f"{sys.executable} {subject}", 10.0) as runner:
            began = perf_counter()
            outcome = explore(runner, Amount(100, 10), 0, None, lambda *_: None)
            seconds = perf_counter() - began
        share = f"{outcome.steps / seconds / bare:.2f}" if outcome.steps else ""
        yield f"| {subject} | {outcome.runs / seconds:,.0f} | {outcome.steps / seconds:,.0f} | {share} |"
