"""Plays a program of somebody's own operations under one schedule, with a judge looking on that asks the adapter's model."""

import asyncio
from collections.abc import Callable, Hashable

from checking.own.judge import OwnJudge
from checking.own.model import OwnOperation
from checking.own.text import text_of
from checking.own.worlds import OwnGraph
from scheduling.loop import ControlledLoop
from stateful_tests.core.play import Play
from stateful_tests.core.program import Prepared
from stateful_tests.own.adapter import OwnAdapter
from stateful_tests.own.teller import Teller


class OwnPlay(Play):
    """See `stateful_tests.core.play.Play`."""

    adapter: OwnAdapter

    def __init__(
        self, factory: Callable[[], OwnAdapter], prepared: Prepared, loop: ControlledLoop, graph: OwnGraph, fired: set[str]
    ) -> None:
        super().__init__(factory, prepared, loop)
        self.judge = OwnJudge(loop, self.adapter.observe, self.adapter.kind.model, graph, fired, self._rules)

    def called(self, place: int, operation: OwnOperation) -> None:
        client = operation.arguments[0] if operation.arguments else None
        if operation.name == "disconnect" and isinstance(client, str):
            self._environment.leaves(client)
        elif operation.name == "connect" and isinstance(client, str):
            self._environment.returns(client)
        self.judge.called(place, operation)

    def rested(self, stuck: list["asyncio.Task[None]"]) -> bool:
        self.judge.rest()
        return bool(stuck) and self.judge.may_wait()

    def needless(self, closed: bool) -> bool:
        return closed  # before that, only its model could know what it still needs

    def digest(self) -> Hashable:
        """What the manager shows at the end."""
        return text_of(self.judge.seen)

    def teller(self) -> Teller:
        """Whoever tells this run."""
        return Teller(self.judge, self.lock_name)
