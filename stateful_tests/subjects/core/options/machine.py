"""Adds the operations of options to the rule machine of the core level. A manager without options is drawn by `CoreMachine`, as ever."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from subwarden.model.core import step as core
from subwarden.model.core.options import PATTERN, CoreOptions
from subwarden.model.core.step import CoreOperation
from subwarden.stateful_tests.subjects.core.machine import CLIENT, THEN, TOPIC, CoreMachine
from subwarden.stateful_tests.subjects.core.program import CLIENTS, TOPICS, PreparedCalls

CLIENT_FIRST = st.sampled_from((*CLIENTS[:1], *CLIENTS))


class OptionsMachine(CoreMachine):
    """Draws the core operations, and those of the options that the adapter has."""

    @property
    def options(self) -> CoreOptions:
        """The adapter's options."""
        options: CoreOptions = self.play.adapter.kind.options
        return options

    def named(self) -> PreparedCalls:
        return super().named()._replace(topics=dict.fromkeys((*TOPICS, PATTERN)))

    def call(self, *chain: CoreOperation, as_rule: str = "") -> None:
        """As ever. Where clients attach, a connect is an attach, each with a socket of its own. `as_rule`: the rule, if it is not the name
        of the first operation."""
        attaches = self.options.takes_over
        number = sum(isinstance(o, core.Attach) for task in self.program.tasks for o in task)
        made: list[CoreOperation] = []
        for operation in chain:
            changed = operation
            if attaches and isinstance(operation, core.Connect | core.Attach):
                number += 1
                changed = core.Attach(operation.connection, f"s{number}")
            elif isinstance(operation, core.Detach):
                changed = replace(operation, socket=f"s{number}")
            if self.play.adapter.kind.plays(changed):
                made.append(changed)
        if made:
            self.start(as_rule or made[0].name, tuple(made))

    def meeting(self) -> list[CoreOperation]:
        return [each for each in super().meeting() if not isinstance(each, core.Detach)]

    @precondition(lambda self: self.has("attach"))
    @rule(c=CLIENT_FIRST, then=THEN, ends=st.booleans())
    def attach(self, c: str, then: tuple[CoreOperation, ...], ends: bool) -> None:
        """The handler of a socket: it attaches, does something, and detaches when the socket ends."""
        self.call(core.Attach(c, ""), *then, *[core.Detach(c, "")] * ends)

    @precondition(lambda self: self.options.patterns and self.has("subscribe"))
    @rule(c=CLIENT, then=THEN)
    def subscribe_pattern(self, c: str, then: tuple[CoreOperation, ...]) -> None:
        self.call(core.Subscribe(c, PATTERN), *then)

    @precondition(lambda self: self.options.patterns and self.has("unsubscribe"))
    @rule(c=CLIENT)
    def unsubscribe_pattern(self, c: str) -> None:
        self.call(core.Unsubscribe(c, PATTERN))

    @precondition(lambda self: self.has("ack"))
    @rule(c=CLIENT_FIRST)
    def ack(self, c: str) -> None:
        self.call(core.Acknowledge(c))

    @precondition(lambda self: self.has("redeliver"))
    @rule(c=CLIENT_FIRST, before=st.sampled_from(("", "publish", "publish", "ack")), t=TOPIC)
    def redeliver(self, c: str, before: str, t: str) -> None:
        """Mostly right after a message, which then has to come again, unless it is acknowledged."""
        first: list[CoreOperation] = [core.Publish(t)] if before else []
        if before == "ack":
            first.append(core.Acknowledge(c))
        self.call(*first, core.Redeliver(c), as_rule="redeliver")

    @precondition(lambda self: self.options.bounded is not None and self.has("publish"))
    @rule(t=TOPIC, more=st.integers(0, 2))
    def burst(self, t: str, more: int) -> None:
        """More messages at once than may wait."""
        self.call(*[core.Publish(t)] * min(5, (self.options.bounded or 0) + more))
