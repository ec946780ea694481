"""The options in the order in which they are asked. A new option is one line here."""

from functools import lru_cache

from subwarden.checking.core.options.acks import Acks
from subwarden.checking.core.options.bounded import Bounded
from subwarden.checking.core.options.option import Option
from subwarden.checking.core.options.patterns import Patterns
from subwarden.checking.core.options.presence import Presence
from subwarden.checking.core.options.retains import Retains
from subwarden.checking.core.options.shares import Shares
from subwarden.model.core.options import CoreOptions


@lru_cache(maxsize=64)
def of(options: CoreOptions) -> tuple[Option, ...]:
    """The options that are switched on. Option `reconnects` is not among them: it is in the model's steps alone."""
    every: list[tuple[object, Option]] = [
        (options.patterns, Patterns()),
        (options.retains, Retains()),
        (options.acks, Acks()),
        (options.bounded is not None, Bounded()),
        (options.shares is None or options.shares, Shares()),
        (options.presence, Presence()),
    ]
    return tuple(option for on, option in every if on)


def kinds_of(options: CoreOptions) -> list[str]:
    """The kinds of transitions that a pass must have seen."""
    return [kind for option in of(options) for kind in option.kinds]
