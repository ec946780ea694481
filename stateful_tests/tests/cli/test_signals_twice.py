"""A signal for a whole group reaches a command twice, the second time by its watcher, which a busy machine delays."""

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from subwarden.processes import signals
from subwarden.processes.signals import ENDING, interruptible, raising

DELAYED, ANOTHER = 0.8, 2.0  # seconds after the first
WAYS: list[Callable[[], AbstractContextManager[object]]] = [lambda: raising(ENDING, lambda: None), lambda: interruptible(ENDING)]


def _interrupted() -> bool:
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.parametrize("way", WAYS, ids=["raising", "interruptible"])
@pytest.mark.parametrize(("after", "raises"), [(DELAYED, False), (ANOTHER, True)])
def test_the_same_signal_once_more_is_not_a_second_one(
    way: Callable[[], AbstractContextManager[object]], after: float, raises: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 60.0
    monkeypatch.setattr(signals, "monotonic", lambda: now)
    with way():
        assert _interrupted() is (way is WAYS[0])
        now += after
        assert _interrupted() is raises
