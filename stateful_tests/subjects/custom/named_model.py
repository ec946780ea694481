"""A model of the user's own, by the name of its file: for histories and processes, which bring none with them."""

from subwarden.checking.custom.model import CustomModel
from subwarden.stateful_tests.subjects.custom.adapter import POOLS
from subwarden.stateful_tests.subjects.loading import module_of
from subwarden.stateful_tests.subjects.watched_load import BadSubject


def model_named(named: str) -> CustomModel:
    """The model `path/to/file.py:Model`, or that of an adapter of this name. Raises BadSubject, BadModel."""
    where, _, attribute = named.rpartition(":")
    given = getattr(module_of(where, named), attribute, None)
    if given is None:
        raise BadSubject(f"{where} has no {attribute!r}; name a model, or an adapter that has one")
    return CustomModel(getattr(given, "model", given), POOLS)
