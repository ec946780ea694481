"""What tests of level server share: a program played under a schedule that a person can read, and what each client was sent."""

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
from subwarden.stateful_tests.exploring.runner import Runner
from subwarden.stateful_tests.subjects.server.level import SERVER_LEVEL
from subwarden.stateful_tests.subjects.server.program import ServerFault, ServerProgram


class Played(NamedTuple):
    """What one run came to. `timeline`: what happened, and what was sent (`c1 <- A: ok`), in one line of time."""

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
    """A schedule in fifo order. What `script` names happens in that order; what `holding` names, time passing and faults that the script
    does not name happen when nothing else can; everything else as on the plain schedule. For a run with `every_choice`."""

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
        if loop.log is not None:
            loop.log.append(("happens", can[pick]))
        return pick


def play(factory: Factory, played: ServerProgram, script: Sequence[str] = (), holding: Sequence[str] = ()) -> Played:
    """One run, by a script; see `Scripted`."""
    scripts: list[Scripted] = []
    loops: list[ControlledLoop] = []

    def make(candidates: LoopCandidates) -> Choose:
        candidates.loop.log = []
        loops.append(candidates.loop)
        scripts.append(Scripted(candidates, script, holding))
        return scripts[0]

    with controlled_locks(), WATCHDOG.guarded():
        result = Runner(SERVER_LEVEL, factory, Order.FIFO).run(played, make, every_choice=True)
    assert not scripts[0].left, f"the run never came to {scripts[0].left[0]}"
    sent: dict[int, list[str]] = {}
    timeline: list[str] = []
    for what, about in loops[0].log or ():
        if what == "happens":
            timeline.append(str(about))
        elif what == "sends":
            connection, message = _sent(about)
            sent.setdefault(connection, []).append(_short(message))
            timeline.append(f"c{connection} <- {_short(message)}")
    return Played(sent, timeline, result.violations, loops[0].time())


def _sent(about: object) -> tuple[int, Message]:
    assert isinstance(about, tuple)
    connection, message = about
    return connection, message


def _short(message: Message) -> str:
    return say_message(message).removeprefix("the answer to ")
