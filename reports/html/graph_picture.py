"""Draws a directed graph as SVG: layers from left to right, a cycle in one layer, the same picture every time.

The page has the arrow's tip (`#tip`). networkx says which nodes lie on a cycle and which come after which. Its own layouts need numpy, and
some need chance.
"""

from collections.abc import Hashable, Mapping
from typing import TypeAlias

import networkx as nx

from subwarden.reports.html.svg import CHARACTER, figure, label, number, picture

Graph: TypeAlias = "nx.DiGraph[str]"
HEIGHT, GAP = 26.0, 18.0


def graph_picture(
    title: str, graph: Graph, verb: str, kinds: Mapping[Hashable, str] | None = None, rows: Mapping[str, int] | None = None
) -> str:
    """`graph` as SVG. `verb` says what an edge means; `kinds`: the class of an edge (`taken`, `missed`, `differs`), by its pair of nodes;
    `rows`: each node in a row of its own, at this place, instead of layers.
    """
    at, width, height = _places(graph) if rows is None else _stacked(rows)
    parts: list[str] = []
    for source, target in sorted(graph.edges):
        parts.append(_edge(at[source], at[target], "edge " + (kinds or {}).get((source, target), "")))
    for node in sorted(graph.nodes):
        x, y, wide = at[node]
        parts.append(f'<rect x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(HEIGHT)}" rx="6" class="node"/>')
        parts.append(label(x + wide / 2, y + 17, node, "", "middle"))
    said = "; ".join(f"{source} {verb} {target}" for source, target in sorted(graph.edges))
    return figure(title, picture(title, f"{title}: {said}", width, height, parts))


def _places(graph: Graph) -> tuple[dict[str, tuple[float, float, float]], float, float]:
    """The left edge, the top and the width of each node, and the size of the picture."""
    groups = nx.condensation(graph)
    layers = [sorted(node for group in layer for node in groups.nodes[group]["members"]) for layer in nx.topological_generations(groups)]
    at: dict[str, tuple[float, float, float]] = {}
    x, around = 8.0, 0.0  # the right end of the nodes, and of edges that run around a layer
    for layer in layers:
        wide = 20 + CHARACTER * max(len(node) for node in layer)
        for row, node in enumerate(layer):
            at[node] = (x, 12 + row * (HEIGHT + GAP), wide)
        x += wide + 70
        around = max(around, *(x - 62 + 0.75 * _out(at[one][1] - at[other][1]) for one in layer for other in layer))
    return (
        at,
        max(x - 70 + 8, around if graph.number_of_edges() else 0),
        20 + max((len(layer) for layer in layers), default=0) * (HEIGHT + GAP),
    )


def _stacked(rows: Mapping[str, int]) -> tuple[dict[str, tuple[float, float, float]], float, float]:
    """One node below the other; edges run along the right side."""
    wide = 20 + CHARACTER * max(map(len, rows))
    return {node: (8.0, 12 + row * (HEIGHT + GAP), wide) for node, row in rows.items()}, wide + 190, 20 + len(rows) * (HEIGHT + GAP)


def _edge(source: tuple[float, float, float], target: tuple[float, float, float], kind: str) -> str:
    x1, y1, wide1 = source
    x2, y2, _ = target
    y1, y2 = y1 + HEIGHT / 2, y2 + HEIGHT / 2
    if x1 < x2:
        x1 += wide1
        bend = (x2 - x1) / 2
        points = (x1, y1), (x1 + bend, y1), (x2 - bend, y2), (x2, y2)
    else:  # on a cycle: around the right side, further out for an edge upwards
        right, shift = x1 + wide1, 6 if y1 < y2 else -6
        out = _out(y1 - y2)
        points = (right, y1 + shift), (right + out, y1), (right + out, y2), (right, y2 + shift)
    start, *rest = (f"{number(x)} {number(y)}" for x, y in points)
    return f'<path d="M{start}C{" ".join(rest)}" class="{kind.strip()}" marker-end="url(#tip)"/>'


def _out(up: float) -> float:
    """How far an edge that goes `up` so far on its cycle runs to the right of its layer."""
    return (24.0 if up < 0 else 44.0) + abs(up) / 4
