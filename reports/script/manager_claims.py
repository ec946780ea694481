"""The check at the end of a manager's script: for each kind of claim, lines that look and the condition that must not hold.

A server's script makes those of its manager too. See `reports.script.manager`.
"""

from typing import Any

from subwarden.reports.script.driver import REST

LINKS = "sorted((t, c) for t, connections in shown.subscribers.items() for c in connections)"
PARTS = {  # of what a manager shows: how to get it, and what it is
    "live": ("sorted(shown.live)", "the live connections"),
    "entries": (
        "sorted((t, *entry) for t, entry in shown.entries.items())",
        "thread, generation, conversation, items of the turn",
    ),
    "links": (LINKS, "thread, subscribed connection"),
    "ids": ("sorted((s, *pair) for s, pair in shown.ids.items())", "subscription id, thread, connection"),
    "raw": ("sorted(shown.raw)", "thread, connection with raw events"),
}
MAPS = (  # other ways to disagree
    ("empty", "without_threads", "[c for c, threads in shown.threads_of.items() if not threads]"),
    ("keys", "in_one_map_only", "sorted(shown.subscribers.keys() ^ shown.entries.keys())"),
)
ANSWERS = {"state": ("answer is not None", "a state"), "refused": ("answer is None", "None: refused")}


def check(claim: dict[str, Any]) -> tuple[list[str], str, str]:  # noqa: PLR0911, PLR0912  # one return for each kind of claim
    """Lines that observe, the forbidden condition, and the observation in words."""
    match claim["kind"]:
        case "maps":
            look = [
                f"by_thread = {LINKS}",
                "by_connection = sorted((t, c) for c, threads in shown.threads_of.items() for t in threads)",
                "by_id = sorted(shown.ids.values())",
            ]
            test = "by_thread != by_connection or not set(by_id) <= set(by_thread)"
            told = "(thread, connection) by thread {by_thread}, by connection {by_connection}, by id {by_id}"
            for key, name, seen in MAPS:
                if claim[key]:
                    look.append(f"{name} = {seen}")
                    test, told = f"{test} or {name}", f"{told}, {name} {{{name}}}"
            return look, test, told
        case "dead":
            among = "not in shown.live" if claim["not_live"] is None else f"in {claim['not_live']}"
            note = "" if claim["not_live"] is None else "  # closed, or never initialised"
            return [f"dead = {LINKS[:-1]} if c {among}){note}"], "dead", "(thread, connection) {dead}"
        case "revived":
            return [f"revived = [c for c in {claim['closed']} if c in shown.live]  # all of these closed before"], "revived", "{revived}"
        case "view":
            return _check_view(claim)
        case "answer":
            tests = [ANSWERS[kind] if kind in ANSWERS else _value(kind, more) for kind, *more in claim["allowed"]]
            look = [f"# some sequential order of the calls returns {' or '.join(words for _, words in tests)}"]
            right = " or ".join(test for test, _ in tests)
            return look, f"answer is not ... and not ({right})", "it returned {answer!r}"
        case "listener":
            look = [
                "locks = list(manager.locks().values())",
                "running = [state for stopped, state in listeners if stopped.outcome is Outcome.WAITING]",
                "astray = [state for state in running if not any(lock is state.lock for lock in locks)]",
            ]
            return look, "astray", "{len(astray)} listeners run on a state that is not in the map"
        case "two":
            look = ["running = [id(state) for stopped, state in listeners if stopped.outcome is Outcome.WAITING]"]
            return look, "len(running) > len(set(running))", "{len(running)} listeners run on {len(set(running))} state"
        case "task":
            look = ["others = asyncio.all_tasks() - {asyncio.current_task(), *tasks.values()}"]
            return [*look, "left = sorted(task.get_name() for task in others)"], "left", "{left}"
        case "lock":
            return ["held = [name for name, lock in manager.locks().items() if lock.locked()]"], "held", "{held}"
        case "unretrieved":
            look = [
                "for task in tasks.values():",
                "    task.done() and not task.cancelled() and task.exception()  # a request's exception belongs to its caller",
                "manager, task, tasks = None, None, {}  # asyncio complains about a failed task when it is collected",
                "gc.collect()",
            ]
            return look, "unretrieved", "{unretrieved[0].get('exception') or unretrieved[0]['message']}"
        case "stuck":
            return ["waiting = [name for name, task in tasks.items() if not task.done()]"], "waiting", "{waiting} wait for ever"
        case "held":
            return [], "held", "M is locked and no step can run"
        case "restless":
            return [], "moving", f"still moving after {REST:,} steps"
        case "raises":
            look = [f'task = tasks["{claim["task"]}"]', "error = task.exception() if task.done() and not task.cancelled() else None"]
            return look, f"type(error).__name__ == '{claim['error']}'", "{error}"
    return [], "", ""


def _check_view(claim: dict[str, Any]) -> tuple[list[str], str, str]:
    allowed = claim["allowed"]
    parts = list(allowed[0])
    look = [f"{part} = {PARTS[part][0]}  # {PARTS[part][1]}" for part in parts]
    right = [", ".join(_literal(row[part]) for part in parts) for row in allowed]
    shown = ", ".join(parts)
    if len(parts) > 1:
        shown, right = f"({shown})", [f"({r})" for r in right]
    look.append("# allowed: the states of the sequential orders of the calls")
    test = f"{shown} != {right[0]}" if len(right) == 1 else f"{shown} not in ({', '.join(right)})"
    return look, test, ", ".join(f"{part} {{{part}}}" for part in parts)


def _literal(value: list[Any]) -> str:
    """A sorted list of tuples; the record, which is JSON, has lists."""
    return repr([tuple(v) if isinstance(v, list) else v for v in value])


def _value(kind: str, values: list[Any]) -> tuple[str, str]:
    """A test for an answer that is plain data, and the answer."""
    if kind == "ids":
        return f"list(answer) == {values}", str(values)
    value = values[0]
    return f"answer is {value}" if value is None or isinstance(value, bool) else f"answer == {value}", str(value)
