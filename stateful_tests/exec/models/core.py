"""The core model, for processes: its programs, and what they must have met."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product
from random import Random
from typing import Any

from subwarden.checking.linearizability.core import CoreSpecification
from subwarden.checking.linearizability.history import Moment
from subwarden.checking.linearizability.verdict import Judgement, judge
from subwarden.model.core.relation import Relation
from subwarden.model.core.step import CORE_BY_NAME, Connect, CoreOperation, CoreState, Subscribe, core_step
from subwarden.stateful_tests.exec import messages
from subwarden.stateful_tests.exec.messages import Garbled, Hello, quoted
from subwarden.stateful_tests.exec.models.core_pictured import CorePictured
from subwarden.stateful_tests.exec.models.core_play import CorePlay
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.program import ExecProgram, drawn, some
from subwarden.stateful_tests.exec.session import Session

CONNECTIONS = ("c1", "c2")
TOPICS = ("t1", "t2")
NEEDED = ("connect", "subscribe")


class CoreExec:
    """See `exec_model.ExecModel`."""

    named = ""

    def __init__(self, *, reconnects: bool = False) -> None:
        """`reconnects`: a connection that has closed may connect again under its name."""
        self.specification = CoreSpecification(reconnects=reconnects)
        self._reconnects = reconnects

    def of(self, hello: Hello) -> "CoreExec":
        return CoreExec(reconnects=hello.reconnects)

    def offered(self, names: Sequence[str]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in CORE_BY_NAME]
        if unknown:
            raise Garbled(f"hello offers the operation {quoted(unknown[0])!r}; the protocol has {', '.join(CORE_BY_NAME)}")
        offered = tuple(name for name in CORE_BY_NAME if name in names)
        missing = [needed for needed in NEEDED if needed not in offered]
        if missing:
            raise Garbled(f"hello does not offer {missing[0]}; without connect and subscribe there is nothing to judge")
        return offered

    def shown(self, result: object) -> Relation | None:
        return messages.relation(result)

    def draw(self, random: Random, offered: Sequence[str]) -> ExecProgram:
        return draw(random, offered)

    def kinds(self, offered: Sequence[str]) -> frozenset[str]:
        return kinds(offered, reconnects=self._reconnects)

    def play(self, session: Session, program: ExecProgram) -> CorePlay:
        return CorePlay(session, program, self.specification)

    def judged(self, history: Iterable[Moment]) -> Judgement:
        return judge(history, self.specification)

    def pictured(self, run: ExecRun) -> CorePictured:
        return CorePictured(run, self.specification)


CORE = CoreExec()


def draw(random: Random, offered: Sequence[str]) -> ExecProgram:
    """A program of operations that the subject offers. Each keeps to some of the operations, connections and topics."""
    names = some(random, offered)
    connections = CONNECTIONS[: random.choice((1, 1, 2))]
    topics = TOPICS[: random.choice((1, 1, 2))]

    def operation() -> CoreOperation:
        kind: Any = CORE_BY_NAME[random.choice(names)]  # each has arguments of its own
        made: CoreOperation = kind(*(random.choice(connections if f == "connection" else topics) for f in kind.__match_args__))
        return made

    first: list[CoreOperation] = [Connect(c) for c in connections if random.random() < 0.8]
    first += [Subscribe(c, t) for c in connections for t in topics if random.random() < 0.3]
    if random.random() < 0.3:
        first.append(operation())
    return drawn(random, first, operation)


@cache
def kinds(offered: Sequence[str], *, reconnects: bool = False) -> frozenset[str]:
    """All kinds of transition that programs of the operations `offered` can show, by walking the model's whole graph.

    A kind that never fired makes a pass worth less.
    """
    operations: list[Any] = []
    for name in offered:
        made: Any = CORE_BY_NAME[name]
        operations += [made(*ids) for ids in product(*(CONNECTIONS if f == "connection" else TOPICS for f in made.__match_args__))]
    found: set[str] = set()
    first = CoreState(final=not reconnects)
    seen, todo = {first}, [first]
    while todo:
        state = todo.pop()
        for operation in operations:
            after, _, kind = core_step(state, operation)
            found.add(kind)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return frozenset(found)
