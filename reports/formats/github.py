"""A record for GitHub Actions: a workflow command that annotates the line of each finding, and a step summary in Markdown."""

import re

from subwarden.reports.formats.judged import Judged
from subwarden.reports.formats.places import file_of, told_at
from subwarden.reports.html.escaping import shown
from subwarden.reports.html.view import FindingView

SIGNS = {"holds": "✅", "violated": "❌", "inconclusive": "❔"}
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$@&-])")


def annotations_of(of: Judged) -> str:
    """A line for each finding, and one for a run that says nothing."""
    lines = [_annotation(finding, of.subject) for finding in of.findings]
    if of.verdict == "inconclusive":
        lines.append(f"::warning title={_property(f'subwarden: {of.title}')}::{_data(' '.join(['inconclusive.', *of.said]))}")
    return "".join(f"{line}\n" for line in lines)


def summary_of(of: Judged) -> str:
    """The step summary."""
    parts = [f"## {SIGNS[of.verdict]} subwarden: {_plain(of.title)}: {of.verdict}", *map(_plain, of.said)]
    for finding in of.findings:
        parts += [f"### {_plain(finding.heading)}", *map(_plain, finding.lines)]
        steps = [] if finding.run is None else finding.run["steps"]
        if steps:
            rows = "\n".join(f"| {row['step']} | {_cell([row['task']])} | {_cell(row['did'])} | {_cell(_changes(row))} |" for row in steps)
            parts.append(f"<details><summary>the run</summary>\n\n| step | task | action | changes |\n|--:|--|--|--|\n{rows}\n\n</details>")
        if finding.replay:
            parts.append(_code(finding.replay))
    return "\n\n".join(parts) + "\n"


def _annotation(finding: FindingView, subject: str) -> str:
    place = told_at(finding) or file_of(subject)
    at = "" if place is None else f"file={_property(place.file)},line={place.line},"
    said = [*finding.lines, *([f"replay: {finding.replay}"] if finding.replay else [])]
    return f"::error {at}title={_property(finding.heading)}::{_data(chr(10).join(said) or finding.heading)}"


def _data(text: str) -> str:
    """As the runner reads it back: a line break would end the command."""
    return shown(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: object) -> str:
    """Text that Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\1", " ".join(shown(text).split()))


def _cell(lines: list[str]) -> str:
    return "; ".join(map(_plain, lines))


def _changes(row: dict[str, list[str]]) -> list[str]:
    return [*row["changed"], *row["broken"]]


def _code(text: str) -> str:
    """A block of code whose fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}\n{shown(text)}\n{fence}"
