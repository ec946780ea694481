"""Which transitions of the model's reachable graph a campaign of random programs never took.

The graph is that of a small scope, one transition for each orbit: what differs only by names of connections, threads, ids and
conversations is taken once it is taken under any names. It refuses to count what lies outside the scope; that is told as a number.
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
    """A transition that nothing took."""

    kind: str
    state: str
    request: str


class ModelCoverage:
    """Collects transitions as they are taken. `scope` needs two conversations a thread to tell a new one from the same."""

    def __init__(self, scope: Scope) -> None:
        if scope.in_flight or scope.conversations < 2:
            raise ValueError("coverage is of whole operations (in_flight=0), with 2 conversations a thread")
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
        self.outside = 0  # transitions taken that the scope does not have

    def took(self, state: State, request: Request) -> None:
        """`request` took effect, on its caller's own entry if it is a state operation, in `state`."""
        key = self._key(state, request)
        if key is None or key not in self.transitions:
            self.outside += 1
        else:
            self.taken[key] += 1

    def missed(self) -> list[Missed]:
        """What nothing took, in words, in a fixed order."""
        return [missed for missed, key in self._in_words if key not in self.taken]

    @cached_property
    def _in_words(self) -> list[tuple[Missed, Key]]:
        """Every transition in words, in order: they are the same for every record."""
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
        """The least (state, request) under all renamings; None if the scope does not have it."""
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
        """Each thread's own conversation becomes its first, any other its second: only same or not matters."""
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
        # a thread that the scope does not have keeps a number that the scope does not have either
        return (thread - 1) * self.scope.conversations + which + 1
