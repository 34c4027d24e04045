"""A model's picture: its tree folded to a depth, layers joined with what follows them, repeats drawn once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase

from specc.frontend.scope import is_generated
from specc.graph.infer import Types
from specc.graph.ir import Formula, Layer, Node, Reuse, Use, Weight, models_used
from specc.report.drawing import words
from specc.report.drawing.picture import Box, Frame, Item, Picture, Strip
from specc.report.drawing.rounds import merge_rounds
from specc.report.drawing.tree import Branch, Leaf, grow

FEWEST, MOST = 5, 40
"""Without a depth, blocks are opened until there are at least this many boxes, unless there get too many."""
MOST_STRIPS = 4
MINOR = frozenset({"activation", "dropout", "shape", "formula"})
"""Families that a folded block does not list, where it has others."""
TELLING = ("attention", "recurrent")


def draw_model(
    types: Types,
    every: Mapping[str, Types],
    depth: int | None = None,
    shapes: bool = True,
    unroll: bool = False,
) -> Picture:
    """The picture of one model.

    `every` are the types of all models of the spec. `depth` is how many levels of blocks are opened (None:
    as many as it takes to see something); `unroll` draws each round of a repeat on its own.
    """
    drawing = _Drawing(types, every, shapes, unroll)
    if depth is not None:
        return drawing.picture(depth)
    levels = [drawing.picture(level) for level in range(drawing.levels() + 1)]
    fits = [p for p in levels if len(list(p.boxes())) <= MOST]
    for picture in fits:
        inner = [box for box in picture.boxes() if not box.round]
        if len(inner) >= FEWEST:
            return picture
    return (fits or levels[:1])[-1]


class _Drawing:
    def __init__(self, types: Types, every: Mapping[str, Types], shapes: bool, unroll: bool) -> None:
        self.types, self.every, self.shapes = types, every, shapes
        self.graph = types.graph
        self.kinds = {node.name: node for node in self.graph.nodes}
        self.root, self.alias = grow(types)
        self.total = _total(types, every)
        outputs = [tensor for _, tensor in self.graph.outputs]
        self.badges = self.shared()
        if not unroll:
            merge_rounds(self.root, self.alias, outputs)
        self.outputs = [(name, self.resolved(tensor)) for name, tensor in self.graph.outputs]
        self.makers = {tensor: leaf.key for leaf in self.root.leaves() for tensor in leaf.gives}
        self.users = Counter(tensor for _, tensor in self.outputs)
        for leaf in self.root.leaves():
            self.users.update({self.resolved(tensor) for tensor in leaf.takes})

    def resolved(self, tensor: str) -> str:
        seen = tensor
        while seen in self.alias:
            seen = self.alias[seen]
        return seen

    def levels(self) -> int:
        """How deep blocks are nested."""

        def deep(branch: Branch) -> int:
            inner = [deep(child) for child in branch.children if isinstance(child, Branch)]
            return max(inner, default=0) + (branch.kind == "block")

        return deep(self.root)

    def shared(self) -> dict[str, str]:
        """A letter for each layer that is called again, and each model that is called twice."""
        groups: dict[str, list[str]] = {}
        for leaf in self.root.leaves():
            operation = leaf.node.operation if isinstance(leaf.node, Node) else None
            if isinstance(operation, Reuse):
                target = self.kinds[operation.target]
                groups.setdefault(f"layer {target.name}", [target.name]).append(leaf.key)
            elif isinstance(operation, Use):
                groups.setdefault(f"model {operation.model}", []).append(leaf.key)
        found: dict[str, str] = {}
        shared = [keys for keys in groups.values() if len(keys) > 1]
        for number, keys in enumerate(shared):
            letter = ascii_uppercase[number % 26] + (str(number // 26) if number >= 26 else "")
            found |= dict.fromkeys(keys, letter)
        return found

    # --- items ------------------------------------------------------------------------------------------
    def picture(self, depth: int) -> Picture:
        items = [self.input(spec.name, spec.shape, spec.dtype) for spec in self.graph.inputs]
        items += self.items(self.root, depth)
        items += [self.output(name, tensor) for name, tensor in self.outputs]
        return Picture(self.graph.name, tuple(items), self.labels(), *self.total)

    def items(self, branch: Branch, depth: int) -> list[Item]:
        found: list[Item] = []
        for child in branch.children:
            new = [self.leaf(child)] if isinstance(child, Leaf) else self.branch(child, depth)
            for item in new:
                last = found[-1] if found else None
                if isinstance(last, Box) and isinstance(item, Box) and self.joins(last, item):
                    strips = (*last.strips, *item.strips)
                    found[-1] = replace(last, strips=strips, gives=item.gives)
                else:
                    found.append(item)
        return found

    def joins(self, box: Box, after: Box) -> bool:
        """Whether a box is but a normalisation, an activation or a dropout of the one before it."""
        return (
            len(box.strips) < MOST_STRIPS
            and after.strips[0].family in words.FOLLOWERS
            and not (box.folded or after.folded or after.badge or box.count > 1 or after.count > 1)
            and len(box.gives) == 1
            and after.takes == box.gives
            and self.users[box.gives[0]] == 1
        )

    def branch(self, branch: Branch, depth: int) -> list[Item]:
        if branch.kind == "block" and (depth <= 0 or not branch.children):
            return [self.folded(branch)]
        inner = self.items(branch, depth - (branch.kind == "block"))
        if branch.kind == "round":
            if branch.count == 1:
                return inner
            if len(inner) == 1 and inner[0].count == 1:
                return [replace(inner[0], count=branch.count)]
        title = branch.title if branch.kind == "block" else "repeat"
        size = _weight(branch)
        key = f"{branch.prefix}#{next(branch.leaves()).key}#{branch.kind}"
        name = _given(branch.prefix.rstrip("."), title) if branch.kind == "block" else ""
        return [Frame(key, title, tuple(inner), branch.count, name, size, self.is_partial(branch))]

    def folded(self, branch: Branch) -> Box:
        """A block as one box."""
        leaves = list(branch.leaves())
        inside = {tensor for leaf in leaves for tensor in leaf.gives}
        takes = [t for leaf in leaves for tensor in leaf.takes if (t := self.resolved(tensor)) not in inside]
        used = Counter(t for leaf in leaves for t in {self.resolved(tensor) for tensor in leaf.takes})
        gives = [t for leaf in leaves for t in leaf.gives if self.users[t] > used[t]]
        size = _weight(branch)
        kinds: Counter[str] = Counter()
        small: Counter[str] = Counter()
        for leaf, rounds in _counted(branch):
            strip = self.strip(leaf)
            (small if strip.family in MINOR else kinds)[strip.title] += rounds
        kinds = kinds or small
        listed = ", ".join(f"{kind} ×{n}" if n > 1 else kind for kind, n in kinds.items())
        name = _given(branch.prefix.rstrip("."), branch.title)
        names = "\n".join(leaf.key for leaf in leaves)
        strip = Strip(
            self.family(leaves),
            branch.title,
            words.clipped(listed, 46),
            name,
            size,
            names,
            self.is_partial(branch),
        )
        badges = sorted({self.badges[leaf.key] for leaf in leaves if leaf.key in self.badges})
        key = f"{branch.prefix}#{leaves[0].key}"
        return Box(
            key,
            (strip,),
            tuple(dict.fromkeys(takes)),
            tuple(gives),
            branch.count,
            " ".join(badges),
            folded=True,
        )

    def family(self, leaves: Sequence[Leaf]) -> str:
        """The family that tells a block from others: attention or recurrence, else what weighs most."""
        weights: Counter[str] = Counter()
        for leaf in leaves:
            weights[self.strip(leaf).family] += leaf.parameters
        telling = [family for family in TELLING if family in weights]
        return telling[0] if telling else weights.most_common(1)[0][0]

    def leaf(self, leaf: Leaf) -> Box:
        takes = tuple(dict.fromkeys(self.resolved(tensor) for tensor in leaf.takes))
        return Box(leaf.key, (self.strip(leaf),), takes, leaf.gives, badge=self.badges.get(leaf.key, ""))

    def strip(self, leaf: Leaf) -> Strip:
        family, title, note = self.what(leaf.node)
        tooltip = "\n".join((leaf.key, *leaf.names))
        size, at_least = self.size(leaf)
        return Strip(family, title, note, _shown(leaf, title), size, tooltip, at_least)

    def size(self, leaf: Leaf) -> tuple[int, bool]:
        """The parameters of a leaf, and whether some are not known."""
        operation = leaf.node.operation if isinstance(leaf.node, Node) else None
        if isinstance(operation, Use):
            return (
                _total(self.every[operation.model], self.every)
                if operation.model in self.every
                else (0, True)
            )
        return leaf.parameters, isinstance(operation, Layer) and leaf.key not in self.types.calls

    def is_partial(self, branch: Branch) -> bool:
        """Whether some of the parameters that a branch has of its own are not known."""
        return any(
            self.size(leaf)[1]
            for leaf in branch.leaves()
            if isinstance(leaf.node, Weight) or isinstance(leaf.node.operation, Layer)
        )

    def what(self, node: Node | Weight) -> tuple[str, str, str]:
        """The family, the kind and the arguments of a node."""
        if isinstance(node, Weight):
            return "input", "weight", words.sizes(node.shape)
        operation = node.operation
        if isinstance(operation, Layer):
            return words.family(operation.object), operation.object.kind, words.note(operation.object)
        if isinstance(operation, Reuse):
            family, kind, _ = self.what(self.kinds[operation.target])
            return family, kind, f"weights of {operation.target.rpartition('.')[2]}"
        if isinstance(operation, Formula):
            return "formula", "formula", words.formula(operation.expression)
        return "model", operation.model, "model"

    # --- ends and labels --------------------------------------------------------------------------------
    def input(self, name: str, shape: Sequence[int | None], dtype: str) -> Item:
        note = words.sizes(shape) or "number"
        strip = Strip(
            "input", name, note if dtype == "float32" else f"{note} {dtype}", tooltip=f"input {name}"
        )
        return Box(f"input {name}", (strip,), (), (name,), round=True)

    def output(self, name: str, tensor: str) -> Item:
        strip = Strip("output", name, tooltip=f"output {name}")
        return Box(f"output {name}", (strip,), (tensor,), (), round=True)

    def labels(self) -> dict[str, str]:
        """The shapes of all tensors that have a type."""
        if not self.shapes:
            return {}
        single = frozenset(spec.name for spec in self.graph.inputs if spec.shape.count(None) == 1)
        tensors = self.types.tensors
        return {
            tensor: words.shape_label(tensors[tensor], single) for tensor in self.users if tensor in tensors
        }


def _counted(branch: Branch) -> Iterator[tuple[Leaf, int]]:
    """The leaves of a branch, and how often each stands for one like it."""
    for child in branch.children:
        if isinstance(child, Leaf):
            yield child, 1
        else:
            yield from ((leaf, rounds * child.count) for leaf, rounds in _counted(child))


def _weight(branch: Branch) -> int:
    """The parameters of one round of a branch."""
    return sum(leaf.parameters * rounds for leaf, rounds in _counted(branch))


def _given(key: str, kind: str) -> str:
    """The name that the user gave to a step, or nothing where it was generated."""
    last = key.rpartition(".")[2]
    return "" if is_generated(last, kind) else last


def _shown(leaf: Leaf, kind: str) -> str:
    """The name beside a leaf: its own, or one that an `Identity` gives it alone and not to its block."""
    own = _given(leaf.key, kind)
    others = [n for n in leaf.names if not leaf.key.startswith(f"{n}.") or leaf.key == f"{n}.formula"]
    return own or (others[-1].rpartition(".")[2] if others else "")


def _total(types: Types, every: Mapping[str, Types]) -> tuple[int, bool]:
    """The parameters of a model and of those it uses, each once; and whether some are not known."""
    total, at_least, seen, waiting = 0, False, {types.graph.name}, [types]
    while waiting:
        found = waiting.pop()
        total += sum(call.parameters for call in found.calls.values())
        total += sum(math.prod(weight.shape) for weight in found.graph.weights)
        layers = [node for node in found.graph.nodes if isinstance(node.operation, Layer)]
        at_least = at_least or any(node.name not in found.calls for node in layers)
        for name in models_used(found.graph):
            if name not in seen:
                seen.add(name)
                at_least = at_least or name not in every
                waiting += [every[name]] if name in every else []
    return total, at_least
