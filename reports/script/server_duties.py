"""The check of a server's script on what the server owes: messages, approvals, what the engine hears of, and unloads.

See `reports.script.server_claims`.
"""

from typing import Any

VOCABULARY = {  # the kinds of claims, with the names that their lines use beside the message's own
    "unsent": set[str](),
    "sent often": set[str](),
    "stranger": {"Notice"},
    "again": {"Notice"},
    "notice": set[str](),
    "asking": set[str](),
    "not given": set[str](),
    "unasked": {"Asks"},
    "loaded": set[str](),
    "submissions": {"Reply"},
}


def vocabulary(claim: dict[str, Any]) -> set[str]:
    """The names of `model.server.requests` that the check of `claim` uses."""
    named = {claim["message"][0]} if "message" in claim else {claim["asks_for"][0]} if "asks_for" in claim else set()
    return VOCABULARY.get(claim["kind"], set()) | named


def _call(data: list[Any]) -> str:
    return f"{data[0]}({', '.join(map(str, data[1:]))})"


def check_duty(claim: dict[str, Any]) -> tuple[list[str], str, str]:  # noqa: PLR0911  # one return for each kind of claim
    """Lines that observe, the forbidden condition, and the observation in words."""
    client = claim.get("connection")
    match claim["kind"]:
        case "unsent" | "sent often":
            less = claim["kind"] == "unsent"
            look = [f"times = transcript.times({client}, {_call(claim['message'])})"]
            test = f"times < {claim['times']}" if less else f"times > {claim['times']}"
            words = f"c{client} is sent {_call(claim['message'])} {{times}} times, not {claim['times']}"
            return look, test, words
        case "stranger":
            mine = f"to == {client} and isinstance(message, Notice) and message.thread == {claim['thread']}"
            return [f"sent = [message for to, message in transcript.sent if {mine}]"], "sent", f"c{client} is sent {{len(sent)}} events"
        case "again":
            after = f'transcript.after_answer({client}, "{claim["request"]}")'
            mine = f"isinstance(m, Notice) and m.conversation == {claim['conversation']}"
            look = [f"again = [m.event.number for m in {after} if {mine} and m.event.number <= {claim['number']}]"]
            return look, "again", f"c{client} is sent events {{again}} after {claim['request']}"
        case "notice":
            mine = f"notice.event.number == {claim['number']}"
            look = [f"sent = [notice for notice in transcript.notices({client}, {claim['conversation']}) if {mine}]"]
            return look, "sent", f"c{client} is sent event {claim['number']} of v{claim['conversation']}"
        case "not given":
            approval = f"({claim['conversation']}, {claim['number']})"
            counts = f"v_n == {approval} and v_n not in heard[:before]"
            counts += f" and client not in {claim['strangers']}" if claim["strangers"] else ""
            look = [
                "heard = [(v, n) for v, n, _ in transcript.approvals]",
                f"given = [client for client, *v_n, before in transcript.given if {counts.replace('v_n', '(*v_n,)')}]",
            ]
            return look, f"{approval} in heard and not given", f"(conversation, event) {approval}"
        case "asking":
            look = [f"asking = [c.asking() for c in environment.conversations if c.number == {claim['conversation']}]"]
            return look, f"asking == [{claim['number']}]", f"v{claim['conversation']} waits for event {claim['number']}"
        case "unasked":
            asked = "[(m.conversation, m.number) for _, m in transcript.sent[:sent] if isinstance(m, Asks)]"
            look = [f"unasked = [(v, n) for v, n, sent in transcript.approvals if (v, n) not in {asked}]"]
            return look, "unasked", "(conversation, event) {unasked}"
        case "loaded":
            return [f"loaded = {claim['thread']} in server.loaded"], "loaded", f"t{claim['thread']}"
        case "submissions":
            look = [
                f"heard = transcript.submissions.count({_call(claim['asks_for'])})",
                f"answers = [transcript.answers(request) for request in {claim['requests']}]",
            ]
            if claim["lost"]:
                look.append("confirmed = sum(answer.reply is Reply.OK for each in answers for answer in each)")
                return look, "heard < confirmed", "the engine hears of {heard}, and {confirmed} were confirmed"
            refused = "answer.reply not in (Reply.OK, Reply.CANCELLED)"
            look.append(f"asked = len(answers) - sum({refused} for each in answers for answer in each)")
            return look, "heard > asked", "the engine hears of {heard}, and {asked} were asked for"
    return [], "", ""
