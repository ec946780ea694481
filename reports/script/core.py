"""Writes a fifo finding of level core or custom as a script of plain asyncio: the adapter, its requests, and the outside events.

The script needs no harness and runs on the stock event loop; see `reports.script.driver`. It closes an adapter that can be closed where
the finding is about the end, and asserts what `reports.script.core_claims` says. Whether it fails is not known here:
`stateful_tests.script.run` runs it before anybody claims so.
"""

from typing import Any

from subwarden.reports.script import driver
from subwarden.reports.script.core_claims import AT_REST, ORDERED, Check, check
from subwarden.reports.script.core_world import CALL, ENDS, ENVIRONMENT, MAPS, NOTED, ONE_TABLE, SEVERAL, TABLES, WORK

AFTER_CLOSE = ("task", "unretrieved", "lock", "closing", "unclosed")  # claims about the end, when the adapter has been closed
IN_ORDER = "# the calls and answers of the finding; had they come in another order, the same might be right"


def write(finding: dict[str, Any]) -> str:
    """The script of a finding record that has a `plain` part."""
    plain = finding["plain"]
    kind = plain["claim"][0]
    said = f"{finding['property']} {finding['title']}: {finding['said']}"
    shape = _shape(plain)
    found = check(plain["claim"], tables=bool(plain.get("tables")))
    body = _body(plain, said, found, shape)
    if any(entry[1:] == ["returns", "ANY"] for entry in plain["history"]):
        plain["subject"] = {**plain["subject"], "imports": [*plain["subject"]["imports"], "from unittest.mock import ANY"]}
    lines = [
        *driver.heading(said, shape),
        *driver.imports(plain["subject"]["modules"], kind, plain["subject"]["setup"], plain["subject"]["imports"], shape),
        "",
        "tasks = {}",
    ]
    if _ordered(plain):
        lines.append("history = []  # calls and answers, in order")
    if kind == "unretrieved":
        lines.append("unretrieved = []")
    lines += ["", ""]
    for name, calls in plain["tasks"].items():
        lines += [*_request(name, calls, plain), "", ""]
    lines += driver.script(
        body, plain["schedule"], shape, world=_world(plain), helpers=_helpers(plain, body), before=driver.watched(said, kind)
    )
    return "\n".join(lines) + "\n"


def _helpers(plain: dict[str, Any], body: list[str]) -> list[str]:
    """The texts of the parts that the script uses."""
    ordered = _ordered(plain)
    calls = (
        plain["start"] or _closes(plain) or not (ordered or all(awaited for calls in plain["tasks"].values() for _, _, awaited in calls))
    )
    maps = MAPS
    if tables := plain.get("tables"):
        maps = TABLES.format(clients=f"({', '.join(map(_quoted, tables['clients']))},)", every=ONE_TABLE if tables["one"] else SEVERAL)
    used = {
        ENVIRONMENT: bool(_world(plain)),
        ENDS: _detaches(plain),
        CALL: calls,
        NOTED: ordered,
        maps: "maps()" in str(body),
        WORK: "work(task)" in str(body),
    }
    return [text for text, wanted in used.items() if wanted]


def _shape(plain: dict[str, Any]) -> driver.Shape:
    kind, schedule = plain["claim"][0], plain["schedule"]
    at_rest = driver.only_at_rest(schedule, plain["rests"]) and (plain["steps"] is None or plain["steps"] in plain["rests"])
    return driver.Shape(at_rest and kind not in ("restless", "blocked"), driver.passes(schedule) or plain["waited"] or kind in AT_REST)


def _ordered(plain: dict[str, Any]) -> bool:
    """Whether what the script asserts is wrong after these calls and answers only."""
    kind = plain["claim"][0]
    if kind in ("stuck", "task"):  # a request may wait for ever if a model of its own says so, a task while a client is there
        return bool(plain["lenient"])
    return kind in ORDERED


def _closes(plain: dict[str, Any]) -> bool:
    return plain["claim"][0] in AFTER_CLOSE and bool(plain["close"])


def _request(name: str, calls: list[list[Any]], plain: dict[str, Any]) -> list[str]:
    """A caller's coroutine, which makes its calls one after the other."""
    lines = [f"async def request_{name.lower()}():"]
    for method, arguments, awaited in calls:
        if method == "detach":
            lines.append(f"    await ends({_quoted(arguments[-1])})")
        if plain["environment"] and arguments and method in plain["leaving"]:
            change = "discard" if method == "connect" else "add"
            gone = arguments[-1] if method == "detach" else arguments[0]  # of `detach(client, socket)`, the socket has gone
            lines.append(f"    environment.left.{change}({_quoted(gone)})")
        given = list(map(_quoted, arguments))
        made = f"adapter.{method}({', '.join(given)})" if awaited else f"call({', '.join([f'adapter.{method}', *given])})"
        noted = f"noted({', '.join(map(_quoted, [name, method, *arguments]))})"
        lines.append(f"    await {noted if _ordered(plain) else made}")
    return [*lines, *(["    pass"] if len(lines) == 1 else [])]


def _row(entry: list[Any]) -> str:
    """An entry of the history, as code."""
    task, kind, *about = entry
    if kind == "calls":
        return f"({', '.join(map(_quoted, [task, about[0], *about[1]]))})"
    return f'("{task}", "returns", {about[0]})'


def _quoted(value: Any) -> str:
    """A value as code, a text in double quotes where that needs no escapes."""
    return f'"{value}"' if isinstance(value, str) and value.isprintable() and not set(value) & set('"\\') else repr(value)


# --- what comes from outside, and the end


def _body(plain: dict[str, Any], said: str, found: Check, shape: driver.Shape) -> list[str]:
    kind = plain["claim"][0]
    world = ["environment"] if _world(plain) else []
    lines = [f"global {', '.join(['adapter', *world])}", driver.handler(kind)]
    if world:
        lines.append("environment = Environment()")
    lines.append(f"adapter = {plain['subject']['make']}({', '.join(world if plain['environment'] else [])})")
    look, test = _looks(plain, found)
    lines += _start(plain, shape)
    lines += driver.events_in(_events(plain, [*look, f"wrong = {test}"]), plain["schedule"], shape)
    if kind != "blocked":
        lines.append(driver.settle(_world(plain), shape))
    if _closes(plain):
        lines.append('closing = tasks["close"] = asyncio.create_task(call(adapter.close), name="close")')
        lines.append(driver.settle(_world(plain), shape, "close() may wait, too"))
    if kind == "blocked":
        return [*lines, driver.holds("every step ends soon"), "os._exit(0)"]
    why = _why(plain)
    if plain["steps"] is not None:
        return [*lines, *driver.verdict(said, [], "wrong", found.told, why)]
    return [*lines, *driver.verdict(said, look, test, found.told, why)]


def _why(plain: dict[str, Any]) -> list[str]:
    """Lines that say why the script holds, where the order of calls matters."""
    if not _ordered(plain):
        return []
    differs = 'f"{now} came, in the finding {then}" for now, then in zip(history, as_found) if now != then'
    return [f"why = [{differs}]", f'print("{driver.HOLDS}:", (why or ["{driver.NOT_SHOWN}"])[0], flush=True)']


def _start(plain: dict[str, Any], shape: driver.Shape) -> list[str]:
    """Lines that await the adapter's start, before anything else."""
    if not plain["start"]:
        return []
    wait = "await rest()" if shape.resting else f"yield {driver.REST:_}"
    lines = ['starting = asyncio.create_task(call(adapter.start), name="start")', f"{wait}  # before the first operation"]
    every = driver.moves(_world(plain), shape)
    if not every:
        return lines
    any_move = f"({' or '.join(every)})" if len(every) > 1 else every[0]
    return [*lines, f"while not starting.done() and {any_move}:", f"    {wait}"]


def _world(plain: dict[str, Any]) -> list[str]:
    return ["environment.go_on()"] if plain["environment"] or _detaches(plain) else []


def _detaches(plain: dict[str, Any]) -> bool:
    """Whether a handler waits until its socket ends."""
    return any(method == "detach" for calls in plain["tasks"].values() for method, _, _ in calls)


def _looks(plain: dict[str, Any], found: Check) -> tuple[list[str], str]:
    """Lines that look, and the forbidden condition, with the order of calls where that matters."""
    if not _ordered(plain):
        return found.look, found.test
    rows = [_row(entry) for entry in plain["history"]]
    expected = [f"as_found = [  {IN_ORDER}", *(f"    {row}," for row in rows), "]"]
    cut = f"history[:{len(rows)}]" if plain["claim"][0] == "answer" else "history"
    same = [f"{cut} == as_found", *(f'tasks["{name}"].done()' for name in plain["ended"])]
    return [*expected, *found.look], " and ".join([*same, *([found.test] if found.test else [])])


def _events(plain: dict[str, Any], look: list[str]) -> list[driver.Outside]:
    """The outside events as code, and the observation at its moment; the last event is the end."""
    found: list[driver.Outside] = []
    steps = 0
    for number, name in enumerate(_until_it_repeats(plain), 1):
        if driver.is_step(name):
            steps += 1
        else:
            found.append(driver.Outside(steps, [_event(name)], number))
    found.append(driver.Outside(steps, []))
    moment = plain["steps"]
    if moment is not None:
        at = next((at for at, event in enumerate(found) if event.before >= moment), len(found))
        found.insert(at, driver.Outside(moment, look))
    return found


def _until_it_repeats(plain: dict[str, Any]) -> list[str]:
    """The schedule, which for a run without end stops after its last outside event."""
    schedule: list[str] = plain["schedule"]
    if plain["claim"][0] != "restless":
        return schedule
    return schedule[: max((at for at, name in enumerate(schedule, 1) if name.startswith("+")), default=0)]


def _event(name: str) -> str:
    if not name.startswith("+"):
        return driver.time_passes(name)
    kind, _, about = name[1:].partition(" ")
    about, _, number = about.rpartition("@") if name.rpartition("@")[2].isdecimal() else (about, "", "1")
    if kind == "start":
        return f'tasks["{about}"] = asyncio.create_task(request_{about.lower()}(), name="{about}")'
    if kind == "cancel":
        return f'tasks["{about}"].cancel()'
    fails = kind == "fail"  # it names what it comes instead of
    about = about.removeprefix("release ") if fails else about
    return f"environment.go_on({_quoted(about)}{f', {number}' if number != '1' else ''}{', fails=True' if fails else ''})"
