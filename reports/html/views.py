"""Finds the page for a record, by its schema, and writes it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from subwarden.reports.html.escaping import escaped
from subwarden.reports.html.page import listed, page
from subwarden.reports.html.view import View
from subwarden.reports.html.view_of_models import history_view, proof_view, tour_view
from subwarden.reports.html.view_of_others import exploration_view, process_view, protocol_view
from subwarden.reports.html.view_of_runs import gate_view, hunt_view, play_view, replay_view
from subwarden.reports.records.exploration import EXPLORE_SCHEMA
from subwarden.reports.records.gate import GATE_SCHEMA, PLAY_SCHEMA
from subwarden.reports.records.hunt import HUNT_SCHEMA
from subwarden.reports.records.proof import TOUR_SCHEMA
from subwarden.reports.records.replay import REPLAY_SCHEMA

INDEX = "index.html"
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.]+")

VIEWS: dict[str, Callable[[Any], View]] = {
    GATE_SCHEMA: gate_view,
    HUNT_SCHEMA: hunt_view,
    REPLAY_SCHEMA: replay_view,
    PLAY_SCHEMA: play_view,
    TOUR_SCHEMA: tour_view,
    EXPLORE_SCHEMA: exploration_view,
    "subwarden/exec/1": process_view,
    "subwarden/conform/1": protocol_view,
    "subwarden/proof/1": proof_view,
    "subwarden/history/2": history_view,
}


class UnknownRecord(Exception):
    """There is no page for the record; the message says what it is."""


def schema_of(record: Mapping[str, Any]) -> str:
    """The schema of `record`. Proofs and histories are older than the key `schema`, and are known by keys of their own.

    Raises UnknownRecord.
    """
    schema = record.get("schema")
    if schema is None and "scope_in_words" in record:
        schema = f"subwarden/proof/{record.get('format')}"
    elif schema is None and "history" in record and "counted" in record:
        schema = f"subwarden/history/{record.get('version')}"
    if not isinstance(schema, str):
        raise UnknownRecord("is no record of subwarden's: it has no schema")
    if schema not in VIEWS:
        raise UnknownRecord(f"has the schema {schema}, which this version does not read; it reads {', '.join(VIEWS)}")
    return schema


def view_of(record: Any) -> View:
    """The parts of a report of `record`. Raises UnknownRecord."""
    return VIEWS[schema_of(record)](record)


def html_of(record: Any) -> str:
    """The page of `record`. Raises UnknownRecord."""
    return page(view_of(record))


def pages_of(record: Any) -> dict[str, str]:
    """The pages of `record` by the names of their files: an index, and one for each finding. Raises UnknownRecord."""
    view = view_of(record)
    made: dict[str, str] = {}
    links: list[str] = []
    for number, finding in enumerate(view.findings, 1):
        name = f"{number}-{NOT_IN_NAMES.sub('-', finding.id)[:80]}.html"
        where = f'<p><a href="{INDEX}">{escaped(view.title)}: all findings</a></p>'
        made[name] = page(View(view.title, view.verdict, [], findings=[finding], sections=[("The other findings", where)]))
        links.append(f'<li><a href="{name}">{listed(finding)}</a></li>')
    found = [("Findings", f'<ol class="contents">{"".join(links)}</ol>')] if links else []
    return {INDEX: page(replace(view, findings=[], sections=[*found, *view.sections])), **made}
