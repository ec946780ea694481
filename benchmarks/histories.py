"""The speed of judging histories: a long one with few overlaps, and short ones with many. It prints its measurements and sets no bar.

python -m subwarden.benchmarks.histories [CALLS]
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from subwarden.checking.linearizability.history import CallEnding, Fate, HistoryCall, Moment
from subwarden.checking.linearizability.specification import UNJUDGED, Asked, Specification
from subwarden.checking.linearizability.verdict import SPECIFICATIONS, judge, judge_file, survey_file
from subwarden.model.core import step as core
from subwarden.model.manager import operations as op

CONNECTIONS, TOPICS = 6, 3
OVERLAP = 4  # calls at a time


def core_operation(random: Random) -> core.CoreOperation:
    """A random operation, in the proportions of a typical server's log."""
    c, t = random.randint(1, CONNECTIONS), random.randint(1, TOPICS)
    return random.choices(
        (core.Subscribe(c, t), core.Unsubscribe(c, t), core.Publish(t), core.Connect(c), core.Teardown(t)), (6, 5, 6, 1, 1)
    )[0]


def manager_operation(random: Random) -> op.Operation:
    """The same for the manager level; no task holds a state."""
    c, t, s, raw = random.randint(1, CONNECTIONS), random.randint(1, TOPICS), random.randint(1, 6), random.random() < 0.5
    operations: tuple[op.Operation, ...] = (
        op.TryEnsureConnectionSubscribed(t, c, raw),
        op.TryAddConnectionToThread(t, c),
        op.UnsubscribeConnectionFromThread(t, c),
        op.SubscribedConnectionIds(t),
        op.SetListener(s, t, c, raw),
        op.RemoveListener(s),
        op.ConnectionInitialized(c),
        op.RemoveThreadState(t),
    )
    return random.choices(operations, (3, 3, 4, 5, 1, 1, 1, 1))[0]


def lines(
    specification: Specification, draw: Callable[[Random], object], encode: Callable[..., object], calls: int, overlap: int
) -> Iterator[str]:
    """A log of `calls` calls with the model's answers; nearly always `overlap` calls are open."""
    random, state, made, now = Random(1), specification.initial(), 0, 0
    opened: list[tuple[int, int, object, object]] = []  # id, slot, operation, answer (None twice: no effect yet)
    yield json.dumps({"history": 1, "model": specification.name})
    pending: dict[int, tuple[int, object]] = {}
    while made < calls or pending or opened:
        now += 1
        if made < calls and len(pending) + len(opened) < overlap:
            made += 1
            slot = next(n for n in range(1, overlap + 1) if n not in {s for s, _ in pending.values()} | {s for _, s, _, _ in opened})
            operation = draw(random)
            if specification.binds(operation):
                state = specification.bind(state, Asked(slot, operation, None, UNJUDGED))
            pending[made] = (slot, operation)
            yield json.dumps({"call": made, "op": encode(operation), "at": now})
        elif opened and (not pending or random.random() < 0.5):
            number, _, _, answer = opened.pop(random.randrange(len(opened)))
            yield json.dumps({"return": number, "at": now, "answer": answer})
        else:
            number = random.choice(list(pending))
            slot, operation = pending.pop(number)
            effect = specification.step(state, Asked(slot, operation, None, UNJUDGED))
            state = effect.state
            opened.append((number, slot, operation, specification.encode_answer(effect.answer)))


def long_history(name: str, calls: int) -> None:
    """Write, survey and judge one long history."""
    specification = SPECIFICATIONS[name]()
    draw, encode = (core_operation, core.core_encode) if name == "core" else (manager_operation, op.encode)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.jsonl"
        with path.open("w") as out:
            out.writelines(line + "\n" for line in lines(specification, draw, encode, calls, OVERLAP))
        start = time.perf_counter()
        found = survey_file(path, specification)
        middle = time.perf_counter()
        judgement = judge_file(path, specification, found)
        end = time.perf_counter()
    assert not found.faults, found.faults[:3]
    print(
        f"{name:8} {calls:9,} calls at overlap {OVERLAP}: {judgement.verdict.value}, survey {middle - start:.1f} s,"
        f" judging {end - middle:.1f} s ({(end - middle) / calls * 1e6:.0f} us a call), at most {judgement.counted.widest} configurations,"
        f" peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB"
    )


def overlapping(title: str, before: list[core.CoreOperation], at_once: list[tuple[core.CoreOperation, object]]) -> None:
    """Judge a history of calls that all overlap, after some that do not."""
    moments = []
    for n, operation in enumerate(before):
        moments.append(_moment(2 * n, [HistoryCall(n, n, operation, 2 * n, None, Fate(CallEnding.RETURNED, UNJUDGED, 2 * n + 1))], []))
        moments.append(_moment(2 * n + 1, [], moments[-1].calls))
    now = 2 * len(before)
    calls = [HistoryCall(n, n, o, now, None, Fate(CallEnding.RETURNED, a, now + 1)) for n, (o, a) in enumerate(at_once)]
    moments += [_moment(now, calls, []), _moment(now + 1, [], calls)]
    start = time.perf_counter()
    judgement = judge(moments, SPECIFICATIONS["core"]())
    took = time.perf_counter() - start
    print(f"{title}: {judgement.verdict.value} in {took * 1000:.1f} ms, at most {judgement.counted.widest} configurations")


def _moment(at: int, calls: list[HistoryCall], ends: list[HistoryCall]) -> Moment:
    return Moment(at, calls, ends, 0)


def main(calls: int) -> None:
    """Print every measurement."""
    people = range(1, 20)
    connected: list[core.CoreOperation] = [core.Connect(c) for c in people]
    everyone: list[tuple[core.CoreOperation, object]] = [(core.Subscribe(c, "a"), True) for c in people]
    apart: list[tuple[core.CoreOperation, object]] = [(core.Connect(c), None) for c in range(100, 120)]
    overlapping("20 overlapping calls that commute", [], apart)
    overlapping("19 subscribe, one publish reaches 9 of them", connected, [*everyone, (core.Publish("a"), tuple(range(1, 10)))])
    overlapping("19 subscribe, one publish reaches a stranger", connected, [*everyone, (core.Publish("a"), (1, 99))])
    mixed = [x for c in people if c % 2 for x in ((core.Subscribe(c, "a"), True), (core.Unsubscribe(c, "a"), True))]
    overlapping("10 subscribe and unsubscribe, a publish reaches 5", connected, [*mixed, (core.Publish("a"), (1, 5, 9, 13, 17))])
    for name in SPECIFICATIONS:
        long_history(name, calls)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
