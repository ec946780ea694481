"""Writes a fifo finding as a script of plain asyncio: the subject, its requests, and what comes from outside at which step.

The script needs no harness and runs on the stock event loop. Where everything from outside comes while nothing else can move, it is a
coroutine that lets the loop come to rest in between. Otherwise it queues a turn of its own behind every callback that is queued, so that it
can act between any two steps; nothing of the subject runs earlier or later for that. Whether a script fails is not known here:
`stateful_tests.plain_run` runs it before anybody claims so.
"""

from typing import Any

from model import operations as op
from model.operations import Operation

REST = 10_000  # steps; a run that takes more does not come to rest
TURNS = 100  # of the loop, in a script that waits for rest only; a step takes one, and those of a minimal run are few

RESTING = '''\
async def rest():
    """Let everything that can move do so."""
    for _ in range({turns}):
        await asyncio.sleep(0)
'''
DRIVER = '''\
def call_soon(callback, *arguments, context=None):
    """The loop's own; right behind each callback comes a turn of ours, so that we can act between any two steps. Nothing changes places."""
    global queued
    queued += 1
    handle = stock_call_soon(callback, *arguments, context=context)
    stock_call_soon(turn)
    return handle


def turn():
    """A step of the loop has run. When those that were waited for have, or nothing can move, what is next from outside happens."""
    global queued, left
    queued, left = queued - 1, left - 1
    while not (queued and left):
        left = next(events, 0)
        if not left:
            return loop.stop()


loop = asyncio.new_event_loop()
{before}
stock_call_soon, loop.call_soon = loop.call_soon, call_soon
queued = left = 1
events = outside()
stock_call_soon(turn)
loop.run_forever()
'''
QUIET = "loop.set_exception_handler(lambda *_: None)  # requests left waiting are not worth a word"
BLOCKED = "threading.Timer(5, blocked)  # seconds; a step takes microseconds"
LISTENERS = ("listener", "two")
LINKS = "sorted((t, c) for t, connections in shown.subscribers.items() for c in connections)"
PARTS = {  # of what a manager shows: how to get it, and what it is
    "live": ("sorted(shown.live)", "the live connections"),
    "entries": (
        "sorted((t, *entry) for t, entry in shown.entries.items())",
        "thread, its listeners so far, conversation, items of the turn",
    ),
    "links": (LINKS, "thread, connection that is subscribed to it"),
    "ids": ("sorted((s, *pair) for s, pair in shown.ids.items())", "subscription id, thread, connection"),
    "raw": ("sorted(shown.raw)", "thread, connection that gets raw events of it"),
}
MAPS = (  # other ways to disagree
    ("empty", "without_threads", "[c for c, threads in shown.threads_of.items() if not threads]"),
    ("keys", "in_one_map_only", "sorted(shown.subscribers.keys() ^ shown.entries.keys())"),
)
ANSWERS = {"state": ("answer is not None", "a state"), "refused": ("answer is None", "None: refused")}


def write(finding: dict[str, Any]) -> str:
    """The script of a finding record that has a `plain` part."""
    plain, claim = finding["plain"], finding["plain"]["claim"]
    chains = [[op.decode(data) for data in chain] for chain in plain["program"]["tasks"]]
    names = [task["name"] for task in finding["tasks"]]
    operations = [operation for chain in chains for operation in chain]
    said = f"{finding['property']} {finding['title']}: {finding['mechanism']}"
    lines = [f'"""{said}', "", "Plain asyncio on its stock event loop, and the subject. Exit code 1 and one line if it shows, 0 if not."]
    shared = _globals(plain, names, chains, operations, claim)
    lines += ['"""', "", *_imports(plain, claim, operations), *(["", *shared] if shared else []), "", ""]
    calls: dict[str, str] = {}
    for name, chain in zip(names, chains, strict=True):
        direct = plain["coroutines"] and len(chain) == 1 and name not in (*(claim.get("answer") or ()), *(claim.get("look") or ()))
        calls[name] = _call(chain[0]) if direct else f"request_{name.lower()}(manager)"
        if not direct:
            lines += [*_request(name, chain, claim), "", ""]
    if _rests(plain):
        lines += [*RESTING.format(turns=max(TURNS, 2 * len(plain["schedule"]))).splitlines(), "", "", "async def main():"]
        lines += [f"    {line}" for line in [*_resting(plain, calls), *_verdict(said, claim, "return ")]]
        lines += ["", "", "sys.exit(asyncio.run(main()))"]
    else:
        lines += [*_outside(plain, calls), "", "", *_driver(said, claim), *_verdict(said, claim, "sys.exit")]
    return "\n".join(lines) + "\n"


def _rests(plain: dict[str, Any]) -> bool:
    """Whether all that comes from outside, and the look, comes while nothing else can move."""
    claim = plain["claim"]
    if claim["kind"] in ("restless", "blocked") or (claim["steps"] or 0) not in plain["rests"]:
        return False
    done, before = 0, ""
    for name in plain["schedule"]:
        if name.startswith("+") and not before.startswith("+") and done not in plain["rests"]:
            return False
        done += not name.startswith("+")
        before = name
    return True


def _imports(plain: dict[str, Any], claim: dict[str, Any], operations: list[Operation]) -> list[str]:
    extra = {"unretrieved": ["gc"], "blocked": ["os", "threading"]}.get(claim["kind"], [])
    ours = set(plain["subject"]["imports"])
    if any(isinstance(o, op.StateSetListener) for o in operations):
        ours.add("from impl.oneshot import Outcome, oneshot" if claim["kind"] in LISTENERS else "from impl.oneshot import oneshot")
    if _conversations(operations):
        ours.add("from impl.conversation import Conversation")
    if any(isinstance(o, op.StateTrackEvent) for o in operations):
        ours.add("from model.operations import TurnEvent")
    standard = sorted({"asyncio", "sys", *extra, *plain["subject"]["modules"]})
    return [*(f"import {module}" for module in standard), "", *plain["subject"]["setup"], *sorted(ours)]


def _globals(
    plain: dict[str, Any], names: list[str], chains: list[list[Operation]], operations: list[Operation], claim: dict[str, Any]
) -> list[str]:
    lines = [] if _rests(plain) else ["tasks = {}"]
    lines += [f"conversation_{number} = Conversation({number})" for number in _conversations(operations)]
    for name, chain in zip(names, chains, strict=True):
        lines += [f"{_release(name, at)} = asyncio.Event()" for at in range(sum(isinstance(o, op.HoldState) for o in chain))]
    if claim["kind"] in LISTENERS:
        lines.append("listeners = []  # the receiver of each one's word to stop, and the state it was put on")
    initial = {"answer": "answer = ...  # not yet", "unretrieved": "unretrieved = []"}
    return [*lines, *([initial[claim["kind"]]] if claim["kind"] in initial else []), *(["shown = None"] if claim.get("look") else [])]


def _conversations(operations: list[Operation]) -> list[int]:
    return sorted({o.conversation for o in operations if isinstance(o, op.StateSetListener | op.StateListenerMatches)})


def _release(name: str, at: int) -> str:
    return f"release_{name.lower()}" + (f"_{at + 1}" if at else "")


# --- the requests


def _call(operation: Operation) -> str:
    return f"manager.{operation.name}({', '.join(_arguments(operation))})"


def _request(name: str, chain: list[Operation], claim: dict[str, Any]) -> list[str]:
    lines = [f"async def request_{name.lower()}(manager):"]
    shared = [variable for variable, key in (("answer", "answer"), ("shown", "look")) if (claim.get(key) or [None])[0] == name]
    if shared:
        lines.append(f"    global {', '.join(shared)}")
    holds, unsure = 0, False  # unsure: whether the request was given a state
    for at, operation in enumerate(chain):
        asked = claim.get("answer") == [name, at]
        if isinstance(operation, op.MANAGER_OPERATIONS):
            has_state = isinstance(operation, op.RETURNS_STATE) and any(isinstance(o, op.STATE_OPERATIONS) for o in chain[at + 1 :])
            assign = ("state = " if has_state else "") + ("answer = " if asked else "")
            lines.append(f"    {assign}await {_call(operation)}")
            unsure = unsure or has_state
        else:
            if unsure:
                lines += ["    if state is None:  # refused", "        return"]
                unsure = False
            if isinstance(operation, op.StateSetListener):
                lines.append("    cancel, stopped = oneshot()")
            lines += [
                "    async with state.lock:",
                *(f"        {line}" for line in _on_state(operation, _release(name, holds), asked, claim)),
            ]
            holds += isinstance(operation, op.HoldState)
        if claim.get("look") == [name, at]:
            lines.append("    shown = manager.show()")
    return lines


def _arguments(operation: Operation) -> list[str]:
    """As the manager takes them, the flag by its name."""
    values = [getattr(operation, field) for field in operation.__match_args__]
    return [f"experimental_raw_events={value}" if isinstance(value, bool) else str(value) for value in values]


def _on_state(operation: Operation, release: str, asked: bool, claim: dict[str, Any]) -> list[str]:
    """What a request does on its state, under the state's lock."""
    match operation:
        case op.StateSetListener(conversation):
            call = f"state.set_listener(cancel, conversation_{conversation})"
            if claim["kind"] in LISTENERS:
                return [f"if {call} is not None:", "    listeners.append((stopped, state))"]
            return [f"placed = {call}", "answer = None if placed is None else placed[1]"] if asked else [call]
        case op.StateClearListener():
            return ["state.clear_listener()"]
        case op.StateListenerMatches(conversation):
            return [f"{'answer = ' if asked else ''}state.listener_matches(conversation_{conversation})"]
        case op.StateTrackEvent(event):
            track = f"state.track_current_turn_event(TurnEvent.{event.name})"
            return [track, *(["answer = state.shown().turn"] if asked else [])]
    return [f"await {release}.wait()"]


# --- what comes from outside


def _events(plain: dict[str, Any], calls: dict[str, str], create: str) -> list[tuple[int, str, list[str]]]:
    """What comes from outside, as code, each with the number of steps before it and what these are: the last one is the end."""
    found: list[tuple[int, str, list[str]]] = []
    released: dict[str, int] = {}
    steps: list[str] = []
    for name in plain["schedule"]:
        if not name.startswith("+"):
            steps.append(name)
            continue
        kind, _, task = name[1:].partition("@")[0].partition(" ")
        if kind == "start":
            code = f'tasks["{task}"] = {create}({calls[task]}, name="{task}")'
        elif kind == "cancel":
            code = f'tasks["{task}"].cancel()'
        else:
            code = f"{_release(task, released.get(task, 0))}.set()"
            released[task] = released.get(task, 0) + 1
        found.append((len(steps), code, steps.copy()))
    return [*found, (len(steps), "", steps)]


def _look(claim: dict[str, Any]) -> str:
    return {"held": 'held = not queued and manager.locks()["M"].locked()'}.get(claim["kind"], "shown = manager.show()")


def _resting(plain: dict[str, Any], calls: dict[str, str]) -> list[str]:
    """The body of a script that comes to rest between what comes from outside."""
    claim = plain["claim"]
    loud = claim["kind"] in ("raises", "stuck", "held")
    lines = ["asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # what happens is told below"] if loud else []
    if claim["kind"] == "unretrieved":
        lines = ["asyncio.get_running_loop().set_exception_handler(lambda _, context: unretrieved.append(context))"]
    if claim.get("look"):
        lines.append("global shown")
    lines += ["tasks = {}", f"manager = {plain['subject']['make']}()"]
    done, looked = 0, claim["steps"] is None
    for before, code, _ in _events(plain, calls, "asyncio.create_task"):
        if before > done:
            lines.append("await rest()")
            done = before
        if not looked and done >= claim["steps"]:
            lines.append(_look(claim).replace("not queued and ", ""))
            looked = True
        lines += [code] if code else []
    return lines


def _outside(plain: dict[str, Any], calls: dict[str, str]) -> list[str]:
    """The story of a script that counts steps."""
    claim = plain["claim"]
    lines = [f"manager = {plain['subject']['make']}()"]
    shared = ["manager"]
    done = 0
    for before, code, steps in _events(plain, calls, "loop.create_task"):
        stops = [before] if claim["steps"] is None or not done < claim["steps"] <= before else sorted({claim["steps"], before})
        for stop in stops:
            if stop > done:
                lines.append(_waits(done, stop, steps))
                done = stop
            if stop == claim["steps"] and _look(claim) not in lines:
                lines.append(_look(claim))
                shared.append(_look(claim).partition(" ")[0])
        lines += [code] if code else []
    lines.append(f"yield {REST:_}  # or fewer: until nothing can move")
    if claim["kind"] == "restless":
        lines.append("moving = queued > 0")
        shared.append("moving")
    head = [
        "def outside():",
        '    """What comes from outside, and when: `yield n` lets the loop run n steps."""',
        f"    global {', '.join(shared)}",
    ]
    return [*head, *(f"    {line}" for line in lines)]


def _waits(done: int, stop: int, steps: list[str]) -> str:
    which = f"step {stop}" if stop == done + 1 else f"steps {done + 1} to {stop}"
    who = ", ".join(steps[done:stop])
    return f"yield {stop - done}  # {which}" + (f": {who}" if len(who) < 80 else "")


def _driver(said: str, claim: dict[str, Any]) -> list[str]:
    before = {"unretrieved": "loop.set_exception_handler(lambda _, context: unretrieved.append(context))"}.get(claim["kind"], QUIET)
    if claim["kind"] == "blocked":
        exits = [f"    sys.stderr.write({(said + chr(10))!r})", "    os._exit(1)"]
        before += "\n" + "\n".join(["", "", "def blocked():", *exits, "", "", f"watch = {BLOCKED}", "watch.daemon = True", "watch.start()"])
    return DRIVER.format(before=before).splitlines()


# --- the assertion


def _verdict(said: str, claim: dict[str, Any], leave: str) -> list[str]:
    """The end of the script: what must not be, and the one line that says so. `leave` says how to end."""
    look, test, told = _check(claim)
    if not test:
        return []
    if claim["kind"] in ("maps", "dead", "revived", "view"):
        nothing = "return None" if leave == "return " else "sys.exit()"
        look = ["if shown is None:  # in the middle of a change: there is nothing to see", f"    {nothing}", *look]
    if leave == "return ":
        look = [line for line in look if "stock_call_soon" not in line]
        look = [
            line.replace(
                "loop.run_until_complete(asyncio.wait(tasks.values(), timeout=0.2))", "await asyncio.wait(tasks.values(), timeout=0.2)"
            )
            for line in look
        ]
        look = [line.replace("asyncio.all_tasks(loop)", "asyncio.all_tasks() - {asyncio.current_task()}") for line in look]
    text = f"{said}: {told}".replace('"', "'")
    word = f'{"f" if "{" in text else ""}"{text}"'
    last = [f"    return {word}", "return None"] if leave == "return " else [f"    sys.exit({word})"]
    return [*look, f"if {test}:", *last]


def _check(claim: dict[str, Any]) -> tuple[list[str], str, str]:  # noqa: PLR0911, PLR0912  # one return for each kind of claim
    """Lines that look, the condition that must not hold, and what was seen."""
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
            note = "" if claim["not_live"] is None else "  # closed by now, or never initialised"
            return [f"dead = {LINKS[:-1]} if c {among}){note}"], "dead", "(thread, connection) {dead}"
        case "revived":
            return [f"revived = [c for c in {claim['closed']} if c in shown.live]  # all of these have closed"], "revived", "{revived}"
        case "view":
            return _check_view(claim)
        case "answer":
            tests = [ANSWERS[kind] if kind in ANSWERS else _value(kind, more) for kind, *more in claim["allowed"]]
            look = [f"# in some one-at-a-time order of the calls it answers {' or '.join(words for _, words in tests)}"]
            right = " or ".join(test for test, _ in tests)
            return look, f"answer is not ... and not ({right})", "it answered {answer!r}"
        case "listener":
            look = [
                "locks = list(manager.locks().values())",
                "running = [state for stopped, state in listeners if stopped.outcome is Outcome.WAITING]",
                "astray = [state for state in running if not any(lock is state.lock for lock in locks)]",
            ]
            return look, "astray", "{len(astray)} listening, to a state that no thread in the map has"
        case "two":
            look = ["running = [id(state) for stopped, state in listeners if stopped.outcome is Outcome.WAITING]"]
            return look, "len(running) > len(set(running))", "{len(running)} listeners, {len(set(running))} state"
        case "task":
            return ["left = [task.get_name() for task in asyncio.all_tasks(loop)]"], "left", "{left}"
        case "lock":
            return ["held = [name for name, lock in manager.locks().items() if lock.locked()]"], "held", "{held}"
        case "unretrieved":
            look = [
                "for task in tasks.values():",
                "    task.done() and not task.cancelled() and task.exception()  # what a request raises is its caller's",
                "manager, tasks = None, {}",
                "gc.collect()",
            ]
            return look, "unretrieved", "{unretrieved[0].get('exception') or unretrieved[0]['message']}"
        case "stuck":
            look = [
                "loop.call_soon = stock_call_soon",
                "loop.run_until_complete(asyncio.wait(tasks.values(), timeout=0.2))  # time does not help either",
                "waiting = [name for name, task in tasks.items() if not task.done()]",
            ]
            return look, "waiting", "{waiting}"
        case "held":
            return [], "held", "M is locked, and no step is left to run"
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
    look.append("# right is what some one-at-a-time order of the calls shows")
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
