"""`subwarden.asgi` drives applications in a run; `subwarden.AsgiHub` holds one against the core model, from outside."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import subwarden
from subwarden.cli.main import main
from subwarden.stateful_tests.tests.paths import EXAMPLES
from subwarden.world.asgi.connection import Disconnected


def explored(scenario: Any) -> Any:
    return subwarden.explore(scenario, schedules=200)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Websockets: echo; HTTP: the body twice, in parts; lifespan."""
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        scope["state"]["started"] = True
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 201, "headers": [(b"x-path", scope["path"].encode())]})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": body})
    else:
        await receive()
        if scope["path"] == "/refused":
            await send({"type": "websocket.close", "code": 4001, "reason": "no"})
            return
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "bye":
                await send({"type": "websocket.close", "code": 4000})
                return
            await send({"type": "websocket.send", "text": message["text"]})


def test_websockets_requests_and_lifespan() -> None:
    async def scenario() -> None:
        async with subwarden.asgi(echo) as app:
            socket = await app.websocket("/ws?x=1")
            await socket.send("one")
            await socket.send({"two": 2})
            assert await socket.receive() == "one"
            assert await socket.receive_json() == {"two": 2}
            await socket.send("bye")
            with pytest.raises(Disconnected, match="4000"):
                await socket.receive()
            with pytest.raises(Disconnected, match=r"4001 \(no\)"):
                await app.websocket("/refused")
            answer = await app.request("POST", "/path", json=[1])
            assert answer.status == 201
            assert answer.headers == {"x-path": "/path"}
            assert answer.body == b"[1][1]"
            async with app.stream("GET", "/", body=b"part") as (status, _, parts):
                assert status == 201
                assert [part async for part in parts] == [b"part", b"part"]

    found = explored(scenario)
    assert found.verdict == "holds", str(found)


def test_the_names_of_other_test_clients_work() -> None:
    """Those of Starlette's and of httpx: what somebody's tests call already."""

    async def scenario() -> None:
        async with subwarden.asgi(echo) as app:
            async with app.websocket_connect("/ws") as socket:
                await socket.send_text("one")
                await socket.send_json({"two": 2})
                assert await socket.receive_text() == "one"
                assert await socket.receive_json() == {"two": 2}
                await socket.send_text("three")
                assert await socket.receive_bytes() == b"three"
                await socket.send("bye")
                assert [message async for message in socket] == []
            first, second = await asyncio.gather(app.websocket("/a/ann"), asyncio.create_task(app.websocket("/a/bob")))
            assert (first.name, second.name) == ("ann", "bob")
            await first.close()
            second.close()
            for method in (app.get, app.delete):
                assert (await method("/path")).status_code == 201
            for send in (app.post, app.put, app.patch):
                assert (await send("/path", json=1)).text == "11"

    assert explored(scenario).verdict == "holds"


def test_a_client_vanishes_at_any_moment_and_a_send_to_it_fails() -> None:
    seen: set[str] = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "hello"})
            seen.add(f"sent, then {(await receive())['type']}")
        except OSError:
            seen.add("a send failed")

    async def scenario() -> None:
        try:
            socket = await subwarden.asgi(app).websocket("/", may_vanish=True)
            assert await socket.receive() == "hello"
            socket.close()
        except Disconnected:
            seen.add("the client is gone")

    found = subwarden.explore(scenario, schedules=200, leave=["app for ws1"])
    assert found.verdict == "holds", str(found)
    assert {"sent, then websocket.disconnect", "a send failed"} <= seen


def test_an_application_that_fails_is_found() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise KeyError("room")

    async def scenario() -> None:
        with pytest.raises(Disconnected, match="1006"):
            await subwarden.asgi(app).websocket("/")

    found = explored(scenario)
    assert found.verdict == "violated"
    assert "KeyError: 'room'" in str(found)


# --- a hub against the core model


def hub(copies: bool = True) -> Any:
    """The names of the example. `copies`: it sends to a copy of the list of subscribers."""
    file, names = EXAMPLES / "world/hub.py", dict[str, Any]()
    source = file.read_text(encoding="utf-8")
    exec(compile(source if copies else source.replace("list(members)", "members"), str(file), "exec"), names)
    return SimpleNamespace(**names)


@pytest.mark.slow
def test_a_hub_that_works_has_no_finding() -> None:
    try:
        report = subwarden.holds(hub().Hub, budget=10)
    except subwarden.DoesNotHold as error:
        report = error.report
    assert report.verdict != "violated", str(report)


@pytest.mark.slow
def test_a_hub_that_keeps_who_has_left_is_found() -> None:
    with pytest.raises(subwarden.DoesNotHold, match="a message reaches a connection that was not subscribed"):
        subwarden.holds(hub().Keeps, budget=20)


LEAVES = (EXAMPLES / "world/leaves.txt").read_text()
JOINS_TWICE = "A  connect(c1), then subscribe(c1, t1), then subscribe(c1, t1), then publish(t1)"
GOES = "A  connect(c1), then subscribe(c1, t1), then disconnect(c1)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "program", "found"),
    [
        ("Hub", LEAVES, set()),
        ("Shown", LEAVES, set()),
        ("Forgets", LEAVES, {"P8"}),
        ("JoinsTwice", JOINS_TWICE, {"D1"}),
        ("OneTable", LEAVES, {"P1"}),
        ("KeepsTheGone", GOES, {"P2"}),
    ],
)
def test_rooms_on_fastapi_are_held_by_an_adapter_of_few_lines(name: str, program: str, found: set[str], tmp_path: Path) -> None:
    file = EXAMPLES / "world/fastapi_rooms.py"
    made = file.read_text(encoding="utf-8").partition("def adapter(app, observe=None):")[2].splitlines()
    assert len([line for line in made if line.strip()]) <= 25
    played, report = tmp_path / "program.txt", tmp_path / "report.json"
    played.write_text(program)
    assert main(["play", str(played), "--subject", f"{file}:{name}", "--json", str(report)]) == bool(found)
    record = json.loads(report.read_text())
    assert record["verdict"] == ("violated" if found else "holds")
    assert {finding["property"] for finding in record["findings"]} == found


@pytest.mark.parametrize("copies", [True, False])
def test_a_list_that_changes_while_it_is_sent_to_skips_a_subscriber(copies: bool) -> None:
    async def scenario() -> None:
        app = subwarden.asgi(hub(copies).chat(forgets=True))
        ann, bob, cat = [await app.websocket("/ws") for _ in range(3)]
        for each in (ann, bob):
            await each.send({"do": "join", "topic": "t"})
            await each.taken()
        await cat.send({"do": "say", "topic": "t", "text": "hello"})
        await asyncio.sleep(0.1)  # so that she may leave while `hello` is on its way to her
        ann.close()
        assert await bob.receive() == "hello"
        await app.close()

    assert explored(scenario).verdict == ("holds" if copies else "violated")


def test_a_hub_has_one_way_to_subscribe() -> None:
    with pytest.raises(
        ValueError, match=r"AsgiHub needs either subscribe=, the message by which a client subscribes, or a path with \{topic\}, not both"
    ):
        subwarden.AsgiHub(hub().chat, path="/ws/{topic}", subscribe=str, publish=lambda topic, message: message)


def test_outside_of_a_run_no_application_is_driven() -> None:
    with pytest.raises(RuntimeError, match=r"^subwarden.asgi\(app\) is for code that runs under subwarden"):
        subwarden.asgi(echo)


def test_a_hub_takes_the_application_itself() -> None:
    """As well as a function that makes one."""
    made = subwarden.AsgiHub(echo, path="/{client}/{topic}", publish=lambda topic, message: message)
    assert made().app is echo
