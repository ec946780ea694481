"""`subwarden.answers_later`: a mock that takes time shows the races beside its calls."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock, MagicMock, create_autospec

import pytest

import subwarden


class Store:
    """What the mocks stand for."""

    async def save(self, room: str) -> str:
        raise NotImplementedError

    def name(self) -> str:
        raise NotImplementedError


class Rooms:
    """It looks after its await at what was true before."""

    def __init__(self, save: Callable[[str], Any]) -> None:
        self.save = save
        self.members: dict[str, list[str]] = {"tea": ["ann", "bob"]}

    async def leave(self, who: str) -> None:
        self.members["tea"].remove(who)
        await self.save("tea")
        if not self.members["tea"]:
            del self.members["tea"]


def explored(save: Callable[[str], Any]) -> subwarden.Exploration:
    async def both_leave() -> None:
        rooms = Rooms(save)
        await asyncio.gather(rooms.leave("ann"), rooms.leave("bob"))

    return subwarden.explore(both_leave, schedules=200)


async def fake(room: str) -> str:
    return room


MOCKS: dict[str, Callable[[], Callable[[str], Any]]] = {
    "a mock": lambda: subwarden.answers_later(AsyncMock()),
    "an attribute of a mock": lambda: subwarden.answers_later(AsyncMock()).store.save,
    "an attribute that was there": lambda: [mock := AsyncMock(), mock.save, subwarden.answers_later(mock)][2].save,
    "a mock by its class": lambda: subwarden.answers_later(MagicMock(Store)).save,
    "an autospec": lambda: subwarden.answers_later(create_autospec(Store, instance=True)).save,
    "a function": lambda: subwarden.answers_later(fake),
}


@pytest.mark.parametrize("made", MOCKS.values(), ids=MOCKS)
def test_calls_that_answer_later_show_a_race(made: Any) -> None:
    """Whatever the calls belong to. It happens on stock asyncio, and the report names the call."""
    found = explored(made())
    assert found.verdict == "violated"
    (finding,) = found.findings
    assert finding["order"] == "fifo" and "KeyError" in finding["title"]
    assert " answers" in found.text()


def test_a_mock_by_itself_answers_at_once() -> None:
    """So the test above can fail."""
    assert explored(AsyncMock()).verdict == "holds"


def test_a_mock_stays_what_it_is() -> None:
    """Its answers, its errors and its counts are the same, in a run and outside."""

    store = subwarden.answers_later(create_autospec(Store, instance=True))
    store.save.side_effect = ["saved", KeyError("no")]
    store.name.return_value = "store"

    async def asks() -> None:
        assert store.name() == "store"
        assert await store.save("tea") == "saved"
        with pytest.raises(KeyError, match="no"):
            await store.save("tea")
        store.save.assert_awaited_with("tea")
        assert store.save.await_count == 2

    assert subwarden.answers_later(store) is store
    asyncio.run(asks())
    store.save.reset_mock()
    store.save.side_effect = ["saved", KeyError("no")]
    assert subwarden.explore(asks).verdict == "holds"


@pytest.mark.parametrize("made", MOCKS.values(), ids=MOCKS)
def test_who_is_cut_off_before_the_answer_leaves_nothing_that_complains(made: Any) -> None:
    """Of a coroutine that was never awaited, which is an error in these tests."""
    save = made()

    async def gives_up() -> None:
        saving = asyncio.ensure_future(save("tea"))
        await asyncio.sleep(0)
        saving.cancel()
        await asyncio.wait([saving])

    assert subwarden.explore(gives_up, schedules=20).verdict == "holds"
    gc.collect()


def test_what_does_not_answer_is_refused() -> None:
    for wrong in (3, len, Store):
        with pytest.raises(TypeError, match="needs a mock or an async function"):
            subwarden.answers_later(wrong)  # type: ignore[type-var]  # that is the point
