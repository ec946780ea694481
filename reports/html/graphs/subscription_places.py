"""Where the clients and topics of a run stand in the pictures of its subscriptions: at every step the same, so that the eye can follow.

Clients stand on the left and topics on the right. networkx says what hangs together; inside that, topics stand beside their clients.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import networkx as nx

ROW, FIRST = 26, 18


class PlacesRecord(TypedDict):
    """The height of each client and topic, and of the whole picture."""

    clients: dict[str, int]
    topics: dict[str, int]
    height: int


def with_places(run: Mapping[str, Any]) -> dict[str, Any]:
    """`run` as the script of a page draws it: with the places of its subscriptions."""
    return {**run, "subscriptions": subscription_places(run)}


def subscription_places(run: Mapping[str, Any]) -> PlacesRecord | None:
    """The places for all subscriptions that the run or the one beside it ever shows; None if there are none."""
    trace = run.get("trace")
    traces = [] if trace is None else [trace, *([trace["holds"]["trace"]] if trace.get("holds") else [])]
    graph: nx.Graph[tuple[str, str]] = nx.Graph()
    for each in traces:
        for moment in each["moments"]:
            graph.add_edges_from((("client", client), ("topic", topic)) for client, topic in moment.get("state", {}).get("links", ()))
    if not graph:
        return None
    clients: dict[str, int] = {}
    topics: dict[str, int] = {}
    rows = 0
    for part in sorted(nx.connected_components(graph), key=min):
        own = sorted(name for kind, name in part if kind == "client")
        clients.update((name, FIRST + ROW * (rows + row)) for row, name in enumerate(own))
        heights = {
            name: sum(clients[client] for _, client in graph[kind, name]) / len(graph[kind, name]) for kind, name in part if kind == "topic"
        }
        others = sorted(heights, key=lambda name: (heights[name], name))
        topics.update((name, FIRST + ROW * (rows + row)) for row, name in enumerate(others))
        rows += max(len(own), len(others))
    return {"clients": clients, "topics": topics, "height": ROW * rows + 10}
