"""`subwarden new FILE --for CLASS` for what differs from hub to hub: how a subscription ends, what a message is, and what lasts."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.cli.written_for import gate, written
from subwarden.stateful_tests.tests.paths import DATA

SHAPES = (DATA / "hub" / "shapes.py").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shapes.py").write_text(SHAPES, encoding="utf-8")


READ = {  # what is printed of each, and what its adapter says
    "Announces": ("publish broadcast(room_id, message)", ".extend(published(message))"),
    "Looks": ("publish broadcast(room_id, data)", "self.client_state = Connected()"),
    "Objects": ("publish publish(topic, event)", "await self.ours.publish(topic, Message(message))"),
    "Single": ("subscribe connect(room_id, user_id, websocket)", "self.ours = type.__call__(Single)"),
    "OnClass": ("unsubscribe unsubscribe(topic, queue)", "self.ours = OnClass("),
    "Signal": ("publish send(values)", "    def __call__"),
    "Coroutines": ("subscribe on(event, callback)", "Callback(client, self.env, self.inbox).__call__"),
    "Returns": ("subscribe listen(event_name, callback)", "            self.endings[client, topic]()"),
    "ReturnsPartial": ("publish fire(event_name, data)", "            self.endings[client, topic]()"),
    "ReturnsAwaited": ("observe _listeners", "            await self.endings[client, topic]()"),
    "Entered": ("subscribe subscribe(topic)", "await context.__aenter__()"),
    "EnteredByAll": ("EnteredByAll has no topics: the adapter makes one EnteredByAll for each topic", "context.__enter__()"),
    "Follows": ("subscribe __aiter__()", "self.follow(client, topic, self.rooms[topic].__aiter__())"),
    "Short": ("subscribe subscribe(k) publish publish(k, v)", "self.follow(client, topic, self.ours.subscribe(topic))"),
    "Agents": ("connect connect_agent(agent_id, account, websocket)", "self.ours.connect_agent(client, None, socket)"),
    "Spawns": ("publish emit(values)", "async def __call__"),
    "Locked": ("publish publish(event)", "if not self.has(client, topic):"),
    "Dicts": ("publish broadcast(event_dict, incident_id)", 'self.ours.broadcast({"text": message}, incident_id=topic)'),
    "Tabs": ("unsubscribe disconnect(websocket)", "room.connections.values() for each in members"),
}


@pytest.mark.parametrize("name", READ)
def test_its_shape_is_understood(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    told, text = written("shapes.py", name, capsys)
    printed, said = READ[name]
    assert printed in told
    assert said in text
    assert "NotImplementedError" not in text
    assert ("delivered = None" in text) is (name == "Single"), "it publishes nothing"


def test_a_hub_that_nobody_leaves_is_refused_by_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine.py", "--for", "shapes.py:Stays"]) == 3
    said = "Stays has subscribe(event, handler), and nothing by which a subscription ends, such as unsubscribe(): whoever subscribes stays"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_what_is_about_a_client_is_no_client(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shapes.py").write_text(
        "class Hub:\n    def subscribe(self, topic, client, client_filters): ...\n    def disconnect(self, client): ...\n", encoding="utf-8"
    )
    told, text = written("shapes.py", "Hub", capsys)
    assert "subscribe gives None for client_filters" in told
    assert "self.ours.subscribe(topic, client, None)" in text


@pytest.mark.parametrize(
    ("annotation", "use", "given"),
    [
        (": Dict[str, Any]", "event", '{"text": message}'),
        (": Mapping", "event", '{"text": message}'),
        ("", 'event.get("x")', '{"text": message}'),
        ("", "list(event.items())", '{"text": message}'),
        ("", "{**event}", '{"text": message}'),
        ("", "dict(**event)", '{"text": message}'),
        ("", 'event["type"]', '{"type": message}'),
        ("", 'event; event["at"] = 1', '{"text": message}'),
        ("", 'event["at"]; event["at"] = 1', '{"at": message, "text": message}'),
    ],
)
def test_a_message_that_is_used_as_a_dict_is_one(annotation: str, use: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        "class Hub:",
        "    def subscribe(self, key): return asyncio.Queue()",
        "    def unsubscribe(self, key, queue): ...",
        f"    def publish(self, event{annotation}, key):",
        f"        for queue in self.queues[key]: queue.put_nowait(event); {use}",
    ]
    Path("shapes.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = written("shapes.py", "Hub", capsys)[1]
    assert f"self.ours.publish({given}, topic)" in text


class Env:
    """What an adapter sees of the outside: each parked call waits until it is let go."""

    def __init__(self) -> None:
        self.parked: list[asyncio.Future[None]] = []

    def closed(self, _client: str) -> bool:
        return False

    async def park(self, _name: str, **_options: object) -> None:
        self.parked.append(asyncio.get_running_loop().create_future())
        await self.parked[-1]


async def settle() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


def played(name: str, scene: Callable[[Any, Env], Coroutine[Any, Any, None]]) -> None:
    """Write the adapter, and play the scene with it on the stock loop."""
    assert main(["new", "mine.py", "--for", f"shapes.py:{name}"]) == 0
    names: dict[str, Any] = {}
    exec(SHAPES, names)  # and no import: sys.modules keeps the module of another test
    exec(Path("mine.py").read_text(encoding="utf-8").replace(f"from shapes import {name}\n", ""), names)

    async def play() -> None:
        env = Env()
        await scene(names["Adapter"](env), env)

    asyncio.run(play())


@pytest.mark.filterwarnings("ignore")
def test_a_callback_has_received_what_it_is_called_with_however_long_it_takes() -> None:
    """Tasks that are started in order, and end in another, were messages in a wrong order."""

    async def scene(adapter: Any, env: Env) -> None:
        await adapter.connect("c1")
        await adapter.subscribe("c1", "t1")
        await adapter.publish("t1", "mA")
        await adapter.publish("t1", "mB")
        await settle()
        assert len(env.parked) == 2, "both are under way"
        env.parked[1].set_result(None)
        env.parked[0].set_result(None)
        await settle()
        assert adapter.delivered() == {"c1": ["mA", "mB"]}

    played("Spawns", scene)


def test_a_client_whose_unsubscribe_was_cancelled_before_it_happened_goes_on_reading() -> None:
    """Its reader had ended, so that its queue filled: a message did not reach it."""

    async def scene(adapter: Any, _env: Env) -> None:
        await adapter.connect("c1")
        await adapter.subscribe("c1", "t1")
        async with adapter.rooms["t1"]._lock:
            leaving = asyncio.create_task(adapter.unsubscribe("c1", "t1"))
            await settle()
            leaving.cancel()
            await asyncio.wait([leaving])
        await adapter.publish("t1", "mA")
        await settle()
        assert adapter.delivered() == {"c1": ["mA"]}
        await adapter.unsubscribe("c1", "t1")
        assert not adapter.readers

    played("Locked", scene)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READ.keys() - {"Spawns"}))
def test_a_right_hub_of_any_shape_holds_without_an_edit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    written("shapes.py", name, capsys)
    assert not gate(5)[1]


@pytest.mark.slow
def test_who_starts_a_task_for_each_message_keeps_their_order_on_stock_asyncio_alone(capsys: pytest.CaptureFixture[str]) -> None:
    written("shapes.py", "Spawns", capsys)
    assert gate(10) == (1, {"D1"})
    findings = json.loads(Path("gate.json").read_text(encoding="utf-8"))["findings"]
    assert {each["order"] for each in findings} == {"any"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong", "property_"),
    [
        (
            "Announces",
            "        for each in list(self.rooms.get(room_id, ())):\n            with",
            "        for each in list(self.rooms.get(room_id, ()))[:1]:\n            with",
            "D1",
        ),
        ("Looks", "if websocket.client_state != State.CONNECTED", "if websocket.client_state == State.CONNECTED", "D1"),
        ("Objects", "for queue in self._queues[topic]:", "for queue in self._queues[topic][1:]:", "D1"),
        ("Single", "(room_id, {}).pop(user_id, None)", "(room_id, {})", "P8"),
        ("OnClass", "cls._queues[topic].discard(queue)", "cls._queues[topic].pop()", "P8"),
        ("Signal", "for receiver in list(self.receivers):", "for receiver in self.receivers[1:]:", "D1"),
        ("Coroutines", "                await task\n", "                task.cancel()\n", "D1"),
        ("Returns", "self._listeners[event_name].remove(listener)", "self._listeners[event_name].pop()", "P8"),
        (
            "ReturnsPartial",
            "self._listeners[event_name].remove(callback)\n\n    async def fire",
            "self._listeners[event_name].pop()\n\n    async def fire",
            "P8",
        ),
        (
            "ReturnsAwaited",
            "            self._listeners[event_name].remove(callback)\n\n        return",
            "            self._listeners[event_name].pop(0)\n\n        return",
            "P8",
        ),
        ("Entered", "            self._queues[topic].discard(queue)", "            self._queues[topic].pop()", "P8"),
        ("EnteredByAll", "self.queues.remove(queue)", "self.queues.pop()", "P8"),
        (
            "Follows",
            "value, future = await asyncio.shield(future)",
            "value, future = await future",
            "P8",
        ),
        ("Short", "self.subs[k].remove(q)", "self.subs.pop(k)", "P8"),
        ("Spawns", "for func in self.receivers:", "for func in self.receivers[1:]:", "D1"),
        ("Locked", "            self._queues.discard(queue)", "            self._queues.pop()", "P8"),
        ("Dicts", "            self._incident_subscribers[incident_id].discard(queue)", "            pass", "P8"),
        ("Agents", "            members.discard(agent_id)", "            members", "P2"),
        ("Tabs", "            members.discard(websocket)", "            members", "P8"),
    ],
)
def test_a_defect_of_any_shape_is_found(name: str, right: str, wrong: str, property_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert SHAPES.count(right) == 1
    Path("shapes.py").write_text(SHAPES.replace(right, wrong), encoding="utf-8")
    written("shapes.py", name, capsys)
    code, found = gate(8)
    assert code == 1
    assert property_ in found
