"""What may be true of one connection, as far as the calls, their answers and what showed leave it open.

A call takes effect once, at any moment between its call and its return (linearizability): every order of the open calls that explains
the answers is kept as a world. Connections are followed apart from each other, because no operation but a teardown concerns two; a
teardown may reach one connection before another. That keeps the worlds few, and what it lets pass is an order, never a state.

A call that was cancelled, or that raised, stays open without a caller: it has acted, or not, or somebody finishes it later (P11).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from model.core import Connect, CoreOperation, CoreState, Disconnect, Id, Publish, Subscribe, Teardown, Unsubscribe, core_step

BOUND = 40_000  # transitions kept; some hundred bytes each
EVERYTHING = None  # what a call touches that concerns all topics of its connection


class Edge(NamedTuple):
    """What one call does at a node."""

    node: "Node"
    answer: object
    kind: str


class Node:
    """One state of the model, of one connection, and what has been asked of it so far; operations are asked by identity."""

    __slots__ = ("_edges", "_graph", "live", "state", "topics")

    def __init__(self, state: CoreState, graph: "Graph") -> None:
        self.state = state
        self.live = bool(state.live)
        self.topics = frozenset(topic for topic, _ in state.links)
        self._graph = graph
        self._edges: dict[int, tuple[CoreOperation, Edge]] = {}

    def let_go(self) -> None:
        """Forget all others: nodes keep each other alive in circles, which would lie about until somebody collects garbage."""
        self._edges.clear()

    def step(self, operation: CoreOperation) -> Edge:
        """`model.core.core_step` from this state."""
        known = self._edges.get(id(operation))
        if known is None:
            self._graph.size += 1
            after, answer, kind = core_step(self.state, operation)
            known = self._edges[id(operation)] = (operation, Edge(self._graph.node(after), answer, kind))
        return known[1]


class Graph:
    """All nodes seen since they were last dropped."""

    def __init__(self) -> None:
        self.size = 0
        self._nodes: dict[CoreState, Node] = {}

    def node(self, state: CoreState) -> Node:
        """The one node of `state`."""
        node = self._nodes.get(state)
        if node is None:
            node = self._nodes[state] = Node(state, self)
        return node

    def initial(self, *, final: bool) -> Node:
        """The node of the empty state; between runs, so that this is the moment to drop a graph that has grown too large."""
        if self.size > BOUND:
            self.size = 0
            for node in self._nodes.values():
                node.let_go()
            self._nodes.clear()
        return self.node(CoreState(final=final))


Acted = tuple[tuple[int, Edge], ...]  # calls that have acted and not returned, by number
World = tuple[Node, Acted]


class Connection:
    """Everything that may be true of connection `name`. `lost`: what it did is none of it, and nothing more can be told."""

    def __init__(self, name: Id, node: Node) -> None:
        self.name = name
        self.lost = False
        self.excused = False  # the environment failed it, so the manager may drop it at any moment
        self.left = False  # its disconnect has been called: whatever came of that, nobody is there to receive anything
        self.worlds: tuple[World, ...] = ((node, ()),)
        self.open: dict[int, CoreOperation] = {}
        self.ended: list[CoreOperation] = []  # calls that have ended, and whose work has not been seen to be right

    def concerns(self, operation: CoreOperation) -> bool:
        """Whether `operation` can change anything for this connection."""
        return isinstance(operation, Teardown) or (not isinstance(operation, Publish) and operation.connection == self.name)

    def returned(self, call: int, answer: object) -> tuple[bool, set[str]]:
        """`call` returned: whether some world explains `answer`, and the kinds of transition that it can have been."""
        acted = self._acted(call)
        agreeing = [(world, edge) for world, edge in acted if agrees(self.open[call], answer, edge.answer)]
        del self.open[call]
        self.worlds = tuple(dict.fromkeys(world for world, _ in agreeing or acted))
        return bool(agreeing), {edge.kind for _, edge in agreeing}

    def _acted(self, call: int) -> list[tuple[World, Edge]]:
        """The worlds in which `call` has acted, before or just now, without it, and what it did there.

        Others that are open act before it if they must; what acts after it is not decided before it has to be.
        """
        found: list[tuple[World, Edge]] = []
        for node, acted in self._closure(but=call):
            edge = next((edge for number, edge in acted if number == call), None)
            if edge is None:
                edge = node.step(self.open[call])
                found.append(((edge.node, acted), edge))
            else:
                found.append(((node, tuple(each for each in acted if each[0] != call)), edge))
        return found

    def _closure(self, but: int | None) -> list[World]:
        """All worlds in which open calls may have acted by now, call `but` only where it has before."""
        others = [(number, operation) for number, operation in self.open.items() if number != but]
        worlds = list(self.worlds)
        if not others:
            return worlds
        seen = set(worlds)
        for node, acted in worlds:  # grows
            done = {number for number, _ in acted}
            if but in done:  # then it needs nobody to act before it
                continue
            for number, operation in others:
                if number not in done:
                    edge = node.step(operation)
                    world = (edge.node, tuple(sorted((*acted, (number, edge)), key=lambda each: each[0])))
                    if world not in seen:
                        seen.add(world)
                        worlds.append(world)
        return worlds

    def settled(self, calls: Iterable[int]) -> None:
        """Nobody is left who could finish `calls`: each has acted, or will not."""
        gone = set(calls) & self.open.keys()
        if not gone:
            return
        worlds = self._closure(None)
        for call in gone:
            del self.open[call]
        self.worlds = tuple(dict.fromkeys((node, tuple(each for each in acted if each[0] not in gone)) for node, acted in worlds))

    def touched(self) -> frozenset[Id] | None:
        """The topics that an open call touches, for which anything may show; None: all of them."""
        if self.excused:
            return EVERYTHING
        if not self.open:
            return frozenset()
        topics: set[Id] = set()
        for operation in self.open.values():
            if isinstance(operation, Connect | Disconnect):
                return EVERYTHING
            assert not isinstance(operation, Publish)
            topics.add(operation.topic)
        return frozenset(topics)

    def showed(self, topics: frozenset[Any], touched: frozenset[Id]) -> bool:
        """`topics` show, and mean something but for those `touched`: keep the worlds that look so. False: there is none."""
        if touched:
            kept = tuple(world for world in self.worlds if world[0].topics - touched == topics - touched)
        else:
            kept = tuple(world for world in self.worlds if world[0].topics == topics)
        if not kept:
            return False
        self.worlds = kept
        return True

    def surely(self, topic: Id) -> bool:
        """Whether it is there and subscribed to `topic` now, whatever the open calls have done."""
        if self.excused or self.lost or self.left:
            return False
        if any(not isinstance(o, Connect) and (isinstance(o, Disconnect) or _names(o, topic)) for o in self.open.values()):
            return False
        return all(topic in node.topics for node, _ in self.worlds)

    def possibly(self, topic: Id) -> bool:
        """Whether it may be subscribed to `topic` now."""
        if self.excused or self.lost:
            return True
        if any(isinstance(o, Subscribe) and o.topic == topic for o in self.open.values()):
            return True
        return any(topic in node.topics for node, _ in self.worlds)

    @property
    def closed(self) -> bool:
        """Whether it has been closed for certain."""
        return all(node.state.closed for node, _ in self.worlds)

    @property
    def may_live(self) -> bool:
        """Whether it may be connected now."""
        if any(node.live for node, _ in self.worlds):
            return True
        return not self.closed and any(isinstance(o, Connect) for o in self.open.values())


def _names(operation: CoreOperation, topic: Id) -> bool:
    return isinstance(operation, Unsubscribe | Teardown) and operation.topic == topic


def agrees(operation: CoreOperation, answer: object, allowed: object) -> bool:
    """Only a bool from `subscribe` and `unsubscribe` is an answer; many managers return nothing, or something of their own."""
    return not isinstance(operation, Subscribe | Unsubscribe) or not isinstance(answer, bool) or answer is allowed
