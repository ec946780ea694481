"""Plays a program of somebody's own operations under one schedule, with a judge looking on that asks the adapter's model."""

import asyncio
from collections.abc import Callable, Hashable

from subwarden.checking.custom.configurations import OwnGraph
from subwarden.checking.custom.judge import OwnJudge
from subwarden.checking.custom.model import OwnOperation
from subwarden.checking.custom.text import text_of
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.subjects.core.play import Play
from subwarden.stateful_tests.subjects.core.program import Prepared
from subwarden.stateful_tests.subjects.custom.adapter import OwnAdapter
from subwarden.stateful_tests.subjects.custom.narrator import Teller


class OwnPlay(Play):
    """See `stateful_tests.subjects.core.play.Play`."""

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
