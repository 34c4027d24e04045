"""Types of a program's formulas, which call models, losses and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specc.catalog.load import load
from specc.catalog.rules import NoRuleError, RuleError, TensorType
from specc.catalog.rules.dims import Shape, Symbolic, render, symbol
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import unparse
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.project import Reference
from specc.graph.compared import PAIRED, check_compared
from specc.graph.formulas import FormulaTypeError, FormulaWalk
from specc.graph.infer import BATCH, infer_graph
from specc.graph.ir import Graph

Models = Mapping[str, Graph | Reference]


@dataclass(frozen=True)
class Outputs:
    """Several tensors by name: what a model with several outputs gives. None where a type is not known."""

    tensors: Mapping[str, TensorType | None]


@dataclass(frozen=True)
class Crossing:
    """An operation of [batch] and [batch, …, 1]: each example meets every other."""

    node: n.Binary
    left: Shape
    right: Shape

    @property
    def short(self) -> Expression:
        """The side that is [batch]."""
        return self.node.left if len(self.left) == 1 else self.node.right

    @property
    def shape(self) -> Shape:
        """The shape that comes out."""
        short, long = sorted((self.left, self.right), key=len)
        return (*long[:-1], *short)


class ProgramWalk(FormulaWalk):
    """Types of formulas that call models, losses and gradients; `crossings` are found on the way."""

    def __init__(self, names: Mapping[str, Any], models: Models) -> None:
        super().__init__(names)
        self.models = models
        self.crossings: list[Crossing] = []

    def value(self, node: Expression) -> Any:
        """What a part of a formula gives, which is not several tensors."""
        found = self.whole(node)
        if isinstance(found, Outputs):
            written, listed = unparse(node), ", ".join(f"`{name}`" for name in found.tensors)
            help = f"take one of them: `{written}.{next(iter(found.tensors))}`, say"
            raise ExpressionError(f"`{written}` is several tensors: {listed}", node.start, node.end, help)
        return found

    def whole(self, node: Expression) -> Any:
        """What a formula gives, several tensors too."""
        return super().value(node)

    def name(self, node: n.Name | n.Attribute) -> Any:
        """A tensor, or one of the outputs under a name."""
        name = n.dotted(node)
        if name is not None and name in self.names:
            return self.names[name]
        if isinstance(node, n.Attribute):
            base = self.whole(node.base)
            if isinstance(base, Outputs):
                if node.name in base.tensors:
                    return self.known(base.tensors[node.name], node.name)
                listed = ", ".join(f"`{output}`" for output in base.tensors)
                raise RuleError("argument", f"one of {listed}", f"`{node.name}`")
            if isinstance(base, TensorType):
                given = f"`{unparse(node.base)}`, which is one tensor"
                raise FormulaTypeError(
                    node,
                    node.name,
                    RuleError("argument", f"several tensors, of which one is `{node.name}`", given),
                )
        raise NoRuleError(str(name))

    def call(self, node: n.Call) -> Any:
        """What a function, a loss, a gradient or a model gives."""
        name = n.dotted(node.function) or ""
        if name in self.models:
            return self.model(node, name)
        if name == "shape" and node.arguments:
            return self.tensor(node.arguments[0]).shape
        if name == "grad":
            self.value(node.arguments[0])
            return self.tensor(node.arguments[1])
        if name == "jacobian":
            of, by = map(self.tensor, node.arguments)
            return TensorType((of.shape[0], *of.shape[1:], *by.shape[1:]), of.dtype)
        if name[:1].isupper():
            return self.loss(node, name)
        try:
            return super().call(node)
        except FormulaTypeError:
            if any(isinstance(self.value(argument), Symbolic) for argument in node.arguments):
                if name in COUNTED:
                    reason = RuleError(
                        "argument", "a number that is known before training", "the batch's size"
                    )
                    raise FormulaTypeError(node, name, reason) from None
                raise NoRuleError(name) from None  # it wants a number: the batch's size is none yet
            raise

    def tensor(self, node: Expression) -> TensorType:
        """A part that has to be a tensor."""
        found = self.value(node)
        if isinstance(found, TensorType):
            return found
        raise NoRuleError(unparse(node))

    def joined(self, node: n.Binary, left: Any, right: Any) -> Any:
        """Arithmetic; the batch's size is a number of which only the name is known."""
        if not isinstance(left, Symbolic) and not isinstance(right, Symbolic):
            self.note_crossing(node, left, right)
            return super().joined(node, left, right)
        if isinstance(left, TensorType) or isinstance(right, TensorType):
            return left if isinstance(left, TensorType) else right
        whole = {"+": "__add__", "*": "__mul__"}.get(node.operator)
        if whole and isinstance(left, Symbolic) and isinstance(right, (int, Symbolic)):
            return getattr(left, whole)(right)
        if whole and isinstance(left, int) and isinstance(right, Symbolic):
            return getattr(right, whole)(left)
        return TensorType((), "float32" if node.operator == "/" else "int32")

    def note_crossing(self, node: n.Binary, left: Any, right: Any) -> None:
        """Note where [batch] meets [batch, 1]: whoever means that writes the axis, `x[:, None]`."""
        written = isinstance(node.left, n.Subscript) or isinstance(node.right, n.Subscript)
        if written or not isinstance(left, TensorType) or not isinstance(right, TensorType):
            return
        short, long = sorted((left.shape, right.shape), key=len)
        if short == (symbol(BATCH),) == long[:1] and len(long) > 1 and long[-1] == 1:
            self.crossings.append(Crossing(node, left.shape, right.shape))

    def loss(self, node: n.Call, name: str) -> Any:
        """A loss: a scalar, or with `reduction=None` one number for each of what it compares."""
        kind = load().objects["loss"].get(name)
        if kind is None:
            raise NoRuleError(name)
        sides = [self.value(argument) for argument in node.arguments]
        keywords = {key: self.value(value) for key, value in node.keywords}
        if len(sides) == 2 and all(isinstance(side, TensorType) for side in sides):
            try:
                check_compared(name, *sides)
            except RuleError as reason:
                raise FormulaTypeError(node, name, reason) from reason
        reduction = keywords.get("reduction", "sum_over_batch_size")
        if reduction not in (None, "none"):
            return TensorType(())
        compared = sides[1]
        if name in PAIRED and isinstance(compared, TensorType):
            return TensorType(compared.shape[:-1])
        raise NoRuleError(name)

    def model(self, node: n.Call, name: str) -> Any:
        """What calling a model of the spec gives."""
        model = self.models[name]
        if isinstance(model, Reference) and model.form == "average_of":
            model = self.models[str(model.settings["average_of"])]
        given = [self.tensor(argument) for argument in node.arguments]
        named = {key: self.tensor(value) for key, value in node.keywords if key != "training"}
        if not isinstance(model, Graph):
            raise NoRuleError(name)
        inputs = dict(zip((spec.name for spec in model.inputs), given, strict=False)) | named
        for spec in model.inputs:
            self.check_input(node, name, spec.name, spec.shape, inputs[spec.name])
        types = infer_graph(model, self.models, inputs)
        if types.problems:
            raise FormulaTypeError(node, name, types.problems[0].reason)
        outputs = dict(zip(model.output_names, types.outputs, strict=True))
        return Outputs(outputs) if len(outputs) > 1 else self.known(types.outputs[0], name)

    def known(self, found: TensorType | None, name: str) -> TensorType:
        """A type, where it could be worked out."""
        if found is None:
            raise NoRuleError(name)
        return found

    def check_input(
        self, node: n.Call, name: str, input: str, wanted: tuple[int | None, ...], given: TensorType
    ) -> None:
        """Refuse a tensor that the model's input does not declare."""
        sizes = given.shape[1:]
        clash = [
            axis
            for axis, (size, declared) in enumerate(zip(sizes, wanted, strict=False), start=1)
            if isinstance(size, int) and declared is not None and size != declared
        ]
        if len(sizes) == len(wanted) and not clash:
            return
        shown = "[" + ", ".join(["batch", *("null" if d is None else str(d) for d in wanted)]) + "]"
        what = f"{shown} for its input `{input}`"
        raise FormulaTypeError(node, name, RuleError("size", what, render(given.shape), axes=tuple(clash)))


COUNTED = frozenset({"linspace", "logspace"})
"""Functions whose counts Keras compares with numbers in Python."""
