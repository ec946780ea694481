"""A user's adapter with a model of its own; see `stateful_tests.subjects.core.adapter`."""

from typing import Any

from subwarden.checking.custom.model import MESSAGE, CustomModel, CustomOperation, Value
from subwarden.checking.custom.text import text_of
from subwarden.checking.place import in_a_line
from subwarden.scheduling.loop import ControlledLoop
from subwarden.stateful_tests.exploring.coverage.points import FREE_LOCK
from subwarden.stateful_tests.subjects.core.adapter import LOOKS, Adapter, BadAdapter, Kind
from subwarden.stateful_tests.subjects.core.environment import Environment
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS

POOLS: dict[str, tuple[Value, ...]] = {"client": CLIENTS, "topic": TOPICS}


class CustomKind(Kind):
    """The properties that all managers of one factory share."""

    absent = frozenset({FREE_LOCK})

    def arguments(self, manager: Any) -> dict[str, tuple[str, ...]]:
        self.model = CustomModel(manager.model, POOLS)
        taken = [name for name in LOOKS if name in self.model.operations]
        if taken:
            raise BadAdapter(f"its model has an operation {taken[0]}, which is how the harness asks; give it another name")
        words = {pool: word for word, pool in POOLS.items()} | {(MESSAGE,): MESSAGE}
        return {name: tuple(words.get(pool, "value") for pool in pools) for name, pools in self.model.operations.items()}

    def insist(self) -> None:
        missing = [name for name in self.model.operations if name not in self.has]
        if missing:
            raise BadAdapter(f"its model has an operation {missing[0]}, for which it has no method; add one, or take it out of the model")

    def plays(self, operation: CustomOperation) -> bool:
        return self.model.takes(operation)

    @property
    def not_played(self) -> list[str]:
        if "observe" not in self.has:
            return ["what the manager shows: it has no observe()"]
        return [] if self.model.shows is not None else ["what the manager shows: its model has no shown(state)"]


class CustomAdapter(Adapter):
    """One run's adapter."""

    __slots__ = ()
    kind: CustomKind

    def look_once(self, environment: Environment, loop: ControlledLoop) -> object:
        shown = super().look_once(environment, loop)
        model = self.kind.model
        if shown is None or model.shows is None:
            return shown
        wanted = model.shown(model.initial)
        try:
            same = bool(wanted == shown)
        except Exception as error:
            raise BadAdapter(f"comparing what observe() returns with its model's shown(initial) raised {in_a_line(error)}") from None
        if not same:
            what = f"observe() of a new manager is {text_of(shown):.80}, but shown(initial) of its model {text_of(wanted):.80}"
            raise BadAdapter(f"{what}; make the two agree")
        return shown
