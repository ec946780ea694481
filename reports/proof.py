"""Writes a proof: the verdict, the size of the search, the verdict on each property, counterexamples, and the parts not covered."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from subwarden.reports.gate import COLOURS
from subwarden.reports.record import CounterExampleRecord, ProofRecord


def write_proof(proof: ProofRecord, console: Console, *, all_kinds: bool = False) -> None:
    """Write `proof`; `all_kinds` adds the number of transitions of each kind."""
    verdict = proof["verdict"]
    style = f"bold {COLOURS[verdict]}"
    console.print(Text(verdict.upper(), style=style) + Text(f"  level {proof['level']}: {proof['scope_in_words']}"))
    for reason in _why_inconclusive(proof):
        console.print(Text(f"  {reason}", style="yellow"))
    kept = f" ({proof['stored_states']:,} kept, one of each orbit)" if proof["symmetry"] else ""
    size = f"{proof['distinct_states']:,} distinct states{kept}, {proof['transitions']:,} transitions, depth {proof['depth']}"
    console.print(Text(size))
    expected, sometimes = len(proof["expected_kinds"]), proof["sometimes"]
    met = f"{sum(sometimes.values())} of {len(sometimes)} `sometimes` properties met"
    console.print(Text(f"{expected - len(proof['never_enabled'])} of {expected} kinds of transition enabled, {met}"))
    if proof["liveness"] is not None:
        console.print(Text(f"liveness: {proof['liveness']['components']:,} strongly connected components of states with a call in flight"))
    console.print(_properties(proof))
    for found in proof["counter_examples"]:
        _counter_example(found, proof, console)
    if all_kinds:
        console.print(_kinds(proof))
    console.print(Text("not covered:"))
    for sentence in proof["left_out"]:
        console.print(Text(f"  {sentence}"))


def _why_inconclusive(proof: ProofRecord) -> Iterable[str]:
    """The reasons why the proof does not say "holds", a sentence each; nothing if it does, or if it is violated."""
    if proof["verdict"] != "inconclusive":
        return
    if proof["stopped"] is not None:
        expanded = f"{proof['expanded_states']:,} of {proof['stored_states']:,} states were expanded"
        yield f"the search is incomplete: {proof['stopped']}; {expanded}"
        return
    if proof["never_enabled"]:
        yield f"never enabled: {', '.join(proof['never_enabled'])}"
    never_met = [name for name, met in proof["sometimes"].items() if not met]
    if never_met:
        yield f"never met: {', '.join(never_met)}"
    if proof["liveness"] is None and proof["scope"]["in_flight"]:
        why = proof["properties"]["P7"]["why"]
        names = [name for name, judged in proof["properties"].items() if judged["why"] == why]
        yield f"{' and '.join(names)} were not judged: {why}"


def _properties(proof: ProofRecord) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("", "property", "verdict", ""):
        table.add_column(column)
    for name, judged in proof["properties"].items():
        verdict = judged["verdict"]
        shown = Text("not judged") if verdict is None else Text(verdict, style=COLOURS[verdict])
        table.add_row(name, judged["title"], shown, judged["why"] or "")
    return table


def _kinds(proof: ProofRecord) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("transition")
    table.add_column("times", justify="right")
    times = proof["transitions_by_kind"]
    for kind in sorted({*times, *proof["expected_kinds"]}):
        table.add_row(kind, f"{times.get(kind, 0):,}")
    return table


def _counter_example(found: CounterExampleRecord, proof: ProofRecord, console: Console) -> None:
    """A shortest run, one step a row."""
    title = proof["properties"][found["property"]]["title"]
    console.print(Text(f"{found['property']} {title}: {found['what']}, after {len(found['run'])} steps", style="bold red"))
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("", "step", "returns", "state after"):
        table.add_column(column)
    for number, step in enumerate(found["run"], start=1):
        table.add_row(str(number), Text(step["action"]), Text(step["answer"]), Text(step["state"]))
    console.print(table)
