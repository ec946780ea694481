"""A finding of a hunt as plain data: a replay, and what a hunt knows of it beside."""

from typing import Any

from subwarden.checking.causes import Cause
from subwarden.checking.finding import Finding
from subwarden.model.properties import property_named
from subwarden.stateful_tests.hunt.work import Kept
from subwarden.stateful_tests.runs import replay


def encode(subject: str, kept: Kept) -> dict[str, Any]:
    """`kept`, found in `subject`, as `subwarden replay` reads it and `decode` does."""
    finding = kept.finding
    return {
        **replay.of_finding(subject, finding).encode(),
        "property": finding.cause.property.name,
        "mechanism": finding.cause.mechanism,
        "where": finding.cause.where,
        "cancellation": finding.cancellation,
        "size": list(finding.size),
        "shrunk": kept.shrunk,
        "strategy": kept.strategy,
    }


def decode(run: replay.Replay, data: dict[str, Any]) -> Kept:
    """The finding that `encode` wrote as `data`, whose replay is `run`. Raises KeyError, IndexError or TypeError for other data."""
    cause = Cause(property_named(data["property"]), data["mechanism"], data.get("where", ""))
    size = (data["size"][0], data["size"][1])
    finding = Finding(cause, run.order, data["cancellation"], run.program, run.names, size, run.level, run.hash_seed)
    return Kept(finding, data["shrunk"], data["strategy"])
