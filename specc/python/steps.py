"""Steps as statements, one kind after another."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.frontend.expressions.parser import parse_text
from specc.frontend.scope import is_generated
from specc.frontend.steps import Step, read_step
from specc.python import structures
from specc.python.builder import Builder
from specc.python.errors import CannotSayError
from specc.python.facts import Use
from specc.python.formulas import Formulas, Kind, Part
from specc.python.places import Bound
from specc.python.trees import assign, call, literal, name, subscript
from specc.python.values import Values
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar, Value
from specc.source.values import Sequence as Items


def write_steps(builder: Builder, steps: Value | None) -> None:
    """Write a list of steps, one after another."""
    for item in steps if isinstance(steps, Items) else ():
        step = read_step(item, Reporter())
        assert step is not None
        outer, builder.step = builder.step, item
        try:
            _conditional(builder, step)
        except CannotSayError as error:
            error.span = error.span or step.key.span
            raise
        builder.step = outer


def _conditional(builder: Builder, step: Step) -> None:
    """A step, within an `if` where `when` is computed."""
    when = step.get("when")
    if not isinstance(when, Scalar) or when.value is True:
        return _frozen(builder, step)
    if not when.dynamic:
        return None
    test = builder.dynamic(when)
    builder.settle()
    with builder.suite() as inner:
        _frozen(builder, step)
        builder.settle()
    _add_if(builder.statements, test, inner)
    return None


def _add_if(statements: list[ast.stmt], test: ast.expr, inner: list[ast.stmt]) -> None:
    """An `if`; what hangs on the same test as the statement before joins it."""
    last = statements[-1] if statements else None
    if isinstance(last, ast.If) and ast.dump(last.test) == ast.dump(test) and not last.orelse:
        last.body += inner
    elif isinstance(last, ast.If) and _opposite(last.test, test) and not last.orelse:
        last.orelse = inner
        if _is_not(last.test):  # the positive part first
            last.test, last.body, last.orelse = test, inner, last.body
    elif inner:
        statements.append(ast.If(test, inner, []))


def _opposite(one: ast.expr, other: ast.expr) -> bool:
    """Whether a test is the other's `not`, and no name's value can have changed between."""
    for test, inner in ((one, other), (other, one)):
        if isinstance(inner, ast.UnaryOp) and _is_not(inner) and ast.dump(inner.operand) == ast.dump(test):
            return True
    return False


def _is_not(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _frozen(builder: Builder, step: Step) -> None:
    """A step, with what it makes (un)trainable as `trainable` says and as steps around it do."""
    value, outer = step.get("trainable"), builder.frozen
    if isinstance(value, Scalar) and not isinstance(outer, ast.Constant):
        if value.dynamic:
            own = builder.dynamic(value)
            builder.frozen = own if outer is None else ast.BoolOp(ast.And(), [outer, own])
        elif value.value is False:
            builder.frozen = literal(False)
    _KINDS.get(step.kind, _other)(builder, step)
    builder.frozen = outer


def _other(builder: Builder, step: Step) -> None:
    if step.kind[:1].isupper():
        _layer(builder, step)
    elif step.kind in builder.body.home.blocks:
        _use_block(builder, step)
    else:
        _use_model(builder, step)


# --- layers -----------------------------------------------------------------------------------------------
def _layer(builder: Builder, step: Step) -> None:
    more: dict[str, ast.expr] = {}
    if builder.frozen is not None:
        more["trainable"] = builder.frozen
    label = builder.layer_name(step.get("name"))
    if label is not None:
        more["name"] = label
    made = builder.objects().construct(step.kind, step.argument, "layer", **more)
    _called(builder, step, _shared(builder, step, made))


def _shared(builder: Builder, step: Step, made: ast.expr) -> ast.expr:
    """The layer itself, or a variable for it where it is called again."""
    value = step.get("name")
    if not isinstance(value, Scalar) or builder.mentions.reused.isdisjoint(builder.own_names(value)):
        return made
    if value.dynamic:
        raise CannotSayError("a layer that is called again has a computed name")
    variable = builder.names.new(f"{value.value}_layer")
    builder.statements.append(assign(variable, made))
    builder.layers[str(value.value)] = name(variable)
    return name(variable)


def _reuse(builder: Builder, step: Step) -> None:
    target = builder.seen(step.argument) if step.argument is not None else None
    if step.argument is None or step.argument.dynamic or target not in builder.layers:
        raise CannotSayError("a layer is called again that has no name of its own")
    _called(builder, step, builder.layers[target])


def _called(builder: Builder, step: Step, layer: ast.expr) -> None:
    made = call(layer, *_wiring(builder, step, _first_argument(builder, step)))
    made.keywords += _named_wiring(builder, step)
    settings = step.get("call")
    if isinstance(settings, Mapping):
        objects = builder.objects()
        made.keywords += [ast.keyword(key, objects.plain(item)) for key, item in settings]
    outputs = step.get("outputs")
    if outputs is None:
        builder.deliver(step, made)
    else:
        _several(builder, step, made, outputs)


def _several(builder: Builder, step: Step, made: ast.expr, outputs: Value) -> None:
    """A layer's several outputs, each under its name."""
    names = list(outputs) if isinstance(outputs, Items) else [outputs]
    if not all(isinstance(item, Scalar) for item in names) or (outputs.dynamic and len(names) < 2):
        raise CannotSayError("the names of outputs are computed", outputs.span)
    items = [item for item in names if isinstance(item, Scalar)]
    places = [builder.place(item) or name(builder.names.new(str(item.value))) for item in items]
    target: ast.expr = places[0] if len(places) == 1 else ast.Tuple(places)
    builder.statements.append(ast.Assign([target], made))
    for item, place in zip(items, places, strict=True):
        builder.bind(item, Bound(place))
    own = step.get("name")
    if isinstance(own, Scalar):
        fields = {str(item.value): place for item, place in zip(items, places, strict=True)}
        builder.bind(own, Bound(places[0], fields=fields))
    builder.flow = Bound(places[0]) if len(places) == 1 else None


def _first_argument(builder: Builder, step: Step) -> str:
    """The name of the call argument that what flows goes to."""
    kind = step.kind
    if kind == "reuse":
        return "reuse"
    signature = builder.catalog.objects["layer"][kind]
    return signature.tensors[0].name


def _wiring(builder: Builder, step: Step, first: str) -> list[ast.expr]:
    """What a layer is called with in the first place."""
    value = step.get("from")
    if value is None:
        return [builder.previous().tree]
    if isinstance(value, Mapping):
        key = first if first in value else value.names()[0]
        inner = value.get(key)
        assert inner is not None
        return [wire(builder, inner)]
    return [wire(builder, value)]


def _named_wiring(builder: Builder, step: Step) -> list[ast.keyword]:
    """Tensors that a layer takes by name."""
    value = step.get("from")
    if not isinstance(value, Mapping):
        return []
    first = _first_argument(builder, step)
    key = first if first in value else value.names()[0]
    return [ast.keyword(name_, wire(builder, item)) for name_, item in value if name_ != key]


def wire(builder: Builder, value: Value) -> ast.expr:
    """A tensor, a list of them, or None."""
    if isinstance(value, Items):
        return ast.List([wire(builder, item) for item in value])
    if isinstance(value, Scalar) and value.value is None:
        return literal(None)
    return builder.tensor(value)


# --- blocks and models ------------------------------------------------------------------------------------
def _callable_wiring(builder: Builder, step: Step, names: Sequence[str] | None) -> list[tuple[str, ast.expr]]:
    """The inputs of a block or a model, by name where it has several; in its own order."""
    value = step.get("from")
    if value is None:
        return [(names[0] if names else "", builder.previous().tree)]
    if isinstance(value, Mapping):
        found = {key: builder.tensor(item) for key, item in value}
        return [(key, found[key]) for key in (names or found)]
    if isinstance(value, Items):
        trees = [builder.tensor(item) for item in value]
    else:
        tree = builder.tensor(value)
        if isinstance(tree, ast.List | ast.ListComp) or (names is not None and len(names) > 1):
            raise CannotSayError("the inputs are given by one expression", value.span)
        trees = [tree]
    return list(zip(names or ("",), trees, strict=True))


def _use_block(builder: Builder, step: Step) -> None:
    block = builder.body.home.blocks[step.kind]
    facts = builder.facts.of(block)
    assert builder.step is not None
    use = Use(builder.step, step, block, False)
    made = call(name(facts.function))
    made.args = [tree for _, tree in _callable_wiring(builder, step, facts.inputs)]
    made.keywords = [
        ast.keyword(k.arg and facts.renamed[k.arg], k.value)
        for k in _block_arguments(builder, use)
        if k.arg is None or k.arg in facts.renamed
    ]
    label = builder.layer_name(step.get("name"))
    extras: dict[str, ast.expr | None] = {
        "name": label if facts.naming != "none" else None,
        "trainable": builder.frozen,
        "anchor": builder.anchor,
    }
    extras |= {f"global {key}": builder.outer.get(key) for key in facts.globals}
    extras |= {f"model {key}": builder.models.get(key) for key in facts.all_models}
    for key, tree in extras.items():
        argument = facts.extras.get(key)
        if tree is not None and argument is not None:
            made.keywords.append(ast.keyword(argument, tree))
    if facts.outputs:
        return _many(builder, step, made, facts.outputs)
    named_inside = facts.naming == "all"
    return _one(builder, step, made if named_inside else builder.identity(step, made))


def _block_arguments(builder: Builder, use: Use) -> list[ast.keyword]:
    """The parameters of a block in one use: those given, and those whose defaults are computed."""
    argument, block = use.step.argument, use.block
    found: list[ast.keyword] = []
    values = builder.values()
    if isinstance(argument, Mapping):
        if any(key.dynamic for key, _ in argument.entries):
            raise CannotSayError("the parameters of a block have computed names", argument.span)
        found += [ast.keyword(key, values.value(item)) for key, item in argument]
    elif argument is not None:
        if isinstance(builder.seen(argument), dict):
            found.append(ast.keyword(None, values.value(argument)))
        else:
            found.append(ast.keyword(next(iter(block.parameters)), values.value(argument)))
    given = {keyword.arg for keyword in found} | builder.facts.given(use)
    outer = Values(builder.outer, builder.facts.main.values)
    for key, default in builder.facts.defaults(use).items():
        if key in given:
            continue
        if block.home is builder.facts.main:
            found.append(ast.keyword(key, outer.value(default)))
    return found


def _one(builder: Builder, step: Step, tree: ast.expr, flows: bool = True) -> None:
    """A result of one tensor, under the step's names."""
    builder.deliver(step, tree, flows=flows)
    outputs = step.get("outputs")
    if outputs is None:
        return
    items = list(outputs) if isinstance(outputs, Items) else [outputs]
    for item in items:
        if isinstance(item, Scalar) and builder.flow is not None:
            target = builder.place(item) or name(builder.names.new(str(item.value)))
            builder.statements.append(assign(target, builder.flow.tree))
            builder.bind(item, Bound(target))


def _many(builder: Builder, step: Step, tree: ast.expr, outputs: Sequence[str]) -> None:
    """A result of several tensors by name, a dictionary."""
    own, listed = step.get("name"), step.get("outputs")
    target = builder.place(own) if isinstance(own, Scalar) else None
    if target is None:
        target = name(builder.names.new(str(own.value) if isinstance(own, Scalar) else step.kind))
    builder.statements.append(assign(target, tree))
    if isinstance(own, Scalar):
        builder.bind_fields(own, target, outputs)
    if isinstance(listed, Items):
        for key, item in zip(outputs, listed, strict=True):
            if isinstance(item, Scalar):
                place = builder.place(item)
                if place is not None:
                    builder.statements.append(assign(place, subscript(target, literal(key))))
                    builder.bind(item, Bound(place))
    builder.flow = None


def _use_model(builder: Builder, step: Step) -> None:
    model = builder.models[step.kind]
    if builder.frozen is not None:
        builder.statements.append(assign(ast.Attribute(model, "trainable"), builder.frozen))
    inputs, outputs = builder.facts.interface(step.kind)
    pairs = _callable_wiring(builder, step, inputs)
    if len(pairs) == 1:
        made = call(model, pairs[0][1])
    else:
        made = call(model, ast.Dict([literal(key) for key, _ in pairs], [tree for _, tree in pairs]))
    settings = step.get("call")
    if isinstance(settings, Mapping):
        objects = builder.objects()
        made.keywords += [ast.keyword(key, objects.plain(item)) for key, item in settings]
    if len(outputs) > 1:
        _many(builder, step, made, outputs)
    else:
        _one(builder, step, builder.identity(step, made, step.kind))


# --- formulas ---------------------------------------------------------------------------------------------
def _formula(builder: Builder, step: Step) -> None:
    assert isinstance(step.argument, Scalar) and builder.step is not None
    item = builder.step
    flows: list[bool] = []

    def named(expression: Expression) -> Part:
        if isinstance(expression, n.Substitute):
            values = builder.values()
            return Part(values.tree(expression.expression), data=values.seen_value(expression.expression))
        bound = formula_tensor(builder, expression)
        flows.append(bound.flows)
        return Part(bound.tree, bound.kind)

    formulas = Formulas(named, lambda part: builder.survey.dtype(item, part))
    made = formulas.tree(parse_text(str(step.argument.value)))
    value = step.get("name")
    generated = isinstance(value, Scalar) and is_generated(str(value.value), "formula")
    tree = made.tree
    if made.kind is Kind.SYMBOLIC and not generated:
        tree = builder.identity(step, tree)
    builder.deliver(step, tree, made.kind, any(flows))


def formula_tensor(builder: Builder, expression: Expression) -> Bound:
    """What a name in a formula stands for."""
    if not isinstance(expression, n.Joined):
        return builder.look_up(n.dotted(expression) or "")
    parts: list[ast.expr] = []
    base: ast.expr | None = None
    for part in expression.parts:
        if isinstance(part, n.Substitute):
            parts.append(builder.values().glued(part.expression))
        elif isinstance(part, str):
            parts += [ast.Constant(part)] if part != "." else []
        else:
            base = builder.look_up(n.dotted(part) or "").tree
    known = [builder.bound[item] for item in builder.joined(expression) if item in builder.bound]
    place = base if base is not None else builder.dictionary()
    tree = subscript(place, ast.JoinedStr(parts))
    return Bound(tree, known[0].kind, known[0].flows) if known else Bound(tree)


_KINDS: dict[str, Callable[[Builder, Step], None]] = {
    "formula": _formula,
    "reuse": _reuse,
    "repeat": structures.repeat,
    "branches": structures.branches,
    "residual": structures.residual,
}
