"""Shared by the tests of level server: plays a program under a readable schedule, and returns the messages to each client."""

from collections.abc import Sequence
from typing import NamedTuple

from subwarden.checking.causes import Cause
from subwarden.impl.subjects import SUBJECTS
from subwarden.model.server.requests import Message, Request
from subwarden.model.server.words import say_message
from subwarden.scheduling.locks import controlled_locks
from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.loop_candidates import LoopCandidates
from subwarden.scheduling.order import TIMER, Order
from subwarden.scheduling.run import Choose
from subwarden.scheduling.watchdog import WATCHDOG
from subwarden.stateful_tests.exploring.level import Factory
from subwarden.stateful_tests.exploring.observers import Observer
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import ServerFault, ServerProgram


class Played(NamedTuple):
    """The result of one run. `timeline`: events and messages (`c1 <- A: ok`) in the order in which they happened."""

    sent: dict[int, list[str]]  # to each client, in order, in words
    timeline: list[str]
    violations: dict[Cause, int]
    seconds: float  # of the virtual clock

    def before(self, name: str) -> list[str]:
        """The timeline until `name` happens."""
        return self.timeline[: self.timeline.index(name)]


def server(subject: str) -> Factory:
    """The request layer of a built-in subject."""
    found = SUBJECTS[subject].server
    assert found is not None
    return found


def program(*requests: Request, faults: Sequence[ServerFault] = ()) -> ServerProgram:
    """These requests, in this order."""
    return ServerProgram(tuple((request,) for request in requests), tuple(faults))


class Scripted:
    """A schedule in fifo order. The events of `script` happen in that order. Those of `holding`, time passing, and faults that the script
    does not name happen when nothing else can; all others as on the plain schedule. For a run with `every_choice`."""

    def __init__(self, candidates: LoopCandidates, script: Sequence[str], holding: Sequence[str]) -> None:
        self.left = list(script)
        self._candidates, self._holding = candidates, holding

    def __call__(self, _: int) -> int:
        loop, left = self._candidates.loop, self.left
        can = self._candidates.names()
        kept = {*left, *self._holding, TIMER, *(f"+{fault.label}" for fault in loop.faults)}.difference(left[:1])
        pick = next((at for at, name in enumerate(can) if name not in kept), 0)
        if left and can[pick] == left[0]:
            del left[0]
        return pick


def play(factory: Factory, played: ServerProgram, script: Sequence[str] = (), holding: Sequence[str] = ()) -> Played:
    """Play one run by a script; see `Scripted`."""
    scripts: list[Scripted] = []
    loops: list[ControlledLoop] = []
    timeline = Timeline()

    def make(candidates: LoopCandidates) -> Choose:
        loops.append(candidates.loop)
        scripts.append(Scripted(candidates, script, holding))

        def choose(n: int) -> int:
            pick = scripts[0](n)
            timeline.happened.append(candidates.names()[pick])
            return pick

        return choose

    with controlled_locks(), WATCHDOG.guarded():
        result = Runner(SERVER_LEVEL, factory, Order.FIFO).run(played, make, every_choice=True, observers=[timeline])
    assert not scripts[0].left, f"the run never came to {scripts[0].left[0]}"
    return Played(timeline.sent, timeline.happened, result.violations, loops[0].time())


class Timeline(Observer):
    """The names of a run and the messages to clients, in order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.sent: dict[int, list[str]] = {}

    def delivered(self, client: int, message: Message) -> None:
        self.sent.setdefault(client, []).append(_short(message))
        self.happened.append(f"c{client} <- {_short(message)}")


def _short(message: Message) -> str:
    return say_message(message).removeprefix("the answer to ")
