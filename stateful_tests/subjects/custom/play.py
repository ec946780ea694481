"""Plays a program of level custom, with a judge that asks the adapter's model."""

import asyncio
from collections.abc import Callable, Hashable, Sequence

from subwarden.checking.custom.configurations import CustomGraph
from subwarden.checking.custom.judge import CustomJudge
from subwarden.checking.custom.model import CustomOperation
from subwarden.checking.custom.text import text_of
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.exploring.observers import Observer, audience_of
from subwarden.stateful_tests.subjects.core.play import AdapterPlay
from subwarden.stateful_tests.subjects.core.program import PreparedCalls
from subwarden.stateful_tests.subjects.custom.adapter import CustomAdapter
from subwarden.stateful_tests.subjects.custom.narrator import CustomNarrator


class CustomPlay(AdapterPlay):
    """See `stateful_tests.subjects.core.play.AdapterPlay`."""

    adapter: CustomAdapter

    def __init__(
        self,
        factory: Callable[[], CustomAdapter],
        prepared: PreparedCalls,
        loop: ControlledLoop,
        graph: CustomGraph,
        fired: set[str],
        observers: Sequence[Observer] = (),
    ) -> None:
        super().__init__(factory, prepared, loop)
        self.judge = CustomJudge(loop, self.adapter.observe, self.adapter.kind.model, graph, fired, self._rules)
        self.audience = audience_of(self.judge, observers)

    def called(self, place: int, operation: CustomOperation) -> None:
        client = operation.arguments[0] if operation.arguments else None
        if operation.name == "disconnect" and isinstance(client, str):
            self._environment.leaves(client)
        elif operation.name == "connect" and isinstance(client, str):
            self._environment.returns(client)
        self.audience.called(place, operation)

    def rested(self, stuck: list["asyncio.Task[None]"]) -> bool:
        self.judge.rest()
        return bool(stuck) and self.judge.may_wait()

    def needless(self, closed: bool) -> bool:
        return closed  # before that, only its model could know the tasks that it still needs

    def digest(self) -> Hashable:
        """The last observation, for the count of end states."""
        return text_of(self.judge.seen)

    def narrator(self) -> CustomNarrator:
        """The narrator of this run."""
        return CustomNarrator(self.judge, self.lock_name)
