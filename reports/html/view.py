"""The parts of a page, whatever record it is made from: the verdict, pictures, findings with their runs, and further sections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from subwarden.model.words import in_number
from subwarden.reports.html.escaping import escaped


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding. `run`: its tasks, steps and trace, as `reports.records.finding.RunRecord` has them; `replay`: the command that repeats it;
    `also`: the names of other properties that the same bug breaks; `printed`: the last lines that the subject printed; `by_hand`: the
    command that leads the run by hand.
    """

    id: str
    heading: str
    lines: Sequence[str] = ()
    tasks: Sequence[tuple[str, str]] = ()
    run: Mapping[str, Any] | None = None
    replay: str | None = None
    script: str | None = None
    script_said: str = ""
    pictures: Sequence[str] = ()
    also: Sequence[str] = ()
    printed: Sequence[str] = ()
    by_hand: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A page. `worse`: what has become worse; `sections`: further headings with their content, as HTML."""

    title: str
    verdict: str
    said: Sequence[str]
    pictures: Sequence[str] = ()
    findings: Sequence[FindingView] = ()
    worse: Sequence[str] = ()
    sections: Sequence[tuple[str, str]] = field(default_factory=list)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """A table as HTML; the columns at `numbers` are aligned to the right."""
    head = "".join(f'<th scope="col"{_right(at, numbers)}>{escaped(name)}</th>' for at, name in enumerate(columns))
    body = "".join(f"<tr>{''.join(f'<td{_right(at, numbers)}>{_cell(cell)}</td>' for at, cell in enumerate(row))}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def bullets(lines: Sequence[str]) -> str:
    """A list as HTML."""
    return f"<ul>{''.join(f'<li><bdi>{escaped(line)}</bdi></li>' for line in lines)}</ul>"


def numbered(lines: Sequence[str]) -> str:
    """A numbered list as HTML."""
    return f"<ol>{''.join(f'<li><bdi>{escaped(line)}</bdi></li>' for line in lines)}</ol>"


def plural(count: int, noun: str) -> str:
    """`1 finding`, `2 findings`, `no findings`."""
    return f"{f'{count:,}' if count else 'no'} {in_number(noun, count)}"


def _right(at: int, numbers: Sequence[int]) -> str:
    return ' class="number"' if at in numbers else ""


def _cell(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else f"<bdi>{escaped(cell)}</bdi>"
