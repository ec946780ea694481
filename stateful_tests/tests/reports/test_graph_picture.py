"""Drawn graphs: every node and edge is there, nodes do not overlap, and the order of locks is the run's."""

import re

import networkx as nx

from subwarden.proving.manager.scope import Scope
from subwarden.proving.tour.tour import tour
from subwarden.reports.html.graphs.graph_picture import Graph, graph_picture
from subwarden.reports.html.graphs.wait_graphs import lock_order, lock_pictures, waits_at_the_end
from subwarden.reports.html.trace_record import LockRecord, MomentRecord, RunTraceRecord
from subwarden.stateful_tests.runs.pictured.tour_graph import layers_record

RECTANGLE = re.compile(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"')


def moment(used: list[list[str]], *locks: tuple[str, list[str], list[str]]) -> MomentRecord:
    made: list[LockRecord] = [{"lock": name, "held_by": held, "waited_for_by": waited} for name, held, waited in locks]
    return {"arrows": [], "marks": [], "used": used, "locks": made}


DEADLOCK: RunTraceRecord = {
    "lanes": [],
    "places": {},
    "moments": [
        moment([]),
        moment([["takes", "M"]], ("M", ["A"], [])),
        moment([["takes", "T"]], ("M", ["A"], []), ("T", ["B"], [])),
        moment([["waits for", "T"]], ("M", ["A"], []), ("T", ["B"], ["A"])),
        moment([["waits for", "M"]], ("M", ["A"], ["B"]), ("T", ["B"], ["A"])),
    ],
}
TASKS = ["A", "B", "A", "B"]
STEPS = [{"task": task} for task in TASKS]


def test_a_deadlock_is_a_cycle_of_locks_and_of_waits() -> None:
    assert set(lock_order(DEADLOCK, TASKS).edges) == {("M", "T"), ("T", "M")}
    assert nx.find_cycle(waits_at_the_end(DEADLOCK))
    assert len(lock_pictures({"steps": STEPS, "trace": DEADLOCK})) == 2
    assert lock_pictures({"steps": STEPS}) == lock_pictures({"steps": [], "trace": {**DEADLOCK, "moments": [moment([])]}}) == []


def test_locks_that_are_not_held_together_have_no_order() -> None:
    used = [["takes", "M"], ["releases", "M"], ["takes", "T"], ["releases", "T"]]
    one_by_one: RunTraceRecord = {**DEADLOCK, "moments": [moment([]), moment(used), moment(used[:1]), moment(used[2:])]}
    assert not lock_order(one_by_one, ["A", "A", "B"]).edges
    inside = [used[0], used[2], used[3], used[1]]
    nested: RunTraceRecord = {**DEADLOCK, "moments": [moment([]), moment(inside)]}
    assert set(lock_order(nested, ["A"]).edges) == {("M", "T")}


def test_nodes_do_not_overlap_and_the_picture_is_the_same_every_time() -> None:
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "b"), ("<x>", "a")]
    graph: Graph = nx.DiGraph(edges)
    drawn = graph_picture("Graph", graph, "leads to")
    assert drawn == graph_picture("Graph", nx.DiGraph(list(reversed(edges))), "leads to")
    assert "&lt;x&gt; leads to a" in drawn
    assert drawn.count("marker-end") == len(edges)
    boxes = [tuple(map(float, found)) for found in RECTANGLE.findall(drawn)]
    assert len(boxes) == 5
    for at, (x, y, wide, high) in enumerate(boxes):
        for other_x, other_y, other_wide, other_high in boxes[:at]:
            assert x + wide <= other_x or other_x + other_wide <= x or y + high <= other_y or other_y + other_high <= y


def test_layers_count_every_state_and_transition_once() -> None:
    plan = tour(Scope(connections=1, threads=1, subscriptions=1, in_flight=0), 200_000)
    fates = dict.fromkeys(plan.transitions[:-2], "agreed")
    fates[plan.transitions[-2]] = "differed"
    layers = layers_record(plan.transitions, fates)
    assert layers["states"][0] == 1
    assert sum(layers["states"]) == len({transition.source for transition in plan.transitions})
    counts = [sum(move[key] for move in layers["moves"]) for key in ("agreed", "differed", "missed")]
    assert counts == [len(plan.transitions) - 2, 1, 1]
    assert all(move["target"] <= move["source"] + 1 for move in layers["moves"])
