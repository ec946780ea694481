"""A subject may have its loop start tasks eagerly (Python 3.12 and later): whose step it was is known all the same."""

import asyncio
import sys
from random import Random

import pytest

from subwarden.scheduling.loop import EAGER
from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.portfolio import Portfolio
from subwarden.stateful_tests.exploring.runner import Runner, running
from subwarden.stateful_tests.specimens.races import split_lock_shown
from subwarden.stateful_tests.subjects.manager.level import MANAGER_LEVEL


class EagerSplitLock(split_lock_shown.FixedSplitLock):
    """It has every task of the loop start at once, those of its callers too."""

    def __init__(self) -> None:
        asyncio.get_running_loop().set_task_factory(EAGER)  # type: ignore[arg-type]  # see below
        super().__init__()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly since Python 3.12")
@pytest.mark.parametrize("order", Order)
def test_the_task_of_a_step_is_known_if_tasks_start_eagerly(order: Order) -> None:
    with running():
        runner = Runner(MANAGER_LEVEL, EagerSplitLock, order)
        for seed in range(20):
            strategy = Portfolio(Random(seed))
            for _ in range(30):
                result = runner.run_strategy(split_lock_shown.CROWDED, strategy)
                assert result is not None
                assert not result.details
