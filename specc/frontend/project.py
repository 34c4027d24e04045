"""All models of a spec: what they take and give, and their graphs, expanded as they are needed."""

from __future__ import annotations

from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.signature import Catalog
from specc.frontend.applications import check_application
from specc.frontend.expand import DEEPEST, Expander
from specc.frontend.fill import fill_value
from specc.frontend.finding_helps import is_stray_size
from specc.frontend.outputs import read_outputs
from specc.frontend.parameters import bind_lets, check_name
from specc.frontend.schema_values import TENSOR_DTYPES, dtype_help
from specc.frontend.scope import BROKEN, File, Scope, Tensor, written_names
from specc.frontend.uses import add_weights
from specc.graph.ir import Formula, Graph, Input, Layer, Node, Reuse, wires
from specc.source.diagnostic import Reporter, SpecError
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe, to_python

ENTRY = "model"
OTHER_FORMS = ("application", "load", "average_of")


@dataclass(frozen=True, slots=True)
class Interface:
    """What a model takes and gives, by name; `inputs` is None where only its file knows them."""

    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A model that is not written as layers: `application`, `load` or `average_of`, with its settings.

    `places` are where the values of its settings stand.
    """

    name: str
    form: str
    settings: dict[str, Any]
    interface: Interface
    span: Span
    trainable: bool = True
    places: dict[str, Span] = field(default_factory=dict, compare=False)

    def place(self, setting: str) -> Span:
        """Where a setting stands, or the model where it has none."""
        return self.places.get(setting, self.span)


class Project:
    """Expands models on demand, each once; `models` holds what came of them, in order."""

    expander: type[Expander] = Expander

    def __init__(
        self,
        definitions: Values[str, tuple[Scalar, Mapping]],
        home: File,
        catalog: Catalog,
        reporter: Reporter,
    ) -> None:
        self.definitions, self.home = definitions, home
        self.catalog, self.reporter = catalog, reporter
        self.model_names = home.models = tuple(definitions)
        self.models: dict[str, Graph | Reference] = {}
        self.spent = self.depth = 0
        self._open: list[str] = []
        self._done: set[str] = set()

    @property
    def current(self) -> str:
        """The model that is being expanded."""
        return self._open[-1]

    def expand_all(self) -> None:
        """Expand every model of the spec."""
        for name in self.definitions:
            self.interface(name, self.definitions[name][0].span)

    def interface(self, name: str, span: Span) -> Interface | None:
        """What a model takes and gives; None where it is wrong (reported) or unknown."""
        if name in self._open:
            path = " → ".join([*self._open[self._open.index(name) :], name])
            self.reporter.error("recursive-model", f"the model `{name}` contains itself: {path}", span)
            return None
        if len(self._open) >= DEEPEST:
            title = f"models lie more than {DEEPEST} deep within one another"
            self.reporter.error("too-deep", title, span)
            raise SpecError(self.reporter.sorted())
        if name not in self._done:
            self._open.append(name)
            model = self._make(name)
            self._open.pop()
            self._done.add(name)
            if model is not None:
                self.models[name] = model
        made = self.models.get(name)
        if isinstance(made, Graph):
            return Interface(tuple(i.name for i in made.inputs), made.output_names)
        return made.interface if made is not None else None

    # --- one model ----------------------------------------------------------------------------------------
    def _make(self, name: str) -> Graph | Reference | None:
        key, body = self.definitions[name]
        if name != ENTRY and not check_name(name, key.span, self.reporter, "model"):
            return None
        forms = [form for form in ("layers", *OTHER_FORMS) if form in body]
        if len(forms) != 1:
            listed = ", ".join(f"`{f}`" for f in ("layers", *OTHER_FORMS))
            if not forms and self.reporter.failed:
                return None  # the structure has told it
            found = " and ".join(f"`{f}`" for f in forms) or "none"
            title = f"the model `{name}` has one of {listed}, and this has {found}"
            self.reporter.error("model-form", title, key.span)
            return None
        if forms[0] != "layers":
            return self._reference(name, forms[0], body)
        return _GraphMaker(self, name, key, body).make()

    def _reference(self, name: str, form: str, body: Mapping) -> Reference | None:
        filled = fill_value(body, self.home.values, self.reporter)
        if not isinstance(filled, Mapping):
            return None
        settings = to_python(filled)
        interface = Interface(("input",), _output_names(settings.get("outputs")))
        if form == "average_of":
            _check_momentum(filled, self.reporter)
            target = str(settings[form])
            if target not in self.definitions:
                help = did_you_mean(target, self.definitions)
                place = filled.get(form)
                assert place is not None
                self.reporter.error("unknown-block", f"there is no model `{target}`", place.span, help=help)
                return None
            found = self.interface(target, filled.span)
            if found is None:
                return None
            interface = found
        elif form == "application" and not check_application(filled, self.catalog, self.reporter):
            return None
        elif form == "load":
            interface = Interface(None, interface.outputs)
        trainable, places = settings.get("trainable") is not False, {key: value.span for key, value in filled}
        return Reference(name, form, settings, interface, body.span, trainable, places)


def _check_momentum(filled: Mapping, reporter: Reporter) -> None:
    """An average holds a part of what it was: from none to nearly all."""
    momentum = filled.get("momentum")
    value = momentum.value if isinstance(momentum, Scalar) else None
    if momentum is not None and isinstance(value, (int, float)) and not 0 <= value < 1:
        title = f"`momentum` is {value}, and lies from 0 to below 1"
        reporter.error("out-of-range", title, momentum.span)


def _output_names(outputs: Any) -> tuple[str, ...]:
    if isinstance(outputs, dict):
        return tuple(str(name) for name in outputs)
    if isinstance(outputs, list):
        return tuple(str(name) for name in outputs)
    return ("output",)


class _GraphMaker:
    """Makes the graph of one model that is written as layers."""

    def __init__(self, project: Project, name: str, key: Scalar, body: Mapping) -> None:
        self.project, self.name, self.key, self.body = project, name, key, body
        self.reporter = project.reporter
        self.expander = project.expander(project, project.catalog, project.reporter)

    def make(self) -> Graph | None:
        values = bind_lets(self.body.get("let"), self.project.home.values, self.reporter)
        scope = Scope(self.project.home, "", values, later=written_names(self.body.get("layers")))
        inputs = self.inputs(scope)
        add_weights(self.expander, self.body.get("weights"), scope)
        trainable = self.flag("trainable", scope)
        with scope.frozen(trainable):
            self.expander.steps(self.body.get("layers"), scope)
        outputs = self.outputs(scope, inputs or ())
        if inputs is None or outputs is None:
            return None
        return Graph(
            self.name,
            inputs,
            tuple(self.expander.weights),
            tuple(self.used(outputs)),
            outputs,
            self.key.span,
            trainable is not False,
        )

    def flag(self, name: str, scope: Scope) -> bool | None:
        value = self.body.get(name)
        filled = None if value is None else fill_value(value, scope.values, self.reporter)
        return filled.value if isinstance(filled, Scalar) and isinstance(filled.value, bool) else None

    def inputs(self, scope: Scope) -> tuple[Input, ...] | None:
        value = self.body.get("inputs")
        filled = None if value is None else fill_value(value, scope.values, self.reporter)
        if not isinstance(filled, Mapping) or not len(filled):
            if value is None or (isinstance(filled, Mapping) and not len(filled)):
                title = f"the model `{self.name}` has no `inputs`"
                self.reporter.error(
                    "missing-key", title, self.key.span, help="`inputs: {image: [28, 28, 1]}`, say"
                )
            scope.previous = BROKEN
            return None
        if self.reporter.failed:
            entries = [entry for entry in filled.entries if not is_stray_size(*entry)]
            filled = Mapping(tuple(entries), filled.span)
        found: list[Input] = []
        for key, item in filled.entries:
            scope.tensors[str(key.value)] = (BROKEN, key.span)
            made = self.input(key, item)
            if made is not None:
                found.append(made)
                scope.tensors[made.name] = (Tensor(made.name), key.span)
        if len(filled) == 1:
            scope.previous = next(iter(scope.tensors.values()))[0]
        else:
            scope.stop_flow("the model has several inputs")
        return tuple(found) if len(found) == len(filled) else None

    def input(self, key: Scalar, item: Value) -> Input | None:
        name, dtype, shape = str(key.value), "float32", item
        if not check_name(name, key.span, self.reporter, "input"):
            return None
        if isinstance(item, Mapping):
            given = item.get("dtype")
            if given is not None and to_python(given) not in TENSOR_DTYPES:
                title, help = f"`dtype` cannot be {describe(given)}", dtype_help(str(to_python(given)))
                self.reporter.error("wrong-choice", title, given.span, help=help)
                return None
            dtype = str(to_python(given)) if given is not None else dtype
            inner = item.get("shape")
            if inner is None:
                self.reporter.error("missing-key", f"the input `{name}` has no `shape`", item.span)
                return None
            shape = inner
        if not isinstance(shape, Sequence) or not all(map(_is_size, shape)):
            title = f"the shape of `{name}` is a list of positive integers and nulls, not {describe(shape)}"
            self.reporter.error(
                "wrong-type",
                title,
                shape.span,
                help="the batch is left out: `[28, 28, 1]`; `[]` is one number per example",
            )
            return None
        return Input(name, tuple(to_python(shape)), dtype, key.span)

    def outputs(self, scope: Scope, inputs: tuple[Input, ...]) -> tuple[tuple[str, str], ...] | None:
        """Output names and tensors. One output under another name than its tensor's gets an Identity."""
        pairs = read_outputs(self.body.get("outputs"), scope, self.key.span, self.reporter)
        if pairs is None:
            return None
        found: list[tuple[str, str]] = []
        for name, tensor in pairs:
            if not isinstance(tensor, Tensor):
                return None
            found.append((name or tensor.ref, tensor.ref))
        if not found:
            title = f"the model `{self.name}` has no outputs"
            self.reporter.error(
                "missing-key", title, self.key.span, help="name one step, or leave `outputs` out"
            )
            return None
        name, ref = found[0]
        taken = name in {given.name for given in inputs}
        passed_on = ref in {given.name for given in inputs}
        renamed = name != ref and not taken and name not in self.expander.by_node
        if len(found) == 1 and (passed_on or renamed):
            label = scope.generate("Identity") if taken else name
            self.expander.identity(label, Tensor(ref), scope, self.key.span)
            return ((name, label),)
        return tuple(found)

    def used(self, outputs: tuple[tuple[str, str], ...]) -> list[Node]:
        """The nodes that outputs depend on; a step that leads nowhere is a warning."""
        needed = {tensor for _, tensor in outputs}
        layers: set[str] = set()
        kept: list[Node] = []
        for node in reversed(self.expander.nodes):
            if needed.isdisjoint(node.outputs) and node.name not in layers:
                continue
            kept.append(node)
            needed.update(t for _, wire in node.inputs for t in wires(wire))
            if isinstance(node.operation, Reuse):
                layers.add(node.operation.target)
        names = {node.name for node in kept}
        live = {node.origin.span for node in kept}
        for node in self.expander.nodes:
            if node.name not in names and node.origin.span not in live and not self.reporter.failed:
                what = "this formula" if isinstance(node.operation, Formula) else f"`{_kind(node)}`"
                title = f"{what} leads to no output of `{self.name}`"
                self.reporter.warning("unused-step", title, node.origin.span, help="use it, or remove it")
        return kept[::-1]


def _kind(node: Node) -> str:
    return node.operation.object.kind if isinstance(node.operation, Layer) else node.name


def _is_size(item: Value) -> bool:
    if not isinstance(item, Scalar):
        return False
    return item.value is None or (type(item.value) is int and item.value > 0)
