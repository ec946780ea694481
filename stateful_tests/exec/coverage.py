"""Which kinds of transition the core model has for what a subject offers: what never fired makes a pass worth less."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

from subwarden.model.core.step import CORE_BY_NAME, CoreState, core_step
from subwarden.stateful_tests.exec.program import CONNECTIONS, TOPICS


@cache
def kinds(offered: Sequence[str]) -> frozenset[str]:
    """All kinds that two connections and two topics can show, by walking the model's whole graph with the operations `offered`."""
    operations: list[Any] = []
    for name in offered:
        kind: Any = CORE_BY_NAME[name]
        operations += [kind(*ids) for ids in product(*(CONNECTIONS if f == "connection" else TOPICS for f in kind.__match_args__))]
    found: set[str] = set()
    seen, todo = {CoreState()}, [CoreState()]
    while todo:
        state = todo.pop()
        for operation in operations:
            after, _, what = core_step(state, operation)
            found.add(what)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return frozenset(found)
