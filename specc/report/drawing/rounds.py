"""Equal rounds that follow each other are drawn once, with their number."""

from __future__ import annotations

from collections.abc import Sequence

from specc.report.drawing.tree import Branch, Leaf

Slot = tuple[int, int]
"""A tensor within a round: which leaf gives it, and which of its outputs it is."""


def merge_rounds(root: Branch, alias: dict[str, str], outputs: Sequence[str]) -> None:
    """Keep the first of each run of equal rounds; `alias` then leads from the last round's tensors to its."""
    merging = _Merging(alias, root, outputs)
    merging.branch(root)


class _Merging:
    def __init__(self, alias: dict[str, str], root: Branch, outputs: Sequence[str]) -> None:
        self.alias = alias
        self.users: dict[str, set[str]] = {}
        for leaf in root.leaves():
            for tensor in leaf.takes:
                self.users.setdefault(tensor, set()).add(leaf.key)
        for tensor in outputs:
            self.users.setdefault(alias.get(tensor, tensor), set()).add("")

    def branch(self, branch: Branch) -> None:
        """Merge among the children, then within those that are left."""
        kept: list[Branch | Leaf] = []
        index = 0
        while index < len(branch.children):
            child = branch.children[index]
            run = self.run(branch.children[index:]) if isinstance(child, Branch) else 1
            if run > 1:
                self.merge(branch.children[index : index + run])
            kept.append(child)
            index += run
        branch.children = kept
        for child in kept:
            if isinstance(child, Branch):
                self.branch(child)

    def run(self, children: Sequence[Branch | Leaf]) -> int:
        """How many of the first children are equal rounds, each fed by the one before."""
        first = children[0]
        assert isinstance(first, Branch)
        rounds = [list(first.leaves())]
        carried: dict[tuple[int, int], Slot] | None = None
        for child in children[1:]:
            if not isinstance(child, Branch) or not _alike(first, child):
                break
            leaves = list(child.leaves())
            carry = self.carry(rounds[-1], leaves)
            if carry is None or (carried is not None and carry != carried):
                break
            if carried is None and not self.fits_first(rounds[0], carry):
                break
            carried = carry
            rounds.append(leaves)
        return len(rounds)

    def carry(self, before: Sequence[Leaf], after: Sequence[Leaf]) -> dict[tuple[int, int], Slot] | None:
        """Which inputs of a round come from the one before; None where the rounds are not equal."""
        if len(before) != len(after):
            return None
        made, inner = _slots(before), _slots(after)
        carry: dict[tuple[int, int], Slot] = {}
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            if old.sense != new.sense or old.parameters != new.parameters or len(old.takes) != len(new.takes):
                return None
            for place, (was, now) in enumerate(zip(old.takes, new.takes, strict=True)):
                if now in made:
                    if was in made:
                        return None
                    carry[number, place] = made[now]
                elif inner.get(now) != made.get(was) or (now not in inner and was != now):
                    return None
        inside = {leaf.key for leaf in (*before, *after)}
        if not carry or any(self.users.get(tensor, set()) - inside for tensor in made):
            return None
        return carry

    def fits_first(self, leaves: Sequence[Leaf], carry: dict[tuple[int, int], Slot]) -> bool:
        """Whether the tensors that the first round takes where later ones take a carried one agree."""
        entries: dict[Slot, set[str]] = {}
        for (number, place), slot in carry.items():
            entries.setdefault(slot, set()).add(leaves[number].takes[place])
        return all(len(tensors) == 1 for tensors in entries.values())

    def merge(self, run: Sequence[Branch | Leaf]) -> None:
        first, last = run[0], run[-1]
        assert isinstance(first, Branch) and isinstance(last, Branch)
        first.count = len(run)
        for kept, dropped in zip(first.leaves(), last.leaves(), strict=True):
            self.alias.update(zip(dropped.gives, kept.gives, strict=True))


def _alike(first: Branch, other: Branch) -> bool:
    if first.kind == "round":
        return other.kind == "round" and other.span == first.span
    return other.kind == first.kind and other.title == first.title


def _slots(leaves: Sequence[Leaf]) -> dict[str, Slot]:
    return {
        tensor: (number, place)
        for number, leaf in enumerate(leaves)
        for place, tensor in enumerate(leaf.gives)
    }
