"""`subwarden view`, driven by HTTP: who may ask, what a step shows, going back, and a kept schedule that replays equally."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from subwarden.cli.main import main
from subwarden.cli.view.server import Server
from subwarden.cli.view.serving import Serving
from subwarden.model.core.step import Connect, Disconnect, Subscribe
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exec.program import ExecProgram, ExecTask
from subwarden.stateful_tests.exec.saved import SavedRun
from subwarden.stateful_tests.explore.code import decode
from subwarden.stateful_tests.explore.once import follow as follow_scenario
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.runs.replay import Replay, read
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.subjects.scenario.play import Rules
from subwarden.stateful_tests.subjects.scenario.scenario import load_scenario, scenario_of
from subwarden.stateful_tests.tests.paths import ROOT
from subwarden.stateful_tests.tests.reports.records import RAW, RUNS
from subwarden.stateful_tests.walking.exec_walk import ExecWalk
from subwarden.stateful_tests.walking.level_walk import LevelWalk
from subwarden.stateful_tests.walking.scenario_walk import ScenarioWalk
from subwarden.stateful_tests.walking.walk import Walk

RUN = RUNS[RAW]
NAMES = list(RUN.names)


class Asking:
    """A client of a server that another thread runs."""

    def __init__(self, server: Server) -> None:
        self.port = int(server.address.split(":")[2].partition("/")[0])
        self.token = server.token

    def ask(self, what: str, data: object = None, *, path: str | None = None, **headers: str) -> tuple[int, Any]:
        """The status and the body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = None if data is None else json.dumps(data)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if data is None else "POST", path or f"/{self.token}/{what}", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text

    def at(self, names: list[str], onward: str = "no") -> Any:
        """The run after these names."""
        status, body = self.ask("at", {"schedule": names, "onward": onward})
        assert status == 200, body
        return body


@contextmanager
def served(walk: Walk, idle: float = 60.0) -> Iterator[tuple[Asking, Callable[[], str]]]:
    """A client, and a function that waits for the server's end and says why it ended."""
    server = Server(Serving(walk), idle)
    why: list[str] = []
    thread = threading.Thread(target=lambda: why.append(server.run()))
    thread.start()

    def ended() -> str:
        thread.join(20)
        return why[0]

    try:
        with running():
            yield Asking(server), ended
    finally:
        server.stop()
        thread.join(20)
        server.close()


def walk_of(replay: Replay = RUN) -> LevelWalk:
    return LevelWalk(replay, load(replay.subject, replay.level))


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with served(walk_of()) as (client, _):
        yield client


def test_a_request_without_the_token_is_refused(asking: Asking) -> None:
    for path in ("/", "/x/", f"/{asking.token[:-1]}/", f"/x/{asking.token}/"):
        status, body = asking.ask("", path=path)
        assert (status, "token" in body["error"]) == (403, True), path
    assert asking.ask("", path=f"/{asking.token}")[0] == 404, "addresses in the page are relative"


def test_another_host_and_another_page_are_refused(asking: Asking) -> None:
    for host in (f"evil.example:{asking.port}", "127.0.0.1", f"127.0.0.1:{asking.port + 1}", ""):
        assert asking.ask("", Host=host)[0] == 421, host
    assert asking.ask("at", {"schedule": []}, Origin="http://evil.example")[0] == 403
    assert asking.ask("at", {"schedule": []}, Origin="null")[0] == 403
    assert asking.ask("", Host=f"localhost:{asking.port}")[0] == 200
    assert asking.ask("at", {"schedule": []}, Origin=f"http://127.0.0.1:{asking.port}")[0] == 200


@pytest.mark.parametrize(
    ("what", "data"),
    [("at", {}), ("at", {"schedule": "A"}), ("at", {"schedule": [1]}), ("at", {"schedule": [], "onward": "x"}), ("at", []), ("save", {})],
)
def test_a_request_of_another_shape_is_refused(asking: Asking, what: str, data: object) -> None:
    assert asking.ask(what, data)[0] == 400


def test_there_is_nothing_else(asking: Asking) -> None:
    assert asking.ask("at")[0] == asking.ask("../x", {})[0] == asking.ask("else", {})[0] == 404
    assert asking.ask("", {})[0] == 404


def test_the_page_comes_with_the_run_that_was_recorded(asking: Asking) -> None:
    status, page = asking.ask("")
    assert status == 200
    assert "connect-src 'self'" in page
    first = json.loads(page.partition('id="walk">')[2].partition("</script>")[0])
    assert first["now"]["schedule"] == first["head"]["recorded"] == NAMES
    assert first["now"]["ended"]


def test_each_step_shows_the_candidates_and_the_state_beside_the_model(asking: Asking) -> None:
    begin = asking.at([])
    assert [each["name"] for each in begin["candidates"]] == ["+start A", "+start B", "+start C"]
    assert [each["recorded"] for each in begin["candidates"]] == [True, False, False]
    then = asking.at(NAMES[:6])
    assert then["broken"] and not then["ended"]
    state = [moment["state"] for moment in then["trace"]["moments"] if "state" in moment][-1]
    assert set(state["must"]) - set(state["shown"]) == {"raw for c1 on t1"}
    (only,) = then["candidates"]
    assert (only["who"], only["said"], only["recorded"]) == ("B", "resumes", True)


def test_going_back_gives_the_same_as_before(asking: Asking) -> None:
    steps = (0, 3, 7, len(NAMES))
    before = [asking.at(NAMES[:at]) for at in steps]
    assert [asking.at(NAMES[:at]) for at in reversed(steps)] == before[::-1]
    rows = [*before[-1]["row_of"], len(before[-1]["steps"])]
    assert [len(each["steps"]) for each in before] == [rows[at] for at in steps]


def test_a_way_that_the_run_cannot_go_is_said(asking: Asking) -> None:
    status, body = asking.ask("at", {"schedule": ["+start A", "C"]})
    assert (status, "at step 2" in body["error"]) == (409, True)


def test_another_choice_leads_to_another_run_and_onward_to_its_end(asking: Asking) -> None:
    held = asking.at([*NAMES[:3], "B", "+release B"], "end")
    assert held["ended"] and held["schedule"] != NAMES
    single = asking.at(NAMES[:6], "choice")
    assert single["ended"] and single["schedule"] == NAMES, "nothing else could happen from there on"


def test_a_kept_schedule_replays_equally(asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    status, saved = asking.ask("save", {"schedule": NAMES[:5]})
    assert (status, saved["file"]) == (200, next(str(each) for each in Path(".subwarden/view").glob("*.json")))
    kept = read(saved["file"])
    assert (kept, kept.string()) == (read(saved["replay"]), saved["replay"])
    whole = asking.at(list(kept.names))
    assert whole["ended"] and saved["said"] in whole["broken"]
    assert main([*saved["command"].split()[1:], "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["steps"] == whole["steps"]
    held = asking.ask("save", {"schedule": ["+start C"]})[1]
    assert held["said"] == "The run holds."
    assert main(["replay", Path(held["file"]).stem]) == 0, "by its short name"


def test_a_scenario_shows_its_tasks_and_keeps_a_string() -> None:
    with running():
        lead_a_scenario()


def lead_a_scenario() -> None:
    scenario = load_scenario(str(ROOT / "examples/transfer.py:both_ways"))
    walk = ScenarioWalk(scenario, Rules(Order.FIFO))
    whole = walk.at([], "end")
    assert whole["ended"] and "deadlock" in whole["broken"][0]
    for at in range(len(whole["schedule"])):
        there = walk.at(whole["schedule"][:at])
        assert whole["steps"][: len(there["steps"])] == there["steps"]
        assert whole["schedule"][at] in [each["name"] for each in there["candidates"]]
        assert there["candidates"][0]["recorded"] is False
    last: dict[str, Any] = {}
    for moment in whole["trace"]["moments"]:
        last |= moment
    assert ["move", "waits for lock bob.lock, held by move 2"] in last["waits"]
    assert {"lock": "ann.lock", "held_by": ["move"], "waited_for_by": ["move 2"]} in last["locks"]
    coded = decode(walk.save(whole["schedule"])["replay"])
    assert follow_scenario(scenario, coded).record["findings"][0]["kind"] == "deadlock"
    again = ScenarioWalk(scenario, Rules(Order.ANY), coded)
    assert again.head["recorded"] == whole["schedule"]


async def endless() -> None:
    await asyncio.sleep(0)
    while True:
        pass


def test_a_step_that_blocks_is_interrupted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subwarden.stateful_tests.walking.walk.PATIENCE", 0.1)
    walk = ScenarioWalk(scenario_of(endless), Rules(Order.FIFO))
    assert not walk.at(["endless"])["ended"]
    blocked = walk.at(["endless", "endless"])
    assert blocked["ended"] and blocked["broken"][0].startswith("a step blocks the event loop")


def test_a_process_shows_its_steps_and_keeps_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = f"{sys.executable} {ROOT / 'examples/exec/phantom.py'}"
    tasks = (ExecTask("A", (Disconnect("c1"),)), ExecTask("B", (Subscribe("c1", "t1"),)))
    names = ("+B", "+A", "B: subscribe", "A: disconnect", "B: asks the policy")
    walk = ExecWalk(SavedRun(command, ExecProgram((Connect("c1"),), tasks), names, "P2-x", 5.0))
    try:
        whole = walk.at(names)
        assert whole["ended"] and whole["broken"][0].startswith("P2 no phantom subscriber")
        there = walk.at(names[:4])
        assert [(each["who"], each["said"], each["recorded"]) for each in there["candidates"]] == [
            ("B", "asks the policy", True),
            ("A", "flushes", False),
        ]
        assert there["steps"] == whole["steps"][:5]
        assert there["trace"]["moments"][-1]["state"]["shown"] == []
        held = walk.save(["+A"])
    finally:
        walk.close()
    assert held["said"] == "The run holds."
    assert main([*held["command"].split()[1:], "--subject", f"exec:{command}"]) == 0


def test_it_ends_when_its_last_page_is_closed_or_nobody_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subwarden.cli.view.server.GRACE", 0.05)
    with served(walk_of()) as (client, ended):
        for page in ("one", "two"):
            client.ask("opened", {"page": page})
        client.ask("closed", {"page": "one"})
        client.at([])
        client.ask("closed", {"page": "two"})
        assert ended() == "the page was closed"
    with served(walk_of(), idle=0.05) as (_, ended):
        assert ended() == "nobody has used it for a while"
