"""The monitor of broadcasts: a smallest sequence reaches each wrong, and its nearest right neighbour reaches none."""

import pytest

from subwarden.model.server.broadcasts import Broadcasts
from subwarden.model.server.deliveries import Wrong

T1 = 1


@pytest.fixture
def monitor() -> Broadcasts:
    """Clients 1 and 2 are live, and thread 1 has just been started."""
    made = Broadcasts()
    made.live(1)
    made.live(2)
    made.asked(T1)
    made.brought(T1)
    made.started(T1)
    return made


def left(monitor: Broadcasts) -> list[tuple[Wrong, int]]:
    return [(wrong, client) for wrong, client, _, _ in monitor.at_rest()]


def test_every_live_client_is_told_of_a_start_once(monitor: Broadcasts) -> None:
    assert monitor.told_started(1, T1) is None
    assert left(monitor) == [(Wrong.NOT_STARTED, 2)]
    assert monitor.told_started(2, T1) is None
    assert left(monitor) == []
    assert monitor.told_started(2, T1) is Wrong.STARTED_AGAIN


def test_nobody_need_be_told_of_the_start_of_a_thread_that_ends(monitor: Broadcasts) -> None:
    monitor.ending(T1)
    assert left(monitor) == []


def test_a_client_that_has_gone_need_not_be_told(monitor: Broadcasts) -> None:
    monitor.told_started(1, T1)
    monitor.gone(2)
    monitor.unloaded(T1, owed=True)
    monitor.told_closed(1, T1)
    assert left(monitor) == []


def test_a_thread_that_is_loaded_from_the_store_is_not_started(monitor: Broadcasts) -> None:
    monitor.brought(2)
    assert monitor.told_started(1, 2) is Wrong.STARTED_AGAIN


def test_every_live_client_is_told_of_each_unload_once(monitor: Broadcasts) -> None:
    monitor.ending(T1)
    monitor.unloaded(T1, owed=True)
    monitor.told_closed(1, T1)
    assert left(monitor) == [(Wrong.NOT_CLOSED, 2)]
    monitor.told_closed(2, T1)
    assert left(monitor) == []
    assert monitor.told_closed(2, T1) is Wrong.CLOSED_AGAIN
    monitor.unloaded(T1, owed=False)  # loaded again, and unloaded
    monitor.unloaded(T1, owed=False)
    assert monitor.told_closed(2, T1) is None


def test_a_client_that_becomes_live_during_a_broadcast_may_be_told(monitor: Broadcasts) -> None:
    monitor.ending(T1)
    monitor.unloaded(T1, owed=True)
    monitor.live(3)
    for client in (1, 2, 3):
        monitor.told_closed(client, T1)
    assert left(monitor) == []
