"""Writes a view as one HTML file that loads nothing: styles, script, pictures and data are inside.

The page runs its own script and no other: the policy in its head names that script and those styles by their hashes, and forbids all
else. The runs lie in the page as JSON (`escaping.island`); the script draws them, and only the rows that are in view.
"""

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Any

from subwarden.reports.html.escaping import escaped, island, user_text
from subwarden.reports.html.graphs.subscription_places import with_places
from subwarden.reports.html.view import FindingView, View, plural

TIP = (
    '<svg class="tips" aria-hidden="true" width="0" height="0"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9"'
    ' markerUnits="userSpaceOnUse" markerHeight="9" orient="auto"><path d="M0 0 8 4 0 8z" class="tip"/></marker></defs></svg>'
)
PARTS = ("dom.js", "timeline.js", "detail.js", "finding.js")
PROPERTY = re.compile(r"([A-Z]{1,2}\d{1,3}) ([^:]{1,80}): (.*)", re.DOTALL)
FEW = 5  # findings, whose own headings are the list of them
SIGNS = {"holds": "✓", "violated": "✗", "inconclusive": "?"}


def page(view: View) -> str:
    """The page of `view`."""
    runs = [with_places(finding.run) for finding in view.findings if finding.run is not None]
    content = f"{_top(view)}\n{_findings(view)}\n{_sections(view)}"
    return document(f"{view.title}: {view.verdict}", content, ("runs", runs), "page.js")


def document(title: str, content: str, data: tuple[str, Any], script: str, *, more_policy: str = "") -> str:
    """A whole document. `content`: of its main part, as HTML; `data`: an id, and what lies under it as JSON; `script`: the asset that comes
    last; `more_policy`: what else the page may do.
    """
    style, code = _asset("page.css"), _script(script)
    policy = f"default-src 'none'; script-src {_hash(code)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'{more_policy}"
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n',
            f"<title>subwarden: {escaped(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{TIP}\n<main>\n{content}\n</main>\n",
            f'<script type="application/json" id="{data[0]}">{island(data[1])}</script>\n<script>{code}</script>\n</body>\n</html>\n',
        ]
    )


def _top(view: View) -> str:
    said = "".join(f"<p>{user_text(line)}</p>" for line in view.said)
    said += "".join(f'<p class="bad">{user_text(line)}</p>' for line in view.worse)
    pictures = "".join(f'<div class="scroll covered">{each}</div>' for each in view.pictures)
    pictures = f'<div class="pictures">{pictures}</div>' if pictures else ""
    verdict = f'<span class="verdict {view.verdict}"><span aria-hidden="true">{SIGNS[view.verdict]}</span> {view.verdict}</span>'
    return f'<header><div class="top {view.verdict}"><h1>{user_text(view.title)} {verdict}</h1>{said}</div>{pictures}</header>'


def _findings(view: View) -> str:
    if not view.findings:
        return ""
    contents = ""
    if len(view.findings) > FEW:
        links = "".join(f'<li><a href="#finding-{at}">{listed(each)}</a></li>' for at, each in enumerate(view.findings))
        contents = f'<nav aria-label="Findings"><ol class="contents">{links}</ol></nav>'
    runs = iter(range(len(view.findings)))
    made = "".join(_finding(at, each, None if each.run is None else next(runs)) for at, each in enumerate(view.findings))
    return f"<h2>{plural(len(view.findings), 'finding').capitalize()}</h2>{contents}{made}"


def listed(finding: FindingView) -> str:
    """A finding in a list: its heading, and the line that tells it from others of that heading."""
    first = f'<span class="title about">{user_text(finding.lines[0])}</span>' if finding.lines else ""
    return f"{heading(finding.heading)}{first}"


def heading(text: str) -> str:
    """The heading of a finding: the letters of a property set apart, where it begins with them."""
    found = PROPERTY.match(text)
    if found is None:
        return user_text(text)
    return f'<span class="property">{found[1]}</span> <span class="title">{escaped(found[2])}:</span> {user_text(found[3])}'


def _finding(at: int, finding: FindingView, run: int | None) -> str:
    said = "".join(f"<p>{user_text(line)}</p>" for line in finding.lines)
    tasks = "".join(f"<dt>{user_text(name)}</dt><dd>{user_text(operations)}</dd>" for name, operations in finding.tasks)
    tasks = f'<dl class="tasks">{tasks}</dl>' if tasks else ""
    drawn = "" if run is None else f'<div class="run" data-run="{run}"><p class="needs">The timeline needs JavaScript.</p></div>'
    replay = _copied(f"replay-{at}", "Replay", finding.replay) if finding.replay else ""
    replay += f'<p class="note">To choose each step by hand: <code>{escaped(finding.by_hand)}</code></p>' if finding.by_hand else ""
    printed = _copied(f"printed-{at}", "Printed in this run", "\n".join(finding.printed)) if finding.printed else ""
    script = _copied(f"script-{at}", "Script of plain asyncio", finding.script, folded=True) if finding.script else ""
    note = f"<p>{user_text(finding.script_said)}</p>" if finding.script_said else ""
    pictures = f'<div class="pictures">{"".join(finding.pictures)}</div>' if finding.pictures else ""
    opened = " open" if at == 0 else ""
    return (
        f'<details class="finding" id="finding-{at}"{opened}><summary><h3>{listed(finding)}</h3></summary>'
        f"{said}{tasks}{drawn}{pictures}{printed}{replay}{note}{script}</details>"
    )


def _copied(key: str, name: str, text: str, *, folded: bool = False) -> str:
    """A text with a button that copies it."""
    button = f'<button type="button" class="copy" data-copy="{key}">Copy<span class="hidden"> the {escaped(name.lower())}</span></button>'
    content = f'{button}<pre id="{key}" tabindex="0" role="group" aria-label="{escaped(name)}">{escaped(text)}</pre>'
    if folded:
        return f'<details class="copied"><summary>{escaped(name)}</summary>{content}</details>'
    return f'<div class="copied"><h4>{escaped(name)}</h4>{content}</div>'


def _sections(view: View) -> str:
    return "".join(f"<section><h2>{escaped(heading)}</h2>{content}</section>" for heading, content in view.sections)


@cache
def _asset(name: str) -> str:
    return resources.files("subwarden.reports.html").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _script(last: str) -> str:
    """The parts that every page has, then `last`: one script whose names nobody else sees."""
    return '"use strict";\n(() => {\n' + "".join(_asset(name) for name in (*PARTS, last)) + "})();\n"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
