"""The objects of a run with a network go when it ends, without a collection of garbage: that took an eighth of the time of a run."""

import gc
from functools import partial
from random import Random

from subwarden.scheduling.order import Order
from subwarden.scheduling.strategies.sampling.random_walk import RandomWalk
from subwarden.stateful_tests.exploring.runner import running
from subwarden.stateful_tests.specimens.races.stream_chat import chat
from subwarden.stateful_tests.subjects.scenario.play import Rules, ScenarioRunner
from subwarden.stateful_tests.subjects.scenario.scenario import scenario_of


def test_a_run_with_a_network_leaves_no_garbage_in_cycles() -> None:
    runner, walk = ScenarioRunner(scenario_of(partial(chat, True)), Rules(Order.ANY)), RandomWalk(Random(1))
    with running():
        runner.run(walk.begin)  # what only the first run makes
        gc.collect()
        for _ in range(20):
            assert runner.run(walk.begin).failure is None
        assert gc.collect() == 0
