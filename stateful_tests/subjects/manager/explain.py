"""Puts the evidence of the manager's judge into words: the state or answer of the subject, then the one that the model allows."""

from collections.abc import Sequence

from subwarden.checking import causes
from subwarden.checking.causes import Cause
from subwarden.checking.manager.evidence import Evidence, WrongMaps, WrongReturn, WrongView
from subwarden.checking.manager.pending import agrees
from subwarden.model.manager.projection import View, disagreements
from subwarden.model.manager.words import say_answer, say_changes

NAMED = 2  # answers that are named of those that the model allows


def explain(cause: Cause, evidence: Evidence) -> str:
    """The difference between the subject and the model that `cause` is about."""
    match evidence:
        case WrongMaps(shown, closed, dead):
            if cause == causes.MAPS_DISAGREE:
                return disagreements(shown)[0]
            if cause == causes.REVIVED:
                return f"{_ids(sorted(closed & (shown.live or frozenset())))} is live after its close"
            return f"{_ids(sorted(dead))} is subscribed and not live"
        case WrongView(seen, allowed):
            return f"the maps differ from the model: {_least_changes(list(allowed), seen)}"
        case WrongReturn():
            return _wrong_return(evidence)


def _wrong_return(evidence: WrongReturn) -> str:
    answer, seen, allowed, operation = evidence
    returned = f"returned {say_answer(operation, answer)}"
    after = [view for right, view in allowed if agrees(answer, right)]
    if after and seen is not None:
        return f"{returned}; the model allows that only after this change: {_least_changes([seen], *after)}"
    answers = list(dict.fromkeys(say_answer(operation, right) for right, _ in allowed))
    return f"{returned}; the model allows {' or '.join(answers[:NAMED])}{', ...' * (len(answers) > NAMED)}" if answers else returned


def _least_changes(before: Sequence[View], *after: View) -> str:
    """The fewest changes that lead from one of the views `before` to one of the views `after`."""
    changes = sorted((len(said), said) for old in before for new in after for said in [say_changes(old, new)])
    return ", ".join(changes[0][1]) if changes else "nothing"


def _ids(connections: list[int]) -> str:
    return ", ".join(f"c{c}" for c in connections)
