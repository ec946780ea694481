"""Puts the subject's state beside the model's: the facts that all states of the model share, and those that only some have."""

from collections.abc import Sequence

from subwarden.reports.html.trace_record import StateRecord


def compared(
    shown: list[str],
    states: Sequence[list[str]],
    links: list[list[str]],
    *,
    followed: bool,
    visible: bool = True,
    more: Sequence[str] = (),
) -> StateRecord:
    """The record of one moment. `states`: the facts of each state that the model may be in; `visible`: `shown` may be compared with
    them. See `reports.html.trace_record.StateRecord`.
    """
    facts = set().union(*states)
    must = {fact for fact in facts if all(fact in state for state in states)}
    return {
        "shown": shown,
        "must": sorted(must),
        "may": sorted(facts - must),
        "compared": visible,
        "followed": followed,
        "more": list(more),
        "links": links,
    }
