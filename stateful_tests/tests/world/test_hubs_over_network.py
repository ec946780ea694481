"""`subwarden.SocketHub` holds a server on the simulated network against the core model, by what its clients receive."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import subwarden
from subwarden.cli.main import main
from subwarden.scheduling.events import Event
from subwarden.stateful_tests.tests.paths import EXAMPLES
from subwarden.world.hubs.rest import at_rest


@pytest.mark.parametrize(
    ("serve", "connect", "subscribe", "said"),
    [
        (print, lambda client: None, str, "SocketHub needs serve, an `async def` that runs the server"),
        (asyncio.sleep, lambda: None, str, r"SocketHub needs connect\(client\), which connects a client$"),
        (
            asyncio.sleep,
            lambda: None,
            None,
            r"SocketHub needs connect\(client\), which connects a client, or, where a subscription .*, connect\(client, topic\)$",
        ),
    ],
)
def test_a_hub_that_cannot_be_played_is_refused(serve: Any, connect: Any, subscribe: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        subwarden.SocketHub(serve, connect=connect, subscribe=subscribe, publish=print)


def lines(answered: Any) -> Any:
    """A hub of one topic, whose clients subscribe by a line."""
    members: list[Any] = []

    async def handle(reader: Any, writer: Any) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                if line == b"join\n":
                    members.append(writer)
                for each in members if line != b"join\n" else ():
                    each.write(line)
                writer.write(b"ok\n")
        writer.close()

    async def serve() -> Any:
        members.clear()
        async with await asyncio.start_server(handle, "localhost", 7000):
            yield

    return subwarden.SocketHub(
        serve,
        connect=lambda client: asyncio.open_connection("localhost", 7000),
        subscribe=lambda topic: "join",
        publish=lambda topic, message: message,
        received=lambda text: None if text == "ok" else text,
        answered=answered,
    )


def test_a_line_that_the_end_of_a_connection_cuts_off_is_no_message() -> None:
    async def handle(reader: Any, writer: Any) -> None:
        await reader.readline()
        writer.write(b"hello\nok")
        writer.close()

    async def serve() -> Any:
        async with await asyncio.start_server(handle, "localhost", 7000):
            yield

    async def scenario() -> None:
        adapter = subwarden.SocketHub(
            serve,
            connect=lambda client: asyncio.open_connection("localhost", 7000),
            subscribe=lambda topic: "join",
            publish=lambda topic, message: message,
            received=str,
        )()
        await adapter.start()
        await adapter.connect("ann")
        await adapter.subscribe("ann", "t")
        assert adapter.delivered() == {"ann": ["hello"]}
        await adapter.close()

    found = subwarden.explore(scenario, schedules=25, leave=["handle"])
    assert found.verdict == "holds", str(found)


@pytest.mark.slow
def test_a_finding_says_whose_timing_it_needs_and_names_asyncio_s_own_tasks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Those do nothing that shows, and the table goes without them; the record has them by what they do."""
    subject, file = f"{EXAMPLES / 'world/line_hub.py'}:Keeps", tmp_path / "played.json"
    assert main(["play", str(EXAMPLES / "world/leaves.txt"), "--subject", subject, "--json", str(file)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "4 operations, order fifo: happens on stock asyncio, with this timing of the network" in said
    assert "(accepts)" not in said
    assert "internal: " not in said
    steps = json.loads(file.read_text(encoding="utf-8"))["findings"][0]["steps"]
    assert any(step["task"].endswith("(accepts)") for step in steps)
    assert "BaseSelectorEve" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("answered", [None, lambda text: text == "ok"], ids=["once nothing is in flight", "by an answer"])
def test_a_call_has_been_answered_when_its_effect_is_there(answered: Any) -> None:
    async def scenario() -> None:
        adapter = lines(answered)()
        await adapter.start()
        await adapter.connect("ann")
        await adapter.connect("bob")
        await asyncio.gather(adapter.subscribe("ann", "t"), adapter.subscribe("bob", "t"))
        await adapter.publish("t", "hello")
        await asyncio.sleep(5)
        assert adapter.delivered() == {"ann": ["hello"], "bob": ["hello"]}
        await adapter.disconnect("bob")
        await adapter.close()

    found = subwarden.explore(scenario, schedules=25, leave=["handle"])
    assert found.verdict == "holds", str(found)


@pytest.mark.parametrize("answered", [None, lambda text: text == "ok"], ids=["once nothing is in flight", "by an answer"])
def test_left_alone_a_call_is_over_before_the_next_one_arrives(answered: Any) -> None:
    """Also one that waits until nothing is in flight: time passes before, and calls that have not arrived are late."""
    open_calls = ["connect"]
    met: list[str] = []

    async def scenario() -> None:
        loop: Any = asyncio.get_running_loop()
        adapter = lines(answered)()
        await adapter.start()

        async def calls() -> None:
            await adapter.connect("ann")
            open_calls[0] = "subscribe"
            await adapter.subscribe("ann", "t")
            open_calls[0] = "publish"
            await adapter.publish("t", "hello")
            open_calls[0] = "disconnect"
            await adapter.disconnect("ann")
            open_calls[0] = ""

        calling = asyncio.create_task(calls())
        loop.events.append(Event("the next call arrives", lambda: met.append(open_calls[0])))
        loop.late = 1
        await calling
        loop.late = 0
        loop.events.clear()
        await adapter.close()

    found = subwarden.explore(scenario, schedules=1, order="fifo", leave=["handle"])
    assert found.verdict == "holds", str(found)
    assert not met


def test_a_server_is_at_rest_when_its_timers_are_over() -> None:
    """Those that are due soon; a heartbeat that goes on for ever does not keep it from resting, nor do two who wait."""

    async def scenario() -> None:
        done: list[str] = []

        async def beats() -> None:
            while True:  # noqa: ASYNC110  # a heartbeat
                await asyncio.sleep(0.1)

        async def saves() -> None:
            await asyncio.sleep(1)
            done.append("saved")

        beating, saving = asyncio.create_task(beats()), asyncio.create_task(saves())
        await asyncio.gather(at_rest(), at_rest())
        assert done == ["saved"]
        beating.cancel()
        await saving

    found = subwarden.explore(scenario, schedules=60)
    assert found.verdict == "holds", str(found)


@pytest.mark.parametrize("pair", [False, True], ids=["an object", "a pair"])
def test_a_client_may_be_a_context_that_is_closed_also_when_it_is_cancelled(pair: bool) -> None:
    """A client of aiohttp has a session to close beside the socket."""
    states: list[str] = []

    class Client:
        def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.reader, self.writer = reader, writer

        async def send(self, text: str) -> None:
            self.writer.write(f"{text}\n".encode())

        async def receive(self) -> str:
            if not (line := await self.reader.readline()).endswith(b"\n"):
                raise ConnectionResetError
            return line.decode()[:-1]

    async def connect(client: str) -> Any:
        states.append("open")
        try:
            reader, writer = await asyncio.open_connection("localhost", 7000)
            try:
                yield (reader, writer) if pair else Client(reader, writer)
            finally:
                writer.close()
        finally:
            states.append("closed")

    async def scenario() -> None:
        states.clear()
        hub = lines(lambda text: text == "ok")
        hub.connect = connect
        adapter = hub()
        await adapter.start()
        with suppress(asyncio.CancelledError):
            await subwarden.may_cancel(adapter.connect("ann"))
        await adapter.connect("ann")
        await adapter.subscribe("ann", "t")
        await adapter.publish("t", "hello")
        await asyncio.sleep(5)
        assert adapter.delivered() == {"ann": ["hello"]}
        await adapter.disconnect("ann")
        await adapter.close()
        assert states.count("open") == states.count("closed") >= 2, states

    found = subwarden.explore(scenario, schedules=60, leave=["handle"])
    assert found.verdict == "holds", str(found)
