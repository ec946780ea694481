"""The check at the end of an adapter's script: for each kind of claim, lines that look, the condition that must not hold, and its words.

Whether an answer, an observation or a missing message is wrong depends on the order of the calls. So a script whose claim is in
`ORDERED` asserts it only where calls and answers came as in the finding: with another subject they may come in an order in which the same
answer is right. The other claims are wrong after any calls.
"""

from typing import Any, NamedTuple

ORDERED = ("answer", "extra", "missing", "maps", "own", "shown", "lost", "stray", "broker", "stuck", "task")
AT_REST = ("lost", "broker", "stuck", "task", "unretrieved", "lock", "closing", "unclosed", "restless")  # judged after all waiting


class Check(NamedTuple):
    """Lines that look, the forbidden condition (empty: none), and the observation in words, as the inside of an f-string."""

    look: list[str]
    test: str
    told: str


def check(claim: list[Any], *, tables: bool = False) -> Check:  # noqa: PLR0911, PLR0912  # one for each kind of claim
    """The check of a claim. `tables`: what shows may be dicts, which `pairs` reads."""
    kind, *about = claim
    match kind:
        case "extra" | "missing":
            pair = tuple(about)
            some = f"any({pair!r} in pairs for pairs in maps())" if kind == "extra" else f"any({pair!r} not in pairs for pairs in maps())"
            return Check([], some, f"{pair[0]} is {'' if kind == 'extra' else 'not '}on {pair[1]}")
        case "maps":
            pair = tuple(about)
            return Check([], f"len({{{pair!r} in pairs for pairs in maps()}}) > 1", f"{pair[0]} is on {pair[1]} in one map only")
        case "own":
            look = ["state = adapter.observe()"]
            return Check(look, f"state is not None and not adapter.properties[{about[0]!r}](state)", "it does not hold")
        case "answer":
            method, answer = about
            return Check([], "", f"{method} returned {_said(answer)}")
        case "shown":
            return Check([], f"adapter.observe() == {about[0]}", f"it shows {_said(about[0])}")
        case "raises":
            task, error = about
            if error == "CancelledError":
                return Check([], f'tasks["{task}"].cancelled()', f"{task}, which nobody cancelled")
            look = [f'task = tasks["{task}"]', "error = task.exception() if task.done() and not task.cancelled() else None"]
            return Check(look, f'type(error).__name__ == "{error}"', f"{{error!r}}, in {task}")
        case "twice" | "lost" | "stray":
            client, message = about
            test = {"twice": "> 1", "lost": "== 0", "stray": "> 0"}[kind]
            told = f"{message} to {client}, who received {{received}}"
            return Check([f"received = {_received(client)}"], f"received.count({message!r}) {test}", told)
        case "disorder":
            client, both = about
            order = [f"received = [message for message in {_received(client)} if message in {tuple(both)!r}]"]
            return Check(order, f"received[:1] == [{both[0]!r}] and {both[1]!r} in received", f"{both[0]} before {both[1]} to {client}")
        case "broker":
            pair = tuple(about)
            read = "pairs(each)" if tables else "set(map(tuple, each))"
            look = ["broker = adapter.broker()", f"known = [{read} for each in ([] if broker is None else [broker])]"]
            test = f"len({{{pair!r} in pairs for pairs in [*maps()[:1], *known]}}) > 1"
            return Check(look, test, f"{pair[0]} on {pair[1]}")
        case "stuck":
            return Check(["waiting = [name for name, task in tasks.items() if not task.done()]"], "waiting", "{waiting} wait for ever")
        case "unclosed":
            return Check([], "not closing.done()", "close() does not return")
        case "closing":
            look = ["error = closing.exception() if closing.done() and not closing.cancelled() else None"]
            return Check(look, f'type(error).__name__ == "{about[0]}"', "{error!r}")
        case "task":
            left = f"sorted(name for task in asyncio.all_tasks() if (name := work(task)) in {about[0]!r})"
            return Check([f"left = {left}"], "left", "{left}")
        case "unretrieved":
            return _unretrieved(*about)
        case "lock":
            look = ["held = [each for each in gc.get_objects() if isinstance(each, asyncio.Lock) and each.locked()]"]
            return Check(look, "held", "{len(held)} held, and nobody is left to release it")
        case "restless":
            moves = " or ".join(["loop.queued > 0", *about, "loop.time_passes()"])
            return Check([f"moving = {moves}"], "moving", "it still moves")
        case "blocked":
            return Check([], "", "")  # the script's watch reports it
    raise AssertionError(f"no script checks {kind}")


def _unretrieved(error: str | None, message: str, work: str | None) -> Check:
    """An exception that nobody retrieves, told by its type and the coroutine that raised it; or a complaint without an exception."""
    look = [
        "for task in tasks.values():",
        "    task.done() and not task.cancelled() and task.exception()  # a request's exception belongs to its caller",
        "adapter, task = None, None  # asyncio complains about a failed task when it is collected",
        "tasks.clear()",
        "gc.collect()",
    ]
    if error is None:
        look.append(f'found = [told["message"] for told in unretrieved if told["message"] == {message!r}]')
    else:
        look.append(f'found = [repr(e) for told in unretrieved if type(e := told.get("exception")).__name__ == "{error}"]')
    return Check(look, "found", "{found[0]}" + (f" in {work}" if work else ""))


def _received(client: str) -> str:
    return f"list(adapter.delivered().get({client!r}, ()))"


def _said(text: str) -> str:
    """A value's text as a part of a script's last line."""
    return text.replace("\\", "\\\\").replace("{", "{{").replace("}", "}}")
