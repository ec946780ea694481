"""Whether each client wants the raw events of a thread, as far as its requests say (P10)."""

from collections.abc import Set as AbstractSet

from subwarden.checking.server.requests import Requests
from subwarden.model.server import requests as rq
from subwarden.model.server.deliveries import Pair
from subwarden.model.server.state import ServerState, pair_of

CHOOSES = (rq.Start, rq.AddListener)  # requests that say whether raw events are wanted


class RawChoices:
    """Of one run. It keeps when each subscription last ended: a choice ends with it."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._ended: dict[Pair, int] = {}

    def end(self, pair: Pair) -> None:
        """The client of `pair` is not subscribed any more."""
        self._ended[pair] = self._requests.moment()

    def right_for(self, pair: Pair, state: ServerState, shown: AbstractSet[Pair]) -> frozenset[bool]:
        """The forms that are right for the client of `pair`: both, while a request that changes the choice is in flight. `shown`: the
        pairs that show as raw."""
        said = {f.request.raw for _, f in state.flight if isinstance(f.request, CHOOSES) and pair_of(f.request) == pair}
        if said:
            return frozenset(said | {pair in shown})
        wants = self._last_choice(pair, state)
        return frozenset({pair in shown}) & wants or wants  # which of several was the last shows

    def _last_choice(self, pair: Pair, state: ServerState) -> frozenset[bool]:
        """By the last of its requests that chose and was done since the subscription last ended.

        Of two that were in flight at the same time either may be the last, as may one that was in flight when the subscription ended. One
        connection's requests are seldom in flight at the same time (`model.server.order`).
        """
        if not state.linked(*pair):
            return frozenset({False})
        ended = self._ended.get(pair, 0)
        done = [
            (each.began, each.answered, each.request.raw)
            for each in self._requests
            if isinstance(each.request, CHOOSES) and each.done and each.began and each.answered and pair_of(each.request) == pair
        ]
        since = [began for began, _, _ in done if began > ended]
        wants = {raw for _, answered, raw in done if answered > ended and not any(began > answered for began in since)}
        return frozenset(wants if since else wants | {False})
