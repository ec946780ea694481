"""Words for the operations, answers, states and changes of level manager, shared by every report.

`c1` is a connection, `t1` a thread, `s1` an explicit subscription id, `v1` a conversation.
"""

from collections.abc import Iterable
from dataclasses import fields
from enum import Enum

from subwarden.model.manager.operations import Operation
from subwarden.model.manager.projection import ShownEntry, View
from subwarden.model.manager.state import State
from subwarden.model.manager.step import Answer
from subwarden.model.words import say_plain

PREFIX = {"connection": "c", "thread": "t", "subscription": "s", "conversation": "v"}


def say_argument(name: str, value: object) -> str:
    """`t1`, `c2`, `s1`, `v1` for ids; `raw` or `not raw` for the flag."""
    if name in PREFIX:
        return f"{PREFIX[name]}{value}"
    if name == "raw":
        return "raw" if value else "not raw"
    return str(value.value) if isinstance(value, Enum) else str(value)


def say_operation(operation: Operation) -> str:
    """An operation as it would be called: `set_listener(s1, t1, c1, raw)`."""
    arguments = ", ".join(say_argument(f.name, getattr(operation, f.name)) for f in fields(operation))
    return f"{operation.name}({arguments})"


def say_answer(operation: Operation, answer: object) -> str:
    """An answer in words; `done` for None."""
    if isinstance(answer, Answer):
        return answer.value
    if isinstance(answer, tuple):
        return ", ".join(f"c{c}" for c in answer) or "nobody"
    if operation.name == "remove_listener":
        return "nothing" if answer is None else f"t{answer}"
    return say_plain(answer)


def say_entry(entry: ShownEntry) -> str:
    """An entry that has changed: `listens to v1, generation 2, turn with 0 items`."""
    listener = f"listens to v{entry.conversation}" if entry.conversation is not None else "no listener"
    turn = f", turn with {entry.turn} items" if entry.turn is not None else ""
    return f"{listener}, generation {entry.generation}{turn}"


def say_changes(before: View, after: View) -> list[str]:
    """What changed from one view to another, in a fixed order."""
    said: list[str] = []
    if before.live is not None and after.live is not None:
        said += [f"c{c} live" for c in sorted(after.live - before.live)]
        said += [f"c{c} not live" for c in sorted(before.live - after.live)]
    old, new = dict(before.entries), dict(after.entries)
    said += [f"t{t} gone" for t in sorted(old.keys() - new.keys())]
    said += [f"t{t} created" for t in sorted(new.keys() - old.keys())]
    said += [f"t{t}: {say_entry(new[t])}" for t in sorted(new) if new[t] != old.get(t, ShownEntry())]
    said += _added_and_dropped("{1} on {0}", before.links, after.links)
    old_ids, new_ids = dict(before.ids), dict(after.ids)
    said += [f"s{s} dropped" for s in sorted(old_ids.keys() - new_ids.keys())]
    said += [f"s{s} = c{new_ids[s][1]} on t{new_ids[s][0]}" for s in sorted(new_ids) if old_ids.get(s) != new_ids[s]]
    said += _added_and_dropped("raw for {1} on {0}", before.raw, after.raw)
    return said


def _added_and_dropped(text: str, before: Iterable[tuple[int, int]], after: Iterable[tuple[int, int]]) -> list[str]:
    old, new = set(before), set(after)
    said = ["+ " + text.format(f"t{t}", f"c{c}") for t, c in sorted(new - old)]
    return said + ["- " + text.format(f"t{t}", f"c{c}") for t, c in sorted(old - new)]


def say_view(view: View) -> str:
    """All that a manager shows, in one line; empty parts are left out."""
    return "; ".join(say_facts(view)) or "empty"


def say_facts(view: View) -> list[str]:
    """All that a manager shows, a text for each fact."""
    said = [f"c{c} live" for c in sorted(view.live or ())]
    said += [_say_whole_entry(t, entry) for t, entry in view.entries]
    said += [f"c{c} on t{t}" for t, c in sorted(view.links)]
    said += [f"s{s} = c{c} on t{t}" for s, (t, c) in sorted(view.ids)]
    return [*said, *_say_raw(view.raw)]


def say_state(state: State) -> str:
    """A state of the model in one line; empty parts are left out. `c1 on t1 by s1`: subscribed under an id."""
    said = [f"c{c} live" for c in sorted(state.live)]
    said += [f"c{c} closed" for c in sorted(state.closed)]
    said += [_say_whole_entry(t, ShownEntry(e.generation, e.conversation, e.turn)) for t, e in state.entries]
    for thread, connection, subscription in sorted(state.grants, key=lambda grant: (*grant[:2], grant[2] or 0)):
        said.append(f"c{connection} on t{thread}" + ("" if subscription is None else f" by s{subscription}"))
    return "; ".join([*said, *_say_raw(state.raw)]) or "empty"


def _say_whole_entry(thread: int, entry: ShownEntry) -> str:
    parts = [f"generation {entry.generation}"] if entry.generation else []
    parts += [f"listens to v{entry.conversation}"] if entry.conversation is not None else []
    parts += [f"turn with {entry.turn} items"] if entry.turn is not None else []
    return f"t{thread} has an entry" + (f" ({', '.join(parts)})" if parts else "")


def _say_raw(raw: Iterable[tuple[int, int]]) -> list[str]:
    return [f"raw for c{c} on t{t}" for t, c in sorted(raw)]
