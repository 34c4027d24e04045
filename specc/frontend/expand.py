"""Steps to nodes: layers, formulas, reuses and block uses, in one scope after another.

Structural kinds are in `structures`; what is wrong is reported and leaves a Broken binding, so that the
steps after it are still checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from specc.catalog.objects import KerasObject
from specc.catalog.read import read_object
from specc.catalog.signature import Catalog, Signature
from specc.frontend import layers, structures
from specc.frontend.beside import check_effect, flag, leave_out
from specc.frontend.fill import fill_value
from specc.frontend.formulas import read_formula
from specc.frontend.naming import bind_outputs, step_name
from specc.frontend.scope import BROKEN, Binding, Outputs, Scope, Tensor, is_generated, written_names
from specc.frontend.steps import Step, read_step
from specc.frontend.uses import use_block, use_model
from specc.frontend.wiring import Wired
from specc.graph.ir import Formula, Layer, Node, Operation, Weight, wires
from specc.source.diagnostic import Reporter, SpecError
from specc.source.span import Span
from specc.source.suggest import did_you_mean, nearest
from specc.source.values import Mapping, Sequence, Value, describe

if TYPE_CHECKING:
    from specc.frontend.project import Project

MOST_NODES = 30_000
"""How many nodes the models of a spec may expand to, together."""
DEEPEST = 60
"""How deeply blocks, models and structures may lie within one another."""
MOST_STEPS = 100_000
"""How many steps and rounds may be gone through, those left out and empty ones too."""
MOST_REPORTS = 3_000
"""Reports, repetitions counted, after which the rest of a spec is not looked at."""


class Expander:
    """Expands the steps of one model into `nodes` and `weights`."""

    def __init__(self, project: Project, catalog: Catalog, reporter: Reporter) -> None:
        self.project, self.catalog, self.reporter = project, catalog, reporter
        self.nodes: list[Node] = []
        self.weights: list[Weight] = []
        self.flowing: dict[str, Tensor] = {}
        self.by_node: dict[str, Node] = {}
        self._steps: dict[int, Step | None] = {}
        self._objects: dict[int, KerasObject | None] = {}

    # --- walking ------------------------------------------------------------------------------------------
    def steps(self, value: Value | None, scope: Scope) -> None:
        """Expand a list of steps, one after another. Raises SpecError where they lie too deep."""
        if value is None:
            return
        if not isinstance(value, Sequence):
            title = f"steps are a list, and this is {describe(value)}"
            self.reporter.error("wrong-type", title, value.span, help="start each step with `- `")
            scope.flow(BROKEN)
            return
        if self.project.depth >= DEEPEST:
            title = f"blocks, models and structures lie more than {DEEPEST} deep within one another"
            self.reporter.error("too-deep", title, value.span)
            raise SpecError(self.reporter.sorted())
        self.project.depth += 1
        for item in value:
            self.step(item, scope)
        self.project.depth -= 1

    def step(self, value: Value, scope: Scope) -> None:
        """Expand one step."""
        self.spend(value.span)
        step = self.read(value)
        if step is None:
            scope.flow(BROKEN)
            return
        when = flag(self, step, "when", scope)
        if when is False:
            leave_out(self, step, scope)
            return
        check_effect(self, step, scope)
        trainable = flag(self, step, "trainable", scope)
        with scope.frozen(trainable):
            self.kind(step)(self, step, scope)

    def spend(self, span: Span) -> None:
        """Count a step or a round; raises SpecError when a spec takes too many, or is wrong too often."""
        if self.reporter.reports > MOST_REPORTS:
            raise SpecError(self.reporter.sorted())
        self.project.spent += 1
        if self.project.spent > MOST_STEPS or len(self.nodes) > MOST_NODES:
            self.reporter.error("too-large", f"this spec expands to more than {MOST_NODES:,} steps", span)
            raise SpecError(self.reporter.sorted())

    def read(self, value: Value) -> Step | None:
        """A step taken apart; once, however often it is repeated."""
        if id(value) not in self._steps:
            known = {*self.project.home.blocks, *self.project.model_names}
            self._steps[id(value)] = read_step(value, self.reporter, known)
        return self._steps[id(value)]

    def kind(self, step: Step) -> Callable[[Expander, Step, Scope], None]:
        """What expands a step of this kind."""
        if step.kind in _KINDS:
            return _KINDS[step.kind]
        if step.kind[:1].isupper():
            return layers.layer
        return Expander.use

    # --- nodes --------------------------------------------------------------------------------------------
    def add(self, node: Node, constant: bool = False) -> list[Tensor]:
        """Take a node into the graph; its outputs as tensors. Raises SpecError when there are too many."""
        self.spend(node.origin.span)
        if node.name in self.by_node:
            known = self.by_node[node.name].origin.span
            title = f"this step would be called `{node.name}`, and another is"
            help = "give one of them another `name`"
            self.reporter.error(
                "duplicate-name", title, node.origin.span, related=[(known, "this one")], help=help
            )
        else:
            self.nodes.append(node)
            self.by_node[node.name] = node
        return [Tensor(output, node.flows, constant) for output in node.outputs]

    def node(
        self, name: str, operation: Operation, wired: Wired, scope: Scope, span: Span, **more: Any
    ) -> Tensor:
        """Add a node of one output."""
        node = Node(
            name,
            operation,
            wired.wires,
            more.pop("outputs", (name,)),
            scope.origin(span),
            trainable=scope.trainable,
            flows=wired.flows,
            **more,
        )
        return self.add(node)[0]

    def identity(self, name: str, tensor: Tensor, scope: Scope, span: Span) -> Tensor:
        """An `Identity` under a user's name, so that the saved model has it."""
        wired = Wired((("", tensor.ref),), tensor.flows)
        return self.node(
            scope.path + name, Layer(KerasObject("layer", "Identity", {}, span)), wired, scope, span
        )

    def finish(self, step: Step, name: str | None, result: Binding, scope: Scope) -> None:
        """Bind the result of a step that is not one layer, under its name if it has one, and let it flow.

        Constants are no operations of a model: they have no name there.
        """
        if name and isinstance(result, Tensor) and not result.constant:
            result = self.identity(name, result, scope, step.span)
        if name:
            scope.tensors[name] = (result, step.span)
        renamed = bind_outputs(step, result, scope, self.reporter)
        if renamed is None:
            scope.flow(BROKEN)
            return
        if isinstance(result, Outputs):
            if not name and not renamed:
                listed = ", ".join(f"`{n}`" for n in result.tensors)
                title = f"this step has several outputs and no name: {listed}"
                self.reporter.error("unnamed-outputs", title, step.span, help="give it a `name`")
            scope.stop_flow(f"`{step.kind}` gives several outputs")
        else:
            scope.flow(result)

    # --- layers -------------------------------------------------------------------------------------------
    def object(self, step: Step, scope: Scope) -> KerasObject | None:
        """The layer a step writes down; computed once where no `$` is in it."""
        static = step.argument is None or not step.argument.dynamic
        key = id(step.key)
        if static and key in self._objects:
            return self._objects[key]
        argument = None if step.argument is None else fill_value(step.argument, scope.values, self.reporter)
        if argument is None and step.argument is not None:
            return None
        value: Value = step.key
        if argument is not None:
            value = Mapping(((step.key, argument),), step.span)
        made = read_object(value, "layer", self.catalog, self.reporter, models=self.project.model_names)
        if static:
            self._objects[key] = made
        return made

    def signature(self, kind: str) -> Signature | None:
        """The catalog's signature of a layer."""
        return self.catalog.objects["layer"].get(kind)

    def broken(
        self, name: str | None, names: list[tuple[str, Span]] | None, scope: Scope, step: Step
    ) -> None:
        """What a wrong step leaves behind: names that are Broken."""
        for given, span in names or []:
            scope.tensors[given] = (BROKEN, span)
        for given, span in written_names(step.keys).items() if names is None else ():
            scope.tensors.setdefault(given, (BROKEN, span))
        if name:
            scope.tensors[name] = (BROKEN, step.span)
        scope.flow(BROKEN)

    # --- other kinds --------------------------------------------------------------------------------------
    def formula(self, step: Step, scope: Scope) -> None:
        """A `formula:` step."""
        name = step_name(step, scope, self.reporter)
        read = read_formula(step.argument, scope, self.catalog, self.reporter)
        if step.argument is None:
            self.reporter.error("wrong-type", "a formula is a text, and this is empty", step.place)
        if read is None:
            self.broken(name, None, scope, step)
            return
        plain = name is not None and is_generated(name, "formula")
        label = name if plain else f"{name}.formula" if name else scope.generate("formula")
        assert label is not None
        node = Node(
            scope.path + label,
            Formula(read.expression, read.text),
            tuple(("", ref) for ref in read.tensors),
            (scope.path + label,),
            scope.origin(step.span),
            flows=read.flows,
        )
        tensor = self.add(node, read.constant)[0]
        if name and not plain and not read.constant:
            self.finish(step, name, tensor, scope)
            return
        if name:
            scope.tensors[name] = (tensor, step.span)
        scope.flow(tensor)

    def use(self, step: Step, scope: Scope) -> None:
        """A step that is a block or a model of the spec."""
        block = scope.home.blocks.get(step.kind)
        if block is not None:
            scope.home.used.add(step.kind)
            use_block(self, block, step, scope)
        elif step.kind in self.project.model_names:
            use_model(self, step, scope)
        else:
            self.unknown_kind(step, scope)

    def unknown_kind(self, step: Step, scope: Scope) -> None:
        """A lower-case kind that is nothing."""
        known = [*scope.home.blocks, *self.project.model_names, *_KINDS]
        help = did_you_mean(step.kind, known)
        near = nearest(step.kind, self.catalog.objects["layer"])
        if near is not None and near.lower() == step.kind.replace("_", ""):
            help = f"layers keep Keras's names: `{near}`"
        title = f"there is no block or model `{step.kind}`"
        self.reporter.error("unknown-block", title, step.key.span, help=help)
        self.broken(step_name(step, scope, self.reporter), None, scope, step)


_KINDS: dict[str, Callable[[Expander, Step, Scope], None]] = {
    "formula": Expander.formula,
    "reuse": layers.reuse,
    "repeat": structures.repeat,
    "branches": structures.branches,
    "residual": structures.residual,
}

__all__ = ["Expander", "wires"]
