"""One bug is one finding, however it shows; and two bugs are never told as one."""

from typing import Any

import pytest

from subwarden.checking.finding import Finding
from subwarden.model.core.step import Connect, CoreOperation, Disconnect, Publish, Subscribe, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.findings.grouping import grouped
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.subjects.loading import in_hand
from subwarden.stateful_tests.tests.subjects.core_level import search_of

SCHEDULES = 320  # of each program: enough for each bug to show in several ways
ONE: tuple[CoreOperation, ...] = (Connect("c1"), Subscribe("c1", "t1"))
TWO: tuple[CoreOperation, ...] = (Connect("c2"), Subscribe("c2", "t1"))


class Sound:
    """A hub that asks a store before a client is in."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.live: set[str] = set()
        self.gone: set[str] = set()
        self.rooms: dict[str, set[str]] = {}
        self.inbox: dict[str, list[str]] = {}

    def connect(self, client: str) -> None:
        if client not in self.gone:
            self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        await self.env.park(f"store of {topic}")
        if client in self.live:
            self.rooms.setdefault(topic, set()).add(client)
        return client in self.live

    def unsubscribe(self, client: str, topic: str) -> bool:
        here = client in self.rooms.get(topic, ())
        self.rooms.get(topic, set()).discard(client)
        return here

    def publish(self, topic: str, message: str) -> None:
        for client in sorted(self.rooms.get(topic, ())):
            self.inbox.setdefault(client, []).append(message)

    def disconnect(self, client: str) -> None:
        self.live.discard(client)
        self.gone.add(client)
        for members in self.rooms.values():
            members.discard(client)

    def observe(self) -> set[tuple[str, str]]:
        return {(client, topic) for topic, members in self.rooms.items() for client in members}

    def delivered(self) -> dict[str, list[str]]:
        return self.inbox


class ReplacesARoom(Sound):
    """One bug: of two that are first in a room at once, the second makes a new room of it. Whoever was in it is no member who can leave."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.joined: set[tuple[str, str]] = set()

    async def subscribe(self, client: str, topic: str) -> bool:
        if topic in self.rooms:
            return await self.join(client, topic)
        await self.env.park(f"store of {topic}")
        if client in self.live:
            self.rooms[topic] = set()
        return await self.join(client, topic)

    async def join(self, client: str, topic: str) -> bool:
        if client not in self.live:
            return False
        self.joined.add((client, topic))
        self.rooms[topic].add(client)
        return True

    def unsubscribe(self, client: str, topic: str) -> bool:
        if (client, topic) not in self.joined:
            return False
        self.joined.discard((client, topic))
        self.rooms[topic].remove(client)
        return True

    def disconnect(self, client: str) -> None:
        super().disconnect(client)
        self.joined = {pair for pair in self.joined if pair[0] != client}

    def close(self) -> None:
        for client, topic in sorted(self.joined):
            self.unsubscribe(client, topic)


class ForgetsRooms(Sound):
    """One bug: who disconnects stays in the rooms, and gets their messages."""

    def disconnect(self, client: str) -> None:
        self.live.discard(client)
        self.gone.add(client)


class TwoAlways(Sound):
    """Two bugs, in every run: an answer, and a delivery."""

    def unsubscribe(self, client: str, topic: str) -> bool:
        return not super().unsubscribe(client, topic)

    def publish(self, topic: str, message: str) -> None:
        super().publish(topic, message)
        super().publish(topic, message)


class TwoRaise(Sound):
    """Two bugs in one operation, on two lines."""

    def publish(self, topic: str, message: str) -> None:
        if not self.rooms.get(topic):
            raise RuntimeError("no such room")
        if len(self.rooms[topic]) > 1:
            raise RuntimeError("too many")
        super().publish(topic, message)


class RaceAndAlways(ReplacesARoom):
    """Two bugs: the race, and a message that comes twice."""

    def publish(self, topic: str, message: str) -> None:
        super().publish(topic, message)
        super().publish(topic, message)


class TwoRaces(ReplacesARoom):
    """Two bugs: the race in a room, and a client that leaves while the store is asked."""

    async def join(self, client: str, topic: str) -> bool:
        self.joined.add((client, topic))
        self.rooms.setdefault(topic, set()).add(client)
        return True


class LeavesHalfway(Sound):
    """One bug: a call that takes a client out is cancelled halfway. It shows in the state, and in the answer of a later call."""

    reconnects = True

    def connect(self, client: str) -> None:
        self.live.add(client)

    async def subscribe(self, client: str, topic: str) -> bool:
        if client not in self.live:
            return False
        self.rooms.setdefault(topic, set()).add(client)
        return True

    async def disconnect(self, client: str) -> None:  # type: ignore[override]  # here it waits
        if client not in self.live:
            return
        self.live.discard(client)
        await self.env.park(f"goodbye to {client}")
        for members in self.rooms.values():
            members.discard(client)


class TwoLeaveHalfway(LeavesHalfway):
    """Two bugs: so does a call that puts one in, which takes the client's place first."""

    async def subscribe(self, client: str, topic: str) -> bool:
        if client not in self.live:
            return False
        self.rooms.setdefault(topic, set()).add(client)
        await self.env.park(f"store of {topic}")
        self.inbox.setdefault(client, [])
        return True

    def publish(self, topic: str, message: str) -> None:
        for client in sorted(self.rooms.get(topic, ())):
            self.inbox[client].append(message)


CANCELLED = tuple(
    CoreProgram((*tasks, (last,)), (len(tasks),))
    for last in (Disconnect("c1"), Subscribe("c1", "t1"))
    for tasks in (
        (ONE,),
        (ONE, (Subscribe("c1", "t1"),)),
        ((Connect("c1"),), (Publish("t1"),)),
        (ONE, (Unsubscribe("c1", "t1"), Subscribe("c1", "t1")), (Publish("t1"),)),
    )
)
PROGRAMS = (
    CoreProgram((ONE, TWO)),
    CoreProgram((ONE, (*TWO, Publish("t1")))),
    CoreProgram(((*ONE, Unsubscribe("c1", "t1")), TWO)),
    CoreProgram(((*ONE, Publish("t1")), (*TWO, Publish("t1")))),
    CoreProgram(((*ONE, Disconnect("c1"), Publish("t1")),)),
    CoreProgram(((Connect("c1"), Publish("t1")),)),
    CoreProgram((ONE, TWO, (Publish("t1"),))),
    CoreProgram((ONE, (Disconnect("c1"),))),
    CoreProgram((ONE, TWO, (Unsubscribe("c1", "t1"),))),
    CoreProgram(((*ONE, Unsubscribe("c1", "t1"), Publish("t1")), TWO)),
)


def groups(manager: Any, programs: tuple[CoreProgram, ...] = PROGRAMS, *, cancellation: bool = False) -> dict[str, set[str]]:
    """The ids of the findings of a short check, by that of the one that tells best what they are about."""
    level, factory = in_hand("a test", manager)
    assert level == CORE_LEVEL.name
    with running():
        search = search_of(manager, Order.FIFO, cancellation=cancellation)
        for program in programs:
            search._drive_variant(program, SCHEDULES)
        found: dict[Any, Finding[Any]] = search.outcome.findings
        about = grouped(list(found.values()), lambda _: CORE_LEVEL, lambda _: factory)
    assert about.keys() == found.keys()
    return {root.slug(): {cause.slug() for cause, each in about.items() if each == root} for root in set(about.values())}


def test_a_sound_hub_has_none() -> None:
    assert groups(Sound) == {}


def test_one_bug_that_shows_in_several_ways_is_one_finding() -> None:
    ((root, shows),) = groups(ReplacesARoom).items()
    assert root == "P8-a-subscription-vanishes-that-no-open-call-ended"
    assert {name.split("-test-grouping")[0] for name in shows - {root}} == {"P8-close-raises-keyerror", "P8-unsubscribe-raises-keyerror"}


def test_one_bug_in_every_run_is_one_finding() -> None:
    assert len(groups(ForgetsRooms)) == 1


@pytest.mark.parametrize(("manager", "bugs"), [(TwoAlways, 2), (TwoRaise, 2), (RaceAndAlways, 2), (TwoRaces, 2)])
def test_two_bugs_are_two_findings(manager: Any, bugs: int) -> None:
    assert len(groups(manager)) >= bugs


def test_a_cancellation_at_one_await_is_one_finding_however_it_shows() -> None:
    """Two findings of a call that was cancelled halfway were told as two bugs: a state, and the wrong answer of a later call."""
    (shows,) = groups(LeavesHalfway, CANCELLED, cancellation=True).values()
    assert len(shows) > 1


def test_cancellations_at_two_awaits_are_two_findings() -> None:
    assert len(groups(TwoLeaveHalfway, CANCELLED, cancellation=True)) >= 2
