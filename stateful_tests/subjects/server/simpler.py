"""Shrink passes of level server: programs with fewer requests, fewer faults, or plainer requests."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from subwarden.impl.server.simulated_engine import STORED
from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.stateful_tests.exploring.findings.shrink_passes import fewer, fewer_faults, with_chain
from subwarden.stateful_tests.exploring.level import Names
from subwarden.stateful_tests.subjects.server.program import ServerProgram


def simpler(program: ServerProgram, names: Names) -> Iterator[tuple[ServerProgram, Names]]:
    """Simpler programs, in the order in which they should be tried, each with the schedule in its own names."""
    yield from fewer(program, names)
    yield from fewer_faults(program, names)
    for at, (request,) in enumerate(program.tasks):
        for plain in _plainer(request):
            yield with_chain(program, at, (plain,)), names
    renamed = renumbered(program)
    if renamed != program:
        yield renamed, names


def _plainer(request: Request) -> Iterator[Request]:
    """The request without raw events or approvals; a resume instead of a subscription under an id."""
    for flag in ("raw", "asks"):
        if getattr(request, flag, False):
            changes: dict[str, Any] = {flag: False}
            yield replace(request, **changes)
    if isinstance(request, rq.AddListener):
        yield rq.Resume(request.connection, request.thread)


def renumbered(program: ServerProgram) -> ServerProgram:
    """The same program with connections, ids, stored threads and new threads numbered in the order of their first use."""
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

    return ServerProgram(tuple((renumber(request),) for (request,) in program.tasks), program.faults)
