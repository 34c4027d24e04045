"""Formula steps: which tensors and functions a formula names, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass

from specc.catalog.signature import Catalog
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions import report, text_span
from specc.frontend.expressions.formula import bind, calls, rename, tensor_names
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.frontend.scope import BROKEN, Outputs, Scope, Tensor
from specc.frontend.wiring import look_up
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Scalar, Value, describe

_NOT_IN_MODELS = {
    "grad": "gradients belong to a training program",
    "jacobian": "gradients belong to a training program",
    "shape": "a shape inside a model is not known when it is built; write `-1` or `ones_like(…)`",
}


@dataclass(frozen=True, slots=True)
class ReadFormula:
    """A formula over tensors of the graph, in order of first use."""

    expression: Expression
    tensors: tuple[str, ...]
    flows: bool
    constant: bool
    text: Span | None = None


def read_formula(
    value: Value | None, scope: Scope, catalog: Catalog, reporter: Reporter
) -> ReadFormula | None:
    """The formula with its `$` filled in and its names those of the graph; None where wrong."""
    if not isinstance(value, Scalar) or value.value is None:
        if value is not None:
            reporter.error("wrong-type", f"a formula is a text, and this is {describe(value)}", value.span)
        return None
    text = str(value.value)
    try:
        expression = bind(parse_text(text), scope.values)
    except ExpressionError as error:
        report(error, text, value.span, reporter, value.quoted)
        return None
    return _Reading(text, value, scope, catalog, reporter).read(expression)


class _Reading:
    def __init__(self, text: str, value: Scalar, scope: Scope, catalog: Catalog, reporter: Reporter) -> None:
        self.text, self.value, self.scope = text, value, scope
        self.catalog, self.reporter = catalog, reporter

    def read(self, expression: Expression) -> ReadFormula | None:
        found = {n.dotted(name) or "": name for name in tensor_names(expression)}
        tensors = {name: self.tensor(name, node) for name, node in found.items()}
        wrong = [call for call in calls(expression) if not self.function(call)]
        if not self.check_logic(expression) or wrong or any(tensor is None for tensor in tensors.values()):
            return None
        known = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        if not self.check_batch_axis(expression, known):
            return None
        renamed = rename(expression, {name: tensor.ref for name, tensor in known.items()})
        refs = tuple(dict.fromkeys(tensor.ref for tensor in known.values()))
        flows = any(tensor.flows for tensor in known.values())
        place = text_span(self.text, self.value.span, self.value.quoted)
        constant = all(tensor.constant for tensor in known.values())
        return ReadFormula(renamed, refs, flows, constant, place)

    def fail(self, node: Expression, message: str, help: str = "", code: str = "bad-formula") -> None:
        self.error(ExpressionError(message, node.start, node.end, help), code)

    def error(self, error: ExpressionError, code: str) -> None:
        held = Reporter()
        report(error, self.text, self.value.span, held, self.value.quoted)
        for diagnostic in held:
            self.reporter.error(code, diagnostic.title, diagnostic.span, help=diagnostic.help)

    def tensor(self, name: str, node: n.Name | n.Attribute) -> Tensor | None:
        held = Reporter()
        binding = look_up(name, self.scope, self.value.span, held)
        for problem in held:
            help = problem.help
            if isinstance(node, n.Attribute) and n.dotted(node.base) in self.scope.tensors:
                help = help or f"tensors take no methods: write `{node.name}({n.dotted(node.base)})`"
            self.fail(node, problem.title, help, problem.code)
        if isinstance(binding, Outputs):
            listed = ", ".join(f"`{name}.{field}`" for field in binding.tensors)
            self.fail(node, f"`{name}` has several outputs: {listed}", code="several-outputs")
        return binding if isinstance(binding, Tensor) else None

    def function(self, call: n.Call) -> bool:
        name = n.dotted(call.function) or ""
        if name in _NOT_IN_MODELS:
            self.fail(call.function, f"a model's formula takes no `{name}`", _NOT_IN_MODELS[name])
        elif name.startswith("random."):
            help = "draws inside a model need a layer: `GaussianNoise`, `Dropout`"
            self.fail(call.function, "a model's formula takes no random draws", help)
        elif name not in self.catalog.ops:
            self.unknown_function(call, name)
        elif self.catalog.ops[name].refused:
            self.fail(call.function, f"`{name}` cannot stand in a spec: {self.catalog.ops[name].refused}")
        else:
            return self.keywords(call, name)
        return False

    def keywords(self, call: n.Call, name: str) -> bool:
        """Whether an op has the named arguments that a call gives."""
        known = self.catalog.ops[name].by_name
        unknown = [(key, value) for key, value in call.keywords if key not in known]
        for key, value in unknown:
            start = self.text.rfind(key, 0, value.start)
            message, help = f"`{name}` has no argument `{key}`", did_you_mean(key, known)
            self.error(ExpressionError(message, start, start + len(key), help), "unknown-argument")
        return not unknown

    def check_logic(self, expression: Expression) -> bool:
        """Python's logic asks whether a value is true; of a tensor nobody knows before it is computed."""
        right = True
        stack = [expression]
        while stack:
            node = stack.pop()
            stack += n.children(node)
            word, help = _logic(node)
            if word:
                self.fail(node, f"a formula takes no {word}", help)
                right = False
        return right

    def unknown_function(self, call: n.Call, name: str) -> None:
        help = did_you_mean(name, self.catalog.ops)
        base, _, method = name.rpartition(".")
        if base in self.scope.tensors or base == "previous":
            more = ", …" if call.arguments or call.keywords else ""
            help = f"tensors take no methods: write `{method}({base}{more})`"
        elif name[:1].isupper():
            help = "losses and metrics belong under `train`"
        self.fail(call.function, f"there is no function `{name}`", help, "unknown-function")

    def check_batch_axis(self, expression: Expression, tensors: dict[str, Tensor]) -> bool:
        """Slicing axis 0 mixes examples, and a model that does it cannot be saved."""
        right = True
        stack = [expression]
        while stack:
            node = stack.pop()
            stack += n.children(node)
            if not isinstance(node, n.Subscript) or not isinstance(node.base, n.Name | n.Attribute):
                continue
            tensor = tensors.get(n.dotted(node.base) or "")
            first = node.items[0]
            whole = isinstance(first, n.Slice) and first.lower is first.upper is first.step is None
            free = whole or (isinstance(first, n.Constant) and first.value in (..., None))
            if tensor is not None and tensor.flows and not free:
                self.fail(first, "axis 0 is the batch", "keep it whole: `x[:, …]`")
                right = False
        return right


def _logic(node: Expression) -> tuple[str, str]:
    """What of Python's logic a node is, and what to write; two empty texts for any other node."""
    if isinstance(node, n.Logical):
        return f"`{node.operator}`", f"write `logical_{node.operator}(…, …)`"
    if isinstance(node, n.Unary) and node.operator == "not":
        return "`not`", "write `logical_not(…)`"
    if isinstance(node, n.Conditional):
        return "`if`", "write `where(test, a, b)`"
    if isinstance(node, n.Comprehension):
        return "`for`", "loop when the spec is compiled: `$([… for … in …])`"
    if isinstance(node, n.Compare) and (len(node.operators) > 1 or "in" in node.operators[0]):
        return "such comparison", "compare two tensors at a time: `logical_and(a < b, b < c)`"
    return "", ""


__all__ = ["BROKEN", "ReadFormula", "read_formula"]
