"""Programs of level server as data: simpler programs, an end of shrinking, and replays that are read back or refused in one line."""

import json
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.cli.main import main
from subwarden.impl.server.simulated_engine import STORED
from subwarden.model.server.requests import (
    REQUESTS,
    AddListener,
    Close,
    Fork,
    Initialize,
    ListLoaded,
    Request,
    Resume,
    Rollback,
    Start,
    TurnInterrupt,
    TurnStart,
    Unsubscribe,
)
from subwarden.scheduling.order import Order
from subwarden.stateful_tests.exploring.findings.investigate import investigate
from subwarden.stateful_tests.exploring.findings.shrink_passes import in_order_of_start
from subwarden.stateful_tests.exploring.findings.task_names import task_name
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.runs.replay import BadReplay, Replay, decode, of_finding, read
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import FaultKind, ServerFault, ServerProgram
from subwarden.stateful_tests.subjects.server.simpler import renumbered, simpler
from subwarden.stateful_tests.tests.subjects.server_play import program, server


def measure(of: ServerProgram) -> tuple[int, int, int, bool]:
    """The measure that each shrink step lowers: requests, faults, flags and kinds, and numbers out of order."""
    requests = [request for (request,) in of.tasks]
    fancy = sum(getattr(r, "raw", False) + getattr(r, "asks", False) + 2 * isinstance(r, AddListener) for r in requests)
    return of.operations(), len(of.faults), fancy, renumbered(of) != of


def a_request() -> st.SearchStrategy[Request]:
    def of(kind: type[Request]) -> st.SearchStrategy[Request]:
        hints = get_type_hints(kind)
        return st.builds(kind, **{slot: st.booleans() if hints[slot] is bool else st.integers(1, 5) for slot in kind.__match_args__})

    return st.one_of([of(kind) for kind in REQUESTS])


REQUEST = a_request()


@st.composite
def programs(draw: st.DrawFn) -> ServerProgram:
    requests = draw(st.lists(REQUEST, min_size=1, max_size=6))
    faults = draw(st.sets(st.tuples(st.sampled_from(FaultKind), st.integers(0, len(requests) - 1)), max_size=3))
    return program(*requests, faults=[ServerFault(*fault) for fault in sorted(faults, key=lambda f: (f[1], f[0].value))])


def schedule(of: ServerProgram) -> list[str]:
    """A schedule that starts the requests."""
    letters = [task_name(place) for place in range(of.operations())]
    return [f"{before} {letter}" for letter in reversed(letters) for before in ("+start", "work", "+cancel")] + ["+c1 reads"]


@given(programs())
def test_a_program_is_the_same_again_when_it_was_encoded(of: ServerProgram) -> None:
    assert ServerProgram.decode(json.loads(json.dumps(of.encode()))) == of


@given(programs())
def test_each_simpler_program_is_well_formed_and_smaller(of: ServerProgram) -> None:
    letters = {task_name(place) for place in range(of.operations())}
    candidates = list(simpler(of, schedule(of)))
    for candidate, names in candidates:
        assert ServerProgram.decode(candidate.encode()) == candidate
        assert measure(candidate) < measure(of)
        kept = {task_name(place) for place in range(candidate.operations())}
        assert {name.rpartition(" ")[2] for name in names} & (letters - kept) == set()
        assert "+c1 reads" in names
    if of.operations() > 1:
        assert {candidate.operations() for candidate, _ in candidates} >= {of.operations() - 1}


@given(programs())
def test_requests_that_move_keep_their_faults_and_names(of: ServerProgram) -> None:
    """The schedule starts the requests from the last to the first."""
    arranged, names = in_order_of_start(of, schedule(of))
    assert arranged.tasks == of.tasks[::-1]
    last = of.operations() - 1
    assert set(arranged.faults) == {ServerFault(kind, last - place) for kind, place in of.faults}
    assert [name for name in names if name.startswith("+start")] == [f"+start {task_name(place)}" for place in range(of.operations())]


@given(programs())
def test_renumbering_follows_first_use_and_changes_nothing_else(of: ServerProgram) -> None:
    new = renumbered(of)
    assert renumbered(new) == new
    assert new.faults == of.faults
    assert [type(request) for (request,) in new.tasks] == [type(request) for (request,) in of.tasks]
    seen: dict[str, list[int]] = {}
    for (request,) in new.tasks:
        for slot in ("connection", "subscription", "thread", "fork"):
            value = getattr(request, slot, None)
            if value is not None:
                kind = "thread" if slot == "fork" else slot
                if value not in seen.setdefault(kind, []):
                    seen[kind].append(value)
    for kind, values in seen.items():
        stored = [value for value in values if kind != "thread" or value in STORED]
        made = [value for value in values if value not in stored]
        assert stored == list(range(1, len(stored) + 1))
        assert made == list(range(max(STORED) + 1, max(STORED) + 1 + len(made)))


def test_the_plainest_program_has_no_simpler_one() -> None:
    assert list(simpler(program(Initialize(1)), ["+start A"])) == []
    assert list(simpler(program(Initialize(7)), [])) == [(program(Initialize(1)), [])]


# --- a run that fails, made small and replayed

NOISY = program(
    Initialize(2),
    ListLoaded(2),
    Initialize(3),
    Start(3, 5, True),
    Resume(2, 2),
    TurnStart(3, 5, True),
    Resume(3, 1),
    TurnInterrupt(2, 2),
    Unsubscribe(3, 5),
    Fork(2, 1, 6),
    Close(3),
    faults=[ServerFault(FaultKind.LATE, 3), ServerFault(FaultKind.CANCELLED, 1)],
)
SMALL = program(Initialize(1), Resume(1, 1), TurnInterrupt(1, 1))
CAUSE = causes.never_answered("turn_interrupt")


@pytest.fixture(scope="module")
def replay() -> Replay:
    """The replay of a finding on the source server, from a program with many needless requests."""
    with running():
        runner = Runner(SERVER_LEVEL, server("source"), Order.FIFO)
        result, names = runner.record(NOISY, lambda *_: lambda _: 0)
        assert CAUSE in result.violations
        return of_finding("source", investigate(runner, CAUSE, NOISY, names))


def test_a_failing_run_shrinks_to_the_smallest_program(replay: Replay) -> None:
    assert replay.program == SMALL
    assert replay.level == SERVER_LEVEL.name
    assert replay.cause == CAUSE.slug()


def test_a_replay_is_the_same_run_again(replay: Replay, tmp_path: Path) -> None:
    assert read(replay.string()) == replay
    assert decode(json.loads(json.dumps(replay.encode())), "here") == replay
    file = tmp_path / "run.json"
    file.write_text(json.dumps(replay.encode()))
    assert read(str(file)) == replay
    with running():
        runner = Runner(SERVER_LEVEL, server("source"), replay.order)
        results = [runner.follow(replay.program, replay.names) for _ in range(20)]
    assert results.count(results[0]) == 20
    assert set(results[0].violations) == {CAUSE}


def test_the_replay_command_says_whether_the_run_still_fails(replay: Replay, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", replay.string()]) == 1
    assert CAUSE.mechanism in capsys.readouterr().out
    ours = runs_on_ours(SMALL)
    assert main(["replay", ours.string()]) == 0
    assert "the run holds now" in capsys.readouterr().out


def runs_on_ours(of: ServerProgram, cause: Cause = CAUSE) -> Replay:
    with running():
        result, names = Runner(SERVER_LEVEL, server("manager"), Order.FIFO).record(of, lambda *_: lambda _: 0)
    assert not result.violations
    return Replay("manager", Order.FIFO, of, tuple(names), cause.slug(), SERVER_LEVEL.name)


ONE = ["initialize", 1]


@pytest.mark.parametrize(
    ("tasks", "faults", "said"),
    [
        ("none", [], "a program has a list of tasks and a list of faults"),
        ([[ONE]], None, "a program has a list of tasks and a list of faults"),
        ([], [], "its program has no tasks"),
        ([[ONE, ONE]], [], "a task of level server is a list of one request"),
        ([ONE], [], "a task of level server is a list of one request"),
        ([[["reboot", 1]]], [], "unknown request 'reboot'; known: initialize"),
        ([[["initialize"]]], [], "initialize takes 1 arguments, not 0"),
        ([[["thread_resume", 1, "t1"]]], [], "thread_resume: 't1' is not of type int"),
        (
            [[ONE]],
            [["explode", 0]],
            "a fault is what goes wrong (cancel, cancel worker, cancel start, cancel listener, "
            "fail, late, end, refuse, lose, stop, silent, hesitate, linger, slow, deaf, deny)",
        ),
        ([[ONE]], [["cancel", 1]], "a fault names a task by its place, 0 to 0, not 1"),
        ([[ONE]], [["cancel", True]], "a fault names a task by its place, 0 to 0, not True"),
        ([[ONE]], ["cancel"], "a fault is what goes wrong"),
    ],
)
def test_a_broken_program_is_refused_in_one_line(
    tasks: object, faults: object, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = {**runs_on_ours(program(Initialize(1))).encode(), "program": {"tasks": tasks, "faults": faults}}
    with pytest.raises(BadReplay) as raised:
        decode(data, "here")
    assert said in str(raised.value)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(data))
    assert main(["replay", str(file)]) == 3
    error = capsys.readouterr().err
    assert said in error.replace("\n", " ")


def test_a_subject_without_a_request_layer_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    replay = Replay("split-lock", Order.FIFO, program(Rollback(1, 1)), (), CAUSE.slug(), SERVER_LEVEL.name)
    assert main(["replay", replay.string()]) == 3
    assert "has no request layer" in capsys.readouterr().err
