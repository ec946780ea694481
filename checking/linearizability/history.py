"""Histories: who called what, when, and what came back. Reads the format of docs/histories.md, and refuses anything else by line.

The file is read twice. The survey looks at every line, so that all that is malformed is told before anything is judged; and it notes
how the few calls ended that stay open for long. The second reading can then give each call together with its end (which the search
needs at once: what a call answered tells most orders apart) while it holds no more than `AHEAD` lines and the calls that are open.
"""

import json
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from subwarden.checking.linearizability.specification import UNJUDGED, Operation, Specification

VERSION = 1
AHEAD = 4096  # lines read ahead of the moment that is judged
Id = int | str


class CallEnding(Enum):
    """How a call ended."""

    RETURNED = "returned"  # it took effect between its call and its return
    CANCELLED = "cancelled"  # it took effect between its call and its cancellation, or never
    NEVER = "unanswered"  # it took effect at some time after its call, or never


class Fate(NamedTuple):
    """A call's end, and its answer where there was one that was recorded."""

    end: CallEnding
    answer: object = UNJUDGED
    at: float | None = None
    line: int | None = None


UNANSWERED = Fate(CallEnding.NEVER)


@dataclass(slots=True, eq=False)
class HistoryCall:
    """One call of a history. `line` and `at` are of the call; `fate` is known by the time a reader hands the call out."""

    line: int
    id: Id
    operation: Operation
    at: float
    task: str | None = None
    fate: Fate = UNANSWERED


class Moment(NamedTuple):
    """All that happens at one time. Intervals are closed: the calls are made before the ends are seen, in whichever order they stand."""

    at: float
    calls: list[HistoryCall]
    ends: list[HistoryCall]
    line: int  # the last one


class LineFault(NamedTuple):
    """A malformed line: what is wrong with it and how to mend it."""

    line: int
    what: str
    mend: str

    def told(self, name: str) -> str:
        """The one line that a person reads."""
        return f"{name}:{self.line}: {self.what}; {self.mend}"


@dataclass(slots=True)
class Survey:
    """What the first reading found. `long` holds, by line of the call, the fates of calls that ended more than `AHEAD` lines later."""

    faults: list[LineFault] = field(default_factory=list)
    long: dict[int, Fate] = field(default_factory=dict)
    calls: int = 0
    answered: int = 0
    lines: int = 0


class Malformed(ValueError):
    """A line that cannot be used."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


def header_of(path: Path) -> str | None:
    """The model that the history's first line names, None if it names none. Raises Malformed where it is no header."""
    with path.open("rb") as lines:
        return header(lines.readline())


def header(line: bytes) -> str | None:
    """As `header_of`, from the line."""
    mend = f'make the first line {{"history": {VERSION}, "model": "core"}}'
    data = _object(line, mend)
    version, model = data.get("history"), data.get("model")
    if type(version) is not int:
        raise Malformed("the first line does not say that this is a history", mend)
    if version != VERSION:
        raise Malformed(f"version {version} of the format is not known here", f"write version {VERSION}, as docs/histories.md describes it")
    if model is not None and not isinstance(model, str):
        raise Malformed(f"the model's name is a text, not {model!r}", mend)
    _no_others(data, {"history", "model"}, mend)
    return model


class _Open(NamedTuple):
    """A call that has not ended, as far as the lines have been read."""

    call: HistoryCall | None  # None: its line was malformed, so its end is not looked at


class Lines:
    """Reads the lines after the header one by one, knowing what is open. Each of the two readings has its own."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self.open: dict[Id, _Open] = {}
        self.now = -math.inf
        self.now_line = 1
        self.busy: dict[str, HistoryCall] = {}  # task -> its open call, or the last one
        self.holding: set[str] = set()  # tasks that have been answered a state

    def read(self, number: int, line: bytes) -> tuple[HistoryCall, bool] | None:
        """The call, and whether this line is its call (else its end). None: the end of a call whose own line was malformed."""
        data = _object(line, "write one JSON object a line")
        verbs = [verb for verb in ("call", "return", "cancel") if verb in data]
        if len(verbs) != 1:
            raise Malformed('a line is a "call", a "return" or a "cancel"', "give it exactly one of these keys, with the call's id")
        verb = verbs[0]
        name = data[verb]
        if isinstance(name, bool) or not isinstance(name, int | str):
            raise Malformed(f"{name!r} is not an id", "use a whole number or a text")
        if verb == "call" and name not in self.open:
            self.open[name] = _Open(None)  # until it proves to be well formed
        elif verb == "call":
            raise Malformed(f"call {name!r} is open already", "give each call an id of its own until it has ended")
        at = self._time(number, data)
        return self._call(number, name, at, data) if verb == "call" else self._end(number, verb, name, at, data)

    def _time(self, number: int, data: dict[str, object]) -> float:
        if "at" not in data:
            raise Malformed("no time", 'say when: "at", a number')
        at = data["at"]
        if isinstance(at, bool) or not isinstance(at, int | float) or (isinstance(at, float) and not math.isfinite(at)):
            raise Malformed(f"{at!r} is not a time", 'make "at" a finite number')
        if at < self.now:
            raise Malformed(f"its time {at} is before {self.now}, the time of line {self.now_line}", 'sort the lines by "at"')
        self.now, self.now_line = at, number
        return at

    def _call(self, number: int, name: Id, at: float, data: dict[str, object]) -> tuple[HistoryCall, bool]:
        _no_others(data, {"call", "op", "at", "task"}, "leave it out")
        if "op" not in data:
            raise Malformed(f"call {name!r} does not say what it asks for", 'add "op": [name, argument, ...]')
        try:
            operation = self.specification.decode(data["op"])
        except ValueError as error:
            raise Malformed(str(error), f"write an operation of the model {self.specification.name!r}") from error
        task = data.get("task")
        if task is not None and not isinstance(task, str):
            raise Malformed(f"the task's name is a text, not {task!r}", "quote it, or leave it out")
        call = HistoryCall(number, name, operation, at, task)
        if task is not None:
            self._follows(task, call)
        if self.specification.needs_state(operation) and task not in self.holding:
            raise Malformed(
                f"{operation.name} acts on a state, and {'no task is given' if task is None else f'task {task!r} holds none'}",
                'give it the "task" of the call that was answered "handle" before',
            )
        self.open[name] = _Open(call)
        return call, True

    def _follows(self, task: str, call: HistoryCall) -> None:
        last = self.busy.get(task)
        if last is not None and (last.fate is UNANSWERED or last.fate.at is None or last.fate.at >= call.at):
            raise Malformed(
                f"task {task!r} calls at {call.at}, and its call {last.id!r} of line {last.line} has not ended before that",
                "a task makes one call after the other: give the two different tasks, or leave the task out",
            )
        self.busy[task] = call

    def _end(self, number: int, verb: str, name: Id, at: float, data: dict[str, object]) -> tuple[HistoryCall, bool] | None:
        if name not in self.open:
            raise Malformed(f"a {verb} of {name!r}, which is not open", "put its call before it, and end a call once")
        call = self.open.pop(name).call
        if call is None:
            return None
        if verb == "cancel":
            _no_others(data, {"cancel", "at"}, "leave it out: a cancelled call has no answer")
            call.fate = Fate(CallEnding.CANCELLED, UNJUDGED, at, number)
            return call, False
        _no_others(data, {"return", "at", "answer"}, "leave it out")
        answer: object = UNJUDGED
        if "answer" in data:
            try:
                answer = self.specification.decode_answer(call.operation, data["answer"])
            except ValueError as error:
                # to the caller it has ended, so its task may go on; the line is told once
                call.fate = Fate(CallEnding.RETURNED, UNJUDGED, at, number)
                raise Malformed(str(error), 'mend the answer, or leave "answer" out if it was not recorded') from error
        call.fate = Fate(CallEnding.RETURNED, answer, at, number)
        if call.task is not None and self.specification.gives_state(answer):
            self.holding.add(call.task)
        return call, False


def survey(lines: Iterable[bytes], specification: Specification, ahead: int = AHEAD) -> Survey:
    """The first reading: every fault, and the fates of the calls that stay open for more than `ahead` lines."""
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
        else:
            found.answered += call.fate.end is CallEnding.RETURNED
            if number - call.line > ahead:
                found.long[call.line] = call.fate
    if not found.lines:
        found.faults.append(LineFault(1, "the file is empty", f'make the first line {{"history": {VERSION}, "model": "core"}}'))
    return found


def moments(lines: Iterable[bytes], specification: Specification, long: dict[int, Fate], ahead: int = AHEAD) -> Iterator[Moment]:
    """The second reading, of lines that a survey found well formed. Every call handed out carries its fate."""
    reader = Lines(specification)
    waiting: deque[tuple[int, float, HistoryCall, bool]] = deque()
    now: Moment | None = None
    for number, line in enumerate(lines, 1):
        if number == 1 or not line.strip():
            continue
        read = reader.read(number, line)
        assert read is not None, "only well-formed histories are read a second time"
        call, begins = read
        if begins and number in long:
            call.fate = long[number]  # ahead of its time: the line itself comes too late
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
    """The moment that is being gathered, and the one before it if that is complete now."""
    line, at, call, begins = event
    done = None
    if now is None or at > now.at:
        done, now = now, Moment(at, [], [], line)
    (now.calls if begins else now.ends).append(call)
    return now._replace(line=line), done


def _object(line: bytes, mend: str) -> dict[str, object]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = (
            error.msg if isinstance(error, json.JSONDecodeError) else "not text" if isinstance(error, UnicodeError) else "nested too deeply"
        )
        raise Malformed(f"not JSON ({reason})", mend) from error
    if not isinstance(data, dict):
        raise Malformed(f"a JSON {_KINDS.get(type(data), 'value')}, not an object", mend)
    return data


_KINDS: dict[type, str] = {list: "list", str: "text", int: "number", float: "number", bool: "truth value", type(None): "null"}


def _no_others(data: dict[str, object], known: set[str], mend: str) -> None:
    others = sorted(data.keys() - known)
    if others:
        raise Malformed(f"unknown key {others[0]!r}", mend)
