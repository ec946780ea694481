"""Every malformed line is reported once, in one line, with the place, the reason and the fix."""

import pytest

from subwarden.checking.linearizability.reading import survey
from subwarden.checking.linearizability.verdict import SPECIFICATIONS

CORE = '{"history": 1, "model": "core"}'
MANAGER = '{"history": 1, "model": "manager"}'
CALL = '{"call": 1, "op": ["connect", 1], "at": 1}'


def told(*lines: str, model: str = "core") -> list[str]:
    """The faults of a history."""
    return [fault.told("h.jsonl") for fault in survey([line.encode() for line in lines], SPECIFICATIONS[model]()).faults]


FIRST = 'make the first line {"history": 1, "model": "core"}'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", f"not JSON (Expecting value); {FIRST}"),
        ("{}", f"the first line does not say that this is a history; {FIRST}"),
        (CALL, f"the first line does not say that this is a history; {FIRST}"),
        ('{"history": true}', f"the first line does not say that this is a history; {FIRST}"),
        ('{"history": 2}', "version 2 of the format is not known here; write version 1; see `subwarden help histories`"),
        ('{"history": 1, "model": 3}', f"the model's name is a text, not 3; {FIRST}"),
        ('{"history": 1, "by": "me"}', f"unknown key 'by'; {FIRST}"),
    ],
)
def test_first_lines(line: str, said: str) -> None:
    assert told(line) == [f"h.jsonl:1: {said}"]


def test_an_empty_file() -> None:
    assert told() == [f"h.jsonl:1: the file is empty; {FIRST}"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("call connect 1", "not JSON (Expecting value); write one JSON object a line"),
        ('{"call": 2', "not JSON (Expecting ',' delimiter); write one JSON object a line"),
        ("[" * 100_000, "not JSON (nested too deeply); write one JSON object a line"),
        ("[1]", "a JSON list, not an object; write one JSON object a line"),
        ("null", "a JSON null, not an object; write one JSON object a line"),
        ("{}", 'a line is a "call", a "return", a "cancel" or a "deliver"; give it exactly one of these keys, with the call\'s id'),
        (
            '{"call": 2, "return": 2}',
            'a line is a "call", a "return", a "cancel" or a "deliver"; give it exactly one of these keys, with the call\'s id',
        ),
        ('{"call": 1.5}', "1.5 is not an id; use a whole number or a text"),
        ('{"call": true}', "True is not an id; use a whole number or a text"),
        ('{"call": 1, "op": ["connect", 2], "at": 2}', "call 1 is open already; give each call an id of its own until it has ended"),
        ('{"call": 2, "op": ["connect", 2]}', 'no time; say when: "at", a number'),
        ('{"call": 2, "op": ["connect", 2], "at": "2"}', "'2' is not a time; make \"at\" a finite number"),
        ('{"call": 2, "op": ["connect", 2], "at": true}', 'True is not a time; make "at" a finite number'),
        ('{"call": 2, "op": ["connect", 2], "at": NaN}', 'nan is not a time; make "at" a finite number'),
        ('{"call": 2, "op": ["connect", 2], "at": 1e999}', 'inf is not a time; make "at" a finite number'),
        ('{"call": 2, "op": ["connect", 2], "at": 0.5}', 'its time 0.5 is before 1, the time of line 2; sort the lines by "at"'),
        ('{"call": 2, "at": 2}', 'call 2 names no operation; add "op": [name, argument, ...]'),
        ('{"call": 2, "op": ["connect", 2], "at": 2, "by": 1}', "unknown key 'by'; leave it out"),
        (
            '{"call": 2, "op": "connect", "at": 2}',
            "an operation is a list that starts with its name, not 'connect'; write an operation of the model 'core'",
        ),
        (
            '{"call": 2, "op": ["join", 2], "at": 2}',
            "unknown operation 'join'; known: connect, subscribe, unsubscribe, publish, disconnect, teardown, "
            "attach, detach, ack, redeliver; "
            "write an operation of the model 'core'",
        ),
        ('{"call": 2, "op": ["connect"], "at": 2}', "connect takes 1 arguments, not 0; write an operation of the model 'core'"),
        (
            '{"call": 2, "op": ["connect", null], "at": 2}',
            "connect: None is not an id: a whole number or a text; write an operation of the model 'core'",
        ),
        ('{"call": 2, "op": ["connect", 2], "at": 2, "task": 7}', "the task's name is a text, not 7; quote it, or leave it out"),
        ('{"return": 2, "at": 2}', "a return of 2, which is not open; put its call before it, and end a call once"),
        ('{"cancel": "1", "at": 2}', "a cancel of '1', which is not open; put its call before it, and end a call once"),
        (
            '{"return": 1, "at": 2, "answer": true}',
            'connect answers null, not True; correct the answer, or leave "answer" out if it was not recorded',
        ),
        ('{"return": 1, "at": 2, "result": null}', "unknown key 'result'; leave it out"),
        ('{"cancel": 1, "at": 2, "answer": null}', "unknown key 'answer'; leave it out: a cancelled call has no answer"),
    ],
)
def test_lines(line: str, said: str) -> None:
    assert told(CORE, CALL, line) == [f"h.jsonl:3: {said}"]


def test_bytes_that_are_not_text() -> None:
    faults = survey([CORE.encode(), b'{"call": "\xff"}'], SPECIFICATIONS["core"]()).faults
    assert [fault.told("h") for fault in faults] == ["h:2: not JSON (not text); write one JSON object a line"]


@pytest.mark.parametrize(
    ("operation", "answer", "said"),
    [
        ('["subscribe", 1, "t"]', "1", "subscribe answers true or false, not 1"),
        ('["publish", "t"]', "3", "publish answers the list of the connections that it reached, not 3"),
        ('["publish", "t"]', "[true]", "publish answers the list of the connections that it reached, not [True]"),
    ],
)
def test_answers_of_the_core_model(operation: str, answer: str, said: str) -> None:
    mend = 'correct the answer, or leave "answer" out if it was not recorded'
    lines = (CORE, f'{{"call": 1, "op": {operation}, "at": 1}}', f'{{"return": 1, "answer": {answer}, "at": 2}}')
    assert told(*lines) == [f"h.jsonl:3: {said}; {mend}"]


@pytest.mark.parametrize(
    ("operation", "answer", "said"),
    [
        ('["thread_state", 1]', "null", 'thread_state answers "handle" or "refused", not None'),
        ('["thread_state", 1]', '"any"', 'thread_state answers "handle" or "refused", not \'any\''),
        ('["has_subscribers", 1]', "0", "has_subscribers answers true or false, not 0"),
        ('["subscribed_connection_ids", 1]', '["c1"]', "subscribed_connection_ids answers the list of its connections, not ['c1']"),
        ('["remove_listener", 1]', "false", "remove_listener answers a whole number or null, not False"),
        ('["remove_connection", 1]', "true", "remove_connection answers null, not True"),
    ],
)
def test_answers_of_the_manager_model(operation: str, answer: str, said: str) -> None:
    mend = 'correct the answer, or leave "answer" out if it was not recorded'
    lines = (MANAGER, f'{{"call": 1, "op": {operation}, "at": 1}}', f'{{"return": 1, "answer": {answer}, "at": 2}}')
    assert told(*lines, model="manager") == [f"h.jsonl:3: {said}; {mend}"]


def test_states_and_tasks() -> None:
    state = '{"call": 9, "op": ["state_clear_listener"], "at": 5%s}'
    mend = 'give it the "task" of the call that was answered "handle" before'
    assert told(MANAGER, state % "", model="manager") == [f"h.jsonl:2: state_clear_listener acts on a state, and no task is given; {mend}"]
    assert told(MANAGER, state % ', "task": "x"', model="manager") == [
        f"h.jsonl:2: state_clear_listener acts on a state, and task 'x' holds none; {mend}"
    ]
    first = '{"call": 1, "op": ["thread_state", 1], "at": 1, "task": "x"}'
    said = "h.jsonl:%d: task 'x' calls at 5, and its call 1 of line 2 has not ended before that; "
    said += "a task makes one call after the other: give the two different tasks, or leave the task out"
    assert told(MANAGER, first, state % ', "task": "x"', model="manager") == [said % 3]
    assert told(MANAGER, first, '{"return": 1, "at": 5, "answer": "handle"}', state % ', "task": "x"', model="manager") == [said % 4]
    assert told(MANAGER, first, '{"return": 1, "at": 4, "answer": "handle"}', state % ', "task": "x"', model="manager") == []


def test_malformed_lines_are_reported_and_their_consequences_are_not() -> None:
    bad = '{"call": 2, "op": ["join", 2], "at": 2}'
    lines = (CORE, CALL, bad, '{"return": 2, "at": 3, "answer": 5}', "", '{"return": 1, "at": 4, "answer": 5}', '{"return": 1, "at": 5}')
    assert [line.split(": ")[0] for line in told(*lines)] == ["h.jsonl:3", "h.jsonl:6", "h.jsonl:7"]
