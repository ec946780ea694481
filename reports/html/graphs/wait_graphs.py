"""Pictures of a run's locks: which is taken inside which, and, where tasks are left waiting, who waits for whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx

from subwarden.reports.html.graphs.graph_picture import Graph, graph_picture
from subwarden.reports.html.trace_record import LockRecord, RunTraceRecord


def lock_pictures(run: Mapping[str, Any]) -> list[str]:
    """The pictures of a run that there is something to show in, as HTML. `run`: its steps and trace, as `FindingView.run` has them."""
    trace: RunTraceRecord | None = run.get("trace")
    if trace is None:
        return []
    order, waits = lock_order(trace, [row["task"] for row in run["steps"]]), waits_at_the_end(trace)
    made: list[str] = []
    if order.number_of_edges():
        made.append(graph_picture("Order of locks", order, "is held while taking"))
    if waits.number_of_edges():
        made.append(graph_picture("Who waits for whom at the end", waits, "waits for"))
    return made


def lock_order(trace: RunTraceRecord, tasks: Sequence[str]) -> Graph:
    """An edge from each lock to those that its holder takes, or begins to wait for, while it holds it. `tasks`: the task of each row."""
    graph: Graph = nx.DiGraph()
    holds: dict[str, list[str]] = {}
    for task, moment in zip(tasks, trace["moments"][1:], strict=True):
        held = holds.setdefault(task, [])
        for verb, lock in moment.get("used", ()):
            if verb == "releases":
                for locks in holds.values():
                    if lock in locks:
                        locks.remove(lock)
                continue
            graph.add_edges_from((outer, lock) for outer in held if outer != lock)
            if verb == "takes":
                held.append(lock)
    return graph


def waits_at_the_end(trace: RunTraceRecord) -> Graph:
    """An edge from each task to the lock that it waits for, and from each lock to its holder, after the last step."""
    graph: Graph = nx.DiGraph()
    last: list[LockRecord] = next((moment["locks"] for moment in reversed(trace["moments"]) if "locks" in moment), [])
    for lock in last:
        for task in lock["waited_for_by"]:
            graph.add_edge(task, lock["lock"])
            for holder in lock["held_by"]:
                graph.add_edge(lock["lock"], holder)
    return graph
