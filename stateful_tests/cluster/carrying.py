"""`--dask`: connects to a cluster, and says in a line why that is impossible."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from subwarden.stateful_tests.cluster.luggage import pack
from subwarden.stateful_tests.subjects.loading import BadSubject


@contextmanager
def carrying(address: str | None, subject: str, jobs: int, memory: int | None) -> Iterator[Any]:
    """The carrier for `subject` on the cluster at `address`; None for no cluster.

    `jobs`: workers that `local` starts; `memory` as in `Portion`. Raises BadSubject, which says how to mend it."""
    if address is None:
        yield None
        return
    try:
        from subwarden.stateful_tests.cluster.carrier import (  # noqa: PLC0415  # an extra, which takes a second to import
            BadCluster,
            DaskCarrier,
            connect,
        )
    except ModuleNotFoundError as error:
        raise BadSubject(f"--dask needs the package {error.name}; install the extra: pip install 'subwarden[dask]'") from None
    luggage = pack(subject)
    try:
        client, cluster = connect(address, jobs)
        try:
            yield DaskCarrier(client, luggage, memory)
        finally:
            client.close(timeout=2)
            if cluster is not None:
                cluster.close(timeout=5)
    except BadCluster as error:
        raise BadSubject(str(error)) from None
