"""`subwarden new FILE --for CLASS` for classes that are told who subscribes, and not who connects, and for refusals by exceptions."""

import json
from pathlib import Path

import pytest

from subwarden.cli.main import main

HELD = """
import asyncio
from collections import defaultdict
from dataclasses import dataclass


class Full(Exception): ...


class Already(ValueError): ...


@dataclass
class Seat:
    name: str
    websocket: "WebSocket"


class Queues:
    def __init__(self):
        self._queues: dict[str, set[asyncio.Queue]] = defaultdict(set)

    async def subscribe(self, topic):
        queue = asyncio.Queue()
        self._queues[topic].add(queue)
        return queue

    def unsubscribe(self, topic, queue):
        self._queues[topic].remove(queue)

    def publish(self, topic, message: dict):
        for queue in self._queues[topic]:
            queue.put_nowait(message)


class Listeners:
    def __init__(self):
        self.listeners = {}

    def on(self, event, callback):
        self.listeners.setdefault(event, []).append(callback)

    def off(self, event, callback):
        self.listeners[event].remove(callback)


class Emitter(Listeners):
    async def emit(self, event, data=None):
        for callback in list(self.listeners.get(event, [])):
            await callback(data)


class Sync(Listeners):
    def emit(self, event, data=None):
        for each in self.listeners.get(event, []):
            each(data)


class Lobby:
    def __init__(self):
        self.seats: dict[str, list[Seat]] = {}

    async def connect(self, websocket, lobby_id, player_id):
        await websocket.accept()
        if len(self.seats.setdefault(lobby_id, [])) > 7:
            raise Full
        self.seats[lobby_id].append(Seat(player_id, websocket))

    def disconnect(self, lobby_id, player_id):
        self.seats[lobby_id] = [each for each in self.seats[lobby_id] if each.name != player_id]

    async def broadcast(self, message, lobby_id):
        for each in list(self.seats.get(lobby_id, [])):
            try:
                await each.websocket.send_text(message)
            except ConnectionError:
                continue


class OneRoom:
    def __init__(self):
        self.active = []

    async def connect(self, websocket):
        await websocket.accept()
        self.active.append(websocket)

    def disconnect(self, websocket):
        self.active.remove(websocket)

    async def broadcast(self, message):
        for each in list(self.active):
            if each.closed:
                continue
            try:
                await each.send_text(message)
            except ConnectionError:
                continue


class LeavesAll:
    def __init__(self):
        self.rooms = {}

    async def connect(self, ws, room_id):
        self.rooms.setdefault(room_id, []).append(ws)
        await ws.send_text("welcome")

    def disconnect(self, ws):
        for members in self.rooms.values():
            if ws in members:
                members.remove(ws)


class Refuses:
    def __init__(self):
        self.users = {}
        self.rooms = {}

    async def login(self, user_id, websocket):
        self.users[user_id] = websocket

    def logout(self, user_id):
        if user_id not in self.users:
            raise KeyError(user_id)
        del self.users[user_id]
        for members in self.rooms.values():
            members.discard(user_id)

    def join(self, user_id, room):
        if user_id not in self.users:
            raise Full
        if user_id in self.rooms.setdefault(room, set()):
            raise Already
        self.rooms[room].add(user_id)

    def leave(self, user_id, room):
        if user_id not in self.rooms.get(room, ()):
            raise LookupError(room)
        self.rooms[room].remove(user_id)
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("held.py").write_text(HELD, encoding="utf-8")


def written(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What was printed, in one line, and the adapter."""
    assert main(["new", "mine.py", "--for", f"held.py:{name}"]) == 0
    text = Path("mine.py").read_text(encoding="utf-8")
    compile(text, "mine.py", "exec")
    assert max(map(len, text.splitlines())) <= 140
    return " ".join(capsys.readouterr().out.split()), text


@pytest.mark.parametrize(
    ("name", "printed", "said"),
    [
        ("Queues", "subscribe subscribe(topic) unsubscribe unsubscribe(topic, queue)", "= await self.ours.subscribe(topic)"),
        ("Queues", "observe _queues", "self.ours.unsubscribe(topic, self.subscriptions[client, topic])"),
        ("Queues", "a subscriber is what it returns", 'self.ours.publish(topic, {"text": message})'),
        ("Emitter", "subscribe on(event, callback) unsubscribe off(event, callback)", "async def __call__"),
        ("Emitter", "publish emit(event, data)", "await self.ours.emit(topic, message)"),
        ("Sync", "a subscriber is a callback", "    def __call__"),
        ("Lobby", "subscribe connect(websocket, lobby_id, player_id)", "self.ours.disconnect(topic, client)"),
        ("Lobby", "connect() refuses by Full", "from held import Full, Lobby\n"),
        ("OneRoom", "guessed: OneRoom has no topics: the adapter makes one OneRoom for each topic", "self.rooms[topic].disconnect("),
        ("OneRoom", "observe active", "self.closed = False"),
        ("LeavesAll", "disconnect disconnect(ws)", "unsubscribe = None"),
        ("LeavesAll", "subscribe connect(ws, room_id)", "raise  # another client's connection broke"),
        ("Refuses", "connect login(user_id, websocket)", "self.ours.login(client, self.socket(client))"),
        ("Refuses", "guessed: join() refuses by Full, Already", "from held import Already, Full, Refuses\n"),
        ("Refuses", "leave() refuses by LookupError", "except LookupError:\n            return False\n"),
        ("Refuses", "logout() refuses by KeyError", "except KeyError:\n            return None\n"),
        ("Refuses", "observe rooms", "except Already:\n            return None  # not judged: it was so already\n"),
    ],
)
def test_its_methods_are_taken(name: str, printed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    told, text = written(name, capsys)
    assert printed in told
    assert said in text


def test_functions_without_a_class_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("functions.py").write_text("rooms = {}\n\n\ndef subscribe(topic): ...\n", encoding="utf-8")
    assert main(["new", "mine.py", "--for", "functions.py:Hub"]) == 3
    assert capsys.readouterr().err == (
        "subwarden new: --for functions.py:Hub: functions.py has no class 'Hub'; it has only functions; "
        "give them and their tables a class, or write the adapter by hand: subwarden new mine.py\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Queues", "Emitter", "Sync", "Lobby", "OneRoom", "LeavesAll", "Refuses"])
def test_a_right_hub_holds_without_an_edit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    written(name, capsys)
    main(["gate", "--subject", "mine.py:Adapter", "--jobs", "1", "--budget", "5", "--json", "gate.json"])
    assert json.loads(Path("gate.json").read_text(encoding="utf-8"))["findings"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong", "property_"),
    [
        ("Queues", "self._queues[topic].remove(queue)", "self._queues[topic]", "P8"),
        ("Lobby", "each.name != player_id", "each", "P8"),
        ("OneRoom", "            except ConnectionError:\n                continue", "            finally:\n                pass", "P8"),
        ("Refuses", "            members.discard(user_id)", "            members", "P2"),
    ],
)
def test_a_defect_is_found(name: str, right: str, wrong: str, property_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert right in HELD
    Path("held.py").write_text(HELD.replace(right, wrong), encoding="utf-8")
    written(name, capsys)
    assert main(["gate", "--subject", "mine.py:Adapter", "--jobs", "1", "--budget", "5", "--json", "gate.json"]) == 1
    assert property_ in {each["property"] for each in json.loads(Path("gate.json").read_text(encoding="utf-8"))["findings"]}
