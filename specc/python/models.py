"""Models as functions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from specc.catalog.load import load
from specc.frontend.fill import fill_value
from specc.frontend.parameters import read_parameters
from specc.frontend.project import ENTRY, Reference
from specc.graph.ir import Graph
from specc.python.blocks import Blocks
from specc.python.builder import Builder
from specc.python.errors import CannotSayError
from specc.python.facts import Body
from specc.python.flat import flat_body
from specc.python.functions import docstrings, references
from specc.python.names import Names
from specc.python.objects import Objects
from specc.python.parts import ALL_MODELS, function, input_call, model_call
from specc.python.places import Bound
from specc.python.prune import loaded, prune
from specc.python.references import reference_body
from specc.python.trees import as_tuple, assign, call, dictionary, literal, name, subscript
from specc.python.values import Values
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping as Entries
from specc.source.values import Scalar, Value, to_python


class Models(Blocks):
    """Writes the functions that build a spec's models."""

    def model(self, key: str) -> ast.FunctionDef:
        """The function that builds a model which is written as layers. Raises CannotSayError."""
        graph, body = self.spec.models[key], self.facts.models[key]
        label = self.spec.name if key == ENTRY else key
        assert isinstance(graph, Graph)
        names = Names(self.names.taken)
        home = self.source.home.values
        values = {item: ast.Name(names.new(item)) for item in home}
        models = {item: ast.Name(names.new(item)) for item in self.facts.models_of(key)}
        self.check_inputs(graph)
        made = self.builder(body, names, values, dict(values), models, None)
        made.start = home
        lets = self.lets(made, self.source.document.get("let"), home, bound=True)
        lets |= self.lets(made, body.body.get("let"), home)
        made.statements = [*made.statements, *self.built(models, values)] if key == ENTRY else made.statements
        inputs = self.inputs(made, graph, body)
        self.weights(made, body.body)
        trainable = body.body.get("trainable")
        frozen = isinstance(trainable, Scalar) and trainable.value is not True
        made.write(body.body.get("layers"))
        result = model_call(inputs, self.outputs(made, graph, body), label)
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
        positional = [] if key == ENTRY else [item.id for item in models.values()]
        return self.with_parameters(key, statements, values, positional, f"The model `{label}`.")

    def all_models(self) -> ast.FunctionDef:
        """The function that builds all models of a spec without an entry, each once."""
        names = Names(self.names.taken)
        home = self.source.home.values
        values = {item: ast.Name(names.new(item)) for item in home}
        models = {item: ast.Name(names.new(item)) for item in self.spec.models}
        built = self.built(models, values)
        result = ast.Dict([literal(key) for key in models], list(models.values()))
        title = f"All models of `{self.spec.name}` by name."
        return self.with_parameters("", [*built, ast.Return(result)], values, title=title)

    def flat(self, key: str, graph: Graph, reason: str) -> ast.FunctionDef:
        """The function of a model without its structure, a line for each step."""
        self.check_inputs(graph)
        names = Names(self.names.taken)
        models = {item: names.new(item) for item in self.facts.models_of(key)}
        trees: dict[str, ast.expr] = {item: name(variable) for item, variable in models.items()}
        label = self.spec.name if key == ENTRY else key
        outputs = {item: self.facts.interface(item)[1] for item in models}
        body = flat_body(graph, label, models, outputs, self.types[key], self.imports, names)
        built = self.built(models=trees, values={}) if key == ENTRY else []
        docs = docstrings(f"The model `{label}`, step by step: {reason}.", {})
        self.keywords[key] = {}
        return function(self.builders[key], [*docs, *built, *body], () if key == ENTRY else models.values())

    def reference(self, key: str, model: Reference) -> ast.FunctionDef:
        """The function of a model that is not written as layers. Raises CannotSayError."""
        _, body = self.source.definitions[key]
        names = Names((*self.names.taken, "model"))
        values = {item: ast.Name(names.new(item)) for item in self.source.home.values}
        home = self.source.home.values
        objects = Objects(load(), {}, self.imports, Values(values, home).value)
        lets = [
            ast.Assign([values[item]], Values(values, home).value(value))
            for item, value in self.document_lets()
        ]
        statements = [*lets, *reference_body(key, body, objects, model.span)]
        unread = {item.id for item in values.values()}
        title = f"The model `{key}`."
        return self.with_parameters(key, prune(statements, unread, set()), values, title=title)

    def document_lets(self) -> list[tuple[str, Value]]:
        """The values that the spec's own `let` computes."""
        section = self.source.document.get("let")
        return list(section) if isinstance(section, Entries) else []

    def with_parameters(
        self,
        key: str,
        statements: list[ast.stmt],
        values: Mapping[str, ast.Name],
        positional: Iterable[str] = (),
        title: str = "",
    ) -> ast.FunctionDef:
        """A builder: the spec's parameters that it needs by name, with their values as defaults."""
        used = loaded(statements)
        declared = read_parameters(self.source.document.get("params"), Reporter())
        keywords: dict[str, ast.expr | None] = {}
        helps: dict[str, str] = {}
        self.keywords[key] = {}
        for item, parameter in declared.items():
            variable = values[item]
            if variable.id in used:
                keywords[variable.id] = literal(self.source.home.values[item])
                self.keywords[key][item] = variable.id
                if parameter.help:
                    helps[variable.id] = parameter.help
        docs = docstrings(title, helps)
        return function(self.builders.get(key, ALL_MODELS), [*docs, *statements], positional, keywords)

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

    def check_inputs(self, graph: Graph) -> None:
        """Raise CannotSayError where an input has a name that Keras gives to an operation."""
        for item in graph.inputs:
            if self.facts.clashes([item.name]):
                help = "give the input another name"
                raise CannotSayError(f"Keras itself may call a step `{item.name}`", item.span, help)

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
            if found == []:
                raise CannotSayError("the names of some inputs are an empty list", key.span)
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
        for given in known:
            made.bound[given] = Bound(subscript(inputs, literal(given)))
        made.anchor = subscript(inputs, literal(graph.inputs[0].name))
        made.at_first = call(name("dict"), inputs)
        made.start_flow()
        return inputs

    def shape(self, made: Builder, item: Value) -> ast.expr:
        """The shape of an input as written, a tuple."""
        shape = item.get("shape") if isinstance(item, Entries) else item
        assert shape is not None
        return as_tuple(made.values().value(shape))

    def outputs(self, made: Builder, graph: Graph, body: Body) -> ast.expr:
        """The outputs of a model; an only one under another name than its step's gets an Identity."""
        value = body.body.get("outputs")
        if value is None:
            return self.only_output(made, graph, made.previous().tree)
        if value.dynamic:
            raise CannotSayError("the outputs are computed", value.span)
        trees = [made.look_up(item).tree for item in references(value)]
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
