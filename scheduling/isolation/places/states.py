"""Objects made in C whose state can be taken and put back: random generators, locks of threads, arrays, and buffers.

They are taken by the methods of their builtin classes: a subclass may do anything.
"""

import pickle
import sys
from _thread import LockType, RLock
from array import array
from collections.abc import Callable
from io import BytesIO, StringIO
from random import Random, SystemRandom
from typing import Any

from subwarden.scheduling.isolation.places.whose import bases_of

Take = Callable[[Any], Any]
Put = Callable[[Any, Any], None]
MOMENT = 0.002  # seconds
LARGE = 200_000  # bytes, beyond which an array is taken to be a table that nobody changes


def _bytes(now: bytearray) -> bytes:
    return bytes(bytearray.__getitem__(now, slice(None)))


def _set_bytes(now: bytearray, was: bytes) -> None:
    bytearray.__setitem__(now, slice(None), was)  # in place: one that somebody looks into cannot be emptied


def _set_array(now: Any, was: bytes) -> None:
    array.__setitem__(now, slice(None), array(_TYPECODE(now), was))


_TYPECODE: Any = array.__dict__["typecode"].__get__


def _free(now: Any, was: bool) -> None:
    """A lock that is not held any more is left alone: a thread may have let it go, and would wait for it for ever."""
    if not was:
        now.acquire(True, MOMENT)  # in which a thread that holds it lets it go
        now.release()


def _disown(now: Any, was: bool) -> None:
    while not was and now._is_owned():
        now.release()


def _buffer(kind: Any) -> tuple[Take, Put]:
    """Of a buffer, without the attributes that somebody has given it."""
    closed: Any = kind.__dict__["closed"].__get__

    def take(now: Any) -> Any:
        return None if closed(now) else kind.__getstate__(now)[:-1]

    def put(now: Any, was: Any) -> None:
        if was is not None:
            kind.__setstate__(now, (*was, None))

    return take, put


def _of_numpy(now: Any) -> Any:
    """Raises ValueError: it cannot be taken."""
    kind = sys.modules["numpy"].ndarray
    if now.dtype.hasobject:
        raise ValueError("it holds objects")
    return None if now.nbytes > LARGE else (now.shape, now.dtype, kind.tobytes(now))


def _set_numpy(now: Any, was: Any) -> None:
    if was is not None:
        shape, kind, data = was
        sys.modules["numpy"].ndarray.__setitem__(now, ..., sys.modules["numpy"].frombuffer(data, kind).reshape(shape))


def _of_generator(now: Any) -> bytes:
    return pickle.dumps(now.bit_generator.state)  # it may hold arrays


def _set_generator(now: Any, was: bytes) -> None:
    now.bit_generator.state = pickle.loads(was)


_STATES: dict[int, tuple[Take, Put] | None] = {
    id(SystemRandom): None,
    id(Random): (Random.getstate, Random.setstate),
    id(bytearray): (_bytes, _set_bytes),
    id(array): (array.tobytes, _set_array),
    id(StringIO): _buffer(StringIO),
    id(BytesIO): _buffer(BytesIO),
    id(LockType): (LockType.locked, _free),
    id(RLock): (lambda now: now._is_owned(), _disown),
}


def _add_numpy() -> None:
    """A run may load it."""
    numpy: Any = sys.modules["numpy"]
    chance: Any = sys.modules.get("numpy.random")
    if hasattr(numpy, "ndarray") and hasattr(chance, "RandomState"):  # else it is still being loaded
        _STATES[id(numpy.ndarray)] = _of_numpy, _set_numpy
        _STATES[id(chance.Generator)] = _of_generator, _set_generator
        _STATES[id(chance.RandomState)] = lambda now: pickle.dumps(now.get_state()), lambda now, was: now.set_state(pickle.loads(was))


def state_of(kind: type) -> tuple[Take, Put] | None:
    """How the state of objects of this class is taken and put back; None if they have none of that kind."""
    if "numpy" in sys.modules:
        _add_numpy()
    return next((_STATES[id(each)] for each in bases_of(kind) if id(each) in _STATES), None)
