"""A graph as a run: wherever branches leave one tensor and meet again, they become one fork."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from specc.decompile.leaves import Leaves
from specc.decompile.tree import Forge, Fork, Item, Leaf, Run
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, wires

SKIP = "Concatenate"
"""A skip connection within another (U-Net) reads better by its name than in branches within branches."""


class Regions:
    """Takes one graph apart."""

    def __init__(self, graph: Graph, leaves: Leaves, forge: Forge) -> None:
        self.graph, self.leaves, self.forge = graph, leaves, forge
        self.uses = Counter(tensor for node in graph.nodes for tensor in _taken(node))
        self.outputs = {tensor for _, tensor in graph.outputs}
        self.reused = {n.operation.target for n in graph.nodes if isinstance(n.operation, Reuse)}
        self.weights = {weight.name: weight for weight in graph.weights}
        self.items: dict[str, Item] = {}
        self.blocks: dict[int, str] = {}

    def run(self) -> Run:
        """The whole graph."""
        for node in self.graph.nodes:
            leaf = self.leaf(node)
            if len(leaf.sources) > 1:
                fork = self.fork(leaf)
                if fork is not None:
                    self.items[fork.output] = self.closed(fork)
                    continue
            self.items[leaf.output] = self.closed(leaf) if leaf.weights else leaf
        return self.forge.run(tuple(self.items.values()))

    def leaf(self, node: Node) -> Leaf:
        own = {tensor for tensor in _taken(node) if tensor in self.weights}
        alone = len(_taken(node)) - len(own) == 1
        shared = bool(own) and not (alone and all(self.uses[tensor] == 1 for tensor in own))
        apart = shared or not node.flows or node.name in self.reused or isinstance(node.operation, Reuse)
        return self.leaves.leaf(node, {} if shared else self.weights, apart)

    def closed(self, item: Leaf | Fork) -> Item:
        """What needs a name for its input, or weights of its own, is a block by itself."""
        if (isinstance(item, Fork) and item.merge.kind != "formula") or item.source is None:
            return item
        name = self.blocks.setdefault(item.shape, f"closed {item.shape}")
        return self.forge.call(name, self.forge.run((item,)))

    # --- forks --------------------------------------------------------------------------------------------
    def fork(self, merge: Leaf) -> Fork | None:
        """The branches that a node joins, where they all come from one tensor; else None."""
        if not may_join(merge):
            return None
        branches = [self.branch(tensor) for tensor in merge.sources]
        start = branches[0][0]
        if any(found != start for found, _ in branches) or sum(not items for _, items in branches) > 1:
            return None
        if merge.kind == SKIP and any(is_skip(item) for _, items in branches for item in items):
            return None
        for _, items in branches:
            for item in items:
                del self.items[item.output]
        self.uses[start] -= len(branches) - 1
        runs = tuple(self.forge.run(tuple(items)) for _, items in branches)
        return self.forge.fork(runs, merge, (start,) * len(runs))

    def branch(self, tensor: str) -> tuple[str, list[Item]]:
        """The items that lead to a tensor and to nothing else, and the tensor that they start from."""
        items: list[Item] = []
        while self.uses[tensor] == 1 and tensor not in self.outputs:
            item = self.items.get(tensor)
            if item is None or item.source is None or (isinstance(item, Leaf) and len(item.node.outputs) > 1):
                break
            items.insert(0, item)
            tensor = item.source
        return tensor, items


def is_skip(item: Item) -> bool:
    """Whether an item is a long way round beside a skip connection."""
    if not isinstance(item, Fork):
        return False
    return item.merge.kind == SKIP and any(not branch.items for branch in item.branches)


def without_skips(items: Sequence[Item]) -> list[Item]:
    """Items with the innermost skips by their names too, where others have one; so all levels are alike."""
    outer = any(isinstance(item, Leaf) and item.kind == SKIP and len(item.sources) == 2 for item in items)
    found: list[Item] = []
    for item in items:
        if outer and isinstance(item, Fork) and is_skip(item):
            found += [inner for branch in item.branches for inner in branch.items] + [item.merge]
        else:
            found.append(item)
    return found


def _taken(node: Node) -> set[str]:
    return {tensor for _, wire in node.inputs for tensor in wires(wire)}


def may_join(merge: Leaf) -> bool:
    """Whether a node can join branches: it takes a list of tensors and nothing else, or is a formula."""
    operation = merge.node.operation
    if isinstance(operation, Formula):
        return not merge.weights
    _, wire = merge.node.inputs[0]
    plain = len(merge.node.inputs) == 1 and isinstance(wire, tuple) and wire == merge.sources
    return plain and isinstance(operation, Layer) and not merge.node.settings
