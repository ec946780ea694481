"""The search agrees with brute force on thousands of small random histories of both models, with both verdicts."""

from random import Random

import pytest

from subwarden.checking.linearizability.history import CallEnding, HistoryCall, Moment
from subwarden.checking.linearizability.verdict import SPECIFICATIONS, NotLinearizable, judge
from subwarden.checking.verdict import Verdict
from subwarden.stateful_tests.specimens.histories.oracle import brute_force
from subwarden.stateful_tests.specimens.histories.random import random_history, with_another_answer, with_lost_ends

BLOCK = 350


def histories(name: str, block: int) -> list[tuple[int, list[Moment]]]:
    """A block of histories, each with the seed that reproduces it."""
    made = []
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        random = Random(seed)
        history = random_history(random, SPECIFICATIONS[name](), random.randint(2, 6), random.randint(2, 4), random.choice((0.0, 0.2, 0.6)))
        if random.random() < 0.75:
            with_another_answer(random, history)
        if random.random() < 0.25:
            with_lost_ends(random, history)
        made.append((seed, history))
    return made


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_same_verdict_as_every_order(name: str, block: int) -> None:
    counts = {True: 0, False: 0}
    for seed, history in histories(name, block):
        expected = brute_force(history, name == "manager")
        counts[expected] += 1
        judged = judge(history, SPECIFICATIONS[name]())
        assert (judged.verdict is Verdict.HOLDS) is expected, f"{name}, seed {seed}"
    assert min(counts.values()) >= BLOCK // 6, counts


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_the_longest_prefix_has_an_order_and_one_more_end_has_none(name: str) -> None:
    failed = 0
    for seed, history in histories(name, 90):
        judged = judge(history, SPECIFICATIONS[name]())
        if isinstance(judged, NotLinearizable):
            failed += 1
            assert brute_force(up_to(history, judged.failing, False), name == "manager"), f"{name}, seed {seed}"
            assert not brute_force(up_to(history, judged.failing, True), name == "manager"), f"{name}, seed {seed}"
    assert failed >= BLOCK // 6


@pytest.mark.parametrize("name", list(SPECIFICATIONS))
def test_windows_are_short_and_say_why(name: str) -> None:
    lengths = []
    for seed, history in histories(name, 91):
        judged = judge(history, SPECIFICATIONS[name]())
        if not isinstance(judged, NotLinearizable):
            continue
        window = judged.window
        lengths.append((len(window.calls), sum(len(moment.calls) for moment in history)))
        assert window.least and window.failing is judged.failing, f"{name}, seed {seed}"
        assert window.failing in {c.call for c in window.candidates}, f"{name}, seed {seed}"
        for candidate in window.candidates:
            assert not SPECIFICATIONS[name]().fits(candidate.answer, candidate.call.fate.answer), f"{name}, seed {seed}"
    assert sum(short for short, _ in lengths) < 0.7 * sum(whole for _, whole in lengths)


def up_to(history: list[Moment], failing: HistoryCall, included: bool) -> list[Moment]:
    """The history known at the end of `failing`, or just before it: calls that end later count as unanswered."""
    cut, known = [], False
    for moment in history:
        ends = []
        for call in moment.ends if not known else []:
            known = call is failing
            if not known or included:
                ends.append(call)
            if known:
                break
        cut.append(moment._replace(ends=ends))
        if known:
            break
    ended = {call for moment in cut for call in moment.ends}
    copies = {
        call: HistoryCall(
            call.line,
            call.id,
            call.operation,
            call.at,
            call.task,
            call.fate if call in ended else call.fate._replace(end=CallEnding.NEVER, at=None),
        )
        for moment in cut
        for call in moment.calls
    }
    return [m._replace(calls=[copies[c] for c in m.calls], ends=[copies[c] for c in m.ends]) for m in cut]
