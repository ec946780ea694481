"""Pictures of a run's locks: which is taken inside which, and, where tasks are left waiting, who waits for whom."""

import networkx as nx

from subwarden.reports.html.graph_picture import Graph, graph_picture
from subwarden.reports.html.trace_record import LockRecord, RunTraceRecord


def lock_pictures(trace: RunTraceRecord | None) -> list[str]:
    """The pictures that there is something to show in, as HTML."""
    if trace is None:
        return []
    order, waits = lock_order(trace), waits_at_the_end(trace)
    made: list[str] = []
    if order.number_of_edges():
        made.append(graph_picture("Order of locks", order, "is held while taking"))
    if waits.number_of_edges():
        made.append(graph_picture("Who waits for whom at the end", waits, "waits for"))
    return made


def lock_order(trace: RunTraceRecord) -> Graph:
    """An edge from each lock to those that its holder holds later, or waits for, at the end of a step."""
    graph: Graph = nx.DiGraph()
    before: list[LockRecord] = []
    for moment in trace["moments"]:
        locks = moment.get("locks", before)
        for lock in locks:
            inside = [(task, _held_by(task, locks)) for task in lock["waited_for_by"]]
            inside += [(task, _held_by(task, before)) for task in lock["held_by"]]
            graph.add_edges_from((outer, lock["lock"]) for _, outers in inside for outer in outers if outer != lock["lock"])
        before = locks
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


def _held_by(task: str, locks: list[LockRecord]) -> list[str]:
    return [lock["lock"] for lock in locks if task in lock["held_by"]]
