"""The rule machine of level custom: a rule for each operation of the model, with the arguments that the model names."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from subwarden.checking.custom.model import CustomModel, CustomOperation, Value
from subwarden.stateful_tests.exploring.drawing.chains import Chain
from subwarden.stateful_tests.subjects.core.machine import AdapterMachine
from subwarden.stateful_tests.subjects.core.program import TOPICS, PreparedCalls, words_of
from subwarden.stateful_tests.subjects.custom.play import CustomPlay
from subwarden.stateful_tests.subjects.custom.program import CustomProgram, compile_chain
from subwarden.stateful_tests.subjects.custom.vocabulary import alike_in


class CustomMachine(AdapterMachine):
    """See `stateful_tests.exploring.drawing.machine`. `with_rules` adds the rules and the `values` of a model's arguments."""

    values: tuple[Value, ...] = ()
    alike: Mapping[str, list[str]] = {}  # the operations with the same parameters as each

    def __init__(self) -> None:
        super().__init__()
        with self.loop.entered():
            empty = PreparedCalls((), {}, {}, faulty=False, words=words_of(CustomProgram(()), *self.values))
            self.play = CustomPlay(self.factory, empty, self.loop, self.graph(), self.fired)
        self.program = CustomProgram(())

    @precondition(lambda self: self.room() and self.program.tasks)
    @rule(task=st.integers(0, 2), which=st.integers(0, 3))
    def meet(self, task: int, which: int) -> None:
        """A call that meets a late one: the same again, or another operation with its arguments. Drawn apart, calls seldom meet."""
        late = self.program.tasks[-3:]
        met: CustomOperation = late[-1 - task % len(late)][-1]
        alike = self.alike[met.name]
        name = alike[which % len(alike)]
        self.start(rule_of(name), (CustomOperation(name, met.arguments),))

    def compiled(self, place: int, chain: tuple[CustomOperation, ...], faults: int) -> Chain:
        return compile_chain(place, chain, faults)


def with_rules(model: CustomModel) -> type[CustomMachine]:
    """A machine class with a rule for each operation of `model`."""
    of = {name: _calls(name, pools) for name, pools in model.operations.items()}
    then = st.one_of(st.just(()), st.just(()), st.lists(st.one_of(*of.values()), min_size=1, max_size=2).map(tuple))
    rules: dict[str, Any] = {f"call_{name}": _rule(name, calls, then) for name, calls in of.items()}
    values = tuple(value for pools in model.operations.values() for pool in pools for value in pool)
    return type(CustomMachine.__name__, (CustomMachine,), {**rules, "values": values, "alike": alike_in(model)})


def _calls(name: str, pools: tuple[tuple[Value, ...], ...]) -> st.SearchStrategy[CustomOperation]:
    drawn = (st.sampled_from((*pool[:1], *pool) if pool == TOPICS else pool) for pool in pools)  # mostly the same, so that operations meet
    return st.tuples(*drawn).map(lambda arguments: CustomOperation(name, arguments))


def _rule(name: str, calls: st.SearchStrategy[CustomOperation], then: st.SearchStrategy[Any]) -> Callable[..., None]:
    def call(self: CustomMachine, first: CustomOperation, then: tuple[CustomOperation, ...]) -> None:
        self.start(rule_of(name), (first, *then))

    call.__name__ = f"call_{name}"
    return precondition(lambda self: self.room())(rule(first=calls, then=then)(call))


def rule_of(operation: str) -> str:
    """The rule that starts `operation`. The prefix keeps it apart from the rules of the harness."""
    return f"call {operation}"
