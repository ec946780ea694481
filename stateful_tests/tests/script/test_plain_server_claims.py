"""The claim of a server's script is true: it fails on the run of its finding, and not with the sound server."""

import asyncio
import os
import sys
from functools import cache
from random import Random
from typing import Any

import pytest

from subwarden.checking import causes
from subwarden.impl.manager.listener_commands import ConnectionRequestId
from subwarden.impl.manager.manager import Manager
from subwarden.impl.manager.source import SourceManager
from subwarden.impl.server.engine import Engine
from subwarden.impl.server.owning_server import OwningServer
from subwarden.impl.server.source_server import SourceServer
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Reply
from subwarden.reports.script.server import write
from subwarden.reports.script.server_claims import check_server
from subwarden.scheduling.order import EARLY, Order
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.findings.claimant import NoScript
from subwarden.stateful_tests.exploring.level import Factory, FailingRun
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.script.run import doubt, scripted
from subwarden.stateful_tests.specimens.server_defects.catalogue import DEFECTS
from subwarden.stateful_tests.specimens.server_defects.defect import Defect
from subwarden.stateful_tests.subjects.manager.claim import ENDLESS
from subwarden.stateful_tests.subjects.server import script as plain
from subwarden.stateful_tests.subjects.server.claim import AT_END
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.tests.script.kinds import kinds_of
from subwarden.stateful_tests.tests.script.server_findings import (
    HAZARDS,
    can_show,
    clients,
    failing_run,
    let_go,
    plain_of,
    random_program,
    run_of,
    told_of,
)
from subwarden.stateful_tests.tests.subjects.server_play import server

HOLDS = "the script does not fail on the stock event loop"


@pytest.mark.parametrize("name", HAZARDS)
def test_the_script_of_a_source_hazard_fails_on_the_stock_loop_and_passes_with_our_server(name: str) -> None:
    run = run_of(name)
    told = told_of(run)
    made: Any = scripted(SERVER_LEVEL, told, "source", server("source"), run)
    assert made["script_confirmed"], made["script_doubt"]
    assert str(doubt(write({**told, "plain": {**made["plain"], "subject": plain.served("manager")}}), told["said"])).startswith(HOLDS)
    lines = [line for line in made["script"].splitlines() if line.strip()]
    assert 25 <= lines.index("# --- what the run above needs") <= 90  # what is to be read first
    assert len(lines) <= 140
    imported = [line for line in lines if line.startswith(("import", "from"))]
    assert not any(room in line for line in imported for room in ("scheduling", "checking", "stateful_tests", "reports", "cli"))
    assert max(map(len, lines)) <= 180


PLANTED = [defect for defect in DEFECTS if defect.order is Order.FIFO]
UNSEEN = {  # defects that no script can show, with the reason
    "ClosingBeforeItKnows": "middle of a step",
    "TurnOfTheOldConversation": "the thread's no more",
    "InterruptIsForgotten": "the model alone",
    "InterruptsShare": "the model alone",
    "UnsubscribesByALookOnArrival": "the model alone",
    "RemovesByALookOnArrival": "the model alone",
    "WaitsWhileAnotherIsSlow": "the model alone",
    "DropsAtOnce": "the model alone",
    "DropsAnother": "the model alone",
    "ToldToNone": "the model alone",
    "RefusalApproves": "the model alone",
    "LastAnswerCounts": "the model alone",
    "DeniesItsEnd": "the model alone",
    "DeniesItsArchive": "the model alone",
    "DeniesItsResume": "the model alone",
    "DeniesItsListener": "the model alone",
    "DeniesItsRemoval": "the model alone",
}


@cache  # two tests ask for each
def run_of_defect(defect: Defect) -> FailingRun:
    return failing_run(defect.factory, defect.program, defect.cause, slow=defect.slow, seen=defect.name not in UNSEEN)


def ended(script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The error of a script that is run in this process; empty if it does not fail."""
    monkeypatch.setattr(os, "_exit", sys.exit)
    space: dict[str, Any] = {"__name__": "script"}
    word: object = None
    try:
        exec(compile(script, "script", "exec"), space)
    except SystemExit as end:
        word = end.code
    let_go(space)
    said = capsys.readouterr().err
    return word if isinstance(word, str) else said if word else ""


@pytest.mark.slow
@pytest.mark.parametrize("defect", PLANTED, ids=lambda d: d.name)
def test_the_script_of_a_planted_defect_fails_and_passes_with_the_sound_server(
    defect: Defect, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = defect.name not in UNSEEN
    run = run_of_defect(defect)
    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(defect.server, defect.manager))
    if not seen:
        with pytest.raises(NoScript, match=UNSEEN[defect.name]):
            plain_of(defect.factory, run)
        return
    fails_alone(run, defect.factory, monkeypatch, capsys)


def fails_alone(run: FailingRun, factory: Factory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Check that the script of a run fails in the words of its finding, and passes with our server."""
    told = told_of(run)
    made = plain_of(factory, run)
    said = ended(write({**told, "plain": made}), monkeypatch, capsys)
    assert said.startswith(f"{told['property']} {told['title']}: {told['said']}: ")
    sound = plain.made_of(OwningServer, Manager)
    assert not ended(write({**told, "plain": {**made, "subject": sound}}), monkeypatch, capsys)


class LooksLongAgo(SourceManager):
    """Its answer about subscribers is outdated."""

    async def has_subscribers(self, thread_id: int) -> bool:
        found = await super().has_subscribers(thread_id)
        for _ in range(8):
            await asyncio.sleep(0)
        return found


def test_the_script_of_a_thread_torn_down_under_a_subscriber(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def factory(engine: Engine) -> SourceServer:
        return SourceServer(LooksLongAgo(), engine)

    schedule = (
        "processor | +start A | +start C | processor | request A | processor | request C | +start B | +c1 reads | +start D | +start E | "
        "+engine loads t1 | request C | listener v1 | processor | request B | processor | request D | +c2 reads | request D | processor | "
        "request E | listener v1 | processor | +start F | processor | request F | request F | +c1 reads | request F | request F | "
        "request F | request F | request F | request F | +c2 reads | request F | listener v1 | closing v1"
    ).split(" | ")
    program = clients(rq.Resume(1, 1), rq.ListLoaded(2), rq.Resume(2, 1), rq.Unsubscribe(1, 1))
    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(SourceServer, LooksLongAgo))
    run = failing_run(factory, program, causes.TORN_FROM_UNDER, schedule=schedule, seen=True)
    assert plain_of(factory, run)["claim"]["kind"] == "torn"
    fails_alone(run, factory, monkeypatch, capsys)


class DropsItsClient(Manager):
    """An unsubscribe ends the client's connection, too."""

    async def unsubscribe_connection_from_thread(self, thread_id: int, connection_id: int) -> bool:
        done = await super().unsubscribe_connection_from_thread(thread_id, connection_id)
        self.live_connections.discard(connection_id)
        return done


def test_the_script_of_a_connection_that_nobody_ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def factory(engine: Engine) -> OwningServer:
        return OwningServer(DropsItsClient(), engine)

    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(OwningServer, DropsItsClient))
    run = failing_run(factory, clients(rq.Resume(1, 1), rq.Unsubscribe(1, 1)), causes.UNASKED_END)
    assert plain_of(factory, run)["claim"]["kind"] == "ended"
    fails_alone(run, factory, monkeypatch, capsys)


class NeverRests(OwningServer):
    """Each answer starts a task that goes on for ever."""

    async def answer(self, *arguments: Any, **more: Any) -> None:
        await super().answer(*arguments, **more)
        self._spinning = asyncio.create_task(self._spin())

    async def _spin(self) -> None:
        while True:  # noqa: ASYNC110  # on purpose
            await asyncio.sleep(0)


def test_the_script_of_a_run_without_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def factory(engine: Engine) -> NeverRests:
        return NeverRests(Manager(), engine)

    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(NeverRests, Manager))
    run = failing_run(factory, clients(), causes.RESTLESS)
    assert plain_of(factory, run)["claim"]["kind"] == "restless"
    fails_alone(run, factory, monkeypatch, capsys)


class ListsAThreadTooMany(OwningServer):
    """The list of loaded threads has one that was never loaded."""

    async def answer(
        self, request_id: ConnectionRequestId, reply: Reply, *, open_turn: int | None = None, threads: tuple[int, ...] | None = None
    ) -> None:
        wrong = None if threads is None else (*threads, 9)
        await super().answer(request_id, reply, open_turn=open_turn, threads=wrong)


def test_the_script_of_a_wrong_list_says_which_lists_were_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def factory(engine: Engine) -> ListsAThreadTooMany:
        return ListsAThreadTooMany(Manager(), engine)

    monkeypatch.setattr(plain, "served", lambda _: plain.made_of(ListsAThreadTooMany, Manager))
    run = failing_run(factory, clients(rq.Resume(1, 1), rq.ListLoaded(1)), causes.wrong_answer("thread_loaded_list"))
    claim = plain_of(factory, run)["claim"]
    assert claim["kind"] == "list"
    assert claim["allowed"] in ([[]], [[1]], [[], [1]])
    fails_alone(run, factory, monkeypatch, capsys)


@pytest.mark.slow
def test_every_kind_of_claim_is_shown_above() -> None:
    runs = [(run_of_defect(defect), defect.factory) for defect in PLANTED if defect.name not in UNSEEN]
    runs += [(run_of(name), server("source")) for name in HAZARDS]
    kinds = {plain_of(factory, run)["claim"]["kind"] for run, factory in runs}
    assert kinds_of(check_server) - kinds == {"torn", "list", "ended", "restless"}  # these have tests of their own


def test_claims_at_the_end_have_their_own_kinds() -> None:
    kinds = [*AT_END.values(), *ENDLESS.values()]
    assert set(kinds) == {
        "unserved", "unhandled", "two", "unreachable", "entries", "task", "lock", "unretrieved", "held up", "restless", "blocked"
    }  # fmt: skip
    shown = {defect.cause for defect in PLANTED} | {hazard.cause for hazard in HAZARDS.values()}
    assert {*AT_END} - shown <= {causes.DEADLOCK}  # which has the claim of a lock that is still held


@pytest.mark.slow
def test_the_script_of_a_random_finding_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    runs: list[FailingRun] = []
    with running():
        for number in range(150):
            random = Random(f"whatever {number}")
            program = random_program(random)
            result, names = Runner(SERVER_LEVEL, server("source"), Order.FIFO).record(program, RandomWalk(random).begin)
            runs += [FailingRun(Order.FIFO, program, names, cause) for cause in result.violations if EARLY not in names]
    kinds: list[str] = []
    for run in runs:
        if can_show(server("source"), run):
            told = told_of(run)
            made = plain_of(server("source"), run, "source")
            said = ended(write({**told, "plain": made}), monkeypatch, capsys)
            assert said.startswith(f"{told['property']} {told['title']}: {told['said']}: "), (run.program, made["claim"])
            kinds.append(made["claim"]["kind"])
    assert len(kinds) > len(runs) * 3 // 4
    assert len(set(kinds)) >= 3
