"""The lines of a history in the format of docs/histories.md. A malformed line raises `Malformed`, with the reason and the fix."""

import json
import math
from pathlib import Path
from typing import NamedTuple

from subwarden.checking.linearizability.history import UNANSWERED, CallEnding, Fate, HistoryCall, Id
from subwarden.checking.linearizability.specification import UNJUDGED, Specification

VERSION = 1


class Malformed(ValueError):
    """A line breaks the format; the message gives the reason, and `mend` the fix."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


class Header(NamedTuple):
    """The first line of a history: the model that it names, or None, and whether a client that has closed may connect again."""

    model: str | None = None
    reconnects: bool = False


def header_of(path: Path) -> Header:
    """The history's first line. Raises Malformed if the line is no header, OSError if it cannot be read."""
    with path.open("rb") as lines:
        return header(lines.readline())


def header(line: bytes) -> Header:
    """A history's first line. Raises Malformed if the line is no header."""
    mend = f'make the first line {{"history": {VERSION}, "model": "core"}}'
    data = _object(line, mend)
    version, model = data.get("history"), data.get("model")
    if type(version) is not int:
        raise Malformed("the first line does not say that this is a history", mend)
    if version != VERSION:
        raise Malformed(f"version {version} of the format is not known here", f"write version {VERSION}; see `subwarden help histories`")
    if model is not None and not isinstance(model, str):
        raise Malformed(f"the model's name is a text, not {model!r}", mend)
    reconnects = data.get("reconnects", False)
    if not isinstance(reconnects, bool):
        raise Malformed(f"reconnects is true or false, not {reconnects!r}", mend)
    if reconnects and model not in (None, "core"):
        raise Malformed(f"reconnects belongs to the model core, not to {model}", 'leave out "reconnects", or name the model core')
    _no_others(data, {"history", "model", "reconnects"}, mend)
    return Header(model, reconnects)


class _Open(NamedTuple):
    """A call that has not ended in the lines read so far."""

    call: HistoryCall | None  # None: its line was malformed, so its end is not checked


class Lines:
    """Reads the lines after the header one by one, and keeps the open calls. Each of the two passes has its own reader."""

    def __init__(self, specification: Specification) -> None:
        self.specification = specification
        self.open: dict[Id, _Open] = {}
        self.now = -math.inf
        self.now_line = 1
        self.busy: dict[str, HistoryCall] = {}  # task -> its open call, or the last one
        self.holding: set[str] = set()  # tasks that hold a state
        self.delivered: list[tuple[int, float, Id, Id]] = []  # the line, the time, the client and the message of each delivery
        self.messages: set[Id] = set()  # published so far

    def read(self, number: int, line: bytes) -> tuple[HistoryCall, bool] | None:
        """Read one line. Raises Malformed.

        Out: the call, and whether this line begins it (else it ends it); None for a delivery, which `delivered` keeps, and for the end of a
        call whose first line was malformed.
        """
        data = _object(line, "write one JSON object a line")
        if "deliver" in data:
            self._delivery(number, data)
            return None
        verbs = [verb for verb in ("call", "return", "cancel") if verb in data]
        if len(verbs) != 1:
            raise Malformed(
                'a line is a "call", a "return", a "cancel" or a "deliver"', "give it exactly one of these keys, with the call's id"
            )
        verb = verbs[0]
        name = data[verb]
        if isinstance(name, bool) or not isinstance(name, int | str):
            raise Malformed(f"{name!r} is not an id", "use a whole number or a text")
        if verb == "call" and name not in self.open:
            self.open[name] = _Open(None)  # replaced below if the line is well formed
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

    def _delivery(self, number: int, data: dict[str, object]) -> None:
        mend = 'write {"deliver": CLIENT, "message": TEXT, "at": TIME}'
        if self.specification.name != "core":
            raise Malformed(f"the model {self.specification.name!r} has no deliveries", "name the model core, or leave the line out")
        _no_others(data, {"deliver", "message", "at"}, mend)
        client, message = data["deliver"], data.get("message")
        for value, what in ((client, "a client"), (message, "a message")):
            if isinstance(value, bool) or not isinstance(value, int | str):
                raise Malformed(f"{value!r} is not {what}: a text or a whole number", mend)
        at = self._time(number, data)
        if message not in self.messages:
            raise Malformed(f"{message!r} was not published before", 'name the message in its call: "op": ["publish", TOPIC, MESSAGE]')
        assert isinstance(client, int | str)
        assert isinstance(message, int | str)
        self.delivered.append((number, at, client, message))

    def _call(self, number: int, name: Id, at: float, data: dict[str, object]) -> tuple[HistoryCall, bool]:
        _no_others(data, {"call", "op", "at", "task"}, "leave it out")
        if "op" not in data:
            raise Malformed(f"call {name!r} names no operation", 'add "op": [name, argument, ...]')
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
        message = getattr(operation, "message", None)
        if message in self.messages:
            raise Malformed(f"the message {message!r} is published a second time", "give each message a name of its own")
        if message is not None:
            self.messages.add(message)
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
                # its caller has seen it end, so the task may go on; the line is reported once
                call.fate = Fate(CallEnding.RETURNED, UNJUDGED, at, number)
                raise Malformed(str(error), 'correct the answer, or leave "answer" out if it was not recorded') from error
        call.fate = Fate(CallEnding.RETURNED, answer, at, number)
        if call.task is not None and self.specification.gives_state(answer):
            self.holding.add(call.task)
        return call, False


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
