"""Blocks as functions: the inputs in order, all else by name."""

from __future__ import annotations

import ast
from typing import Any

from specc.frontend.fill import fill_value
from specc.frontend.scope import Block
from specc.python.builder import Builder
from specc.python.facts import BlockFacts, Body
from specc.python.functions import Functions, docstrings, references
from specc.python.names import Names
from specc.python.parts import function
from specc.python.places import Bound
from specc.python.prune import loaded
from specc.python.trees import call, literal, name
from specc.python.values import Values
from specc.source.diagnostic import Reporter
from specc.source.values import Sequence, to_python


class Blocks(Functions):
    """Writes the functions of a spec's blocks."""

    def blocks_of(self, body: Body) -> list[ast.stmt]:
        """The functions of the blocks that a body uses and that are not written yet, inner ones first."""
        found: list[ast.stmt] = []
        for use in body.uses:
            facts = self.facts.of(use.block)
            if facts.written:
                continue
            found += self.blocks_of(facts)
            found.append(self.block(facts))
            facts.written = True
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
        made.start = self.first_values(facts)
        lets = self.lets(made, block.body.get("let"), made.start)
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
        return function(facts.function, [*docstrings("", helps), *body], positional, keywords)

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
            trees = [made.look_up(text_).tree for text_ in references(value)]
            return ast.Dict([literal(key) for key in facts.outputs], trees)
        else:
            tree = made.look_up(references(value)[0]).tree
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
