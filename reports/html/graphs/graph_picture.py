"""Draws a directed graph as SVG: layers from left to right, a cycle in one layer, the same picture every time.

The page has the arrow's tip (`#tip`). networkx says which nodes lie on a cycle and which come after which. Its own layouts need numpy, and
some need chance.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import networkx as nx

from subwarden.reports.html.escaping import escaped
from subwarden.reports.html.svg import CHARACTER, figure, label, number, picture

Graph: TypeAlias = "nx.DiGraph[str]"
HEIGHT, GAP, BETWEEN, MORE = 26.0, 18.0, 70.0, 16.0  # of a node of one line, below it, to the next layer, and for each further line
DIP = 40.0


@dataclass(frozen=True, slots=True)
class Look:
    """What is not drawn as usual. `edges`: the class of an edge (`taken`, `beside`, `missed`, `differs`), by its pair of nodes, and `said`:
    its words; `nodes`: the class of a node, and `lines`: its text, if it is more than its name. `rows`: each node in a row of its own, at
    this place, instead of layers; `layers`: the layer of each node, instead of one for each step from the first.
    """

    edges: Mapping[Hashable, str] = field(default_factory=dict)
    said: Mapping[Hashable, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rows: Mapping[str, int] | None = None
    layers: Mapping[str, int] | None = None

    def of(self, node: str) -> Sequence[str]:
        """The lines of a node."""
        return self.lines.get(node, (node,))


class Box(NamedTuple):
    """The place of a node."""

    x: float
    y: float
    wide: float
    high: float


PLAIN = Look()


def graph_picture(title: str, graph: Graph, verb: str, look: Look = PLAIN) -> str:
    """`graph` as SVG. `verb` says what an edge means."""
    at, width, height = _places(graph, look) if look.rows is None else _stacked(look.rows)
    parts: list[str] = []
    for edge in sorted(graph.edges):
        source, target = edge
        parts.append(_edge(at[source], at[target], "edge " + look.edges.get(edge, ""), look.said.get(edge, "")))
    for node in sorted(graph.nodes):
        box = at[node]
        kind = f"node {look.nodes.get(node, '')}".strip()
        size = f'width="{number(box.wide)}" height="{number(box.high)}"'
        parts.append(f'<rect x="{number(box.x)}" y="{number(box.y)}" {size} rx="6" class="{kind}"/>')
        for line, text in enumerate(look.of(node)):
            parts.append(label(box.x + box.wide / 2, box.y + 17 + MORE * line, text, "", "middle"))
    said = "; ".join(f"{', '.join(look.of(source))} {verb} {', '.join(look.of(target))}" for source, target in sorted(graph.edges))
    return figure(title, picture(title, f"{title}: {said}", width, height, parts))


def _places(graph: Graph, look: Look) -> tuple[dict[str, Box], float, float]:
    """The place of each node, and the size of the picture."""
    at: dict[str, Box] = {}
    x, around, bottom = 8.0, 0.0, 0.0  # the right end of the nodes, and of edges that run around a layer
    for layer in _layers(graph, look):
        layer.sort(key=lambda node: (_height_before(graph, node, at), node))
        wide = 20 + CHARACTER * max(len(line) for node in layer for line in look.of(node))
        y = 12.0
        for node in layer:
            high = HEIGHT + MORE * (len(look.of(node)) - 1)
            at[node] = Box(x, y, wide, high)
            y += high + GAP
        bottom = max(bottom, y)
        x += wide + BETWEEN
        inside = [(at[one].y - at[other].y) for one in layer for other in layer if graph.has_edge(one, other)]
        around = max(around, *(x - 62 + 0.75 * _out(up) for up in inside), 0.0)
    return at, max(x - BETWEEN + 8, around), bottom + 4  # the gap below the last node has room for an edge that dips


def _layers(graph: Graph, look: Look) -> list[list[str]]:
    if look.layers is not None:
        groups: dict[int, list[str]] = {}
        for node in graph.nodes:
            groups.setdefault(look.layers[node], []).append(node)
        return [groups[layer] for layer in sorted(groups)]
    joined = nx.condensation(graph)
    return [[node for group in layer for node in joined.nodes[group]["members"]] for layer in nx.topological_generations(joined)]


def _height_before(graph: Graph, node: str, at: Mapping[str, Box]) -> float:
    """The mean height of the nodes before `node`, so that few edges cross."""
    before = [at[one].y for one in graph.predecessors(node) if one in at]
    return sum(before) / len(before) if before else 0.0


def _stacked(rows: Mapping[str, int]) -> tuple[dict[str, Box], float, float]:
    """One node below the other; edges run along the right side."""
    wide = 20 + CHARACTER * max(map(len, rows))
    return (
        {node: Box(8.0, 12 + row * (HEIGHT + GAP), wide, HEIGHT) for node, row in rows.items()},
        wide + 190,
        20 + len(rows) * (HEIGHT + GAP),
    )


def _edge(source: Box, target: Box, kind: str, said: str) -> str:
    x1, y1, x2, y2 = source.x, source.y + source.high / 2, target.x, target.y + target.high / 2
    if x1 < x2:
        x1 += source.wide
        bend, dip = (x2 - x1) / 2, _dip(x2 - x1)
        points = (x1, y1), (x1 + bend, y1 + dip), (x2 - bend, y2 + dip), (x2, y2)
    elif x1 == x2:  # on a cycle: around the right side, further out for an edge upwards
        right, shift = x1 + source.wide, 6 if y1 < y2 else -6
        out = _out(y1 - y2)
        points = (right, y1 + shift), (right + out, y1), (right + out, y2), (right, y2 + shift)
    else:  # back, below the edge that leads there
        end = x2 + target.wide
        bend, dip = (x1 - end) / 2, 8 + _dip(x1 - end)
        points = (x1, y1 + 8), (x1 - bend, y1 + dip), (end + bend, y2 + dip), (end, y2 + 8)
    start, *rest = (f"{number(x)} {number(y)}" for x, y in points)
    words = f"<title>{escaped(said)}</title>" if said else ""
    drawn = f'<path d="M{start}C{" ".join(rest)}" class="{kind.strip()}" marker-end="url(#tip)"'
    return f"{drawn}>{words}</path>" if words else f"{drawn}/>"


def _dip(gap: float) -> float:
    """How far an edge over a gap dips: below the nodes of a layer between."""
    return DIP if gap > BETWEEN + 1 else 0.0


def _out(up: float) -> float:
    """How far an edge that goes `up` so far on its cycle runs to the right of its layer."""
    return (24.0 if up < 0 else 44.0) + abs(up) / 4
