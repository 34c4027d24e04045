"""What is known of models and blocks before a line is written: who uses whom, and what a block needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from typing import Literal

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.frontend.expressions.parser import parse_text
from specc.frontend.project import ENTRY, Reference
from specc.frontend.scope import Block, File, snake_case
from specc.frontend.spec import Source
from specc.frontend.steps import Step, read_step
from specc.frontend.uses import block_inputs
from specc.graph.formulas import COMPARE, LOGICAL, OPERATORS
from specc.graph.ir import Graph
from specc.python.names import Names
from specc.python.survey import Survey
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar, Sequence, Value

Naming = Literal["all", "some", "none"]
"""Whether the layers of a block have names: its uses are named by the user, all of them, some or none."""

_NUMBER = re.compile(r"_[0-9]+\Z")
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(eq=False)
class Use:
    """A step that uses a block; `frozen` where it stands under `trainable`."""

    item: Value
    step: Step
    block: Block
    frozen: bool


@dataclass(eq=False)
class Body:
    """A model or block as written; `uses` and `models` are those of its own steps."""

    body: Mapping
    home: File
    uses: list[Use] = field(default_factory=list)
    models: dict[str, None] = field(default_factory=dict)


@dataclass(eq=False)
class BlockFacts(Body):
    """A block, and what its function takes beside its inputs and parameters.

    `globals` are the spec's values that blocks within it need, `all_models` the models it calls, `anchored`
    tells that it makes weights of its own, `freezable` that a use of it is frozen. Once its function is
    written, `renamed` has the keywords of its parameters, and `extras` those of all else that it takes.
    """

    block: Block | None = None
    function: str = ""
    inputs: tuple[str, ...] = ()
    globals: dict[str, None] = field(default_factory=dict)
    all_models: dict[str, None] = field(default_factory=dict)
    anchored: bool = False
    freezable: bool = False
    naming: Naming = "none"
    renamed: dict[str, str] = field(default_factory=dict)
    extras: dict[str, str] = field(default_factory=dict)
    written: bool = False

    @property
    def wanted(self) -> list[str]:
        """What its function may take beside its inputs and parameters."""
        found = ["anchor"] if self.anchored else []
        found += [f"model {key}" for key in self.all_models] + [f"global {key}" for key in self.globals]
        found += ["trainable"] if self.freezable else []
        return found + (["name"] if self.naming != "none" else [])

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its outputs, where it has several."""
        return several_names(self.body.get("outputs"))


def several_names(value: Value | None) -> tuple[str, ...]:
    """The names under `outputs`, where there are several."""
    if isinstance(value, Mapping):
        found = value.names()
    elif isinstance(value, Sequence):
        found = tuple(str(item.value).rpartition(".")[2] for item in value if isinstance(item, Scalar))
    else:
        found = ()
    return found if len(found) > 1 else ()


def walk(steps: Value | None, frozen: bool = False) -> Iterator[tuple[Value, Step, bool]]:
    """All steps of a body, those within structures too, and whether they stand under `trainable`."""
    for item in steps if isinstance(steps, Sequence) else ():
        step = read_step(item, Reporter())
        if step is None:
            continue
        inner = frozen or step.get("trainable") is not None
        yield item, step, inner
        if step.kind == "repeat":
            yield from walk(step.get("layers"), inner)
        elif step.kind == "branches" and isinstance(step.argument, Sequence):
            for branch in step.argument:
                yield from walk(branch, inner)
        elif step.kind == "residual":
            yield from walk(step.argument, inner)
            yield from walk(step.get("shortcut"), inner)


def words(value: Value | None) -> set[str]:
    """The words of a value's expressions."""
    if isinstance(value, Scalar):
        return set(_WORD.findall(str(value.value))) if value.dynamic else set()
    if isinstance(value, Sequence):
        return {word for item in value for word in words(item)}
    if isinstance(value, Mapping):
        return {word for entry in value.entries for part in entry for word in words(part)}
    return set()


class Facts:
    """All models and blocks of a spec."""

    def __init__(
        self, source: Source, survey: Survey, names: Names, graphs: Mapping_[str, Graph | Reference]
    ) -> None:
        self.source, self.survey, self.graphs = source, survey, graphs
        self.main = source.home
        self.blocks: dict[int, BlockFacts] = {}
        self.models = {
            key: self.read(Body(body, source.home), names) for key, (_, body) in source.definitions.items()
        }
        self.order = list(self.blocks.values())
        self.automatic: set[str] = set()
        for block in reversed(self.order):  # those that use a block come after it
            self._name_and_freeze(block)
        for body in (*self.models.values(), *self.order):
            named = not isinstance(body, BlockFacts) or body.naming == "all"
            for _, step, _ in walk(body.body.get("layers")):
                self.automatic |= automatic_names(step, named)

    def clashes(self, names: Iterable[str]) -> bool:
        """Whether Keras may give one of these names itself to a layer or an operation without a name."""
        return any(_NUMBER.sub("", item) in self.automatic for item in names)

    def interface(self, model: str) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """The names of a model's inputs, where they are known, and of its outputs."""
        graph = self.graphs[model]
        if isinstance(graph, Reference):
            return graph.interface.inputs, graph.interface.outputs
        return tuple(item.name for item in graph.inputs), graph.output_names

    def models_of(self, model: str) -> list[str]:
        """The models that a model calls, itself or by its blocks; those of the entry all that it needs."""
        body = self.models[model]
        direct = set(body.models)
        for use in body.uses:
            direct |= set(self.of(use.block).all_models)
        if model == ENTRY:
            for key in list(direct):
                direct |= self._all_of(key)
        return [key for key in self.graphs if key in direct]

    def _all_of(self, model: str) -> set[str]:
        direct = set(self.models_of(model))
        return direct | {inner for key in direct for inner in self._all_of(key)}

    def of(self, block: Block) -> BlockFacts:
        """The facts of a block."""
        return self.blocks[id(block)]

    def read(self, body: Body, names: Names) -> Body:
        """Find what a body uses; its blocks are read first."""
        for item, step, frozen in walk(body.body.get("layers")):
            block = body.home.blocks.get(step.kind)
            if block is not None:
                body.uses.append(Use(item, step, block, frozen))
                self._block(block, names)
            for model in self.source.definitions:
                if step.kind == model or _mentions(step.argument, model):
                    body.models[model] = None
        return body

    def _block(self, block: Block, names: Names) -> None:
        if id(block) in self.blocks:
            return
        facts = BlockFacts(
            block.body,
            block.home,
            block=block,
            function=names.new(block.name),
            inputs=block_inputs(block, Reporter()),
        )
        self.read(facts, names)
        facts.anchored = block.body.get("weights") is not None
        facts.all_models = dict(facts.models)
        for use in facts.uses:
            inner = self.of(use.block)
            facts.globals |= dict.fromkeys(self.needed(use)) | inner.globals
            facts.all_models |= inner.all_models
            facts.anchored |= inner.anchored
        self.blocks[id(block)] = facts

    def needed(self, use: Use) -> list[str]:
        """The spec's own values that the defaults of a use's parameters are computed from."""
        if use.block.home is not self.main:
            return []
        found = (words(default) for default in self.defaults(use).values())
        return [word for part in found for word in sorted(part) if word in self.main.values]

    def defaults(self, use: Use) -> dict[str, Value]:
        """The parameters of a block that a use leaves to defaults which are computed."""
        given = self.given(use)
        return {
            key: parameter.default
            for key, parameter in use.block.parameters.items()
            if key not in given and parameter.default is not None and parameter.default.dynamic
        }

    def given(self, use: Use) -> set[str]:
        """The parameters that a use gives."""
        argument = use.step.argument
        if argument is None:
            return set()
        if isinstance(argument, Mapping):
            return set(argument.names())
        seen = self.survey.filled(use.item, argument) if isinstance(argument, Scalar) else []
        if seen and isinstance(seen[0], dict):
            return set(seen[0])
        return set(list(use.block.parameters)[:1])

    def _name_and_freeze(self, block: BlockFacts) -> None:
        sites = [(body, use) for body in (*self.models.values(), *self.order) for use in body.uses]
        kinds: set[Naming] = set()
        for body, use in sites:
            if use.block is not block.block:
                continue
            outer = body.naming if isinstance(body, BlockFacts) else "all"
            kinds.add("none" if use.step.get("name") is None else outer)
            block.freezable |= use.frozen or (isinstance(body, BlockFacts) and body.freezable)
        block.naming = next(iter(kinds)) if len(kinds) == 1 else "some"


def automatic_names(step: Step, named: bool) -> set[str]:
    """What Keras calls what a step makes without names; `named` where a name would be passed on."""
    found: set[str] = set()
    if step.kind[:1].isupper() and not (named and step.get("name") is not None):
        found.add(snake_case(step.kind))
    if step.kind in ("residual", "branches"):
        merge = step.get("merge") or Scalar("Add", step.key.span)
        found |= {snake_case(item) for item in _kinds(merge)}
    if step.kind == "formula" and isinstance(step.argument, Scalar):
        found |= operations(parse_text(str(step.argument.value)))
    return found


def operations(expression: Expression) -> set[str]:
    """What Keras calls the operations of a formula."""
    found: set[str] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        stack += n.children(node)
        if isinstance(node, n.Call):
            found.add((n.dotted(node.function) or "").rpartition(".")[2])
        elif isinstance(node, n.Binary):
            found |= {OPERATORS[node.operator], "true_divide", *LOGICAL.values()}
        elif isinstance(node, n.Compare):
            found |= {COMPARE.get(sign, "") for sign in node.operators}
        elif isinstance(node, n.Subscript):
            found.add("get_item")
        elif isinstance(node, n.Unary):
            found |= {"negative", "logical_not", "bitwise_not"}
    return found


def _kinds(value: Value) -> Iterable[str]:
    if isinstance(value, Mapping):
        return value.names()
    return [str(value.value)] if isinstance(value, Scalar) else []


def _mentions(value: Value | None, model: str) -> bool:
    """Whether a text within a step's arguments is the name of a model."""
    if isinstance(value, Scalar):
        return value.value == model
    if isinstance(value, Sequence):
        return any(_mentions(item, model) for item in value)
    return isinstance(value, Mapping) and any(_mentions(item, model) for _, item in value)
