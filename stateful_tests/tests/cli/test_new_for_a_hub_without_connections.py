"""`subwarden new FILE --for CLASS` for classes that are told who subscribes, and not who connects, and for refusals by exceptions."""

from pathlib import Path

import pytest

from subwarden.cli.main import main
from subwarden.stateful_tests.tests.cli.written_for import gate, written
from subwarden.stateful_tests.tests.paths import DATA

HELD = (DATA / "hub" / "held.py").read_text(encoding="utf-8")
STYLES = (DATA / "hub" / "styles.py").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("held.py").write_text(HELD, encoding="utf-8")
    Path("styles.py").write_text(STYLES, encoding="utf-8")


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
        ("Devices", "guessed: the user is the topic, and the connections of by_user are the subscribers", "self.ours.connect(topic, "),
        ("Inboxes", "guessed: the user is the topic, and the connections of _queues are the subscribers", "self.ours.subscribe(topic)"),
        ("Inboxes", "publish notify(user, message)", "self.ours.unsubscribe(topic, self.subscriptions[client, topic])"),
        ("Stored", "observe _queues", 'return [] if self.name in ("store.messages.unread",) else None'),
        ("Stored", "subscribe subscribe(user)", 'return None if self.name in ("store.note",) else self._waits()'),
        (
            "Default",
            "subscribe connect(websocket, channel) unsubscribe disconnect(websocket, channel)",
            "self.subscriptions[client, topic], topic)",
        ),
        ("Writers", "disconnect unsubscribe_all(writer)", "    def write(self"),
        ("Registered", "subscribe() refuses by RuntimeError", "self.live.setdefault(client, socket)"),
        ("Refuses", "connect login(user_id, websocket)", "self.ours.login(client, socket)"),
        ("Refuses", "guessed: join() refuses by Full, Already", "from held import Already, Full, Refuses\n"),
        ("Refuses", "leave() refuses by LookupError", "except LookupError:\n            return False\n"),
        ("Refuses", "logout() refuses by KeyError", "except KeyError:\n            return None\n"),
        ("Refuses", "observe rooms", "except Already:\n            return None  # not judged: it was so already\n"),
    ],
)
def test_its_methods_are_taken(name: str, printed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    told, text = written("held.py", name, capsys)
    assert printed in told
    assert said in text


@pytest.mark.parametrize(
    ("name", "printed", "said"),
    [
        ("Sockets", "observe rooms", "may_fail=WebSocketDisconnect"),
        ("Nested", "observe subscribers", "await self.follow(client, topic, queue)"),
        ("Retaining", "guessed: Retaining keeps messages; if it sends them later, too (`retains`", "delivered = None"),
        ("Dropping", "guessed: Dropping may drop messages (`bounded`)", "self.ours.queues.items()"),
        ("Streams", "observe _streams", "await self.follow(client, topic, queue)"),
        ("Tasks", "observe _writers", "return {(self.name(client), topic) for client, topic in self.ours._writers}"),
        ("Observed", "attach(event, observer): a subscriber is a callback", "async def __call__"),
        ("Weak", "observe _listeners", "each() if isinstance(each, weakref.ref) else each"),
        ("Plugins", "publish fire(event, payload)", "await self.ours.fire(topic, message)"),
        (
            "Generators",
            "a subscriber is a generator, read until the client leaves",
            "self.follow(client, topic, self.ours.subscribe(topic))",
        ),
        ("Events", "subscribe stream(channel)", "for each in published(message):"),
        ("Group", "guessed: publish() sends to one subscriber (`shares`)", 'return None if self.name in ("log.info",)'),
        ("Group", "guessed: Group is made with send=self.send", "async def send(self, client, message)"),
        ("Broker", "connect on_connect(client, send)", "self.ours.on_connect(client, lambda message: self.send(client, message))"),
    ],
)
def test_its_style_is_understood(name: str, printed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    told, text = written("styles.py", name, capsys)
    assert printed in told
    assert said in text
    judged = {"Nested", "Streams", "Tasks", "Observed", "Weak", "Plugins", "Generators", "Events", "Broker", "Sockets"}
    assert ("delivered = None" not in text and "# def delivered" not in text) is (name in judged), "messages are judged where it is known"


def test_functions_without_a_class_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("functions.py").write_text("rooms = {}\n\n\ndef subscribe(topic): ...\n", encoding="utf-8")
    assert main(["new", "mine.py", "--for", "functions.py:Hub"]) == 3
    assert capsys.readouterr().err == (
        "subwarden new: --for functions.py:Hub: functions.py has no class 'Hub'; it has only functions; "
        "give them and their tables a class, or write the adapter by hand: subwarden new mine.py\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "Queues",
        "Emitter",
        "Sync",
        "Lobby",
        "OneRoom",
        "LeavesAll",
        "Devices",
        "Inboxes",
        "Stored",
        "Default",
        "Writers",
        "Registered",
        "Refuses",
    ],
)
def test_a_right_hub_holds_without_an_edit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    written("held.py", name, capsys)
    assert not gate(5)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "Sockets",
        "Nested",
        "Retaining",
        "Dropping",
        "Streams",
        "Tasks",
        "Observed",
        "Weak",
        "Plugins",
        "Generators",
        "Events",
        "Group",
        "Broker",
    ],
)
def test_a_right_hub_of_any_style_holds_without_an_edit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    written("styles.py", name, capsys)
    assert not gate(5)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong", "property_"),
    [
        ("Sockets", "in list(self.rooms.get(room, []))", "in self.rooms.get(room, [])", "D1"),
        ("Streams", "        send = self._streams.get(topic, {}).pop(client, None)", "        send = self._streams[topic][client]", "P8"),
        ("Observed", "in tuple(self._observers.get(event, ()))", "in self._observers.get(event, ())", "D1"),
        ("Plugins", "in list(self._handlers.get(event, []))", "in self._handlers.get(event, [])[:1]", "D1"),
        ("Generators", "self._queues[topic].discard(queue)", "self._queues.pop(topic, None)", "P8"),
        ("Broker", "            if send is not None:\n                await send(message)", "            await send(message)", "P8"),
    ],
)
def test_a_defect_of_any_style_is_found(name: str, right: str, wrong: str, property_: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert right in STYLES
    Path("styles.py").write_text(STYLES.replace(right, wrong), encoding="utf-8")
    written("styles.py", name, capsys)
    code, found = gate(8)
    assert code == 1
    assert property_ in found


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
    written("held.py", name, capsys)
    code, found = gate(5)
    assert code == 1
    assert property_ in found
