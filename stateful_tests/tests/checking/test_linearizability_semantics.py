"""The meaning of a history, case by case: unanswered and cancelled calls, ties, binding at the call; and the search's cost, in counts."""

import json
from pathlib import Path

import pytest

from subwarden.checking.linearizability.history import CallEnding
from subwarden.checking.linearizability.reading import AHEAD, moments, survey
from subwarden.checking.linearizability.search import BUDGET
from subwarden.checking.linearizability.verdict import SPECIFICATIONS, Judgement, NotLinearizable, Unknown, judge
from subwarden.checking.verdict import Verdict


def written(model: str, *rows: object) -> list[bytes]:
    """A history from rows: `("call", id, time, name, argument...)`, `("return", id, time, answer?)`, `("cancel", id, time)`."""
    lines: list[dict[str, object]] = [{"history": 1, "model": model}]
    for row in rows:
        assert isinstance(row, tuple)
        verb, name, at, *rest = row
        line: dict[str, object] = {verb: name, "at": at}
        if verb == "call":
            task = rest.pop() if isinstance(rest[-1], str) and rest[-1].startswith("task ") else None
            line |= {"op": rest} | ({"task": task} if task else {})
        elif rest:
            line["answer"] = rest[0]
        lines.append(line)
    return [json.dumps(line).encode() for line in lines]


def judged(lines: list[bytes], ahead: int = AHEAD, budget: int = BUDGET) -> Judgement:
    specification = SPECIFICATIONS[json.loads(lines[0])["model"]]()
    found = survey(lines, specification, ahead)
    assert not found.faults
    return judge(moments(lines, specification, found.long, ahead), specification, budget)


Row = tuple[object, ...]

CONNECTED: tuple[Row, ...] = (("call", "a", 0, "connect", 1), ("return", "a", 1, None))
SUBSCRIBED: tuple[Row, ...] = (*CONNECTED, ("call", "b", 2, "subscribe", 1, "t"), ("return", "b", 3, True))


def publish(name: str, at: float, *reached: int) -> tuple[Row, Row]:
    return ("call", name, at, "publish", "t"), ("return", name, at + 0.5, list(reached))


@pytest.mark.parametrize("reached", [(), (1,)])
def test_an_unanswered_call_may_have_happened_or_not(reached: tuple[int, ...]) -> None:
    rows = (*CONNECTED, ("call", "b", 2, "subscribe", 1, "t"), *publish("c", 3, *reached))
    assert judged(written("core", *rows)).verdict is Verdict.HOLDS


def test_an_unanswered_call_may_happen_late_but_once() -> None:
    rows = (*CONNECTED, ("call", "b", 2, "subscribe", 1, "t"), *publish("c", 3), *publish("d", 4, 1))
    assert judged(written("core", *rows)).verdict is Verdict.HOLDS
    assert judged(written("core", *rows, *publish("e", 5))).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("reached", [(), (1,)])
def test_a_cancelled_call_has_happened_by_its_cancellation_or_never(reached: tuple[int, ...]) -> None:
    rows = (*CONNECTED, ("call", "b", 2, "subscribe", 1, "t"), ("cancel", "b", 3), *publish("c", 4, *reached))
    assert judged(written("core", *rows)).verdict is Verdict.HOLDS
    other = (1,) if not reached else ()
    assert judged(written("core", *rows, *publish("d", 5, *other))).verdict is Verdict.VIOLATED


def test_a_call_that_returned_without_a_recorded_answer_has_happened() -> None:
    rows = (*CONNECTED, ("call", "b", 2, "subscribe", 1, "t"), ("return", "b", 3), *publish("c", 4))
    assert judged(written("core", *rows)).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(("later", "verdict"), [(3, Verdict.HOLDS), (3.5, Verdict.VIOLATED)])
def test_calls_that_touch_in_time_are_concurrent(later: float, verdict: Verdict) -> None:
    """Intervals are closed: a call made at the time of a return may take effect before it."""
    rows = (*SUBSCRIBED, ("call", "c", later, "publish", "t"), ("return", "c", later + 1, []))
    assert judged(written("core", *rows)).verdict is verdict


def test_a_delivery_twice_has_no_order() -> None:
    assert judged(written("core", *SUBSCRIBED, *publish("c", 4, 1, 1))).verdict is Verdict.VIOLATED


LOADED: tuple[Row, ...] = (
    ("call", "i", 0, "connection_initialized", 1),
    ("return", "i", 1, None),
    ("call", "s", 2, "thread_state", 1),
    ("return", "s", 3, "handle"),
)
TORN: tuple[Row, ...] = (("call", "r", 5, "remove_thread_state", 1), ("return", "r", 6, None))


@pytest.mark.parametrize(
    ("called", "answer", "verdict"), [(4, True, "violated"), (4, False, "holds"), (7, True, "holds"), (7, False, "violated")]
)
def test_a_call_is_bound_to_what_it_saw_when_it_was_made(called: int, answer: bool, verdict: str) -> None:
    """A call made before the teardown that takes effect after it is refused (P6); one made after it creates a new entry."""
    add = ("call", "a", called, "try_add_connection_to_thread", 1, 1)
    look = (("call", "l", 9, "subscribed_connection_ids", 1), ("return", "l", 10, [1] if answer else []))
    rows = [*LOADED, add, *TORN] if called < 5 else [*LOADED, *TORN, add]
    assert judged(written("manager", *rows, ("return", "a", 8, answer), *look)).verdict.value == verdict


def test_a_call_made_while_a_teardown_is_under_way_may_have_seen_either() -> None:
    torn_slowly = (
        ("call", "r", 4, "remove_thread_state", 1),
        ("call", "a", 5, "try_add_connection_to_thread", 1, 1),
        ("return", "r", 6, None),
    )
    for answer in (True, False):
        assert judged(written("manager", *LOADED, *torn_slowly, ("return", "a", 8, answer))).verdict is Verdict.HOLDS


def test_a_task_acts_on_the_state_that_it_received() -> None:
    rows = (
        *LOADED[:2],
        ("call", "s", 2, "thread_state", 1, "task x"),
        ("return", "s", 3, "handle"),
        ("call", "l", 4, "state_set_listener", 7, "task x"),
        ("return", "l", 5, 1),
        ("call", "m", 6, "state_listener_matches", 7, "task x"),
        ("return", "m", 7),
    )
    assert judged(written("manager", *rows)).verdict is Verdict.HOLDS
    assert judged(written("manager", *rows[:-1], ("return", "m", 7, False))).verdict is Verdict.VIOLATED
    # after a teardown what the state answers is not judged
    torn = (("call", "r", 8, "remove_thread_state", 1), ("return", "r", 9, None))
    after = (("call", "n", 10, "state_listener_matches", 7, "task x"), ("return", "n", 11, False))
    assert judged(written("manager", *rows, *torn, *after)).verdict is Verdict.HOLDS


@pytest.mark.parametrize("ahead", [1, 2, 3, 7])
def test_calls_open_for_longer_than_is_read_ahead(ahead: int) -> None:
    rows = [*CONNECTED, ("call", "long", 2, "subscribe", 1, "t"), ("call", "never", 2, "connect", 5)]
    for n in range(20):
        rows += publish(f"p{n}", 3 + n, *([1] if n >= 10 else []))
    good = written("core", *rows, ("return", "long", 30, True))
    assert judged(good, ahead).verdict is Verdict.HOLDS
    assert judged(written("core", *rows, ("return", "long", 30, False)), ahead).verdict is Verdict.VIOLATED


def test_moments_do_not_depend_on_the_lines_read_ahead() -> None:
    lines = written("core", *SUBSCRIBED, *publish("c", 4, 1), ("call", "z", 9, "teardown", "t"))
    specification = SPECIFICATIONS["core"]()

    def read(ahead: int) -> list[object]:
        found = survey(lines, specification, ahead)
        return [(m.at, [(c.id, c.fate) for c in m.calls], [c.id for c in m.ends]) for m in moments(lines, specification, found.long, ahead)]

    assert read(1) == read(4) == read(AHEAD)


def overlapping(count: int, *also: Row) -> list[bytes]:
    """`count` connections subscribe, all at once."""
    rows: list[Row] = []
    for c in range(count):
        rows += [("call", f"i{c}", 0, "connect", c), ("return", f"i{c}", 0, None)]
    rows += [("call", c, 1, "subscribe", c, "t") for c in range(count)]
    rows += [(verb, name, 1 if verb == "call" else 2, *rest) for verb, name, *rest in also]
    rows += [("return", c, 2, True) for c in range(count)]
    return written("core", *rows)


@pytest.mark.parametrize("reached", [[], [1], list(range(0, 20, 2)), list(range(20))])
def test_twenty_overlapping_calls_and_one_that_sees_some_of_them(reached: list[int]) -> None:
    """Brute force would try 2**20 sets of calls; the search may use fifty configurations for any one end."""
    lines = overlapping(20, ("call", "p", "publish", "t"), ("return", "p", reached))
    assert judged(lines, budget=50).verdict is Verdict.HOLDS


def test_twenty_overlapping_calls_and_one_that_sees_too_many() -> None:
    lines = overlapping(20, ("call", "p", "publish", "t"), ("return", "p", [1, 99]))
    assert judged(lines, budget=50).verdict is Verdict.VIOLATED


def test_an_exceeded_budget_is_reported() -> None:
    lines = overlapping(6, ("call", "p", "publish", "t"), ("call", "q", "teardown", "t"), ("return", "p", []), ("return", "q", None))
    judgement = judged(lines, budget=1)
    assert isinstance(judgement, Unknown) and judgement.verdict is Verdict.INCONCLUSIVE
    assert (judgement.budget, judgement.at) == (1, 2)


def test_a_long_history_that_is_never_quiescent_keeps_few_configurations() -> None:
    rows: list[Row] = [*CONNECTED, ("call", 0, 2, "subscribe", 1, "t")]
    for n in range(1, 400):
        rows.append(("call", n, 2 * n + 1, "unsubscribe" if n % 2 else "subscribe", 1, "t"))
        rows.append(("return", n - 1, 2 * n + 2, True))
    judgement = judged(written("core", *rows))
    assert judgement.verdict is Verdict.HOLDS
    assert (judgement.counted.widest, judgement.counted.overlap) == (2, 2)


def test_unanswered_calls_do_not_multiply_configurations() -> None:
    """Ten clients vanish in the middle of the same call; only whether it happened is left open, not whose it was."""
    rows: list[Row] = [*CONNECTED, *(("call", f"v{n}", 2, "subscribe", 1, "t") for n in range(10))]
    for n in range(30):
        rows += [("call", f"u{n}", 3 + n, "unsubscribe", 1, "t"), ("return", f"u{n}", 3.5 + n, n < 10)]
    judgement = judged(written("core", *rows))
    assert judgement.verdict is Verdict.HOLDS
    assert judgement.counted.widest <= 11
    eleven = [(*row[:3], int(str(row[1])[1:]) < 11) if row[0] == "return" and str(row[1])[0] == "u" else row for row in rows]
    assert isinstance(judged(written("core", *eleven)), NotLinearizable)


def test_the_window_leaves_out_what_does_not_matter(tmp_path: Path) -> None:
    rows: list[Row] = [*SUBSCRIBED]
    for n in range(300):
        rows += [("call", f"n{n}", 10 + n, "connect", 100 + n), ("return", f"n{n}", 10.5 + n, None)]
    rows += [("call", "x", 400, "connect", 77), ("call", "u", 401, "unsubscribe", 1, "t"), ("call", "k", 402, "connect", 78)]
    rows += [*publish("c", 403), *publish("d", 404, 1), ("return", "u", 405, True), ("return", "x", 406, None), ("return", "k", 407, None)]
    judgement = judged(written("core", *rows))
    assert isinstance(judgement, NotLinearizable)
    assert [call.id for call in judgement.window.calls] == ["u", "c", "d"]
    assert judgement.window.under_way == ()
    assert judgement.failing.id == "d" and judgement.failing.fate.end is CallEnding.RETURNED
