"""The pages of a tour, a proof and a judged history."""

from collections.abc import Hashable, Mapping, Sequence

import networkx as nx

from subwarden.reports.history import VERDICTS
from subwarden.reports.html.escaping import user_text
from subwarden.reports.html.graphs.graph_picture import Graph, Look, graph_picture
from subwarden.reports.html.svg import CHARACTER, LINE, GridRow, Share, counts, figure, grid, label, picture, rectangle
from subwarden.reports.html.view import FindingView, View, bullets, numbered, plural, table
from subwarden.reports.records.history import CallRecord, HistoryRecord
from subwarden.reports.records.proof import CounterExampleRecord, LayerMoveRecord, ProofRecord, TourRecord

LISTED = 200  # differences of a tour; a manager that is wrong in one place may have thousands
AXIS = 520.0  # pixels of the time of a history


def tour_view(record: TourRecord) -> View:
    """The page of a tour: each kind of transition, and how many agreed."""
    said = [
        f"{record['scope']}: {record['states']:,} states and {record['transitions']:,} transitions,"
        f" in {plural(record['runs'], 'run')} of {record['calls']:,} calls.",
        f"{record['compared']:,} of {plural(record['transitions'], 'transition')} were compared.",
    ]
    said += ["It was stopped early: the rest was not played."] if record["stopped"] else []
    counts = [record[key] for key in ("agreed", "differed", "unreachable")]
    kinds = sorted(set().union(*counts))
    rows = []
    for kind in kinds:
        agreed, differed, missed = (each.get(kind, 0) for each in counts)
        rows.append(
            GridRow(kind, "violated" if differed else "inconclusive" if missed else "holds", [Share(agreed, agreed + differed + missed)])
        )
    differences = [(each["kind"], each["request"], each["state"], each["part"], each["said"]) for each in record["differences"][:LISTED]]
    more = len(record["differences"]) - len(differences)
    found = table(("kind", "request", "in the state", "differs in", "manager and model"), differences)
    found += f"<p>and {more:,} more; <code>--json</code> has them all</p>" if more else ""
    return View(
        title=f"tour on {record['subject']}",
        verdict=record["verdict"],
        said=said,
        pictures=[grid("Transitions that agree, by kind", ("agree",), rows), *_graph(record)],
        sections=[("Differences", found)] if differences else [],
    )


def _graph(record: TourRecord) -> list[str]:
    """The states by layers, with the moves that agreed, that differed, and that nobody took."""
    if "layers" not in record:
        return []
    layers = record["layers"]
    stays = {move["source"]: move for move in layers["moves"] if move["source"] == move["target"]}
    names = [_layer(layer, states, stays.get(layer)) for layer, states in enumerate(layers["states"])]
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(names)
    kinds: dict[Hashable, str] = {}
    for move in layers["moves"]:
        edge = names[move["source"]], names[move["target"]]
        if edge[0] != edge[1]:
            graph.add_edge(*edge)
            kinds[edge] = "differs" if move["differed"] else "missed" if move["missed"] else "taken"
    order = {name: layer for layer, name in enumerate(names)}
    title = "The model's states by the fewest calls to them (red: some transitions differ; dashed: some were not reached)"
    return [graph_picture(title, graph, "leads to", Look(edges=kinds, rows=order))]


def _layer(layer: int, states: int, stays: LayerMoveRecord | None) -> str:
    of = 0 if stays is None else stays["agreed"] + stays["differed"] + stays["missed"]
    return f"{plural(layer, 'call')}: {plural(states, 'state')}" + (f", {of:,} moves stay" if of else "")


def proof_view(record: ProofRecord) -> View:
    """The page of a proof: the states by their distance from the first, the properties, and a timeline for each counterexample."""
    said = [
        f"Level {record['level']}: {record['scope_in_words']}.",
        f"{record['distinct_states']:,} distinct states, {record['transitions']:,} transitions, depth {record['depth']}.",
    ]
    said += [f"The search is incomplete: {record['stopped']}."] if record["stopped"] is not None else []
    rows = [(name, of["title"], of["verdict"] or "not judged", of["why"] or "") for name, of in record["properties"].items()]
    kinds = [(kind, count) for kind, count in sorted(record["transitions_by_kind"].items(), key=lambda each: (-each[1], each[0]))]
    sections = [
        ("Properties", table(("property", "title", "verdict", "why not"), rows)),
        ("Transitions", table(("kind", "taken"), kinds, (1,))),
    ]
    never = [*record["never_enabled"], *(f"never met: {name}" for name, met in record["sometimes"].items() if not met)]
    sections += [("Never enabled", bullets(never))] if never else []
    return View(
        title=f"proof of level {record['level']}",
        verdict=record["verdict"],
        said=said,
        pictures=[counts("New states at each depth", [(f"depth {depth}", states, False) for depth, states in enumerate(record["layers"])])],
        findings=[_counter_example(each, record) for each in record["counter_examples"]],
        sections=[*sections, ("Not covered", bullets(record["left_out"]))],
    )


def history_view(record: HistoryRecord) -> View:
    """The page of a judged history: the calls of the failing window on a line of time."""
    counted = record["counted"]
    said = [
        f"{VERDICTS[record['verdict']].capitalize()} (model {record['model']}).",
        f"{plural(counted['calls'], 'call')}, {counted['answered']:,} answered, {counted['cancelled']:,} cancelled, at most"
        f" {counted['overlap']:,} at once.",
    ]
    pictures: list[str] = []
    sections: list[tuple[str, str]] = []
    failure = record.get("failure")
    if failure is not None:
        failing = failure["failing"]
        said.append(
            f"No order of the calls explains the {failing['end']} of {failing['operation']} [{failing['id']}], line {failing['end_line']}."
        )
        pictures = [_calls([*failure["under_way"], *failure["calls"]], failing)]
        order = [f"{call['operation']} [{call['id']}]" for call in failure["order"]]
        sections = [
            ("The states before", bullets(failure["starts"])),
            ("The longest order that the model allows", f"{numbered(order)}<p>state then: {user_text(failure['state'])}</p>"),
            (
                "Every next call contradicts its answer",
                table(
                    ("call", "returned", "the model allows"),
                    [(each["call"]["operation"], each["call"]["answer"] or "", each["model"]) for each in failure["candidates"]],
                ),
            ),
        ]
    said += [f"Line {each['line']}: {each['property']} {each['what']}: {each['detail']}." for each in record.get("deliveries", [])]
    if "unknown" in record:
        unknown = record["unknown"]
        said.append(f"Line {unknown['line']}: more than {unknown['budget']:,} configurations, and no verdict yet.")
    return View(f"check of {record['history']}", record["verdict"], said, pictures, sections=sections)


def _counter_example(found: CounterExampleRecord, record: ProofRecord) -> FindingView:
    title = record["properties"].get(found["property"], {"title": ""})["title"]
    steps = [
        {
            "step": number,
            "task": "model",
            "did": [step["action"], *([f"answers {step['answer']}"] if step["answer"] else [])],
            "at": None,
            "changed": [step["state"]],
            "broken": [found["what"]] if number == len(found["run"]) else [],
        }
        for number, step in enumerate(found["run"], 1)
    ]
    return FindingView(found["property"], f"{found['property']} {title}".strip(), [found["what"]], run={"tasks": [], "steps": steps})


def _calls(calls: Sequence[CallRecord], failing: CallRecord) -> str:
    """A bar a call, from its start to its end, one call a line."""
    start = min(call["called"] for call in calls)
    end = max(call["called"] if call["ended"] is None else call["ended"] for call in calls)
    names = [f"{call['operation']} [{call['id']}]" for call in calls]
    left = 16 + CHARACTER * max(map(len, names))
    scale = AXIS / ((end - start) or 1)
    parts: list[str] = []
    for row, (call, name) in enumerate(zip(calls, names, strict=True)):
        y = 10 + LINE * row
        x = left + (call["called"] - start) * scale
        ended = end if call["ended"] is None else call["ended"]
        kind = "failing" if call["id"] == failing["id"] else "call"
        parts += [label(4, y + 11, name), rectangle(x, y, max((ended - call["called"]) * scale, 3), 15, kind)]
        parts.append(label(left + AXIS + 12, y + 11, call["end"] if call["answer"] is None else call["answer"]))
    said = "; ".join(_spoken(call, name) for call, name in zip(calls, names, strict=True))
    wide = left + AXIS + 30 + CHARACTER * max(len(call["answer"] or call["end"]) for call in calls)
    title = "The calls of the failing window"
    return figure(title, picture(title, f"{title}: {said}", wide, 20 + LINE * len(calls), parts))


def _spoken(call: Mapping[str, object] | CallRecord, name: str) -> str:
    return f"{name} from {call['called']} to {call['ended']}"
