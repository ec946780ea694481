"""The closed set of verdicts. An internal error is none of them: it is an exception, and exit code 3."""

from enum import Enum


class Verdict(Enum):
    """The result of a check, or of the whole gate. `exit_code` is the process's."""

    HOLDS = "holds"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        return {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.INCONCLUSIVE: 2}[self]


def worst(verdicts: list[Verdict]) -> Verdict:
    """Violated beats inconclusive beats holds; nothing checked is inconclusive."""
    for verdict in (Verdict.VIOLATED, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.HOLDS if verdicts else Verdict.INCONCLUSIVE
