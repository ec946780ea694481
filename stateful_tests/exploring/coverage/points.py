"""Points of coverage. Each names something that a run can show; a pass in which an expected point never fired is vacuous."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from subwarden.scheduling.order import Order

TEXT = re.compile(r"(?:(\w+): )?(\S+) (.+)")


class PointKind(Enum):
    """The kinds of points. The value is the first word of a point's text."""

    RULE = "rule"  # of the machine that draws programs
    OPERATION = "operation"
    TRANSITION = "transition"  # a kind of transition of the model
    ANSWER = "answer"  # to a request of level server
    CHANGE = "change"  # of the model of level server, beside its answers
    STAKE = "stake"  # an obligation of level server that a run could have broken
    CANCELLATION = "cancellation"  # the moment at which it came
    ORDER = "order"  # a choice that only this order allows
    OBSERVE = "observe()"


class Point(NamedTuple):
    """One point. `level` is set where the points of several levels meet, and empty for level manager."""

    kind: PointKind
    name: str
    level: str = ""

    def text(self) -> str:
        """The point in records and reports, such as `rule settle` or `core: rule settle`."""
        return f"{self.level}: {self.kind.value} {self.name}" if self.level else f"{self.kind.value} {self.name}"


def parse(text: str) -> Point:
    """The point that `Point.text` wrote. Raises ValueError."""
    match = TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} names no point of coverage")
    return Point(PointKind(match[2]), match[3], match[1] or "")


def points(kind: PointKind, names: Iterable[str]) -> set[Point]:
    """The points of one kind with these names."""
    return {Point(kind, name) for name in names}


def fired(kinds: Iterable[str]) -> set[Point]:
    """The points of these kinds of a model's transitions, `OPERATION` or `OPERATION: HOW`, and of their operations."""
    found = set(kinds)
    return points(PointKind.TRANSITION, found) | points(PointKind.OPERATION, (kind.partition(":")[0] for kind in found))


def at_level(level: str, found: Iterable[Point]) -> set[Point]:
    """These points as they are named among those of other levels; `level` is a level's `scope`."""
    return {point._replace(level=level) for point in found}


def texts(found: Iterable[Point]) -> list[str]:
    """The texts of these points, sorted."""
    return sorted(point.text() for point in found)


EVENT_BETWEEN = {order: Point(PointKind.ORDER, f"{order.value}: an outside event between ready steps") for order in Order}
DELIVERED = Point(PointKind.TRANSITION, "publish: delivered")
DELIVERED_IN = {order: Point(PointKind.ORDER, f"{order.value}: a message is delivered") for order in Order}
CANCELS = Point(PointKind.RULE, "cancel")
PASSED = Point(PointKind.ORDER, "any: a ready step before an older one")
FREE_LOCK = Point(PointKind.ORDER, "any: a free lock suspends")
