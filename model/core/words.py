"""Words for the operations, answers and states of level core, shared by every report."""

from collections import defaultdict

from subwarden.model.core.step import CoreOperation, CoreState, Id, core_encode, in_order
from subwarden.model.words import say_plain


def say_operation(operation: CoreOperation) -> str:
    """An operation as it would be called: `subscribe(c1, t1)`."""
    name, *arguments = core_encode(operation)
    return f"{name}({', '.join(map(str, arguments))})"


def say_answer(answer: object) -> str:
    """An answer in words. A list of connections, such as a publish returns, is `nobody` if it is empty."""
    return _say_ids(answer) or "nobody" if isinstance(answer, tuple | list) else say_plain(answer)


def say_state(state: CoreState) -> str:
    """A whole state in one line; empty parts are left out."""
    topics: defaultdict[Id, list[Id]] = defaultdict(list)
    for topic, connection in state.links:
        topics[topic].append(connection)
    said = [f"{_say_ids(in_order(ids))} {word}" for word, ids in (("live", state.live), ("closed", state.closed)) if ids]
    said += [f"{_say_ids(in_order(topics[topic]))} on {topic}" for topic in in_order(topics)]
    return "; ".join(said) or "empty"


def _say_ids(ids: tuple[Id, ...] | list[Id]) -> str:
    return ", ".join(map(str, ids))
