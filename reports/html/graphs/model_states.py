"""The picture of the model's states that a run passed through: its way, that of the nearest run that holds, the moves that neither took.

A run is in a state where the model has one alone: while calls are open whose effect cannot be seen yet, there may be several. Between two
such states it went by the shortest way that the model has; several ways may explain it.
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import networkx as nx

from subwarden.model.words import in_number
from subwarden.reports.html.graphs.graph_picture import Graph, Look, graph_picture
from subwarden.reports.html.trace_record import ModelMovesRecord, MomentRecord, StateRecord

Facts = tuple[str, ...]
FACTS, LONGEST = 5, 34  # lines of a state, and characters of a line
MOST = 28  # states of a picture: beside those of the runs, the nearest
TITLE = "The model's states"
NOTHING = "nothing"
UNKNOWN = "Moves that neither took are not drawn: there are too many, or they depend on more than the calls."
SIGNS = (
    ("taken", "this run"),
    ("beside", "only the nearest run that holds"),
    ("missed", "taken by neither"),
    ("differs", "where the subject left the model"),
)


def model_pictures(run: Mapping[str, Any]) -> list[str]:
    """The picture, with a line that explains it; none where nothing changes. `run`: as `FindingView.run` has it."""
    trace = run.get("trace")
    if trace is None:
        return []
    model = trace.get("model")
    way, off = _way(trace["moments"], run["steps"], model)
    holds = trace.get("holds")
    beside = [] if holds is None else _way(holds["trace"]["moments"], holds["steps"], model)[0]
    graph, said = _moves(model, (way, beside))
    mine, other = _edges(graph, way), _edges(graph, beside)
    drawn = _near(graph, [*way, *beside])
    names = {facts: "; ".join(facts) for facts in drawn}
    kinds = {edge: "taken" if edge in mine else "beside" if edge in other else "missed" for edge in graph.edges}
    nodes = {names[facts]: "taken" if facts in way else "beside" for facts in (*beside, *way)}
    lines = {name: _lines(facts) for facts, name in names.items()}
    shown: Graph = nx.DiGraph()
    shown.add_nodes_from(sorted(names.values()))
    shown.add_edges_from((names[edge[0]], names[edge[1]]) for edge in kinds if drawn.issuperset(edge))
    edges: dict[Hashable, str] = {(names[edge[0]], names[edge[1]]): kind for edge, kind in kinds.items() if drawn.issuperset(edge)}
    calls: dict[Hashable, str] = {(names[edge[0]], names[edge[1]]): words for edge, words in said.items() if drawn.issuperset(edge)}
    if off is not None:
        last, left = names[way[-1]], f"* {'; '.join(off)}"
        shown.add_edge(last, left)
        edges[last, left] = nodes[left] = "differs"
        lines[left] = ["the subject shows:", *_lines(off)]
    if len(shown) < 2:
        return []
    look = Look(edges=edges, said=calls, nodes=nodes, lines=lines, layers=_layers(shown, names[way[0]] if way else min(names.values())))
    left_out = graph.number_of_nodes() - len(drawn)
    states = f"{left_out:,} more {in_number('state', left_out)} {'is' if left_out == 1 else 'are'} not drawn."
    more = UNKNOWN if model is None else states if left_out else ""
    return [f"<div>{graph_picture(TITLE, shown, 'leads to', look)}{_legend({*edges.values(), *nodes.values()}, more)}</div>"]


def _legend(kinds: set[str], more: str) -> str:
    signs = [(kind, words) for kind, words in SIGNS if kind in kinds]
    line = '<span><svg width="26" height="10" aria-hidden="true" class="picture"><path d="M1 5H25" class="edge {}"/></svg> {}</span>'
    return f'<p class="key">{"".join(line.format(*sign) for sign in signs)}<span>{more}</span></p>'


def _lines(facts: Facts) -> list[str]:
    cut = [fact if len(fact) <= LONGEST else fact[: LONGEST - 1] + "…" for fact in facts]
    rest = len(cut) - FACTS
    return [*cut[:FACTS], f"and {rest} more"] if rest > 0 else cut or [NOTHING]


def _way(moments: Sequence[MomentRecord], rows: Sequence[Any], model: ModelMovesRecord | None) -> tuple[list[Facts], Facts | None]:
    """The states in which the model was alone, one after the other; and what the subject showed where it left the model, if it did."""
    way: list[Facts] = []
    known = None if model is None else {tuple(facts) for facts in model["states"]}
    for moment, broken in zip(moments, [False, *(bool(row["broken"]) for row in rows)], strict=True):
        state: StateRecord | None = moment.get("state")
        if state is None:
            continue
        shown = tuple(sorted(state["shown"]))
        must = tuple(sorted(state["must"]))
        apart = (not state["followed"] and shown != must) or (broken and known is not None and shown not in known)
        if state["compared"] and apart:
            return way or [must], shown
        if state["may"] or not state["followed"]:
            continue
        if not way or way[-1] != must:
            way.append(must)
    return way, None


def _moves(model: ModelMovesRecord | None, ways: Sequence[Sequence[Facts]]) -> tuple["nx.DiGraph[Facts]", dict[tuple[Facts, Facts], str]]:
    """The graph of the model, with each step of the ways that it does not have; and the calls of each move."""
    graph: nx.DiGraph[Facts] = nx.DiGraph()
    said: dict[tuple[Facts, Facts], str] = {}
    if model is not None:
        states = [tuple(facts) for facts in model["states"]]
        graph.add_nodes_from(states)
        for move in model["moves"]:
            edge = states[move["source"]], states[move["target"]]
            graph.add_edge(*edge)
            said[edge] = " or ".join(move["calls"])
    for way in ways:
        graph.add_nodes_from(way)
        for one, to in pairwise(way):
            if not nx.has_path(graph, one, to):
                graph.add_edge(one, to)
    return graph, said


def _edges(graph: "nx.DiGraph[Facts]", way: Sequence[Facts]) -> set[tuple[Facts, Facts]]:
    """The moves along a way."""
    found: set[tuple[Facts, Facts]] = set()
    for one, to in pairwise(way):
        path = nx.shortest_path(graph, one, to)
        found.update(pairwise(path))
    return found


def _near(graph: "nx.DiGraph[Facts]", visited: Sequence[Facts]) -> set[Facts]:
    """The states that were visited or passed, and the nearest others, up to `MOST`."""
    drawn = dict.fromkeys(visited)
    for one, to in pairwise(visited):
        if nx.has_path(graph, one, to):
            drawn.update(dict.fromkeys(nx.shortest_path(graph, one, to)))
    for state in [*drawn]:
        for after in sorted(graph.successors(state)):
            if len(drawn) < MOST:
                drawn.setdefault(after)
    return set(drawn)


def _layers(graph: Graph, first: str) -> dict[str, int]:
    """The layer of each state: the fewest moves that lead there."""
    found: dict[str, int] = dict(nx.single_source_shortest_path_length(graph, first))
    last = max(found.values())
    return {node: found.get(node, last + 1) for node in graph.nodes}
