"""The deliveries of a run with options: as `checking.core.deliveries`, where each option has a say at the end."""

from collections.abc import Callable, Mapping, Sequence

from subwarden.checking.core import causes
from subwarden.checking.core.connection_states import ConnectionStates
from subwarden.checking.core.deliveries import Broken, Followed, Published, TopicDeliveries
from subwarden.checking.core.options import causes as option_causes
from subwarden.checking.core.options.all import of
from subwarden.checking.core.options.journal import Call, Journal
from subwarden.checking.core.options.option import Allowed, Message, Run, subscribed
from subwarden.model.core.options import CoreOptions
from subwarden.model.core.step import Id

Sees = dict[Id, list[tuple[str, Id, object]]]


class OptionDeliveries(TopicDeliveries):
    """The messages of one run of a manager with `options`. `fired` receives the kinds of transitions of options."""

    def __init__(
        self,
        connections: Sequence[Followed],
        options: CoreOptions,
        journal: Journal,
        sees: Callable[[], Sees],
        fired: set[str],
    ) -> None:
        super().__init__(connections)
        self._options = options
        self._journal = journal
        self._sees = sees
        self._fired = fired
        self._calls: dict[int, Call] = {}  # by the place of the message

    def subscribed(self, states: ConnectionStates, topic: Id) -> tuple[bool, bool]:
        return subscribed(states, topic, self._options)

    def let_go(self) -> None:
        """The run is over: forget the play."""
        self._sees = dict

    def published_by(self, call: Call) -> None:
        """The message published last is that of `call`."""
        self._calls[len(self.published) - 1] = call

    def run(self, received: Mapping[Id, Sequence[object]]) -> Run:
        """The run so far."""
        messages = tuple(Message(each, self._calls[at]) for at, each in enumerate(self.published))
        return Run(self._options, self._journal, tuple(self._connections), messages, received, self._sees())

    def broken(self, received: Mapping[Id, Sequence[object]]) -> list[Broken]:
        run = self.run(received)
        options = of(self._options)
        found: list[Broken] = []
        for connection in run.connections:
            got = run.got(connection.name)
            for message in run.messages:
                each, name = message.published, connection.name
                allowed = Allowed(int(name in each.must), int(name in each.may))
                for option in options:
                    allowed = option.allowed(run, connection, message, allowed)
                found += _judged(got.count(each.message), allowed, each, name)
            if disorder := self._disorder(list(dict.fromkeys(got))):  # of repetitions, the first counts
                said = f"{disorder[0]} before {disorder[1]} to {connection.name}"
                found.append((causes.DISORDER, said, "disorder", connection.name, disorder))
        for option in options:
            found += option.broken(run)
            self._fired |= option.fired(run)
        return found


def _judged(count: int, allowed: Allowed, each: Published, name: Id) -> list[Broken]:
    said = f"{each.message} to {name}"
    if not count and allowed.least:
        return [(causes.LOST, said, "lost", name, each.message)]
    if count < allowed.least:
        return [(option_causes.NOT_AGAIN, f"{said}, {count} times instead of {allowed.least}", "option", name, each.message)]
    if count > allowed.most:
        stray = allowed.most <= 0
        return [(causes.STRAY if stray else causes.TWICE, said, "stray" if stray else "twice", name, each.message)]
    return []
