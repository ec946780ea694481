"""The recorder writes down the state, places, locks and wake-ups behind each row; the parting names where a failing run was lost."""

import inspect
from typing import Any

import pytest

from subwarden.reports.records.replay import ReplayRecord
from subwarden.stateful_tests.exploring.findings.source_lines import place_record
from subwarden.stateful_tests.runs.follow import follow
from subwarden.stateful_tests.runs.saved import saved_runs
from subwarden.stateful_tests.subjects.loading import load
from subwarden.stateful_tests.tests.paths import ROOT

RUNS = dict(saved_runs(committed_only=True))
PHANTOM = "source-P3-a-listener-is-put-on-a-state-that-was-torn-down"
RAW = "source-P10-a-subscription-is-seen-without-its-raw-choice"
ANSWER = "source-P11-a-request-whose-handler-was-cancelled-is-never-answered"
LEFT = "split-lock-P2-a-subscription-outlives-its-connection"


def traced(name: str) -> ReplayRecord:
    replay = RUNS[name]
    return follow(replay, load(replay.subject, replay.level), traced=True).record


def states(record: ReplayRecord) -> list[Any]:
    """The state after each row; the first before any."""
    found: list[Any] = []
    for moment in record["trace"]["moments"]:
        found.append(moment.get("state") or found[-1])
    return found


def test_a_run_is_recorded_alike_every_time() -> None:
    assert traced(ANSWER) == traced(ANSWER)


@pytest.mark.parametrize("name", [PHANTOM, RAW, ANSWER, LEFT])
def test_every_row_has_a_moment_and_every_task_a_lane(name: str) -> None:
    record = traced(name)
    trace = record["trace"]
    assert len(trace["moments"]) == len(record["steps"]) + 1
    lanes = [lane["name"] for lane in trace["lanes"]]
    assert len(lanes) == len(set(lanes))
    assert {row["task"] for row in record["steps"]} <= set(lanes)
    assert {arrow["to"] for moment in trace["moments"] for arrow in moment["arrows"]} <= set(lanes)
    named = {place for moment in trace["moments"] for place in moment.get("suspended", {}).values()}
    assert named == trace["places"].keys()


def test_the_state_that_the_model_does_not_allow_stands_beside_the_model_s() -> None:
    record = traced(LEFT)
    last = states(record)[-1]
    assert "c1 on t1" in last["shown"]
    assert "c1 on t1" not in [*last["must"], *last["may"]]
    assert not last["followed"]
    for state in states(traced(PHANTOM)):  # whose maps are right throughout
        assert set(state["must"]) <= set(state["shown"]) <= {*state["must"], *state["may"]}
        assert state["followed"]


def test_a_parting_is_the_step_after_which_every_schedule_fails() -> None:
    record = traced(PHANTOM)
    trace, holds = record["trace"], record["trace"]["holds"]
    assert holds is not None
    assert (trace["lost_at"], trace["every"]) == (7, True)
    assert holds["steps"][: holds["common"]] == record["steps"][: holds["common"]]
    assert [row["task"] for row in record["steps"][6:]] == ["B", "A"]
    assert [row["task"] for row in holds["steps"][6:]] == ["A", "B"]
    assert not any(row["broken"] for row in holds["steps"])


def test_a_program_that_always_fails_has_no_run_that_holds() -> None:
    trace = traced(LEFT)["trace"]
    assert (trace["lost_at"], trace["every"], trace["holds"]) == (0, True, None)


def test_a_task_that_waits_is_woken_and_its_lock_has_a_holder() -> None:
    trace = traced(RAW)["trace"]
    locks = [lock for moment in trace["moments"] for lock in moment.get("locks", [])]
    assert any(lock["held_by"] and lock["waited_for_by"] for lock in locks)
    assert any(arrow["kind"] == "wakes" for moment in trace["moments"] for arrow in moment["arrows"])


def test_messages_and_cancellations_are_recorded() -> None:
    trace = traced(ANSWER)["trace"]
    assert any("cancelled" in moment["marks"] for moment in trace["moments"])
    sent = traced("source-P8-an-event-is-sent-after-unsubscribe-was-answered")["trace"]
    arrows = [arrow for moment in sent["moments"] for arrow in moment["arrows"] if arrow["kind"] == "sends"]
    assert arrows
    assert all(arrow["said"] for arrow in arrows)


def test_a_place_has_three_lines_of_context() -> None:
    frame = inspect.currentframe()
    assert frame is not None
    place = place_record(frame)
    assert place["file"].endswith("test_recording.py")
    assert (place["line"] - place["first"], len(place["text"])) == (3, 7)
    assert place["text"][3] == "    place = place_record(frame)"


@pytest.mark.parametrize(
    ("name", "at"),
    [
        (RAW, "async with state.lock"),  # suspended there
        (LEFT, "async with self.lock"),  # it never waited, and took this lock last
    ],
)
def test_a_finding_is_told_at_a_line_of_the_subject(name: str, at: str) -> None:
    place = traced(name)["trace"]["subject_at"]
    assert place is not None
    file, _, line = place.rpartition(":")
    assert at in (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
