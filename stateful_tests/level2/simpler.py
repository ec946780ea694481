"""Which programs of level 2 are simpler than a given one: fewer requests, fewer faults, plainer requests."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from impl.protocol.simulated_engine import STORED
from model import requests as rq
from model.requests import Request
from stateful_tests.exploring.letters import moved, order_of_start, relettered
from stateful_tests.level2.program import Fault, Program

Names = list[str]


def simpler(program: Program, names: Names) -> Iterator[tuple[Program, Names]]:
    """In the order in which they should be tried."""
    tasks, faults = program.tasks, program.faults
    for at in range(len(tasks) - 1, -1, -1):
        if len(tasks) > 1:
            yield _arranged(program, names, [place for place in range(len(tasks)) if place != at])
    for at in range(len(faults)):
        yield Program(tasks, faults[:at] + faults[at + 1 :]), names
    for at, (request,) in enumerate(tasks):
        for plain in _plainer(request):
            yield Program((*tasks[:at], (plain,), *tasks[at + 1 :]), faults), names
    renamed = renumbered(program)
    if renamed != program:
        yield renamed, names


def in_order_of_start(program: Program, names: Names) -> tuple[Program, Names]:
    """The same program with its requests in the order in which `names` lets them arrive."""
    return _arranged(program, names, order_of_start(len(program.tasks), names))


def _arranged(program: Program, names: Names, kept: list[int]) -> tuple[Program, Names]:
    place, letters = moved(len(program.tasks), kept)
    faults = sorted((Fault(f.goes, place[f.place]) for f in program.faults if f.place in place), key=lambda f: (f.place, f.goes.value))
    return Program(tuple(program.tasks[old] for old in kept), tuple(faults)), relettered(names, letters)


def _plainer(request: Request) -> Iterator[Request]:
    """Without raw events or approvals; a thread that lies in the store instead of one that is started."""
    for flag in ("raw", "asks"):
        if getattr(request, flag, False):
            changes: dict[str, Any] = {flag: False}
            yield replace(request, **changes)
    if isinstance(request, rq.AddListener):
        yield rq.Resume(request.connection, request.thread)


def renumbered(program: Program) -> Program:
    """The same program with connections, ids and stored threads, and threads that are made, numbered in the order of their first use."""
    numbers: dict[str, dict[int, int]] = {"connection": {}, "subscription": {}, "stored": {}, "made": {}}
    made = {getattr(r, "fork", r.thread) for (r,) in program.tasks if isinstance(r, rq.Start | rq.Fork)}

    def number(kind: str, old: int, first: int = 1) -> int:
        known = numbers[kind]
        return known.setdefault(old, len(known) + first)

    def renumber(request: Request) -> Request:
        changes: dict[str, Any] = {}
        for field in fields(request):
            value = getattr(request, field.name)
            if field.name in ("connection", "subscription"):
                changes[field.name] = number(field.name, value)
            elif field.name in ("thread", "fork"):
                changes[field.name] = (
                    number("made", value, max(STORED) + 1) if value in made or value not in STORED else number("stored", value)
                )
        return replace(request, **changes)

    return Program(tuple((renumber(request),) for (request,) in program.tasks), program.faults)
