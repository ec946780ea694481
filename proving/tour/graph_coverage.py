"""Coverage of the model's reachable graph: the transitions that a campaign of random programs never took.

The graph is that of a small scope, with one transition for each orbit: transitions that differ only in the names of connections,
threads, ids and conversations count as one. Transitions outside the scope are only counted.
"""

from collections import Counter
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from subwarden.model.manager import operations as op
from subwarden.model.manager.state import Entry, State
from subwarden.model.manager.words import say_state
from subwarden.proving.manager.describe import request_in_words
from subwarden.proving.manager.encoding import Encoding
from subwarden.proving.manager.open_calls import ManagerConfiguration
from subwarden.proving.manager.scope import Request, Scope
from subwarden.proving.symmetry.renaming import renamings
from subwarden.proving.tour.transitions import transitions_of

Key = tuple[int, int]  # a state and a request, both the least of their orbit


class Missed(NamedTuple):
    """A transition that no run took."""

    kind: str
    state: str
    request: str


class ModelCoverage:
    """Collects transitions as they are taken. `scope` needs two conversations a thread, to tell a new conversation from the same."""

    def __init__(self, scope: Scope) -> None:
        if scope.in_flight or scope.conversations < 2:
            raise ValueError("coverage needs a scope of whole operations (in_flight=0) with 2 conversations a thread")
        self.scope = scope
        self._encoding = Encoding(scope)
        self._numbers = {request: i for i, request in enumerate(self._encoding.requests)}
        self._renamings = [
            (renaming, [self._numbers[renaming.request(r)] for r in self._encoding.requests]) for renaming in renamings(self._encoding)
        ]
        self._keys: dict[tuple[State, Request], Key | None] = {}
        self.transitions: dict[Key, tuple[str, State, Request]] = {}
        for transition in transitions_of(scope):
            state = self._encoding.decode(transition.source).state
            key = self._key(state, transition.request)
            assert key is not None, "the graph lies within its own scope"
            self.transitions.setdefault(key, (transition.kind, state, transition.request))
        self.taken: Counter[Key] = Counter()
        self.outside = 0  # transitions taken outside the scope

    def took(self, state: State, request: Request) -> None:
        """Record that `request` took effect in `state`; a state operation acted on the entry of its thread."""
        key = self._key(state, request)
        if key is None or key not in self.transitions:
            self.outside += 1
        else:
            self.taken[key] += 1

    def missed(self) -> list[Missed]:
        """The transitions that no run took, in words, in a fixed order."""
        return [missed for missed, key in self._in_words if key not in self.taken]

    @cached_property
    def _in_words(self) -> list[tuple[Missed, Key]]:
        """Every transition in words, in order; computed once, since it is the same for every record."""
        return sorted(
            (Missed(kind, say_state(state), request_in_words(request)), key) for key, (kind, state, request) in self.transitions.items()
        )

    def _key(self, state: State, request: Request) -> Key | None:
        state = replace(state, incarnations=0, entries=tuple((t, e._replace(incarnation=t, generation=0)) for t, e in state.entries))
        known = (state, request)
        if known not in self._keys:
            self._keys[known] = self._work_out(state, request)
        return self._keys[known]

    def _work_out(self, state: State, request: Request) -> Key | None:
        """The least (state, request) under all renamings; None if it lies outside the scope."""
        state, request = self._name_conversations(state, request)
        number = self._numbers.get(request)
        if number is None:
            return None
        try:
            code = self._encoding.encode(ManagerConfiguration(state))
        except KeyError:
            return None
        return min((renaming(code), numbers[number]) for renaming, numbers in self._renamings)

    def _name_conversations(self, state: State, request: Request) -> tuple[State, Request]:
        """Each thread's followed conversation becomes its first, any other its second: only whether they are the same matters."""
        o = request.operation
        if isinstance(o, op.StateSetListener | op.StateListenerMatches) and request.thread is not None:
            entry = state.entry(request.thread)
            same = entry is None or entry.conversation in (None, o.conversation)
            request = Request(type(o)(self._conversation(request.thread, 0 if same else 1)), request.thread)
        entries = tuple((t, self._follow_first(t, e)) for t, e in state.entries)
        return replace(state, entries=entries), request

    def _follow_first(self, thread: int, entry: Entry) -> Entry:
        return entry if entry.conversation is None else entry._replace(conversation=self._conversation(thread, 0))

    def _conversation(self, thread: int, which: int) -> int:
        # a thread outside the scope keeps a number outside the scope
        return (thread - 1) * self.scope.conversations + which + 1
