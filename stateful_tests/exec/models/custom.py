"""A model of the user's own, for processes: its programs, and what they must have met."""

from collections.abc import Iterable, Sequence
from random import Random

from subwarden.checking.custom.configurations import CustomGraph
from subwarden.checking.custom.model import MESSAGE, CustomOperation, Value
from subwarden.checking.linearizability.custom import CustomSpecification, judge_custom
from subwarden.checking.linearizability.history import Moment
from subwarden.checking.linearizability.verdict import Judgement
from subwarden.stateful_tests.exec.messages import Garbled, Hello, quoted
from subwarden.stateful_tests.exec.models.custom_pictured import CustomPictured
from subwarden.stateful_tests.exec.models.custom_play import CustomExecPlay
from subwarden.stateful_tests.exec.play import ExecRun
from subwarden.stateful_tests.exec.program import ExecProgram, drawn, some
from subwarden.stateful_tests.exec.session import Session
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS
from subwarden.stateful_tests.subjects.custom.named_model import model_named


class CustomExec:
    """See `exec_model.ExecModel`."""

    def __init__(self, named: str) -> None:
        """`named`: path/to/file.py:Model. Raises BadSubject, BadModel."""
        self.named = named
        self.model = model_named(named)
        self.specification = CustomSpecification(named, self.model)
        self._graph = CustomGraph()

    def of(self, hello: Hello) -> "CustomExec":
        if hello.deliveries or hello.reconnects:
            said = "deliveries" if hello.deliveries else "reconnects"
            raise Garbled(f'hello says "{said}": true, which belongs to the core model; say it by operations of your model')
        if hello.observe and self.model.shows is None:
            raise Garbled(
                f'hello says "observe": true, and {self.named} has no shown(state) to compare with; add it, or do not offer observe'
            )
        return self

    def offered(self, names: Sequence[str]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in self.model.operations]
        if unknown:
            known = ", ".join(self.model.operations)
            raise Garbled(f"hello offers the operation {quoted(unknown[0])!r}; the model {self.named} has {known}")
        if not names:
            raise Garbled("hello offers no operation, so there is nothing to judge")
        return tuple(name for name in self.model.operations if name in names)

    def shown(self, result: object) -> object:
        return result

    def draw(self, random: Random, offered: Sequence[str]) -> ExecProgram:
        """See `exec_model.ExecModel`: drawn as those of the core model are, so that operations meet."""
        names = some(random, offered)
        few: dict[tuple[Value, ...], tuple[Value, ...]] = {
            CLIENTS: CLIENTS[: random.choice((1, 2, 2))],
            TOPICS: TOPICS[: random.choice((1, 1, 2))],
        }
        messages = 0

        def operation() -> CustomOperation:
            nonlocal messages
            name = random.choice(names)
            arguments: list[Value] = []
            for pool in self.model.operations[name]:
                if pool == (MESSAGE,):
                    messages += 1
                arguments.append(f"m{messages}" if pool == (MESSAGE,) else random.choice(few.get(pool, pool)))
            return CustomOperation(name, tuple(arguments))

        first = tuple(operation() for _ in range(random.randint(0, 3)))
        return drawn(random, first, operation)

    def kinds(self, offered: Sequence[str]) -> frozenset[str]:
        """See `exec_model.ExecModel`: the answers that the model insists on; of an operation that has none, that it is answered."""
        kinds = {kind for kind in self.model.kinds if kind.partition(": ")[0] in offered}
        answered = {kind.partition(": ")[0] for kind in kinds}
        return frozenset(kinds | {name for name in offered if name in self.model.answering and name not in answered})

    def play(self, session: Session, program: ExecProgram) -> CustomExecPlay:
        return CustomExecPlay(session, program, self.specification, self._graph)

    def judged(self, history: Iterable[Moment]) -> Judgement:
        return judge_custom(history, self.model)

    def pictured(self, run: ExecRun) -> CustomPictured:
        return CustomPictured(run, self.specification)
