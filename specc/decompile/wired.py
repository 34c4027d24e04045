"""What flows between the items of a run, and the order in which a person would write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from specc.decompile.tree import Call, Item, Loop, Run, flowing, inner_runs
from specc.graph.ir import Graph, Reuse

EVERYWHERE = 3
"""How often a tensor is used that is used everywhere."""

Use = tuple[int, int]
"""An item of a run, and which of its sources."""


class Wired:
    """The items of one run: which makes a tensor, and which use it. What is `kept` is used elsewhere too."""

    def __init__(self, items: Sequence[Item], kept: Iterable[str] = ()) -> None:
        self.items = items
        self.kept = frozenset(kept)
        self.makers = {o: (i, k) for i, item in enumerate(items) for k, o in enumerate(item.outputs)}
        self.users: dict[str, list[Use]] = {}
        for i, item in enumerate(items):
            for k, source in enumerate(item.sources):
                self.users.setdefault(source, []).append((i, k))

    def shared(self) -> set[str]:
        """The tensors that do not flow into one item alone."""
        return {tensor for tensor, users in self.users.items() if len(users) > 1} | self.kept

    def lines(self, places: Sequence[int]) -> float:
        """The lines that items take as steps one after another: with `from`, and names for what they make."""
        total = 0.0
        previous: str | None = None
        for place in places:
            item = self.items[place]
            total += item.lines + (item.sources != (previous,))
            users = self.users.get(item.output, ())
            total += len(users) > 1 or (len(users) == 1 and users[0][0] != place + 1)
            previous = flowing(item, previous)
        return total

    # --- order --------------------------------------------------------------------------------------------
    def reading_order(self) -> list[int]:
        """The items so that what leads to one is written right before it, and the longest way to it first."""
        depths = self._depths()
        loose = [i for i, item in enumerate(self.items) if not any(o in self.users for o in item.outputs)]
        ends = {self.makers[tensor][0] for tensor in self.kept if tensor in self.makers}
        order: list[int] = []
        seen: set[int] = set()
        for end in sorted({*loose, *ends}):
            self._visit(end, depths, seen, order)
        return order

    def _visit(self, end: int, depths: Sequence[int], seen: set[int], order: list[int]) -> None:
        """Append an item after all that leads to it."""
        stack = [(end, iter(self._before(end, depths)))]
        seen.add(end)
        while stack:
            place, before = stack[-1]
            found = next((p for p in before if p not in seen), None)
            if found is None:
                order.append(place)
                stack.pop()
            else:
                seen.add(found)
                stack.append((found, iter(self._before(found, depths))))

    def _before(self, place: int, depths: Sequence[int]) -> list[int]:
        sources = [tensor for tensor in self.items[place].sources if tensor in self.makers]
        sources.sort(
            key=lambda tensor: (not self._is_everywhere(tensor, depths), -depths[self.makers[tensor][0]])
        )
        return [self.makers[tensor][0] for tensor in sources]

    def _is_everywhere(self, tensor: str, depths: Sequence[int]) -> bool:
        """Whether a tensor is used all along: the memory of a decoder, say. It is made before that begins."""
        used = [depths[user] for user, _ in self.users[tensor]]
        return len(used) >= EVERYWHERE and 2 * (max(used) - min(used)) >= max(depths)

    def _depths(self) -> list[int]:
        """How many leaves lie between each item and the run's start, at most."""
        depths: list[int] = []
        for item in self.items:
            before = (depths[self.makers[t][0]] for t in item.sources if t in self.makers)
            depths.append(max(before, default=0) + size(item))
        return depths


def size(item: Item) -> int:
    """How many leaves an item holds."""
    return sum(size(inner) for run in inner_runs(item) for inner in run.items) or 1


def shared_tensors(run: Run, kept: Iterable[str]) -> set[str]:
    """The tensors of a run, and of the blocks within, that do not flow into one item alone."""
    items = list(flattened(run))
    found = Wired(items, kept).shared()
    for item in items:
        for inner in inner_runs(item) if isinstance(item, (Call, Loop)) else ():
            found |= shared_tensors(inner, ())
    return found


def flattened(run: Run) -> Iterator[Item]:
    """The items of a run, those of open loops round by round."""
    for item in run.items:
        if isinstance(item, Loop) and item.open:
            for inner in item.rounds:
                yield from flattened(inner)
        else:
            yield item


def is_open(run: Run, kept: Iterable[str]) -> bool:
    """Whether a run is more than a chain: where its items take several tensors, or share some."""
    alone = Wired(run.items, kept).shared() <= {*run.items[-1].outputs, *kept} if run.items else True
    return not alone or any(item.source is None for item in run.items)


def kept_tensors(graph: Graph) -> set[str]:
    """The tensors of a graph that are used outside of its steps, and the layers that are called again."""
    reused = {node.operation.target for node in graph.nodes if isinstance(node.operation, Reuse)}
    return {tensor for _, tensor in graph.outputs} | reused
