"""Writes a fifo finding of a server as a script of plain asyncio: its clients' requests and the other outside events at their steps.

The clients and the engine are `impl.server.environment`; nothing of the harness is needed. See `reports.script.driver`. Whether a script
fails is not known here: `stateful_tests.script.run` runs it before anybody claims so.
"""

import re
from typing import Any

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.reports.script import driver
from subwarden.reports.script.server_claims import check_server
from subwarden.reports.script.server_duties import vocabulary

LOOK = "shown, registry = server.manager.show(), server.show()"
BEFORE = "before, registry_before = server.manager.show(), server.show()"
COPY = "transcript = transcript.copy()  # the messages sent so far"
HELD = 'held = server.manager.locks()["M"].locked()'
OFFERED = re.compile(r"\+(.*?)(?:@(\d+))?$")
MAPS = ("linked", "stays", "unlinked", "ended", "revived", "maps", "dead", "untrue", "unserved", "unreachable", "entries")  # kinds
SHOWS = (*MAPS, "unloaded", "torn", "unhandled", "two")
ENDLESS = ("restless", "blocked")
WORLD = ["environment.something_happens()"]


def write(finding: dict[str, Any]) -> str:
    """The script of a finding record that has a `plain` part."""
    plain, claim = finding["plain"], finding["plain"]["claim"]
    requests = [rq.decode(task[0]) for task in plain["program"]["tasks"]]
    names = [task["name"] for task in finding["tasks"]]
    said = f"{finding['property']} {finding['title']}: {finding['said']}"
    shape = _shape(plain)
    shared = ["unretrieved = []"] if claim["kind"] == "unretrieved" else []
    lines = [*driver.heading(said, shape), *_imports(plain, claim, requests), *(["", *shared] if shared else []), "", ""]
    body = ["global environment", driver.handler(claim["kind"]), *_first(plain)]
    body += driver.events_in(_story(plain, dict(zip(names, requests, strict=True))), plain["schedule"], shape)
    if claim["kind"] != "blocked":
        body.append(driver.settle(WORLD, shape))
    if claim["kind"] == "restless":
        body.append("moving = loop.queued > 0 or environment.something_happens() or loop.time_passes()")
    look, test, told = check_server(claim)
    if claim["kind"] in MAPS:
        look = driver.unseen(["shown", *(["before"] if claim.get("before") is not None else [])]) + look
    if claim["kind"] in SHOWS and claim["at"] is None:
        look = [LOOK, *look]
    if test:
        body += driver.verdict(said, look, test, told)
    elif claim["kind"] == "blocked":
        body += [driver.holds("every step ends soon"), "os._exit(0)"]
    lines += driver.script(body, plain["schedule"], shape, world=WORLD, before=driver.watched(said, claim["kind"]))
    return "\n".join(lines) + "\n"


def _shape(plain: dict[str, Any]) -> driver.Shape:
    """Whether every outside event and every observation happen at rest, and whether the script steps the clock."""
    claim, schedule = plain["claim"], plain["schedule"]
    looks = [moment for moment in (claim["at"], claim.get("before")) if moment is not None]
    seen_at_rest = all(sum(map(driver.is_step, schedule[:look])) in plain["rests"] for look in looks)
    resting = claim["kind"] not in ENDLESS and driver.only_at_rest(schedule, plain["rests"]) and seen_at_rest
    return driver.Shape(resting, driver.passes(schedule) or claim["at"] is None)


def _imports(plain: dict[str, Any], claim: dict[str, Any], requests: list[Request]) -> list[str]:
    named = {type(request).__name__ for request in requests}
    named |= {"after": {"Asks", "Notice"}, "closed": {"Closed"}, "reply": {"Reply"}}.get(claim["kind"], vocabulary(claim))
    ours = {
        *plain["subject"]["imports"],
        "from subwarden.impl.server.environment import Environment",
        "from subwarden.impl.server.transcript import Transcript",
        f"from subwarden.model.server.requests import {', '.join(sorted(named))}",
    }
    return driver.imports(plain["subject"]["modules"], claim["kind"], plain["subject"]["setup"], sorted(ours), _shape(plain))


def _first(plain: dict[str, Any]) -> list[str]:
    """The lines before the first event: the environment and the server."""
    moods = ", ".join(f"{mood}={set(threads)}" for mood, threads in plain["engine"].items())
    words = {"failing": "fail to load", "late": "load last", "ending": "may end by themselves", "refusing": "may refuse requests"}
    words |= {"losing": "may lose an event", "lingering": "end their turns last"}
    of = [words[mood] for mood in plain["engine"] if mood in words]
    said = [f"threads that {', or '.join(of)}"] if of else []
    said += ["a server that stops"] if "stopping" in plain["engine"] else []
    said += ["clients that give no approvals"] if "silent" in plain["engine"] else []
    said += ["clients that refuse approvals"] if "denying" in plain["engine"] else []
    said += ["clients that answer approvals last"] if "hesitating" in plain["engine"] else []
    said += ["clients that read last"] if "slow" in plain["engine"] else []
    said += ["clients that may read no more"] if "deaf" in plain["engine"] else []
    note = f"  # {'; '.join(said)}" if moods else ""
    return [
        "transcript = Transcript()",
        f"environment = Environment({moods}){note}",
        f"server = {plain['subject']['make']}",
        "environment.serve(server, transcript)",
    ]


# --- what comes from outside


def _story(plain: dict[str, Any], requests: dict[str, Request]) -> list[driver.Outside]:
    """The outside events as code, and the observations at their moments."""
    claim = plain["claim"]
    looks = {claim.get("before"): [BEFORE], claim["at"]: _look(claim)}
    looks.pop(None, None)
    story: list[driver.Outside] = []
    steps = 0
    if 0 in looks:
        story.append(driver.Outside(0, looks[0]))
    for at, name in enumerate(plain["schedule"], 1):
        if driver.is_step(name):
            steps += 1
        else:
            story.append(driver.Outside(steps, [_happens(name, requests)], at))
        if at in looks:
            story.append(driver.Outside(steps, looks[at]))
    return story


def _look(claim: dict[str, Any]) -> list[str]:
    if claim["kind"] == "torn":
        told = [tuple(entry) for entry in claim["told"]]
        return [
            LOOK,
            f"under = [c for c, request in {told} if transcript.answered_ok(request)]  # told that they are subscribed",
        ]
    return [LOOK if claim["kind"] in SHOWS else HELD if claim["kind"] == "held" else COPY]


def _happens(name: str, requests: dict[str, Request]) -> str:
    if not name.startswith("+"):
        return driver.time_passes(name)
    found = OFFERED.match(name)
    assert found is not None
    label, which = found.groups()
    kind, _, task = label.partition(" ")
    if kind == "start":
        return f'environment.arrives("{task}", {_request(requests[task])})'
    if kind == "cancel":
        return f'environment.cancel("{task}")'
    return f'environment.happens("{label}"{f", {which}" if which else ""})'


def _request(request: Request) -> str:
    """The request as code, flags by their names."""
    values = [(field, getattr(request, field)) for field in request.__match_args__]
    return f"{type(request).__name__}({', '.join(f'{f}={v}' if isinstance(v, bool) else str(v) for f, v in values)})"
