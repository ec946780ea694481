"""The judge of options and their pure model agree where calls do not overlap: what it delivers is right, and any other number is not.

The subject is the model itself, as an adapter. Each option, and all of them together.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from subwarden.model.core import step as core
from subwarden.model.core.options import PATTERN, CoreOptions
from subwarden.model.core.step import CoreOperation, CoreState
from subwarden.stateful_tests.specimens.delivering import Deliveries, deliver
from subwarden.stateful_tests.subjects.core.options.reading import options_of
from subwarden.stateful_tests.subjects.core.program import CoreProgram
from subwarden.stateful_tests.tests.subjects.core_level import play

OPTIONS: dict[str, dict[str, object]] = {
    "takes over": {"reconnects": "takes over"},
    "resumes": {"reconnects": "resumes"},
    "last": {"retains": "last"},
    "all": {"retains": "all"},
    "patterns": {"patterns": True},
    "presence": {"presence": True},
    "acks": {"acks": True},
    "bounded": {"bounded": 1},
    "shares": {"shares": True},
    "everything": {"reconnects": "takes over", "retains": "all", "patterns": True, "presence": True, "acks": True, "shares": ("t2",)},
}
Change = Callable[[Any], Any]


def adapter_of(declared: dict[str, object], inboxes: Change = list, sees: Change = list) -> type:
    """The model as an adapter with these options; `inboxes` and `sees` change what arrives in the end."""

    class Pure:
        def __init__(self) -> None:
            vars(self).update(declared)
            self.options: CoreOptions = options_of(self)
            final = not declared.get("reconnects")
            self.now = Deliveries(CoreState(final=final, resumes=self.options.resumes))

        def _does(self, operation: CoreOperation, message: object = None) -> object:
            self.now, answer = deliver(self.now, operation, self.options, message)
            return answer

        def connect(self, client: str) -> object:
            return self._does(core.Connect(client))

        def attach(self, client: str, socket: str) -> object:
            return self._does(core.Attach(client, socket))

        def detach(self, client: str, socket: str) -> object:
            return self._does(core.Detach(client, socket))

        def subscribe(self, client: str, topic: str) -> object:
            return self._does(core.Subscribe(client, topic))

        def unsubscribe(self, client: str, topic: str) -> object:
            return self._does(core.Unsubscribe(client, topic))

        def publish(self, topic: str, message: str) -> None:
            self._does(core.Publish(topic), message)

        def disconnect(self, client: str) -> object:
            return self._does(core.Disconnect(client))

        def teardown(self, topic: str) -> object:
            return self._does(core.Teardown(topic))

        def ack(self, client: str) -> object:
            return self._does(core.Acknowledge(client))

        def redeliver(self, client: str) -> object:
            return self._does(core.Redeliver(client))

        def observe(self) -> set[tuple[object, object]]:
            return {(client, topic) for topic, client in self.now.state.links}

        def delivered(self) -> dict[object, list[object]]:
            found: dict[object, list[object]] = {}
            for client, message in inboxes(self.now.inboxes):
                found.setdefault(client, []).append(message)
            return found

        def sees(self) -> dict[object, list[object]]:
            found: dict[object, list[object]] = {}
            for viewer, event in sees(self.now.events):
                found.setdefault(viewer, []).append(event)
            return found

    return Pure


def random_program(random: Random, declared: dict[str, object], length: int = 9) -> CoreProgram:
    """One task; a message is often published to a topic that somebody listens to."""
    clients, topics = ("c1", "c2"), ("t1", "t2")
    wide = (*topics, PATTERN) if declared.get("patterns") else topics
    makes: list[Callable[[int], CoreOperation]] = [
        lambda _: core.Subscribe(random.choice(clients), random.choice(wide)),
        lambda _: core.Subscribe(random.choice(clients), "t1"),
        lambda _: core.Unsubscribe(random.choice(clients), random.choice(wide)),
        lambda _: core.Publish(random.choice(topics)),
        lambda _: core.Publish("t1"),
        lambda _: core.Disconnect(random.choice(clients)),
        lambda _: core.Teardown(random.choice(topics)),
    ]
    first: list[CoreOperation] = [core.Connect(client) for client in clients]
    if isinstance(declared.get("reconnects"), str):
        first = [core.Attach(client, f"of {client}") for client in clients]
        makes += [lambda n: core.Attach(random.choice(clients), f"s{n}"), lambda n: core.Attach("c1", f"s{n}")]
        makes += [lambda _: core.Detach(client := random.choice(clients), f"of {client}")]
    if declared.get("acks"):
        makes += [lambda _: core.Acknowledge(random.choice(clients)), lambda _: core.Redeliver(random.choice(clients))] * 2
    chain = tuple(random.choice(makes)(number) for number in range(length))
    return CoreProgram(((*first, *chain),))


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_what_the_model_delivers_is_right(name: str) -> None:
    random = Random(7)
    for _ in range(5):
        program = random_program(random, OPTIONS[name])
        result = play(adapter_of(OPTIONS[name]), program)
        assert not result.violations, (program, result.violations)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["last", "all", "patterns", "acks", "shares"])
def test_one_message_too_many_is_wrong(name: str) -> None:
    """The first message comes as often as clients and subscriptions could ever explain, and once more."""
    random, found, tried = Random(11), set[str](), 0
    for _ in range(5):
        program = random_program(random, OPTIONS[name])
        doubled = play(adapter_of(OPTIONS[name], lambda inboxes: [*inboxes, *[each for each in inboxes[:1] for _ in range(9)]]), program)
        sent = any(isinstance(o, core.Publish) for o in program.tasks[0]) and doubled.violations
        tried += bool(sent)
        found |= {cause.slug() for cause in doubled.violations}
    assert tried >= 3
    assert "D1-a-message-reaches-a-subscriber-twice" in found
    assert all(slug.startswith("D1-") for slug in found)


LISTENS = (core.Connect("c1"), core.Subscribe("c1", "t1"), core.Publish("t1"))
LATER = (core.Publish("t1"), core.Connect("c1"), core.Subscribe("c1", "t1"))
HEARD = (*LISTENS, core.Redeliver("c1"))
MATCHES = (core.Connect("c1"), core.Subscribe("c1", PATTERN), core.Publish("t2"))


@pytest.mark.parametrize(
    ("name", "chain", "slug"),
    [
        ("last", LATER, "D1-a-message-does-not-reach-a-subscriber"),
        ("all", LATER, "D1-a-message-does-not-reach-a-subscriber"),
        ("patterns", MATCHES, "D1-a-message-does-not-reach-a-subscriber"),
        ("bounded", LISTENS, "D1-a-message-does-not-reach-a-subscriber"),
        ("shares", LISTENS, "D1-a-message-reaches-none-of-those-that-share-it"),
    ],
)
def test_one_message_too_few_is_wrong(name: str, chain: tuple[CoreOperation, ...], slug: str) -> None:
    program = CoreProgram((chain,))
    assert not play(adapter_of(OPTIONS[name]), program).violations
    result = play(adapter_of(OPTIONS[name], lambda inboxes: inboxes[: -1 if len(inboxes) else None]), program)
    assert {cause.slug() for cause in result.violations} == {slug}


def test_a_message_that_is_not_sent_again_is_wrong() -> None:
    result = play(adapter_of(OPTIONS["acks"], dict.fromkeys), CoreProgram((HEARD,)))
    assert {cause.slug() for cause in result.violations} == {"D1-a-message-that-was-not-acknowledged-is-not-sent-again"}


def test_a_message_that_another_took_the_place_of_must_not_come() -> None:
    program = CoreProgram(((core.Publish("t1"), core.Publish("t1"), core.Connect("c1"), core.Subscribe("c1", "t1")),))
    result = play(adapter_of(OPTIONS["last"], lambda inboxes: [("c1", "mA"), *inboxes] if inboxes else []), program)
    assert {cause.slug() for cause in result.violations} == {"P8-a-message-reaches-a-connection-that-was-not-subscribed"}


@pytest.mark.parametrize("changed", [lambda events: events[:-1], lambda events: [*events, ("c1", ("join", "c2", "t1"))]])
def test_a_view_that_ends_otherwise_is_wrong(changed: Change) -> None:
    both = (core.Connect("c1"), core.Connect("c2"), core.Subscribe("c1", "t1"), core.Subscribe("c2", "t1"), core.Unsubscribe("c2", "t1"))
    program = CoreProgram((both,))
    assert not play(adapter_of(OPTIONS["presence"]), program).violations
    result = play(adapter_of(OPTIONS["presence"], sees=changed), program)
    assert "D1-a-subscriber-goes-on-seeing-somebody-who-has-left" in {cause.slug() for cause in result.violations}
