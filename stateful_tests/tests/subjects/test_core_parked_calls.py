"""Calls that an adapter parks: the scheduler lets them go on, fail or be cancelled, and failures are judged."""

import asyncio
from typing import Any

from subwarden.checking import causes
from subwarden.model.core.step import Connect, Disconnect, Subscribe
from subwarden.stateful_tests.runs.record import finding_record
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_adapters import SUBSCRIBED, Small
from subwarden.stateful_tests.tests.subjects.core_level import factory_of, play
from subwarden.stateful_tests.tests.subjects.held import shown


class Waiting(Small):
    """Its subscribe waits for an outside event."""

    def __init__(self, env: Any) -> None:
        super().__init__()
        self.env = env

    async def subscribe(self, client: Any, topic: Any) -> bool:
        await self.env.park("store", may_fail=self.failure, client=client)
        return await super().subscribe(client, topic)

    failure: Any = ConnectionError


def test_a_parked_call_goes_on_or_fails_at_the_scheduler_s_choice() -> None:
    program = CoreProgram((SUBSCRIBED,))
    assert not play(Waiting, program).violations
    # the last choice is the failure
    assert {cause.broad() for cause in play(Waiting, program, choices=(1,)).violations} == {causes.raised("subscribe", ConnectionError())}


def test_a_parked_call_may_be_cancelled_without_its_task() -> None:
    class Cancelled(Waiting):
        failure = asyncio.CancelledError

    assert not play(Cancelled, CoreProgram((SUBSCRIBED,)), choices=(1,)).violations


def test_a_client_that_the_environment_failed_may_be_dropped() -> None:
    class Drops(Waiting):
        async def subscribe(self, client: Any, topic: Any) -> bool:
            try:
                return await super().subscribe(client, topic)
            except ConnectionError:
                self.pairs.clear()
                return False

    program = CoreProgram(((*SUBSCRIBED, Subscribe("c1", "t2")),))
    assert not play(Drops, program, choices=(0, 1)).violations

    class DropsUnasked(Drops):
        async def subscribe(self, client: Any, topic: Any) -> bool:
            done = await super().subscribe(client, topic)
            self.pairs.clear()
            return done

    assert play(DropsUnasked, program).violations


def test_a_parked_call_that_fails_is_narrated_by_its_full_name() -> None:
    class Named(Waiting):
        async def subscribe(self, client: Any, topic: Any) -> bool:
            await self.env.park("store of t1", may_fail=ConnectionError)
            return await Small.subscribe(self, client, topic)

    (finding,) = shown(Named, CoreProgram((SUBSCRIBED,))).values()
    steps = finding_record("Named", finding, factory_of(Named))["steps"]
    assert ("store of t1", ["(fails)"]) in [(step["task"], step["did"]) for step in steps]


def test_an_open_connect_does_not_excuse_a_close_that_is_not_final() -> None:
    class Revives(Small):
        def __init__(self, env: Any) -> None:
            super().__init__()
            self.env = env

        async def connect(self, client: Any) -> None:
            self.live.add(client)
            await self.env.park("greeting")

        async def disconnect(self, client: Any) -> None:
            self.pairs = {pair for pair in self.pairs if pair[0] != client}

    program = CoreProgram(((Connect("c1"), Disconnect("c1"), Subscribe("c1", "t1")), (Connect("c1"),)))
    assert set(shown(Revives, program)) == {causes.REVIVED}


def test_a_manager_s_own_cancellation_that_reaches_the_caller_is_an_exception() -> None:
    class Cancels(Small):
        async def subscribe(self, client: Any, topic: Any) -> bool:
            raise asyncio.CancelledError

    assert {c.broad().slug() for c in play(Cancels, CoreProgram((SUBSCRIBED,))).violations} == {"P8-subscribe-raises-cancellederror"}
