"""The looks of a script: what a server shows after each name of a schedule, and at which of these moments a claim is to be checked.

Moments are counted in names of the schedule: 0 is before anything has happened. It refuses a claim that shows at no moment: a step's
middle is out of a script's reach.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from subwarden.impl.server.server import ShownServer
from subwarden.model.manager.projection import Shown, disagreements
from subwarden.stateful_tests.exploring.findings.claimant import NoScript

Claim = dict[str, Any]
Shows = Callable[[Shown, ShownServer, Claim], bool]
IN_THE_MIDDLE = "it shows only in the middle of a step"


class Look(NamedTuple):
    """`shown` is None in the middle of a change."""

    shown: Shown | None
    registry: ShownServer


def timed(claim: Claim, looks: Sequence[Look], seen: int) -> Claim:
    """The claim with the moment `at` which it shows: the end (None) if it shows then, else `seen`, the moment at which the judge saw it.
    The end of something is shown by two looks; the first is `before`. Raises NoScript."""
    there = [look.shown is not None and SHOWS[claim["kind"]](look.shown, look.registry, claim) for look in looks]
    if not there[-1] and not there[min(seen, len(looks) - 1)]:
        raise NoScript(IN_THE_MIDDLE)
    at = None if there[-1] else seen
    if claim["kind"] not in ENDINGS:
        return {**claim, "at": at}
    before = [moment for moment, look in enumerate(looks[:seen]) if look.shown is not None and not there[moment]]
    if not before:
        raise NoScript(IN_THE_MIDDLE)
    return {**claim, "at": at, "before": before[-1]}


def torn_down(claim: Claim, looks: Sequence[Look], seen: int) -> Claim:
    """The claim that a thread closes though clients have been told that they are subscribed to it. Raises NoScript."""
    if _running(looks[min(seen, len(looks) - 1)].registry, claim["thread"]):
        raise NoScript(IN_THE_MIDDLE)
    if not claim["told"]:
        raise NoScript("no client under which it is torn down has been told that it is subscribed")
    return {**claim, "at": seen}


def _running(registry: ShownServer, thread: int) -> bool:
    return thread in registry.loaded and thread not in registry.closing


def _linked(shown: Shown, registry: ShownServer, claim: Claim) -> bool:
    subscribed = claim["connection"] in shown.subscribers.get(claim["thread"], ())
    return subscribed and not (claim["late"] and _running(registry, claim["thread"]))


def _stays(shown: Shown, _registry: ShownServer, claim: Claim) -> bool:
    return claim["connection"] in shown.subscribers.get(claim["thread"], ()) and claim["id"] not in shown.ids


def _unlinked(shown: Shown, _registry: ShownServer, claim: Claim) -> bool:
    if claim["id"] is None:
        return claim["connection"] not in shown.subscribers.get(claim["thread"], ())
    return shown.ids.get(claim["id"]) != (claim["thread"], claim["connection"])


def _unloaded(_shown: Shown, registry: ShownServer, claim: Claim) -> bool:
    return (claim["thread"], claim["conversation"]) not in registry.loaded.items()


def _ended(shown: Shown, _registry: ShownServer, claim: Claim) -> bool:
    return shown.live is not None and shown.live.isdisjoint(claim["closed"])


def _revived(shown: Shown, _registry: ShownServer, claim: Claim) -> bool:
    return shown.live is not None and not shown.live.isdisjoint(claim["closed"])


def _maps(shown: Shown, _registry: ShownServer, _claim: Claim) -> bool:
    return bool(disagreements(shown))


def _dead(shown: Shown, _registry: ShownServer, claim: Claim) -> bool:
    subscribed = {connection for connections in shown.subscribers.values() for connection in connections}
    return bool(subscribed - (shown.live or frozenset()) if claim["not_live"] is None else subscribed.intersection(claim["not_live"]))


SHOWS: dict[str, Shows] = {
    "linked": _linked,
    "stays": _stays,
    "unlinked": _unlinked,
    "unloaded": _unloaded,
    "ended": _ended,
    "revived": _revived,
    "maps": _maps,
    "dead": _dead,
}
ENDINGS = ("unlinked", "unloaded", "ended")
