"""The check at the end of a server's script: for each kind of claim, lines that look and the condition that must not hold.

See `reports.script.server`.
"""

from typing import Any

from subwarden.reports.script.driver import REST
from subwarden.reports.script.manager_claims import check
from subwarden.reports.script.server_duties import check_duty


def check_server(claim: dict[str, Any]) -> tuple[list[str], str, str]:  # noqa: PLR0911, PLR0912, PLR0915  # one return for each kind of claim
    """Lines that observe, the forbidden condition, and the observation in words."""
    pair = (claim.get("thread"), claim.get("connection"))
    match claim["kind"]:
        case "unanswered":
            look = [f"unanswered = [request for request in {claim['requests']} if not transcript.answers(request)]"]
            return look, "unanswered", "{unanswered}"
        case "twice":
            look = [f"twice = [request for request in {claim['requests']} if len(transcript.answers(request)) > 1]"]
            return look, "twice", "{twice}"
        case "early":
            look = [f'early = transcript.answered_ok("{claim["request"]}")  # and what it asks for is not done']
            return look, "early", f"{claim['request']} is confirmed"
        case "waits":
            look = [f'waits = not transcript.answers("{claim["request"]}")  # and nothing but work of the engine was to come']
            return look, "waits", f"{claim['request']} is not answered"
        case "reply":
            look = [f'replies = [answer.reply for answer in transcript.answers("{claim["request"]}")]']
            if not claim["allowed"]:
                return [*look, "# no answer was allowed"], "replies", "{[reply.value for reply in replies]}"
            right = ", ".join(f"Reply.{name}" for name in claim["allowed"])
            look.append(f"wrong = [reply.value for reply in replies if reply not in {{{right}}}]  # allowed at some moment")
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
        case "stays":
            stays = f"{claim['connection']} in shown.subscribers.get({claim['thread']}, ()) and {claim['id']} not in shown.ids"
            return [f"stays = {stays}"], "stays", f"(thread, connection) {pair} without id {claim['id']}"
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
            look = ["others = asyncio.all_tasks() - {asyncio.current_task()} - set(server.resident())"]
            return [*look, "left = sorted(task.get_name() for task in others)"], "left", "{left}"
        case "lock":
            return ["held = [name for name, lock in server.locks().items() if lock.locked()]"], "held", "{held}"
        case "held up":
            look = ["waits = [c for c, client in sorted(environment.clients.items()) if client.deaf and client.outbox.waits()]"]
            return look, "waits", "messages wait for clients {waits}"
        case "unretrieved":
            look = ["gc.collect()", 'errors = [context["exception"] for context in unretrieved if "exception" in context]']
            return look, "errors", "{errors[0]}"
        case "held":
            return [], "held", "M is locked and no step can run"
        case "restless":
            return [], "moving", f"still moving after {REST:,} steps"
        case "maps" | "dead" | "revived":
            look, test, told_ = check(claim)
            return look, test, told_
    return check_duty(claim)
