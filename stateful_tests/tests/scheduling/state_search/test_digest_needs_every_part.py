"""No part of the state may be left out of the digest: without it the search loses outcomes."""

from collections.abc import Callable, Hashable

import pytest

from subwarden.scheduling.loop import ControlledLoop
from subwarden.scheduling.order import Order
from subwarden.scheduling.state_search.digest import Digest
from subwarden.scheduling.state_search.search import StateSearch
from subwarden.stateful_tests.specimens.exhaustive import Exhaustive
from subwarden.stateful_tests.tests.scheduling.state_search.blind_digests import PARTS, Lead, offer
from subwarden.stateful_tests.tests.scheduling.state_search.brute_force import Start, outcomes, same_as_brute_force


@pytest.mark.parametrize(("blind", "start", "order"), PARTS)
def test_a_digest_without_any_one_of_its_parts_loses_outcomes(blind: type[Digest], start: Start, order: Order) -> None:
    def with_a_bystander(loop: ControlledLoop) -> Callable[[], Hashable]:
        """So that there is a choice, and the state is looked at, to the end. It notes how things stood when it came."""
        outcome, stood = start(loop), list[Hashable]()
        offer(loop, "bystander", lambda: stood.append(outcome()))
        if isinstance(loop.observer, Lead):
            loop.observer.also = stood
        return lambda: (outcome(), tuple(stood))

    brute = outcomes(Exhaustive(), with_a_bystander, order)
    assert brute is not None
    assert same_as_brute_force(with_a_bystander, order)
    search = StateSearch(make=blind)
    lost = outcomes(search, with_a_bystander, order)
    assert search.complete
    assert lost is not None
    assert lost.keys() < brute.keys()
