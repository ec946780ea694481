"""Writes a proof: the verdict, the size of the search, the verdict on each property, counterexamples, and the parts not covered."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from subwarden.reports.gate import COLOURS
from subwarden.reports.layout.wrapping import write_line
from subwarden.reports.records.proof import CounterExampleRecord, ProofRecord


def write_proof(proof: ProofRecord, console: Console, *, all_kinds: bool = False) -> None:
    """Write `proof`; `all_kinds` adds the number of transitions of each kind."""
    verdict = proof["verdict"]
    style = f"bold {COLOURS[verdict]}"
    write_line(f"{verdict.upper()}  level {proof['level']}: {proof['scope_in_words']}", console, style)
    for reason in _why_inconclusive(proof):
        write_line(f"  {reason}", console, "yellow")
    kept = f" ({proof['stored_states']:,} kept: one of those that differ in names alone)" if proof["symmetry"] else ""
    size = f"{proof['distinct_states']:,} distinct states{kept}, {proof['transitions']:,} transitions, depth {proof['depth']}"
    write_line(size, console)
    expected, sometimes = len(proof["expected_kinds"]), proof["sometimes"]
    met = f"{sum(sometimes.values())} of {len(sometimes)} states that must be reachable were reached"
    write_line(f"{expected - len(proof['never_enabled'])} of {expected} kinds of transition were possible, {met}", console)
    if proof["liveness"] is not None:
        live = proof["liveness"]
        stuck = f"{live['stuck']:,} can wait for ever" if live["stuck"] else "none can wait for ever"
        of = f"{live['states_with_open_calls']:,} states with a call in flight, {live['components']:,} strongly connected components"
        write_line(f"calls in flight: {stuck} ({of})", console)
    _properties(proof, console)
    for found in proof["counter_examples"]:
        _counter_example(found, proof, console)
    if all_kinds:
        console.print(_kinds(proof))
    write_line("not covered:", console)
    for sentence in proof["left_out"]:
        write_line(f"  {sentence}", console)


def _why_inconclusive(proof: ProofRecord) -> Iterable[str]:
    """The reasons why the proof does not say "holds", a sentence each; nothing if it does, or if it is violated."""
    if proof["verdict"] != "inconclusive":
        return
    if proof["stopped"] is not None:
        expanded = f"{proof['expanded_states']:,} of {proof['stored_states']:,} states were expanded"
        yield f"the search is incomplete: {proof['stopped']}; {expanded}"
        return
    if proof["never_enabled"]:
        yield f"never possible: {', '.join(proof['never_enabled'])}"
    never_met = [name for name, met in proof["sometimes"].items() if not met]
    if never_met:
        yield f"never reached: {', '.join(never_met)}"
    if proof["liveness"] is None and proof["scope"]["in_flight"]:
        why = proof["properties"]["P7"]["why"]
        names = [name for name, judged in proof["properties"].items() if judged["why"] == why]
        yield f"{' and '.join(names)} were not judged: {why}"


def _properties(proof: ProofRecord, console: Console) -> None:
    """The verdicts, and below them the properties that are not judged, by the reason."""
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("", "property", "verdict"):
        table.add_column(column)
    why: dict[str, list[str]] = {}
    for name, judged in proof["properties"].items():
        verdict = judged["verdict"]
        shown = Text("not judged") if verdict is None else Text(verdict, style=COLOURS[verdict])
        table.add_row(name, judged["title"], shown)
        if verdict is None:
            why.setdefault(judged["why"] or "", []).append(name)
    console.print(table)
    for reason, names in why.items():
        write_line(f"not judged: {', '.join(names)}: {reason}", console)


def _kinds(proof: ProofRecord) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("transition", overflow="fold")
    table.add_column("times", justify="right")
    times = proof["transitions_by_kind"]
    for kind in sorted({*times, *proof["expected_kinds"]}):
        table.add_row(kind, f"{times.get(kind, 0):,}")
    return table


def _counter_example(found: CounterExampleRecord, proof: ProofRecord, console: Console) -> None:
    """A shortest run, one step a row."""
    title = proof["properties"][found["property"]]["title"]
    write_line(f"{found['property']} {title}: {found['what']}, after {len(found['run'])} steps", console, "bold red")
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("", "step", "returns", "state after"):
        table.add_column(column, overflow="fold")
    for number, step in enumerate(found["run"], start=1):
        table.add_row(str(number), Text(step["action"]), Text(step["answer"]), Text(step["state"]))
    console.print(table)
