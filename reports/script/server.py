"""Writes a fifo finding of a server as a script of plain asyncio: the requests of its clients, and what else happens at which step.

The clients and the engine are `impl.server.environment`; nothing of the harness is needed. See `reports.script.driver`. Whether a script
fails is not known here: `stateful_tests.script.run` runs it before anybody claims so.
"""

import re
from typing import Any

from subwarden.model.server import requests as rq
from subwarden.model.server.requests import Request
from subwarden.reports.script.driver import (
    REST,
    TIME,
    Outside,
    at_rest,
    counted,
    driver,
    imports,
    is_step,
    only_at_rest,
    resting,
    unseen,
    verdict,
)
from subwarden.reports.script.manager import check

LOOK = "shown, registry = server.manager.show(), server.show()"
BEFORE = "before, registry_before = server.manager.show(), server.show()"
COPY = "transcript = transcript.copy()  # what was sent by now"
HELD = 'held = server.manager.locks()["M"].locked()'
OFFERED = re.compile(r"\+(.*?)(?:@(\d+))?$")
MAPS = ("linked", "unlinked", "ended", "revived", "maps", "dead", "untrue", "unserved", "unreachable", "entries")  # kinds that need them
SHOWS = (*MAPS, "unloaded", "torn", "unhandled", "two")
LATER = "while environment.something_happens(){}:  # only where the server is not the one of the finding"


def write(finding: dict[str, Any]) -> str:
    """The script of a finding record that has a `plain` part."""
    plain, claim = finding["plain"], finding["plain"]["claim"]
    requests = [rq.decode(task[0]) for task in plain["program"]["tasks"]]
    names = [task["name"] for task in finding["tasks"]]
    said = f"{finding['property']} {finding['title']}: {finding['mechanism']}"
    lines = [f'"""{said}', "", "Plain asyncio on its stock event loop, and the subject. Exit code 1 and one line if it shows, 0 if not."]
    shared = ["unretrieved = []"] if claim["kind"] == "unretrieved" else []
    lines += ['"""', "", *_imports(plain, claim, requests), *(["", *shared] if shared else []), "", ""]
    story = _story(plain, dict(zip(names, requests, strict=True)))
    look, test, told = _check(claim)
    in_coroutine = _rests(plain)
    if claim["kind"] in MAPS:
        shown = ["shown", *(["before"] if claim.get("before") is not None else [])]
        look = unseen(shown, in_coroutine=in_coroutine, at_once=not in_coroutine) + look
    if claim["kind"] in SHOWS and claim["at"] is None:
        look = [LOOK, *look]
    if in_coroutine:
        listens = "lambda _, context: unretrieved.append(context)" if shared else "lambda *_: None"
        told_below = "" if shared else "  # what happens is told below"
        body = [f"asyncio.get_running_loop().set_exception_handler({listens}){told_below}", *_first(plain), *at_rest(story)]
        body += [
            "await rest()",
            LATER.format(""),
            "    await rest()",
            *(verdict(said, look, test, told, in_coroutine=True) if test else []),
        ]
        lines += [*resting(plain["schedule"]), "", "", "async def main():", *(f"    {line}" for line in body)]
        lines += ["", "", "sys.exit(asyncio.run(main()))"]
    else:
        lines += counted(_shared(claim), _first(plain), story, plain["schedule"])
        timed = TIME in plain["schedule"]
        lines += [
            f"    {LATER.format(' or time_passes()' if timed else '')}",
            f"        yield {REST:_}",
            *(["    moving = queued > 0"] if claim["kind"] == "restless" else []),
        ]
        lines += ["", "", *driver(said, claim["kind"], timed=timed)]
        if test:
            lines += verdict(said, look, test, told, in_coroutine=False, at_once=True)
    return "\n".join(lines) + "\n"


def _imports(plain: dict[str, Any], claim: dict[str, Any], requests: list[Request]) -> list[str]:
    vocabulary = {type(request).__name__ for request in requests}
    vocabulary |= {"after": {"Asks", "Notice"}, "closed": {"Closed"}, "reply": {"Reply"}}.get(claim["kind"], set())
    ours = {
        *plain["subject"]["imports"],
        "from subwarden.impl.server.environment import Environment",
        "from subwarden.impl.server.transcript import Transcript",
        f"from subwarden.model.server.requests import {', '.join(sorted(vocabulary))}",
    }
    return imports([*plain["subject"]["modules"], *([] if _rests(plain) else ["os"])], claim["kind"], plain["subject"]["setup"], ours)


def _first(plain: dict[str, Any]) -> list[str]:
    """What is there before anything happens."""
    moods = ", ".join(f"{mood}={set(threads)}" for mood, threads in plain["engine"].items())
    words = {"failing": "cannot be brought by the engine", "late": "are brought after all else", "ending": "may end by themselves"}
    note = f"  # threads that {', or '.join(words[mood] for mood in plain['engine'])}" if moods else ""
    return [
        "transcript = Transcript()",
        f"environment = Environment({moods}){note}",
        f"server = {plain['subject']['make']}",
        "environment.serve(server, transcript)",
    ]


def _shared(claim: dict[str, Any]) -> list[str]:
    """The names that the end of a script that counts steps needs."""
    shared = ["environment", "server", "transcript"]
    if claim["kind"] in SHOWS and claim["at"] is not None:
        shared += ["shown", "registry"]
    if claim.get("before") is not None:
        shared += ["before", "registry_before"]
    return [*shared, *({"held": ["held"], "restless": ["moving"], "torn": ["under"]}.get(claim["kind"], []))]


def _rests(plain: dict[str, Any]) -> bool:
    """Whether all that comes from outside, and the looks, come while nothing else can move."""
    claim, schedule = plain["claim"], plain["schedule"]
    if claim["kind"] in ("restless", "blocked") or TIME in schedule:
        return False
    looks = [moment for moment in (claim["at"], claim.get("before")) if moment is not None]
    return only_at_rest(schedule, plain["rests"]) and all(sum(map(is_step, schedule[:look])) in plain["rests"] for look in looks)


# --- what comes from outside


def _story(plain: dict[str, Any], requests: dict[str, Request]) -> list[Outside]:
    """What comes from outside, as code, and the moments to look at."""
    claim = plain["claim"]
    looks = {claim.get("before"): [BEFORE], claim["at"]: _look(claim)}
    looks.pop(None, None)
    story: list[Outside] = []
    steps = 0
    if 0 in looks:
        story.append(Outside(0, looks[0]))
    for at, name in enumerate(plain["schedule"], 1):
        if is_step(name):
            steps += 1
        else:
            story.append(Outside(steps, [_happens(name, requests)]))
        if at in looks:
            story.append(Outside(steps, looks[at]))
    return story


def _look(claim: dict[str, Any]) -> list[str]:
    if claim["kind"] == "torn":
        told = [tuple(entry) for entry in claim["told"]]
        return [LOOK, f"under = [c for c, request in {told} if transcript.answered_ok(request)]  # told by now that they are subscribed"]
    return [LOOK if claim["kind"] in SHOWS else HELD if claim["kind"] == "held" else COPY]


def _happens(name: str, requests: dict[str, Request]) -> str:
    if name == TIME:
        return "time_passes()"
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
    """As it is made, flags by their names."""
    values = [(field, getattr(request, field)) for field in request.__match_args__]
    return f"{type(request).__name__}({', '.join(f'{f}={v}' if isinstance(v, bool) else str(v) for f, v in values)})"


# --- the assertion


def _check(claim: dict[str, Any]) -> tuple[list[str], str, str]:  # noqa: PLR0911, PLR0912, PLR0915  # one return for each kind of claim
    """Lines that look, the condition that must not hold, and what was seen."""
    pair = (claim.get("thread"), claim.get("connection"))
    match claim["kind"]:
        case "unanswered":
            look = [f"unanswered = [request for request in {claim['requests']} if not transcript.answers(request)]"]
            return look, "unanswered", "{unanswered}"
        case "twice":
            look = [f"twice = [request for request in {claim['requests']} if len(transcript.answers(request)) > 1]"]
            return look, "twice", "{twice}"
        case "waits":
            look = [f'waits = not transcript.answers("{claim["request"]}")  # and nothing but a thread\'s start was to come']
            return look, "waits", f"{claim['request']} is not answered"
        case "reply":
            look = [f'replies = [answer.reply for answer in transcript.answers("{claim["request"]}")]']
            if not claim["allowed"]:
                return [*look, "# no answer was right"], "replies", "{[reply.value for reply in replies]}"
            right = ", ".join(f"Reply.{name}" for name in claim["allowed"])
            look.append(f"wrong = [reply.value for reply in replies if reply not in {{{right}}}]  # what was right at some moment")
            return look, "wrong", "{wrong}"
        case "list":
            lists = [tuple(threads) for threads in claim["allowed"]]
            look = [f'wrong = [a.threads for a in transcript.answers("{claim["request"]}") if a.threads not in {lists}]']
            return look, "wrong", "{wrong}"
        case "after":
            look = [
                f'after = transcript.after_answer({claim["connection"]}, "{claim["request"]}")',
                f"late = [message for message in after if isinstance(message, Notice | Asks) and message.thread == {claim['thread']}]",
            ]
            return look, "late", f"c{claim['connection']} is sent {{len(late)}} after {claim['request']}"
        case "closed":
            after = f'transcript.after_answer({claim["connection"]}, "{claim["request"]}")'
            return [f"told = Closed({claim['thread']}) in {after}"], "told", f"c{claim['connection']}, after {claim['request']}"
        case "repeated":
            look = [f"numbers = [notice.event.number for notice in transcript.notices({claim['connection']}, {claim['conversation']})]"]
            return look, "numbers != sorted(set(numbers))", f"c{claim['connection']} is sent events {{numbers}}"
        case "lost":
            look = [
                f'owed = {{*transcript.taken_after({claim["conversation"]}, "{claim["request"]}")}} & {{{str(claim["numbers"])[1:-1]}}}',
                f"sent = {{notice.event.number for notice in transcript.notices({claim['connection']}, {claim['conversation']})}}",
                "lost = sorted(owed - sent)",
            ]
            if claim["at"] is not None:  # a later one was sent
                look[1:] = [
                    f"sent = [notice.event.number for notice in transcript.notices({claim['connection']}, {claim['conversation']})]",
                    "lost = sorted(number for number in owed - {*sent} if sent and number < sent[-1])",
                ]
            return look, "lost", f"c{claim['connection']} is not sent events {{lost}} of v{claim['conversation']}"
        case "history":
            request, conversation = claim["request"], claim["conversation"]
            look = [
                f'said = [answer.open_turn for answer in transcript.answers("{request}")]',
                f'right = transcript.open_turn({conversation}, "{request}")',
            ]
            return look, "said and said != [right]", "the open turn was at event {right}, the answer said {said}"
        case "raw":
            notices = f"transcript.notices({claim['connection']}, {claim['conversation']})"
            wrong = "notice.raw" if claim["raw"] else "not notice.raw"
            look = [f"wrong = [notice for notice in {notices} if notice.event.number == {claim['number']} and {wrong}]"]
            return look, "wrong", f"event {claim['number']} of v{claim['conversation']}, to c{claim['connection']}"
        case "linked":
            test = f"{claim['connection']} in shown.subscribers.get({claim['thread']}, ())"
            if claim["late"]:
                test += f" and not ({claim['thread']} in registry.loaded and {claim['thread']} not in registry.closing)"
            return [f"subscribed = {test}"], "subscribed", f"(thread, connection) {pair}"
        case "unlinked":
            if claim["id"] is None:
                held = "{} in {}.subscribers.get({}, ())"
                was, now = (held.format(claim["connection"], shown, claim["thread"]) for shown in ("before", "shown"))
            else:
                was, now = (f"{shown}.ids.get({claim['id']}) == {pair}" for shown in ("before", "shown"))
            word = f"(thread, connection) {pair}" + (f" under id {claim['id']}" if claim["id"] is not None else "")
            return [f"ended = {was} and not {now}"], "ended", word
        case "unloaded":
            number = claim["conversation"]
            was, now = (f"{registry}.loaded.get({claim['thread']}) == {number}" for registry in ("registry_before", "registry"))
            return [f"unloaded = {was} and not {now}"], "unloaded", f"t{claim['thread']} was v{number}, and is not any more"
        case "ended":
            look = [f"ended = sorted(({set(claim['closed'])} & before.live) - shown.live)"]
            return look, "ended", "{ended}"
        case "torn":
            threads = f"{claim['thread']} not in registry.loaded or {claim['thread']} in registry.closing"
            return (
                [f"torn = {threads}"],
                "torn and under",
                f"t{claim['thread']}, and connections {{under}} were told that they are subscribed",
            )
        case "untrue":
            pairs = [tuple(entry) for entry in claim["pairs"]]
            look = [
                f"told = [(t, c) for t, c, request in {pairs} if transcript.answered_ok(request) and t in registry.loaded]",
                "untrue = [(t, c) for t, c in told if c not in shown.subscribers.get(t, ()) and t not in registry.closing]",
            ]
            return look, "untrue", "(thread, connection) {untrue}"
        case "unserved":
            has = "shown.subscribers.get(t) and (t, v) not in registry.listeners and t not in registry.closing"
            return [f"unserved = [t for t, v in sorted(registry.loaded.items()) if {has}]"], "unserved", "threads {unserved}"
        case "unhandled":
            look = [
                "loaded = [c for c in environment.conversations if registry.loaded.get(c.thread) == c.number]",
                "unhandled = [c.number for c in loaded if c.unread() and (c.thread, c.number) not in registry.listeners]",
            ]
            return look, "unhandled", "conversations {unhandled}"
        case "two":
            look = ["two = sorted({pair for pair in registry.listeners if registry.listeners.count(pair) > 1})"]
            return look, "two", "(thread, conversation) {two}"
        case "unreachable":
            look = [
                "following = {(t, entry.conversation) for t, entry in shown.entries.items()}",
                "unreachable = sorted(set(registry.listeners) - following)",
            ]
            return look, "unreachable", "(thread, conversation) {unreachable}"
        case "entries":
            return ["left = sorted(shown.entries.keys() - registry.loaded.keys())"], "left", "threads {left}"
        case "task":
            look = ["left = sorted(task.get_name() for task in asyncio.all_tasks(loop) if task not in server.resident())"]
            return look, "left", "{left}"
        case "lock":
            return ["held = [name for name, lock in server.locks().items() if lock.locked()]"], "held", "{held}"
        case "unretrieved":
            look = ["gc.collect()", 'errors = [context["exception"] for context in unretrieved if "exception" in context]']
            return look, "errors", "{errors[0]}"
        case "held":
            return [], "held", "M is locked, and no step is left to run"
        case "restless":
            return [], "moving", f"still moving after {REST:,} steps"
        case "maps" | "dead" | "revived":
            look, test, told_ = check(claim)
            return look, test, told_
    return [], "", ""
