"""The checks of the protocol's conformance test, in the order of docs/exec-protocol.md.

They ask for the protocol, and for the model's answers if one call follows the other. The gate checks calls that overlap.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from subwarden.model.core.step import CORE_BY_NAME, Connect, CoreOperation, Disconnect, Id, Publish, Subscribe, Teardown, Unsubscribe
from subwarden.scheduling.schedule import fixed
from subwarden.stateful_tests.exec import driver, messages, stepper
from subwarden.stateful_tests.exec.messages import PROTOCOL, AnswerMessage, quoted
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.program import AnyOperation, ExecProgram, encode
from subwarden.stateful_tests.exec.session import Session
from subwarden.stateful_tests.exec.stepper import ExecCandidates

MANY = 50  # calls at once
REPEATS = 5  # programs that are run twice


class Fails(Exception):
    """A check that does not pass; the message gives the observation."""


class Skipped(Exception):
    """A check that does not apply; the message says why."""


@dataclass(frozen=True, slots=True)
class ConformanceCheck:
    """One thing that is asked for, and how to mend it."""

    name: str
    mend: str
    run: Callable[[Session], None]
    core: bool = False  # it calls operations of the core model


# --- the checks


def _another_version(session: Session) -> None:
    answer = _answer(session, "hello", protocol=PROTOCOL + 1)
    if answer.error is None:
        session.greeting(answer.result)  # it says which version it speaks


def _unknown_key(session: Session) -> None:
    if session.alone("hello", session.greeting, protocol=PROTOCOL, later=[1]) != session.hello:
        raise Fails("hello answers something else the second time")


def _unknown_message(session: Session) -> None:
    _refused(session, "frobnicate")


def _no_json(session: Session) -> None:
    session.process.send(b"this is not JSON\n")
    session.alone("hello", session.greeting, protocol=PROTOCOL)


def _unknown_operation(session: Session) -> None:
    _refused(session, "perform", task="A", op=["frobnicate", "c1"])


def _arguments(session: Session) -> None:
    name, *arguments = encode(_some(session))
    _refused(session, "perform", task="A", op=[name, *(arguments[:-1] if arguments else ["one too many"])])


def _not_offered(session: Session) -> None:
    others = [kind for name, kind in CORE_BY_NAME.items() if name not in session.hello.operations]
    if not others:
        raise Skipped("it offers all operations")
    for kind in others:
        _refused(session, "perform", task="A", op=[kind.name, *(f"{field}1" for field in kind.__match_args__)])


def _one_by_one(session: Session) -> None:
    _story(session, "c1", "c2", "t1")


def _names(session: Session) -> None:
    for one, other, topic in ((1, "1", 1), ('\u00e9\n"\\', " ", "\U0001f600"), (2**53, -1, "")):
        _story(session, one, other, topic)


def _many(session: Session) -> None:
    session.reset()
    calls: list[tuple[str, CoreOperation]] = [(f"T{n}", Connect(n)) for n in range(MANY)]
    numbers = set(session.perform(calls))
    if session.hello.steps:
        ready = session.alone("poll", messages.steps)
        while ready:
            result, came = session.wait("step", session.ask("step", step=ready[-1]))
            numbers -= {message.id for message in came}
            ready = session.shaped(messages.steps, result)
    else:
        while numbers:
            numbers -= {message.id for message in session.receive()}
    if numbers:
        raise Fails(f"{len(numbers)} of {MANY} calls at once are not answered, and nothing is left to run")
    session.alone("hello", session.greeting, protocol=PROTOCOL)  # an answer too many would come before this one's


def _observe(session: Session) -> None:
    if not session.hello.observe:
        _refused(session, "observe")
        return
    session.reset()
    _shows(session, set(), "after a reset")
    _run(session, [Connect("c1"), Subscribe("c1", "t1")], reset=False)
    _shows(session, {("t1", "c1")}, "after connect(c1), subscribe(c1, t1)")
    again = session.observe()
    if again != session.observe():
        raise Fails("two looks, one after the other, show two things")
    if again is not None and again.live not in (None, {"c1"}):
        raise Fails("after connect(c1), live is not [c1]")


def _reset(session: Session) -> None:
    _run(session, [Connect("c1"), Subscribe("c1", "t1"), Connect("c2"), Disconnect("c2")])
    _run(session, [Subscribe("c1", "t1"), Publish("t1"), Connect("c2"), Subscribe("c2", "t1")])


def _reset_drops(session: Session) -> None:
    if not session.hello.steps:
        raise Skipped("it is reset when all is answered")
    session.reset()
    session.perform([("A", _some(session))])
    session.reset()
    if session.alone("poll", messages.steps):
        raise Fails("after a reset, poll lists steps of calls from before")


def _no_steps(session: Session) -> None:
    if session.hello.steps:
        raise Skipped("it has steps")
    _refused(session, "poll")
    _refused(session, "step", step="A")


def _steps(session: Session) -> None:
    if not session.hello.steps:
        raise Skipped("it schedules itself")
    session.reset()
    if session.alone("poll", messages.steps):
        raise Fails("after a reset, poll lists something to run")
    session.perform([(task, Connect(f"c{task}")) for task in "ABCDEF"])
    ready = session.alone("poll", messages.steps)
    if len(ready) < 2:
        raise Fails(f"with six calls that nothing stands in the way of, poll lists {quoted(ready)}")
    if any(session.alone("poll", messages.steps) != ready for _ in range(3)):
        raise Fails("two polls, one after the other, list two things")
    _refused(session, "step", step="no such step")
    while ready:
        result, _ = session.wait("step", session.ask("step", step=ready[0]))
        ready = session.shaped(messages.steps, result)
        if session.alone("poll", messages.steps) != ready:
            raise Fails("step answers another list than the poll after it")


def _repeats(session: Session) -> None:
    if not session.hello.steps:
        raise Skipped("it schedules itself")
    for seed in range(REPEATS):
        random = Random(seed)
        program = session.model.draw(random, session.hello.operations)
        once = stepper.run(session, program, ExecCandidates(program), lambda n: int(random.random() * n))  # noqa: B023  # used at once
        again = stepper.run(session, program, ExecCandidates(program), fixed(once.choices))
        for said, one, other in (
            ("lists other steps", once.names, again.names),
            ("answers or shows something else", once.recording.text(), again.recording.text()),
        ):
            if one != other:
                raise Fails(f"the same calls and the same choices a second time, and it {said}")


def _bye(session: Session) -> None:
    code = session.bye()
    if code is None:
        raise Fails(f"it still runs {session.limit:g} s after bye")
    if code != 0:
        raise Fails(f"its exit code after bye is {code}, not 0")
    try:
        os.killpg(session.process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return
    raise Fails("it has left a process of its own behind")


def _end_of_input(session: Session) -> None:
    session.process.end_input()
    if session.process.wait(session.limit) is None:
        raise Fails(f"it still runs {session.limit:g} s after the end of its standard input")


CHECKS = (
    ConformanceCheck("hello, a version to come", f'answer an error, or a hello that says "protocol": {PROTOCOL}', _another_version),
    ConformanceCheck("a key to come", "ignore the keys of a message that you do not know", _unknown_key),
    ConformanceCheck("an unknown message", 'answer {"id": ID, "error": TEXT} and go on', _unknown_message),
    ConformanceCheck("a line that is not JSON", "complain on standard error, answer nothing, and go on", _no_json),
    ConformanceCheck("an unknown operation", 'answer {"id": ID, "error": TEXT} and go on', _unknown_operation),
    ConformanceCheck("a wrong number of arguments", 'answer {"id": ID, "error": TEXT} and go on', _arguments),
    ConformanceCheck("operations that are not offered", "answer an error, or offer them in hello", _not_offered, core=True),
    ConformanceCheck("operations, one by one", "answer as the table of operations says", _one_by_one, core=True),
    ConformanceCheck("ids of all kinds", 'keep ids as they come: whole numbers and texts, 1 and "1" being two', _names, core=True),
    ConformanceCheck("many calls at once", "answer each call once, also when many are under way", _many, core=True),
    ConformanceCheck(
        "observe", 'show {"live": ..., "subscribers": [[TOPIC, CONNECTION], ...]} as it is, or say "observe": false', _observe, core=True
    ),
    ConformanceCheck("reset", "start again: no connection is live or closed, none is subscribed", _reset, core=True),
    ConformanceCheck("reset drops calls", "forget the calls that are not answered, and their steps", _reset_drops),
    ConformanceCheck("no steps", 'answer poll and step by an error, or say "steps": true', _no_steps),
    ConformanceCheck(
        "steps",
        "let a call wait for its first step; poll lists all steps that may run, in an order that only the past decides",
        _steps,
        core=True,
    ),
    ConformanceCheck(
        "steps repeat", "let nothing but the choices decide: no clock, no chance, no order of a hash; no id in a step's name", _repeats
    ),
    ConformanceCheck("bye", 'answer {"id": ID, "result": null}, end the processes that you have started, and exit with 0', _bye),
    ConformanceCheck("end of input", "exit when standard input ends: the caller is gone", _end_of_input),
)
LAST = CHECKS[-2:]  # each ends its process


# --- parts of checks


def _some(session: Session) -> AnyOperation:
    """One of the calls that the process offers."""
    return session.model.draw(Random(0), session.hello.operations).tasks[0].operations[0]


def _answer(session: Session, do: str, **fields: object) -> AnswerMessage:
    number = session.ask(do, **fields)
    while True:
        for message in session.receive():
            if isinstance(message, AnswerMessage) and message.id == number:
                return message


def _refused(session: Session, do: str, **fields: object) -> None:
    answer = _answer(session, do, **fields)
    if answer.error is None:
        what = f"{do} {fields['op']}" if "op" in fields else do
        raise Fails(f"{quoted(what)} is answered {quoted(answer.result)}, not an error")


def _shows(session: Session, pairs: set[tuple[Id, Id]], when: str) -> None:
    shown = session.observe()
    if shown is None:
        raise Fails(f"{when}, with nothing under way, observe answers null")
    for name, seen in (("subscribers", shown.subscribers), ("subscriptions", shown.subscriptions)):
        if seen is not None and seen != pairs:
            raise Fails(f"{when}, {name} shows {sorted(map(list, seen), key=repr)}")


def _run(session: Session, operations: list[Any], reset: bool = True) -> ExecRun:
    """Call those of `operations` that are offered, one after the other. Raises Fails for an answer that the model does not give."""
    program = ExecProgram(tuple(operation for operation in operations if operation.name in session.hello.operations), ())
    if session.hello.steps:
        run = stepper.run(session, program, ExecCandidates(program), fixed(()), reset=reset)
    else:
        run = driver.run(session, program, reset)
    if run.broken is not None:
        did = [line for row in run.rows[: run.broken.row + 1] for line in row.did if not line.startswith("(")]
        raise Fails(f"{run.broken.cause.mechanism}; the calls: {', '.join(did[-6:])}. {run.broken.detail}".removesuffix(". "))
    return run


def _story(session: Session, one: Id, other: Id, topic: Id) -> None:
    """Each kind of transition, in words that a model and a program must agree on."""
    story: list[CoreOperation] = [Connect(one), Connect(one), Subscribe(one, topic), Subscribe(one, topic), Subscribe(other, topic)]
    story += [Publish(topic), Unsubscribe(one, topic), Unsubscribe(one, topic), Subscribe(one, topic), Connect(other)]
    story += [
        Subscribe(other, topic),
        Publish(topic),
        Disconnect(one),
        Publish(topic),
        Connect(one),
        Subscribe(one, topic),
        Disconnect(one),
    ]
    story += [Teardown(topic), Publish(topic), Subscribe(other, topic), Publish(topic), Disconnect(other), Publish(topic)]
    _run(session, story)
