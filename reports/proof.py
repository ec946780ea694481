"""A proof as text: the verdict first, then what it covers, what was met, and what it says nothing about."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from subwarden.model.properties import Property
from subwarden.proving.manager.proof import Proof
from subwarden.proving.search import CounterExample, SearchVerdict

STYLES = {SearchVerdict.HOLDS: "green", SearchVerdict.VIOLATED: "bold red", SearchVerdict.INCONCLUSIVE: "yellow"}


def print_proof(proof: Proof, console: Console, all_kinds: bool = False) -> None:
    """Print `proof`; `all_kinds` adds the table of transitions by kind."""
    search, verdict = proof.search, proof.verdict
    console.print(Text(verdict.value.upper(), style=STYLES[verdict]) + Text(f"  level {proof.scope.level}: {proof.scope.describe()}"))
    for reason in why_inconclusive(proof):
        console.print(Text(f"  {reason}", style="yellow"))
    kept = f" ({search.stored:,} orbits kept)" if proof.symmetric else ""
    console.print(Text(f"{search.distinct:,} distinct states{kept}, {search.transitions:,} transitions, {search.depth} steps deep"))
    met = sum(search.kinds[kind] > 0 for kind in search.expected_kinds)
    sometimes = f"{sum(search.met.values())} of {len(search.met)} sometimes properties met"
    console.print(Text(f"{met} of {len(search.expected_kinds)} kinds of transition taken, {sometimes}"))
    if proof.liveness is not None:
        console.print(Text(f"{proof.liveness.components:,} strong components among states with a call in flight"))
    console.print(_properties(proof))
    for counter_example in proof.counter_examples:
        print_counter_example(counter_example, console)
    if all_kinds:
        console.print(_kinds(proof))
    console.print(Text("says nothing about:"))
    for sentence in proof.scope.left_out():
        console.print(Text(f"  {sentence}"))


def why_inconclusive(proof: Proof) -> Iterable[str]:
    """What stands between the proof and "holds", a sentence each; nothing if it holds or is violated."""
    if proof.verdict is not SearchVerdict.INCONCLUSIVE:
        return
    if proof.search.stopped is not None:
        yield f"not everything was seen: {proof.search.stopped}; {proof.search.expanded:,} of {proof.search.stored:,} states were expanded"
        return
    if proof.search.never_enabled:
        yield f"never enabled: {', '.join(proof.search.never_enabled)}"
    if proof.search.never_met:
        yield f"never met: {', '.join(proof.search.never_met)}"
    if proof.liveness_skipped:
        other = "P13" if proof.scope.level == "manager" else "P14"
        yield f"P7 and {other} were not judged: {proof.unjudged[Property.P7]}"


def _properties(proof: Proof) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("", "property", "verdict", ""):
        table.add_column(column)
    for prop in Property:
        verdict = proof.verdict_of(prop)
        shown = Text("not judged") if verdict is None else Text(verdict.value, style=STYLES[verdict])
        table.add_row(prop.name, prop.title, shown, proof.unjudged.get(prop, ""))
    return table


def _kinds(proof: Proof) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("transition")
    table.add_column("times", justify="right")
    for kind in sorted({*proof.search.kinds, *proof.search.expected_kinds}):
        table.add_row(kind, f"{proof.search.kinds[kind]:,}")
    return table


def print_counter_example(found: CounterExample, console: Console) -> None:
    """Print a shortest run, one step a row."""
    console.print(Text(f"{found.property.name} {found.property.title}: {found.what}, after {len(found.run)} steps", style="bold red"))
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("", "what happens", "answer", "then"):
        table.add_column(column)
    for number, step in enumerate(found.run, start=1):
        table.add_row(str(number), Text(step.action), Text(step.answer), Text(step.state))
    console.print(table)
