"""Objects made in C whose state can be taken and put back: random generators, arrays, and buffers."""

import sys
from array import array
from collections.abc import Callable
from io import BytesIO, StringIO
from random import Random, SystemRandom
from typing import Any

Take = Callable[[Any], Any]
Put = Callable[[Any, Any], None]
LARGE = 200_000  # bytes, beyond which an array is taken to be a table that nobody changes


def _set_bytes(now: Any, was: bytes) -> None:
    now[:] = was  # in place: one that somebody looks into cannot be emptied


def _set_array(now: Any, was: bytes) -> None:
    now[:] = array(now.typecode, was)


def _of_buffer(now: Any) -> Any:
    return None if now.closed else now.__getstate__()


def _set_buffer(now: Any, was: Any) -> None:
    if was is not None:
        now.__setstate__(was)


def _of_numpy(now: Any) -> Any:
    return None if now.dtype.hasobject or now.nbytes > LARGE else (now.shape, now.dtype, now.tobytes())


def _set_numpy(now: Any, was: Any) -> None:
    if was is not None:
        shape, kind, data = was
        now[...] = sys.modules["numpy"].frombuffer(data, kind).reshape(shape)


_KINDS: tuple[tuple[type, Take, Put], ...] = (
    (Random, lambda now: now.getstate(), lambda now, was: now.setstate(was)),
    (bytearray, bytes, _set_bytes),
    (array, lambda now: now.tobytes(), _set_array),
    (StringIO, _of_buffer, _set_buffer),
    (BytesIO, _of_buffer, _set_buffer),
)


def state_of(kind: type) -> tuple[Take, Put] | None:
    """How the state of objects of this class is taken and put back; None if they have none of that kind."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, getattr(numpy, "ndarray", ())):
        return _of_numpy, _set_numpy
    if issubclass(kind, SystemRandom):
        return None
    return next(((get, put) for each, get, put in _KINDS if issubclass(kind, each)), None)
