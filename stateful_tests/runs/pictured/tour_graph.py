"""The graph that a tour went through, small enough to draw: its states by the fewest calls that lead to them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from subwarden.proving.tour.transitions import Transition
from subwarden.reports.records.proof import LayerMoveRecord, LayersRecord


def layers_record(transitions: Sequence[Transition], fates: Mapping[Transition, str]) -> LayersRecord:
    """The layers of the graph of `transitions`, the first of which leaves the initial state, and the moves between them. `fates`:
    `agreed`, `differed` or `unreachable`, for each transition that was played or found out of reach.
    """
    leaving: defaultdict[int, list[int]] = defaultdict(list)
    for transition in transitions:
        leaving[transition.source].append(transition.target)
    depth = {transitions[0].source: 0}
    reached = list(depth)
    for state in reached:  # grows
        for target in leaving[state]:
            if target not in depth:
                depth[target] = depth[state] + 1
                reached.append(target)
    counted: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for transition in transitions:
        counted[depth[transition.source], depth[transition.target]][fates.get(transition, "not played")] += 1
    moves: list[LayerMoveRecord] = [
        {
            "source": source,
            "target": target,
            "agreed": fate["agreed"],
            "differed": fate["differed"],
            "missed": fate["unreachable"] + fate["not played"],
        }
        for (source, target), fate in sorted(counted.items())
    ]
    sizes = Counter(depth.values())
    return {"states": [sizes[layer] for layer in sorted(sizes)], "moves": moves}
