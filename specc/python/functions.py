"""Models and blocks as functions, by the structure that the spec has."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from specc.catalog.load import load
from specc.frontend.fill import fill_value
from specc.frontend.parameters import read_parameters
from specc.frontend.project import ENTRY, Reference
from specc.frontend.scope import Block
from specc.frontend.spec import Source, Spec
from specc.graph.infer import Types
from specc.graph.ir import Graph
from specc.python.builder import Builder
from specc.python.errors import CannotSayError
from specc.python.facts import BlockFacts, Body, Facts
from specc.python.flat import flat_body
from specc.python.formulas import Kind
from specc.python.names import Names
from specc.python.objects import Objects
from specc.python.parts import RAW_WEIGHT, function, input_call, model_call, text
from specc.python.places import Bound
from specc.python.prune import loaded, prune, returned
from specc.python.references import reference_body
from specc.python.steps import write_steps
from specc.python.survey import Survey
from specc.python.trees import assign, call, dictionary, literal, name, subscript
from specc.python.values import Values
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping as Entries
from specc.source.values import Scalar, Sequence, Value, to_python


class Functions:
    """Writes the functions of a spec; `builders` are the names of those that make models."""

    def __init__(
        self, spec: Spec, source: Source, types: Mapping[str, Types], builders: Mapping[str, str]
    ) -> None:
        self.spec, self.source, self.types, self.builders = spec, source, types, builders
        self.names = Names((*builders.values(), RAW_WEIGHT, "compile_model"))
        self.survey = Survey(source, types)
        self.facts = Facts(source, self.survey, self.names, spec.models)
        self.imports: dict[str, set[str]] = {}
        self.keywords: dict[str, dict[str, str]] = {}
        self.written: dict[int, ast.FunctionDef] = {}

    # --- blocks -------------------------------------------------------------------------------------------
    def blocks_of(self, body: Body) -> list[ast.stmt]:
        """The functions of the blocks that a body uses and that are not written yet, inner ones first."""
        found: list[ast.stmt] = []
        for use in body.uses:
            facts = self.facts.of(use.block)
            if id(use.block) in self.written:
                continue
            found += self.blocks_of(facts)
            self.written[id(use.block)] = self.block(facts)
            found.append(self.written[id(use.block)])
        return found

    def block(self, facts: BlockFacts) -> ast.FunctionDef:
        """The function of a block: its inputs in order, all else by name."""
        block = facts.block
        assert block is not None
        names = Names(self.names.taken)
        inner = {key: names.new(key) for key in block.parameters}
        for key in facts.wanted:
            facts.extras[key] = names.new(key.rpartition(" ")[2])
        outer = {key: name(facts.extras[f"global {key}"]) for key in facts.globals}
        models = {key: name(facts.extras[f"model {key}"]) for key in facts.all_models}
        label = name(facts.extras["name"]) if "name" in facts.extras else None
        values = {key: name(item) for key, item in inner.items()}
        made = self.builder(facts, names, values, outer, models, label)
        if "trainable" in facts.extras:
            made.frozen = name(facts.extras["trainable"])
        if "anchor" in facts.extras:
            made.anchor = name(facts.extras["anchor"])
        positional = self.block_inputs(made, facts)
        lets = self.lets(made, block.body.get("let"), self.first_values(facts))
        self.weights(made, block.body)
        made.write(block.body.get("layers"))
        result = self.block_result(made, facts)
        body = self.finished(made, lets, ast.Return(result))
        used = loaded(body)
        facts.renamed = {key: item for key, item in inner.items() if item in used}
        keywords = {item: self.default(block, key) for key, item in facts.renamed.items()}
        for key, item in list(facts.extras.items()):
            if item in used:
                optional = {"trainable": literal(True)}
                if facts.naming == "some":
                    optional["name"] = literal(None)
                keywords[item] = optional.get(key)
            else:
                del facts.extras[key]
        helps = {inner[k]: p.help for k, p in block.parameters.items() if p.help and inner[k] in keywords}
        return function(facts.function, [*_docs("", helps), *body], positional, keywords)

    def default(self, block: Block, key: str) -> ast.expr | None:
        """The default of a block's parameter, where it depends on nothing of the spec's."""
        value = block.parameters[key].default
        if value is None:
            return None
        if not value.dynamic:
            return Values({}, {}).value(value)
        if block.home is self.facts.main:
            return None
        filled = fill_value(value, block.home.values, Reporter())
        return None if filled is None else literal(to_python(filled))

    def block_inputs(self, made: Builder, facts: BlockFacts) -> list[str]:
        """Bind the inputs of a block; an only one that is not named again is what flows."""
        if len(facts.inputs) == 1 and facts.inputs[0] not in made.mentions.names:
            made.start_flow()
            made.flow = Bound(name(made.flow_variable))
            return [made.flow_variable]
        variables = [made.names.new("inputs" if item == "input" else item) for item in facts.inputs]
        for item, variable in zip(facts.inputs, variables, strict=True):
            made.bound[item] = Bound(name(variable))
        made.start_flow()
        made.flow = Bound(name(variables[0])) if len(variables) == 1 else None
        return variables

    def block_result(self, made: Builder, facts: BlockFacts) -> ast.expr:
        """What a block returns: a tensor, or a dictionary of several."""
        value = facts.body.get("outputs")
        if value is None:
            tree = made.previous().tree
        elif facts.outputs:
            trees = [made.look_up(text_).tree for text_ in _references(value)]
            return ast.Dict([literal(key) for key in facts.outputs], trees)
        else:
            tree = made.look_up(_references(value)[0]).tree
        if facts.naming == "all" and made.label is not None:
            return call(call(name("layers.Identity"), name=made.label), tree)
        return tree

    def first_values(self, facts: BlockFacts) -> dict[str, Any]:
        """The values within a block in one of its expansions."""
        steps = facts.body.get("layers")
        for item in steps if isinstance(steps, Sequence) else ():
            found = self.survey.of(item)
            if found:
                return dict(found[0].values)
        return {}

    # --- models -------------------------------------------------------------------------------------------
    def model(self, key: str) -> ast.FunctionDef:
        """The function that builds a model which is written as layers. Raises CannotSayError."""
        graph, body = self.spec.models[key], self.facts.models[key]
        assert isinstance(graph, Graph)
        names = Names(self.names.taken)
        home = self.source.home.values
        values = {item: name(names.new(item)) for item in home}
        models = {item: name(names.new(item)) for item in self.facts.models_of(key)}
        made = self.builder(body, names, values, dict(values), models, None)
        lets = self.lets(made, self.source.document.get("let"), home, bound=True)
        lets |= self.lets(made, body.body.get("let"), home)
        made.statements = [*made.statements, *self.built(models, values)] if key == ENTRY else made.statements
        inputs = self.inputs(made, graph, body)
        self.weights(made, body.body)
        trainable = body.body.get("trainable")
        frozen = isinstance(trainable, Scalar) and trainable.value is not True
        made.write(body.body.get("layers"))
        result = model_call(inputs, self.outputs(made, graph, body), self.spec.name if key == ENTRY else key)
        end: list[ast.stmt] = [ast.Return(result)]
        if frozen and trainable is not None:
            model = name(names.new("model"))
            flag = made.values().value(trainable)
            end = [
                ast.Assign([model], result),
                assign(ast.Attribute(model, "trainable"), flag),
                ast.Return(model),
            ]
        statements = self.finished(made, lets, *end)
        return self.with_parameters(key, statements, values, models)

    def flat(self, key: str, graph: Graph, reason: str) -> ast.FunctionDef:
        """The function of a model without its structure, a line for each step."""
        names = Names(self.names.taken)
        models = {item: names.new(item) for item in self.facts.models_of(key)}
        trees: dict[str, ast.expr] = {item: name(variable) for item, variable in models.items()}
        label = self.spec.name if key == ENTRY else key
        outputs = {item: self.facts.interface(item)[1] for item in models}
        body = flat_body(graph, label, models, outputs, self.types[key], self.imports, names)
        built = self.built(models=trees, values={}) if key == ENTRY else []
        docs = _docs(f"The model `{label}`, step by step: {reason}.", {})
        self.keywords[key] = {}
        return function(self.builders[key], [*docs, *built, *body], () if key == ENTRY else models.values())

    def reference(self, key: str, model: Reference) -> ast.FunctionDef:
        """The function of a model that is not written as layers. Raises CannotSayError."""
        _, body = self.source.definitions[key]
        names = Names((*self.names.taken, "model"))
        values = {item: name(names.new(item)) for item in self.source.home.values}
        home = self.source.home.values
        objects = Objects(load(), {}, self.imports, Values(values, home).value)
        lets = [
            ast.Assign([values[item]], Values(values, home).value(value))
            for item, value in self.document_lets()
        ]
        statements = [*lets, *reference_body(key, body, objects, model.span)]
        unread = {item.id for item in values.values()}
        return self.with_parameters(key, prune(statements, unread, set()), values, {})

    def document_lets(self) -> list[tuple[str, Value]]:
        """The values that the spec's own `let` computes."""
        section = self.source.document.get("let")
        return list(section) if isinstance(section, Entries) else []

    def with_parameters(
        self,
        key: str,
        statements: list[ast.stmt],
        values: Mapping[str, ast.expr],
        models: Mapping[str, ast.expr],
    ) -> ast.FunctionDef:
        """A builder: the spec's parameters that it needs by name, with their values as defaults."""
        used = loaded(statements)
        declared = read_parameters(self.source.document.get("params"), Reporter())
        keywords: dict[str, ast.expr | None] = {}
        helps: dict[str, str] = {}
        self.keywords[key] = {}
        for item, parameter in declared.items():
            variable = values[item]
            assert isinstance(variable, ast.Name)
            if variable.id in used:
                keywords[variable.id] = literal(self.source.home.values[item])
                self.keywords[key][item] = variable.id
                if parameter.help:
                    helps[variable.id] = parameter.help
        positional = (
            [item.id for item in models.values() if isinstance(item, ast.Name)] if key != ENTRY else []
        )
        docs = _docs(f"The model `{self.spec.name if key == ENTRY else key}`.", helps)
        return function(self.builders[key], [*docs, *statements], positional, keywords)

    def built(self, models: Mapping[str, ast.expr], values: Mapping[str, ast.expr]) -> list[ast.stmt]:
        """The statements that build the models which the entry uses, each once."""
        found: list[ast.stmt] = []
        for item, variable in models.items():
            made = call(name(self.builders[item]), *(models[other] for other in self.facts.models_of(item)))
            made.keywords = [ast.keyword(k, values[p]) for p, k in self.keywords[item].items() if p in values]
            found.append(ast.Assign([variable], made))
        return found

    def inputs(self, made: Builder, graph: Graph, body: Body) -> ast.expr:
        """The inputs of a model; gives what `keras.Model` takes."""
        section = body.body.get("inputs")
        assert isinstance(section, Entries)
        if any(key.dynamic for key, _ in section.entries):
            return self.computed_inputs(made, graph, section)
        variables: list[tuple[str, ast.expr]] = []
        for (key, item), known in zip(section, graph.inputs, strict=True):
            tree = input_call(literal(key), self.shape(made, item), known.dtype)
            variable = name(made.names.new(key))
            made.statements.append(ast.Assign([variable], tree))
            variables.append((key, variable))
            if key in made.mentions.computed:
                place = ast.Subscript(made.dictionary(), literal(key))
                made.statements.append(ast.Assign([place], variable))
            made.bound[key] = Bound(variable)
        made.anchor = variables[0][1]
        made.start_flow()
        made.flow = Bound(variables[0][1]) if len(variables) == 1 else None
        if len(variables) == 1:
            return variables[0][1]
        return ast.Dict([literal(key) for key, _ in variables], [tree for _, tree in variables])

    def computed_inputs(self, made: Builder, graph: Graph, section: Entries) -> ast.expr:
        """Inputs in a dictionary: their names are computed."""
        if len(graph.inputs) == 1:
            raise CannotSayError("the name of an input is computed", section.span)
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        values = made.values()
        known = {item.name: item for item in graph.inputs}
        for key, item in section.entries:
            names = fill_value(key, self.source.home.values, Reporter())
            found = to_python(names) if names is not None else None
            label = values.scalar(key) if key.dynamic else literal(str(key.value))
            one = ast.Name("item") if isinstance(found, list) else label
            first = found[0] if isinstance(found, list) else found
            tree = input_call(one, self.shape(made, item), known[str(first)].dtype)
            if isinstance(found, list):
                generator = ast.comprehension(one, label, [], 0)
                pairs.append((None, ast.DictComp(one, tree, [generator])))
            else:
                pairs.append((label, tree))
        inputs = name(made.names.new("inputs"))
        made.statements.append(ast.Assign([inputs], dictionary(pairs)))
        for key in known:
            made.bound[key] = Bound(subscript(inputs, literal(key)))
        made.anchor = subscript(inputs, literal(graph.inputs[0].name))
        made.at_first = call(name("dict"), inputs)
        made.start_flow()
        return inputs

    def shape(self, made: Builder, item: Value) -> ast.expr:
        """The shape of an input as written, a tuple."""
        shape = item.get("shape") if isinstance(item, Entries) else item
        assert shape is not None
        tree = made.values().value(shape)
        return ast.Tuple(tree.elts) if isinstance(tree, ast.List) else tree

    def outputs(self, made: Builder, graph: Graph, body: Body) -> ast.expr:
        """The outputs of a model; an only one under another name than its step's gets an Identity."""
        value = body.body.get("outputs")
        if value is None:
            return self.only_output(made, graph, made.previous().tree)
        if value.dynamic:
            raise CannotSayError("the outputs are computed", value.span)
        trees = [made.look_up(item).tree for item in _references(value)]
        if len(graph.outputs) == 1:
            return self.only_output(made, graph, trees[0])
        return ast.Dict([literal(key) for key in graph.output_names], trees)

    def only_output(self, made: Builder, graph: Graph, tree: ast.expr) -> ast.expr:
        ((key, ref),) = graph.outputs
        last = next(node for node in graph.nodes if ref in node.outputs) if graph.nodes else None
        added = last is not None and last.origin.span == graph.span  # an Identity of expansion's own
        if not added:
            return tree
        label = {} if ref != key else {"name": literal(key)}
        return call(call(name("layers.Identity"), **label), tree)

    # --- parts of both ------------------------------------------------------------------------------------
    def builder(
        self,
        body: Body,
        names: Names,
        values: Mapping[str, ast.expr],
        outer: Mapping[str, ast.expr],
        models: Mapping[str, ast.expr],
        label: ast.expr | None,
    ) -> Builder:
        naming = body.naming if isinstance(body, BlockFacts) else "all"
        made = Builder(
            body, self.facts, self.survey, load(), names, values, outer, models, self.imports, naming, label
        )
        made.write = lambda steps: write_steps(made, steps)
        return made

    def lets(
        self, made: Builder, section: Value | None, seen: Mapping[str, Any], bound: bool = False
    ) -> dict[str, None]:
        """Assign the values of a `let`; gives the variables."""
        found: dict[str, None] = {}
        for key, value in section if isinstance(section, Entries) else ():
            if not bound:
                made.variables[key] = name(made.names.new(key))
            variable = made.variables[key]
            assert isinstance(variable, ast.Name)
            found[variable.id] = None
            made.statements.append(ast.Assign([variable], Values(made.variables, seen).value(value)))
        return found

    def weights(self, made: Builder, body: Entries) -> None:
        """The raw weights of a body."""
        section = body.get("weights")
        for key, value in section if isinstance(section, Entries) else ():
            assert isinstance(value, Entries) and made.anchor is not None
            shape = value.get("shape")
            assert shape is not None
            tree = made.values().value(shape)
            made_ = call(
                name(RAW_WEIGHT), made.anchor, ast.Tuple(tree.elts) if isinstance(tree, ast.List) else tree
            )
            initializer = value.get("initializer")
            if initializer is not None:
                found = made.objects().object(initializer, "initializer")
                made_.keywords.append(ast.keyword("initializer", found))
            trainable = value.get("trainable")
            if trainable is not None:
                made_.keywords.append(ast.keyword("trainable", made.values().value(trainable)))
            elif made.frozen is not None:
                made_.keywords.append(ast.keyword("trainable", made.frozen))
            label = made.layer_name(Scalar(key, value.span))
            if label is not None:
                made_.keywords.append(ast.keyword("name", label))
            variable = name(made.names.new(key))
            made.statements.append(ast.Assign([variable], made_))
            made.bound[key] = Bound(variable, Kind.SYMBOLIC, flows=False)

    def finished(self, made: Builder, lets: Iterable[str], *end: ast.stmt) -> list[ast.stmt]:
        """The statements of a body, without values that nothing uses."""
        statements = [*made.statements, *end]
        if made.tensors:
            used = (n for n, part in enumerate(statements) if made.tensors in loaded([part]))
            statements.insert(next(used, 0), assign(made.tensors, made.at_first))
        return returned(prune(statements, set(lets), made.flows))


def _references(value: Value) -> list[str]:
    """The tensors that `outputs` names, in order."""
    if isinstance(value, Scalar):
        return [str(value.value)]
    items = [item for _, item in value] if isinstance(value, Entries) else list(value)
    return [str(item.value) for item in items if isinstance(item, Scalar)]


def _docs(title: str, helps: Mapping[str, str]) -> list[ast.stmt]:
    """A docstring of what parameters mean."""
    lines = [f"- {key}: {' '.join(words.split())}" for key, words in helps.items()]
    if not lines:
        return [text(title)] if title else []
    return [text("\n".join([title or "Parameters:", "", *lines]))]
