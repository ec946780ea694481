"""Writes a fifo finding of a manager as a script of plain asyncio: its operations, and the outside events at their steps.

The script needs no harness and runs on the stock event loop; see `reports.script.driver`. Whether it fails is not known here:
`stateful_tests.script.run` runs it before anybody claims so.
"""

from typing import Any

from subwarden.model.manager import operations as op
from subwarden.model.manager.operations import Operation
from subwarden.reports.script import driver
from subwarden.reports.script.manager_claims import check

LISTENERS = ("listener", "two")
AT_END = (*LISTENERS, "task", "lock", "unretrieved", "stuck", "restless")  # judged after all waiting
ENDLESS = ("restless", "blocked")
ORDERED = ("answer", "view", "dead", "revived")  # wrong after these calls and answers only; with others the same may be right
LINE = 120  # characters
SHOWN_ALONE = "shown = manager.show()"
SHOWN = "shown, known = manager.show(), history.copy()"
NOTED = '''\
async def noted(name, call):
    """Make a call, and note that it is made and what it returns."""
    history.append(f"{name} calls")
    answer = await call
    history.append(f"{name} returns {answer if answer is None or isinstance(answer, int) else '...'}")
    return answer
'''


def write(finding: dict[str, Any]) -> str:
    """The script of a finding record that has a `plain` part."""
    plain, claim = finding["plain"], finding["plain"]["claim"]
    chains = [[op.decode(data) for data in chain] for chain in plain["program"]["tasks"]]
    names = [task["name"] for task in finding["tasks"]]
    operations = [operation for chain in chains for operation in chain]
    said = f"{finding['property']} {finding['title']}: {finding['said']}"
    shape = _shape(plain)
    shared = _globals(names, chains, operations, claim)
    lines = [*driver.heading(said, shape), *_imports(plain, claim, operations), *(["", *shared] if shared else []), "", ""]
    calls: dict[str, str] = {}
    for name, chain in zip(names, chains, strict=True):
        direct = plain["coroutines"] and len(chain) == 1 and name not in (*(claim.get("answer") or ()), *(claim.get("look") or ()))
        calls[name] = _call(name, chain[0], claim) if direct else f"request_{name.lower()}(manager)"
        if not direct:
            lines += [*_request(name, chain, claim), "", ""]
    body = _body(plain, said, calls, shape)
    noted = [NOTED] if claim["kind"] in ORDERED else []
    lines += driver.script(body, plain["schedule"], shape, helpers=noted, before=driver.watched(said, claim["kind"]))
    return "\n".join(lines) + "\n"


def _shape(plain: dict[str, Any]) -> driver.Shape:
    claim, schedule = plain["claim"], plain["schedule"]
    resting = claim["kind"] not in ENDLESS and (claim["steps"] or 0) in plain["rests"] and driver.only_at_rest(schedule, plain["rests"])
    return driver.Shape(resting, driver.passes(schedule) or claim["kind"] in AT_END)


def _imports(plain: dict[str, Any], claim: dict[str, Any], operations: list[Operation]) -> list[str]:
    ours = set(plain["subject"]["imports"])
    if any(isinstance(o, op.StateSetListener) for o in operations):
        ours.add(
            "from subwarden.impl.manager.oneshot import Outcome, oneshot"
            if claim["kind"] in LISTENERS
            else "from subwarden.impl.manager.oneshot import oneshot"
        )
    if _conversations(operations):
        ours.add("from subwarden.impl.manager.conversation import Conversation")
    if any(isinstance(o, op.StateTrackEvent) for o in operations):
        ours.add("from subwarden.model.manager.operations import TurnEvent")
    return driver.imports(plain["subject"]["modules"], claim["kind"], plain["subject"]["setup"], sorted(ours), _shape(plain))


def _globals(names: list[str], chains: list[list[Operation]], operations: list[Operation], claim: dict[str, Any]) -> list[str]:
    lines = [f"conversation_{number} = Conversation({number})" for number in _conversations(operations)]
    for name, chain in zip(names, chains, strict=True):
        lines += [f"{_release(name, at)} = asyncio.Event()" for at in range(sum(isinstance(o, op.HoldState) for o in chain))]
    if claim["kind"] in LISTENERS:
        lines.append("listeners = []  # (stop signal, thread state) of each listener")
    if claim["kind"] in ORDERED:
        lines.append("history = []  # calls and answers, in order")
    initial = {"answer": "answer = ...  # not returned yet", "unretrieved": "unretrieved = []"}
    return [
        *lines,
        *([initial[claim["kind"]]] if claim["kind"] in initial else []),
        *(["shown = known = None"] if claim.get("look") else []),
    ]


def _conversations(operations: list[Operation]) -> list[int]:
    return sorted({o.conversation for o in operations if isinstance(o, op.StateSetListener | op.StateListenerMatches)})


def _release(name: str, at: int) -> str:
    return f"release_{name.lower()}" + (f"_{at + 1}" if at else "")


# --- the requests


def _call(name: str, operation: Operation, claim: dict[str, Any]) -> str:
    made = f"manager.{operation.name}({', '.join(_arguments(operation))})"
    return f'noted("{name}", {made})' if claim["kind"] in ORDERED else made


def _request(name: str, chain: list[Operation], claim: dict[str, Any]) -> list[str]:
    lines = [f"async def request_{name.lower()}(manager):"]
    noted = claim["kind"] in ORDERED
    looks = "shown, known" if noted else "shown"
    shared = [variable for variable, key in (("answer", "answer"), (looks, "look")) if (claim.get(key) or [None])[0] == name]
    if shared:
        lines.append(f"    global {', '.join(shared)}")
    holds, unsure = 0, False  # unsure: whether the request was given a state
    for at, operation in enumerate(chain):
        asked = claim.get("answer") == [name, at]
        if isinstance(operation, op.MANAGER_OPERATIONS):
            has_state = isinstance(operation, op.RETURNS_STATE) and any(isinstance(o, op.STATE_OPERATIONS) for o in chain[at + 1 :])
            assign = ("state = " if has_state else "") + ("answer = " if asked else "")
            lines.append(f"    {assign}await {_call(name, operation, claim)}")
            unsure = unsure or has_state
        else:
            if unsure:
                lines += ["    if state is None:  # refused", "        return"]
                unsure = False
            if isinstance(operation, op.StateSetListener):
                lines.append("    cancel, stopped = oneshot()")
            lines += [
                *([f'    history.append("{name} calls")'] if noted else []),
                "    async with state.lock:",
                *(f"        {line}" for line in _on_state(operation, _release(name, holds), asked, claim)),
            ]
            lines += [f'    history.append("{name} returns ...")'] if noted else []
            holds += isinstance(operation, op.HoldState)
        if claim.get("look") == [name, at]:
            lines.append(f"    {SHOWN if noted else SHOWN_ALONE}")
    return lines


def _arguments(operation: Operation) -> list[str]:
    """The operation's arguments, the flag by its name."""
    values = [getattr(operation, field) for field in operation.__match_args__]
    return [f"experimental_raw_events={value}" if isinstance(value, bool) else str(value) for value in values]


def _on_state(operation: Operation, release: str, asked: bool, claim: dict[str, Any]) -> list[str]:
    """The lines of an operation on the request's state, under the state's lock."""
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


def _events(plain: dict[str, Any], calls: dict[str, str]) -> list[driver.Outside]:
    """The outside events as code, and the observation at its moment; the last event is the end."""
    found: list[driver.Outside] = []
    released: dict[str, int] = {}
    steps = 0
    for number, name in enumerate(plain["schedule"], 1):
        if driver.is_step(name):
            steps += 1
            continue
        kind, _, task = name[1:].partition("@")[0].partition(" ")
        if not name.startswith("+"):
            code = driver.time_passes(name)
        elif kind == "start":
            code = f'tasks["{task}"] = asyncio.create_task({calls[task]}, name="{task}")'
        elif kind == "cancel":
            code = f'tasks["{task}"].cancel()'
        else:
            code = f"{_release(task, released.get(task, 0))}.set()"
            released[task] = released.get(task, 0) + 1
        found.append(driver.Outside(steps, [code], number))
    found.append(driver.Outside(steps, []))
    moment = plain["claim"]["steps"]
    if moment is not None:
        at = next(at for at, event in enumerate(found) if event.before >= moment)
        found.insert(at, driver.Outside(moment, [_look(plain)]))
    return found


def _look(plain: dict[str, Any]) -> str:
    if plain["claim"]["kind"] == "held":
        return f'held = {"" if _shape(plain).resting else "not loop.queued and "}manager.locks()["M"].locked()'
    return SHOWN if plain["claim"]["kind"] in ORDERED else SHOWN_ALONE


def _body(plain: dict[str, Any], said: str, calls: dict[str, str], shape: driver.Shape) -> list[str]:
    """The body of the script: the outside events at their steps, and the assertion."""
    claim = plain["claim"]
    lines = [
        driver.handler(claim["kind"]),
        *(["global shown, known"] if claim.get("look") and claim["kind"] in ORDERED else ["global shown"] if claim.get("look") else []),
    ]
    lines += ["tasks = {}", f"manager = {plain['subject']['make']}()", *driver.events_in(_events(plain, calls), plain["schedule"], shape)]
    if claim["kind"] != "blocked":
        lines.append(driver.settle([], shape))
    if claim["kind"] == "restless":
        lines.append("moving = loop.queued > 0 or loop.time_passes()")
    look, test, told = check(claim)
    if not test:
        return [*lines, driver.holds("every step ends soon"), "os._exit(0)"] if claim["kind"] == "blocked" else lines
    if claim["kind"] in ("maps", "dead", "revived", "view"):
        look = [*driver.unseen(["shown"]), *look]
    if claim["kind"] in ORDERED:
        rows = [f'"{entry}"' for entry in claim["history"]]
        expected = f"as_found = [{', '.join(rows)}]"
        look = [
            "# the calls and answers of the finding; had they come in another order, the same might be right",
            *([expected] if len(expected) < LINE else ["as_found = [", *(f"    {row}," for row in rows), "]"]),
            *look,
        ]
        known = f"history[:{len(rows)}]" if claim["kind"] == "answer" else "known"
        test = f"{known} == as_found and {f'({test})' if ' or ' in test else test}"
    return [*lines, *driver.verdict(said, look, test, told)]
