"""`--dask`: connects to a cluster, and says in a line why that is impossible."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from subwarden.processes.signals import was_interrupted, whole
from subwarden.stateful_tests.cluster.luggage import Luggage, pack
from subwarden.stateful_tests.subjects.watched_load import BadSubject

if TYPE_CHECKING:
    from subwarden.stateful_tests.cluster.carrier import DaskCarrier


@contextmanager
def carrying(address: str | None, subject: str, jobs: int, memory: int | None) -> Iterator["DaskCarrier | None"]:
    """The carrier for a hunt of `subject` on the cluster at `address`; None for no cluster.

    `jobs`: workers that `local` starts; `memory` as in `Portion`. Raises BadSubject, which says how to mend it."""

    def make(client: Any, luggage: Luggage) -> Any:
        from subwarden.stateful_tests.cluster.carrier import DaskCarrier  # noqa: PLC0415  # see `_connected`

        return DaskCarrier(client, subject, luggage, memory)

    with _connected(address, subject, jobs, make) as carrier:
        yield carrier


@contextmanager
def exploring(address: str | None, scenario: str, leave: frozenset[str], jobs: int, memory: int | None) -> Iterator[Any]:
    """The crew for the exploration of `scenario`, in which the tasks `leave` may be left behind. As `carrying`."""

    def make(client: Any, luggage: Luggage) -> Any:
        from subwarden.stateful_tests.cluster.crew import DaskCrew  # noqa: PLC0415  # see `_connected`

        return DaskCrew(client, scenario, luggage, leave, memory)

    with _connected(address, scenario, jobs, make) as crew:
        yield crew


@contextmanager
def scoring(address: str | None, subject: str, jobs: int, memory: int | None) -> Iterator[Any]:
    """The crew for the score of `subject`. As `carrying`."""

    def make(client: Any, luggage: Luggage) -> Any:
        from subwarden.stateful_tests.cluster.scoring import DaskScoreCrew  # noqa: PLC0415  # see `_connected`

        return DaskScoreCrew(client, luggage, memory)

    with _connected(address, subject, jobs, make) as crew:
        yield crew


@contextmanager
def _connected(address: str | None, subject: str, jobs: int, make: Callable[[Any, Luggage], Any]) -> Iterator[Any]:
    if address is None:
        yield None
        return
    try:
        from subwarden.stateful_tests.cluster.carrier import connect  # noqa: PLC0415  # an extra, which takes a second to import
        from subwarden.stateful_tests.cluster.hosts import BadCluster  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BadSubject(f"--dask needs the package {error.name}; install the extra: pip install 'subwarden[dask]'") from None
    luggage = pack(subject)
    client = cluster = None
    try:
        try:
            with whole():  # a cluster that is begun and not known could not be closed, and the process would wait for it at its end
                client, cluster = connect(address, jobs)
        except RuntimeError:  # its workers did not start, since the signal has ended them, too
            if not was_interrupted():
                raise
            raise KeyboardInterrupt from None
        made = make(client, luggage)
        yield made
        made.close()
    except BadCluster as error:
        raise BadSubject(str(error)) from None
    finally:
        if client is not None:
            client.close(timeout=2)
        if cluster is not None:
            cluster.close(timeout=5)
