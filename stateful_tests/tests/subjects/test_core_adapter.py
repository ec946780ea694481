"""Adapters at level core: a mistake is reported in one line, and the judge grants each freedom that an adapter declares."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.checking.core import causes as core_causes
from subwarden.cli.main import main
from subwarden.model.core.step import Connect, Disconnect, Publish, Subscribe, Teardown, Unsubscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.findings.narrate import Narration
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.subjects.core.level import CORE_LEVEL
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_adapters import SUBSCRIBED, Sends, Small
from subwarden.stateful_tests.tests.subjects.core_level import PROFILE, factory_of, play, search_of

FILE = """
class Small:
    off = {off}
    def __init__(self):
        self.live = set()
        self.pairs = set()
    async def connect(self, client):
        self.live.add(client)
    async def subscribe(self, {arguments}):
        self.pairs.add((client, topic))
        return True
    def observe(self):
        {observe}
"""


def one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], **parts: str) -> str:
    """The gate's line on standard error for an adapter with these parts."""
    path = tmp_path / "small.py"
    path.write_text(FILE.format(**{"off": "{}", "arguments": "client, topic", "observe": "return self.pairs", **parts}), encoding="utf-8")
    assert main(["gate", "--subject", f"{path}:Small", "--profile", "dev", "--jobs", "1"]) == 3
    err = capsys.readouterr().err.splitlines()
    return [line for line in err if not line.endswith(" s")][-1]  # progress aside


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"arguments": "client"}, "subscribe must take (client, topic)"),
        ({"observe": "raise KeyError(1)"}, "observe() of a new manager raised KeyError: 1"),
        ({"observe": "raise NotImplementedError"}, "observe() is not written yet; return a dict with a set of clients for each topic, or"),
        ({"observe": "return 5"}, "raised ValueError: observe() must be (client, topic) pairs, or a dict with a set for each"),
        ({"observe": "return {1, 2}"}, "which is no (client, topic) pair"),
        ({"observe": "return {(t, c) for c, t in self.pairs}"}, "which no call named; it must return (client, topic) pairs"),
        ({"observe": "return self.pairs if not self.pairs else 1 / 0"}, "observe() raised ZeroDivisionError"),
        ({"off": "{'P99': 'why'}"}, "off names 'P99'; what can be switched off is P1, P2,"),
        ({"off": "{'P2': ''}"}, "off['P2'] must say why"),
    ],
)
def test_a_mistake_of_an_adapter_is_one_line(parts: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in one_line(tmp_path, capsys, **parts)


OTHER = "if not KEPT: KEPT.append(asyncio.get_running_loop().create_future())"
AWAITS = "if KEPT[0].get_loop() is not asyncio.get_running_loop(): await KEPT[0]"
LEAVES = """
import asyncio
KEPT = []
class Small:
    def __init__(self):
        self.live, self.pairs = set(), {pairs}
    async def connect(self, client):
        self.live.add(client)
    async def subscribe(self, client, topic):
        if client not in self.live:
            return False
        {kept}
        {then}
        self.pairs.append((client, topic))
        return True
    def observe(self):
        return self.pairs
"""


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"pairs": "[]", "kept": OTHER, "then": AWAITS}, ("an earlier run has left something that waits on another loop",)),
        ({"pairs": "KEPT", "kept": "", "then": ""}, ("before the first call of a run", "if they are of an earlier run")),
    ],
)
def test_what_a_run_leaves_to_the_next_is_a_mistake_of_the_adapter(
    parts: dict[str, str], said: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its first run it is right. A singleton once was a finding: a publish raised that its future was of another loop."""
    path = tmp_path / "small.py"
    path.write_text(LEAVES.format(**parts), encoding="utf-8")
    assert main(["gate", "--subject", f"{path}:Small", "--profile", "dev", "--jobs", "1", "--budget", "5"]) == 3
    line = " ".join(capsys.readouterr().err.split())
    assert any(each in line for each in said), line
    assert "look for what its class, its module or a singleton keeps" in line


@pytest.mark.slow
def test_a_property_that_is_off_is_not_judged_and_its_reason_is_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, record = tmp_path / "small.py", tmp_path / "record.json"
    off = "{'P2': 'whoever asks may subscribe'}"
    path.write_text(FILE.format(off=off, arguments="client, topic", observe="return self.pairs"), encoding="utf-8")
    assert main(["gate", "--subject", f"{path}:Small", "--profile", "dev", "--budget", "4", "--jobs", "1", "--json", str(record)]) in (0, 2)
    out = capsys.readouterr().out
    assert "switched off: P2 (whoever asks may subscribe)" in out
    assert "not judged: publish: it has no such method" in out
    made = json.loads(record.read_text(encoding="utf-8"))
    assert (made["off"], made["findings"]) == ({"P2": "whoever asks may subscribe"}, [])


def test_sync_methods_and_several_maps_are_allowed() -> None:
    class Sync:
        def __init__(self) -> None:
            self.live: set[Any] = set()
            self.pairs: set[tuple[Any, Any]] = set()

        def connect(self, client: Any) -> None:
            self.live.add(client)

        def subscribe(self, client: Any, topic: Any) -> bool:
            self.pairs.add((client, topic))
            return True

        def observe(self) -> Any:
            return {"one": self.pairs, "two": list(self.pairs)}

    assert not play(Sync, CoreProgram((SUBSCRIBED,))).violations


def test_a_reconnect_is_right_only_for_an_adapter_that_declares_it() -> None:
    class Again(Small):
        async def disconnect(self, client: Any) -> None:
            self.live.discard(client)
            self.pairs = {pair for pair in self.pairs if pair[0] != client}

    class Reconnects(Again):
        reconnects = True

    program = CoreProgram(((*SUBSCRIBED, Disconnect("c1"), *SUBSCRIBED),))
    assert set(play(Again, program).violations) == {causes.REVIVED}
    assert not play(Reconnects, program).violations


class Ends(Sends):
    """Also unsubscribes, and tears topics down."""

    async def unsubscribe(self, client: Any, topic: Any) -> None:
        self.pairs.discard((client, topic))

    async def teardown(self, topic: Any) -> None:
        self.pairs = {pair for pair in self.pairs if pair[1] != topic}


class Slow(Ends):
    """Looks up the subscribers, waits, and then sends to them."""

    async def publish(self, topic: Any, message: Any) -> None:
        clients = sorted(client for client, subscribed in self.pairs if subscribed == topic)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for client in clients:
            self.inbox.setdefault(client, []).append(message)


@pytest.mark.parametrize("ending", [Unsubscribe("c1", "t1"), Teardown("t1")])
def test_a_message_may_or_may_not_arrive_while_its_subscription_ends(ending: Any) -> None:
    program = CoreProgram((SUBSCRIBED, (Publish("t1"),), (ending,)))
    for choices in ((1,), (0, 1), (0, 0, 0, 1)):  # the end comes before, beside and after the message
        assert not play(Slow, program, choices=choices).violations


@pytest.mark.slow
def test_a_message_may_or_may_not_arrive_while_its_subscription_begins() -> None:
    class Late(Slow):
        async def subscribe(self, client: Any, topic: Any) -> bool:
            done = await super().subscribe(client, topic)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return done

    program = CoreProgram(((Connect("c1"),), (Subscribe("c1", "t1"),), (Publish("t1"),)))
    for order in Order:
        for first in range(4):
            for second in range(3):
                assert not play(Late, program, order, (first, second)).violations


def test_a_message_before_a_subscription_must_not_reach_it() -> None:
    class Replays(Ends):
        """Keeps the last message for later subscribers."""

        def __init__(self) -> None:
            super().__init__()
            self.last: dict[Any, Any] = {}

        async def publish(self, topic: Any, message: Any) -> None:
            self.last[topic] = message
            await super().publish(topic, message)

        async def subscribe(self, client: Any, topic: Any) -> bool:
            done = await super().subscribe(client, topic)
            if done and topic in self.last:
                self.inbox.setdefault(client, []).append(self.last[topic])
            return done

    program = CoreProgram(((Publish("t1"), *SUBSCRIBED),))
    assert set(play(Replays, program).violations) == {core_causes.STRAY}


class FailsToClose(Small):
    """Its close raises an error with the address of an object, while a task of the manager still runs."""

    async def connect(self, client: Any) -> None:
        await super().connect(client)
        self.task = asyncio.create_task(asyncio.Event().wait())

    async def close(self) -> None:
        raise KeyError(object())


def test_a_task_that_a_failed_close_leaves_behind_is_no_second_finding() -> None:
    assert {c.broad().slug() for c in play(FailsToClose, CoreProgram((SUBSCRIBED,))).violations} == {"P8-close-raises-keyerror"}


def test_a_deadlock_of_all_callers_is_found_when_no_more_tasks_may_start() -> None:
    """The number of tasks is limited, and Hypothesis fails a machine in which no rule can be drawn."""

    class Never(Small):
        async def subscribe(self, client: str, topic: str) -> bool:
            await asyncio.Event().wait()
            return True

    check = search_of(Never, Order.FIFO, cancellation=False)
    with running():
        for number in range(8):
            check.round(number, PROFILE.examples)
    assert causes.DEADLOCK in check.outcome.findings


def test_a_narration_has_no_addresses_of_objects() -> None:
    program = CoreProgram((SUBSCRIBED,))
    factory = factory_of(FailsToClose)
    with running():
        result, names = Runner(CORE_LEVEL, factory, Order.FIFO).record(program, lambda *_: lambda n: 0)
        (cause,) = result.violations
        narration = Narration()
        Runner(CORE_LEVEL, factory, Order.FIFO).follow(program, names, [narration])
    (said,) = narration.rows(cause)[-1]["broken"]
    assert "KeyError: <object object>" in said
    assert "0x" in result.details[cause]  # or there was nothing to leave out


class HalfUndone(Small):
    """Drops a client whose second subscribe is cancelled."""

    async def subscribe(self, client: Any, topic: Any) -> bool:
        done = await super().subscribe(client, topic)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.pairs.clear()
            raise
        return done


@pytest.mark.parametrize("off", ["P11", "P11-a-subscription-vanishes-that-no-open-call-ended"])
def test_a_property_that_is_off_under_cancellation_is_judged_without_one(off: str) -> None:
    class Off(HalfUndone):
        def __init__(self) -> None:
            super().__init__()
            self.off = {off: "a cancelled client is let go"}

    class Forgets(Off):
        async def subscribe(self, client: Any, topic: Any) -> bool:
            done = await super().subscribe(client, topic)
            self.pairs.clear()
            return done

    again = CoreProgram(((*SUBSCRIBED, Subscribe("c1", "t2")),), (0,))
    cancelled = {c.slug() for c in play(HalfUndone, again, choices=(0, 0, 1)).violations}
    assert cancelled == {"P8-a-subscription-vanishes-that-no-open-call-ended"}
    assert not play(Off, again, choices=(0, 0, 1)).violations
    assert play(Forgets, CoreProgram(again.tasks)).violations


def test_operations_that_the_adapter_does_not_have_are_not_told_as_never_overlapping() -> None:
    assert CORE_LEVEL.overlaps(factory_of(Small)) == {"connect | connect", "connect | subscribe", "subscribe | subscribe"}
