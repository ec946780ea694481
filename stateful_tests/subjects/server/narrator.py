"""Puts a run of level server into words: requests, messages, locks, and the changes of maps and registry."""

import asyncio
from typing import TYPE_CHECKING

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.server.evidence import RefusedChange, WrongMaps, WrongReply
from subwarden.model.manager.projection import View, disagreements, project
from subwarden.model.manager.words import say_changes
from subwarden.model.server.requests import Message, Request
from subwarden.model.server.state import IMPLICIT
from subwarden.model.server.words import say_message, say_registry, say_request, say_state_facts
from subwarden.reports.html.trace_record import StateRecord
from subwarden.stateful_tests.exploring.findings.pictured.compared import compared

if TYPE_CHECKING:
    from subwarden.stateful_tests.subjects.server.play import ServerPlay


class ServerNarrator:
    """See `stateful_tests.exploring.level.Narrator`."""

    def __init__(self, play: "ServerPlay") -> None:
        self._play = play
        self._view = View(frozenset(), (), frozenset(), frozenset(), frozenset())
        self._loaded: dict[int, int] = {}
        self._closing: set[int] = set()
        self._lock_names: dict[int, str] = {}
        self._causes: set[Cause] = set()  # those that the last `state` has seen

    def lock(self, verb: str, lock: asyncio.Lock) -> str:
        self._learn_locks()
        return f"{verb} {self._lock_names.get(id(lock), 'a lock')}"

    def call(self, verb: str, operation: Request) -> str:
        return f"{verb} {say_request(operation)}"

    def answer(self, operation: Request, answer: object) -> str:
        raise AssertionError("a server answers by a message")

    def message(self, client: int, message: Message) -> str:
        return f"sends c{client}: {say_message(message)}"

    def changes(self) -> list[str]:
        """The differences between maps and registry now and at the last call of this method."""
        self._learn_locks()
        server = self._play.server
        before, self._view = self._view, project(self._play.judge.visible.shown)
        shown = server.show()
        said = say_changes(before, self._view) + say_registry(self._loaded, shown.loaded, shown.closing, self._closing)
        self._loaded, self._closing = shown.loaded, shown.closing
        return said

    def state(self) -> StateRecord:
        judge, server = self._play.judge, self._play.server
        model, followed = judge.state, True
        for cause in judge.violations.keys() - self._causes:  # after a change that it refuses, the judge goes on from there
            evidence = judge.evidence.get(cause)
            if isinstance(evidence, RefusedChange):
                model, followed = evidence.state, False
        self._causes = set(judge.violations)
        shown, registry, view = judge.visible.shown, server.show(), project(judge.visible.shown)
        facts = say_state_facts(view.live or (), registry.loaded, registry.closing, view.links, {(t, c, s) for s, (t, c) in view.ids})
        ids = {grant for grant in model.grants if grant[2] != IMPLICIT}
        loaded = {t: known.conversation for t, known in model.loaded}
        closing = {t for t, known in model.loaded if known.closing}
        allowed = say_state_facts(model.live, loaded, closing, {(t, c) for t, c, _ in model.grants}, ids)
        more = [*disagreements(shown), *(f"a listener of v{v} runs on t{t}" for t, v in sorted(registry.listeners))]
        links = [[f"c{c}", f"t{t}"] for t, c in sorted(view.links)]
        return compared(facts, [allowed], links, followed=followed, more=more)

    def moves(self) -> None:
        """Not said: what the model of a server does next depends on its engine and its clients, too."""
        return

    def explain(self, cause: Cause) -> str:
        judge = self._play.judge
        detail = judge.details[cause]
        match judge.evidence.get(cause):
            case WrongReply(_, _, allowed):
                right = " or ".join(sorted(reply.value for reply in allowed))
                return f"{detail}; the model allows {right}" if right else f"{detail}, which was right at no moment"
            case WrongMaps(shown, _) if cause == causes.MAPS_DISAGREE:
                return disagreements(shown)[0]
        return detail

    def _learn_locks(self) -> None:
        self._lock_names |= {id(lock): name for name, lock in self._play.server.locks().items()}
