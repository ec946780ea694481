"""Reads a history file in two passes.

The survey reads every line, so that all malformed lines are reported before anything is judged; it also notes the end of each call
that stays open for more than `AHEAD` lines. So the second pass can yield each call together with its end, which the search needs at once
(an answer rules out most orders), while it holds no more than `AHEAD` lines and the open calls.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from subwarden.checking.linearizability.history import CallEnding, Fate, HistoryCall, Id, Moment
from subwarden.checking.linearizability.lines import VERSION, Lines, Malformed, header
from subwarden.checking.linearizability.specification import Specification

AHEAD = 4096  # lines read ahead of the moment that is judged


class LineFault(NamedTuple):
    """A malformed line, with the reason and the fix."""

    line: int
    what: str
    mend: str

    def told(self, name: str) -> str:
        """The message, in one line. `name`: the file's name."""
        return f"{name}:{self.line}: {self.what}; {self.mend}"


@dataclass(slots=True)
class Survey:
    """The result of the first pass. `long`: the fates of calls that ended more than `AHEAD` lines later, by line of the call."""

    faults: list[LineFault] = field(default_factory=list)
    long: dict[int, Fate] = field(default_factory=dict)
    delivered: list[tuple[int, float, Id, Id]] = field(default_factory=list)
    clients: set[Id] = field(default_factory=set)  # the connections that calls name
    calls: int = 0
    answered: int = 0
    lines: int = 0


def survey(lines: Iterable[bytes], specification: Specification, ahead: int = AHEAD) -> Survey:
    """The first pass: find every fault, and the fates of the calls that stay open for more than `ahead` lines."""
    found = Survey()
    reader = Lines(specification)
    for number, line in enumerate(lines, 1):
        found.lines = number
        try:
            if number == 1:
                header(line)
                continue
            if not line.strip():
                continue
            read = reader.read(number, line)
        except Malformed as error:
            found.faults.append(LineFault(number, str(error), error.mend))
            continue
        if read is None:
            continue
        call, begins = read
        if begins:
            found.calls += 1
            if (client := getattr(call.operation, "connection", None)) is not None:
                found.clients.add(client)
        else:
            found.answered += call.fate.end is CallEnding.RETURNED
            if number - call.line > ahead:
                found.long[call.line] = call.fate
    found.delivered = reader.delivered
    if not found.lines:
        found.faults.append(LineFault(1, "the file is empty", f'make the first line {{"history": {VERSION}, "model": "core"}}'))
    return found


def moments(lines: Iterable[bytes], specification: Specification, long: dict[int, Fate], ahead: int = AHEAD) -> Iterator[Moment]:
    """The second pass, over lines that a survey found well formed. Every call yielded carries its fate."""
    reader = Lines(specification)
    waiting: deque[tuple[int, float, HistoryCall, bool]] = deque()
    now: Moment | None = None
    for number, line in enumerate(lines, 1):
        if number == 1 or not line.strip():
            continue
        read = reader.read(number, line)
        if read is None:  # a delivery: only well-formed histories reach the second pass
            continue
        call, begins = read
        if begins and number in long:
            call.fate = long[number]  # from the survey: its line is too far ahead
        waiting.append((number, reader.now, call, begins))
        while waiting and number - waiting[0][0] >= ahead:
            now, done = _join(now, waiting.popleft())
            if done is not None:
                yield done
    while waiting:
        now, done = _join(now, waiting.popleft())
        if done is not None:
            yield done
    if now is not None:
        yield now


def _join(now: Moment | None, event: tuple[int, float, HistoryCall, bool]) -> tuple[Moment, Moment | None]:
    """Add `event` to the moment being gathered. Out: that moment, and the one before it if the event completes it."""
    line, at, call, begins = event
    done = None
    if now is None or at > now.at:
        done, now = now, Moment(at, [], [], line)
    (now.calls if begins else now.ends).append(call)
    return now._replace(line=line), done
