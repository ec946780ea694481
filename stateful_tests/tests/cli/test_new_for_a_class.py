"""`subwarden new FILE --for CLASS`: an adapter for a class as people write them, which is judged at once."""

import importlib.util
import json
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.paths import DATA, ROOT

WEB = """
from fastapi import WebSocket


class Rooms:
    def __init__(self, *, redis, history: int, welcome: str = ""):
        self._rooms: dict[str, list[WebSocket]] = {}
        self.messages: dict[str, list[str]] = {}
        self.redis = redis

    async def connect(self, ws: WebSocket):
        await ws.accept()

    async def join_room(self, websocket: WebSocket, room_id: str):
        await self.redis.subscribe(room_id)
        self._rooms.setdefault(room_id, []).append(websocket)

    async def leave_room(self, websocket: WebSocket, room_id: str):
        if websocket in self._rooms.get(room_id, []):
            self._rooms[room_id].remove(websocket)

    def disconnect(self, websocket: WebSocket):
        for members in self._rooms.values():
            if websocket in members:
                members.remove(websocket)

    async def broadcast(self, room_id: str, message: dict):
        self.messages.setdefault(room_id, []).append(message)
        for ws in list(self._rooms.get(room_id, [])):
            await ws.send_json(message)


class Dice:
    def roll(self, sides): ...
"""
RUNS = """
class Base:
    def __init__(self):
        self.by_topic = {}

    async def subscribe(self, subscriber, channel, *, since):
        self.by_topic.setdefault(channel, {})[subscriber] = since


class Entered(Base):
    async def __aenter__(self): ...
    async def __aexit__(self, *failed): ...
    async def close(self): ...


class Running(Base):
    async def run(self): ...
    def stop(self): ...


class Started(Base):
    async def start(self): ...
    async def aclose(self): ...
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web.py").write_text(WEB, encoding="utf-8")
    Path("runs.py").write_text(RUNS, encoding="utf-8")
    copy(DATA / "hub" / "hub.py", "hub.py")
    for name in ("rooms.py", "pubsub.py", "anyio_hub.py"):
        copy(ROOT / "examples" / name, name)


def told(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, str], list[str]]:
    """What was printed: what stands for what, and the guesses."""
    rows = [line.strip() for line in capsys.readouterr().out.replace("\n    ", " ").splitlines() if line.startswith("  ")]
    guesses = [row.removeprefix("guessed: ") for row in rows if row.startswith("guessed: ")]
    return dict(row.split(maxsplit=1) for row in rows if not row.startswith("guessed: ")), guesses


def test_the_methods_of_a_hub_of_web_sockets_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine.py", "--for", "web.py:Rooms"]) == 0
    taken, guesses = told(capsys)
    assert taken == {
        "connect": "connect(ws)",
        "subscribe": "join_room(websocket, room_id)",
        "unsubscribe": "leave_room(websocket, room_id)",
        "publish": "broadcast(room_id, message)",
        "disconnect": "disconnect(websocket)",
        "observe": "_rooms",
    }
    assert guesses[:2] == ['Rooms is made with redis=Outside(env, "redis")', "Rooms is made with history=1"]
    assert guesses[2].startswith("Rooms keeps messages; if it sends them later, too")
    text = Path("mine.py").read_text(encoding="utf-8")
    assert "async def send_json(self" in text
    assert "async def accept(self" in text
    assert 'await self.ours.broadcast(topic, {"text": message})' in text
    assert "return self.ours.disconnect(socket)" in text, "it is not async"


@pytest.mark.parametrize(
    ("named", "taken", "said"),
    [
        ("rooms.py:Rooms", {"subscribe": "join(client, room)", "disconnect": "quit(client)"}, "self.ours.clients.add(client)"),
        ("hub.py:Hub", {"subscribe": "join(name, room)", "observe": "rooms"}, "self.name = client"),
        ("pubsub.py:PubSub", {"teardown": "teardown(topic)", "observe": "_clients, _topics"}, "PubSub(send=self.send)"),
        ("anyio_hub.py:Hub", {"observe": "_topics"}, "self.running = asyncio.create_task(self.ours.run())"),
        ("runs.py:Entered", {"subscribe": "subscribe(subscriber, channel, since)"}, "await self.ours.__aenter__()"),
        ("runs.py:Running", {"observe": "by_topic"}, "self.running.cancel()"),
        ("runs.py:Started", {"start": "start()", "close": "aclose()"}, "return await self.ours.aclose()"),
        ("runs.py:Base", {"observe": "by_topic"}, "self.ours.subscribe(client, topic, since=None)"),
    ],
)
def test_a_class_is_read_as_it_is(named: str, taken: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine.py", "--for", named]) == 0
    assert taken.items() <= told(capsys)[0].items()
    text = Path("mine.py").read_text(encoding="utf-8")
    assert said in text
    assert ("reconnects = True" in text) is not named.startswith(("pubsub", "anyio")), "they remember who has gone for ever"
    compile(text, "mine.py", "exec")
    assert max(map(len, text.splitlines())) <= 140


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (
            "web.py:Dice",
            "Dice has no method that puts a client on a topic, such as subscribe(client, topic); it has roll(sides); a ",
        ),
        ("web.py:Dice", "a hub without such a method is tried through its application: subwarden help fastapi"),
        ("web.py:Missing", "web.py has no class 'Missing'; it has Rooms, Dice"),
        ("missing.py:Hub", "there is no file missing.py"),
        ("hub.py", "--for hub.py names no class; give path/to/file.py:NAME or package.module:NAME"),
        ("no_such_package.hub:Hub", "--for no_such_package.hub: No module named 'no_such_package'"),
        ("sys:Hub", "--for sys: there is no module sys with a source"),
        ("broken.py:Hub", "broken.py cannot be read: "),
        ("binary.py:Hub", "binary.py cannot be read: "),
    ],
)
def test_what_it_cannot_read_is_one_line_and_nothing_is_written(named: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.py").write_text("class Hub(", encoding="utf-8")
    Path("binary.py").write_bytes(b"\xff\xfe\x00")
    assert main(["new", "mine.py", "--for", named]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not Path("mine.py").exists()


def test_the_class_is_read_and_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("loud.py").write_text("raise SystemExit(7)\nclass Hub:\n    def join(self, user, room): ...\n", encoding="utf-8")
    assert main(["new", "mine.py", "--for", "loud.py:Hub"]) == 0
    assert told(capsys)[1] == [
        "no method was found by which a client goes; write disconnect()",
        "no table of who is subscribed was found; write observe()",
    ]


def test_a_class_of_another_folder_is_imported_from_where_the_adapter_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chat").mkdir()
    copy("rooms.py", "chat/rooms.py")
    assert main(["new", "chat/mine.py", "--for", "chat/rooms.py:Rooms"]) == 0
    assert "\nfrom rooms import Rooms\n" in Path("chat/mine.py").read_text(encoding="utf-8")
    (tmp_path / "tests").mkdir()
    assert main(["new", "tests/mine.py", "--for", "chat/rooms.py:Rooms"]) == 0
    assert "\nfrom chat.rooms import Rooms\n" in Path("tests/mine.py").read_text(encoding="utf-8")
    assert main(["new", "tests/other.py", "--for", str(ROOT / "examples" / "rooms.py") + ":Rooms"]) == 3
    assert "write it into the same folder" in capsys.readouterr().err


def test_a_file_that_imports_from_its_package_is_named_from_the_folder_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "chat" / "web"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("", encoding="utf-8")
    text = (tmp_path / "rooms.py").read_text(encoding="utf-8")
    (package / "rooms.py").write_text("from ..log import logger\n" + text, encoding="utf-8")
    monkeypatch.chdir(package)
    assert main(["new", "mine.py", "--for", "rooms.py:Rooms"]) == 3
    line = capsys.readouterr().err
    assert "rooms.py imports from its own package (from ..log import logger); go to the folder that holds the package, ../..," in line
    assert "--for chat/web/rooms.py:..." in line
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine.py", "--for", "chat/web/rooms.py:Rooms"]) == 0
    assert "from chat.web.rooms import Rooms" in Path("mine.py").read_text(encoding="utf-8")


def test_a_connection_that_comes_back_is_a_new_one() -> None:
    """The old one is still known by its client's name: a phantom of it must be seen."""
    assert main(["new", "mine.py", "--for", "web.py:Rooms"]) == 0
    text = Path("mine.py").read_text(encoding="utf-8").replace("from web import Rooms", "Rooms = lambda **_: None")
    Path("mine.py").write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mine", "mine.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    adapter: Any = module.Adapter(None)
    old, new = adapter.new_socket("c1"), adapter.new_socket("c1")
    assert new is not old
    assert adapter.named({"t1": [old, adapter.new_socket("c2"), new]}) == {"t1": {"c1", "c2"}}
    assert adapter.named({old: ["t1"], new: []}) == {"c1": {"t1"}}, "both are hers"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "verdict", "properties"),
    [
        ("rooms.py:Rooms", 1, {"P2"}),
        ("hub.py:Hub", 1, {"D1"}),
        ("pubsub.py:PubSub", 0, set()),
        ("anyio_hub.py:Hub", 0, set()),
    ],
)
def test_what_it_writes_is_judged_as_it_is(named: str, verdict: int, properties: set[str]) -> None:
    assert main(["new", "mine.py", "--for", named]) == 0
    assert main(["gate", "--subject", "mine.py:Adapter", "--jobs", "1", "--budget", "20", "--json", "gate.json"]) == verdict
    found = json.loads(Path("gate.json").read_text(encoding="utf-8"))["findings"]
    assert {each["property"] for each in found if each["order"] == "fifo" and not each["cancellation"]} >= properties


def test_it_prints_what_its_page_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "bring-your-own.md").read_text(encoding="utf-8")
    command, _, expected = page.partition("$ subwarden new mine.py --for ")[2].partition("```")[0].partition("\n")
    (tmp_path / "examples").mkdir()
    copy("rooms.py", "examples/rooms.py")
    assert main(["new", "mine.py", "--for", command]) == 0
    assert capsys.readouterr().out == expected
