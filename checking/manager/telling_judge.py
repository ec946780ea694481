"""A judge that is listened to: it also writes down what is called and answered, for whoever tells the run. Most runs are never told."""

from typing import Any

from subwarden.checking.manager.judge import ManagerJudge
from subwarden.model.manager.operations import Operation


class NarratedJudge(ManagerJudge):
    """Judges as `ManagerJudge` does; the loop's log, which must be there when it is made, receives what happens."""

    __slots__ = ()

    def called(self, task: int, operation: Operation) -> None:
        """As in `Refinement`."""
        self._tell("calls", operation)
        super().called(task, operation)

    def returned(self, task: int, operation: Operation, answer: object, last: bool) -> None:
        """As in `ManagerJudge`."""
        self._tell("answers", operation, answer)
        super().returned(task, operation, answer, last)

    def cancelled(self, task: int, operation: Operation) -> None:
        """As in `ManagerJudge`."""
        self._tell("is cancelled in", operation)
        super().cancelled(task, operation)

    def raised(self, task: int, operation: Operation, error: BaseException) -> None:
        """As in `ManagerJudge`."""
        self._tell(f"raises {type(error).__name__} in", operation)
        super().raised(task, operation, error)

    def _tell(self, what: str, operation: Operation, answer: Any = None) -> None:
        assert self._loop.log is not None, "somebody must listen"
        self._loop.log.append((what, (operation, answer)))
