"""Pieces of SVG for pictures that stand in the page as it is written. Colours come from the page's classes, so they follow its theme."""

from collections.abc import Sequence
from typing import NamedTuple

from subwarden.reports.html.escaping import escaped

CHARACTER = 7.0  # pixels of one character of a label, about
LINE = 24.0
BAR = 92.0


class Share(NamedTuple):
    """`done` of `of`."""

    done: int
    of: int


class GridRow(NamedTuple):
    """A row of a grid: its name, the class of its mark (`holds`, `violated`, `inconclusive` or empty), and a share a column."""

    name: str
    mark: str
    shares: Sequence[Share | None]


SIGNS = {"holds": "✓", "violated": "✗", "inconclusive": "?", "": "·"}


def grid(title: str, columns: Sequence[str], rows: Sequence[GridRow]) -> str:
    """A picture with a bar for each row and column, which is as full as its share."""
    left = 40 + CHARACTER * max((len(row.name) for row in rows), default=4)
    step = BAR + 34
    width, height = left + step * len(columns), 34 + LINE * len(rows)
    parts = [_text(left + step * at, 16, name, "head") for at, name in enumerate(columns)]
    for number, row in enumerate(rows):
        y = 34 + LINE * number
        parts.append(_text(4, y + 11, SIGNS.get(row.mark, "·"), f"sign {row.mark}"))
        parts.append(_text(22, y + 11, row.name, ""))
        for at, share in enumerate(row.shares):
            if share is not None:
                parts += _bar(left + step * at, y, share)
    said = "; ".join(_said(columns, row) for row in rows)
    return figure(title, picture(title, f"{title}. {said}", width, height, parts))


def counts(title: str, rows: Sequence[tuple[str, int, bool]]) -> str:
    """A picture with a bar for each (name, count, full), as long as its count; a full one has the colour of what is complete."""
    most = max((count for _, count, _ in rows), default=0) or 1
    left = 24 + CHARACTER * max((len(name) for name, _, _ in rows), default=0)
    parts = []
    for number, (name, count, full) in enumerate(rows):
        y = 8 + LINE * number
        bar = rectangle(left, y, 4 * BAR * count / most, 15, "full" if full else "part")
        parts += [label(4, y + 11, name), bar, label(left + 4, y + 11.5, f"{count:,}", "on-bar")]
    said = "; ".join(f"{name}: {count:,}{', complete' if full else ''}" for name, count, full in rows)
    return figure(title, picture(title, f"{title}. {said}", left + 4 * BAR + 8, 16 + LINE * len(rows), parts, "fits"))


def picture(title: str, description: str, width: float, height: float, parts: Sequence[str], kind: str = "") -> str:
    """An SVG with a name and a description for those who cannot see it. `kind`: `fits`, if it may be as narrow as a phone."""
    size = f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}"'
    head = f'<svg class="{f"picture {kind}".strip()}" role="img" aria-label="{escaped(description)}" {size}>'
    return f"{head}<title>{escaped(title)}</title>{''.join(parts)}</svg>"


def figure(title: str, drawn: str) -> str:
    """A picture under its title."""
    return f"<figure><figcaption>{escaped(title)}</figcaption>{drawn}</figure>"


def label(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    """A text whose anchor is at this point."""
    return f'<text x="{number(x)}" y="{number(y)}" class="{kind}" text-anchor="{anchor}">{escaped(text)}</text>'


def rectangle(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A rectangle with round corners."""
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0))}" height="{number(height)}" rx="3" class="{kind}"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return label(x, y, text, kind)


def _bar(x: float, y: float, share: Share) -> list[str]:
    full = share.done / share.of if share.of else 0.0
    kind = "full" if share.of and share.done == share.of else "part"
    words = f"{share.done:,} of {share.of:,}" if share.of else "none"
    return [rectangle(x, y, BAR, 15, "track"), rectangle(x, y, BAR * full, 15, kind), _text(x + 4, y + 11.5, words, "on-bar")]


def _said(columns: Sequence[str], row: GridRow) -> str:
    shares = [f"{name} {share.done:,} of {share.of:,}" for name, share in zip(columns, row.shares, strict=True) if share is not None]
    return f"{row.name}{f' {row.mark}' if row.mark else ''}: {', '.join(shares)}"


def number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
