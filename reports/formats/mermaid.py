"""A finding as a sequence diagram of Mermaid, which Markdown viewers draw: who did what, who woke whom, who was sent what."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from subwarden.reports.formats.judged import Judged
from subwarden.reports.html.escaping import shown
from subwarden.reports.html.view import FindingView

UNSAFE = re.compile(r"[#;<>{}\"%\\`:]|\s")
LONGEST = 300  # characters of a label: a diagram cannot fold
ARROWS = {"wakes": "-->>", "starts": "->>", "sends": "->>"}


def mermaid_of(of: Judged) -> str:
    """A diagram for each finding, each in a block of its own, for a Markdown file."""
    blocks = [f"```mermaid\n{diagram(finding)}```\n" for finding in of.findings if finding.run is not None and finding.run["steps"]]
    return "\n".join(blocks) or f"subwarden: {_text(of.title)}: {of.verdict}; no run to draw\n"


def diagram(finding: FindingView) -> str:
    """The diagram of one finding."""
    assert finding.run is not None
    steps: Sequence[Any] = finding.run["steps"]
    trace: Mapping[str, Any] | None = finding.run.get("trace")
    moments = trace["moments"] if trace is not None else [{"arrows": []}] * (len(steps) + 1)
    names = [lane["name"] for lane in trace["lanes"] if lane["kind"] != "lock"] if trace is not None else []
    names = list(dict.fromkeys([*names, *(row["task"] for row in steps)]))
    known = {name: f"p{number}" for number, name in enumerate(names)}
    lines = ["sequenceDiagram", *(f"  participant {key} as {_text(name)}" for name, key in known.items())]
    for row, moment in zip(steps, moments[1:], strict=True):
        who = known[row["task"]]
        did = _text("; ".join([*row["did"], *([f"at {row['at']}"] if row["at"] else [])]) or "runs")
        lines.append(f"  Note over {who}: {row['step']} {did}")
        lines += [
            f"  {who}{ARROWS[a['kind']]}{known[a['to']]}: {_text(a['said'] or a['kind'])}" for a in moment["arrows"] if a["to"] in known
        ]
        if row["broken"]:
            first, last = known[names[0]], known[names[-1]]
            lines += ["  rect rgb(255, 220, 216)", f"  Note over {first},{last}: {_text('; '.join(row['broken']))}", "  end"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A label: characters that mean something to Mermaid, by their numbers."""
    text = shown(" ".join(text.split()))
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return UNSAFE.sub(lambda match: " " if match[0].isspace() else f"#{ord(match[0])};", text)
