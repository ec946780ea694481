"""An `observe()` that never shows anything hides every defect, so a gate on it is inconclusive, and says why."""

from typing import Any

from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.stateful_tests.exploring.drawing.profiles import Profile
from subwarden.stateful_tests.fixture.hold import hold

TINY = Profile("tiny", examples=12, schedules=20, steps=9, derandomized=True)


class Phantom:
    """Subscribes a client that it looked up before it waited."""

    reconnects = True

    def __init__(self, env: Any) -> None:
        self._env = env
        self._clients: set[str] = set()
        self._pairs: set[tuple[str, str]] = set()

    async def connect(self, client: str) -> None:
        self._clients.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        if client not in self._clients:
            return False
        await self._env.park("a look into a database")
        self._pairs.add((client, topic))
        return True

    async def disconnect(self, client: str) -> None:
        self._clients.discard(client)
        self._pairs = {pair for pair in self._pairs if pair[0] != client}

    def observe(self) -> Any:
        return self._pairs


class Silent(Phantom):
    def observe(self) -> Any:
        return None


class SilentModel:
    """A counter with a model of its own, which shows nothing either."""

    class Model:
        initial = 0
        operations = {"add": ()}  # noqa: RUF012  # as users write it

        @staticmethod
        def step(state: int, name: str, arguments: tuple[object, ...]) -> tuple[object, int]:
            return None, min(state + 1, 3)

        @staticmethod
        def shows(state: int) -> int:
            return state

    model = Model()

    async def add(self) -> None:
        return None

    def observe(self) -> Any:
        return None


def test_what_shows_is_found() -> None:
    assert hold("phantom", Phantom, TINY, None, []).record["verdict"] == "violated"


def test_what_never_shows_is_inconclusive_and_named() -> None:
    record = hold("silent", Silent, TINY, None, []).record
    assert (record["verdict"], record["findings"]) == ("inconclusive", [])
    assert f"core: {OBSERVE_SHOWS}" in record["coverage"]["never_fired"]


def test_so_is_what_never_shows_beside_a_custom_model() -> None:
    record = hold("silent model", SilentModel, TINY, None, []).record
    assert record["verdict"] == "inconclusive"
    assert f"custom: {OBSERVE_SHOWS}" in record["coverage"]["never_fired"]
