"""Reads the options of the core model that an adapter declares (`model.core.options`), each by an attribute of that name.

An adapter without these attributes is not looked at further: methods that happen to have the name of an option's operation mean nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

from subwarden.checking.bad_observation import BadObservation
from subwarden.model.core.options import ALL, LAST, CoreOptions
from subwarden.model.core.step import Id

OPERATIONS = {
    "attach": ("client", "socket"),
    "detach": ("client", "socket"),
    "ack": ("client",),
    "redeliver": ("client",),
}
TAKES_OVER, RESUMES = "takes over", "resumes"
EVENTS = ("join", "leave", "state")


def options_of(manager: Any) -> CoreOptions:
    """The options that the adapter `manager` declares. Raises BadObservation for a value that means nothing."""
    sessions = getattr(manager, "reconnects", False)
    if isinstance(sessions, str) and sessions not in (TAKES_OVER, RESUMES):
        raise BadObservation(f'reconnects is {sessions!r:.40}; it must be True, or "{TAKES_OVER}" or "{RESUMES}" with attach and detach')
    return CoreOptions(
        takes_over=isinstance(sessions, str),
        resumes=sessions == RESUMES,
        retains=_retains(getattr(manager, "retains", "")),
        patterns=_flag(manager, "patterns"),
        presence=_flag(manager, "presence"),
        acks=_flag(manager, "acks"),
        bounded=_bounded(getattr(manager, "bounded", None)),
        shares=_shares(getattr(manager, "shares", ())),
    )


def operations_of(options: CoreOptions) -> dict[str, tuple[str, ...]]:
    """The operations that come with `options`, with the names of their arguments."""
    wanted = ("attach", "detach") * options.takes_over + ("ack", "redeliver") * options.acks
    return {name: OPERATIONS[name] for name in wanted}


def needed(options: CoreOptions, has: Iterable[str]) -> str | None:
    """The first method that `options` need and the adapter does not have, with the option that needs it, in words."""
    wants = [(name, "acks" if name in ("ack", "redeliver") else "reconnects") for name in operations_of(options)]
    wants += [("sees", "presence")] * options.presence
    seeing = "retains" * bool(options.retains) or "acks" * options.acks or "bounded" * (options.bounded is not None)
    seeing = seeing or "shares" * bool(options.shares is None or options.shares) or "patterns" * options.patterns
    wants += [("delivered", seeing)] * bool(seeing)
    return next((f"{option} needs a method {name}" for name, option in wants if name not in has), None)


def seen_by(sees: Callable[[], Any]) -> dict[Id, list[tuple[str, Id, object]]]:
    """The events of presence that `sees()` returned, by viewer: ("join" or "leave", client, topic), or ("state", topic, clients).

    Raises BadObservation for another shape.
    """
    shown = sees()
    are = 'of ("join", client, topic), ("leave", client, topic) and ("state", topic, clients)'
    try:
        found = {client: [tuple(event) for event in events] for client, events in shown.items()}
        for event in (event for events in found.values() for event in events):
            what, of, where = event
            hash(of)
            if what not in EVENTS or (what == "state" and isinstance(where, str)):
                raise ValueError
        return {c: [(w, o, frozenset(x) if w == "state" else x) for w, o, x in events] for c, events in found.items()}
    except (AttributeError, TypeError, ValueError):
        raise BadObservation(f"sees() must return a dict of lists by client, {are}, not {shown!r:.80}") from None


def _flag(manager: Any, name: str) -> bool:
    value = getattr(manager, name, False)
    if callable(value):
        raise BadObservation(f"{name} is a method; as an option it must be True or False: give the method another name")
    if not isinstance(value, bool):
        raise BadObservation(f"{name} is {value!r:.40}; it must be True or False")
    return value


def _retains(value: object) -> str:
    if value in (False, None, ""):
        return ""
    if value not in (LAST, ALL):
        raise BadObservation(f'retains is {value!r:.40}; it must be "{LAST}" or "{ALL}": which messages a new subscriber gets first')
    return str(value)


def _bounded(value: object) -> int | None:
    if value is None or value is False:
        return None
    if type(value) is not int or value < 1:
        raise BadObservation(f"bounded is {value!r:.40}; it must be the number of messages that may wait for a client, 1 or more")
    return value


def _shares(value: Any) -> frozenset[Id] | None:
    if value is True:
        return None
    if value is False or value is None:
        return frozenset()
    if isinstance(value, str) or not isinstance(value, Iterable) or not all(isinstance(topic, str) for topic in value):
        raise BadObservation(f'shares is {value!r:.40}; it must be True, or the topics whose messages are shared, such as ("t1",)')
    return frozenset(value)
